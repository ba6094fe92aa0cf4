package otp_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"journeyman.dev/internal/journey"
	. "journeyman.dev/internal/journey/journeytest"
	"journeyman.dev/internal/mail"
	"journeyman.dev/internal/onetime"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/provider/otp"
	"journeyman.dev/internal/provider/providertest"
	"journeyman.dev/internal/provider/selfasserted"
)

// stage has the provider, a page whose posts run Generate or Verify, and the user on it. The
// page's field action says which; a code that was made is in code.
func stage(t *testing.T, profile program.ProfileKind, profiles string, metadata ...string) (*Stage, *User) {
	t.Helper()
	s := New(t, profile, program.ProfileKind{Name: "SelfAssertedAttributeProvider", Plan: journey.Plans(new(selfasserted.Provider)), Resolving: program.ResolvesForms})
	p := s.Compile(Policy{
		Claims: "action email entered -code", Building: Contents(Content("form", "selfasserted:2.1.17")),
		Profiles: Profile("Form", "SelfAssertedAttributeProvider", Metadata(append(metadata, "ContentDefinitionReferenceId", "form", "setting.retryLimit", "100")...)+Outputs("action", "email", "entered")+
			`<ValidationTechnicalProfiles><ValidationTechnicalProfile ReferenceId="Generate"><Preconditions>`+ValidationPrecondition(false, "action", "generate")+`</Preconditions></ValidationTechnicalProfile>
			<ValidationTechnicalProfile ReferenceId="Verify"><Preconditions>`+ValidationPrecondition(false, "action", "verify")+`</Preconditions></ValidationTechnicalProfile>
			<ValidationTechnicalProfile ReferenceId="Stay" /></ValidationTechnicalProfiles>`) + profiles + Scripted("Stay", Inputs("code")),
		Steps: []string{Run("Form")},
	})
	return s, s.User().Visit(p)
}

// bench makes codes for its user and checks them.
type bench struct {
	t     *testing.T
	s     *Stage
	u     *User
	codes []string
}

// newBench keeps the user on the page, whatever is posted.
func newBench(t *testing.T, p *otp.Provider, settings ...string) *bench {
	t.Helper()
	b := &bench{t: t}
	b.s, b.u = stage(t, kind(p), Profile("Generate", "OneTimePasswordProtocolProvider", Metadata(append(settings, "Operation", "GenerateCode")...)+Inputs("email=identifier")+Outputs("code=otpGenerated"))+
		Profile("Verify", "OneTimePasswordProtocolProvider", Metadata("Operation", "VerifyCode")+Inputs("email=identifier", "entered=otpToVerify")))
	b.s.Script("Stay", func(_ context.Context, call *journey.Call) (journey.Result, error) {
		if v, ok := call.Inputs.Get("code"); ok {
			b.codes = append(b.codes, v.String())
		}
		return nil, &journey.Failure{Code: stay, Public: "stay"}
	})
	return b
}

// stay is the code of a page that stays although all went well.
const stay = "stay"

// do posts and returns "" if all went well, else the message.
func (b *bench) do(fields ...string) string {
	b.t.Helper()
	reply := b.u.Post(fields...)
	if reply.Code == stay {
		return ""
	}
	return reply.Code + " " + reply.Message
}

func (b *bench) generate(email string) string {
	b.t.Helper()
	return b.do("action", "generate", "email", email)
}

func (b *bench) verify(email, code string) string {
	b.t.Helper()
	return b.do("action", "verify", "email", email, "entered", code)
}

func (b *bench) last() string { return b.codes[len(b.codes)-1] }

// policy-engine §5.11.
func TestACodeIsGoodOnceForItsIdentifier(t *testing.T) {
	t.Parallel()
	b := newBench(t, new(otp.Provider))
	if got := b.verify("a@b.example", "123456"); !strings.HasPrefix(got, string(journey.CodeNotVerified)) {
		t.Errorf("before there is a code: %q", got)
	}
	if got := b.generate("a@b.example"); got != "" || len(b.last()) != 6 {
		t.Fatalf("generate: %q, %q", got, b.codes)
	}
	if b.verify("other@b.example", b.last()) == "" {
		t.Error("another identifier's code is right")
	}
	if got := b.verify(" A@B.example ", " "+b.last()); got != "" {
		t.Errorf("the right code: %q", got)
	}
	if b.verify("a@b.example", b.last()) == "" {
		t.Error("the code is right twice")
	}
}

