package test

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"journeyman.dev/internal/application"
	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/keyset"
	"journeyman.dev/internal/live"
	"journeyman.dev/internal/server"
	"journeyman.dev/internal/settings"
)

// env is a running server with an application.
type env struct {
	t      testing.TB
	srv    *server.Server
	base   string // where users and the application go
	api    *scriptedAPI
	caPool *x509.CertPool
	spa    application.Application
	web    application.Application
	secret string
	clock  *clock
	// stop ends the server and waits until it has.
	stop func()
}

// clock is the server's time; tests move it.
type clock struct {
	mu     sync.Mutex
	offset time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.offset)
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.offset += d
}

const (
	spaRedirect = "https://app.example/spa"
	webRedirect = "https://app.example/signin"
)

// start runs a server in a folder of its own, with the key sets that the starter pack
// names and two applications.
func start(t testing.TB, change func(*server.Config)) *env {
	t.Helper()
	return startWith(t, newAPI(t), change)
}

// startWith runs a server that trusts an API; with the data of another it goes on
// where that one was.
func startWith(t testing.TB, api *scriptedAPI, change func(*server.Config)) *env {
	t.Helper()
	e := &env{t: t, api: api, clock: new(clock)}
	data := t.TempDir()
	caFile := filepath.Join(data, "api-ca.pem")
	if err := os.WriteFile(caFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: e.api.server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	level := slog.LevelError
	if testing.Verbose() && os.Getenv("JOURNEYMAN_TEST_LOG") != "" {
		level = slog.LevelDebug
	}
	config := serverConfig(data, caFile)
	config.Now, config.Log = e.clock.now, slog.New(slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: level}))
	if os.Getenv("JOURNEYMAN_TEST_DATABASE") == "postgres" {
		onPostgres(t)(&config)
	}
	if change != nil {
		change(&config)
	}
	ctx, cancel := context.WithCancel(context.Background())
	srv, err := server.New(ctx, config)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	e.srv, e.base = srv, srv.URL()
	done := make(chan error, 1)
	go func() { done <- srv.Run(ctx) }()
	e.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("server: %v", err)
		}
	})
	t.Cleanup(e.stop)
	e.caPool = x509.NewCertPool()
	if srv.CAFile != "" {
		b, err := os.ReadFile(srv.CAFile)
		if err != nil {
			t.Fatal(err)
		}
		e.caPool.AppendCertsFromPEM(b)
	}
	e.keys()
	e.applications()
	return e
}

// serverConfig is what all servers of these tests have; their passwords are cheap.
func serverConfig(data, outboundCA string) server.Config {
	return server.Config{
		Server: settings.Server{
			Storage: settings.Storage{Data: data},
			Listen:  "127.0.0.1:0", AdminListen: "127.0.0.1:0", TLS: "auto", Tenant: tenant, Outbound: "development", OutboundCA: outboundCA,
			Development: true, AdminToken: "admin-token",
			DatabaseTimeout: time.Minute, // a busy machine is no dead one
		},
		PasswordCost: directory.Cost{Memory: 64, Time: 1, Threads: 1},
	}
}

// testWriter sends the server's log to the test.
type testWriter struct{ t testing.TB }

func (w testWriter) Write(p []byte) (int, error) {
	fmt.Fprint(os.Stderr, string(p))
	return len(p), nil
}

var signingKey = sync.OnceValues(func() (keyset.Key, error) { return keyset.GenerateRSA("sig") })

func (e *env) keys() {
	e.t.Helper()
	ctx := context.Background()
	key, err := signingKey()
	if err != nil {
		e.t.Fatal(err)
	}
	for name, k := range map[string]keyset.Key{
		"TokenSigningKeyContainer": key, "TokenEncryptionKeyContainer": key, "FacebookSecret": keyset.NewSecret("sig", []byte("facebook-secret")),
	} {
		if e.srv.Keys.Exists(name) {
			continue
		}
		if _, err := e.srv.Keys.Create(ctx, name, k); err != nil {
			e.t.Fatal(err)
		}
	}
}

