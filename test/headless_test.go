package test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"journeyman.dev/internal/directory"
)

// The sequences of load tests and headless clients that were written against B2C
// (pages §3.3), each with its own way to find what it needs. They know nothing of the
// page but text, so these tests use neither the harness's user nor its parser.

// script is a client without a browser.
type script struct {
	t      *testing.T
	e      *env
	client *http.Client
	seen   []string // bodies and locations of every answer, in order
}

func (e *env) script(t *testing.T, follow bool) *script {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &script{t: t, e: e, client: e.client(jar)}
	if follow {
		s.client.CheckRedirect = func(r *http.Request, via []*http.Request) error {
			body, _ := io.ReadAll(r.Response.Body)
			s.seen = append(s.seen, string(body), r.URL.String())
			if r.URL.Host == "app.example" {
				return http.ErrUseLastResponse
			}
			return nil
		}
	}
	return s
}

type answer struct {
	status int
	header http.Header
	body   string
}

func (s *script) do(method, address, body string, header ...string) answer {
	s.t.Helper()
	req, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := s.client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, _ := io.ReadAll(res.Body)
	s.seen = append(s.seen, string(text), res.Header.Get("Location"))
	return answer{res.StatusCode, res.Header, string(text)}
}

// between is a boundary extractor: the text from left to right.
func (s *script) between(text, left, right string) string {
	s.t.Helper()
	_, rest, ok := strings.Cut(text, left)
	value, _, ended := strings.Cut(rest, right)
	if !ok || !ended {
		s.t.Fatalf("nothing between %q and %q in %.3000s", left, right, text)
	}
	return value
}

func (s *script) match(text, pattern string) string {
	s.t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(text)
	if m == nil {
		s.t.Fatalf("nothing matches %s in %.3000s", pattern, text)
	}
	return m[1]
}

// base is the address of a policy as scripts write it: in their own case.
func (s *script) base(policy string) string {
	return s.e.base + "/" + strings.ToUpper(tenant[:1]) + tenant[1:] + "/" + strings.ToLower(policy)
}

func (s *script) authorize(policy, more string) answer {
	s.t.Helper()
	return s.do(http.MethodGet, s.base(policy)+"/oauth2/v2.0/authorize?client_id="+s.e.web.AppID+"&redirect_uri="+url.QueryEscape(webRedirect)+"&scope=openid%20offline_access&nonce=n"+more, "")
}

func (s *script) redeem(policy, code string) {
	s.t.Helper()
	a := s.do(http.MethodPost, s.base(policy)+"/oauth2/v2.0/token", url.Values{"grant_type": {"authorization_code"}, "client_id": {s.e.web.AppID}, "client_secret": {s.e.secret}, "code": {code}, "redirect_uri": {webRedirect}}.Encode())
	if a.status != http.StatusOK || !strings.Contains(a.body, `"id_token":"`) {
		s.t.Errorf("token: %d %s", a.status, a.body)
	}
}

const credentials = "signInName=ada%40example.com&password=" + password

// headless is a server with a user, and a policy that signs in on an old layout, too.
func headless(t *testing.T) *env {
	t.Helper()
	e := ownPolicies(t)
	e.user().ownSignUp("ada@example.com")
	return e
}

func TestHeadlessJMeter(t *testing.T) {
	t.Parallel()
	e := headless(t)
	s := e.script(t, true)
	first := s.authorize(ownSignIn, "&response_type=code")
	tx := s.between(first.body, "StateProperties=", `"`)
	csrf := s.between(fmt.Sprint(first.header), "x-ms-cpim-csrf=", ";")
	post := s.do(http.MethodPost, s.base(ownSignIn)+"/SelfAsserted?tx=StateProperties="+tx+"&p="+ownSignIn, "request_type=RESPONSE&"+credentials, "X-CSRF-TOKEN", csrf, "X-Requested-With", "XMLHttpRequest")
	if post.status != 200 || post.body != `{"status":"200"}` {
		t.Fatalf("post: %d %s", post.status, post.body)
	}
	s.seen = nil
	diags := url.QueryEscape(`{"pageViewId":"` + strings.Repeat("a", 36) + `","pageId":"CombinedSigninAndSignup","trace":[{"ac":"T005","acST":1603287000,"acD":2}]}`)
	s.do(http.MethodGet, s.base(ownSignIn)+"/api/CombinedSigninAndSignup/confirmed?rememberMe=false&csrf_token="+csrf+"&tx=StateProperties="+tx+"&p="+ownSignIn+"&diags="+diags, "")
	// It looks in every body on the way, that of the redirect included.
	all := strings.Join(s.seen, "\n")
	s.redeem(ownSignIn, s.between(all, "code=", `"`))
}

