// Package selfasserted is the provider of pages on which users assert claims
// themselves: sign-up, sign-in, profile editing, password reset, block pages
// (SelfAssertedAttributeProvider).
//
// It decides what a page asks for, checks what comes back, verifies e-mail
// addresses, and runs the validation technical profiles through the engine. It
// knows no HTML: package page draws the journey.Form.
//
// Reference: policy-engine §5.10; pages §3–5; claims-and-transformations §1, §3.
package selfasserted
