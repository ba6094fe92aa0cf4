// Package policy is the policy language: TrustFrameworkPolicy files are parsed with
// positions, brought together along their inheritance, and checked.
//
//	bytes ─ Parse ─► Document ─┐
//	                           ├─ Inherit ─► Effective ─ Check ─► diagnostics
//	bytes ─ Parse ─► Document ─┘
//
// Package journey compiles an Effective policy. Nothing here knows how a policy
// runs.
//
// Reference: policy-engine §1–§3.
package policy
