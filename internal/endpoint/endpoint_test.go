package endpoint_test

import (
	"errors"
	"net/url"
	"testing"

	"journeyman.dev/internal/endpoint"
)

func TestAnAddressNamesTenantPolicyAndPath(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]endpoint.Endpoint{
		"/contoso/B2C_1A_x/oauth2/v2.0/token":       {Tenant: "contoso", Policy: "B2C_1A_x", Path: "oauth2/v2.0/token"},
		"/TFP/contoso/B2C_1A_x/OAuth2/v2.0/Token/":  {Prefix: "TFP", Tenant: "contoso", Policy: "B2C_1A_x", Path: "oauth2/v2.0/token"},
		"/te/contoso/x/v2.0/":                       {Prefix: "te", Tenant: "contoso", Policy: "x", Path: "v2.0"},
		"/contoso/oauth2/v2.0/token?p=B2C_1A_x":     {Tenant: "contoso", Policy: "B2C_1A_x", InQuery: true, Path: "oauth2/v2.0/token"},
		"/contoso/b2c_1a_X/v2.0/keys?p=B2C_1A_x":    {Tenant: "contoso", Policy: "b2c_1a_X", Path: "v2.0/keys"},
		"/contoso/Discovery/v2.0/keys":              {Tenant: "contoso", Path: "discovery/v2.0/keys"},
		"/contoso/.well-known/openid-configuration": {Tenant: "contoso", Path: ".well-known/openid-configuration"},
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok, err := endpoint.Parse(u); got != want || !ok || err != nil {
			t.Errorf("%s: %+v, %v, %v, want %+v", address, got, ok, err, want)
		}
	}
	for _, address := range []string{"/", "", "/contoso", "/tfp/contoso", "//x"} {
		if got, ok, err := endpoint.Parse(&url.URL{Path: address}); ok || err != nil {
			t.Errorf("%s: %+v, %v", address, got, err)
		}
	}
	conflict := &url.URL{Path: "/contoso/B2C_1A_x/oauth2/v2.0/token", RawQuery: "p=B2C_1A_y"}
	if _, ok, err := endpoint.Parse(conflict); !ok || !errors.Is(err, endpoint.ErrConflict) {
		t.Errorf("two policies: %v, %v", ok, err)
	}
}

func TestTheNextAddressIsWrittenLikeTheRequests(t *testing.T) {
	t.Parallel()
	const base = "https://login.example"
	for _, c := range []struct {
		name string
		of   endpoint.Endpoint
		want string
	}{
		{"in the path", endpoint.Endpoint{Tenant: "contoso", Policy: "B2C_1A_X"}, "/contoso/b2c_1a_x/oauth2/v2.0/token"},
		{"with a prefix", endpoint.Endpoint{Prefix: "tfp", Tenant: "contoso", Policy: "B2C_1A_X"}, "/tfp/contoso/b2c_1a_x/oauth2/v2.0/token"},
		{"in the query", endpoint.Endpoint{Tenant: "contoso", Policy: "B2C_1A_X", InQuery: true}, "/contoso/oauth2/v2.0/token?p=b2c_1a_x"},
		{"without a policy", endpoint.Endpoint{Tenant: "contoso"}, "/contoso/oauth2/v2.0/token"},
		{"escaped", endpoint.Endpoint{Tenant: "a b", Policy: "c/d"}, "/a%20b/c%2Fd/oauth2/v2.0/token"},
	} {
		if got := c.of.URL(base, "oauth2/v2.0/token"); got != base+c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}
