package policies_test

import (
	"bytes"
	"context"
	"errors"
	"mime/multipart"
	"net/textproto"
	"strings"
	"testing"

	"journeyman.dev/internal/refusal"

	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/live"
	"journeyman.dev/internal/msgraph/msgraphtest"
	"journeyman.dev/internal/msgraph/policies"
	"journeyman.dev/internal/policy"
)

// shelf is a library of a test's own: what it answers is set.
type shelf struct {
	policies []live.Policy
	states   []live.Status
	out      live.Uploaded
	err      error // of every change
	got      []live.Policy
}

func (s *shelf) List() []live.Policy { return s.policies }

func (s *shelf) Get(id string) (live.Policy, error) {
	for _, p := range s.policies {
		if strings.EqualFold(p.ID, id) {
			return p, nil
		}
	}
	return live.Policy{}, live.ErrNoPolicy
}

func (s *shelf) Upload(_ context.Context, files ...live.Policy) (live.Uploaded, error) {
	s.got = files
	return s.out, s.err
}

func (s *shelf) UploadSet(ctx context.Context, files ...live.Policy) (live.Uploaded, error) {
	return s.Upload(ctx, files...)
}

func (s *shelf) Delete(context.Context, string) error { return s.err }

func (s *shelf) Status(id string) (live.Status, error) {
	for _, state := range s.states {
		if strings.EqualFold(state.ID, id) {
			return state, nil
		}
	}
	return live.Status{}, live.ErrNoPolicy
}

func (s *shelf) Statuses() []live.Status { return s.states }

func (s *shelf) Versions(_ context.Context, id string) ([]live.Policy, error) {
	p, err := s.Get(id)
	return []live.Policy{p}, err
}

func (s *shelf) Restore(_ context.Context, id string, version int64, by string) (live.Uploaded, error) {
	s.got = []live.Policy{{ID: id, Version: version, By: by}}
	return s.out, s.err
}

// schema begins a policy.
const schema = `<TrustFrameworkPolicy xmlns="http://schemas.microsoft.com/online/cpim/schemas/2013/06" PolicySchemaVersion="0.3.0.0" TenantId="contoso.example" PublicPolicyUri="http://contoso.example/x" `

// file is a policy of an id.
func file(id string) string { return schema + `PolicyId="` + id + `"></TrustFrameworkPolicy>` }

func document(t *testing.T, source string) *policy.Document {
	t.Helper()
	d, _ := policy.Parse("policy.xml", []byte(source))
	if d == nil {
		t.Fatal("the policy can't be read")
	}
	return d
}

// start runs an admin API with the policies Base, SignIn and Lost.
func start(t *testing.T) (*msgraphtest.Graph, *shelf) {
	t.Helper()
	base := live.Policy{ID: "B2C_1A_Base", XML: []byte(file("B2C_1A_Base")), Updated: msgraphtest.Now(), Version: 3, By: "ada"}
	s := &shelf{policies: []live.Policy{base, {ID: "B2C_1A_SignIn", XML: []byte(file("B2C_1A_SignIn"))}}, states: []live.Status{
		{ID: base.ID, State: live.Current, Policy: base, Document: document(t, file("B2C_1A_Base"))},
		{
			ID: "B2C_1A_SignIn", State: live.LastGood, Hash: "h", Since: msgraphtest.Now(), Diagnostics: diag.List{finding(diag.Error), finding(diag.Warning)},
			Document: document(t, schema+`PolicyId="B2C_1A_SignIn" DeploymentMode="Development"><BasePolicy><TenantId>contoso.example</TenantId><PolicyId>B2C_1A_Base</PolicyId></BasePolicy>
				<RelyingParty><DefaultUserJourney ReferenceId="SignIn"/><TechnicalProfile Id="PolicyProfile"><DisplayName>P</DisplayName><Protocol Name="OpenIdConnect"/><OutputClaims><OutputClaim ClaimTypeReferenceId="sub"/></OutputClaims><SubjectNamingInfo ClaimType="sub"/></TechnicalProfile></RelyingParty></TrustFrameworkPolicy>`),
		},
		{ID: "B2C_1A_Lost", State: live.Broken},
		{ID: "B2C_1_Flow", State: live.Current, UserFlow: true, Document: document(t, file("B2C_1_Flow"))},
		{ID: "B2C_1A_Extensions", State: live.Current, Document: document(t, schema+`PolicyId="B2C_1A_Extensions"><BasePolicy><TenantId>contoso.example</TenantId><PolicyId>B2C_1A_Base</PolicyId></BasePolicy></TrustFrameworkPolicy>`)},
	}}
	return msgraphtest.New(t, &policies.Handler{TenantName: msgraphtest.Tenant, Find: s, Change: s, States: s, History: s}), s
}

