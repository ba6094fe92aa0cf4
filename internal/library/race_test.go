//go:build race

package library_test

// The race detector makes linting ten times slower and finds nothing in it, as it has
// one goroutine: then a sample of the places is enough.
const stride = 10
