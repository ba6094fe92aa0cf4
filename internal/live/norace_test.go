//go:build !race

package live_test

// stride is the number of places for each tested one.
const stride = 1
