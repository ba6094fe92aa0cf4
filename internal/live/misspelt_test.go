package live_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/kinds"
	"journeyman.dev/internal/lint"
)

var comment = regexp.MustCompile(`(?s)<!--.*?-->`)

// pack is a starter pack for planted faults, with its findings without any.
type pack struct {
	files    []lint.File
	baseline map[string]bool
}

func loadPack(t testing.TB) *pack {
	t.Helper()
	p := &pack{files: readCorpus(t, corpus(t, "starterpack", usualPack), false)}
	for i := range p.files {
		p.files[i].Path, p.files[i].Found = filepath.Base(p.files[i].Path), false
	}
	p.rebase(t)
	return p
}

// rebase stores the findings of the unchanged pack.
func (p *pack) rebase(t testing.TB) {
	t.Helper()
	p.baseline = make(map[string]bool)
	for _, d := range lint.Check(p.files, kinds.Offline()) {
		if d.Severity == diag.Error {
			t.Fatalf("the pack itself: %v", d)
		}
		p.baseline[finding(d)] = true
	}
}

// finding identifies a finding even if lines have moved.
func finding(d diag.Diagnostic) string {
	return fmt.Sprintf("%s %s %s", d.Position.File, d.Code, d.Message)
}

// plant lints the pack with one changed file and returns the new findings.
func (p *pack) plant(file int, src []byte) diag.List {
	files := slices.Clone(p.files)
	files[file].Source = src
	return slices.DeleteFunc(lint.Check(files, kinds.Offline()), func(d diag.Diagnostic) bool { return p.baseline[finding(d)] })
}

func line(src []byte, offset int) int { return 1 + bytes.Count(src[:offset], []byte("\n")) }

// misspell inserts a letter in the middle of a word.
func misspell(word string) string { return word[:len(word)/2] + "x" + word[len(word)/2:] }

// wants is the expected finding of a fault.
type wants struct {
	code     diag.Code
	severity diag.Severity
	file     string
	line     int
	hint     string // part of it, letter case aside
}

func (w wants) check(t *testing.T, what string, list diag.List) {
	t.Helper()
	ok := len(list) == 1
	if ok {
		d := list[0]
		ok = (w.code == "" || d.Code == w.code) && d.Severity == w.severity && d.Position.File == w.file && d.Position.Line == w.line &&
			d.Hint != "" && strings.Contains(strings.ToLower(d.Hint), strings.ToLower(w.hint))
	}
	if ok {
		return
	}
	t.Errorf("%s:%d: %s: want %s %s with the hint %q alone, got", w.file, w.line, what, w.severity, w.code, w.hint)
	for _, d := range list {
		t.Errorf("\t%s", d)
	}
}

// sweep misspells the last group of an expression's matches, once for each text of the group before it in a
// file, or with every at each match.
type sweep struct {
	name       string
	expression *regexp.Regexp
	every      bool
	severity   diag.Severity
	codes      []diag.Code // one of them
	least      int         // minimum number in the pack
}

// lenient are words for which B2C seems to accept any spelling: client definitions, and parameters that a
// method doesn't require.
var lenient = []string{"DefaultWeb", "AssertIfEqualTo", "AssertIfRightOperandIsNotPresent", "TreatAsEqualIfWithinMillseconds"}

