// Package diag contains the vocabulary of the policy compiler's reports: a position in a file, a diagnostic
// and the catalogue of codes.
//
// It is a leaf: every package may import it, and it imports none of ours.
package diag
