package selfasserted_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"journeyman.dev/internal/journey"
	. "journeyman.dev/internal/journey/journeytest"
	"journeyman.dev/internal/mail"
	"journeyman.dev/internal/onetime"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/provider/providertest"
	"journeyman.dev/internal/provider/selfasserted"
)

// types are claim types of every input type, some with a rule.
const types = `<ClaimType Id="read"><DisplayName>Read</DisplayName><DataType>string</DataType><Mask Type="Simple">XX</Mask><UserInputType>Readonly</UserInputType></ClaimType>
<ClaimType Id="text"><DisplayName>Text</DisplayName><DataType>string</DataType><UserInputType>Paragraph</UserInputType></ClaimType>
<ClaimType Id="age"><DisplayName>Age</DisplayName><DataType>int</DataType><UserInputType>TextBox</UserInputType></ClaimType>
<ClaimType Id="one"><DisplayName>One</DisplayName><DataType>string</DataType><UserInputType>DropdownSingleSelect</UserInputType><Restriction><Enumeration Text="A" Value="a" /><Enumeration Text="B" Value="b" SelectByDefault="true" /></Restriction></ClaimType>
<ClaimType Id="many"><DisplayName>Many</DisplayName><DataType>stringCollection</DataType><UserInputType>CheckboxMultiSelect</UserInputType><Restriction><Enumeration Text="A" Value="a" /><Enumeration Text="B" Value="b" /></Restriction></ClaimType>
<ClaimType Id="nick"><DisplayName>Nick</DisplayName><DataType>string</DataType><UserInputType>TextBox</UserInputType><Restriction><Pattern RegularExpression="^[a-z]+$" HelpText="Small letters." /></Restriction></ClaimType>`

// asks is a policy of a page that shows and puts out claims; Begin fills email and read.
func asks(profile string, metadata ...string) Policy {
	return Policy{
		Claims: "email name ip *password *newPassword *reenterPassword", ClaimTypes: types, Building: Contents(Content("form", "selfasserted:2.1.17"), Content("unified", "unifiedssp:2.1.7")),
		Profiles: Sets("Begin", "email", "old@b.example", "read", "secret-1", "many", "a") + Profile("Form", "SelfAssertedAttributeProvider", Metadata(append(metadata, "ContentDefinitionReferenceId", "form")...)+profile),
		Steps:    []string{Run("Begin"), Run("Form")},
		Outputs: `<OutputClaim ClaimTypeReferenceId="email" DefaultValue="" /><OutputClaim ClaimTypeReferenceId="name" DefaultValue="" /><OutputClaim ClaimTypeReferenceId="ip" DefaultValue="" /><OutputClaim ClaimTypeReferenceId="age" DefaultValue="" />
<OutputClaim ClaimTypeReferenceId="one" DefaultValue="" /><OutputClaim ClaimTypeReferenceId="many" DefaultValue="" /><OutputClaim ClaimTypeReferenceId="nick" DefaultValue="" />`,
	}
}

func visit(t *testing.T, p *selfasserted.Provider, policy Policy) (*Stage, *User) {
	t.Helper()
	s := New(t, kind(p))
	return s, s.User().Visit(s.Compile(policy))
}

// policy-engine §5.10: what a page asks for.
func TestFieldsOfAPage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, profile, want string
	}{
		{"display claims", Inputs("email") + Displays("name", "email"), "name= email=old@b.example"},
		{"output claims with an input type", Outputs("name", "email=x") + `<ValidationTechnicalProfiles><ValidationTechnicalProfile ReferenceId="Check" /></ValidationTechnicalProfiles>`, "name="},
		{"a default isn't asked for", `<OutputClaims><OutputClaim ClaimTypeReferenceId="name" DefaultValue="x" /><OutputClaim ClaimTypeReferenceId="ip" /></OutputClaims>`, "ip="},
		{"passwords aren't prefilled", Inputs("password", "email") + Displays("password", "email"), "password= email=old@b.example"},
		{"read-only values are masked", Inputs("read", "many") + Displays("read", "many"), "read=XXcret-1 many=a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			policy := asks(c.profile)
			policy.Profiles += Scripted("Check", Outputs("email"))
			s := New(t, kind(new(selfasserted.Provider)))
			p, _ := s.Findings(policy)
			if got := s.User().Visit(p).Fields(); got != c.want {
				t.Errorf("fields: %s", got)
			}
		})
	}
}

