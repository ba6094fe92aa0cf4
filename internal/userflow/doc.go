// Package userflow has user flows: what an administrator sets, and the policy document
// that each becomes. A flow takes the same road as an uploaded policy from there on, so
// that at run time there is no such thing as a user flow.
//
//	Flow + Tenant (attributes, identity providers) ─► Document ─► XML ─► policy.Parse …
//
// The files follow the document: schema.go (claims), pages.go (content definitions and
// texts), accounts.go (local accounts and the directory), federation.go (identity
// providers), journeys.go (steps), relyingparty.go (token and session).
//
// Reference: rest-and-connectors §1, §4, §5.
package userflow
