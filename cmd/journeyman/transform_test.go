package main

import (
	"bytes"
	"strings"
	"testing"

	"journeyman.dev/internal/claims/transform"
)

func TestTryingATransformation(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args string // with | between
		code int
		out  string
		err  string
	}{
		{"FormatStringClaim|--in|inputClaim=x|--param|stringFormat=user {0}@{RelyingPartyTenantId}", 0, "outputClaim = user x@contoso.onmicrosoft.com\n", ""},
		{"additemtostringcollection|--in|item=c|--in|collection=a,b|--json", 0, `{"collection":["a","b","c"]}` + "\n", ""},
		{"GetClaimFromJson|--in|inputJson={\"a\":\"1=2\"}|--param|claimToExtract=a", 0, "extractedClaim = 1=2\n", ""},
		{"AssertStringClaimsAreEqual|--in|inputClaim1=a|--in|inputClaim2=b|--param|stringComparison=ordinal", 1, "assertion failed: UserMessageIfClaimsTransformationStringsAreNotEqual", ""},
		{"ChangeCase|--in|inputClaim1=a", 1, "", "toCase (text)"},
		{"ChangeCase|--in|inputClaim1:int=a|--param|toCase=UPPER", 1, "", "inputClaim1 is no int"},
		{"StringSplt|--in|a=b", 1, "", `did you mean "StringSplit"?`},
		{"Hash|--in|plaintext=p|--in|salt=s|--param|randomizerSecret=B2C_1A_x", 1, "", "--secret"},
		{"ChangeCase|--in|nothing", 1, "", "isn't NAME=VALUE"},
		{"GetLocalizedStringsTransformation|--text|a=A", 0, "", ""},
	} {
		var out, errs bytes.Buffer
		code := run(t.Context(), append([]string{"policy", "transform"}, strings.Split(test.args, "|")...), streams{&out, &errs})
		if code != test.code || !strings.Contains(out.String(), test.out) || !strings.Contains(errs.String(), test.err) {
			t.Errorf("%s: exit %d\n%s%s", test.args, code, out.String(), errs.String())
		}
	}
	var out bytes.Buffer
	if run(t.Context(), []string{"policy", "transform"}, streams{&out, &out}) != 0 || strings.Count(out.String(), "\n") != len(transform.Methods()) {
		t.Errorf("%s", out.String())
	}
	for _, name := range transform.Methods() {
		if text, ok := transform.Describe(name); !ok || !strings.HasPrefix(text, name+"\n") {
			t.Errorf("%s: %q", name, text)
		}
	}
}
