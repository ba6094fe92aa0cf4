package test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/go-cmp/cmp"
)

// scriptedFacebook answers as an OAuth 2 provider beside the API.
func scriptedFacebook(t *testing.T, e *env, deny *bool) {
	t.Helper()
	e.api.handle(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/fb/dialog":
			q := r.URL.Query()
			back := url.Values{"state": {q.Get("state")}, "code": {"fb-code " + q.Get("code_challenge")}}
			if *deny {
				back = url.Values{"state": {q.Get("state")}, "error": {"access_denied"}, "error_description": {"Permissions error"}}
			}
			if q.Get("client_id") != "fb-client" || q.Get("response_type") != "code" || q.Get("scope") == "" {
				t.Errorf("authorization request: %v", q)
			}
			http.Redirect(w, r, q.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound)
		case "/fb/token":
			q := r.URL.Query()
			if r.Method != http.MethodGet || q.Get("client_secret") != "facebook-secret" || q.Get("code") != "fb-code "+challenge(q.Get("code_verifier")) {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			_, _ = io.WriteString(w, `{"access_token":"fb-token","token_type":"bearer","expires_in":5000}`)
		case "/fb/me":
			if r.URL.Query().Get("access_token") != "fb-token" {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			_, _ = io.WriteString(w, `{"id":"10158","first_name":"Fay","last_name":"Book","name":"Fay Book","email":"fay@example.com"}`)
		default:
			_, _ = io.WriteString(w, `{"balance":"760.50"}`)
		}
	})
}

// withFacebook points the starter pack's Facebook profile at the scripted provider.
func withFacebook(t *testing.T, e *env, files map[string]string) {
	t.Helper()
	edit(t, files, "TrustFrameworkExtensions", `<Item Key="client_id">facebook_clientid</Item>`, fmt.Sprintf(`<Item Key="client_id">fb-client</Item>
            <Item Key="authorization_endpoint">%[1]s/fb/dialog</Item>
            <Item Key="AccessTokenEndpoint">%[1]s/fb/token</Item>`, e.api.server.URL))
	edit(t, files, "TrustFrameworkExtensions", "https://graph.facebook.com/me", e.api.server.URL+"/fb/me")
}

// trustAPI lets a scripted browser reach the scripted provider, too.
func (e *env) trustAPI() { e.caPool.AddCert(e.api.server.Certificate()) }

func TestFacebookSignUpAndSignIn(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	e.trustAPI()
	deny := false
	scriptedFacebook(t, e, &deny)
	files := enriched(t, e.api.server.URL+"/api/GetProfile")
	withFacebook(t, e, files)
	e.upload(files)

	u := e.user()
	u.authorize(signUpSignIn, nil)
	u.navigate("/api/CombinedSigninAndSignup/unified?claimsexchange=FacebookExchange")
	if !strings.Contains(u.page, `data-name="SelfAsserted"`) || !strings.Contains(u.page, `value="Fay"`) {
		t.Fatalf("no page for a new social user:\n%s", excerpt(u.page))
	}
	u.pass(map[string]string{"displayName": "Fay B", "givenName": "Fay", "surname": "Book"})
	_, payload := decode(t, u.redeem(signUpSignIn).IDToken)
	sub := payload["sub"]
	got := map[string]any{}
	for _, name := range []string{"idp", "email", "name", "balance"} {
		got[name] = payload[name]
	}
	want := map[string]any{"idp": "facebook.com", "email": "fay@example.com", "name": "Fay B", "balance": "760.50"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("first visit (-want +got):\n%s", diff)
	}

	// Another browser: the directory knows the user, and no page asks.
	u = e.user()
	u.authorize(signUpSignIn, map[string]string{"domain_hint": "facebook.com"})
	if _, payload := decode(t, u.redeem(signUpSignIn).IDToken); payload["sub"] != sub || payload["name"] != "Fay B" {
		t.Errorf("second visit: %v", payload)
	}
	// The same browser: no selection page, but the provider is asked again.
	u.authorize(signUpSignIn, nil)
	if _, payload := decode(t, u.redeem(signUpSignIn).IDToken); payload["sub"] != sub {
		t.Errorf("third visit: %v", payload)
	}

	deny = true
	u = e.user()
	u.authorize(signUpSignIn, nil)
	u.navigate("/api/CombinedSigninAndSignup/unified?claimsexchange=FacebookExchange")
	if got := u.result(); got.Get("error") != "server_error" || !strings.HasPrefix(got.Get("error_description"), "AADB2C90273: ") {
		t.Errorf("the user said no: %v", got)
	}
}

