package test

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"journeyman.dev/internal/needtest"
)

// caseEnv is a server with the starter pack and one of the cases beside the project, changed.
func caseEnv(t *testing.T, name string, change func(e *env, xml string) string) *env {
	t.Helper()
	folder := needtest.Folder(t, needtest.Corpus, filepath.Join("..", "..", "shared", "cases"))
	b, err := os.ReadFile(filepath.Join(folder, name, "policy.xml"))
	if err != nil {
		t.Fatal(err)
	}
	e := start(t, nil)
	e.upload(starterPack(t), "TrustFrameworkBase", "TrustFrameworkLocalization", "TrustFrameworkExtensions")
	xml := strings.ReplaceAll(string(b), "yourtenant.onmicrosoft.com", tenant)
	if change != nil {
		xml = change(e, xml)
	}
	e.put(xml)
	return e
}

func TestCaseAppleWalkthrough(t *testing.T) {
	t.Parallel()
	var p *scriptedProvider
	e := caseEnv(t, "apple-walkthrough", func(e *env, xml string) string {
		p = newProvider(t, e)
		p.claims = map[string]any{"sub": "apple1", "email": "ann@example.com"}
		return strings.NewReplacer("https://appleid.example/auth", p.url+"/authorize", "https://appleid.example", p.url).Replace(xml)
	})
	u := e.user()
	u.authorize("B2C_1A_ap", nil)
	p.back(u, url.Values{"user": {`{"name":{"firstName":"Ann","lastName":"Apple"},"email":"ann@example.com"}`}})
	_, payload := decode(t, u.redeem("B2C_1A_ap").IDToken)
	got := map[string]any{}
	for _, name := range []string{"issuerUserId", "given_name", "family_name", "email"} {
		got[name] = payload[name]
	}
	if diff := cmp.Diff(map[string]any{"issuerUserId": "apple1", "given_name": "Ann", "family_name": "Apple", "email": "ann@example.com"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestCaseCombinedPageRendersTwoClaimsOnly(t *testing.T) {
	t.Parallel()
	e := caseEnv(t, "combined-page-renders-two-claims-only", nil)
	u := e.user()
	u.authorize("B2C_1A_third", nil)
	if diff := cmp.Diff([]string{"signInName", "password"}, shownInputs(u.page)); diff != "" {
		t.Error(diff)
	}
}

func TestCaseLoginHintOnCombinedPageWithoutFlag(t *testing.T) {
	t.Parallel()
	e := caseEnv(t, "login-hint-on-combined-page-without-flag", nil)
	for _, hint := range []string{"", "ann@example.com"} {
		u := e.user()
		u.authorize("B2C_1A_lhint", map[string]string{"login_hint": hint})
		if i := strings.Index(u.page, `id="signInName"`); i < 0 || !strings.Contains(u.page[i:i+300], `value="`+hint+`"`) || strings.Contains(u.page, "{OIDC") {
			t.Errorf("%q:\n%s", hint, excerpt(u.page))
		}
	}
}