func TestHeadlessLoadRunner(t *testing.T) {
	t.Parallel()
	e := headless(t)
	// Its script is of the time of the old layouts, which end the line there.
	blocks := `<BuildingBlocks><ContentDefinitions><ContentDefinition Id="api.signin"><DataUri>urn:com:microsoft:aad:b2c:elements:unifiedssp:1.0.0</DataUri></ContentDefinition></ContentDefinitions></BuildingBlocks>`
	id := e.own(blocks, relyingParty("SignUpOrSignIn", "", "displayName"))
	s := e.script(t, false)
	first := s.authorize(id, "&response_type=id_token&response_mode=fragment")
	tx := s.between(first.body, "StateProperties=", "\",\n")
	csrf := s.between(fmt.Sprint(first.header), "x-ms-cpim-csrf=", ";")
	if post := s.do(http.MethodPost, s.base(id)+"/SelfAsserted?tx=StateProperties="+tx+"&p="+id, "request_type=RESPONSE&"+credentials, "X-CSRF-TOKEN", csrf); post.body != `{"status":"200"}` {
		t.Fatalf("post: %s", post.body)
	}
	last := s.do(http.MethodGet, s.base(id)+"/api/CombinedSigninAndSignup/confirmed?csrf_token="+csrf+"&tx=StateProperties="+tx+"&p="+id, "")
	if last.status != http.StatusFound {
		t.Fatalf("confirmed: %d", last.status)
	}
	if _, payload := decode(t, s.between(last.body, "#id_token=", `">here`)); payload["displayName"] == nil && payload["name"] == nil {
		t.Errorf("payload = %v", payload)
	}
}

func TestHeadlessK6(t *testing.T) {
	t.Parallel()
	e := headless(t)
	s := e.script(t, false)
	first := s.authorize(ownSignIn, "&response_type=code")
	var csrf string
	for _, line := range first.header.Values("Set-Cookie") {
		if strings.Contains(line, `"`) {
			t.Errorf("a quoted cookie: %s", line)
		}
		if v, ok := strings.CutPrefix(line, "x-ms-cpim-csrf="); ok {
			csrf, _, _ = strings.Cut(v, ";")
		}
	}
	// It makes the transaction itself, from a header, with a blank and padding.
	tx := "StateProperties=" + base64.StdEncoding.EncodeToString([]byte(`{"TID": "`+first.header.Get("X-Request-Id")+`"}`))
	if post := s.do(http.MethodPost, s.base(ownSignIn)+"/SelfAsserted?tx="+tx+"&p="+ownSignIn, "request_type=RESPONSE&"+credentials, "x-csrf-token", csrf); post.body != `{"status":"200"}` {
		t.Fatalf("post: %s", post.body)
	}
	last := s.do(http.MethodGet, s.base(ownSignIn)+"/api/CombinedSigninAndSignup/confirmed?rememberMe=false&tx="+url.QueryEscape(tx)+"&p="+ownSignIn, "", "x-csrf-token", csrf)
	s.redeem(ownSignIn, s.match(last.header.Get("Location"), `code=([^&]+)`))
}

