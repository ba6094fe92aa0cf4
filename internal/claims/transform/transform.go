package transform

import (
	"context"
	"errors"
	"io"
	"time"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/diag"
)

// Declaration is a ClaimsTransformation of a policy with its claim references
// resolved. References that did not resolve are left out: they were reported.
type Declaration struct {
	ID         string
	Position   diag.Position
	Method     string
	MethodAt   diag.Position
	Inputs     []ClaimArgument
	Parameters []Parameter
	Outputs    []ClaimArgument
	// Incomplete says that an unresolved reference was left out, so that a missing
	// role is not told a second time.
	Incomplete bool
}

// ClaimArgument binds a claim to a role.
type ClaimArgument struct {
	Claim    *claims.Type
	Role     string // TransformationClaimType, or the claim's id if there is none
	Position diag.Position
}

// Parameter is a constant.
type Parameter struct {
	ID       string
	DataType string
	Value    string
	Position diag.Position
}

// Environment is what a policy gives to its transformations: expressions in
// parameters, texts and keys.
type Environment struct {
	RelyingPartyTenantID   string // tenant name, for {RelyingPartyTenantId}
	TrustFrameworkTenantID string // tenant name, for {TrustFrameworkTenantId}
	AuthenticatorIssuer    string // display name of the tenant
	// KeyExists tells whether the tenant has a policy key; nil if unknown (offline).
	KeyExists func(id string) bool
	// Validate checks a text against the predicate validation of a claim type, for
	// CopyClaimIfPredicateMatch; has is false if the claim type has none.
	Validate func(t *claims.Type) (check func(text string, now time.Time) bool, has bool)
	// Unsettled tells whether a parameter's value is a placeholder that deployment tools have
	// yet to fill in: it isn't judged, and the transformation isn't made. nil: none is.
	Unsettled func(value string) bool
}

// Runtime is what a journey gives to a transformation.
type Runtime struct {
	Now                func() time.Time
	Rand               io.Reader
	TechnicalProfileID string // for {TechnicalProfileId}
	// Secret returns a policy key's secret, for Hash.
	Secret func(ctx context.Context, keyID string) ([]byte, error)
	// Text finds a localised text of the profile's content definition; ok is false
	// if there is none. Collection finds the localised choices of a claim.
	Text       func(elementType, stringID string) (text string, ok bool)
	Collection func(claimID string) []claims.Choice
}

// Assertion is the error of an assertion that failed: the user may see it.
type Assertion struct {
	Key     string // message key, e.g. UserMessageIfClaimsTransformationBooleanValueIsNotEqual
	Default string // text if neither localisation nor metadata has the key
}

// Error names the key only.
func (a *Assertion) Error() string { return "assertion failed: " + a.Key }

// ErrInput is the cause of every failure over an input that is missing or
// malformed. Texts never hold claim values.
var ErrInput = errors.New("claims transformation input")
