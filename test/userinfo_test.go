package test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"journeyman.dev/internal/live"
	"journeyman.dev/internal/server"
)

// The UserInfo endpoint (protocol §5.1).

const oldIssuer = "https://contoso.b2clogin.com/11111111-1111-1111-1111-111111111111/v2.0/"

// userInfoParts are the profiles and the journey of B2C's walkthrough on our starter
// policies; audience is the metadata item, "" for none.
func userInfoParts(audience string) string {
	if audience != "" {
		audience = `<Item Key="audience">` + audience + `</Item>`
	}
	return `<ClaimsProviders><ClaimsProvider><DisplayName>Token Issuer</DisplayName><TechnicalProfiles>
<TechnicalProfile Id="UserInfoIssuer"><DisplayName>JSON Issuer</DisplayName><Protocol Name="None" /><OutputTokenFormat>JSON</OutputTokenFormat>
  <CryptographicKeys><Key Id="issuer_secret" StorageReferenceId="B2C_1A_TokenSigningKeyContainer" /></CryptographicKeys>
  <InputClaims><InputClaim ClaimTypeReferenceId="objectId" PartnerClaimType="sub" /><InputClaim ClaimTypeReferenceId="displayName" /><InputClaim ClaimTypeReferenceId="surname" PartnerClaimType="family_name" /><InputClaim ClaimTypeReferenceId="loyalty" /><InputClaim ClaimTypeReferenceId="trail" /></InputClaims></TechnicalProfile>
<TechnicalProfile Id="UserInfoAuthorization"><DisplayName>UserInfo authorization</DisplayName><Protocol Name="None" /><InputTokenFormat>JWT</InputTokenFormat>
  <Metadata><Item Key="issuer">` + oldIssuer + `</Item>` + audience + `<Item Key="client_assertion_type">urn:ietf:params:oauth:client-assertion-type:jwt-bearer</Item></Metadata>
  <CryptographicKeys><Key Id="issuer_secret" StorageReferenceId="B2C_1A_TokenSigningKeyContainer" /></CryptographicKeys>
  <OutputClaims><OutputClaim ClaimTypeReferenceId="objectId" PartnerClaimType="sub" /><OutputClaim ClaimTypeReferenceId="loyalty" PartnerClaimType="level" /></OutputClaims></TechnicalProfile>
</TechnicalProfiles></ClaimsProvider></ClaimsProviders>
<UserJourneys><UserJourney Id="UserInfoJourney" DefaultCpimIssuerTechnicalProfileReferenceId="UserInfoIssuer">
  <Authorization><AuthorizationTechnicalProfiles><AuthorizationTechnicalProfile ReferenceId="UserInfoAuthorization" /></AuthorizationTechnicalProfiles></Authorization>
  <OrchestrationSteps>` + step(1, "Directory-Read", `<Preconditions><Precondition Type="ClaimsExist" ExecuteActionsIf="false"><Value>objectId</Value><Action>SkipThisOrchestrationStep</Action></Precondition></Preconditions>`) +
		`<OrchestrationStep Order="2" Type="SendClaims" CpimIssuerTechnicalProfileReferenceId="UserInfoIssuer" /></OrchestrationSteps></UserJourney></UserJourneys>`
}

// userInfoPolicy uploads them, bound to the endpoint.
func (e *env) userInfoPolicy(audience string) string {
	e.t.Helper()
	blocks, _ := trailBlocks("A")
	party := strings.Replace(relyingParty("SignUpOrSignIn", "", "displayName"), `<TechnicalProfile Id="PolicyProfile">`,
		`<Endpoints><Endpoint Id="UserInfo" UserJourneyReferenceId="UserInfoJourney" /></Endpoints><TechnicalProfile Id="PolicyProfile">`, 1)
	return e.own(blocks+userInfoParts(audience), party)
}

// askUserInfo sends an Authorization header, "" for none.
func (e *env) askUserInfo(method, policy, authorization string) (int, http.Header, map[string]any) {
	e.t.Helper()
	req, err := http.NewRequest(method, e.base+"/"+tenant+"/"+policy+"/openid/v2.0/userinfo", nil)
	if err != nil {
		e.t.Fatal(err)
	}
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	res, err := e.client(nil).Do(req)
	if err != nil {
		e.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		e.t.Fatal(err)
	}
	var body map[string]any
	if len(b) > 0 {
		if err := json.Unmarshal(b, &body); err != nil {
			e.t.Fatalf("%s: %v", b, err)
		}
	}
	return res.StatusCode, res.Header, body
}