// policy-engine §5.10: nothing to show, and the validations don't run.
func TestAPageWithNothingToShowPasses(t *testing.T) {
	t.Parallel()
	policy := asks(`<ValidationTechnicalProfiles><ValidationTechnicalProfile ReferenceId="Check" /></ValidationTechnicalProfiles>`)
	policy.Profiles += Scripted("Check", "")
	s := New(t, kind(new(selfasserted.Provider)))
	s.Script("Check", Fails(ErrTest))
	p, _ := s.Findings(policy)
	if got := s.User().Visit(p).Claims(); got == "" {
		t.Error("no claims")
	}
}

// pages §4.1, claims-and-transformations §1: what a post is checked for.
func TestPostedValuesAreChecked(t *testing.T) {
	t.Parallel()
	const all = "age one many nick name! email"
	for _, c := range []struct {
		name     string
		metadata []string
		fields   []string
		refused  string // claim; "" if the post is good
		message  string
		claims   string
	}{
		{"all good", nil, []string{"name", " n ", "age", "36", "one", "b", "many", "a,b", "nick", "ada", "email", "a@b.example"}, "", "", `age=36 email=a@b.example many=["a","b"] name=n nick=ada one=b`},
		{"a required one is missing", nil, []string{"name", " "}, "name", "", ""},
		{"the policy's text for it", []string{"UserMessageIfMissingRequiredElement", "Enter {0}."}, nil, "name", "Enter name.", ""},
		{"no number", nil, []string{"name", "n", "age", "x"}, "age", "", ""},
		{"not in the list", nil, []string{"name", "n", "one", "c"}, "one", "", ""},
		{"one of many isn't in the list", nil, []string{"name", "n", "many", "a,c"}, "many", "", ""},
		{"another pattern", nil, []string{"name", "n", "nick", "Ada"}, "nick", "Small letters.", ""},
		{"too long", nil, []string{"name", strings.Repeat("x", 9000)}, "name", "", ""},
		{"no text", nil, []string{"name", "a\xff"}, "name", "", ""},
		{"a NUL", nil, []string{"name", "a\x00"}, "name", "", ""},
		{"a claim that isn't asked for", nil, []string{"name", "n", "ip", "evil", "read", "evil"}, "", "", `email=old@b.example many=["a"] name=n`},
		{"the client's address", []string{"IpAddressClaimReferenceId", "ip"}, []string{"name", "n"}, "", "", `email=old@b.example ip=192.0.2.1 many=["a"] name=n`},
		{"a cleared field keeps its value", nil, []string{"name", "n", "email", ""}, "", "", `email=old@b.example many=["a"] name=n`},
		{"a cleared field is empty", []string{"AllowGenerationOfClaimsWithNullValues", "true"}, []string{"name", "n", "email", ""}, "", "", `many=["a"] name=n`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, u := visit(t, new(selfasserted.Provider), asks(Inputs("email", "read", "many")+Displays(append(strings.Fields(all), "read", "text")...)+Outputs("age", "one", "many", "nick", "name", "email", "ip"), c.metadata...))
			r := u.Post(c.fields...)
			if r.OK != (c.refused == "") || r.Field != c.refused || c.message != "" && r.Message != c.message || !r.OK && (r.Message == "" || r.Code != string(journey.CodeNotValid)) {
				t.Fatalf("reply: %+v", r)
			}
			if !r.OK {
				return
			}
			if got := u.Confirm().Claims(); got != c.claims {
				t.Errorf("claims: %s\nwant:   %s", got, c.claims)
			}
		})
	}
}