func TestTermsOfCodes(t *testing.T) {
	t.Parallel()
	b := newBench(t, new(otp.Provider), "CodeExpirationInSeconds", "60", "CodeLength", "8", "CharacterSet", "a-j", "NumRetryAttempts", "2", "NumCodeGenerationAttempts", "3")
	b.generate("a")
	if code := b.last(); len(code) != 8 || strings.Trim(code, "abcdefghij") != "" {
		t.Errorf("code %q", code)
	}
	if b.verify("a", "wrong") == "" || b.verify("a", "wrong") == "" || b.verify("a", b.last()) == "" {
		t.Error("a third try")
	}
	b.generate("a")
	b.s.Clock.Advance(time.Minute)
	if b.verify("a", b.last()) == "" {
		t.Error("the code is right after its time")
	}
	first := b.last()
	if b.generate("a") != "" || b.last() == first {
		t.Error("the third code")
	}
	if got := b.generate("a"); !strings.HasPrefix(got, string(journey.CodeNotVerified)) {
		t.Errorf("the fourth code: %q", got)
	}
}

func TestTheSameCodeOnceMore(t *testing.T) {
	t.Parallel()
	b := newBench(t, new(otp.Provider), "ReuseSameCode", "true", "NumRetryAttempts", "2")
	b.generate("a")
	b.verify("a", "wrong")
	first := b.last()
	if b.generate("a"); b.last() != first {
		t.Error("another code")
	}
	// It gives no new tries to guess it.
	b.verify("a", "wrong")
	if b.verify("a", first) == "" {
		t.Error("a third try")
	}
	b.s.Clock.Advance(11 * time.Minute)
	if b.generate("a"); b.last() == first {
		t.Error("the same code after its time")
	}
}

func TestWhatOneIdentifierGetsOverAllJourneys(t *testing.T) {
	t.Parallel()
	b := newBench(t, &otp.Provider{Limits: &limits{left: 1}, Guesses: guessed{}})
	if b.generate("a") != "" {
		t.Error("the first code")
	}
	if b.verify("a", b.last()) == "" {
		t.Error("a code is checked beyond the bound of guesses")
	}
	if b.generate("a") == "" {
		t.Error("a code beyond the limit")
	}
	// One journey remembers so many.
	b = newBench(t, new(otp.Provider))
	for i := range 20 {
		b.generate(fmt.Sprint("user", i))
	}
	if b.generate("one more") == "" {
		t.Error("the 21st identifier")
	}
}

// guessed refuses each guess.
type guessed struct{}

func (guessed) Guard(context.Context, string, func() bool) error { return onetime.ErrGuessed }

// The samples' older keys of messages.
func TestMessagesOfOlderPolicies(t *testing.T) {
	t.Parallel()
	b := &bench{t: t}
	b.s, b.u = stage(t, kind(new(otp.Provider)), Profile("Generate", "OneTimePasswordProtocolProvider", Metadata("Operation", "GenerateCode")+Inputs("email=identifier")+Outputs("code=otpGenerated"))+
		Profile("Verify", "OneTimePasswordProtocolProvider", Metadata("Operation", "VerifyCode", "UserMessage.InvalidCode", "Wrong.", "UserMessage.VerificationHasExpired", "Old.", "UserMessage.MaxRetryAttemped", "Enough.")+Inputs("email=identifier", "entered=otpToVerify")))
	b.s.Script("Stay", Fails(&journey.Failure{Code: stay}))
	if got := b.verify("a", "x"); !strings.HasSuffix(got, " Old.") {
		t.Errorf("%q", got)
	}
	b.generate("a")
	for i, want := range []string{"Wrong.", "Wrong.", "Wrong.", "Wrong.", "Enough.", "Enough."} {
		if got := b.verify("a", "x"); !strings.HasSuffix(got, " "+want) {
			t.Errorf("try %d: %q", i+1, got)
		}
	}
}

