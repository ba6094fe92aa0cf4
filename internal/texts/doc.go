// Package texts contains Journeyman's own texts for end users: pages, messages and mails, in the included
// languages. A policy's texts take precedence.
//
// A language is a file of sections. The members of a section have B2C's string ids, so that customers
// override exactly these texts. Ids that B2C lacks (sections page, failure, mail) are ours.
//
// Reference: pages §6.
package texts
