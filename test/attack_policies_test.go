package test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"
)

const policyHead = `<TrustFrameworkPolicy xmlns="http://schemas.microsoft.com/online/cpim/schemas/2013/06" PolicySchemaVersion="0.3.0.0" TenantId="` + tenant + `" PolicyId="%s" PublicPolicyUri="http://` + tenant + `/%[1]s">`

func policyOn(id, base, content string) string {
	text := fmt.Sprintf(policyHead, id)
	if base != "" {
		text += `<BasePolicy><TenantId>` + tenant + `</TenantId><PolicyId>` + base + `</PolicyId></BasePolicy>`
	}
	return text + content + `</TrustFrameworkPolicy>`
}

// repeated is a body of any size that takes no memory.
type repeated struct {
	head, part string
	n          int
	left       string
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.left == "" {
		switch {
		case r.head != "":
			r.left, r.head = r.head, ""
		case r.n > 0:
			r.left = r.part
			r.n--
		default:
			return 0, io.EOF
		}
	}
	n := copy(p, r.left)
	r.left = r.left[n:]
	return n, nil
}

// Uploads that would take all memory, or run for ever: refused in bounded time and
// memory, with an error that says why; the server serves on. It looks at the memory of
// the process, so it runs beside no other test.
func TestHostileUploads(t *testing.T) {
	e := start(t, nil)
	put := func(id string, body io.Reader) (int, string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodPut, e.srv.AdminURL()+"/graph/beta/trustFramework/policies/"+id+"/$value", body)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer admin-token")
		req.Header.Set("Content-Type", "application/xml")
		res, err := e.client(nil).Do(req)
		if err != nil {
			t.Fatalf("%s: %v", id, err)
		}
		defer func() { _ = res.Body.Close() }()
		text, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(text)
	}
	entities := `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">`
	for i := 'b'; i <= 'z'; i++ {
		entities += fmt.Sprintf(`<!ENTITY %c "%s">`, i, strings.Repeat(fmt.Sprintf("&%c;", i-1), 10))
	}
	head := fmt.Sprintf(policyHead, "B2C_1A_Bomb")
	tests := []struct {
		name   string
		id     string
		body   func() io.Reader
		status int
		want   string // in the answer
	}{
		{"an entity bomb", "B2C_1A_Bomb", func() io.Reader {
			return strings.NewReader(entities + "]>" + strings.Replace(policyOn("B2C_1A_Bomb", "", ""), "><", ">&z;<", 1))
		}, 400, "JM"},
		{"an external entity", "B2C_1A_Bomb", func() io.Reader {
			return strings.NewReader(`<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>` + strings.Replace(policyOn("B2C_1A_Bomb", "", ""), "><", ">&x;<", 1))
		}, 400, "JM"},
		{"100 MB", "B2C_1A_Bomb", func() io.Reader {
			return &repeated{head: head, part: "<!-- " + strings.Repeat("x", 1<<20) + " -->", n: 100}
		}, 413, "larger"},
		{"100 MB of one attribute", "B2C_1A_Bomb", func() io.Reader {
			return &repeated{head: strings.TrimSuffix(head, ">") + ` x="`, part: strings.Repeat("x", 1<<20), n: 100}
		}, 413, "larger"},
		{"a hundred thousand levels", "B2C_1A_Bomb", func() io.Reader {
			return strings.NewReader(policyOn("B2C_1A_Bomb", "", strings.Repeat("<BuildingBlocks>", 100_000)+strings.Repeat("</BuildingBlocks>", 100_000)))
		}, 400, "JM"},
		{"a base that is itself", "B2C_1A_Loop", func() io.Reader { return strings.NewReader(policyOn("B2C_1A_Loop", "B2C_1A_Loop", "")) }, 400, "JM"},
		{"bytes that are no XML", "B2C_1A_Bomb", func() io.Reader { return bytes.NewReader(bytes.Repeat([]byte{0xff, 0x00, '<'}, 1000)) }, 400, "JM"},
	}
	for _, tt := range tests {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		begun := time.Now()
		status, text := put(tt.id, tt.body())
		took := time.Since(begun)
		runtime.ReadMemStats(&after)
		if status != tt.status || !strings.Contains(text, tt.want) || len(text) > 1<<20 || strings.Contains(text, "root:") {
			t.Errorf("%s: status %d, %d bytes: %.500s", tt.name, status, len(text), text)
		}
		if taken := (after.TotalAlloc - before.TotalAlloc) >> 20; taken > 200 || took > 20*time.Second {
			t.Errorf("%s took %d MB and %v", tt.name, taken, took)
		}
	}

	// A cycle of bases needs two uploads.
	if status, text := put("B2C_1A_First", strings.NewReader(policyOn("B2C_1A_First", "", ""))); status != 201 {
		t.Fatalf("%d %s", status, text)
	}
	if status, text := put("B2C_1A_Second", strings.NewReader(policyOn("B2C_1A_Second", "B2C_1A_First", ""))); status != 201 {
		t.Fatalf("%d %s", status, text)
	}
	if status, text := put("B2C_1A_First", strings.NewReader(policyOn("B2C_1A_First", "B2C_1A_Second", ""))); status != 400 || !strings.Contains(text, "JM") {
		t.Errorf("a cycle of bases: %d %s", status, text)
	}

	// 10,000 technical profiles are allowed, and so is that each includes the one before;
	// neither takes for ever.
	for name, chained := range map[string]bool{"10,000 technical profiles": false, "10,000 technical profiles in a chain": true} {
		var b strings.Builder
		b.WriteString(`<BuildingBlocks><ClaimsSchema><ClaimType Id="c"><DataType>string</DataType></ClaimType></ClaimsSchema></BuildingBlocks><ClaimsProviders><ClaimsProvider><DisplayName>many</DisplayName><TechnicalProfiles>`)
		for i := range 10_000 {
			include := "<DisplayName/>"
			if chained && i > 0 {
				include = fmt.Sprintf(`<IncludeTechnicalProfile ReferenceId="%x"/>`, i-1)
			}
			fmt.Fprintf(&b, `<TechnicalProfile Id="%x">%s</TechnicalProfile>`, i, include)
		}
		b.WriteString(`</TechnicalProfiles></ClaimsProvider></ClaimsProviders>`)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		begun := time.Now()
		status, text := put("B2C_1A_Many", strings.NewReader(policyOn("B2C_1A_Many", "", b.String())))
		took := time.Since(begun)
		runtime.ReadMemStats(&after)
		if !chained && status >= 300 || status >= 500 || len(text) > 20<<20 {
			t.Errorf("%s: status %d: %.500s", name, status, text)
		}
		if taken := (after.TotalAlloc - before.TotalAlloc) >> 20; taken > 2000 || took > 20*time.Second {
			t.Errorf("%s took %d MB and %v", name, taken, took)
		}
		t.Logf("%s: status %d in %v, %d MB", name, status, took, (after.TotalAlloc-before.TotalAlloc)>>20)
	}
	if status, _ := put("B2C_1A_Fine", strings.NewReader(policyOn("B2C_1A_Fine", "", ""))); status != 201 {
		t.Errorf("afterwards: %d", status)
	}
}

