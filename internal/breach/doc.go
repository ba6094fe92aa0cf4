// Package breach recognises passwords that attackers try first: common ones, whose list is in the binary, and
// those of breaches, from an operator's files or a service.
//
//	password ─► common list (in memory) ─► range of its hash (folder or service) ─► known or not
//
// The directory asks it before it hashes a new password. Only the first five hexadecimal digits of the
// password's SHA-1 leave the process, as in Have I Been Pwned's range API: every prefix stands for hundreds
// of passwords. If a list can't be reached, the password counts as unknown, so that users still reach their
// accounts.
package breach