var sweeps = []sweep{
	// The references don't include StorageReferenceId, because a tenant's keys are unknown offline, nor
	// IpAddressClaimReferenceId, because the pack itself names an undeclared claim there.
	{name: "references", every: true, severity: diag.Error, least: 190, expression: regexp.MustCompile(
		`\s(ClaimTypeReferenceId|TechnicalProfileReferenceId|CpimIssuerTechnicalProfileReferenceId|ContentDefinitionReferenceId|LocalizedResourcesReferenceId|UserJourneyReferenceId|TargetClaimsExchangeId|ValidationClaimsExchangeId|ReferenceId)="([^"]+)"`)},
	{name: "claims of preconditions", every: true, severity: diag.Error, codes: []diag.Code{diag.UndeclaredClaimType}, least: 7,
		expression: regexp.MustCompile(`<(Precondition)\s[^>]*>\s*<Value>([^<]+)</Value>`)},
	{name: "content definitions in metadata", every: true, severity: diag.Error, codes: []diag.Code{diag.UndeclaredContent}, least: 6,
		expression: regexp.MustCompile(`<Item Key="(ContentDefinitionReferenceId)">([^<]+)</Item>`)},
	// B2C accepts any names in metadata and looks for them at run time.
	{name: "references in metadata", every: true, severity: diag.Warning, codes: []diag.Code{diag.NotInPolicy}, least: 2,
		expression: regexp.MustCompile(`<Item Key="(SignUpTarget|issuer_refresh_token_user_identity_claim_type)">([^<]+)</Item>`)},
	{name: "bases", every: true, severity: diag.Error, codes: []diag.Code{diag.MissingBase}, least: 5,
		expression: regexp.MustCompile(`<BasePolicy>\s*<TenantId>[^<]*</(TenantId)>\s*<PolicyId>([^<]+)</PolicyId>`)},
	{name: "subjects", every: true, severity: diag.Error, codes: []diag.Code{diag.UnknownSubject}, least: 3,
		expression: regexp.MustCompile(`<(SubjectNamingInfo) ClaimType="([^"]+)"`)},
	{name: "attributes", severity: diag.Error, codes: []diag.Code{diag.MisspeltAttribute}, least: 50,
		expression: regexp.MustCompile(`(<[A-Za-z]+\s(?:[^<>"]|"[^"]*")*?(\b[A-Z][A-Za-z]+))="`)},
	{name: "data types", every: true, severity: diag.Error, codes: []diag.Code{diag.IllegalValue}, least: 30,
		expression: regexp.MustCompile(`<(DataType)>([^<]+)<`)},
	{name: "input types", every: true, severity: diag.Error, codes: []diag.Code{diag.IllegalValue}, least: 5,
		expression: regexp.MustCompile(`<(UserInputType)>([^<]+)<`)},
	{name: "legal values", severity: diag.Error, codes: []diag.Code{diag.IllegalValue}, least: 15,
		expression: regexp.MustCompile(`(\s(?:Type|MergeBehavior|ExecuteActionsIf|Required|AlwaysUseDefaultValue|DataType|Protocol Name)="([^"]+)")`)},
	{name: "token formats and flags", severity: diag.Error, codes: []diag.Code{diag.IllegalValue}, least: 2,
		expression: regexp.MustCompile(`(<(?:OutputTokenFormat|IncludeInSso|Action)>([^<]+)<)`)},
	{name: "handlers", every: true, severity: diag.Error, codes: []diag.Code{diag.UnknownHandler}, least: 8,
		expression: regexp.MustCompile(`(Handler)="Web\.TPEngine\.[A-Za-z]+\.([A-Za-z]+),`)},
	{name: "methods", every: true, severity: diag.Error, codes: []diag.Code{diag.UnknownMethod}, least: 7,
		expression: regexp.MustCompile(`(TransformationMethod)="([^"]+)"`)},
	{name: "input roles", every: true, severity: diag.Error, codes: []diag.Code{diag.UnexpectedRole}, least: 10,
		expression: regexp.MustCompile(`(TransformationClaimType)="([^"]+)"`)},
	{name: "parameters", every: true, severity: diag.Error, codes: []diag.Code{diag.MissingParameter, diag.UnexpectedParameter}, least: 7,
		expression: regexp.MustCompile(`<(InputParameter) Id="([^"]+)"`)},
	{name: "cryptographic keys", every: true, severity: diag.Error, codes: []diag.Code{diag.MisspeltKey}, least: 2,
		expression: regexp.MustCompile(`(Key) Id="(client_secret|issuer_refresh_token_key)"`)},
	{name: "required metadata", every: true, severity: diag.Error, codes: []diag.Code{diag.MisspeltMetadata}, least: 10,
		expression: regexp.MustCompile(`<(Item) Key="(Operation|authorization_endpoint|AccessTokenEndpoint|ClaimsEndpoint|issuer_refresh_token_user_identity_claim_type)">https://(?:www|graph).facebook|<(Item) Key="(Operation|issuer_refresh_token_user_identity_claim_type)"`)},
	// The same goes for texts that are never shown.
	{name: "texts", severity: diag.Warning, codes: []diag.Code{diag.MisspeltText}, least: 4,
		expression: regexp.MustCompile(`(ElementType="([^"]+)")`)},
	{name: "elements of texts", every: true, severity: diag.Warning, codes: []diag.Code{diag.MisspeltText}, least: 20,
		expression: regexp.MustCompile(`ElementType="(ClaimType)" ElementId="([^"]+)"`)},
	// Unknown keys are no errors: B2C accepts them, and policies for B2C contain them (policy-engine §1.8
	// [C]).
	{name: "metadata", every: true, severity: diag.Warning, codes: []diag.Code{diag.UnknownMetadata}, least: 25,
		expression: regexp.MustCompile(`<(Item) Key="(RaiseError[A-Za-z]+|UserMessageIf[A-Za-z]+|setting\.[A-Za-z.]+|SignUpTarget|IpAddressClaimReferenceId|IncludeClaimResolvingInClaimsHandling|UsePolicyInRedirectUri|HttpBinding|scope|response_types|response_mode|SendTokenResponseBodyWithJsonNumbers|ProviderName|METADATA|IdTokenAudience|AlwaysFetchClaimsFromProvider|AccessTokenResponseFormat)"`)},
}

