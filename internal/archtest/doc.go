// Package archtest holds the house: which package may import which.
package archtest
