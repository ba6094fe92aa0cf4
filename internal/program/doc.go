// Package program compiles effective policies to Programs.
//
//	policy: Parse ─► Inherit ─► Check ─► Compile ─► Program
//
// A Program contains steps, technical profiles, claims and texts with every reference,
// expression and metadata item resolved. It is immutable: all journeys share it, and the
// engine (package journey) runs it. What a technical profile does is planned by the provider
// of its kind, which reads the profile's metadata through a Plan and reports faults.
//
// Linters, pictures and completion need this package alone. It knows no journey, no HTTP and
// no database.
//
// Reference: policy-engine §4, §5; claims-and-transformations §1 to §5.
package program