func finding(severity diag.Severity) diag.Diagnostic {
	return diag.Diagnostic{Position: diag.Position{File: "a.xml", Line: 1, Column: 2}, Severity: severity, Code: "JM1203", Message: "it's wrong", Hint: "mend it", PolicyID: "B2C_1A_SignIn"}
}

var (
	created    = msgraphtest.Twice("Create custom policy", "success")
	notCreated = msgraphtest.Twice("Create custom policy", "failure")
	updated    = msgraphtest.Twice("Update custom policy", "success")
	notUpdated = msgraphtest.Twice("Update custom policy", "failure")
	restored   = msgraphtest.Twice("Restore custom policy", "success")
	notRestore = msgraphtest.Twice("Restore custom policy", "failure")
	notDeleted = msgraphtest.Twice("Delete custom policy", "failure")
)

const list = "/beta/trustFramework/policies"

func TestPoliciesAreRead(t *testing.T) {
	t.Parallel()
	g, _ := start(t)
	g.Set("reader", g.Token(t, "Policy.Read.All"))
	const missing = `{"error":{"code":"AADB2C","message":"There is no policy with the id 'x' in the tenant contoso.example."}}`
	const error1 = `{"code":"JM1203","message":"it's wrong","target":"B2C_1A_SignIn","line":1,"column":2,"severity":"error","hint":"mend it"}`
	const warning = `{"code":"JM1203","message":"it's wrong","target":"B2C_1A_SignIn","line":1,"column":2,"severity":"warning","hint":"mend it"}`
	const signIn = `"id":"B2C_1A_SignIn","kind":"relyingParty","state":"lastGood","basePolicyId":"B2C_1A_Base","defaultUserJourney":"SignIn","deploymentMode":"Development","version":0,
		"uploadedDateTime":null,"uploadedBy":null,"servedSinceDateTime":"2026-01-02T03:04:05Z","servedHash":"h","diagnostics":[` + error1 + `,` + warning + `]`
	nothing := func(id, kind, state, base, mode string) string {
		return `{"id":"` + id + `","kind":` + kind + `,"state":"` + state + `","basePolicyId":` + base + `,"defaultUserJourney":null,"deploymentMode":` + mode + `,"version":0,"uploadedDateTime":null,"uploadedBy":null,
			"servedSinceDateTime":null,"servedHash":null,"diagnostics":[]}`
	}
	base := strings.NewReplacer(`"version":0,"uploadedDateTime":null,"uploadedBy":null`, `"version":3,"uploadedDateTime":"2026-01-02T03:04:05Z","uploadedBy":"ada"`).Replace(nothing("B2C_1A_Base", `"base"`, "current", "null", `"Production"`))
	g.Run(t, []msgraphtest.Step{
		{Name: "listed", Path: list, Token: "{reader}", Want: `{"@odata.context":"{base}/graph/beta/$metadata#trustFramework/policies","value":[{"id":"B2C_1A_Base"},{"id":"B2C_1A_SignIn"}]}`},
		{Name: "read", Path: list + "/b2c_1a_base", Want: `{"@odata.context":"{base}/graph/beta/$metadata#trustFramework/policies/$entity","id":"B2C_1A_Base"}`},
		{Name: "its file", Path: list + "/B2C_1A_Base/$value", Header: "Content-Type: application/xml", Want: `<TrustFrameworkPolicy TenantObjectId="` + msgraphtest.TenantID + `" xmlns=`},
		{Name: "not in v1.0", Path: "/v1.0/trustFramework/policies", Status: 404},
		{Name: "none", Path: list + "/x", Status: 404, Want: missing},
		{Name: "no file", Path: list + "/x/$value", Status: 404, Want: missing},
		{Name: "no details", Path: list + "/x/details", Status: 404, Want: missing},
		{Name: "no versions", Path: list + "/x/versions", Status: 404, Want: missing},
		{Name: "no version of none", Path: list + "/x/versions/1/$value", Status: 404, Want: missing},
		{Name: "how one stands", Path: list + "/B2C_1A_SignIn/details", Want: `{"@odata.context":"{base}/graph/beta/$metadata#trustFramework/policies/details/$entity",` + signIn + `}`},
		{
			Name: "how all stand", Path: list + "/details", Want: `{"@odata.context":"{base}/graph/beta/$metadata#trustFramework/policies/details","value":[` + base + `,{` + signIn + `},` +
				nothing("B2C_1A_Lost", "null", "broken", "null", "null") + `,` + nothing("B2C_1_Flow", `"userFlow"`, "current", "null", `"Production"`) + `,` +
				nothing("B2C_1A_Extensions", `"extension"`, "current", `"B2C_1A_Base"`, `"Production"`) + `]}`,
		},
		{
			Name: "versions", Path: list + "/B2C_1A_Base/versions",
			Want: `{"@odata.context":"{base}/graph/beta/$metadata#trustFramework/policies('B2C_1A_Base')/versions","value":[{"id":"3","policyId":"B2C_1A_Base","uploadedDateTime":"2026-01-02T03:04:05Z","uploadedBy":"ada","size":233}]}`,
		},
		{Name: "a version", Path: list + "/B2C_1A_Base/versions/3/$value", Want: "TenantObjectId"},
		{Name: "no such version", Path: list + "/B2C_1A_Base/versions/4/$value", Status: 404, Want: "Resource '4' does not exist"},
		{Name: "a version that is no number", Path: list + "/B2C_1A_Base/versions/x/$value", Status: 404, Want: "Resource 'x' does not exist"},
	})
}