// claims-and-transformations §1.1: the two entries of a new password.
func TestTwoEntriesOfAPasswordMustBeEqual(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"newPassword", "password"} {
		_, u := visit(t, new(selfasserted.Provider), asks(Displays(first, "reenterPassword")+Outputs("name")))
		if r := u.Post(first, "a", "reenterPassword", "b"); r.OK || r.Message == "" {
			t.Errorf("%s: %+v", first, r)
		}
		if r := u.Post(first, "a", "reenterPassword", "a"); !r.OK {
			t.Errorf("%s: %+v", first, r)
		}
	}
}

// pages §5: settings of the form.
func TestSettingsOfAPage(t *testing.T) {
	t.Parallel()
	_, u := visit(t, new(selfasserted.Provider), asks(Displays("name")+Outputs("name"), "setting.showContinueButton", "false", "setting.showCancelButton", "false", "setting.retryLimit", "4",
		"setting.operatingMode", "Email", "setting.forgotPasswordLinkLocation", "AfterButtons", "language.button_continue", "Go", "UserMessageIfInvalidPassword", "No, {OIDC:ClientId}."))
	form := u.Page().Form
	if form.ShowContinue || form.ShowCancel || form.RetryLimit != 4 || !form.OperatingEmail || form.ForgotPlacement != "AfterButtons" || form.Settings.Get("language.button_continue") != "Go" {
		t.Errorf("form: %+v", form)
	}
	if text, _ := form.Messages.Lookup("UserMessageIfInvalidPassword"); text != "No, app." {
		t.Errorf("message: %q", text)
	}
	// policy-engine §4.9: a dead-end page gives nothing back.
	if r := u.Post("name", "n"); r.OK {
		t.Errorf("reply: %+v", r)
	}
	if r := u.Send(journey.Answer{Kind: "NO_SUCH_REQUEST"}); r.OK {
		t.Errorf("an unknown request: %+v", r)
	}
}

// pages §2 [D]: the combined page shows user name and password alone, in this order.
func TestTheSignInFormHasTwoFields(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, profile, check, want string
	}{
		{"the user name is what a validation signs in with", Displays("password", "name", "email"), Inputs("email=username"), "email= password="},
		{"else the first field", Displays("ip", "password", "name"), "", "ip= password="},
		{"without a password the second one", Displays("ip", "name", "email"), "", "ip= name="},
		{"one field alone", Displays("name"), "", "name="},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			policy := asks(c.profile + Outputs("name") + `<ValidationTechnicalProfiles><ValidationTechnicalProfile ReferenceId="Check" /></ValidationTechnicalProfiles>`)
			policy.Profiles += Scripted("Check", c.check)
			policy.Steps = []string{Combined("unified", "Form", "Begin"), Run("Begin")}
			_, u := visit(t, new(selfasserted.Provider), policy)
			if got := u.Fields(); got != c.want {
				t.Errorf("fields: %s", got)
			}
		})
	}
}

// mailer keeps what it sends.
type mailer struct {
	service providertest.Service
	err     error
	sent    []mail.Code
	used    int
}

func (m *mailer) SendCode(ctx context.Context, c mail.Code) error {
	if err := m.service.Do(ctx); err != nil {
		return err
	}
	m.sent = append(m.sent, c)
	return m.err
}

func (m *mailer) CodeUsed(context.Context, mail.Code) error { m.used++; return nil }

// verifying is a page that verifies an e-mail address.
func verifying(display string) Policy {
	return asks(Inputs("email") + display + Outputs("email=Verified.Email", "name"))
}

// ask requests a code; the answer's result, -1 for a refusal.
func ask(u *User, address string) int {
	return result(u.Send(journey.Answer{Kind: "VERIFICATION_REQUEST"}, "claim_id", "email", "claim_value", address))
}

// enter checks a code.
func enter(u *User, address, code string) int {
	return result(u.Send(journey.Answer{Kind: "VALIDATION_REQUEST"}, "claim_id", "email", "claim_value", address, "user_input", code))
}

func result(r journey.Reply) int {
	if !r.OK || r.Result == nil {
		return -1
	}
	return *r.Result
}

