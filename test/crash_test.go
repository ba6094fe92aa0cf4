package test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"journeyman.dev/internal/server"
)

// crashing hammers a server in a process of its own, kills it, and starts it again.
type crashing struct {
	t      *testing.T
	e      *env // for what was made before; its server is stopped
	config childConfig
	client *http.Client

	child
	answered atomic.Int64
	goal     int64
	reached  chan struct{}

	mu       sync.Mutex
	users    []string
	asked    map[string]bool // addresses of sign-ups; true once one was answered
	keySets  map[string]int  // keys in each
	tried    int             // number in the policy's text that was sent last
	policy   int             // and that was accepted last
	spent    []string        // refresh tokens
	unspent  []string
	codes    []string // to redeem
	redeemed []string
}

func (c *crashing) start() {
	c.t.Helper()
	c.child = startChild(c.t, c.config)
	c.client = c.e.client(nil)
}

// send returns a status of 0 when the server died before it had answered.
func (c *crashing) send(method, address, contentType string, body string) (int, map[string]any) {
	return c.sendBy(c.client, method, address, contentType, body, "")
}

// sendBy is send of one browser, with the token of its page.
func (c *crashing) sendBy(client *http.Client, method, address, contentType, body, csrf string) (int, map[string]any) {
	req, err := http.NewRequest(method, address, strings.NewReader(body))
	if err != nil {
		c.t.Error(err)
		return 0, nil
	}
	req.Header.Set("Content-Type", contentType)
	if strings.HasPrefix(address, c.admin) {
		req.Header.Set("Authorization", "Bearer admin-token")
	}
	if csrf != "" {
		req.Header.Set("X-CSRF-TOKEN", csrf)
	}
	res, err := client.Do(req)
	if err != nil {
		return 0, nil
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, nil
	}
	if c.answered.Add(1) == c.goal {
		close(c.reached)
	}
	var out map[string]any
	if json.Unmarshal(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), &out) != nil {
		out = map[string]any{"body": string(text)}
		var list []any
		if json.Unmarshal(text, &list) == nil {
			out["list"] = list
		}
	}
	return res.StatusCode, out
}

func (c *crashing) graph(method, path, body string) (int, map[string]any) {
	contentType := "application/json"
	if strings.HasPrefix(body, "<") {
		contentType = "application/xml"
	}
	return c.send(method, c.admin+"/graph/"+path, contentType, body)
}

func (c *crashing) token(form url.Values) (int, map[string]any) {
	form.Set("client_id", c.e.spa.AppID)
	return c.send("POST", c.public+"/"+tenant+"/"+signUpSignIn+"/oauth2/v2.0/token", "application/x-www-form-urlencoded", form.Encode())
}

func (c *crashing) refresh(token string) (int, map[string]any) {
	return c.token(url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}})
}

func (c *crashing) redeem(code string) (int, map[string]any) {
	return c.token(url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {spaRedirect}, "code_verifier": {strings.Repeat("v", 50)}})
}

const crashPolicy = `<TrustFrameworkPolicy xmlns="http://schemas.microsoft.com/online/cpim/schemas/2013/06" PolicySchemaVersion="0.3.0.0" TenantId="` + tenant + `" PolicyId="B2C_1A_Crash" PublicPolicyUri="http://crash/%d" />`

