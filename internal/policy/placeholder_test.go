package policy

import (
	"strings"
	"testing"
)

// The quick look for marks decides as the expression does.
func TestNoFormOfAPlaceholderIsOverlooked(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"{Settings:Tenant}", "a{}b", "#{Tenant}", "{{ .Values.tenant }}", "$(Tenant)", "__Tenant__", "x__a_b__y", "@tenant@", "%TENANT%", "##tenant##",
		"YOUR-tenant", "Your_Tenant_Name", "yourtenantname",
	} {
		if !Placeholder(text) {
			t.Errorf("%q is a placeholder", text)
		}
	}
	for _, text := range []string{"", "email", "extension_loyaltyId", "SelfAsserted-Social", "ada@example.com", "100 %", "$5", "#1", "your name", "y", "B2C_1A_x", "a__b"} {
		if Placeholder(text) {
			t.Errorf("%q is no placeholder", text)
		}
	}
	// Every text of up to three of these pieces.
	pieces := []string{"{", "}", "$(", ")", "__", "_", "@", "%", "##", "#", "your", "YOUR", "tenant", "-", "a", " "}
	var all func(text string, left int)
	all = func(text string, left int) {
		if got, want := Placeholder(text), placeholders.MatchString(text); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
		if left > 0 && strings.Count(text, " ") < 2 {
			for _, piece := range pieces {
				all(text+piece, left-1)
			}
		}
	}
	all("", 3)
}

func BenchmarkPlaceholder(b *testing.B) {
	for b.Loop() {
		Placeholder("SelfAsserted-LocalAccountSignin-Email_y")
	}
}
