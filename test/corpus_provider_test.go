package test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// The identity provider that the corpus' users come from: OAuth 2 and OpenID Connect, for
// every policy the same. Its user is the robot's, by the address of the login hint.

const corpusIssuer = "https://idp.example/"

var (
	corpusEndpoint = map[string]*regexp.Regexp{
		"/idp/authorize": regexp.MustCompile(`(Key="authorization_endpoint"\s*>)[^<]*`),
		"/idp/token":     regexp.MustCompile(`(Key="(?:AccessTokenEndpoint|token_endpoint)"\s*>)[^<]*`),
		"/idp/me":        regexp.MustCompile(`(Key="ClaimsEndpoint"\s*>)[^<]*`),
	}
	// Facebook's endpoints are the provider's own unless the profile has some.
	corpusFacebookName = regexp.MustCompile(`(<Item Key="ProviderName"\s*>\s*facebook\s*</Item>)`)
	formField          = regexp.MustCompile(`<input[^>]*name="([^"]*)"[^>]*value="([^"]*)"`)
	formTarget         = regexp.MustCompile(`<form[^>]*action="([^"]*)"`)
)

// atProvider points a policy's identity providers at ours.
func atProvider(text, api string) string {
	if !strings.Contains(text, `Key="authorization_endpoint"`) {
		text = corpusFacebookName.ReplaceAllString(text, `${1}<Item Key="authorization_endpoint">x</Item><Item Key="AccessTokenEndpoint">x</Item>`)
	}
	for path, pattern := range corpusEndpoint {
		text = pattern.ReplaceAllString(text, "${1}"+api+path)
	}
	return text
}

// readersGoogle are families that tell their reader to have added Google to the starter pack
// before. So does ab-testing, which sends half of its users, at random, to a phone.
var readersGoogle = map[string]bool{"social-idp-force-email": true, "refresh-token-journey": true}

// googleProfile is what such a reader has: an OAuth 2 provider, here ours.
func googleProfile(api string) string {
	return `<ClaimsProvider><Domain>google.com</Domain><DisplayName>Google</DisplayName><TechnicalProfiles><TechnicalProfile Id="Google-OAuth2"><DisplayName>Google</DisplayName><Protocol Name="OAuth2" />
<Metadata><Item Key="ProviderName">google</Item><Item Key="authorization_endpoint">` + api + `/idp/authorize</Item><Item Key="AccessTokenEndpoint">` + api + `/idp/token</Item><Item Key="ClaimsEndpoint">` + api + `/idp/me</Item>
<Item Key="scope">email profile</Item><Item Key="HttpBinding">POST</Item><Item Key="client_id">google-client</Item></Metadata>
<CryptographicKeys><Key Id="client_secret" StorageReferenceId="B2C_1A_GoogleSecret" /></CryptographicKeys>
<OutputClaims><OutputClaim ClaimTypeReferenceId="issuerUserId" PartnerClaimType="id" /><OutputClaim ClaimTypeReferenceId="email" PartnerClaimType="email" /><OutputClaim ClaimTypeReferenceId="givenName" PartnerClaimType="given_name" />
<OutputClaim ClaimTypeReferenceId="surname" PartnerClaimType="family_name" /><OutputClaim ClaimTypeReferenceId="displayName" PartnerClaimType="name" /><OutputClaim ClaimTypeReferenceId="identityProvider" DefaultValue="google.com" />
<OutputClaim ClaimTypeReferenceId="authenticationSource" DefaultValue="socialIdpAuthentication" /></OutputClaims>
<OutputClaimsTransformations><OutputClaimsTransformation ReferenceId="CreateRandomUPNUserName" /><OutputClaimsTransformation ReferenceId="CreateUserPrincipalName" /><OutputClaimsTransformation ReferenceId="CreateAlternativeSecurityId" /></OutputClaimsTransformations>
<UseTechnicalProfileForSessionManagement ReferenceId="SM-SocialLogin" /></TechnicalProfile></TechnicalProfiles></ClaimsProvider>`
}

// provide serves the identity provider's addresses; false for others.
func (e *env) provide(w http.ResponseWriter, r *http.Request) bool {
	switch r.URL.Path {
	case "/keys":
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: hintKey().Public(), KeyID: "hint", Algorithm: "RS256", Use: "sig"}}})
	case "/idp/authorize":
		q := r.URL.Query()
		// The code carries what the token will need.
		code, _ := json.Marshal([]string{q.Get("nonce"), q.Get("client_id")})
		back := url.Values{"state": {q.Get("state")}, "code": {base64.RawURLEncoding.EncodeToString(code)}}
		if strings.Contains(q.Get("response_type"), "id_token") {
			back.Set("id_token", e.providerToken(q.Get("nonce"), q.Get("client_id"), corpusAudience))
		}
		if q.Get("response_mode") != "form_post" {
			http.Redirect(w, r, q.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound)
			return true
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<form method="post" action="%s">`, html.EscapeString(q.Get("redirect_uri")))
		for name := range back {
			fmt.Fprintf(w, `<input type="hidden" name="%s" value="%s">`, name, html.EscapeString(back.Get(name)))
		}
		_, _ = io.WriteString(w, `</form>`)
	case "/idp/token":
		_ = r.ParseForm()
		text, _ := base64.RawURLEncoding.DecodeString(r.Form.Get("code"))
		var carried []string
		if json.Unmarshal(text, &carried) != nil || len(carried) != 2 {
			w.WriteHeader(http.StatusBadRequest)
			return true
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"access_token": "at-provider", "token_type": "Bearer", "expires_in": 3600, "id_token": e.providerToken(carried[0], carried[1])})
	case "/idp/me":
		_ = json.NewEncoder(w).Encode(providerUser())
	default:
		return false
	}
	return true
}

// providerUser has every name under which profiles look for something.
func providerUser() map[string]any {
	return map[string]any{
		"id": "robot-1", "sub": "robot-1", "oid": "robot-1", "uid": "robot-1", "name": "Ro Bot", "given_name": "Ro", "family_name": "Bot", "first_name": "Ro", "last_name": "Bot",
		"email": "robot@idp.example", "preferred_username": "robot@idp.example", "unique_name": "robot@idp.example", "tid": "11111111-2222-4333-8444-555555555555",
	}
}

// corpusAudience is the IdTokenAudience of the one family that names its own.
const corpusAudience = "http://azure.microsoft.com/B2C/claimsExchange"

func (e *env) providerToken(nonce, client string, others ...string) string {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: hintKey(), KeyID: "hint"}}, nil)
	if err != nil {
		e.t.Error(err)
		return ""
	}
	payload := providerUser()
	now := e.clock.now()
	payload["iss"], payload["aud"], payload["azp"], payload["nonce"] = corpusIssuer, append([]string{client}, others...), client, nonce
	payload["iat"], payload["nbf"], payload["exp"] = now.Unix(), now.Add(-time.Minute).Unix(), now.Add(time.Hour).Unix()
	text, err := jwt.Signed(signer).Claims(payload).Serialize()
	if err != nil {
		e.t.Error(err)
	}
	return text
}

// posted submits the form of a page that a script would submit at once.
func (r *robot) posted(res *http.Response) (*http.Response, error) {
	body, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err != nil {
		return nil, err
	}
	target := formTarget.FindSubmatch(body)
	if target == nil {
		return nil, fmt.Errorf("a page without form: %s", body)
	}
	form := url.Values{}
	for _, m := range formField.FindAllSubmatch(body, -1) {
		form.Set(string(m[1]), html.UnescapeString(string(m[2])))
	}
	return r.http.PostForm(html.UnescapeString(string(target[1])), form)
}