// Regular expressions of a policy may backtrack; what a user enters is matched for a
// bounded time, and the page says what it says of any wrong value. Others aren't held up.
func TestExpressionsThatBacktrack(t *testing.T) {
	t.Parallel()
	e := start(t, nil)
	extension := `<BuildingBlocks><ClaimsSchema>
	<ClaimType Id="plain"><DisplayName>Plain</DisplayName><DataType>string</DataType><UserInputType>TextBox</UserInputType><Restriction><Pattern RegularExpression="^(a+)+$" HelpText="Letters only." /></Restriction></ClaimType>
	<ClaimType Id="judged"><DisplayName>Judged</DisplayName><DataType>string</DataType><UserInputType>TextBox</UserInputType><PredicateValidationReference Id="Slow" /></ClaimType>
	</ClaimsSchema><Predicates><Predicate Id="Slow" Method="MatchesRegex" HelpText="Not like that."><Parameters><Parameter Id="RegularExpression">^(([a-z])+.)+[A-Z]([a-z])+$</Parameter></Parameters></Predicate></Predicates>
	<PredicateValidations><PredicateValidation Id="Slow"><PredicateGroups><PredicateGroup Id="g"><UserHelpText>Not like that.</UserHelpText><PredicateReferences MatchAtLeast="1"><PredicateReference Id="Slow" /></PredicateReferences></PredicateGroup></PredicateGroups></PredicateValidation></PredicateValidations></BuildingBlocks>
	<ClaimsProviders><ClaimsProvider><DisplayName>t</DisplayName><TechnicalProfiles><TechnicalProfile Id="Page"><DisplayName>p</DisplayName>
	<Protocol Name="Proprietary" Handler="Web.TPEngine.Providers.SelfAssertedAttributeProvider, Web.TPEngine, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null" /><Metadata><Item Key="ContentDefinitionReferenceId">api.profile</Item></Metadata>
	<OutputClaims><OutputClaim ClaimTypeReferenceId="plain" /><OutputClaim ClaimTypeReferenceId="judged" /></OutputClaims></TechnicalProfile></TechnicalProfiles></ClaimsProvider></ClaimsProviders>
	<UserJourneys><UserJourney Id="J"><OrchestrationSteps>` + step(1, "Page", "") + `<OrchestrationStep Order="2" ` + sendClaims + `</OrchestrationSteps></UserJourney></UserJourneys>`
	policy := e.own(extension, relyingParty("J", "", "plain", "judged"))
	u := e.user()
	u.authorize(policy, nil)
	evil := strings.Repeat("a", 5000) + "!"
	begun := time.Now()
	for claim, message := range map[string]string{"plain": "Letters only.", "judged": "Not like that."} {
		r := u.submit(map[string]string{claim: evil})
		if r.Status != "400" || !strings.Contains(r.Message, message) || strings.Contains(r.Message, "aaaa") {
			t.Errorf("%s: %.300s", claim, fmt.Sprint(r))
		}
	}
	if took := time.Since(begun); took > 15*time.Second {
		t.Errorf("two posts took %v", took)
	}
	u.pass(map[string]string{"plain": "aaa", "judged": "ab cdDe"})
}
