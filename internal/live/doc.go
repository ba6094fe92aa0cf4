// Package live keeps a tenant's policies: uploaded files in a store, compiled programs in memory. Changes
// through the admin API, the policies of user flows and a linter's files go the same way:
//
//	bytes ─ policy.Parse ─► the tenant's documents ─ Set.Chain ─► one policy's chain
//	      ─ policy.Inherit ─ policy.Check ─ program.Compile ─► Program and diagnostics
//
// Policies holds one state of all programs, which is replaced as a whole, so that requests never wait for a change. A
// running journey ends on the program on which it began.
//
// Reference: policy-engine §2.1, §3; admin-surface §2.
package live