// Each reference and each text with legal spellings in the starter pack is misspelt. Each gives one finding,
// at its place, that names the intended spelling; no other finding follows.
func TestEveryMisspellingIsToldOnceAndNothingElse(t *testing.T) {
	t.Parallel()
	p := loadPack(t)
	for _, s := range sweeps {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			seen := 0
			for i, f := range p.files {
				once := make(map[string]bool)
				comments := comment.FindAllIndex(f.Source, -1)
				for _, m := range s.expression.FindAllSubmatchIndex(f.Source, -1) {
					for len(m) > 6 && m[2] < 0 {
						m = append(m[:2:2], m[6:]...) // another branch of the expression
					}
					from, to := m[4], m[5]
					key := string(f.Source[m[2]:m[3]])
					if once[key] && !s.every || slices.ContainsFunc(comments, func(c []int) bool { return c[0] < from && from < c[1] }) {
						continue
					}
					once[key] = true
					if seen++; seen%stride != 0 {
						continue
					}
					word := string(f.Source[from:to])
					list := p.plant(i, slices.Concat(f.Source[:from], []byte(misspell(word)), f.Source[to:]))
					severity := s.severity
					if slices.Contains(lenient, strings.TrimSpace(word)) {
						severity = diag.Warning
					}
					w := wants{severity: severity, file: f.Path, line: line(f.Source, from), hint: `did you mean "` + strings.TrimSpace(word) + `"?`}
					if len(list) > 0 && slices.Contains(s.codes, list[0].Code) || len(s.codes) == 0 {
						w.code = "" // with the right spelling
					} else {
						w.code = s.codes[0]
					}
					w.check(t, misspell(word), list)
				}
			}
			if seen < s.least {
				t.Errorf("only %d", seen)
			}
		})
	}
}

var startTag = regexp.MustCompile(`<([A-Z][A-Za-z]+)\b(?:[^<>"]|"[^"]*")*>`)

// Each element is misspelt, and each required attribute is removed.
func TestEveryMisspeltElementIsToldOnceAndNothingElse(t *testing.T) {
	t.Parallel()
	p := loadPack(t)
	seen := make(map[string]bool)
	for i, f := range p.files {
		comments := comment.FindAllIndex(f.Source, -1)
		for _, m := range startTag.FindAllSubmatchIndex(f.Source, -1) {
			name := string(f.Source[m[2]:m[3]])
			key := f.Path + name
			if seen[key] || name == "TrustFrameworkPolicy" || slices.ContainsFunc(comments, func(c []int) bool { return c[0] < m[0] && m[0] < c[1] }) {
				continue
			}
			seen[key] = true
			if len(seen)%stride != 0 {
				continue
			}
			src := slices.Concat(f.Source[:m[2]], []byte(misspell(name)), f.Source[m[3]:])
			if f.Source[m[1]-2] != '/' {
				end := m[1] + 1 + bytes.Index(src[m[1]+1:], []byte("</"+name+">"))
				src = slices.Concat(src[:end+2], []byte(misspell(name)), src[end+2+len(name):])
			}
			w := wants{code: diag.UnknownElement, severity: diag.Error, file: f.Path, line: line(f.Source, m[0]), hint: `did you mean "` + name + `"?`}
			w.check(t, name, p.plant(i, src))
		}
	}
	if len(seen) < 100 {
		t.Errorf("only %d", len(seen))
	}
}
