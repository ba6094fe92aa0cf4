// Package archtest checks the architecture: which package may import which.
package archtest