func (e *env) applications() {
	e.t.Helper()
	secret, text := application.NewSecret("test", time.Now().Add(-time.Hour), time.Now().AddDate(10, 0, 0))
	e.secret = text
	e.spa = application.Application{ID: uuid.NewString(), AppID: uuid.NewString(), DisplayName: "single page", SPARedirects: []string{spaRedirect}, ImplicitIDToken: true}
	e.web = application.Application{ID: uuid.NewString(), AppID: uuid.NewString(), DisplayName: "web", WebRedirects: []string{webRedirect}, Secrets: []application.Secret{secret}, ImplicitIDToken: true}
	for _, a := range []application.Application{e.spa, e.web} {
		if err := e.srv.Apps.Create(context.Background(), a); err != nil {
			e.t.Fatal(err)
		}
	}
}

// upload puts policy files in their order; each must be accepted.
func (e *env) upload(files map[string]string, order ...string) {
	e.t.Helper()
	if order == nil {
		order = uploadOrder
	}
	for _, name := range order {
		list, err := e.srv.Policies.Put(context.Background(), live.Policy{XML: []byte(files[name])})
		if err != nil {
			e.t.Fatalf("%s: %v\n%v", name, err, list)
		}
	}
}

// scriptedAPI is the customer's REST API over HTTPS.
type scriptedAPI struct {
	server *httptest.Server
	mu     sync.Mutex
	calls  []apiCall
	answer http.HandlerFunc
}

type apiCall struct {
	Method, Path, Body string
	Header             http.Header
	Certificate        string // subject of the client certificate
}

func newAPI(t testing.TB) *scriptedAPI {
	t.Helper()
	a := &scriptedAPI{}
	a.respond(http.StatusOK, `{"balance":"760.50"}`)
	a.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		a.mu.Lock()
		call := apiCall{Method: r.Method, Path: r.URL.RequestURI(), Body: string(body), Header: r.Header.Clone()}
		if len(r.TLS.PeerCertificates) > 0 {
			call.Certificate = r.TLS.PeerCertificates[0].Subject.CommonName
		}
		a.calls = append(a.calls, call)
		answer := a.answer
		a.mu.Unlock()
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		answer(w, r)
	}))
	a.server.TLS = &tls.Config{ClientAuth: tls.RequestClientCert}
	a.server.StartTLS()
	t.Cleanup(a.server.Close)
	return a
}

func (a *scriptedAPI) respond(status int, body string) {
	a.handle(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

func (a *scriptedAPI) handle(h http.HandlerFunc) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.answer = h
}

// take returns the calls since the last take.
func (a *scriptedAPI) take() []apiCall {
	a.mu.Lock()
	defer a.mu.Unlock()
	calls := a.calls
	a.calls = nil
	return calls
}

// user is a scripted user: a browser with cookies, and the page that it shows.
type user struct {
	e        *env
	t        testing.TB
	http     *http.Client
	page     string // HTML
	settings pageSettings
	pageURL  string
	// callback is where the application was called, once it was.
	callback *url.URL
	verifier string
}

type pageSettings struct {
	API     string            `json:"api"`
	CSRF    string            `json:"csrf"`
	TransID string            `json:"transId"`
	Config  map[string]string `json:"config"`
	Hosts   struct{ Tenant, Policy string }
}

func (e *env) user() *user {
	e.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		e.t.Fatal(err)
	}
	return &user{e: e, t: e.t, http: e.client(jar)}
}

