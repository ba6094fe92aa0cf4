//go:build !race

package library_test

// stride is of how many places one is tested.
const stride = 1