// addUser, changeKeys and changePolicy report whether the server lives.
func (c *crashing) addUser(n int) bool {
	status, body := c.graph("POST", "v1.0/users", fmt.Sprintf(`{"displayName":"User %d","identities":[{"signInType":"emailAddress","issuer":"%s","issuerAssignedId":"user%d@example.com"}],"passwordProfile":{"password":"%s"}}`, n, tenant, n, password))
	if status == 0 {
		return false
	}
	id, _ := body["id"].(string)
	if status != 201 || id == "" {
		c.t.Errorf("a user: %d %v", status, body)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.users = append(c.users, id)
	return true
}

func (c *crashing) changeKeys(n int) bool {
	name := fmt.Sprintf("B2C_1A_Crash%d", n)
	status, body := c.graph("POST", "beta/trustFramework/keySets", `{"id":"`+name+`"}`)
	if status == 0 {
		return false
	}
	if status != 201 {
		c.t.Errorf("a key set: %d %v", status, body)
	}
	c.mu.Lock()
	c.keySets[name] = 0
	c.mu.Unlock()
	status, body = c.graph("POST", "beta/trustFramework/keySets/"+name+"/uploadSecret", `{"use":"sig","k":"secret"}`)
	if status == 0 {
		return false
	}
	if status != 200 && status != 201 {
		c.t.Errorf("a key: %d %v", status, body)
	}
	c.mu.Lock()
	c.keySets[name] = 1
	c.mu.Unlock()
	// A second key, as at a rollover.
	if status, body = c.graph("POST", "beta/trustFramework/keySets/"+name+"/uploadSecret", `{"use":"sig","k":"another"}`); status == 0 {
		return false
	}
	if status != 200 && status != 201 {
		c.t.Errorf("a second key: %d %v", status, body)
	}
	c.mu.Lock()
	c.keySets[name] = 2
	c.mu.Unlock()
	return true
}

func (c *crashing) changePolicy(n int) bool {
	c.tried = n
	status, body := c.graph("PUT", "beta/trustFramework/policies/B2C_1A_Crash/$value", fmt.Sprintf(crashPolicy, n))
	if status == 0 {
		return false
	}
	if status != 200 && status != 201 {
		c.t.Errorf("a policy: %d %v", status, body)
	}
	c.policy = n
	return true
}

// visit is a browser at a page of the sign-up policy; nil when the server died.
type visit struct {
	c        *crashing
	http     *http.Client
	settings pageSettings
}

// open navigates to a page.
func (v *visit) open(address string) bool {
	status, body := v.c.sendBy(v.http, "GET", address, "text/plain", "", "")
	if status == 0 {
		return false
	}
	m := settingsPattern.FindStringSubmatch(fmt.Sprint(body["body"]))
	if m == nil {
		v.c.t.Errorf("no page: %d", status)
		return false
	}
	return json.Unmarshal([]byte(m[1]), &v.settings) == nil
}

func (v *visit) address(path string) string {
	return v.c.public + v.settings.Hosts.Tenant + path + "tx=" + url.QueryEscape(v.settings.TransID) + "&p=" + v.settings.Hosts.Policy
}

// post sends a form of the page; status is "" when the server died.
func (v *visit) post(form url.Values) (status string) {
	_, body := v.c.sendBy(v.http, "POST", v.address("/SelfAsserted?"), "application/x-www-form-urlencoded", form.Encode(), v.settings.CSRF)
	status, _ = body["status"].(string)
	return status
}

// begin opens the sign-in page in a new browser.
func (c *crashing) begin() (*visit, bool) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		c.t.Error(err)
		return nil, false
	}
	v := &visit{c: c, http: &http.Client{Jar: jar, Transport: c.client.Transport, CheckRedirect: c.client.CheckRedirect}}
	q := url.Values{"client_id": {c.e.spa.AppID}, "redirect_uri": {spaRedirect}, "response_type": {"code"}, "scope": {"openid"},
		"code_challenge": {challenge(strings.Repeat("v", 50))}, "code_challenge_method": {"S256"}}
	return v, v.open(c.public + "/" + tenant + "/" + signUpSignIn + "/oauth2/v2.0/authorize?" + q.Encode())
}