func TestAPolicyIsUploaded(t *testing.T) {
	t.Parallel()
	g, s := start(t)
	g.Set("writer", g.Token(t, "Policy.ReadWrite.TrustFramework"))
	g.Set("reader", g.Token(t, "Policy.Read.All"))
	s.out = live.Uploaded{Made: map[string]bool{"b2c_1a_new": true}}
	g.Run(t, []msgraphtest.Step{
		{Name: "made", Method: "POST", Path: list, Body: file("B2C_1A_New"), Status: 201, Records: created, Header: "Location: {base}/graph/beta/trustFramework/policies/B2C_1A_New/", Want: "TenantObjectId"},
		{Name: "there already", Method: "POST", Path: list, Body: file("B2C_1A_Base"), Status: 409, Records: notCreated, Want: `{"error":{"code":"AADB2C","message":"The tenant contoso.example already has a policy with the id B2C_1A_Base."}}`},
		{Name: "not by a reader", Method: "POST", Path: list, Token: "{reader}", Body: file("B2C_1A_New"), Status: 403, Records: "Create custom policy: failure"},
		{Name: "too large", Method: "POST", Path: list, Body: strings.Repeat(" ", 8<<20+1), Status: 413, Records: notCreated, Want: "The policy is larger than is allowed."},
		{Name: "too large to change", Method: "PUT", Path: list + "/B2C_1A_Base/$value", Body: strings.Repeat(" ", 8<<20+1), Status: 413, Records: notUpdated},
	})
	s.out = live.Uploaded{
		Diagnostics: diag.List{finding(diag.Warning), finding(diag.Info)}, Mended: []string{"B2C_1A_A", "B2C_1A_B"},
		Broken: []live.Status{{ID: "B2C_1A_Child", State: live.LastGood, Diagnostics: diag.List{finding(diag.Error), finding(diag.Warning)}}},
	}
	w := g.Do(t, msgraphtest.Step{Method: "PUT", Path: list + "/B2C_1A_Base/$value", Token: "{writer}", Body: file("B2C_1A_Base")})
	for name, want := range map[string]string{
		"Journeyman-Warnings":        `[{"code":"JM1203","message":"it's wrong","target":"B2C_1A_SignIn","line":1,"column":2,"severity":"warning","hint":"mend it"}]`,
		"Journeyman-Broken-Policies": `[{"id":"B2C_1A_Child","state":"lastGood","diagnostics":[{"code":"JM1203","message":"it's wrong","target":"B2C_1A_SignIn","line":1,"column":2,"severity":"error","hint":"mend it"}]}]`,
		"Journeyman-Mended-Policies": "B2C_1A_A,B2C_1A_B",
		"Link":                       `<` + msgraphtest.Base + `/graph/beta/trustFramework/policies/details>; rel="describedby"`,
	} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
	if w.Code != 200 {
		t.Errorf("status: got %d, want 200", w.Code)
	}
	if got := s.got[0]; got.ID != "B2C_1A_Base" || got.New || got.By == "" {
		t.Errorf("upload: got %+v, want an update of B2C_1A_Base by an application", got)
	}
	records := g.NewRecords(t)
	if got := records[len(records)-1].Details; got[len(got)-1].Value != "B2C_1A_Child" {
		t.Errorf("audit record: got %+v, want the broken policy", got)
	}
}

