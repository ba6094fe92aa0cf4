// Package oidc is what OpenID Connect and OAuth 2 applications talk to: discovery,
// keys, authorize, token, UserInfo, logout, as Azure AD B2C's wire has them; and token
// revocation and introspection, which B2C doesn't have.
//
// A request is checked in the order of protocol §2.4: what makes the redirect
// address untrustworthy ends on an error page, everything after that is told to the
// application. The journey engine does the rest; its outcome comes back through
// [Server.Complete].
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
