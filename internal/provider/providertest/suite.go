package providertest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/journey/journeytest"
	"journeyman.dev/internal/program"
)

// Service is how the services behave that a provider is made with.
type Service uint8

// The behaviours.
const (
	Good    Service = iota // they answer as the description's profile needs it
	Failing                // they fail with journeytest.ErrTest
	Hanging                // they answer when the context has ended, with its error
)

// Do is what a service does at each call: nothing, fail or wait for the context's end.
func (s Service) Do(ctx context.Context) error {
	switch s {
	case Failing:
		return journeytest.ErrTest
	case Hanging:
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
}

// Description is a provider, as the suite knows it.
type Description struct {
	// New makes the provider's kind, with services that behave in one way.
	New func(t *testing.T, s Service) program.ProfileKind
	// Claims are claim types in short: see journeytest.Policy.
	Claims string
	// Building and Profiles are more building blocks and technical profiles of the policy.
	Building, Profiles string
	// Profile is a good technical profile with the id "Subject". Each metadata item and key is on
	// a line of its own.
	Profile string
	// Required are its metadata items that can't be missing, Keys its cryptographic keys.
	Required, Keys []string
	// Inputs are the values of the claims before it runs, by claim id.
	Inputs map[string]string
	// Missing is the id of the one of Inputs without which it fails, Code how; "" for none.
	Missing string
	Code    journey.Code
	// Ends is the outcome of a run in a word: finished, page, away or failed.
	Ends string
	// Message is a key of the metadata with the text of the failure of failing services; "" if
	// its failures have no text of the policy.
	Message string
	// Alone is set for a provider without services, which can neither fail nor hang, and Unhurt
	// for one whose failure ends no journey.
	Alone, Unhurt bool
	// Role is what the profile is used as. One that authorizes has no Inputs.
	Role program.Role
	// Mode is who the journey is run for, at a time of the stage's clock; nil: a browser.
	Mode func(now time.Time) journey.Mode
}

// policy is the description's policy with another text of the profile.
func (d Description) policy(profile string, inputs map[string]string) journeytest.Policy {
	var pairs []string
	for id, value := range inputs {
		pairs = append(pairs, id, value)
	}
	p := journeytest.Policy{Claims: d.Claims, Building: d.Building, Profiles: journeytest.Sets("Inputs", pairs...) + profile + "\n" + d.Profiles, Steps: []string{journeytest.Run("Inputs")}}
	switch d.Role {
	case program.AsIssuer:
		p.Steps = append(p.Steps, journeytest.SendClaims("Subject"))
	case program.AsHint:
		p.Steps = append(p.Steps, `<OrchestrationStep Type="GetClaims" CpimIssuerTechnicalProfileReferenceId="Subject" />`)
	case program.AsAuthorization:
		p.Profiles += journeytest.ProfileOf("Document", `<Protocol Name="None" /><OutputTokenFormat>JSON</OutputTokenFormat>`, "")
		p.Journeys = strings.Replace(journeytest.Journey("Info", journeytest.SendClaims("Document")), `<OrchestrationSteps>`,
			`<Authorization><AuthorizationTechnicalProfiles><AuthorizationTechnicalProfile ReferenceId="Subject" /></AuthorizationTechnicalProfiles></Authorization><OrchestrationSteps>`, 1)
		p.Endpoints = `<Endpoint Id="UserInfo" UserJourneyReferenceId="Info" />`
	default:
		p.Steps = append(p.Steps, journeytest.Run("Subject"))
	}
	return p
}

// run runs the description's journey.
func (d Description) run(t *testing.T, s Service, profile string, inputs map[string]string) (*journeytest.Stage, *journeytest.User) {
	t.Helper()
	stage := journeytest.New(t, d.New(t, s))
	return stage, stage.User().Run(stage.Compile(d.policy(profile, inputs)), d.mode(stage))
}

func (d Description) mode(stage *journeytest.Stage) journey.Mode {
	if d.Mode == nil {
		return new(journey.Browser)
	}
	return d.Mode(stage.Clock.Now())
}

// Suite checks a provider.
func Suite(t *testing.T, d Description) {
	t.Helper()
	t.Run("a good profile has no findings, and is an exchange", func(t *testing.T) {
		t.Parallel()
		stage := journeytest.New(t, d.New(t, Good))
		p, found := stage.Findings(d.policy(d.Profile, d.Inputs))
		if len(found) > 0 {
			t.Fatalf("findings:\n%s", journeytest.Text(found))
		}
		if tp, ok := p.Profile("Subject"); ok {
			if _, ok := tp.Exchange().(journey.Exchange); !ok {
				t.Errorf("planned as %T, which the engine can't run", tp.Exchange())
			}
		}
	})
	d.findings(t)
	t.Run("it ends as described, and the same each time", func(t *testing.T) { t.Parallel(); d.ends(t) })
	if d.Missing != "" {
		t.Run("without its input it fails and says why", func(t *testing.T) { t.Parallel(); d.missing(t) })
	}
	if d.Alone {
		return
	}
	t.Run("a failure shows no cause and logs no value", func(t *testing.T) { t.Parallel(); d.fails(t) })
	if d.Message != "" {
		t.Run("the text of a failure is the policy's", func(t *testing.T) { t.Parallel(); d.localized(t) })
	}
	t.Run("it ends with its context", func(t *testing.T) { t.Parallel(); d.cancelled(t) })
}

// findings checks what the compiler reports of profiles with one fault.
func (d Description) findings(t *testing.T) {
	t.Helper()
	for _, key := range d.Required {
		item := line(d.Profile, `<Item Key="`+key+`">`)
		t.Run("metadata "+key+" is required", func(t *testing.T) {
			t.Parallel()
			d.reports(t, strings.Replace(d.Profile, item, "", 1), diag.MissingMetadata, "", key)
		})
		t.Run("metadata "+key+" misspelt gets a hint", func(t *testing.T) {
			t.Parallel()
			d.reports(t, strings.Replace(d.Profile, item, strings.Replace(item, key, misspelt(key), 1), 1), diag.MisspeltMetadata, misspelt(key), "did you mean \""+key+"\"?")
		})
	}
	for _, key := range d.Keys {
		item := line(d.Profile, `<Key Id="`+key+`"`)
		t.Run("key "+key+" is required", func(t *testing.T) {
			t.Parallel()
			d.reports(t, strings.Replace(d.Profile, item, "", 1), diag.MissingProfileKey, "", key)
		})
		t.Run("key "+key+" misspelt gets a hint", func(t *testing.T) {
			t.Parallel()
			d.reports(t, strings.Replace(d.Profile, item, strings.Replace(item, key, misspelt(key), 1), 1), diag.MisspeltKey, misspelt(key), "did you mean \""+key+"\"?")
		})
	}
	if strings.Contains(d.Profile, "<Metadata>") {
		t.Run("unknown metadata is reported", func(t *testing.T) {
			t.Parallel()
			d.reports(t, strings.Replace(d.Profile, "<Metadata>", "<Metadata>\n<Item Key=\"Zyxwvutsrq\">x</Item>\n", 1), diag.UnknownMetadata, "Zyxwvutsrq", "it has no effect")
		})
	}
}

// reports expects one finding of a code whose text contains a word, at the line of the profile
// that contains at; "" is the profile's own.
func (d Description) reports(t *testing.T, profile string, code diag.Code, at, word string) {
	t.Helper()
	stage := journeytest.New(t, d.New(t, Good))
	policy := d.policy(profile, d.Inputs)
	_, found := stage.Findings(policy)
	i := slices.IndexFunc(found, func(f diag.Diagnostic) bool { return f.Code == code })
	if i < 0 {
		t.Fatalf("no %s, but:\n%s", code, journeytest.Text(found))
	}
	if at == "" {
		at = `<TechnicalProfile Id="Subject"`
	}
	if want := lineNumber(string(policy.XML()), at); found[i].Position.Line != want {
		t.Errorf("at line %d, want %d: %s", found[i].Position.Line, want, found[i])
	}
	if text := found[i].String(); !strings.Contains(text, word) {
		t.Errorf("%q doesn't contain %q", text, word)
	}
}

// misspelt is a key with two letters in the wrong order, else one too many.
func misspelt(key string) string {
	b := []byte(key)
	for i := len(b) - 1; i > 1; i-- {
		if b[i] != b[i-1] {
			b[i], b[i-1] = b[i-1], b[i]
			return string(b)
		}
	}
	return key + "x"
}

// line is the line of a text that contains a word.
func line(text, word string) string {
	for l := range strings.Lines(text) {
		if strings.Contains(l, word) {
			return l
		}
	}
	return word
}

func lineNumber(text, word string) int {
	before, _, _ := strings.Cut(text, word)
	return 1 + strings.Count(before, "\n")
}

// ends runs the profile twice.
func (d Description) ends(t *testing.T) {
	t.Helper()
	var results []string
	for range 2 {
		stage, u := d.run(t, Good, d.Profile, d.Inputs)
		result := journeytest.Describe(u.Ran.Outcome)
		if !strings.HasPrefix(result, d.Ends) {
			t.Fatalf("%s, want %s\n%s", result, d.Ends, stage.Log)
		}
		if d.Ends == "finished" {
			result += " " + u.Claims()
		}
		d.silent(t, stage)
		results = append(results, strings.Join(stage.Story.Take(), "\n")+"\n"+result)
	}
	if diff := cmp.Diff(results[0], results[1]); diff != "" {
		t.Errorf("the second run differs:\n%s", diff)
	}
}

// silent checks that the log, at its most talkative, has no value of a claim and no secret.
func (d Description) silent(t *testing.T, stage *journeytest.Stage) {
	t.Helper()
	log := stage.Log.String()
	for id, value := range d.Inputs {
		if strings.Contains(log, value) {
			t.Errorf("the log has the value of %s:\n%s", id, log)
		}
	}
	if strings.Contains(log, Secret) {
		t.Errorf("the log has a secret:\n%s", log)
	}
}

// missing runs the profile without an input.
func (d Description) missing(t *testing.T) {
	t.Helper()
	inputs := make(map[string]string)
	for id, value := range d.Inputs {
		if id != d.Missing {
			inputs[id] = value
		}
	}
	stage := journeytest.New(t, d.New(t, Good))
	// That no step puts it out is reported; a journey that comes here all the same says so, too.
	p, _ := stage.Findings(d.policy(d.Profile, inputs))
	f := stage.User().Visit(p).Failed()
	if f.Code != d.Code || f.Cause == nil || f.Public == "" {
		t.Errorf("failure: %+v", f)
	}
}

// fails runs the profile with failing services.
func (d Description) fails(t *testing.T) {
	t.Helper()
	stage, u := d.run(t, Failing, d.Profile, d.Inputs)
	d.silent(t, stage)
	if d.Unhurt {
		u.Finished()
		return
	}
	f := u.Failed()
	if f.Public == "" || strings.Contains(f.Public, journeytest.ErrTest.Error()) {
		t.Errorf("the user reads %q", f.Public)
	}
	if !errors.Is(f, journeytest.ErrTest) || !strings.Contains(stage.Log.String(), journeytest.ErrTest.Error()) {
		t.Errorf("the cause is lost: %v\n%s", f, stage.Log)
	}
	for id, value := range d.Inputs {
		if strings.Contains(f.Public+f.Error(), value) {
			t.Errorf("the failure has the value of %s: %v", id, f)
		}
	}
}

// localized runs the profile with a text of its own for a failure.
func (d Description) localized(t *testing.T) {
	t.Helper()
	const text = "Our own text."
	_, u := d.run(t, Failing, strings.Replace(d.Profile, "<Metadata>", `<Metadata><Item Key="`+d.Message+`">`+text+`</Item>`, 1), d.Inputs)
	if f := u.Failed(); f.Public != text {
		t.Errorf("text: %q", f.Public)
	}
}

// cancelled runs the profile with a context that ends.
func (d Description) cancelled(t *testing.T) {
	t.Helper()
	stage := journeytest.New(t, d.New(t, Hanging))
	p := stage.Compile(d.policy(d.Profile, d.Inputs))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	ran, err := stage.User().Start(ctx, p, d.mode(stage))
	if err != nil {
		t.Fatal(err)
	}
	if _, failed := ran.Outcome.(*journey.Failed); !failed && !d.Unhurt {
		t.Errorf("%s", journeytest.Describe(ran.Outcome))
	}
}
