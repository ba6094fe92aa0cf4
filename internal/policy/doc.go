// Package policy implements the policy language: it parses TrustFrameworkPolicy files with positions, merges
// them along their inheritance and checks the result.
//
//	bytes ─ Parse ─► Document ─┐
//	                           ├─ Inherit ─► Effective ─ Check ─► diagnostics
//	bytes ─ Parse ─► Document ─┘
//
// Package program compiles an Effective policy. This package doesn't know how a policy runs.
//
// Reference: policy-engine §1–§3.
package policy