// signWith makes a token with the tenant's own signing key.
func (e *env) signWith(claims map[string]any) string {
	e.t.Helper()
	key, err := e.srv.Keys.ActiveSigningKey(e.t.Context(), "B2C_1A_TokenSigningKeyContainer")
	if err != nil {
		e.t.Fatal(err)
	}
	return signed(e.t.(*testing.T), jose.RS256, key.Key, map[string]any{"kid": key.KID}, claims)
}

func TestUserInfo(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	policy := e.userInfoPolicy("")
	e.user().ownSignUp("ada@example.com")
	u := e.user()
	u.authorize(policy, map[string]string{"scope": "openid " + e.spa.AppID})
	u.pass(map[string]string{"signInName": "ada@example.com", "password": password})
	got := u.redeem(policy)
	_, id := decode(t, got.IDToken)

	var doc map[string]any
	fetch(t, e, "/"+tenant+"/"+policy+"/v2.0/.well-known/openid-configuration", &doc)
	if doc["userinfo_endpoint"] != e.base+"/"+tenant+"/"+strings.ToLower(policy)+"/openid/v2.0/userinfo" {
		t.Errorf("discovery: %v", doc["userinfo_endpoint"])
	}
	var other map[string]any
	fetch(t, e, "/"+tenant+"/"+ownSignIn+"/v2.0/.well-known/openid-configuration", &other)
	if _, there := other["userinfo_endpoint"]; there {
		t.Error("a policy without the endpoint lists it")
	}

	for name, token := range map[string]string{"access token": got.AccessToken, "id token": got.IDToken} {
		for _, method := range []string{"GET", "POST"} {
			status, header, body := e.askUserInfo(method, policy, "Bearer "+token)
			if status != 200 || body["sub"] != id["sub"] || body["displayName"] != "Ada" || len(body) != 2 {
				t.Errorf("%s by %s: %d %v", name, method, status, body)
			}
			if header.Get("Access-Control-Allow-Origin") != "*" || !strings.HasPrefix(header.Get("Cache-Control"), "no-store") || !strings.HasPrefix(header.Get("Content-Type"), "application/json") {
				t.Errorf("headers: %v", header)
			}
		}
	}
	// A token that was signed when the policy was elsewhere, with a claim of its own.
	now := e.clock.now()
	old := e.signWith(map[string]any{"iss": oldIssuer, "aud": "x", "exp": now.Add(time.Hour).Unix(), "nbf": now.Unix(), "sub": id["sub"], "level": "gold"})
	if status, _, body := e.askUserInfo("GET", policy, "bearer "+old); status != 200 || body["loyalty"] != "gold" || body["displayName"] != "Ada" {
		t.Errorf("a token from before the move: %d %v", status, body)
	}

	status, header, body := e.askUserInfo("GET", policy, "")
	if status != 401 || header.Get("WWW-Authenticate") != "Bearer" || body["error"] == nil {
		t.Errorf("without token: %d %v %v", status, header, body)
	}
	if status, _, _ := e.askUserInfo("GET", policy, "Basic "+got.AccessToken); status != 401 {
		t.Errorf("as Basic: %d", status)
	}
	if status, header, _ := e.askUserInfo("OPTIONS", policy, ""); status != 204 || header.Get("Access-Control-Allow-Headers") == "" {
		t.Errorf("preflight: %d %v", status, header)
	}
	if status, _, body := e.askUserInfo("GET", ownSignIn, "Bearer "+got.AccessToken); status != 404 {
		t.Errorf("a policy without the endpoint: %d %v", status, body)
	}
	if status, answer := e.graph(admin, "DELETE", "v1.0/users/"+id["sub"].(string), nil); status != 204 {
		t.Fatalf("%d %v", status, answer)
	}
	status, header, body = e.askUserInfo("GET", policy, "Bearer "+got.AccessToken)
	if status != 401 || body["error"] != "invalid_token" || !strings.Contains(header.Get("WWW-Authenticate"), `error="invalid_token"`) {
		t.Errorf("a deleted account: %d %v %v", status, header, body)
	}
}

