package test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"journeyman.dev/policies"
)

// setFile is a file of an upload of several.
type setFile struct{ name, source string }

// starterSet are our own starter policies.
func starterSet(t *testing.T) []setFile {
	t.Helper()
	files, err := policies.LocalAccounts(map[string]string{"Tenant": tenant, "ApiUrl": "https://api.example/api/GetProfile"})
	if err != nil {
		t.Fatal(err)
	}
	var set []setFile
	for i, name := range policies.Order {
		set = append(set, setFile{"folder/" + name + ".xml", string(files[i])})
	}
	return set
}

// uploadSet posts files to the admin API.
func (e *env) uploadSet(token string, files ...setFile) (int, map[string]any) {
	e.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, f := range files {
		part, err := form.CreateFormFile("files", f.name)
		if err != nil {
			e.t.Fatal(err)
		}
		_, _ = io.WriteString(part, f.source)
	}
	_ = form.Close()
	req, err := http.NewRequest(http.MethodPost, e.srv.AdminURL()+"/graph/beta/trustFramework/policies/upload", &body)
	if err != nil {
		e.t.Fatal(err)
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := e.client(nil).Do(req)
	if err != nil {
		e.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	answer := make(map[string]any)
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		e.t.Fatal(err)
	}
	return res.StatusCode, answer
}

// states are those of the files of an answer, by name.
func states(answer map[string]any) string {
	var list []string
	value, _ := answer["value"].([]any)
	for _, one := range value {
		m, _ := one.(map[string]any)
		list = append(list, fmt.Sprint(m["fileName"], " ", m["state"]))
	}
	return strings.Join(list, ", ")
}

func TestAFolderIsUploadedAllOrNone(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	set := starterSet(t)
	// Children before their bases: the order is ours to find.
	back := []setFile{set[4], set[3], set[2], set[1], set[0]}
	status, answer := e.uploadSet("admin-token", back...)
	if status != 200 || states(answer) != "folder/PasswordReset.xml created, folder/ProfileEdit.xml created, folder/SignUpOrSignIn.xml created, folder/Extensions.xml created, folder/Base.xml created" {
		t.Fatalf("%d %v", status, answer)
	}
	versions := func(id string) int {
		t.Helper()
		list, err := e.srv.Policies.Versions(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	// What is unchanged is left out.
	set[2].source += "\n"
	status, answer = e.uploadSet("admin-token", set...)
	if status != 200 || states(answer) != "folder/Base.xml unchanged, folder/Extensions.xml unchanged, folder/SignUpOrSignIn.xml updated, folder/ProfileEdit.xml unchanged, folder/PasswordReset.xml unchanged" {
		t.Errorf("%d %v", status, answer)
	}
	if versions("B2C_1A_Base") != 1 || versions("B2C_1A_SignUpOrSignIn") != 2 {
		t.Errorf("versions: %d, %d", versions("B2C_1A_Base"), versions("B2C_1A_SignUpOrSignIn"))
	}
	// Every file's findings are reported, with its own name; nothing is stored.
	broken := starterSet(t)
	broken[0].source += "\n"
	broken[2].source = strings.Replace(broken[2].source, `ClaimTypeReferenceId="balance"`, `ClaimTypeReferenceId="balanse"`, 1)
	broken[3].source = strings.Replace(broken[3].source, "</RelyingParty>", "</RelyingPartie>", 1)
	status, answer = e.uploadSet("admin-token", broken...)
	text, _ := json.Marshal(answer)
	if status != 400 || !strings.Contains(string(text), "Nothing was uploaded") || !strings.Contains(string(text), `"fileName":"folder/SignUpOrSignIn.xml"`) ||
		!strings.Contains(string(text), `"fileName":"folder/ProfileEdit.xml"`) || !strings.Contains(string(text), "balanse") {
		t.Errorf("%d %s", status, text)
	}
	if versions("B2C_1A_Base") != 1 || versions("B2C_1A_SignUpOrSignIn") != 2 {
		t.Error("a part of a refused folder was stored")
	}
}

func TestAFolderTellsWhatItBreaksAndMends(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	set := starterSet(t)
	if status, answer := e.uploadSet("admin-token", set...); status != 200 {
		t.Fatalf("%d %v", status, answer)
	}
	good := set[1]
	bad := good
	bad.source = strings.ReplaceAll(bad.source, `Id="balance"`, `Id="credit"`)
	bad.source = strings.ReplaceAll(bad.source, `ClaimTypeReferenceId="balance"`, `ClaimTypeReferenceId="credit"`)
	status, answer := e.uploadSet("admin-token", bad)
	text, _ := json.Marshal(answer["brokenPolicies"])
	if status != 200 || !strings.Contains(string(text), `"id":"B2C_1A_SignUpOrSignIn"`) || !strings.Contains(string(text), `"state":"lastGood"`) || !strings.Contains(string(text), "JM2101") {
		t.Errorf("%d %v", status, answer)
	}
	status, answer = e.uploadSet("admin-token", good)
	text, _ = json.Marshal(answer["mendedPolicies"])
	if status != 200 || !strings.Contains(string(text), "B2C_1A_SignUpOrSignIn") {
		t.Errorf("%d %v", status, answer)
	}
	// The children of a folder that come with their base are the folder's: it is refused.
	if status, answer := e.uploadSet("admin-token", bad, set[2]); status != 400 {
		t.Errorf("%d %v", status, answer)
	}
}

func TestUploadsOfSeveralFilesAreBoundedAndRecorded(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	set := starterSet(t)
	if status, _ := e.uploadSet("another-token", set...); status != 401 {
		t.Errorf("without a token: %d", status)
	}
	if status, answer := e.uploadSet("admin-token", set[0], setFile{"other.xml", set[0].source}); status != 400 || !strings.Contains(fmt.Sprint(answer), "is there twice") {
		t.Errorf("one id twice: %d %v", status, answer)
	}
	if status, answer := e.uploadSet("admin-token"); status != 400 {
		t.Errorf("no files: %d %v", status, answer)
	}
	many := make([]setFile, 501)
	for i := range many {
		many[i] = setFile{fmt.Sprint(i, ".xml"), "<x/>"}
	}
	if status, answer := e.uploadSet("admin-token", many...); status != 413 {
		t.Errorf("too many files: %d %v", status, answer)
	}
	large := make([]setFile, 33)
	for i := range large {
		large[i] = setFile{fmt.Sprint(i, ".xml"), strings.Repeat(" ", 1<<20)}
	}
	if status, answer := e.uploadSet("admin-token", large...); status != 413 {
		t.Errorf("too large: %d %v", status, answer)
	}
	if status, answer := e.uploadSet("admin-token", setFile{"large.xml", strings.Repeat(" ", 2<<20)}); status != 400 || !strings.Contains(fmt.Sprint(answer), "large.xml") {
		t.Errorf("one large file: %d %v", status, answer)
	}
	if status, answer := e.uploadSet("admin-token", set...); status != 200 {
		t.Fatalf("%d %v", status, answer)
	}
	got := e.must(200, "GET", "v1.0/auditLogs/directoryAudits?$filter="+url.QueryEscape("activityDisplayName eq 'Update custom policy' and result eq 'success'"), nil)
	text, _ := json.Marshal(got)
	for _, id := range []string{"B2C_1A_Base", "B2C_1A_PasswordReset"} {
		if !strings.Contains(string(text), id) {
			t.Errorf("no record has %s: %s", id, text)
		}
	}
}
