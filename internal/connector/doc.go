// Package connector manages the tenant's API connectors: their addresses, their authentication and the calls.
//
//	msgraph ─► Service: create, change, upload a certificate
//	provider/apiconnector, probe ─► Service.Call ─► cache ─► circuit breaker ─►
//	    places (concurrency) ─► outbound, hedged if asked ─► Answer
//
// The caller interprets the API's answer: see provider/apiconnector.
//
// Reference: rest-and-connectors §1.1, §1.7; DESIGN §5.
package connector
