// Package claims contains the values of journeys: data types, values with their text, JSON and token forms,
// claim types and bags. It also contains the templates with claim resolvers that policies write as defaults.
//
// Every package that touches a claim calls it. Its sub packages transform (claims transformation methods) and
// predicate (validation of values) build on it. Reference: claims-and-transformations §1, §5.
package claims
