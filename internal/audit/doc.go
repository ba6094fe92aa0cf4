// Package audit keeps the records that administrators read later: sign-ups, sign-ins, calls of API
// connectors, changes of policies and keys, and all other changes.
//
//	journey, oidc ─► Log.Add ──┐ (queued; one commit for all that wait)
//	                           ├─► Store
//	msgraph ─► Log.Write ──────┘ (on disk before the change is answered)
//
// A record has the form of Graph's directoryAudit. It never contains bodies, passwords, tokens or codes.
//
// Reference: admin-surface §6, rest-and-connectors §1.8.
package audit
