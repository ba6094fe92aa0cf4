// Package test has the tests that need a whole server: scripted users over HTTP and a
// real browser, real policies, scripted APIs and identity providers.
package test
