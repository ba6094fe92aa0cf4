package test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const signUpSignIn = "B2C_1A_signup_signin"

func TestWalkthroughSignUpEnrichesTheToken(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	e.upload(enriched(t, e.api.server.URL+"/api/GetProfile"))
	u := e.user()
	u.authorize(signUpSignIn, nil)
	if !strings.Contains(u.page, `data-name="Unified"`) {
		t.Fatalf("no sign-in page:\n%s", excerpt(u.page))
	}
	u.navigate("/api/CombinedSigninAndSignup/unified?local=signup")
	u.verify("email", "emily@example.com")
	u.pass(map[string]string{"email": "emily@example.com", "newPassword": password, "reenterPassword": password, "displayName": "Emily Smith", "givenName": "Emily", "surname": "Smith"})
	got := u.redeem(signUpSignIn)
	header, payload := decode(t, got.IDToken)
	if want := []string{"alg", "kid", "typ"}; !slices.Equal(slices.Sorted(maps.Keys(header)), want) {
		t.Errorf("header = %v", header)
	}
	sub, _ := payload["sub"].(string)
	calls := e.api.take()
	if len(calls) != 1 || calls[0].Method != "POST" || calls[0].Path != "/api/GetProfile" || calls[0].Body != `{"objectId":"`+sub+`","lang":"1033"}` {
		t.Errorf("calls = %+v", calls)
	}
	for _, name := range []string{"exp", "nbf", "iat", "auth_time"} {
		if _, ok := payload[name].(float64); !ok {
			t.Errorf("%s = %v, want a number", name, payload[name])
		}
		delete(payload, name)
	}
	want := map[string]any{
		"ver": "1.0", "iss": e.srv.URL() + "/" + e.srv.TenantID + "/v2.0/", "sub": sub, "aud": e.spa.AppID, "acr": "b2c_1a_signup_signin", "nonce": "defaultNonce",
		"name": "Emily Smith", "given_name": "Emily", "family_name": "Smith", "email": "emily@example.com", "tid": e.srv.TenantID, "balance": "760.50",
	}
	if diff := cmp.Diff(want, payload); diff != "" {
		t.Errorf("payload (-want +got):\n%s", diff)
	}
}
