package federation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/program"
)

// Hint plans the profile that a GetClaims step reads an id_token_hint with: a token of
// the application's own, with claims for the journey (policy-engine §5.8).
type Hint struct {
	Keys     Keys
	Metadata *MetadataCache
}

const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

type hintExchange struct {
	keys        Keys
	cache       *MetadataCache
	metadataURL string
	issuer      string
	audience    string
	secretKey   string
}

// Plan implements journey.Provider.
func (p *Hint) Plan(plan *program.Plan) journey.Exchange {
	m := plan.Metadata
	x := &hintExchange{keys: p.Keys, cache: p.Metadata}
	x.metadataURL = m.String("METADATA", "")
	checkEndpoint(plan, "METADATA", x.metadataURL)
	x.secretKey, _ = plan.Key("client_secret", x.metadataURL == "")
	if x.metadataURL == "" {
		x.issuer, x.audience = m.Required("issuer"), m.Required("IdTokenAudience")
	} else {
		x.issuer, x.audience = m.String("issuer", ""), m.String("IdTokenAudience", "")
	}
	m.Unused("a hint is checked against issuer and IdTokenAudience", "client_id", "ProviderName")
	m.Unused("without METADATA hints are signed with HS256, with it by the algorithm of the provider's key", "token_signing_algorithm")
	return x
}

func refuseHint(code journey.Code, text string) error {
	return &journey.Failure{Code: code, Public: text, OAuth: "invalid_request"}
}

// Run implements journey.Exchange. No hint is no error: policies test the claims.
func (x *hintExchange) Run(ctx context.Context, call *journey.Call) (journey.Result, error) {
	text := call.Journey.Request.Parameters["id_token_hint"]
	if text == "" && call.Program.RelyingParty().AssertionKey() == "" && call.Journey.Request.Parameters["client_assertion_type"] == assertionType {
		// The older name of the parameter (a JWT-secured request); it is checked the same.
		text = call.Journey.Request.Parameters["client_assertion"]
	}
	if text == "" {
		return journey.Done{Output: journey.Nothing{}}, nil
	}
	claims, standard, issuer, err := x.verified(ctx, call, text)
	if err != nil {
		return nil, err
	}
	switch {
	case standard.Issuer == "" || standard.Issuer != issuer:
		return nil, refuseHint(journey.CodeHintIssuer, "The id_token_hint is from an issuer that the policy doesn't accept.")
	case len(standard.Audience) == 0 || x.audience != "" && !slices.Contains(standard.Audience, x.audience):
		return nil, refuseHint(journey.CodeHintAudience, "The id_token_hint is for an audience that the policy doesn't accept.")
	case standard.Expiry == nil || standard.NotBefore == nil || standard.ValidateWithLeeway(jwt.Expected{Time: call.Now()}, time.Minute) != nil:
		return nil, refuseHint(journey.CodeHintExpired, "The id_token_hint is expired or not valid yet.")
	}
	return journey.Done{Output: output{claims: claims}}, nil
}

// verified checks the signature and returns the claims and the issuer to expect.
func (x *hintExchange) verified(ctx context.Context, call *journey.Call, text string) (map[string]any, jwt.Claims, string, error) {
	var standard jwt.Claims
	var raw json.RawMessage
	invalid := refuseHint(journey.CodeHintInvalid, "The id_token_hint can't be read.")
	algorithms, issuer := signatures, x.issuer
	if x.metadataURL == "" {
		algorithms = []jose.SignatureAlgorithm{jose.HS256}
	}
	parsed, err := jwt.ParseSigned(text, algorithms)
	if err != nil {
		return nil, standard, "", invalid
	}
	var key any
	if x.metadataURL == "" {
		secret, err := x.keys.Secret(ctx, x.secretKey)
		if err != nil {
			return nil, standard, "", journey.Fail(journey.CodeKeyMissing, err)
		}
		key = secret
	} else {
		md, err := x.cache.metadata(ctx, x.metadataURL, call.Now())
		if err != nil {
			return nil, standard, "", journey.Fail(journey.CodeUnreachable, fmt.Errorf("metadata: %w", err))
		}
		if issuer == "" {
			issuer = md.Issuer
		}
		set, err := x.cache.keys(ctx, md.JWKSURI, parsed.Headers[0].KeyID, call.Now())
		if err != nil {
			return nil, standard, "", journey.Fail(journey.CodeUnreachable, fmt.Errorf("keys: %w", err))
		}
		key = set
	}
	if err := parsed.Claims(key, &standard, &raw); err != nil {
		return nil, standard, "", refuseHint(journey.CodeHintSignature, "The id_token_hint failed signature validation.")
	}
	var claims map[string]any
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	dec.UseNumber()
	if err := dec.Decode(&claims); err != nil {
		return nil, standard, "", errors.Join(invalid, err)
	}
	return claims, standard, issuer, nil
}

var (
	_ journey.Provider = (*Hint)(nil)
	_ journey.Exchange = (*hintExchange)(nil)
)
