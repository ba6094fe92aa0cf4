package page

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"journeyman.dev/internal/endpoint"
	"journeyman.dev/internal/journey"
)

// The cookies (pages §3.2). B2C's names contain colons, which Go doesn't write. Clients and scripts read the
// first two by name, so only the others get a prefix.
const (
	csrfCookie        = "x-ms-cpim-csrf"
	transCookie       = "x-ms-cpim-trans"
	bindingPrefix     = "x-ms-cpim-cache|"
	maxSessionCookies = 4
	// maxBindings limits the open journeys of a browser. Older ones are dropped.
	maxBindings = 12
)

func sessionCookie(i int) string { return "x-ms-cpim-sso_" + strconv.Itoa(i) }

// bindingCookie names the cookie that binds a journey to its browser. Each journey has its own, so that tabs
// don't disturb each other.
func bindingCookie(transaction string) string { return bindingPrefix + transaction + "_0" }

// hostPrefix makes browsers refuse a cookie from a sister host or from a page without https (RFC 6265bis
// §4.1.3.2).
const hostPrefix = "__Host-"

// own returns the full name of a cookie that we write.
func (p *Pages) own(name string) string {
	if p.Secure {
		return hostPrefix + name
	}
	return name
}

// cookie reads one of our cookies. For one release it also reads the name without prefix if the other is
// absent, so that users stay signed in, or on their page, after the upgrade.
func (p *Pages) cookie(r *http.Request, name string) (*http.Cookie, error) {
	if c, err := r.Cookie(p.own(name)); err == nil {
		return c, nil
	}
	return r.Cookie(name)
}

// expire removes a cookie under both of its names.
func (p *Pages) expire(w http.ResponseWriter, r *http.Request, name string) {
	for _, known := range []string{hostPrefix + name, name} {
		if _, err := r.Cookie(known); err == nil {
			p.setCookie(w, &http.Cookie{Name: known, Path: "/", HttpOnly: true, MaxAge: -1})
		}
	}
}

// writeCookie sets one of our cookies and removes the one without prefix.
func (p *Pages) writeCookie(w http.ResponseWriter, r *http.Request, c *http.Cookie) {
	name := c.Name
	if c.Name = p.own(name); c.Name != name {
		if _, err := r.Cookie(name); err == nil {
			p.setCookie(w, &http.Cookie{Name: name, Path: "/", HttpOnly: true, MaxAge: -1})
		}
	}
	p.setCookie(w, c)
}

// bindings returns the cookies of the browser's open journeys.
func bindings(r *http.Request) []*http.Cookie {
	var list []*http.Cookie
	for _, c := range r.Cookies() {
		if strings.HasPrefix(strings.TrimPrefix(c.Name, hostPrefix), bindingPrefix) {
			list = append(list, c)
		}
	}
	return list
}

// setCookie writes a cookie that other sites' posts send, too, because federation by form_post needs it.
// Without https browsers accept only lax ones.
func (p *Pages) setCookie(w http.ResponseWriter, c *http.Cookie) {
	c.Secure = p.Secure
	c.SameSite = http.SameSiteLaxMode
	if p.Secure {
		c.SameSite = http.SameSiteNoneMode
	}
	http.SetCookie(w, c)
}

// bind gives the browser the secret of a new journey.
func (p *Pages) bind(w http.ResponseWriter, r *http.Request, j *journey.Journey, secret string) {
	if secret == "" {
		return
	}
	for i, c := range bindings(r) {
		if i+1 >= maxBindings {
			p.setCookie(w, &http.Cookie{Name: c.Name, Path: "/", HttpOnly: true, MaxAge: -1})
		}
	}
	p.writeCookie(w, r, &http.Cookie{Name: bindingCookie(j.ID), Value: secret, Path: "/", HttpOnly: true})
}

// ForgetJourneys removes the browser's secrets of its journeys.
func (p *Pages) ForgetJourneys(w http.ResponseWriter, r *http.Request) {
	for _, c := range bindings(r) {
		p.setCookie(w, &http.Cookie{Name: c.Name, Path: "/", HttpOnly: true, MaxAge: -1})
	}
}

// visit reads the identifying parts of a request of a journey's page.
func (p *Pages) visit(r *http.Request, transaction string) journey.Visit {
	v := journey.Visit{Transaction: transaction, Session: p.Session(r)}
	if e, ok, err := endpoint.Parse(r.URL); ok && err == nil {
		v.PolicyID = e.Policy
	}
	if c, err := p.cookie(r, bindingCookie(transaction)); err == nil {
		v.Secret = c.Value
	}
	v.CSRF = r.Header.Get("X-CSRF-TOKEN")
	if v.CSRF == "" {
		v.CSRF = r.URL.Query().Get("csrf_token")
	}
	// An unescaped plus sign arrives as a blank.
	v.CSRF = strings.ReplaceAll(v.CSRF, " ", "+")
	return v
}

// transID returns the StateProperties with the journey's id that pages post.
func transID(transaction string) string {
	return "StateProperties=" + base64.RawStdEncoding.EncodeToString([]byte(`{"TID":"`+transaction+`"}`))
}

// parseTx reads the parameter tx in every form of clients: escaped twice, with padding, with blanks in the
// JSON.
func parseTx(tx string) (string, bool) {
	if strings.Contains(tx, "%") {
		if decoded, err := url.QueryUnescape(tx); err == nil {
			tx = decoded
		}
	}
	text, ok := strings.CutPrefix(tx, "StateProperties=")
	if !ok {
		return "", false
	}
	text = strings.NewReplacer("-", "+", "_", "/", " ", "+").Replace(strings.TrimRight(text, "="))
	data, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return "", false
	}
	var state struct{ TID string }
	if json.Unmarshal(data, &state) != nil || len(state.TID) != 36 {
		return "", false
	}
	return strings.ToLower(state.TID), true
}

// transValue returns the cookie in which some clients look for the transaction.
func transValue(page *journey.Page) string {
	type entry struct {
		I string `json:"I"`
		T string `json:"T"`
		P string `json:"P"`
		C string `json:"C"`
		S int    `json:"S"`
	}
	data, _ := json.Marshal(struct {
		Dictionary []entry `json:"T_DIC"`
		ID         string  `json:"C_ID"`
	}{[]entry{{page.Transaction, page.TenantName, strings.ToLower(page.PolicyID), page.ClientID, 1}}, page.Transaction})
	return base64.StdEncoding.EncodeToString(data)
}
