// Package userflow implements user flows: an administrator's settings, and the policy document of each flow.
// From there on a flow is handled like an uploaded policy, so that at run time there are no user flows.
//
//	Flow + Tenant (attributes, identity providers) ─► Document ─► XML ─► policy.Parse …
//
// The files follow the document: schema.go (claims), pages.go (content definitions and texts), accounts.go
// (local accounts and the directory), federation.go (identity providers), journeys.go (steps),
// relyingparty.go (token and session).
//
// Reference: rest-and-connectors §1, §4, §5.
package userflow
