package federation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/outbound"
	"journeyman.dev/internal/program"
)

// OAuth2 plans OAuth 2 profiles, such as Facebook's.
type OAuth2 struct {
	Caller Caller
	Keys   Keys
}

type oauth2Exchange struct {
	common
	authorize, token, claims string
	tokenName                string // ClaimsEndpointAccessTokenName
	byHeader                 bool   // BearerTokenTransmissionMethod AuthorizationHeader
	extraClaims              url.Values
	passed                   []string // members of the token answer that the claims request repeats
	audience                 string   // IdTokenAudience; "" is any
}

// Plan implements journey.Provider.
func (p *OAuth2) Plan(plan *program.Plan) journey.Exchange {
	m := plan.Metadata
	x := &oauth2Exchange{common: planCommon(plan, p.Caller, p.Keys)}
	x.authorize = m.Required("authorization_endpoint")
	x.token = m.Required("AccessTokenEndpoint")
	x.claims = m.Required("ClaimsEndpoint")
	x.tokenName = m.String("ClaimsEndpointAccessTokenName", "access_token")
	x.byHeader = strings.EqualFold(m.String("BearerTokenTransmissionMethod", ""), "AuthorizationHeader")
	x.extraClaims = make(url.Values)
	// Names of members of the token answer, with commas between [D]; name=value is one of its own.
	for text := range strings.FieldsFuncSeq(m.String("ExtraParamsInClaimsEndpointRequest", ""), func(r rune) bool { return r == ',' || r == '&' }) {
		name, value, own := strings.Cut(strings.TrimSpace(text), "=")
		if unescaped, err := url.QueryUnescape(name); err == nil {
			name = unescaped
		}
		if unescaped, err := url.QueryUnescape(value); err == nil {
			value = unescaped
		}
		if own {
			x.extraClaims.Set(name, value)
		} else if name != "" {
			x.passed = append(x.passed, name)
		}
	}
	x.audience = m.String("IdTokenAudience", "")
	if name, format := m.String("ClaimsEndpointFormatName", ""), m.String("ClaimsEndpointFormat", ""); name != "" && format != "" {
		x.extraClaims.Set(name, format)
	}
	m.Met("ExtraParamsInAccessTokenEndpointResponse") // every member of the token answer can be a claim and be passed on
	m.Unused("an OAuth 2 provider's tokens are not validated by their issuer", "DiscoverMetadataByTokenIssuer")
	for key, address := range map[string]string{"authorization_endpoint": x.authorize, "AccessTokenEndpoint": x.token, "ClaimsEndpoint": x.claims} {
		checkEndpoint(plan, key, address)
	}
	x.secretKey, _ = plan.Key("client_secret", x.signingKey == "")
	return x
}

// Run implements journey.Exchange.
func (x *oauth2Exchange) Run(ctx context.Context, call *journey.Call) (journey.Result, error) {
	if call.Answer == nil {
		return x.leave(call, x.authorize, "code", "")
	}
	body := x.receive(call)
	p, err := x.returned(call, nil)
	if err != nil {
		return nil, err
	}
	tokens, err := x.redeem(ctx, call, x.token, p)
	if err != nil {
		return nil, err
	}
	access, _ := tokens["access_token"].(string)
	if access == "" {
		return nil, x.bad(errors.New("token endpoint gave no access token"))
	}
	if err := x.checkAudience(tokens); err != nil {
		return nil, x.bad(err)
	}
	user, err := x.userInfo(ctx, call, access, tokens)
	if err != nil {
		return nil, err
	}
	// Extra members of the token answer are claims, too; the user's own win.
	merged := maps.Clone(tokens)
	for _, name := range []string{"access_token", "refresh_token", "token_type", "expires_in", "id_token"} {
		delete(merged, name)
	}
	maps.Copy(merged, user)
	subject := cmp.Or(told(merged, "sub"), told(merged, "id"))
	return journey.Done{Output: output{claims: merged, tokens: tokens, paths: x.paths, posted: x.recall(call, body, subject)}}, nil
}

// checkAudience compares the audience of an id token that came with the access token. It came
// from the provider itself, so its signature says nothing more.
func (x *oauth2Exchange) checkAudience(tokens map[string]any) error {
	text, ok := tokens["id_token"].(string)
	if x.audience == "" || !ok {
		return nil
	}
	parsed, err := jwt.ParseSigned(text, append(slices.Clone(signatures), jose.HS256, jose.HS384, jose.HS512))
	var standard jwt.Claims
	if err != nil || parsed.UnsafeClaimsWithoutVerification(&standard) != nil {
		return errors.New("the id token can't be read")
	}
	if !slices.Contains(standard.Audience, x.audience) {
		return errors.New("the id token is for another audience")
	}
	return nil
}

// userInfo reads the claims endpoint.
func (x *oauth2Exchange) userInfo(ctx context.Context, call *journey.Call, access string, tokens map[string]any) (map[string]any, error) {
	values := make(url.Values)
	maps.Copy(values, x.extraClaims)
	for _, name := range x.passed {
		if value := told(tokens, name); value != "" {
			values.Set(name, value)
		}
	}
	header := x.header(call)
	if x.byHeader {
		header.Set("Authorization", "Bearer "+access)
	} else {
		values.Set(x.tokenName, access)
	}
	address := x.claims
	if len(values) > 0 {
		address = joinQuery(address, values)
	}
	answer, err := x.caller.Do(ctx, outbound.Request{Method: http.MethodGet, URL: address, Header: header, Timeout: 30 * time.Second, Attempts: 2})
	if err != nil {
		return nil, journey.Fail(journey.CodeUnreachable, fmt.Errorf("technical profile %s: claims endpoint: %w", x.profileID, err))
	}
	return x.read("claims endpoint", answer)
}

var (
	_ journey.Provider = (*OAuth2)(nil)
	_ journey.Exchange = (*oauth2Exchange)(nil)
)
