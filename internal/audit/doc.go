// Package audit keeps what administrators ask for afterwards: sign-ups, sign-ins,
// calls of API connectors, changes of policies, keys and everything else.
//
//	journey, oidc ─► Log.Add ──┐ (queued; one commit for all that wait)
//	                           ├─► Store
//	msgraph ─► Log.Write ──────┘ (on disk before the change is answered)
//
// A record is in the form of Graph's directoryAudit. It never holds bodies,
// passwords, tokens or codes.
//
// Reference: admin-surface §6, rest-and-connectors §1.8.
package audit
