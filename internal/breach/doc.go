// Package breach tells passwords that attackers try first: common ones, which are in the
// binary, and those of breaches, which an operator may have as files or ask a service for.
//
//	password ─► common list (in memory) ─► range of its hash (folder or service) ─► known or not
//
// The directory asks it before a new password is hashed. Of the password nothing leaves the
// process but the first five hexadecimal digits of its SHA-1, as Have I Been Pwned's range
// API has it: every prefix stands for hundreds of passwords. What can't be asked counts as
// not known: a list out of reach must not keep users from their accounts.
package breach
