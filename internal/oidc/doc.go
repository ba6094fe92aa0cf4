// Package oidc serves OpenID Connect and OAuth 2 applications: discovery, keys, authorize,
// token, UserInfo and logout in Azure AD B2C's form; and token revocation and introspection,
// which B2C lacks.
//
// A request is checked in the order of protocol §2.4. A fault that makes the redirect address
// untrustworthy ends on an error page; the application gets every later one. The journey
// engine does the rest; its outcome comes back through [Server.Deliver].
//
//	authorize ─► request.go ─► journey ─► complete.go ─► code (sealed), id_token
//	token ─► token.go ─┬─ code.go ─────────────────────► issue.go ─► tokens
//	                   ├─ refresh.go ─► refresh journey ─┤
//	                   ├─ password.go ─► default journey ┘
//	                   └─ credentials.go ─► its journey ──► access token
//	revoke, introspect ─► revoke.go (clients prove themselves as at token: assertion.go)
//
// Reference: protocol §1–§5, §7, §10.
package oidc
