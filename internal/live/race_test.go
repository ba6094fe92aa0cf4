//go:build race

package live_test

// The race detector makes linting ten times slower and finds nothing, because linting uses one goroutine. A
// sample of the places is enough.
const stride = 10