func TestAPolicyWithErrorsIsRefusedWithAll(t *testing.T) {
	t.Parallel()
	g, s := start(t)
	s.err = refusal.Because(live.ErrInvalid, "policy B2C_1A_x inherits from it")
	s.out.Diagnostics = diag.List{finding(diag.Error), finding(diag.Warning)}
	refused := func(id string) string {
		return `{"error":{"code":"AADB2C","message":"Validation failed: 1 validation error(s) found in policy \"` + id + `\" of tenant \"contoso.example\".Line 1, column 2: it's wrong (JM1203).","details":[
			{"code":"JM1203","message":"it's wrong","target":"B2C_1A_SignIn","line":1,"column":2,"severity":"error","hint":"mend it"},
			{"code":"JM1203","message":"it's wrong","target":"B2C_1A_SignIn","line":1,"column":2,"severity":"warning","hint":"mend it"}]}}`
	}
	g.Run(t, []msgraphtest.Step{
		{Name: "made", Method: "POST", Path: list, Body: "no XML", Status: 400, Records: notCreated, Want: refused("B2C_1A_SIGNIN")},
		{Name: "changed", Method: "PUT", Path: list + "/b2c_1a_mine/$value", Body: "no XML", Status: 400, Records: notUpdated, Want: refused("B2C_1A_MINE")},
		{Name: "restored", Method: "POST", Path: list + "/B2C_1A_SignIn/versions/1/restore", Status: 400, Records: notRestore, Want: refused("B2C_1A_SIGNIN")},
		{Name: "deleted", Method: "DELETE", Path: list + "/B2C_1A_SignIn", Status: 400, Records: notDeleted, Want: `{"error":{"code":"AADB2C","message":"the policy has errors: policy B2C_1A_x inherits from it"}}`},
	})
	s.out.Diagnostics = nil
	g.Run(t, []msgraphtest.Step{{
		Name: "without diagnostics", Method: "POST", Path: list, Body: "no XML", Status: 400, Records: notCreated,
		Want: `{"error":{"code":"AADB2C","message":"Validation failed: 0 validation error(s) found in policy \"\" of tenant \"contoso.example\"."}}`,
	}})
	s.err = live.ErrExists
	g.Run(t, []msgraphtest.Step{{Name: "made by another", Method: "POST", Path: list, Body: file("B2C_1A_New"), Status: 409, Records: notCreated, Want: "B2C_1A_New"}})
	s.err = errors.New("the disk is gone")
	const fault = `{"error":{"code":"AADB2C90063","message":"There is a problem with the service."}}`
	g.Run(t, []msgraphtest.Step{
		{Name: "a fault", Method: "POST", Path: list, Body: file("B2C_1A_New"), Status: 500, Records: notCreated, Want: fault},
		{Name: "a fault of deleting", Method: "DELETE", Path: list + "/B2C_1A_Base", Status: 500, Records: notDeleted, Want: fault},
		{Name: "a fault of restoring", Method: "POST", Path: list + "/B2C_1A_Base/versions/1/restore", Status: 500, Records: notRestore, Want: fault},
	})
}

