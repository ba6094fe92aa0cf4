// Package userinfo plans the technical profiles of a UserInfo endpoint: the one that
// reads the token of the request and authorizes the journey, and the issuer that answers
// with JSON.
//
// Reference: protocol §5.1; policy-engine §4.10.
package userinfo

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/program"
)

// Keys gives what tokens are checked with.
type Keys interface {
	PublicJWKS(ctx context.Context, id string) (jose.JSONWebKeySet, error)
}

// Authorization plans profiles with InputTokenFormat JWT that authorize a journey.
type Authorization struct{ Keys Keys }

type authorization struct {
	keys      Keys
	keyID     string
	issuer    string
	audiences []string // none: any
}

// Plan implements journey.Provider.
func (p *Authorization) Plan(plan *program.Plan) journey.Exchange {
	m := plan.Metadata
	x := &authorization{keys: p.Keys, issuer: m.Required("issuer")}
	if text := m.String("audience", ""); text != "" {
		if json.Unmarshal([]byte(text), &x.audiences) != nil || len(x.audiences) == 0 {
			plan.Report(diag.BadMetadata, m.At("audience"), `write a JSON array of client ids: ["…", "…"]`,
				"technical profile %q has an invalid value %q for the metadata item %q", plan.Source.ID.Value, text, "audience")
		}
	}
	// Documented with one legal value, which is the behaviour here: the bearer token is a JWT.
	if !strings.EqualFold(m.String("client_assertion_type", jwtBearer), jwtBearer) {
		m.Unused("bearer tokens are JWTs: write "+jwtBearer, "client_assertion_type")
	}
	x.keyID, _ = plan.Key("issuer_secret", true)
	return x
}

const jwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// leeway is for the clocks of nodes that differ.
const leeway = time.Minute

// Run implements journey.Exchange. A token of this very server is taken under the issuer
// name that it has here, whatever name the policy had before it moved: it is known by its
// signature.
func (x *authorization) Run(ctx context.Context, call *journey.Call) (journey.Result, error) {
	bearer := call.Journey.Bearer
	if bearer == nil {
		return refuse(errors.New("no token"))
	}
	parsed, err := jwt.ParseSigned(bearer.Token, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return refuse(err)
	}
	keys, err := x.keys.PublicJWKS(ctx, x.keyID)
	if err != nil {
		return nil, journey.Fail(journey.CodeKeyMissing, err)
	}
	var standard jwt.Claims
	var raw json.RawMessage
	if err := parsed.Claims(keys, &standard, &raw); err != nil {
		return refuse(err)
	}
	switch {
	case standard.Issuer == "" || standard.Issuer != x.issuer && standard.Issuer != bearer.Issuer:
		return refuse(errors.New("another issuer"))
	case len(x.audiences) > 0 && !slices.ContainsFunc(x.audiences, standard.Audience.Contains):
		return refuse(errors.New("another audience"))
	case standard.Expiry == nil:
		return refuse(errors.New("no expiry"))
	}
	if err := standard.ValidateWithLeeway(jwt.Expected{Time: call.Now()}, leeway); err != nil {
		return refuse(err)
	}
	members := make(map[string]any)
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	dec.UseNumber()
	if err := dec.Decode(&members); err != nil {
		return refuse(err)
	}
	return journey.Done{Output: tokenClaims(members)}, nil
}

func refuse(cause error) (journey.Result, error) {
	return nil, &journey.Failure{
		Public: "The token of the request is invalid, expired, or not for this endpoint.", OAuth: journey.InvalidToken, Cause: cause,
	}
}

// tokenClaims is the Output that a token gives.
type tokenClaims map[string]any

// Claim implements journey.Output.
func (t tokenClaims) Claim(use *program.ClaimUse) (claims.Value, error) {
	raw, ok := t[use.Partner()]
	if !ok {
		return claims.Value{}, nil
	}
	return claims.FromJSON(use.Claim().DataType(), raw)
}

// Issuer plans profiles with OutputTokenFormat JSON: their input claims are the answer.
type Issuer struct{}

// Plan implements journey.Provider.
func (Issuer) Plan(plan *program.Plan) journey.Exchange {
	plan.Metadata.Service("client_id")
	plan.Metadata.Unused("no refresh token comes with a JSON document", "issuer_refresh_token_user_identity_claim_type")
	return issuer{}
}

type issuer struct{}

// Run implements journey.Exchange.
func (issuer) Run(_ context.Context, call *journey.Call) (journey.Result, error) {
	d := new(journey.Document)
	for _, in := range call.Inputs {
		if !in.Value.Empty() {
			d.Members = append(d.Members, journey.SentClaim{Name: in.Use.Partner(), Value: in.Value})
		}
	}
	return journey.Issue{Issued: d}, nil
}

var (
	_ journey.Provider = (*Authorization)(nil)
	_ journey.Provider = Issuer{}
	_ journey.Exchange = (*authorization)(nil)
)
