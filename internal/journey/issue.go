package journey

import "journeyman.dev/internal/claims"

// Issued is the result of an issuer's technical profile, which ends a journey: the application
// gets it in the form of a protocol. The protocol that began the journey knows its kinds.
type Issued interface {
	// AccountClaim is the id of the claim that names the account in the directory before
	// objectId does; "" for none.
	AccountClaim() string
	// RegistersApplication reports that the application takes part in single sign-out.
	RegistersApplication() bool
}

// Document is the Issued of a journey that ends with a JSON document: its members, in order.
type Document struct{ Members []SentClaim }

// AccountClaim implements Issued.
func (*Document) AccountClaim() string { return "" }

// RegistersApplication implements Issued.
func (*Document) RegistersApplication() bool { return false }

// SentClaim is a claim by the name that the application knows.
type SentClaim struct {
	Name  string
	Value claims.Value
}
