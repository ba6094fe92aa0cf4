package test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"journeyman.dev/internal/server"
)

// policyFile is a policy of the test tenant, on a base.
func policyFile(id, base, content string) string {
	header := `<TrustFrameworkPolicy xmlns="http://schemas.microsoft.com/online/cpim/schemas/2013/06" PolicySchemaVersion="0.3.0.0" TenantId="` + tenant + `" PolicyId="` + id + `" PublicPolicyUri="http://` + tenant + `/` + id + `">`
	if base != "" {
		header += `<BasePolicy><TenantId>` + tenant + `</TenantId><PolicyId>` + base + `</PolicyId></BasePolicy>`
	}
	return header + content + `</TrustFrameworkPolicy>`
}

// loneBase has an issuer, a journey without pages, and the claims that are named.
func loneBase(id string, claimIDs ...string) string {
	var b strings.Builder
	b.WriteString(`<BuildingBlocks><ClaimsSchema><ClaimType Id="sub"><DisplayName>s</DisplayName><DataType>string</DataType></ClaimType>`)
	for _, id := range claimIDs {
		b.WriteString(`<ClaimType Id="` + id + `"><DisplayName>c</DisplayName><DataType>string</DataType></ClaimType>`)
	}
	return policyFile(id, "", b.String()+`</ClaimsSchema></BuildingBlocks><ClaimsProviders><ClaimsProvider><DisplayName>Token</DisplayName><TechnicalProfiles><TechnicalProfile Id="Lone-JWT"><DisplayName>JWT</DisplayName>
<Protocol Name="None" /><OutputTokenFormat>JWT</OutputTokenFormat><Metadata><Item Key="client_id">{service:te}</Item><Item Key="issuer_refresh_token_user_identity_claim_type">sub</Item></Metadata>
<CryptographicKeys><Key Id="issuer_secret" StorageReferenceId="B2C_1A_TokenSigningKeyContainer" /><Key Id="issuer_refresh_token_key" StorageReferenceId="B2C_1A_TokenEncryptionKeyContainer" /></CryptographicKeys></TechnicalProfile></TechnicalProfiles></ClaimsProvider></ClaimsProviders>
<UserJourneys><UserJourney Id="Lone"><OrchestrationSteps><OrchestrationStep Order="1" Type="SendClaims" CpimIssuerTechnicalProfileReferenceId="Lone-JWT" /></OrchestrationSteps></UserJourney></UserJourneys>`)
}

func loneParty(id, base, claimID, value string) string {
	return policyFile(id, base, `<RelyingParty><DefaultUserJourney ReferenceId="Lone" /><TechnicalProfile Id="PolicyProfile"><DisplayName>p</DisplayName><Protocol Name="OpenIdConnect" /><OutputClaims>
<OutputClaim ClaimTypeReferenceId="sub" DefaultValue="lone-user" /><OutputClaim ClaimTypeReferenceId="`+claimID+`" PartnerClaimType="v" DefaultValue="`+value+`" /></OutputClaims><SubjectNamingInfo ClaimType="sub" /></TechnicalProfile></RelyingParty>`)
}

