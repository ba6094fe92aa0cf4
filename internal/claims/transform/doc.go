// Package transform implements the claims transformation methods of policies.
//
// A method is one entry of a table: its input roles, parameters and output roles in a line each, and a
// function that plans a call from the constants of the policy. [Compile] checks a declaration against the
// table and binds it; [Transformation.Run] runs it over a bag of claims.
//
// Reference: claims-and-transformations §2.
package transform
