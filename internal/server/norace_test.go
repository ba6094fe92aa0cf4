//go:build !race

package server_test

// stride is of how many places one is tested.
const stride = 1
