// Package claims has the values that journeys carry: data types, values with
// their text, JSON and token forms, claim types, bags, and the templates with
// claim resolvers that policies write as defaults.
//
// It is called by everything that touches a claim. Its sub packages transform
// (claims transformation methods) and predicate (validation of values) build on
// it. Reference: claims-and-transformations §1, §5.
package claims