// pages §3.1 rows 4 and 5, §4.2.
func TestAnAddressIsVerifiedByACode(t *testing.T) {
	t.Parallel()
	m := new(mailer)
	s, u := visit(t, &selfasserted.Provider{Mailer: m}, verifying(""))
	if r := u.Post("email", "a@b.example", "name", "n"); r.OK || r.Field != "email" || r.Code != string(journey.CodeNotVerified) {
		t.Errorf("not verified: %+v", r)
	}
	if got := enter(u, "a@b.example", "1"); got != 4 {
		t.Errorf("before there is a code: %d", got)
	}
	for _, bad := range []string{"", "a", "Ada <a@b.example>", strings.Repeat("a", 250) + "@b.example"} {
		if got := ask(u, bad); got != -1 {
			t.Errorf("%q: %d", bad, got)
		}
	}
	if got := ask(u, "A@b.example"); got != 0 || len(m.sent) != 1 || m.sent[0].To != "a@b.example" || len(m.sent[0].Code) != 6 {
		t.Fatalf("sent: %d, %+v", got, m.sent)
	}
	// pages §9: the script's repetition sends one mail.
	if ask(u, "a@b.example"); len(m.sent) != 1 {
		t.Error("two mails")
	}
	code := m.sent[0].Code
	if got := enter(u, "a@b.example", "x"); got != 3 {
		t.Errorf("a wrong code: %d", got)
	}
	if got := enter(u, "other@b.example", code); got != 4 {
		t.Errorf("another address: %d", got)
	}
	for range 2 {
		if got := enter(u, "a@b.example", " "+code); got != 0 {
			t.Errorf("the right code: %d", got)
		}
	}
	if m.used != 1 || u.Reload().Page().Form.Fields[0].Verified != "a@b.example" || u.Fields() != "email=a@b.example name=" {
		t.Errorf("used %d times; %s", m.used, u.Fields())
	}
	if r := u.Post("email", "other@b.example", "name", "n"); r.OK {
		t.Error("another address goes through")
	}
	if got := u.Submit("email", "A@B.example", "name", "n").Claims(); !strings.Contains(got, "email=A@B.example") && !strings.Contains(got, "email=a@b.example") {
		t.Errorf("claims: %s", got)
	}
	if strings.Contains(s.Log.String(), code) {
		t.Error("the log has the code")
	}
}

func TestLimitsOfVerification(t *testing.T) {
	t.Parallel()
	m := new(mailer)
	s, u := visit(t, &selfasserted.Provider{Mailer: m}, verifying(""))
	ask(u, "a@b.example")
	for i := range 5 {
		if got, want := enter(u, "a@b.example", "x"), map[bool]int{true: 3, false: 2}[i < 4]; got != want {
			t.Errorf("try %d: %d", i+1, got)
		}
	}
	s.Clock.Advance(3 * time.Second)
	ask(u, "a@b.example")
	s.Clock.Advance(10 * time.Minute)
	if got := enter(u, "a@b.example", m.sent[1].Code); got != 4 {
		t.Errorf("too late: %d", got)
	}
	for range 8 {
		ask(u, "a@b.example")
		s.Clock.Advance(3 * time.Second)
	}
	if got := ask(u, "a@b.example"); got != 1 || len(m.sent) != 10 {
		t.Errorf("the eleventh code: %d, %d mails", got, len(m.sent))
	}
	for name, c := range map[string]struct {
		p    *selfasserted.Provider
		want int
	}{
		"no mailer": {new(selfasserted.Provider), -1}, "too many mails": {&selfasserted.Provider{Mailer: &mailer{err: mail.ErrThrottled}}, 1},
		"a fault": {&selfasserted.Provider{Mailer: &mailer{service: providertest.Failing}}, -1},
	} {
		_, u := visit(t, c.p, verifying(""))
		if got := ask(u, "a@b.example"); got != c.want {
			t.Errorf("%s: %d", name, got)
		}
	}
	_, u = visit(t, &selfasserted.Provider{Mailer: m, Guesses: guessed{}}, verifying(""))
	ask(u, "a@b.example")
	if got := enter(u, "a@b.example", m.sent[len(m.sent)-1].Code); got != 2 {
		t.Errorf("beyond the bound of guesses: %d", got)
	}
	// Claims that the page doesn't verify.
	for _, kind := range []journey.AnswerKind{"VERIFICATION_REQUEST", "VALIDATION_REQUEST"} {
		if r := u.Send(journey.Answer{Kind: kind}, "claim_id", "name"); r.OK {
			t.Errorf("%s: %+v", kind, r)
		}
	}
}

