package test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"journeyman.dev/internal/live"
	"journeyman.dev/internal/server"
)

const plainTemplate = `<!DOCTYPE html><html><head><title>Contoso</title><link rel="stylesheet" href="https://cdn.example/site.css"></head><body>
<header id="brand">Contoso</header><div id="api"><p>This is replaced.</p></div><footer>(c)</footer></body></html>`

func TestACustomersTemplateIsTheFrameOfThePage(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	e.api.serve(map[string]string{"/sv/page.html": plainTemplate})
	policy := e.asks(pageSpec{
		loadURI:   e.api.server.URL + "/{Culture:RFC5646}/page.html?a=1#top",
		behaviors: `<ContentDefinitionParameters><Parameter Name="campaign id">{OAUTH-KV:campaignId}</Parameter><Parameter Name="client">{OIDC:ClientId}</Parameter></ContentDefinitionParameters>`,
	})
	u := e.user()
	u.authorize(policy, map[string]string{"ui_locales": "sv", "campaignId": "a&b=../c"})
	for _, want := range []string{`<header id="brand">Contoso</header>`, `<footer>(c)</footer>`, `<title>Contoso</title>`, `<html lang="sv">`, `data-name="SelfAsserted"`, `id="nick"`,
		`"remoteResource":"` + e.api.server.URL + `/sv/page.html?a=1\u0026ui_locales=sv\u0026`} {
		if !strings.Contains(u.page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if strings.Contains(u.page, "This is replaced") {
		t.Error("the template's placeholder is still there")
	}
	calls := e.api.take()
	if len(calls) != 1 || calls[0].Path != "/sv/page.html?a=1&ui_locales=sv&campaign%20id=a%26b%3D..%2Fc&client="+e.spa.AppID {
		t.Errorf("calls = %+v", calls)
	}
	u.pass(map[string]string{"nick": "Em"})
	u.redeem(policy)
}

func TestAResolvedPathCannotClimb(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	e.api.serve(map[string]string{"/x/y/page.html": plainTemplate})
	policy := e.asks(pageSpec{loadURI: e.api.server.URL + "/x/{OAUTH-KV:brand}/page.html"})
	for brand, want := range map[string]string{"..": "/x//page.html", "../../etc": "/x/..%2F..%2Fetc/page.html", "a?b#c": "/x/a%3Fb%23c/page.html", `\..\`: "/x/%5C..%5C/page.html"} {
		u := e.user()
		u.authorize(policy, map[string]string{"brand": brand})
		calls := e.api.take()
		if len(calls) != 1 || !strings.HasPrefix(calls[0].Path, want+"?") {
			t.Errorf("%q: %+v", brand, calls)
		}
		if u.settings.CSRF == "" || !strings.Contains(u.page, "self_asserted_container") {
			t.Errorf("%q: the built-in page isn't shown", brand)
		}
	}
}

func TestWhoChoosesTheHostOfAPageIsTheAuthorAlone(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	e.asks(pageSpec{})
	for uri, code := range map[string]string{
		"https://{OAUTH-KV:host}/page.html":        "JM8001",
		"https://cdn.example{Claim:nick}/page":     "JM8001",
		"https://cdn.example:{OIDC:Nonce}":         "JM8001",
		"https://{Policy:PolicyId}.example/p.html": "",
		"http://cdn.example/page.html":             "JM8002",
		"https://cdn.example/{Culture:Lang}":       "JM3106",
		"https://cdn.example/{Culture:RFC5646}":    "",
	} {
		_, body := e.graph("admin-token", http.MethodGet, "beta/trustFramework/policies/B2C_1A_TestExtensions/$value", nil)
		xml := strings.Replace(body["body"].(string), "~/tenant/default/selfAsserted.cshtml", uri, 1)
		list, err := e.srv.Policies.Put(t.Context(), live.Policy{XML: []byte(xml)})
		found := ""
		for _, d := range list {
			if strings.Contains(d.Message, "api.test") {
				found = string(d.Code)
			}
		}
		if found != code || (err != nil) != (code == "JM8001") {
			t.Errorf("%s: %q, %v (%v)", uri, found, err, list)
		}
		if err == nil { // put the first one back
			if _, err := e.srv.Policies.Put(t.Context(), live.Policy{XML: []byte(body["body"].(string))}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestATemplateThatCannotBeLoadedLeavesTheBuiltInPage(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{
		"not found": http.NotFound,
		"no place":  func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<p>hello</p>")) },
		"not HTML":  func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("\x89PNG\x00\x00")) },
		"huge": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(append([]byte(`<div id="api">`), make([]byte, 2<<20)...))
		},
		"broken off": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"private": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://169.254.169.254/latest/meta-data", http.StatusFound)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := start(t, nil)
			e.api.handle(answer)
			policy := e.asks(pageSpec{loadURI: e.api.server.URL + "/page.html"})
			u := e.user()
			u.authorize(policy, nil)
			if !strings.Contains(u.page, "self_asserted_container") || !strings.Contains(u.page, "content definition api.test could not be loaded") {
				t.Errorf("page = %s", excerpt(u.page))
			}
			u.pass(map[string]string{"nick": "Em"})
			u.redeem(policy)
		})
	}
}

// TestUsersDoNotSeeWhatIsWrongWithATemplate: that is for developers.
func TestUsersDoNotSeeWhatIsWrongWithATemplate(t *testing.T) {
	t.Parallel()
	e := start(t, func(c *server.Config) { c.Development, c.AdminToken = false, "" })
	e.api.handle(http.NotFound)
	policy := e.asks(pageSpec{loadURI: e.api.server.URL + "/page.html"})
	u := e.user()
	u.authorize(policy, nil)
	if !strings.Contains(u.page, "self_asserted_container") || strings.Contains(u.page, "could not be loaded") {
		t.Errorf("page = %s", excerpt(u.page))
	}
}

func TestScriptsRunOnlyWherePolicyAndLayoutAllow(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	e.api.serve(map[string]string{"/page.html": `<html><head><script src="https://cdn.example/x.js"></script></head><body onload="go()"><div id="api"></div></body></html>`})
	for _, c := range []struct {
		layout, behaviors string
		run               bool
	}{
		{"contract:selfasserted:2.1.26", allowScripts, true},
		{"contract:selfasserted:2.1.99", allowScripts, true},
		{"contract:selfasserted:2.1.26", "", false},
		{"contract:selfasserted:2.1.26", "<ScriptExecution>Disallow</ScriptExecution>", false},
		{"selfasserted:2.1.7", allowScripts, false},
	} {
		policy := e.asks(pageSpec{loadURI: e.api.server.URL + "/page.html", layout: c.layout, behaviors: c.behaviors})
		u := e.user()
		u.authorize(policy, nil)
		if got := strings.Contains(u.page, "cdn.example/x.js") && strings.Contains(u.page, `onload="go()"`); got != c.run {
			t.Errorf("%s %s: scripts = %v", c.layout, c.behaviors, got)
		}
		res, err := u.http.Get(u.pageURL)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		csp := res.Header.Get("Content-Security-Policy")
		if got := strings.Contains(csp, "script-src 'self' 'unsafe-inline'"); got != c.run || !strings.Contains(csp, "object-src 'none'; base-uri 'none'; frame-ancestors 'none'") {
			t.Errorf("%s %s: %s", c.layout, c.behaviors, csp)
		}
	}
}

func TestTheLayoutChoosesTheJQuery(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	for layout, want := range map[string]string{
		"selfasserted:1.1.0": "/static/jquery-1.12.4.min.js", "selfasserted:1.0.0": "/static/jquery-1.12.4.min.js",
		"contract:selfasserted:1.2.0": "/static/jquery-3.5.1.min.js", "contract:selfasserted:2.1.7": "/static/jquery-3.5.1.min.js",
	} {
		policy := e.asks(pageSpec{layout: layout})
		u := e.user()
		u.authorize(policy, nil)
		res, err := u.http.Get(e.base + want)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode == http.StatusNotFound {
			// Built without scripts/pages.sh: the page must say so.
			if !strings.Contains(u.page, "has no jQuery") {
				t.Errorf("%s: the page doesn't say that there is no jQuery", layout)
			}
			continue
		}
		if !strings.Contains(u.page, `<script src="`+want+`"`) || !strings.Contains(res.Header.Get("Cache-Control"), "immutable") || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/javascript") {
			t.Errorf("%s: no %s: %v", layout, want, res.Header)
		}
	}
}

func TestTheBuiltInFramesAreServed(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	u := e.user()
	for path, status := range map[string]int{
		"/static/tenant/templates/AzureBlue/unified.cshtml?slice=001-000&dc=JRN": 200, "/static/tenant/default/selfAsserted.cshtml": 200, "/static/tenant/templates/MSA/idpSelector.cshtml": 200,
		"/static/tenant/default/../../jquery.go": 404, "/static/jquery.go": 404, "/static/README.md": 404, "/static/tenant/default/unified": 200, "/static/": 404, "/static/tenant/x/unified.cshtml": 404,
	} {
		res, err := u.http.Get(e.base + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != status {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
	policy := e.asks(pageSpec{})
	u.authorize(policy, nil)
	if !strings.Contains(u.page, `"remoteResource":"`+e.base+`/static/tenant/default/selfAsserted.cshtml?slice=001-000\u0026dc=JRN"`) {
		t.Error("no remoteResource")
	}
}

// TestTheErrorPageHasItsTemplate: neither resolvers nor parameters go into its address.
func TestTheErrorPageHasItsTemplate(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	e.api.serve(map[string]string{"/{Culture:RFC5646}/error.html": plainTemplate})
	policy := e.asks(pageSpec{
		behaviors: `<ContentDefinitionParameters><Parameter Name="a">b</Parameter></ContentDefinitionParameters>`,
		content:   `</ContentDefinition><ContentDefinition Id="api.error"><LoadUri>` + e.api.server.URL + `/{Culture:RFC5646}/error.html</LoadUri><DataUri>urn:com:microsoft:aad:b2c:elements:contract:globalexception:1.2.1</DataUri>`,
	})
	u := e.user()
	u.get(e.base + "/" + tenant + "/" + policy + "/oauth2/v2.0/authorize?client_id=nobody&ui_locales=sv")
	calls := e.api.take()
	if len(calls) != 1 || calls[0].Path != "/%7BCulture:RFC5646%7D/error.html" {
		t.Errorf("calls = %+v", calls)
	}
	if !strings.Contains(u.page, `<header id="brand">`) || !strings.Contains(u.page, "error-page-correlationid") || !strings.Contains(u.page, `class="error-page-content"`) {
		t.Errorf("page = %s", u.page)
	}
}

func TestMetadataOfAContentDefinitionHasTheIntro(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	policy := e.asks(pageSpec{
		content: `</ContentDefinition><ContentDefinition Id="api.choose"><LoadUri>~/tenant/default/idpSelector.cshtml</LoadUri><DataUri>urn:com:microsoft:aad:b2c:elements:contract:providerselection:1.2.1</DataUri><Metadata><Item Key="language.intro">Pick one, please</Item></Metadata>`,
		steps: `<OrchestrationStep Order="1" Type="ClaimsProviderSelection" ContentDefinitionReferenceId="api.choose"><ClaimsProviderSelections DisplayOption="ShowSingleProvider"><ClaimsProviderSelection TargetClaimsExchangeId="AnotherExchange" /></ClaimsProviderSelections></OrchestrationStep>` +
			`<OrchestrationStep Order="2" Type="ClaimsExchange"><ClaimsExchanges><ClaimsExchange Id="AnotherExchange" TechnicalProfileReferenceId="Ask" /></ClaimsExchanges></OrchestrationStep>`,
	})
	u := e.user()
	u.authorize(policy, nil)
	if !strings.Contains(u.page, `<div class="intro"><p>Pick one, please</p></div>`) || !strings.Contains(u.page, `<li><button type="button" class="accountButton firstButton claims-provider-selection" id="AnotherExchange" role="link"`) {
		t.Errorf("page = %s", excerpt(u.page))
	}
}

func TestSettingsAreWrittenAsScriptsReadThem(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	for layout, oneLine := range map[string]bool{"contract:selfasserted:2.1.26": true, "selfasserted:1.1.0": false} {
		policy := e.asks(pageSpec{layout: layout, blocks: `<ClaimType Id="nick"><DisplayName>Nick</DisplayName><DataType>string</DataType><UserInputType>DropdownSingleSelect</UserInputType><Restriction><Enumeration Text="One &lt;/script&gt;" Value="1" /></Restriction></ClaimType>`})
		u := e.user()
		u.authorize(policy, nil)
		_, rest, ok := strings.Cut(u.page, `SETTINGS = {"remoteResource":`)
		line, _, _ := strings.Cut(rest, "\n")
		if !ok || strings.HasSuffix(line, "};") != oneLine {
			t.Errorf("%s: %s", layout, line)
		}
		if !oneLine && !strings.Contains(u.page, `"transId":"`+u.settings.TransID+"\",\n") {
			t.Error("the transaction doesn't end its line")
		}
		if !strings.Contains(u.page, `"csrf":"`+u.settings.CSRF+`"`) || !strings.Contains(u.page, `"DISP": "One \u003c/script\u003e"`) {
			t.Errorf("%s: %s", layout, u.page[:3000])
		}
	}
}

// TestTemplatesAreFetchedOnceForManyUsers: the bounds themselves are tested in package page.
func TestTemplatesAreFetchedOnceForManyUsers(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	e.api.handle(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "max-age=60")
		_, _ = w.Write([]byte(plainTemplate))
	})
	policy := e.asks(pageSpec{loadURI: e.api.server.URL + "/page.html"})
	for range 3 {
		e.user().authorize(policy, nil)
	}
	if calls := e.api.take(); len(calls) != 1 {
		t.Errorf("%d calls", len(calls))
	}
	e.clock.advance(61 * time.Second)
	e.user().authorize(policy, nil)
	if calls := e.api.take(); len(calls) != 1 {
		t.Errorf("after a minute: %d calls", len(calls))
	}
}

func TestAPageWithoutLayoutHasTheNewest(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	u := e.user()
	u.authorize(e.asks(pageSpec{layout: "none"}), nil)
	if got := u.settings.Config["layoutVersion"]; got != "2.1.26" || !strings.Contains(u.page, "nick_li") {
		t.Errorf("layout %q", got)
	}
}
