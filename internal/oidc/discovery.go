package oidc

import (
	"crypto/rsa"
	"encoding/base64"
	"math/big"
	"net/http"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"journeyman.dev/internal/application"
	"journeyman.dev/internal/endpoint"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/token"
)

// issuer is the iss of a policy's tokens: always the tenant's GUID and a final
// slash; with AuthorityWithTfp also the policy (protocol §1.2 [D]).
func (s *Server) issuer(base string, settings *token.Settings, policyID string) string {
	if settings != nil && settings.IssuerWithPolicy {
		return base + "/tfp/" + s.TenantID + "/" + strings.ToLower(policyID) + "/v2.0/"
	}
	return base + "/" + s.TenantID + "/v2.0/"
}

type discoveryDocument struct {
	Issuer                string   `json:"issuer"`
	AuthorizationEndpoint string   `json:"authorization_endpoint"`
	TokenEndpoint         string   `json:"token_endpoint"`
	EndSessionEndpoint    string   `json:"end_session_endpoint"`
	JWKSURI               string   `json:"jwks_uri"`
	UserInfoEndpoint      string   `json:"userinfo_endpoint,omitempty"`
	ResponseModes         []string `json:"response_modes_supported"`
	ResponseTypes         []string `json:"response_types_supported"`
	Scopes                []string `json:"scopes_supported"`
	SubjectTypes          []string `json:"subject_types_supported"`
	SigningAlgorithms     []string `json:"id_token_signing_alg_values_supported"`
	TokenEndpointAuth     []string `json:"token_endpoint_auth_methods_supported"`
	TokenEndpointAlgs     []string `json:"token_endpoint_auth_signing_alg_values_supported"`
	Claims                []string `json:"claims_supported"`
	CodeChallengeMethods  []string `json:"code_challenge_methods_supported"`
	IssParameterSupported bool     `json:"authorization_response_iss_parameter_supported"`
	RevocationEndpoint    string   `json:"revocation_endpoint"`
	RevocationAuth        []string `json:"revocation_endpoint_auth_methods_supported"`
	RevocationAlgs        []string `json:"revocation_endpoint_auth_signing_alg_values_supported"`
	IntrospectionEndpoint string   `json:"introspection_endpoint"`
	IntrospectionAuth     []string `json:"introspection_endpoint_auth_methods_supported"`
	IntrospectionAlgs     []string `json:"introspection_endpoint_auth_signing_alg_values_supported"`
}

// discovery serves the metadata document; members and order are B2C's, those after
// the claims are ours (protocol §1.2).
func (s *Server) discovery(w http.ResponseWriter, r *http.Request, e endpoint.Endpoint, p *program.Program) {
	base := s.BaseURL(r)
	settings := tokensOf(p)
	doc := discoveryDocument{
		Issuer:                s.issuer(base, settings, p.PolicyID()),
		AuthorizationEndpoint: e.URL(base, "oauth2/v2.0/authorize"),
		TokenEndpoint:         e.URL(base, "oauth2/v2.0/token"),
		EndSessionEndpoint:    e.URL(base, "oauth2/v2.0/logout"),
		JWKSURI:               e.URL(base, "discovery/v2.0/keys"),
		ResponseModes:         []string{"query", "fragment", "form_post"},
		ResponseTypes:         []string{"code", "code id_token", "code token", "code id_token token", "id_token", "id_token token", "token", "token id_token"},
		Scopes:                []string{"openid"},
		SubjectTypes:          []string{"pairwise"},
		SigningAlgorithms:     []string{"RS256"},
		TokenEndpointAuth:     clientAuthentication,
		TokenEndpointAlgs:     application.AssertionAlgorithms,
		CodeChallengeMethods:  []string{"S256"},
		IssParameterSupported: true,
		RevocationEndpoint:    e.URL(base, revokePath),
		RevocationAuth:        append([]string{"none"}, clientAuthentication...),
		RevocationAlgs:        application.AssertionAlgorithms,
		IntrospectionEndpoint: e.URL(base, introspectPath),
		IntrospectionAuth:     clientAuthentication,
		IntrospectionAlgs:     application.AssertionAlgorithms,
	}
	if s.AllowPlainPKCE {
		doc.CodeChallengeMethods = append(doc.CodeChallengeMethods, "plain")
	}
	if p.RelyingParty().UserInfo() != nil {
		doc.UserInfoEndpoint = e.URL(base, userInfoPath)
	}
	for _, use := range p.RelyingParty().Outputs().All() {
		doc.Claims = append(doc.Claims, use.Partner())
	}
	doc.Claims = append(doc.Claims, "iss", "iat", "exp", "aud", "acr", "nonce", "auth_time")
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Cache-Control", "public, max-age=300")
	s.json(w, http.StatusOK, doc)
}

// keys serves the public keys of the policy's token issuer.
func (s *Server) keys(w http.ResponseWriter, r *http.Request, _ endpoint.Endpoint, p *program.Program) {
	var set jose.JSONWebKeySet
	w.Header().Set("Access-Control-Allow-Origin", "*")
	settings := tokensOf(p)
	if settings == nil {
		s.json(w, http.StatusOK, publish(set))
		return
	}
	set, err := s.Keys.PublicJWKS(r.Context(), settings.SigningKey)
	if err != nil {
		s.Log.ErrorContext(r.Context(), "keys can't be read", "policyId", p.PolicyID(), "err", err)
		s.json(w, http.StatusInternalServerError, errorBody{Error: "server_error",
			Description: s.describe(&failure{code: journey.CodeKeysUnavailable, text: "The signing keys of the policy are not available."}, s.Engine.NewID())})
		return
	}
	w.Header().Set("Cache-Control", "public, max-age=300")
	s.json(w, http.StatusOK, publish(set))
}

// publishedKey is a key as B2C's documents have it.
type publishedKey struct {
	KID string `json:"kid"`
	Use string `json:"use"`
	Kty string `json:"kty"`
	E   string `json:"e"`
	N   string `json:"n"`
}

// publish is the key set's document.
func publish(set jose.JSONWebKeySet) any {
	keys := []publishedKey{}
	for _, k := range set.Keys {
		if public, ok := k.Key.(*rsa.PublicKey); ok {
			keys = append(keys, publishedKey{KID: k.KeyID, Use: "sig", Kty: "RSA",
				E: base64.RawURLEncoding.EncodeToString(big.NewInt(int64(public.E)).Bytes()),
				N: base64.RawURLEncoding.EncodeToString(public.N.Bytes())})
		}
	}
	return struct {
		Keys []publishedKey `json:"keys"`
	}{keys}
}