func TestHeadlessGatling(t *testing.T) {
	t.Parallel()
	e := headless(t)
	s := e.script(t, true)
	find := func(page string) (csrf, tx string) {
		return s.match(page, `"csrf":"([^"]+)"`), s.match(page, `"transId":"([^"]+)"`)
	}
	// Profile edit: sign-in, and then a second page.
	page := s.authorize("B2C_1A_ProfileEdit", "&response_type=code").body
	csrf, tx := find(page)
	base := s.base("B2C_1A_ProfileEdit")
	if perf := s.do(http.MethodPost, base+"/client/perftrace?tx="+tx+"&p=B2C_1A_ProfileEdit", `{"navigation":{"type":0}}`, "X-CSRF-TOKEN", csrf); perf.status >= 500 {
		t.Errorf("perftrace: %d", perf.status)
	}
	s.do(http.MethodPost, base+"/SelfAsserted?tx="+tx+"&p=B2C_1A_ProfileEdit", "request_type=RESPONSE&"+credentials, "X-CSRF-TOKEN", csrf)
	page = s.do(http.MethodGet, base+"/api/CombinedSigninAndSignup/confirmed?csrf_token="+csrf+"&tx="+tx+"&p=B2C_1A_ProfileEdit", "").body
	next, tx2 := find(page)
	if next == csrf {
		t.Error("the second page has the first one's token")
	}
	// The first page's token is worth nothing on the second.
	if stale := s.do(http.MethodPost, base+"/SelfAsserted?tx="+tx2+"&p=B2C_1A_ProfileEdit", "displayName=Ada&request_type=RESPONSE", "X-CSRF-TOKEN", csrf); !strings.Contains(stale.body, `"status":"400"`) {
		t.Errorf("with a stale token: %s", stale.body)
	}
	if post := s.do(http.MethodPost, base+"/SelfAsserted?tx="+tx2+"&p=B2C_1A_ProfileEdit", "displayName=Ada&request_type=RESPONSE", "X-CSRF-TOKEN", next); post.body != `{"status":"200"}` {
		t.Fatalf("post: %s", post.body)
	}
	s.do(http.MethodGet, base+"/api/SelfAsserted/confirmed?csrf_token="+next+"&tx="+tx2+"&p=B2C_1A_ProfileEdit", "")
	s.redeem("B2C_1A_ProfileEdit", s.match(strings.Join(s.seen, "\n"), `code=([^&"]+)`))
}

func TestHeadlessClientsReadSettingsAsJSON(t *testing.T) {
	t.Parallel()
	e := headless(t)
	s := e.script(t, false)
	page := s.authorize(ownSignIn, "&response_type=code").body
	var settings struct {
		CSRF, TransID, API string
		Hosts              struct{ Tenant, Policy string }
	}
	if err := json.Unmarshal([]byte(s.match(page, `var SETTINGS = (\{.*\});`)), &settings); err != nil {
		t.Fatal(err)
	}
	if split := s.between(page, `"transId":"StateProperties=`, `"`); "StateProperties="+split != settings.TransID {
		t.Errorf("transId = %s", split)
	}
	host := e.base + settings.Hosts.Tenant
	// An escaped transaction, a stray ampersand, blanks round the name.
	tx := "StateProperties%3D" + strings.TrimPrefix(settings.TransID, "StateProperties=")
	wrong := s.do(http.MethodPost, host+"/SelfAsserted?tx="+tx+"&p="+settings.Hosts.Policy, "&request_type=RESPONSE&signInName=%20ada%40example.com%20&password=wrong", "X-CSRF-TOKEN", settings.CSRF)
	if wrong.status != 200 || !strings.Contains(wrong.body, `"status":"400"`) || !strings.HasPrefix(wrong.header.Get("Content-Type"), "text/json") {
		t.Errorf("a wrong password: %d %s", wrong.status, wrong.body)
	}
	s.do(http.MethodPost, host+"/SelfAsserted?tx="+tx+"&p="+settings.Hosts.Policy, "&request_type=RESPONSE&signInName=%20ada%40example.com%20&password="+password, "X-CSRF-TOKEN", settings.CSRF)
	confirm := host + "/api/" + settings.API + "/confirmed?tx=" + settings.TransID + "&p=" + settings.Hosts.Policy
	if none := s.do(http.MethodGet, confirm, ""); none.status == http.StatusFound {
		t.Error("confirmed without any token went on")
	}
	last := s.do(http.MethodGet, confirm, "", "X-CSRF-TOKEN", settings.CSRF)
	s.redeem(ownSignIn, s.match(last.header.Get("Location"), `code=([^&]+)`))
}