func TestFindingsOfCodeProfiles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, handler string
		metadata      []string
		claims, want  string
	}{
		{"no identifier", "OneTimePasswordProtocolProvider", []string{"Operation", "GenerateCode"}, Outputs("email=otpGenerated"), `no InputClaim for "identifier"`},
		{"nothing to put out", "OneTimePasswordProtocolProvider", []string{"Operation", "GenerateCode"}, Inputs("email=identifier"), `no OutputClaim for "otpGenerated"`},
		{"nothing to verify", "OneTimePasswordProtocolProvider", []string{"Operation", "VerifyCode"}, Inputs("email=identifier"), `no InputClaim for "otpToVerify"`},
		{"few characters", "OneTimePasswordProtocolProvider", []string{"Operation", "GenerateCode", "CharacterSet", "0-8"}, Inputs("email=identifier") + Outputs("email=otpGenerated"), "ten or more"},
		{"another operation", "OneTimePasswordProtocolProvider", []string{"Operation", "SendCode"}, "", "invalid value"},
		{"no address", "AadSsprProtocolProvider", []string{"Operation", "SendCode"}, "", `no InputClaim for "emailAddress"`},
		{"no code", "AadSsprProtocolProvider", []string{"Operation", "VerifyCode"}, Inputs("email=emailAddress"), `no InputClaim for "verificationCode"`},
		{"an older setting", "AadSsprProtocolProvider", []string{"Operation", "SendCode", "allowTestEmailAddressPassThrough", "true"}, Inputs("email=emailAddress"), "has no effect"},
		{"no operation that is known", "AadSsprProtocolProvider", []string{"Operation", "GenerateCode"}, "", "invalid value"},
	} {
		s := New(t, kind(new(otp.Provider)), mailed(new(otp.Mailed)))
		_, found := s.Findings(Policy{Claims: "email", Profiles: Profile("P", c.handler, Metadata(c.metadata...)+c.claims), Steps: []string{Run("P")}})
		if text := Text(found); !strings.Contains(text, c.want) {
			t.Errorf("%s:\n%s", c.name, text)
		}
	}
}

// newMailed is a bench whose codes are mailed.
func newMailed(t *testing.T, m *mailer) *bench {
	t.Helper()
	p := new(otp.Mailed)
	if m != nil {
		p.Mailer = m
	}
	b := &bench{t: t}
	b.s, b.u = stage(t, mailed(p), Profile("Generate", "AadSsprProtocolProvider", Metadata("Operation", "SendCode", "UserMessageIfThrottled", "Throttled.")+Inputs("email=emailAddress"))+
		Profile("Verify", "AadSsprProtocolProvider", Metadata("Operation", "VerifyCode", "UserMessageIfVerificationFailedRetryAllowed", "Again.", "UserMessageIfVerificationFailedNoRetry", "No more.", "UserMessageIfChallengeExpired", "Expired.")+Inputs("email=emailAddress", "entered=verificationCode")))
	b.s.Script("Stay", Fails(&journey.Failure{Code: stay}))
	return b
}

// policy-engine §5.12: AadSspr.
func TestACodeIsMailedAndChecked(t *testing.T) {
	t.Parallel()
	m := new(mailer)
	b := newMailed(t, m)
	if got := b.verify("a@b.example", "x"); !strings.HasSuffix(got, "Expired.") {
		t.Errorf("before: %q", got)
	}
	if got := b.generate("A@b.example"); got != "" || len(m.sent) != 1 {
		t.Fatalf("send: %q, %v", got, m.sent)
	}
	sent := m.sent[0]
	if sent.To != "a@b.example" || len(sent.Code) != 6 || sent.Lifetime != 10*time.Minute || sent.Tenant != Tenant || sent.RemoteIP != "192.0.2.1" {
		t.Errorf("sent: %+v", sent)
	}
	if got := b.verify("a@b.example", "x"); !strings.HasSuffix(got, "Again.") {
		t.Errorf("a wrong code: %q", got)
	}
	if got := b.verify("a@b.example", sent.Code); got != "" || len(m.used) != 1 {
		t.Errorf("the right code: %q, %v", got, m.used)
	}
	b.generate("a@b.example")
	for range 4 {
		b.verify("a@b.example", "x")
	}
	if got := b.verify("a@b.example", "x"); !strings.HasSuffix(got, "No more.") {
		t.Errorf("the fifth try: %q", got)
	}
	for range 8 {
		b.generate("a@b.example")
	}
	if got := b.generate("a@b.example"); !strings.HasSuffix(got, "Throttled.") {
		t.Errorf("the eleventh code: %q", got)
	}
}

func TestMailsThatAreNotSent(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		m     *mailer
		email string
		want  string
	}{
		"no address":      {new(mailer), "nobody", string(journey.CodeNotValid)},
		"a name with one": {new(mailer), "Ada <a@b.example>", string(journey.CodeNotValid)},
		"no mailer":       {nil, "a@b.example", string(journey.CodeSendFailed)},
		"too many":        {&mailer{err: mail.ErrThrottled}, "a@b.example", string(journey.CodeNotVerified) + " Throttled."},
		"a fault":         {&mailer{service: providertest.Failing}, "a@b.example", string(journey.CodeSendFailed)},
	} {
		if got := newMailed(t, c.m).generate(c.email); !strings.HasPrefix(got, c.want) || strings.Contains(got, ErrTest.Error()) {
			t.Errorf("%s: %q", name, got)
		}
	}
}
