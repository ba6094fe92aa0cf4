package test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"journeyman.dev/internal/live"
	"journeyman.dev/internal/seal"
	"journeyman.dev/internal/server"
	"journeyman.dev/internal/store"
)

// federatedFlow is a user flow with the scripted provider; it returns the provider's own
// key set as well.
func (e *env) federatedFlow() (flow, key string) {
	e.t.Helper()
	e.identityProvider(map[string]any{"sub": "u-7", "name": "Ora Id", "email": "ora@example.com"}, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{}`) })
	idp := e.openIDConnect()
	flow = e.flow("susi", "signUpOrSignIn")
	e.must(204, "POST", flows+"/"+flow+"/userflowIdentityProviders/$ref", object{"@odata.id": "https://graph.microsoft.com/beta/identity/identityProviders/" + idp})
	p, ok := e.srv.Flows.Tenant().Provider(idp)
	if !ok {
		e.t.Fatal("no provider")
	}
	return flow, p.SecretKey()
}

// former is the name of a key set of our own when it was a policy key.
func former(key string) string { return "B2C_1A_Journeyman" + strings.TrimPrefix(key, "journeyman:") }

// A policy author can't have a secret of ours sent anywhere, however it is named.
func TestPoliciesCannotNameKeySetsOfOurOwn(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	flow, key := e.federatedFlow()
	u := e.user()
	u.authorize(flow, map[string]string{"domain_hint": "contoso.com"})
	if !strings.Contains(u.page, "Ora Id") && u.callback == nil {
		t.Fatalf("the flow doesn't reach its provider:\n%s", excerpt(u.page))
	}
	sent := func() (found bool) {
		for _, c := range e.api.take() {
			text := fmt.Sprint(c.Path, c.Body, c.Header)
			found = found || strings.Contains(text, "idp-secret") || strings.Contains(text, url.QueryEscape("idp-secret"))
		}
		return found
	}
	sent()
	secret, err := e.srv.OwnKeys.Secret(t.Context(), key)
	if err != nil || string(secret) != "idp-secret" {
		t.Fatalf("the provider's secret: %q, %v", secret, err)
	}
	for _, name := range []string{key, strings.ToUpper(key), former(key), strings.ToUpper(former(key)), "B2C_1A_" + key} {
		oidc := `<TechnicalProfile Id="Call"><DisplayName>c</DisplayName><Protocol Name="OpenIdConnect" /><Metadata><Item Key="METADATA">` + e.api.server.URL + `/.well-known/openid-configuration</Item>
			<Item Key="AccessTokenEndpoint">` + e.api.server.URL + `/steal</Item><Item Key="client_id">idp-client</Item><Item Key="response_types">code</Item><Item Key="response_mode">query</Item></Metadata>
			<CryptographicKeys><Key Id="client_secret" StorageReferenceId="` + name + `" /></CryptographicKeys></TechnicalProfile>`
		oauth := `<TechnicalProfile Id="Call"><DisplayName>c</DisplayName><Protocol Name="OAuth2" /><Metadata><Item Key="authorization_endpoint">` + e.api.server.URL + `/authorize</Item>
			<Item Key="AccessTokenEndpoint">` + e.api.server.URL + `/steal</Item><Item Key="ClaimsEndpoint">` + e.api.server.URL + `/me</Item><Item Key="client_id">c</Item></Metadata>
			<CryptographicKeys><Key Id="client_secret" StorageReferenceId="` + name + `" /></CryptographicKeys></TechnicalProfile>`
		rest := `<TechnicalProfile Id="Call"><DisplayName>c</DisplayName><Protocol Name="Proprietary" Handler="Web.TPEngine.Providers.RestfulProvider, Web.TPEngine, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null" />
			<Metadata><Item Key="ServiceUrl">` + e.api.server.URL + `/rest</Item><Item Key="AuthenticationType">Bearer</Item></Metadata>
			<CryptographicKeys><Key Id="BearerAuthenticationToken" StorageReferenceId="` + name + `" /></CryptographicKeys></TechnicalProfile>`
		for kind, profile := range map[string]string{"OpenID Connect": oidc, "OAuth 2": oauth, "REST": rest} {
			policy := e.own(`<ClaimsProviders><ClaimsProvider><DisplayName>t</DisplayName><TechnicalProfiles>`+profile+`</TechnicalProfiles></ClaimsProvider></ClaimsProviders>
			<UserJourneys><UserJourney Id="J"><OrchestrationSteps>`+step(1, "Call", "")+`<OrchestrationStep Order="2" `+sendClaims+`</OrchestrationSteps></UserJourney></UserJourneys>`, relyingParty("J", ""))
			u := e.user()
			u.authorize(policy, nil)
			if got := u.result(); got.Get("error") == "" {
				t.Errorf("%s, %s: %v", kind, name, got)
			}
			if sent() {
				t.Errorf("%s, %s: the secret was sent", kind, name)
			}
		}
	}
	// Nor by standing on the user flow, whose profile names it.
	child := `<TrustFrameworkPolicy xmlns="http://schemas.microsoft.com/online/cpim/schemas/2013/06" PolicySchemaVersion="0.3.0.0" TenantId="` + tenant + `" PolicyId="B2C_1A_Child" PublicPolicyUri="http://x/c">
		<BasePolicy><TenantId>` + tenant + `</TenantId><PolicyId>` + flow + `</PolicyId></BasePolicy><ClaimsProviders><ClaimsProvider><DisplayName>t</DisplayName><TechnicalProfiles>
		<TechnicalProfile Id="` + profileOf(t, e, flow) + `"><Metadata><Item Key="AccessTokenEndpoint">` + e.api.server.URL + `/steal</Item></Metadata></TechnicalProfile></TechnicalProfiles></ClaimsProvider></ClaimsProviders>
		<RelyingParty><DefaultUserJourney ReferenceId="UserFlow" /><TechnicalProfile Id="PolicyProfile"><DisplayName>p</DisplayName><Protocol Name="OpenIdConnect" /><OutputClaims><OutputClaim ClaimTypeReferenceId="objectId" PartnerClaimType="sub" /></OutputClaims><SubjectNamingInfo ClaimType="sub" /></TechnicalProfile></RelyingParty></TrustFrameworkPolicy>`
	if list, err := e.srv.Policies.Put(t.Context(), live.Policy{XML: []byte(child)}); err == nil {
		u := e.user()
		u.authorize("B2C_1A_Child", map[string]string{"domain_hint": "contoso.com"})
		if sent() {
			t.Errorf("a child of the flow had the secret sent; diagnostics: %v", list)
		}
	}
	// The flow goes on.
	u = e.user()
	u.authorize(flow, map[string]string{"domain_hint": "contoso.com"})
	if !sent() {
		t.Error("the flow doesn't reach its provider any more")
	}
}

// profileOf is the id of the federated technical profile of a flow.
func profileOf(t *testing.T, e *env, flow string) string {
	t.Helper()
	xml := fmt.Sprint(e.must(200, "GET", flows+"/"+flow+"/policy/$value?policyId=B2C_1A_X", nil)["body"])
	before, _, _ := strings.Cut(xml, `-Profile"`)
	return before[strings.LastIndexByte(before, '"')+1:] + "-Profile"
}

func TestTheAdminAPICannotNameKeySetsOfOurOwn(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	_, key := e.federatedFlow()
	_, appID, secret := e.app(nil)
	res, err := e.client(nil).PostForm(e.srv.AdminURL()+"/"+tenant+"/oauth2/v2.0/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {appID}, "client_secret": {secret}, "scope": {"https://graph.microsoft.com/.default"}})
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatal(res, err)
	}
	_ = res.Body.Close()
	const sets = "beta/trustFramework/keySets"
	b, _ := json.Marshal(e.must(200, "GET", sets, nil))
	if text := strings.ToLower(string(b)); strings.Contains(text, "journeyman") || strings.Contains(text, "admintokens") {
		t.Errorf("listed: %s", b)
	}
	for _, name := range []string{key, former(key), "journeyman:AdminTokens", "B2C_1A_JourneymanAdminTokens", "b2c_1a_journeymanadmintokens", "B2C_1A_journeyman:AdminTokens"} {
		at := sets + "/" + url.PathEscape(name)
		for method, body := range map[string]any{"GET": nil, "DELETE": nil, "PUT": object{"keys": []object{{"kty": "oct", "use": "sig", "k": "YWJj"}}}} {
			if status, answer := e.graph(admin, method, at, body); status != 400 || !strings.HasPrefix(message(answer), "AADB2C95024") {
				t.Errorf("%s %s: %d %v", method, name, status, answer)
			}
		}
		for _, action := range []string{"generateKey", "uploadSecret", "restore"} {
			if status, answer := e.graph(admin, "POST", at+"/"+action, object{"use": "sig", "kty": "RSA", "k": "x"}); status != 400 {
				t.Errorf("%s of %s: %d %v", action, name, status, answer)
			}
		}
	}
	for _, name := range []string{"JourneymanAdminTokens", former(key), "b2c_1a_JOURNEYMANidentityprovider_x"} {
		if status, answer := e.graph(admin, "POST", sets, object{"id": name}); status != 400 {
			t.Errorf("creating %s: %d %v", name, status, answer)
		}
	}
	if _, err := e.srv.OwnKeys.Get("AdminTokens"); err != nil {
		t.Error(err)
	}
}

// Rows of the version before are moved when a server starts, and flows go on.
func TestKeySetsOfOurOwnAreMovedOutOfThePolicyKeys(t *testing.T) {
	t.Parallel()
	for name, database := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api, on, data, master := newAPI(t), database(t), t.TempDir(), ""
			change := func(c *server.Config) {
				on(c)
				c.Data = data
				if master != "" {
					c.MasterKey = master
				}
			}
			e := startWith(t, api, change)
			flow, key := e.federatedFlow()
			if _, err := e.srv.Keys.Get("IdP"); err != nil {
				t.Fatal(err)
			}
			address := e.srv.Config.Database
			e.stop()
			b, err := os.ReadFile(filepath.Join(data, "master.key"))
			if err != nil {
				t.Fatal(err)
			}
			master = strings.TrimSpace(string(b))
			renameKeySets(t, address, master, key, former(key))

			e = startWith(t, api, change)
			if _, err := e.srv.Keys.Get(former(key)); err == nil {
				t.Error("the set is a policy key still")
			}
			if secret, err := e.srv.OwnKeys.Secret(t.Context(), key); err != nil || string(secret) != "idp-secret" {
				t.Errorf("%q, %v", secret, err)
			}
			e.trustAPI()
			api.take()
			u := e.user()
			u.authorize(flow, map[string]string{"domain_hint": "contoso.com"})
			redeemed := false
			for _, c := range api.take() {
				redeemed = redeemed || c.Path == "/token" && strings.Contains(c.Body, "client_secret=idp-secret")
			}
			if !redeemed {
				t.Errorf("the flow doesn't reach its provider:\n%s", excerpt(u.page))
			}
			e.stop()
			db, err := store.Open(t.Context(), address)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = db.Close() }()
			rows, err := store.KeySets{DB: db}.LoadKeySets(t.Context())
			for _, row := range rows {
				if strings.HasPrefix(strings.ToLower(row.ID), "b2c_1a_journeyman") {
					t.Errorf("left: %s", row.ID)
				}
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// renameKeySets gives a set another name, as a database of the version before has it.
func renameKeySets(t *testing.T, address, master, from, to string) {
	t.Helper()
	keys, err := seal.ParseMasterKeys(master)
	if err != nil {
		t.Fatal(err)
	}
	sealer, err := seal.New(keys...)
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(context.Background(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	sets := store.KeySets{DB: db}
	rows, err := sets.LoadKeySets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if row.ID != from {
			continue
		}
		plain, err := sealer.Open(seal.Secret, "keyset "+strings.ToLower(from), row.Data)
		if err != nil {
			t.Fatal(err)
		}
		moved := row
		moved.ID, moved.Version, moved.Data = to, time.Now().UnixMicro(), sealer.Seal(seal.Secret, "keyset "+strings.ToLower(to), plain)
		if err := sets.MoveKeySet(t.Context(), row, nil, moved); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Fatalf("no key set %s", from)
}