func TestAPolicyIsDeletedOrRestored(t *testing.T) {
	t.Parallel()
	g, s := start(t)
	g.Run(t, []msgraphtest.Step{
		{Name: "deleted", Method: "DELETE", Path: list + "/B2C_1A_Base", Status: 204, Records: msgraphtest.Twice("Delete custom policy", "success")},
		{Name: "none to delete", Method: "DELETE", Path: list + "/x", Status: 404, Records: notDeleted, Want: "There is no policy with the id 'x'"},
		{Name: "restored", Method: "POST", Path: list + "/B2C_1A_Base/versions/2/restore", Records: restored, Want: `"kind":"base"`},
		{Name: "restored and gone", Method: "POST", Path: list + "/x/versions/2/restore", Status: 404, Records: notRestore, Want: "There is no policy with the id 'x'"},
	})
	if got := s.got[0]; got.Version != 2 || got.By != "static admin token" {
		t.Errorf("restored: got %+v, want version 2 by the static admin token", got)
	}
	s.err = live.ErrNoPolicy
	g.Run(t, []msgraphtest.Step{{Name: "no version", Method: "POST", Path: list + "/B2C_1A_Base/versions/9/restore", Status: 404, Records: notRestore, Want: "Resource '9' does not exist"}})
}

// form is a multipart body of files by name, and its type.
func form(t *testing.T, files ...[2]string) (body, kind string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, f := range files {
		header := textproto.MIMEHeader{}
		header.Set("Content-Disposition", `form-data; name="files"; filename="`+f[0]+`"`)
		part, err := w.CreatePart(header)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := part.Write([]byte(f[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String(), w.FormDataContentType()
}

func TestAFolderIsUploaded(t *testing.T) {
	t.Parallel()
	g, s := start(t)
	s.out = live.Uploaded{
		Files:     []live.Policy{{ID: "B2C_1A_A", File: "a.xml"}, {ID: "B2C_1A_B", File: "b.xml"}, {ID: "B2C_1A_C", File: "c.xml"}},
		Unchanged: map[string]bool{policy.Fold("B2C_1A_A"): true}, Made: map[string]bool{policy.Fold("B2C_1A_B"): true},
		Diagnostics: diag.List{finding(diag.Warning)}, Broken: []live.Status{{ID: "B2C_1A_Child", State: live.Broken}},
	}
	body, kind := form(t, [2]string{`folder\\a.xml`, "<a/>"}, [2]string{"b.xml", "<b/>"})
	const upload = list + "/upload"
	g.Run(t, []msgraphtest.Step{
		{
			Name: "some changed", Method: "POST", Path: upload, Body: body, Type: kind, Records: updated,
			Want: `{"@odata.context":"{base}/graph/beta/$metadata#trustFramework/policies","value":[{"id":"B2C_1A_A","fileName":"a.xml","state":"unchanged"},{"id":"B2C_1A_B","fileName":"b.xml","state":"created"},
				{"id":"B2C_1A_C","fileName":"c.xml","state":"updated"}],"diagnostics":[{"code":"JM1203","message":"it's wrong","target":"B2C_1A_SignIn","line":1,"column":2,"severity":"warning","hint":"mend it","fileName":"a.xml"}],
				"brokenPolicies":[{"id":"B2C_1A_Child","state":"broken","diagnostics":[]}],"mendedPolicies":[]}`,
		},
	})
	if got, want := s.got[0].File, "folder/a.xml"; got != want {
		t.Errorf("file name: got %q, want %q", got, want)
	}
	records := g.Audits.All()
	if got := records[len(records)-1].Targets; len(got) != 2 || got[0].ID != "B2C_1A_B" || got[1].ID != "B2C_1A_C" {
		t.Errorf("targets of the record: got %+v, want the changed policies", got)
	}
	s.out = live.Uploaded{}
	g.Run(t, []msgraphtest.Step{{Name: "nothing changed", Method: "POST", Path: upload, Body: body, Type: kind, Records: updated, Want: `"value":[]`}})
	if records := g.Audits.All(); len(records[len(records)-1].Targets) != 0 {
		t.Errorf("targets of a record of nothing: got %+v", records[len(records)-1].Targets)
	}
	s.out, s.err = live.Uploaded{Files: make([]live.Policy, 2), Diagnostics: diag.List{finding(diag.Error)}}, live.ErrInvalid
	g.Run(t, []msgraphtest.Step{{
		Name: "errors", Method: "POST", Path: upload, Body: body, Type: kind, Status: 400, Records: notUpdated,
		Want: `{"error":{"code":"AADB2C","message":"Validation failed: 1 validation error(s) found in 2 file(s) for tenant \"contoso.example\". Nothing was uploaded.","details":[
			{"code":"JM1203","message":"it's wrong","target":"B2C_1A_SignIn","line":1,"column":2,"severity":"error","hint":"mend it","fileName":"a.xml"}]}}`,
	}})
	s.err = errors.New("the disk is gone")
	g.Run(t, []msgraphtest.Step{{Name: "a fault", Method: "POST", Path: upload, Body: body, Type: kind, Status: 500, Records: notUpdated}})
}

func TestAFolderThatCantBeReadIsRefused(t *testing.T) {
	t.Parallel()
	g, _ := start(t)
	unnamed, kind1 := form(t, [2]string{"", "<a/>"})
	empty, kind2 := form(t)
	var many [][2]string
	for range 501 {
		many = append(many, [2]string{"a.xml", ""})
	}
	lots, kind3 := form(t, many...)
	large, kind4 := form(t, [2]string{"a.xml", strings.Repeat("x", 33<<20)})
	broken, kind5 := form(t, [2]string{"a.xml", "<a/>"})
	for _, tt := range []struct {
		name, body, kind string
		status           int
		want             string
	}{
		{"JSON", "{}", "application/json", 415, "Send the files as multipart/form-data"},
		{"no filename", unnamed, kind1, 400, "A part of the body has no filename."},
		{"no files", empty, kind2, 400, "No files were sent."},
		{"many files", lots, kind3, 413, "More than 500 files were sent."},
		{"too large", large, kind4, 413, "The files have more than 33554432 bytes together."},
		{"cut off", broken[:len(broken)-20], kind5, 400, "no valid multipart/form-data"},
		{"cut off early", broken[:20], kind5, 400, "No files were sent."},
	} {
		g.Run(t, []msgraphtest.Step{{Name: tt.name, Method: "POST", Path: list + "/upload", Body: tt.body, Type: tt.kind, Status: tt.status, Records: notUpdated, Want: tt.want}})
	}
}
