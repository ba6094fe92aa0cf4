package msgraph

import "testing"

func TestTheTenantsObjectIDIsWrittenIntoTheRootElementAlone(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string][2]string{
		"a root without": {`<TrustFrameworkPolicy PolicyId="a">`, `<TrustFrameworkPolicy TenantObjectId="T" PolicyId="a">`},
		"a comment that looks like it": {`<!-- <TrustFrameworkPolicy PolicyId="b"> --><TrustFrameworkPolicy PolicyId="a"/>`,
			`<!-- <TrustFrameworkPolicy PolicyId="b"> --><TrustFrameworkPolicy TenantObjectId="T" PolicyId="a"/>`},
		"an end of tag in a value":   {"<TrustFrameworkPolicy\n a=\"x > y\" TenantObjectId=\"U\">", "<TrustFrameworkPolicy\n a=\"x > y\" TenantObjectId=\"U\">"},
		"a root with":                {`<TrustFrameworkPolicy TenantObjectId="U">`, `<TrustFrameworkPolicy TenantObjectId="U">`},
		"a byte order mark":          {"\ufeff<?xml version=\"1.0\" encoding=\"utf-8\"?><TrustFrameworkPolicy>", "\ufeff<?xml version=\"1.0\" encoding=\"utf-8\"?><TrustFrameworkPolicy TenantObjectId=\"T\">"},
		"an element of another name": {`<p:TrustFrameworkPolicy>`, `<p:TrustFrameworkPolicy TenantObjectId="T">`},
		"no element":                 {`text`, `text`},
	} {
		if got := string(withTenantObjectID([]byte(tt[0]), "T")); got != tt[1] {
			t.Errorf("%s: got %s, want %s", name, got, tt[1])
		}
	}
}