// guessed refuses each guess.
type guessed struct{}

func (guessed) Guard(context.Context, string, func() bool) error { return onetime.ErrGuessed }

// An address on record is verified, whatever the browser sends.
func TestAnAddressThatThePageOnlyShows(t *testing.T) {
	t.Parallel()
	m := new(mailer)
	policy := asks(Inputs("read") + Displays("read=Verified.Email") + Outputs("read"))
	policy.Profiles = strings.Replace(policy.Profiles, "secret-1", "on@record.example", 1)
	_, u := visit(t, &selfasserted.Provider{Mailer: m}, policy)
	if r := u.Post(); r.OK {
		t.Error("not verified, and goes through")
	}
	r := u.Send(journey.Answer{Kind: "VERIFICATION_REQUEST"}, "claim_id", "read", "claim_value", "evil@b.example")
	if result(r) != 0 || m.sent[0].To != "on@record.example" {
		t.Fatalf("%+v, %+v", r, m.sent)
	}
	u.Send(journey.Answer{Kind: "VALIDATION_REQUEST"}, "claim_id", "read", "user_input", m.sent[0].Code)
	u.Submit().Finished()
}

// EnforceEmailVerification false asks for the address alone.
func TestVerificationMayBeSwitchedOff(t *testing.T) {
	t.Parallel()
	_, u := visit(t, new(selfasserted.Provider), asks(Outputs("email=Verified.Email"), "EnforceEmailVerification", "false"))
	if r := u.Post("email", "a@b.example"); !r.OK {
		t.Errorf("%+v", r)
	}
}

// controlled is a page with a verification control for the claim name, whose actions run the
// scripted profiles Send and Check.
func controlled(control string) Policy {
	policy := asks(`<DisplayClaims><DisplayClaim DisplayControlReferenceId="C" /><DisplayClaim ClaimTypeReferenceId="nick" /></DisplayClaims>` + Outputs("name", "ip", "nick"))
	policy.Building += `<DisplayControls><DisplayControl Id="C" UserInterfaceControlType="VerificationControl"><InputClaims><InputClaim ClaimTypeReferenceId="email" /></InputClaims>` + control + `</DisplayControl></DisplayControls>`
	policy.Profiles += Scripted("Send", Inputs("name")+Outputs("ip", "email")) + Scripted("Check", Inputs("code", "ip"))
	policy.Claims += " code"
	return policy
}

const control = `<DisplayClaims><DisplayClaim ClaimTypeReferenceId="name" Required="true" /><DisplayClaim ClaimTypeReferenceId="code" ControlClaimType="VerificationCode" Required="true" /></DisplayClaims>
<OutputClaims><OutputClaim ClaimTypeReferenceId="name" /><OutputClaim ClaimTypeReferenceId="ip" /></OutputClaims>
<Actions><Action Id="SendCode"><ValidationClaimsExchange><ValidationClaimsExchangeTechnicalProfile TechnicalProfileReferenceId="Send" /></ValidationClaimsExchange></Action>
<Action Id="VerifyCode"><ValidationClaimsExchange><ValidationClaimsExchangeTechnicalProfile TechnicalProfileReferenceId="Check" /></ValidationClaimsExchange></Action></Actions>`

