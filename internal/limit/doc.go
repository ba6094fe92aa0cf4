// Package limit keeps strangers from exhausting the server, and from guessing more than
// they are allowed to.
//
//	Tries    wrong passwords and codes: charged before they are checked, counted by the
//	         store over all nodes; too many lock for a while, each time for longer
//	Windows  how often something was done within a time, counted by the store
//	Gate     how many hashes run and wait on this node; fair between clients
//	Waiting  journeys that a client leaves abandoned on this node
//	Listener connections of a listener; fair between clients
//
// Bounds per client are for attackers: failures and abandoned journeys count, successes
// don't, as thousands of people may share an address. What is kept in memory is bounded,
// and what was used longest ago makes way.
//
// Nothing here is a rate.Limiter of golang.org/x/time, which can't take back what was counted
// and counts on one node; the circuit breaker of package connector isn't sony/gobreaker, which
// reads the clock itself and drops the outcome of calls that began before its last change.
//
// Callers: server wires it, and listen bounds connections with it; directory guards passwords, onetime
// guards codes, mail bounds them, and the journey engine bounds what waits.
package limit
