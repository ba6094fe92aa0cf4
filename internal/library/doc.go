// Package library keeps a tenant's policies: as uploaded in a store, compiled in
// memory. What the admin API changes, what user flows are made into, and what files a
// linter reads take one road:
//
//	bytes ─ policy.Parse ─► the tenant's documents ─ Set.Chain ─► one policy's chain
//	      ─ policy.Inherit ─ policy.Check ─ journey.Compile ─► Program and diagnostics
//
// A Library is one state of all programs, swapped whole, so that requests never wait
// for a change. A journey under way finishes on the program that it began with.
//
// Reference: policy-engine §2.1, §3; admin-surface §2.
package library