// pages §4.3.
func TestAVerificationControlGuardsThePage(t *testing.T) {
	t.Parallel()
	s, u := visit(t, new(selfasserted.Provider), controlled(control))
	sent, seen := 0, ""
	s.Script("Send", func(context.Context, *journey.Call) (journey.Result, error) {
		sent++
		return journey.Done{Output: Texts{"ip": "session-1", "email": "forgotten"}}, nil
	})
	s.Script("Check", func(_ context.Context, call *journey.Call) (journey.Result, error) {
		code, _ := call.Inputs.Get("code")
		id, _ := call.Inputs.Get("ip")
		if seen = id.String(); code.String() != "42" {
			return nil, &journey.Failure{Code: journey.CodeNotVerified, Public: "Wrong."}
		}
		return journey.Done{Output: journey.Nothing{}}, nil
	})
	if c := u.Page().Form.Fields; len(c) != 3 || c[0].Control == nil || c[0].Control.Verified || !c[1].Code || c[2].Control != nil {
		t.Fatalf("fields: %+v", c)
	}
	for name, r := range map[string]journey.Reply{
		"submitted unverified": u.Post("name", "n"), "verified before it was sent": u.Act("C", "VerifyCode", "name", "n", "code", "42"), "no value": u.Act("C", "SendCode"),
		"no such action": u.Act("C", "Call", "name", "n"), "no such control": u.Act("D", "SendCode", "name", "n"),
	} {
		if r.OK {
			t.Errorf("%s: %+v", name, r)
		}
	}
	for range 2 { // the second is the script's repetition
		if r := u.Act("c", "sendcode", "name", "n"); !r.OK {
			t.Fatalf("%+v", r)
		}
	}
	if sent != 1 {
		t.Errorf("sent %d times", sent)
	}
	if r := u.Act("C", "VerifyCode", "name", "n", "code", "41"); r.OK || r.Message != "Wrong." || seen != "session-1" {
		t.Errorf("a wrong code: %+v; an earlier action's output: %q", r, seen)
	}
	if r := u.Act("C", "VerifyCode", "name", "changed", "code", "42"); r.OK {
		t.Error("the code of another value")
	}
	if r := u.Act("C", "VerifyCode", "name", "n", "code", "42"); !r.OK {
		t.Fatalf("%+v", r)
	}
	if r := u.Act("C", "VerifyCode", "name", "n", "code", "x"); !r.OK {
		t.Errorf("after a lost answer: %+v", r)
	}
	if f := u.Reload().Page().Form.Fields[0]; !f.Control.Verified || f.Value != "n" {
		t.Errorf("reloaded: %+v", f)
	}
	if r := u.Post("name", "changed"); r.OK {
		t.Error("another value goes through")
	}
	if got := u.Submit("name", "n", "code", "42", "nick", "x").Claims(); got != `email=old@b.example ip=session-1 many=["a"] name=n nick=x` {
		t.Errorf("claims: %s", got)
	}
}

func TestAnActionThatFailsSaysSo(t *testing.T) {
	t.Parallel()
	s, u := visit(t, new(selfasserted.Provider), controlled(control))
	s.Script("Send", Fails(ErrTest))
	if r := u.Act("C", "SendCode", "name", "n"); r.OK || strings.Contains(r.Message, ErrTest.Error()) || r.Message == "" {
		t.Errorf("%+v", r)
	}
}

func TestControlsThatNobodyGetsThroughAreReported(t *testing.T) {
	t.Parallel()
	s := New(t, kind(new(selfasserted.Provider)))
	_, found := s.Findings(controlled(`<DisplayClaims><DisplayClaim ClaimTypeReferenceId="name" /></DisplayClaims><Actions><Action Id="SendCode" /></Actions>`))
	text := Text(found)
	for _, want := range []string{"has no action VerifyCode", "no claim for the verification code"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// A control of a kind that this version doesn't run fails where a user meets it.
func TestAControlThatIsNotBuilt(t *testing.T) {
	t.Parallel()
	s := New(t, program.ProfileKind{Name: "SelfAssertedAttributeProvider", Plan: journey.Plans(new(selfasserted.Provider))})
	p, _ := s.Findings(controlled(control))
	if f := s.User().Visit(p).Failed(); !strings.Contains(f.Public, "display control 'C'") {
		t.Errorf("failure: %+v", f)
	}
}