func TestOpenIDConnectFederation(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	e.trustAPI()
	active := e.providerKey()
	nonce, changeNonce := "", false
	issuer := e.api.server.URL
	e.api.handle(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/.well-known/openid-configuration":
			fmt.Fprintf(w, `{"issuer":%q,"authorization_endpoint":"%[2]s/authorize","token_endpoint":"%[2]s/token","jwks_uri":"%[2]s/keys"}`, issuer, issuer)
		case "/keys":
			set, _ := e.srv.Keys.PublicJWKS(r.Context(), "B2C_1A_IdP")
			b, _ := set.Keys[0].MarshalJSON()
			fmt.Fprintf(w, `{"keys":[%s]}`, b)
		case "/authorize":
			q := r.URL.Query()
			nonce = q.Get("nonce")
			http.Redirect(w, r, q.Get("redirect_uri")+"?"+url.Values{"state": {q.Get("state")}, "code": {"c"}}.Encode(), http.StatusFound)
		case "/token":
			signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: active.Key, KeyID: active.KID}}, nil)
			if err != nil {
				t.Error(err)
			}
			claims := map[string]any{"iss": issuer, "aud": "oidc-client", "sub": "u-7", "name": "Ora Id", "email": "ora@example.com", "nonce": nonce,
				"iat": e.clock.now().Unix(), "exp": e.clock.now().Unix() + 600}
			if changeNonce {
				claims["nonce"] = "another"
			}
			text, err := jwt.Signed(signer).Claims(claims).Serialize()
			if err != nil {
				t.Error(err)
			}
			fmt.Fprintf(w, `{"id_token":%q,"access_token":"upstream","token_type":"Bearer"}`, text)
		default:
			_, _ = io.WriteString(w, `{"balance":"760.50"}`)
		}
	})
	files := enriched(t, e.api.server.URL+"/api/GetProfile")
	edit(t, files, "TrustFrameworkExtensions", `<ClaimsProvider>
      <DisplayName>REST APIs</DisplayName>`, fmt.Sprintf(`<ClaimsProvider><Domain>contoso.com</Domain><DisplayName>Contoso</DisplayName><TechnicalProfiles>
        <TechnicalProfile Id="Contoso-OIDC"><DisplayName>Contoso Employee</DisplayName><Protocol Name="OpenIdConnect" />
          <Metadata><Item Key="METADATA">%s/.well-known/openid-configuration</Item><Item Key="client_id">oidc-client</Item><Item Key="response_types">code</Item><Item Key="response_mode">query</Item><Item Key="scope">openid profile</Item><Item Key="HttpBinding">POST</Item></Metadata>
          <CryptographicKeys><Key Id="client_secret" StorageReferenceId="B2C_1A_FacebookSecret" /></CryptographicKeys>
          <OutputClaims>
            <OutputClaim ClaimTypeReferenceId="issuerUserId" PartnerClaimType="sub" /><OutputClaim ClaimTypeReferenceId="displayName" PartnerClaimType="name" /><OutputClaim ClaimTypeReferenceId="email" />
            <OutputClaim ClaimTypeReferenceId="identityProvider" DefaultValue="contoso.com" /><OutputClaim ClaimTypeReferenceId="authenticationSource" DefaultValue="socialIdpAuthentication" />
          </OutputClaims>
          <OutputClaimsTransformations><OutputClaimsTransformation ReferenceId="CreateRandomUPNUserName" /><OutputClaimsTransformation ReferenceId="CreateUserPrincipalName" /><OutputClaimsTransformation ReferenceId="CreateAlternativeSecurityId" /></OutputClaimsTransformations>
          <UseTechnicalProfileForSessionManagement ReferenceId="SM-SocialLogin" />
        </TechnicalProfile></TechnicalProfiles></ClaimsProvider>
    <ClaimsProvider>
      <DisplayName>REST APIs</DisplayName>`, issuer))
	edit(t, files, "TrustFrameworkExtensions", `<ClaimsProviderSelection TargetClaimsExchangeId="FacebookExchange" />
            <ClaimsProviderSelection Validation`, `<ClaimsProviderSelection TargetClaimsExchangeId="ContosoExchange" />
            <ClaimsProviderSelection Validation`)
	edit(t, files, "TrustFrameworkExtensions", `<ClaimsExchange Id="SignUpWithLogonEmailExchange"`, `<ClaimsExchange Id="ContosoExchange" TechnicalProfileReferenceId="Contoso-OIDC" /><ClaimsExchange Id="SignUpWithLogonEmailExchange"`)
	e.upload(files)
	u := e.user()
	u.authorize(signUpSignIn, map[string]string{"domain_hint": "contoso.com"})
	u.pass(map[string]string{"displayName": "Ora Id", "givenName": "Ora", "surname": "Id"})
	if _, payload := decode(t, u.redeem(signUpSignIn).IDToken); payload["idp"] != "contoso.com" || payload["email"] != "ora@example.com" || payload["balance"] != "760.50" {
		t.Errorf("payload = %v", payload)
	}
	changeNonce = true
	u = e.user()
	u.authorize(signUpSignIn, map[string]string{"domain_hint": "contoso.com"})
	if got := u.result(); got.Get("error") != "server_error" || !strings.HasPrefix(got.Get("error_description"), "AADB2C90273: ") {
		t.Errorf("a foreign nonce: %v", got)
	}
}