func (e *env) client(jar http.CookieJar) *http.Client {
	return &http.Client{
		Jar:           jar,
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: e.caPool}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func challenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// authorize begins a journey at a policy for the single-page application; parameters
// override or, when empty, remove.
func (u *user) authorize(policy string, parameters map[string]string) {
	u.t.Helper()
	u.verifier = strings.Repeat("v", 50)
	q := url.Values{
		"client_id": {u.e.spa.AppID}, "redirect_uri": {spaRedirect}, "response_type": {"code"}, "scope": {"openid offline_access"},
		"code_challenge": {challenge(u.verifier)}, "code_challenge_method": {"S256"}, "nonce": {"defaultNonce"}, "state": {"st"}, "ui_locales": {"en-US"},
	}
	for k, v := range parameters {
		q.Set(k, v)
		if v == "" {
			q.Del(k)
		}
	}
	u.get(u.e.base + "/" + tenant + "/" + policy + "/oauth2/v2.0/authorize?" + q.Encode())
}

// get navigates and follows redirects until a page, or the application.
func (u *user) get(address string) {
	u.t.Helper()
	u.callback = nil
	for range 10 {
		res, err := u.http.Get(address)
		if err != nil {
			u.t.Fatal(err)
		}
		if next := u.arrived(res); next == "" {
			return
		} else {
			address = next
		}
	}
	u.t.Fatal("too many redirects")
}

// arrived reads an answer; it returns where to go on, or "".
func (u *user) arrived(res *http.Response) string {
	u.t.Helper()
	body, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err != nil {
		u.t.Fatal(err)
	}
	if res.StatusCode == http.StatusFound {
		location, err := res.Location()
		if err != nil {
			u.t.Fatal(err)
		}
		if location.Host == "app.example" {
			u.callback = location
			return ""
		}
		return location.String()
	}
	u.page, u.pageURL = string(body), res.Request.URL.String()
	u.settings = pageSettings{}
	if m := settingsPattern.FindStringSubmatch(u.page); m != nil {
		if err := json.Unmarshal([]byte(m[1]), &u.settings); err != nil {
			u.t.Fatalf("SETTINGS: %v", err)
		}
	}
	return ""
}

var settingsPattern = regexp.MustCompile(`(?s)SETTINGS = (\{.*?\});\n`)

// path makes an address of the page's transaction.
func (u *user) path(path string) string {
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	return u.e.base + u.settings.Hosts.Tenant + path + separator + "tx=" + url.QueryEscape(u.settings.TransID) + "&p=" + u.settings.Hosts.Policy
}

// reply is what a page's post is answered.
type reply struct {
	Status, ErrorCode, Message string
	Result                     int
}

// post sends what the page's script would.
func (u *user) post(form url.Values) reply {
	u.t.Helper()
	return u.postTo("/SelfAsserted", form)
}

// act presses a button of a display control.
func (u *user) act(control, action string, fields map[string]string) reply {
	u.t.Helper()
	form := make(url.Values)
	for k, v := range fields {
		form.Set(k, v)
	}
	return u.postTo("/SelfAsserted/DisplayControlAction/vbeta/"+control+"/"+action, form)
}

func (u *user) postTo(path string, form url.Values) reply {
	u.t.Helper()
	req, err := http.NewRequest(http.MethodPost, u.path(path), strings.NewReader(form.Encode()))
	if err != nil {
		u.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-CSRF-TOKEN", u.settings.CSRF)
	req.Header.Set("X-Requested-With", "XMLHttpRequest")
	res, err := u.http.Do(req)
	if err != nil {
		u.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var r reply
	if err := json.NewDecoder(res.Body).Decode(&r); err != nil {
		u.t.Fatalf("post: status %d: %v", res.StatusCode, err)
	}
	return r
}

// submit fills the page's form.
func (u *user) submit(fields map[string]string) reply {
	u.t.Helper()
	form := url.Values{"request_type": {"RESPONSE"}}
	for k, v := range fields {
		form.Set(k, v)
	}
	return u.post(form)
}

// pass submits and goes on; the form must be accepted.
func (u *user) pass(fields map[string]string) {
	u.t.Helper()
	if r := u.submit(fields); r.Status != "200" {
		u.t.Fatalf("the form was refused: %+v", r)
	}
	u.confirm()
}

func (u *user) confirm() {
	u.t.Helper()
	u.navigate("/api/" + u.settings.API + "/confirmed?rememberMe=false")
}

// navigate follows a link of the page.
func (u *user) navigate(path string) {
	u.t.Helper()
	u.get(u.path(path + "&csrf_token=" + url.QueryEscape(u.settings.CSRF)))
}

// verify proves an e-mail address by the code in the outbox.
func (u *user) verify(claim, address string) {
	u.t.Helper()
	r := u.post(url.Values{"request_type": {"VERIFICATION_REQUEST"}, "claim_id": {claim}, "claim_value": {address}})
	if r.Status != "200" || r.Result != 0 {
		u.t.Fatalf("sending a code: %+v", r)
	}
	code := u.e.mailedCode(address)
	r = u.post(url.Values{"request_type": {"VALIDATION_REQUEST"}, "claim_id": {claim}, "claim_value": {address}, "user_input": {code}})
	if r.Status != "200" || r.Result != 0 {
		u.t.Fatalf("checking the code: %+v", r)
	}
}

var codePattern = regexp.MustCompile(`\b\d{6}\b`)

func (e *env) mailedCode(address string) string {
	e.t.Helper()
	for _, m := range e.srv.Outbox.Messages() {
		if m.To == address {
			return codePattern.FindString(m.Text)
		}
	}
	e.t.Fatalf("no mail to %s", address)
	return ""
}

// result are the parameters that the application was called with.
func (u *user) result() url.Values {
	u.t.Helper()
	if u.callback == nil {
		u.t.Fatalf("the application was not called; at %s:\n%s", u.pageURL, excerpt(u.page))
	}
	if u.callback.Fragment != "" {
		v, err := url.ParseQuery(u.callback.Fragment)
		if err != nil {
			u.t.Fatal(err)
		}
		return v
	}
	return u.callback.Query()
}

func excerpt(page string) string {
	if i := strings.Index(page, `id="api"`); i >= 0 {
		page = page[i:]
	}
	return page[:min(len(page), 2500)]
}

// tokens is an answer of the token endpoint.
type tokens struct {
	status       int
	Error        string `json:"error"`
	Description  string `json:"error_description"`
	IDToken      string `json:"id_token"`
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	raw          map[string]any
}

// token sends a token request of the single-page application.
func (e *env) token(policy string, form url.Values) tokens {
	e.t.Helper()
	if form.Get("client_id") == "" {
		form.Set("client_id", e.spa.AppID)
	}
	return e.tokenBy(e.client(nil), policy, form)
}

// tokenBy is also for use by goroutines.
func (e *env) tokenBy(client *http.Client, policy string, form url.Values) tokens {
	e.t.Helper()
	res, err := client.PostForm(e.base+"/"+tenant+"/"+policy+"/oauth2/v2.0/token", form)
	if err != nil {
		e.t.Error(err)
		return tokens{}
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		e.t.Error(err)
		return tokens{}
	}
	out := tokens{status: res.StatusCode}
	if err := json.Unmarshal(body, &out); err != nil {
		e.t.Errorf("token endpoint: %d %s", res.StatusCode, body)
	}
	_ = json.Unmarshal(body, &out.raw)
	return out
}

// redeem turns the application's code into tokens.
func (u *user) redeem(policy string) tokens {
	u.t.Helper()
	code := u.result().Get("code")
	if code == "" {
		u.t.Fatalf("no code: %v", u.result())
	}
	got := u.e.token(policy, url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {spaRedirect}, "code_verifier": {u.verifier}})
	if got.status != http.StatusOK {
		u.t.Fatalf("token: %+v", got)
	}
	return got
}

// decode reads a token's header and payload.
func decode(t testing.TB, token string) (header, payload map[string]any) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("no token: %q", token)
	}
	for i, to := range []*map[string]any{&header, &payload} {
		b, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, to); err != nil {
			t.Fatal(err)
		}
	}
	return header, payload
}

// quiet is for servers whose clients misbehave on purpose.
var quiet = log.New(io.Discard, "", 0)

const password = "Pass-word.1"

// signUp registers a local account and returns its object id.
func (u *user) signUp(policy, address string) map[string]any {
	u.t.Helper()
	u.authorize(policy, nil)
	u.navigate("/api/CombinedSigninAndSignup/unified?local=signup")
	u.verify("email", address)
	u.pass(map[string]string{"email": address, "newPassword": password, "reenterPassword": password, "displayName": "Emily Smith", "givenName": "Emily", "surname": "Smith"})
	_, payload := decode(u.t, u.redeem(policy).IDToken)
	return payload
}

// signUpAt registers a local account at a policy whose journey goes on to other pages.
func (u *user) signUpAt(policy, address string) {
	u.t.Helper()
	u.authorize(policy, nil)
	u.navigate("/api/CombinedSigninAndSignup/unified?local=signup")
	u.verify("email", address)
	u.pass(map[string]string{"email": address, "newPassword": password, "reenterPassword": password, "displayName": "Emily Smith", "givenName": "Emily", "surname": "Smith"})
}