// signUp registers on the pages.
func (c *crashing) signUp(n int) bool {
	address := fmt.Sprintf("new%d@example.com", n)
	v, ok := c.begin()
	if !ok || !v.open(v.address("/api/CombinedSigninAndSignup/unified?local=signup&csrf_token="+url.QueryEscape(v.settings.CSRF)+"&")) {
		return false
	}
	if v.post(url.Values{"request_type": {"VERIFICATION_REQUEST"}, "claim_id": {"email"}, "claim_value": {address}}) == "" {
		return false
	}
	_, mails := c.send("GET", c.admin+"/outbox.json", "text/plain", "")
	list, _ := mails["list"].([]any)
	code := ""
	for _, m := range list {
		if mail, _ := m.(map[string]any); mail["to"] == address {
			code = codePattern.FindString(fmt.Sprint(mail["text"]))
		}
	}
	if code == "" || v.post(url.Values{"request_type": {"VALIDATION_REQUEST"}, "claim_id": {"email"}, "claim_value": {address}, "user_input": {code}}) == "" {
		return false
	}
	c.mu.Lock()
	c.asked[address] = false
	c.mu.Unlock()
	status := v.post(url.Values{"request_type": {"RESPONSE"}, "email": {address}, "newPassword": {password}, "reenterPassword": {password}, "displayName": {"New"}, "givenName": {"N"}, "surname": {"W"}})
	if status == "" {
		return false
	}
	if status != "200" {
		c.t.Errorf("a sign-up: %s", status)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked[address] = true
	return true
}

// checkSignUps signs in: every account that was answered is there, and none is half
// there: what has an identity has its password, too.
func (c *crashing) checkSignUps() {
	c.t.Helper()
	answered := 0
	for address, sure := range c.asked {
		v, ok := c.begin()
		if !ok {
			c.t.Fatal("no sign-in page")
		}
		in := v.post(url.Values{"request_type": {"RESPONSE"}, "signInName": {address}, "password": {password}}) == "200"
		_, found := c.graph("GET", "v1.0/users?$filter="+url.QueryEscape("identities/any(c:c/issuerAssignedId eq '"+address+"' and c/issuer eq '"+tenant+"')"), "")
		there, _ := found["value"].([]any)
		if sure {
			answered++
		}
		if sure && !in || in != (len(there) == 1) || len(there) > 1 {
			c.t.Errorf("sign-up of %s, answered %v: signs in %v, %d users", address, sure, in, len(there))
		}
	}
	if answered == 0 {
		c.t.Error("no sign-up was answered")
	}
}

// redeemAndRefresh redeems a code and then refresh tokens in a row.
func (c *crashing) redeemAndRefresh(int) bool {
	c.mu.Lock()
	if len(c.codes) == 0 {
		c.mu.Unlock()
		return false
	}
	code := c.codes[0]
	c.codes = c.codes[1:]
	c.mu.Unlock()
	status, body := c.redeem(code)
	for i := 0; ; i++ {
		if status == 0 {
			return false
		}
		next, _ := body["refresh_token"].(string)
		if status != 200 || next == "" {
			c.t.Errorf("redemption %d: %d %v", i, status, body["error_description"])
			return true
		}
		if i == 0 {
			c.mu.Lock()
			c.redeemed = append(c.redeemed, code)
			c.mu.Unlock()
		}
		if i == 4 {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.unspent = append(c.unspent, next)
			return true
		}
		status, body = c.refresh(next)
		if status == 200 {
			c.mu.Lock()
			c.spent = append(c.spent, next)
			c.mu.Unlock()
		}
	}
}

// hammer works until the server has answered n requests, and kills it in the middle of
// the next.
func (c *crashing) hammer(round, n int) {
	c.start()
	c.goal, c.reached = c.answered.Load()+int64(n), make(chan struct{})
	var workers sync.WaitGroup
	for i, work := range []func(int) bool{c.addUser, c.addUser, c.changeKeys, c.changePolicy, c.redeemAndRefresh, c.redeemAndRefresh, c.signUp, c.signUp} {
		workers.Go(func() {
			for k := round*100000 + i*10000; work(k); k++ {
			}
		})
	}
	<-c.reached
	c.kill()
	workers.Wait()
}

// check looks for everything that was acknowledged.
func (c *crashing) check() {
	c.t.Helper()
	for _, id := range c.users {
		if status, body := c.graph("GET", "v1.0/users/"+id, ""); status != 200 || body["id"] != id {
			c.t.Errorf("user %s: %d", id, status)
		}
	}
	for name, keys := range c.keySets {
		status, body := c.graph("GET", "beta/trustFramework/keySets/"+name, "")
		if list, _ := body["keys"].([]any); status != 200 || len(list) < keys {
			c.t.Errorf("key set %s: %d %v", name, status, body)
		}
	}
	_, body := c.graph("GET", "beta/trustFramework/policies/B2C_1A_Crash/$value", "")
	text := fmt.Sprint(body["body"])
	_, number, _ := strings.Cut(text, "http://crash/")
	number, _, whole := strings.Cut(number, `"`)
	if n, err := strconv.Atoi(number); err != nil || !whole || n < c.policy || n > c.tried {
		c.t.Errorf("policy between %d and %d: %s", c.policy, c.tried, text)
	}
	if len(c.spent) == 0 || len(c.unspent) == 0 || len(c.redeemed) == 0 || len(c.users) == 0 || len(c.keySets) == 0 || c.policy == 0 {
		c.t.Errorf("nothing was tried: %d spent, %d unspent, %d redeemed, %d users, %d key sets, policy %d", len(c.spent), len(c.unspent), len(c.redeemed), len(c.users), len(c.keySets), c.policy)
	}
	for _, token := range c.unspent {
		if status, body := c.refresh(token); status != 200 {
			c.t.Errorf("a refresh token that nobody spent: %d %v", status, body["error_description"])
		}
	}
	for _, token := range c.spent {
		if status, body := c.refresh(token); status != 400 || body["error"] != "invalid_grant" {
			c.t.Errorf("a spent refresh token: %d %v", status, body["error"])
		}
	}
	for _, code := range c.redeemed {
		if status, body := c.redeem(code); status != 400 || body["error"] != "invalid_grant" {
			c.t.Errorf("a redeemed code: %d %v", status, body["error"])
		}
	}
}

// What was answered is there after kill -9, nothing is half there, and no code or
// refresh token works twice.
func TestKilledServersLoseNothing(t *testing.T) {
	t.Parallel()
	for name, database := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data, on := t.TempDir(), database(t)
			c := &crashing{t: t, keySets: make(map[string]int), asked: make(map[string]bool)}
			e := start(t, func(s *server.Config) {
				on(s)
				s.Data = data
				c.config = childConfig{Data: data, Database: s.Database, OutboundCA: s.OutboundCA}
			})
			c.e = e
			e.upload(enriched(t, e.api.server.URL+"/api/GetProfile"))
			u := e.user()
			u.signUp(signUpSignIn, "emily@example.com")
			for range 90 {
				u.authorize(signUpSignIn, nil)
				if u.callback == nil {
					u.pass(map[string]string{"signInName": "emily@example.com", "password": password})
				}
				c.codes = append(c.codes, u.result().Get("code"))
			}
			e.stop()
			for round := range 8 {
				c.hammer(round+1, 50+17*round)
			}
			c.start()
			defer c.kill()
			c.check()
			c.checkSignUps()
		})
	}
}
