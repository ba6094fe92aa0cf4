//go:build race

package test

// stride is of how many real policies one is driven.
const stride = 10
