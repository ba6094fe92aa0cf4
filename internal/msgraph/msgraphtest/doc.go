// Package msgraphtest runs the admin API in a test: the frame with the resources that
// the test gives, over stores in memory. Requests and expected answers are data
// (Step), and each step says which audit records it leaves.
package msgraphtest
