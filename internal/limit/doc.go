// Package limit protects the server against exhaustion and guessing by strangers.
//
//	Tries    wrong passwords and codes: charged before they are checked, counted by the
//	         store over all nodes; too many lock for a while, each time for longer
//	Windows  how often something was done within a time, counted by the store
//	Gate     how many hashes run and wait on this node; fair between clients
//	Waiting  journeys that a client leaves abandoned on this node
//	Listener connections of a listener; fair between clients
//	Failures failed authentications of a client on this node: free up to a burst
//	Hosts    calls out to one host at a time
//	Breaker  calls to a failing system, which are stopped for a while
//
// Bounds per client are for attackers: failures and abandoned journeys count, successes don't, because
// thousands of people may share an address. Memory is limited, and the least recently used entries are
// dropped.
//
// We don't use rate.Limiter of golang.org/x/time: it can't take counts back, and it counts on one node. Breaker
// isn't sony/gobreaker, which reads the clock itself and drops the
// outcome of calls that began before its last change.
//
// Callers: server wires it, and listen bounds connections with it; directory guards passwords, onetime guards
// codes, mail bounds them, the journey engine bounds waiting journeys, outbound and connector
// bound calls out, and msgraph bounds guesses.
package limit
