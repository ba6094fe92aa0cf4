// Package journey runs Programs, which package program compiles.
//
// A Journey is plain data: the request that began it, its
// claims, where it stands. Running a Program over a Journey gives an Outcome:
//
//	         Start                     Resume
//	           │                         ▲
//	           ▼                         │ the user's or the other site's answer
//	┌──► next step ──► technical profile ┴─► ShowPage, Leave   (suspended, stored)
//	│        │              │
//	└────────┼──────────────┘ done
//	         ├─► Finished, with the claims of the relying party
//	         └─► Failed, with a Failure
//
// Providers (package provider/…) implement [Exchange]; protocols (oidc) start journeys
// and turn the last two outcomes into answers; page draws the first. This package
// knows no HTTP, no HTML and no SQL.
//
// Reference: policy-engine §4, §5; DESIGN §1, §3.
package journey
