package policies

import (
	"strings"
	"testing"
)

func TestAPolicysIDIsTheRootElementsOwn(t *testing.T) {
	t.Parallel()
	file := `<!-- PolicyId="B2C_1A_Comment" --><TrustFrameworkPolicy xmlns="http://schemas.microsoft.com/online/cpim/schemas/2013/06" PolicySchemaVersion="0.3.0.0" TenantId="t.example" PolicyId="B2C_1A_Own" PublicPolicyUri="http://t.example/own" />`
	if got := policyID([]byte(file)); got != "B2C_1A_Own" {
		t.Errorf("got %q", got)
	}
	if got := policyID([]byte("no XML")); got != "" {
		t.Errorf("got %q", got)
	}
}

func TestAListThatIsTooLongForAHeaderIsCounted(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		list []string
		want string
	}{
		{"one", []string{"a"}, `["a"]`},
		{"text that isn't ASCII", []string{"é€𝄞<"}, `["\u00e9\u20ac\ud834\udd1e\u003c"]`},
		{"too long", []string{"a", strings.Repeat("b", maxHeader), "c"}, `["a",{"more":2}]`},
		{"all too long", []string{strings.Repeat("b", maxHeader)}, `[{"more":1}]`},
	} {
		if got, err := headerJSON(tt.list); err != nil || got != tt.want {
			t.Errorf("%s: got %s, %v, want %s", tt.name, got, err, tt.want)
		}
	}
}
