package transform

import (
	"context"
	"errors"
	"io"
	"time"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/diag"
)

// Declaration is a ClaimsTransformation of a policy with resolved claim references. It omits unresolved
// references, which were already reported.
type Declaration struct {
	ID         string
	Position   diag.Position
	Method     string
	MethodAt   diag.Position
	Inputs     []ClaimArgument
	Parameters []Parameter
	Outputs    []ClaimArgument
	// Incomplete reports that an unresolved reference was omitted, so a missing role must not be reported.
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

// Environment is the policy's context of transformations: expressions in parameters, texts and keys.
type Environment struct {
	RelyingPartyTenantID   string // tenant name, for {RelyingPartyTenantId}
	TrustFrameworkTenantID string // tenant name, for {TrustFrameworkTenantId}
	AuthenticatorIssuer    string // display name of the tenant
	// KeyExists reports whether the tenant has a policy key; nil if unknown (offline).
	KeyExists func(id string) bool
	// Validate returns the check of a text against the predicate validation of a claim type, for
	// CopyClaimIfPredicateMatch. has is false if the claim type has none.
	Validate func(t *claims.Type) (check func(text string, now time.Time) bool, has bool)
	// Unsettled reports whether a parameter's value is a placeholder for deployment tools. Such a value isn't
	// checked, and the transformation isn't compiled. nil: there are no placeholders.
	Unsettled func(value string) bool
}

// Runtime is the journey's context of a transformation.
type Runtime struct {
	Now                func() time.Time
	Rand               io.Reader
	TechnicalProfileID string // for {TechnicalProfileId}
	// Secret returns a policy key's secret, for Hash.
	Secret func(ctx context.Context, keyID string) ([]byte, error)
	// Text finds a localised text of the profile's content definition; ok is false if there is none.
	// Collection finds the localised choices of a claim.
	Text       func(elementType, stringID string) (text string, ok bool)
	Collection func(claimID string) []claims.Choice
}

// Assertion is the error of a failed assertion. The user may see it.
type Assertion struct {
	Key     string // message key, e.g. UserMessageIfClaimsTransformationBooleanValueIsNotEqual
	Default string // text if neither localisation nor metadata has the key
}

// Error contains only the key.
func (a *Assertion) Error() string { return "assertion failed: " + a.Key }

// ErrInput is the cause of every failure over a missing or malformed input. Texts never contain claim values.
var ErrInput = errors.New("claims transformation input")