// uploaded puts a file through the admin API and returns the answer's headers.
func (e *env) uploaded(id, xml string, status int) http.Header {
	e.t.Helper()
	req, err := http.NewRequest("PUT", e.srv.AdminURL()+"/graph/beta/trustFramework/policies/"+id+"/$value", strings.NewReader(xml))
	if err != nil {
		e.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+admin)
	req.Header.Set("Content-Type", "application/xml")
	res, err := e.client(nil).Do(req)
	if err != nil {
		e.t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != status {
		e.t.Fatalf("upload of %s: %d, want %d", id, res.StatusCode, status)
	}
	return res.Header
}

func (e *env) state(id string) string {
	e.t.Helper()
	state, _ := e.must(200, "GET", "beta/trustFramework/policies/"+id+"/details", nil)["state"].(string)
	return state
}

// value signs in at a policy without pages and returns the token's claim v; "" if the
// policy serves nothing.
func (e *env) value(id string) string {
	e.t.Helper()
	u := e.user()
	u.authorize(id, nil)
	if u.callback == nil {
		return ""
	}
	_, payload := decode(e.t, u.redeem(id).IDToken)
	v, _ := payload["v"].(string)
	return v
}

func TestAPolicyServesItsLastGoodVersion(t *testing.T) {
	t.Parallel()
	data, database := "", ""
	lastGood(t, func(c *server.Config) {
		if data == "" {
			data, database = c.Data, c.Database
		}
		c.Data, c.Database = data, database
	})
}

func TestAPolicyServesItsLastGoodVersionOnPostgreSQL(t *testing.T) {
	t.Parallel()
	postgres := onPostgres(t)
	lastGood(t, func(c *server.Config) {
		postgres(c)
		c.MasterKey = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	})
}

// lastGood passes through the broken states of a pipeline; same makes a server go on with the
// data of the first.
func lastGood(t *testing.T, same func(c *server.Config)) {
	e := start(t, same)
	const base, child, other = "B2C_1A_LoneBase", "B2C_1A_Child", "B2C_1A_Other"
	e.uploaded(base, loneBase(base, "a", "b"), 201)
	e.uploaded(child, loneParty(child, base, "a", "one"), 201)
	e.uploaded(other, loneParty(other, base, "b", "two"), 201)
	if e.value(child) != "one" || e.state(child) != "current" {
		t.Fatalf("at first: %q, %s", e.value(child), e.state(child))
	}
	good := e.must(200, "GET", "beta/trustFramework/policies/"+child+"/details", nil)
	for k, want := range map[string]any{"kind": "relyingParty", "basePolicyId": base, "defaultUserJourney": "Lone", "deploymentMode": "Production", "version": 1.0, "uploadedBy": "static admin token"} {
		if good[k] != want {
			t.Errorf("details: %s is %v, want %v", k, good[k], want)
		}
	}
	// The base loses a claim that the child puts out. The upload is taken and names the child.
	h := e.uploaded(base, loneBase(base, "b"), 200)
	var broken []struct {
		ID, State   string
		Diagnostics []struct {
			Code, Target string
			Line         int
		}
	}
	if err := json.Unmarshal([]byte(h.Get("Journeyman-Broken-Policies")), &broken); err != nil || len(broken) != 1 || broken[0].ID != child || broken[0].State != "lastGood" ||
		len(broken[0].Diagnostics) == 0 || broken[0].Diagnostics[0].Target != child || broken[0].Diagnostics[0].Line == 0 {
		t.Fatalf("the answer of the upload: %v\n%s", err, h.Get("Journeyman-Broken-Policies"))
	}
	check := func(when string, e *env, wantChild string) {
		t.Helper()
		got := map[string]string{"child": e.value(child), "state": e.state(child), "other": e.value(other), "other's state": e.state(other)}
		want := map[string]string{"child": wantChild, "state": "lastGood", "other": "two", "other's state": "current"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", when, diff)
		}
	}
	check("after the base changed", e, "one")
	// A broken child can't be uploaded, and that changes nothing.
	e.uploaded(child, loneParty(child, base, "a", "three"), 400)
	check("after a refused upload", e, "one")
	details := e.must(200, "GET", "beta/trustFramework/policies/"+child+"/details", nil)
	if details["servedHash"] != good["servedHash"] || details["servedSinceDateTime"] != good["servedSinceDateTime"] || len(details["diagnostics"].([]any)) == 0 {
		t.Errorf("details of the last good version: %v", details)
	}
	// After a restart, or at a node that starts later, also once the program that is served
	// was current long ago.
	if e.srv.Config.Database == "" || !strings.HasPrefix(e.srv.Config.Database, "postgres") {
		e.stop()
	}
	later := startWith(t, e.api, func(c *server.Config) {
		same(c)
		c.Now = e.clock.now
	})
	later.clock = e.clock
	e.clock.advance(100 * 24 * 3600 * 1e9)
	if err := later.srv.Policies.Remember(t.Context()); err != nil {
		t.Fatal(err)
	}
	check("after a restart", later, "one")
	// The base is mended: the child is current again, and says so.
	h = later.uploaded(base, loneBase(base, "a", "b"), 200)
	if got := h.Get("Journeyman-Mended-Policies"); got != child {
		t.Errorf("mended: %q", got)
	}
	if later.value(child) != "one" || later.state(child) != "current" {
		t.Errorf("mended: %q, %s", later.value(child), later.state(child))
	}
	// Versions are listed, read, and restored.
	list := later.must(200, "GET", "beta/trustFramework/policies/"+base+"/versions", nil)["value"].([]any)
	if len(list) != 3 || list[0].(map[string]any)["id"] != "3" {
		t.Fatalf("versions: %v", list)
	}
	restored := later.must(200, "POST", "beta/trustFramework/policies/"+base+"/versions/2/restore", nil)
	if restored["version"] != 4.0 || later.state(child) != "lastGood" {
		t.Errorf("after restoring the second version: %v, child %s", restored["version"], later.state(child))
	}
	later.must(404, "POST", "beta/trustFramework/policies/"+base+"/versions/99/restore", nil)
	later.must(404, "GET", "beta/trustFramework/policies/B2C_1A_Nobody/versions", nil)
	if all := later.must(200, "GET", "beta/trustFramework/policies/details", nil)["value"].([]any); len(all) != 3 {
		t.Errorf("%d policies have details", len(all))
	}
	// A deleted policy's versions stay; what it served doesn't.
	later.must(204, "DELETE", "beta/trustFramework/policies/"+child, nil)
	if later.value(child) != "" {
		t.Error("a deleted policy still serves")
	}
	if list := later.must(200, "GET", "beta/trustFramework/policies/"+child+"/versions", nil)["value"].([]any); len(list) != 1 {
		t.Errorf("versions of a deleted policy: %v", list)
	}
	if status, _ := later.graph(admin, "POST", "beta/trustFramework/policies/"+child+"/versions/1/restore", nil); status != 400 {
		t.Errorf("restoring what doesn't compile: %d", status)
	}
	later.must(200, "POST", "beta/trustFramework/policies/"+base+"/versions/3/restore", nil)
	later.must(200, "POST", "beta/trustFramework/policies/"+child+"/versions/1/restore", nil)
	if later.value(child) != "one" || later.state(child) != "current" {
		t.Errorf("a deleted policy that was restored: %q, %s", later.value(child), later.state(child))
	}
}

// A policy has one id, with the prefix of custom policies, however it is written.
func TestAPolicyIDWithoutPrefixIsTheSame(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	e.uploaded("LoneBase", loneBase("LoneBase", "a"), 201)
	e.uploaded("B2C_1A_Child", loneParty("child", "lonebase", "a", "one"), 201)
	for _, id := range []string{"B2C_1A_Child", "b2c_1a_child"} {
		if got := e.value(id); got != "one" {
			t.Errorf("%s gives %q", id, got)
		}
	}
	var ids []string
	for _, v := range e.must(200, "GET", "beta/trustFramework/policies", nil)["value"].([]any) {
		ids = append(ids, v.(map[string]any)["id"].(string))
	}
	if diff := cmp.Diff([]string{"B2C_1A_child", "B2C_1A_LoneBase"}, ids); diff != "" {
		t.Errorf("ids: %s", diff)
	}
	e.must(200, "GET", "beta/trustFramework/policies/LoneBase", nil)
	e.must(400, "DELETE", "beta/trustFramework/policies/lonebase", nil)
	e.must(204, "DELETE", "beta/trustFramework/policies/child", nil)
	e.must(204, "DELETE", "beta/trustFramework/policies/lonebase", nil)
}

// An application may name the policy without the prefix, too.
func TestAnAddressMayLeaveThePrefixOut(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	e.uploaded("B2C_1A_LoneBase", loneBase("B2C_1A_LoneBase", "a"), 201)
	e.uploaded("B2C_1A_Child", loneParty("B2C_1A_Child", "B2C_1A_LoneBase", "a", "one"), 201)
	for _, id := range []string{"Child", "child", "b2c_1a_CHILD"} {
		if got := e.value(id); got != "one" {
			t.Errorf("%s gives %q", id, got)
		}
	}
}

// What an upload broke is named for this upload alone; a key that a last good version signs
// with is in use; and who makes a policy first has made it.
func TestAnUploadAnswersForItself(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	const base, child, other = "B2C_1A_LoneBase", "B2C_1A_Child", "B2C_1A_Other"
	e.uploaded(base, loneBase(base, "a"), 201)
	e.uploaded(child, loneParty(child, base, "a", "one"), 201)
	e.uploaded(other, loneBase(other, "x"), 201)
	broken := strings.ReplaceAll(loneBase(base, "b"), "TokenSigningKeyContainer", "TokenEncryptionKeyContainer")
	for range 2 {
		if h := e.uploaded(base, broken, 200); !strings.Contains(h.Get("Journeyman-Broken-Policies"), child) {
			t.Errorf("the upload that breaks it: %v", h)
		}
	}
	if h := e.uploaded(other, loneBase(other, "x"), 200); h.Get("Journeyman-Broken-Policies") != "" {
		t.Errorf("an upload that has nothing to do with it: %s", h.Get("Journeyman-Broken-Policies"))
	}
	e.must(204, "DELETE", "beta/trustFramework/policies/"+other, nil)
	if status, answer := e.graph(admin, "DELETE", "beta/trustFramework/keySets/B2C_1A_TokenSigningKeyContainer", nil); status != 400 {
		t.Errorf("the key of a last good version was deleted: %d %v", status, answer)
	}
	if got := e.value(child); got != "one" {
		t.Errorf("the last good version gives %q", got)
	}
	// Of many that make one policy at once, one reports that it did.
	made := make(chan int, 8)
	for range cap(made) {
		go func() {
			req, err := http.NewRequest("POST", e.srv.AdminURL()+"/graph/beta/trustFramework/policies", strings.NewReader(loneBase("B2C_1A_Race", "a")))
			if err != nil {
				made <- 0
				return
			}
			req.Header.Set("Authorization", "Bearer "+admin)
			req.Header.Set("Content-Type", "application/xml")
			res, err := e.client(nil).Do(req)
			if err != nil {
				made <- 0
				return
			}
			_ = res.Body.Close()
			made <- res.StatusCode
		}()
	}
	count := make(map[int]int)
	for range cap(made) {
		count[<-made]++
	}
	if count[201] != 1 || count[409] != cap(made)-1 {
		t.Errorf("made at once: %v", count)
	}
	// Names that no database can look for are refused, not a fault.
	for _, path := range []string{"v1.0/users/a%00b", "v1.0/users?$skiptoken=a%00", "beta/trustFramework/policies/a%00/versions", "v1.0/applications/%ff"} {
		if status, answer := e.graph(admin, "GET", path, nil); status != 400 {
			t.Errorf("%s: %d %v", path, status, answer)
		}
	}
	for _, upn := range []string{"@" + tenant, "a b@" + tenant, "a/b@" + tenant, "a@b@" + tenant, "\u202ey@" + tenant, strings.Repeat("x", 200) + "@" + tenant} {
		if status, answer := e.graph(admin, "POST", "v1.0/users", object{"displayName": "N", "userPrincipalName": upn}); status != 400 {
			t.Errorf("%q: %d %v", upn, status, answer)
		}
	}
}