func TestForgedTokensAtUserInfo(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	policy := e.userInfoPolicy(`[ "` + e.spa.AppID + `" ]`)
	e.user().ownSignUp("ada@example.com")
	u := e.user()
	u.authorize(policy, map[string]string{"scope": "openid offline_access " + e.spa.AppID})
	u.pass(map[string]string{"signInName": "ada@example.com", "password": password})
	got := u.redeem(policy)
	_, claims := decode(t, got.AccessToken)
	public, kid := e.verificationKey("B2C_1A_TokenSigningKeyContainer")
	bad := forgeries(t, public, kid, got.AccessToken, claims)
	changed := func(name string, value any) string {
		c := maps.Clone(claims)
		if c[name] = value; value == nil {
			delete(c, name)
		}
		return e.signWith(c)
	}
	now := e.clock.now()
	maps.Copy(bad, map[string]string{
		"another issuer": changed("iss", "https://evil.example/"), "no issuer": changed("iss", nil),
		"the policy's issuer at another host": changed("iss", "https://evil.example/"+e.srv.TenantID+"/v2.0/"),
		"another audience":                    changed("aud", e.web.AppID), "no audience": changed("aud", nil),
		"expired": changed("exp", now.Add(-2*time.Minute).Unix()), "no expiry": changed("exp", nil), "not valid yet": changed("nbf", now.Add(time.Hour).Unix()),
		"a refresh token": got.RefreshToken, "long": strings.Repeat("a", 20_000),
	})
	for name, token := range bad {
		status, header, body := e.askUserInfo("GET", policy, "Bearer "+token)
		if status != 401 || body["error"] != "invalid_token" || body["sub"] != nil || header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: %d %v", name, status, body)
		}
	}
	if status, _, body := e.askUserInfo("GET", policy, "Bearer "+changed("ver", "1.0")); status != 200 {
		t.Errorf("the unchanged token: %d %v", status, body)
	}
	e.clock.advance(62 * time.Minute)
	if status, _, _ := e.askUserInfo("GET", policy, "Bearer "+got.AccessToken); status != 401 {
		t.Errorf("after an hour: %d", status)
	}
}

func TestUserInfoPoliciesThatAreRefused(t *testing.T) {
	t.Parallel()
	e := start(t, func(c *server.Config) { c.Log = slog.New(slog.DiscardHandler) })
	policy := e.userInfoPolicy("")
	status, body := e.graph(admin, "GET", "beta/trustFramework/policies/B2C_1A_TestExtensions/$value", nil)
	if status != 200 {
		t.Fatal(status)
	}
	extension := body["body"].(string)
	status, body = e.graph(admin, "GET", "beta/trustFramework/policies/"+policy+"/$value", nil)
	if status != 200 {
		t.Fatal(status)
	}
	party := body["body"].(string)
	e.must(204, "DELETE", "beta/trustFramework/policies/"+policy, nil)
	for name, c := range map[string]struct{ old, new, want string }{
		"no authorization":  {`<Authorization><AuthorizationTechnicalProfiles><AuthorizationTechnicalProfile ReferenceId="UserInfoAuthorization" /></AuthorizationTechnicalProfiles></Authorization>`, "", "JM6005"},
		"a token as answer": {` CpimIssuerTechnicalProfileReferenceId="UserInfoIssuer"`, ` CpimIssuerTechnicalProfileReferenceId="Token-JWT"`, "JM6005"},
		"no issuer":         {`<Item Key="issuer">` + oldIssuer + `</Item>`, "", "JM4001"},
		"no key": {`<CryptographicKeys><Key Id="issuer_secret" StorageReferenceId="B2C_1A_TokenSigningKeyContainer" /></CryptographicKeys>
  <OutputClaims>`, "<OutputClaims>", "JM4004"},
		"an audience that is no list": {`<Item Key="client_assertion_type">`, `<Item Key="audience">one</Item><Item Key="client_assertion_type">`, "JM4002"},
	} {
		if strings.Count(extension, c.old) == 0 {
			t.Fatalf("%s: %q isn't there", name, c.old)
		}
		if list, err := e.srv.Policies.Put(t.Context(), live.Policy{XML: []byte(strings.Replace(extension, c.old, c.new, 1))}); err != nil {
			t.Fatalf("%s: %v\n%v", name, err, list)
		}
		list, err := e.srv.Policies.Put(t.Context(), live.Policy{XML: []byte(party)})
		if err == nil || !strings.Contains(fmt.Sprint(list), c.want) {
			t.Errorf("%s: %v\n%v", name, err, list)
		}
	}
}

// A journey of the browser that ends with a JSON issuer shows its document; it is no page
// and no token.
func TestAJSONIssuerAtTheEndOfASignIn(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	blocks, profiles := trailBlocks("A")
	parts := strings.Replace(userInfoParts(""), "</TechnicalProfiles>", profiles+"</TechnicalProfiles>", 1)
	policy := e.own(blocks+strings.Replace(parts, "<UserJourneys>", `<UserJourneys><UserJourney Id="J"><OrchestrationSteps>`+step(1, "A", "")+
		`<OrchestrationStep Order="2" Type="SendClaims" CpimIssuerTechnicalProfileReferenceId="UserInfoIssuer" /></OrchestrationSteps></UserJourney>`, 1), relyingParty("J", "", "trail"))
	u := e.user()
	u.authorize(policy, nil)
	if u.callback != nil || u.page != `{"trail":["A"]}` {
		t.Errorf("%v %s", u.callback, u.page)
	}
}
