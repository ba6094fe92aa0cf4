package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"journeyman.dev/internal/application"
	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/program"
)

// An application may send a relying party's input claims in a JWT that it signs with the
// relying party's client_secret: in client_assertion of the authorization request, as
// invitations by a link do. Nobody but the application knows the key, so the claims are as
// good as the application's word. Who is asked for is not checked: policies have no metadata
// for issuer and audience here.

// assertionLeeway is for clocks that differ.
const assertionLeeway = 5 * time.Minute

// asserted reads the client assertion of an authorization request. It is nil if the policy
// takes none, and empty if it may be left out and is.
func (s *Server) asserted(ctx context.Context, p *program.Program, q url.Values) (*claims.Bag, *failure) {
	if p.RelyingParty().AssertionKey() == "" {
		return nil, nil
	}
	bag := new(claims.Bag)
	text := q.Get("client_assertion")
	if text == "" {
		for _, use := range p.RelyingParty().Inputs().All() {
			if use.Required() && !use.HasDefault() {
				return nil, &failure{journey.CodeNoAssertion, journey.CodeNoAssertion.OAuth(), journey.CodeNoAssertion.Text()}
			}
		}
		return bag, nil
	}
	if kind := q.Get("client_assertion_type"); kind != application.AssertionType {
		return nil, &failure{journey.CodeAssertionType, "invalid_request", "The requested client assertion type '" + oneLine(kind) + "' does not match the expected type '" + application.AssertionType + "'."}
	}
	sent, err := s.openAssertion(ctx, p.RelyingParty().AssertionKey(), text)
	if err == nil {
		err = readAsserted(p, sent, bag)
	}
	refused, known := errors.AsType[assertionFault](err)
	switch {
	case err == nil:
		return bag, nil
	case known:
		return nil, &failure{journey.CodeAssertion, "invalid_request", "The client assertion provided in the request is invalid: " + string(refused) + "."}
	}
	s.Log.ErrorContext(ctx, "client assertion can't be checked", "policyId", p.PolicyID(), "err", err)
	return nil, &failure{journey.CodeKeyMissing, "server_error", journey.CodeKeyMissing.Text()}
}

// assertionFault is the fault of an assertion, without any of its values.
type assertionFault string

func (f assertionFault) Error() string { return string(f) }

func (s *Server) openAssertion(ctx context.Context, keyID, text string) (map[string]any, error) {
	parsed, err := jwt.ParseSigned(text, []jose.SignatureAlgorithm{jose.HS256, jose.HS384, jose.HS512})
	if err != nil {
		return nil, assertionFault("it is no JWT that is signed with HS256")
	}
	key, err := s.Keys.Secret(ctx, keyID)
	if err != nil {
		return nil, fmt.Errorf("relying party's client_secret: %w", err)
	}
	var standard jwt.Claims
	var raw json.RawMessage
	if err := parsed.Claims(key, &standard, &raw); err != nil {
		return nil, assertionFault("its signature is wrong")
	}
	if standard.Expiry == nil || standard.ValidateWithLeeway(jwt.Expected{Time: s.Now()}, assertionLeeway) != nil {
		return nil, assertionFault("it is expired or not valid yet")
	}
	var sent map[string]any
	dec := json.NewDecoder(strings.NewReader(string(raw)))
	dec.UseNumber()
	if err := dec.Decode(&sent); err != nil {
		return nil, assertionFault("its claims can't be read")
	}
	return sent, nil
}

// readAsserted takes the relying party's input claims by their partner names.
func readAsserted(p *program.Program, sent map[string]any, bag *claims.Bag) error {
	for _, use := range p.RelyingParty().Inputs().All() {
		v, err := claims.FromJSON(use.Claim().DataType(), sent[use.Partner()])
		if err != nil {
			return assertionFault("its claim " + use.Partner() + " has a value of another type")
		}
		if use.Required() && v.Empty() && !use.HasDefault() {
			return assertionFault("it lacks the claim " + use.Partner())
		}
		if v.Exists() {
			bag.Set(use.Claim().ID(), v)
		}
	}
	return nil
}
