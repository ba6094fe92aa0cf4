// Package texts has Journeyman's own texts for end users: pages, messages and mails,
// in the languages that ship with it. A policy's texts go before them.
//
// A language is a file of sections; a section's members have B2C's string ids, so that
// what customers override and what they don't are the same thing. Ids that B2C doesn't
// have (sections page, failure, mail) are ours.
//
// Reference: pages §6.
package texts
