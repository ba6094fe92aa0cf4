package federation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"time"

	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/outbound"
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
}

// Plan implements journey.Provider.
func (p *OAuth2) Plan(plan *journey.Plan) journey.Exchange {
	m := plan.Metadata
	x := &oauth2Exchange{common: planCommon(plan, p.Caller, p.Keys)}
	x.authorize = m.Required("authorization_endpoint")
	x.token = m.Required("AccessTokenEndpoint")
	x.claims = m.Required("ClaimsEndpoint")
	x.tokenName = m.String("ClaimsEndpointAccessTokenName", "access_token")
	x.byHeader = strings.EqualFold(m.String("BearerTokenTransmissionMethod", ""), "AuthorizationHeader")
	x.extraClaims = make(url.Values)
	if text := m.String("ExtraParamsInClaimsEndpointRequest", ""); text != "" {
		if values, err := url.ParseQuery(text); err == nil {
			x.extraClaims = values
		}
	}
	if name, format := m.String("ClaimsEndpointFormatName", ""), m.String("ClaimsEndpointFormat", ""); name != "" && format != "" {
		x.extraClaims.Set(name, format)
	}
	m.Ignore("ExtraParamsInAccessTokenEndpointResponse")
	for key, address := range map[string]string{"authorization_endpoint": x.authorize, "AccessTokenEndpoint": x.token, "ClaimsEndpoint": x.claims} {
		checkEndpoint(plan, key, address)
	}
	x.secretKey, _ = plan.Key("client_secret", true)
	return x
}

// Run implements journey.Exchange.
func (x *oauth2Exchange) Run(ctx context.Context, call *journey.Call) (journey.Result, error) {
	if call.Answer == nil {
		return x.leave(call, x.authorize, "code", "")
	}
	p, err := x.returned(call, nil)
	if err != nil {
		return journey.Result{}, err
	}
	tokens, err := x.redeem(ctx, call, x.token, p)
	if err != nil {
		return journey.Result{}, err
	}
	access, _ := tokens["access_token"].(string)
	if access == "" {
		return journey.Result{}, x.bad(errors.New("token endpoint gave no access token"))
	}
	user, err := x.userInfo(ctx, access)
	if err != nil {
		return journey.Result{}, err
	}
	// Extra members of the token answer are claims, too; the user's own win.
	merged := maps.Clone(tokens)
	for _, name := range []string{"access_token", "refresh_token", "token_type", "expires_in", "id_token"} {
		delete(merged, name)
	}
	maps.Copy(merged, user)
	return journey.Result{Output: output{claims: merged, tokens: tokens, paths: x.paths}}, nil
}

// userInfo reads the claims endpoint.
func (x *oauth2Exchange) userInfo(ctx context.Context, access string) (map[string]any, error) {
	values := make(url.Values)
	maps.Copy(values, x.extraClaims)
	header := http.Header{"Accept": {"application/json"}}
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
	user := decodeObject(answer.Body, "")
	if answer.Status != http.StatusOK || user == nil {
		return nil, x.bad(fmt.Errorf("claims endpoint answered %d", answer.Status))
	}
	return user, nil
}

var (
	_ journey.Provider = (*OAuth2)(nil)
	_ journey.Exchange = (*oauth2Exchange)(nil)
)
