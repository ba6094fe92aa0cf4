// Package connector has the tenant's API connectors: what they call, how they
// authenticate, and the calls themselves.
//
//	msgraph ─► Service: create, change, upload a certificate
//	provider/apiconnector, probe ─► Service.Call ─► cache ─► circuit breaker ─►
//	    places (concurrency) ─► outbound, hedged if asked ─► Answer
//
// What the API's answer means is the caller's business: see provider/apiconnector.
//
// Reference: rest-and-connectors §1.1, §1.7; DESIGN §5.
package connector
