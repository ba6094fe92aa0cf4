package live_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/kinds"
	"journeyman.dev/internal/lint"
	"journeyman.dev/internal/policy"
)

// hostile is a policy file of the maximum size or larger, and its expected diagnostic.
type hostile struct {
	name string
	make func() []string // files; the second inherits from the first, and so on
	code diag.Code       // "" without fault
}

// fill repeats a piece, with its number in place of each #, until a file is full.
func fill(piece string) string {
	var b strings.Builder
	for i := 1; b.Len() < policy.MaxFileBytes-4096; i++ {
		b.WriteString(strings.NewReplacer("#-1", strconv.Itoa(i-1), "#+1", strconv.Itoa(i+1), "#", strconv.Itoa(i)).Replace(piece))
	}
	return b.String()
}

func policyFile(n int, body string) string {
	base := ""
	if n > 0 {
		base = fmt.Sprintf("<BasePolicy><TenantId>contoso.onmicrosoft.com</TenantId><PolicyId>B2C_1A_%d</PolicyId></BasePolicy>", n-1)
	}
	return fmt.Sprintf(`<TrustFrameworkPolicy xmlns="%s" PolicySchemaVersion="0.3.0.0" TenantId="contoso.onmicrosoft.com" PolicyId="B2C_1A_%d" PublicPolicyUri="http://x/">`, policy.Namespace, n) +
		base + body + "</TrustFrameworkPolicy>"
}

func profilesOf(body string) string {
	return "<ClaimsProviders><ClaimsProvider><TechnicalProfiles>" + body + "</TechnicalProfiles></ClaimsProvider></ClaimsProviders>"
}

const party = `<RelyingParty><DefaultUserJourney ReferenceId="J0" /><TechnicalProfile Id="P"><Protocol Name="OpenIdConnect" /></TechnicalProfile></RelyingParty>`

