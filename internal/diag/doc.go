// Package diag has what every part of the policy compiler reports with: a
// position in a file, a diagnostic, and the catalogue of codes.
//
// It is a leaf: everybody may import it, it imports nothing of ours.
package diag