func TestHeadlessClientsOfTheTransactionCookie(t *testing.T) {
	t.Parallel()
	e := headless(t)
	s := e.script(t, false)
	first := s.authorize(ownSignIn, "&response_type=code&response_mode=form_post&state=x%27y")
	csrf := s.between(fmt.Sprint(first.header), "x-ms-cpim-csrf=", ";")
	cookie, err := base64.StdEncoding.DecodeString(s.between(fmt.Sprint(first.header), "x-ms-cpim-trans=", ";"))
	if err != nil {
		t.Fatal(err)
	}
	var trans struct {
		ID string `json:"C_ID"`
	}
	if err := json.Unmarshal(cookie, &trans); err != nil {
		t.Fatal(err)
	}
	tx := "StateProperties=" + base64.RawStdEncoding.EncodeToString([]byte(`{"TID":"`+trans.ID+`"}`))
	s.do(http.MethodPost, s.base(ownSignIn)+"/SelfAsserted?tx="+tx+"&p="+ownSignIn, "request_type=RESPONSE&"+credentials, "X-CSRF-TOKEN", csrf)
	last := s.do(http.MethodGet, s.base(ownSignIn)+"/api/CombinedSigninAndSignup/confirmed?csrf_token="+csrf+"&tx="+tx+"&p="+ownSignIn, "")
	// The answer by form_post has single quotes.
	if s.match(last.body, `action='([^']+)'`) != webRedirect {
		t.Errorf("form = %s", last.body)
	}
	s.redeem(ownSignIn, s.match(last.body, `name='code'[^>]* value='([^']+)'`))
}

func TestHeadlessSignUp(t *testing.T) {
	t.Parallel()
	e := ownPolicies(t)
	s := e.script(t, false)
	find := func(page string) (csrf, tx string) {
		return s.match(page, `"csrf":"([^"]+)"`), s.match(page, `"transId":"([^"]+)"`)
	}
	csrf, tx := find(s.authorize(ownSignIn, "&response_type=code").body)
	base, p := s.base(ownSignIn), "&p="+ownSignIn
	page := s.do(http.MethodGet, base+"/api/CombinedSigninAndSignup/unified?local=signup&csrf_token="+csrf+"&tx="+tx+p, "").body
	csrf, tx = find(page)
	post := func(body string) string {
		t.Helper()
		return s.do(http.MethodPost, base+"/SelfAsserted?tx="+tx+p, body, "X-CSRF-TOKEN", csrf, "X-Requested-With", "XMLHttpRequest").body
	}
	if got := post("&request_type=VERIFICATION_REQUEST&claim_id=email&claim_value=new%40example.com"); got != `{"status":"200","result":0}` {
		t.Fatalf("send: %s", got)
	}
	if got := post("&request_type=VALIDATION_REQUEST&claim_id=email&claim_value=new%40example.com&user_input=nonsense"); got != `{"status":"200","result":3}` {
		t.Errorf("wrong code: %s", got)
	}
	code := e.mailedCode("new@example.com")
	if got := post("&request_type=VALIDATION_REQUEST&claim_id=email&claim_value=new%40example.com&user_input=" + code); got != `{"status":"200","result":0}` {
		t.Fatalf("check: %s", got)
	}
	form := "email=new%40example.com&email_ver_input=" + code + "&newPassword=" + password + "&reenterPassword=" + password + "&displayName=New&givenName=&surname=&request_type=RESPONSE"
	// A call that is repeated for want of an answer makes one account.
	for range 2 {
		if got := post(form); got != `{"status":"200"}` {
			t.Fatalf("form: %s", got)
		}
	}
	last := s.do(http.MethodGet, base+"/api/SelfAsserted/confirmed?csrf_token="+csrf+"&tx="+tx+p, "")
	s.redeem(ownSignIn, s.match(last.header.Get("Location"), `code=([^&]+)`))
	_, err := e.srv.Users.Store.FindUser(t.Context(), directory.NameKey("new@example.com"))
	if err != nil {
		t.Error(err)
	}
}