var hostiles = []hostile{
	{"an entity bomb", func() []string {
		return []string{`<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">` + fill(`<!ENTITY a# "&a;&a;&a;&a;&a;">`) + `]><TrustFrameworkPolicy>&a1;</TrustFrameworkPolicy>`}
	}, diag.NotWellFormed},
	{"100 MB", func() []string { return []string{strings.Repeat(" ", 100<<20)} }, diag.TooLarge},
	{"10000 technical profiles", func() []string {
		var b strings.Builder
		for i := range 10_000 {
			fmt.Fprintf(&b, `<TechnicalProfile Id="P%d"><IncludeTechnicalProfile ReferenceId="P0" /></TechnicalProfile>`, i+1)
		}
		return []string{policyFile(0, profilesOf(`<TechnicalProfile Id="P0" />`+b.String()))}
	}, ""},
	{"a chain of ten full files", func() []string {
		var files []string
		for n := range 10 {
			files = append(files, policyFile(n, profilesOf(fill(fmt.Sprintf(`<TechnicalProfile Id="P%d-#"><OutputClaims><OutputClaim ClaimTypeReferenceId="x" /></OutputClaims></TechnicalProfile>`, n)))))
		}
		return files
	}, diag.UndeclaredClaimType},
	{"eleven levels", func() []string {
		var files []string
		for n := range 11 {
			files = append(files, policyFile(n, ""))
		}
		return files
	}, diag.ChainTooLong},
	{"a circle of bases", func() []string {
		return []string{strings.Replace(policyFile(1, ""), "B2C_1A_0<", "B2C_1A_2<", 1), policyFile(2, "")}
	}, diag.BaseCycle},
	{"a chain of includes that each add", func() []string {
		return []string{policyFile(0, profilesOf(`<TechnicalProfile Id="P0" />`+
			fill(`<TechnicalProfile Id="P#"><Metadata><Item Key="k#">v</Item></Metadata><IncludeTechnicalProfile ReferenceId="P#-1" /></TechnicalProfile>`)))}
	}, diag.MergeTooLarge},
	{"a circle of includes", func() []string {
		return []string{policyFile(0, profilesOf(`<TechnicalProfile Id="A"><IncludeTechnicalProfile ReferenceId="B" /></TechnicalProfile><TechnicalProfile Id="B"><IncludeTechnicalProfile ReferenceId="A" /></TechnicalProfile>`))}
	}, diag.IncludeCycle},
	{"thousands of misspelt references", func() []string {
		return []string{policyFile(0, "<BuildingBlocks><ClaimsSchema>"+fill(`<ClaimType Id="claimtypenumber#"><DataType>string</DataType></ClaimType>`)+"</ClaimsSchema></BuildingBlocks>"),
			policyFile(1, profilesOf(`<TechnicalProfile Id="P"><OutputClaims>`+fill(`<OutputClaim ClaimTypeReferenceId="claimtypxnumber#" />`)+`</OutputClaims></TechnicalProfile>`))}
	}, diag.UndeclaredClaimType},
	{"thousands of unknown elements", func() []string { return []string{policyFile(0, fill(`<a/>`)[:200_000])} }, diag.UnknownElement},
	{"a deep tree", func() []string { return []string{policyFile(0, strings.Repeat("<a>", 300_000))} }, diag.NotWellFormed},
	{"many elements", func() []string { return []string{policyFile(0, fill(`<a/>`))} }, diag.NotWellFormed},
	{"many attributes", func() []string {
		return []string{policyFile(0, `<BuildingBlocks `+fill(` a#=""`)+`/>`)}
	}, diag.NotWellFormed},
	{"a text in many pieces", func() []string {
		return []string{policyFile(0, profilesOf(`<TechnicalProfile Id="P"><DisplayName>`+fill(`a<!---->`)+`</DisplayName></TechnicalProfile>`))}
	}, ""},
	{"sub journeys that call each other", func() []string {
		return []string{policyFile(0, `<UserJourneys><UserJourney Id="J0"><OrchestrationSteps><OrchestrationStep Order="1" Type="SendClaims" /></OrchestrationSteps></UserJourney></UserJourneys><SubJourneys>`+
			fill(`<SubJourney Id="S#" Type="Call"><OrchestrationSteps><OrchestrationStep Order="1" Type="InvokeSubJourney"><JourneyList><Candidate SubJourneyReferenceId="S#+1" /></JourneyList></OrchestrationStep></OrchestrationSteps></SubJourney>`)+
			`</SubJourneys>`+party)}
	}, diag.UndeclaredSubJourney},
	{"a journey of many steps", func() []string {
		return []string{policyFile(0, profilesOf(`<TechnicalProfile Id="P"><Protocol Name="None" /></TechnicalProfile>`)+`<UserJourneys><UserJourney Id="J0"><OrchestrationSteps>`+
			fill(`<OrchestrationStep Order="#" Type="ClaimsExchange"><ClaimsExchanges><ClaimsExchange Id="X#" TechnicalProfileReferenceId="P" /></ClaimsExchanges></OrchestrationStep>`)+
			`</OrchestrationSteps></UserJourney></UserJourneys>`+party)}
	}, diag.NoSendClaims},
}

// No content can make reading a file take long or much memory: each of these would run for minutes, or out of
// memory, if a cost grew with the square of the size.
func TestHostilePoliciesAreRefusedClearly(t *testing.T) {
	t.Parallel()
	for i, h := range hostiles {
		if i%stride != 0 {
			continue
		}
		t.Run(h.name, func(t *testing.T) {
			t.Parallel()
			var files []lint.File
			for i, src := range h.make() {
				files = append(files, lint.File{Path: fmt.Sprintf("%d.xml", i), Source: []byte(src), Base: true})
			}
			files[len(files)-1].Base = false
			list := lint.Check(files, kinds.Offline())
			told := h.code == "" && !list.HasErrors()
			for _, d := range list {
				told = told || d.Code == h.code && d.Hint != ""
			}
			if !told {
				t.Errorf("%s isn't told: %v", h.code, list[:min(len(list), 3)])
			}
			if len(list) > 2000*len(files) {
				t.Errorf("%d diagnostics", len(list))
			}
		})
	}
}
