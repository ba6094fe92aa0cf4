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

// The cookies (pages §3.2). B2C's names have colons, which Go doesn't write. Clients and
// scripts read the first two by name, so only the others get a prefix.
const (
	csrfCookie        = "x-ms-cpim-csrf"
	transCookie       = "x-ms-cpim-trans"
	bindingPrefix     = "x-ms-cpim-cache|"
	maxSessionCookies = 4
	// maxBindings is how many journeys of a browser may be open; older ones make way.
	maxBindings = 12
)

func sessionCookie(i int) string { return "x-ms-cpim-sso_" + strconv.Itoa(i) }

// bindingCookie binds a journey to its browser; one for each, so that tabs don't
// disturb each other.
func bindingCookie(transaction string) string { return bindingPrefix + transaction + "_0" }

// hostPrefix makes browsers refuse a cookie that a sister host set, or a page without
// https (RFC 6265bis §4.1.3.2).
const hostPrefix = "__Host-"

// own is the name that a cookie is written under.
func (p *Pages) own(name string) string {
	if p.Secure {
		return hostPrefix + name
	}
	return name
}

// cookie reads one of our cookies. For one release the name without prefix counts, too, if
// the other isn't there: who is signed in, or on a page, stays so after the upgrade.
func (p *Pages) cookie(r *http.Request, name string) (*http.Cookie, error) {
	if c, err := r.Cookie(p.own(name)); err == nil {
		return c, nil
	}
	return r.Cookie(name)
}

// expire takes a cookie away, under both of its names.
func (p *Pages) expire(w http.ResponseWriter, r *http.Request, name string) {
	for _, known := range []string{hostPrefix + name, name} {
		if _, err := r.Cookie(known); err == nil {
			p.setCookie(w, &http.Cookie{Name: known, Path: "/", HttpOnly: true, MaxAge: -1})
		}
	}
}

// writeCookie sets one of our cookies; the name without prefix is taken away.
func (p *Pages) writeCookie(w http.ResponseWriter, r *http.Request, c *http.Cookie) {
	name := c.Name
	if c.Name = p.own(name); c.Name != name {
		if _, err := r.Cookie(name); err == nil {
			p.setCookie(w, &http.Cookie{Name: name, Path: "/", HttpOnly: true, MaxAge: -1})
		}
	}
	p.setCookie(w, c)
}

// bindings are the cookies of the browser's open journeys.
func bindings(r *http.Request) []*http.Cookie {
	var list []*http.Cookie
	for _, c := range r.Cookies() {
		if strings.HasPrefix(strings.TrimPrefix(c.Name, hostPrefix), bindingPrefix) {
			list = append(list, c)
		}
	}
	return list
}

// setCookie writes a cookie that other sites' posts carry, too, as federation by
// form_post needs it; without https browsers only take lax ones.
func (p *Pages) setCookie(w http.ResponseWriter, c *http.Cookie) {
	c.Secure = p.Secure
	c.SameSite = http.SameSiteLaxMode
	if p.Secure {
		c.SameSite = http.SameSiteNoneMode
	}
	http.SetCookie(w, c)
}

// bind gives the browser its half of the journey, if it is new.
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

// ForgetJourneys takes the browser's halves of its journeys away.
func (p *Pages) ForgetJourneys(w http.ResponseWriter, r *http.Request) {
	for _, c := range bindings(r) {
		p.setCookie(w, &http.Cookie{Name: c.Name, Path: "/", HttpOnly: true, MaxAge: -1})
	}
}

// visit reads what identifies a request of a journey's page.
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
	// A plus sign that a client left bare arrives as a blank.
	v.CSRF = strings.ReplaceAll(v.CSRF, " ", "+")
	return v
}

// transID is StateProperties with the journey's id, as pages post it.
func transID(transaction string) string {
	return "StateProperties=" + base64.RawStdEncoding.EncodeToString([]byte(`{"TID":"`+transaction+`"}`))
}

// parseTx reads the parameter tx in every form that clients make: escaped twice, with
// padding, with blanks in the JSON.
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

// transValue is the cookie in which some clients find the transaction.
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
