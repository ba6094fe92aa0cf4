// Package msgraph is the frame of the admin API: the part of Microsoft Graph that tools
// for Azure AD B2C use, so that they go on working. Each resource is a package below
// this one.
//
//	/graph/v1.0/… and /graph/beta/… ─► find the route ─► authenticate ─► permissions
//	                                    ─► the resource's handler ─► record ─► answer
//	/{tenant}/oauth2/v2.0/token     ─► a token for an application that has roles
//
// A resource declares its routes as a value (Resource); a handler gets a Request, which
// reads the body, $filter, $select and $top, and writes the answer in Graph's form. An
// error that the handler returns becomes Graph's error: an *Error as it is, an error of a
// service by the resource's own Failure. Changes are recorded before they are answered.
//
//	server.go   configuration, one request from its address to its handler
//	route.go    routes, and how a path finds its own
//	request.go  the parts of a request that handlers read
//	body.go     bodies, trailing commas included
//	answer.go   answers; object.go: their members, $select
//	filter.go   $filter; terms.go: what an index can use of it
//	error.go    errors
//	record.go   audit records
//	auth.go     bearer tokens and permissions; token.go: the token endpoint
//
// Reference: admin-surface §1–§6. docs/contributing/graph-resource.md shows how to add a
// resource.
package msgraph
