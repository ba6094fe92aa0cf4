package insights_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"journeyman.dev/internal/journey"
	. "journeyman.dev/internal/journey/journeytest"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/provider/insights"
	"journeyman.dev/internal/provider/providertest"
)

func kind(p *insights.Provider) program.ProfileKind {
	return program.ProfileKind{Name: "AzureApplicationInsightsProvider", Plan: journey.Plans(p), Resolving: program.ResolvesAll}
}

// recorder keeps events.
type recorder struct{ events []insights.Event }

func (r *recorder) Record(_ context.Context, e insights.Event) { r.events = append(r.events, e) }

func TestTheSuiteOfProviders(t *testing.T) {
	t.Parallel()
	providertest.Suite(t, providertest.Description{
		New: func(*testing.T, providertest.Service) program.ProfileKind {
			return kind(&insights.Provider{Log: slog.New(slog.DiscardHandler)})
		},
		Claims: "email", Alone: true, Inputs: map[string]string{"email": "ada@example.com"}, Ends: "finished",
		Profile: Profile("Subject", "Insights.AzureApplicationInsightsProvider", "<Metadata>\n<Item Key=\"DisableTelemetry\">false</Item>\n</Metadata>"+
			`<InputClaims><InputClaim ClaimTypeReferenceId="email" PartnerClaimType="eventName" /></InputClaims>`),
	})
}

// policy-engine §5.14.
func TestAnEventIsALineOfTheLogWithoutValues(t *testing.T) {
	t.Parallel()
	log, to := new(Lines), new(recorder)
	p := &insights.Provider{Log: slog.New(slog.NewTextHandler(log, nil)), Recorder: to}
	policy := func(metadata string, name string) Policy {
		return Policy{
			Claims: "email level name", Profiles: Sets("Begin", "email", "ada@example.com", "level", "gold", "name", "from a claim") +
				Profile("Event", "Insights.AzureApplicationInsightsProvider", metadata+`<InputClaims>`+name+`<InputClaim ClaimTypeReferenceId="email" PartnerClaimType="{property:Mail}" /><InputClaim ClaimTypeReferenceId="level" PartnerClaimType="other" /></InputClaims>`),
			Steps: []string{Run("Begin"), Run("Event")},
		}
	}
	for _, name := range []string{`<InputClaim ClaimTypeReferenceId="name" PartnerClaimType="eventName" DefaultValue="Signed in" AlwaysUseDefaultValue="true" />`, `<InputClaim ClaimTypeReferenceId="name" PartnerClaimType="eventName" />`} {
		s := New(t, kind(p))
		s.User().Visit(s.Compile(policy("", name))).Finished()
	}
	if len(to.events) != 2 || to.events[0].Name != "Signed in" || !to.events[0].Literal || to.events[1].Literal || to.events[1].Name != "from a claim" {
		t.Fatalf("events: %+v", to.events)
	}
	if e := to.events[0]; len(e.Properties) != 1 || e.Properties["Mail"].String() != "ada@example.com" || e.PolicyID != "B2C_1A_Test" || e.TechnicalProfileID != "Event" || e.CorrelationID == "" {
		t.Errorf("event: %+v", e)
	}
	if text := log.String(); !strings.Contains(text, `event.name="Signed in"`) || !strings.Contains(text, "Mail") || strings.Contains(text, "ada@") || strings.Contains(text, "from a claim") {
		t.Errorf("log:\n%s", text)
	}
	s := New(t, kind(p))
	s.User().Visit(s.Compile(policy(Metadata("DisableTelemetry", "1"), `<InputClaim ClaimTypeReferenceId="name" PartnerClaimType="eventName" />`))).Finished()
	if len(to.events) != 2 {
		t.Error("an event of a profile that is switched off")
	}
	if _, found := s.Findings(policy("", "")); !strings.Contains(Text(found), "has no event name") {
		t.Errorf("findings:\n%s", Text(found))
	}
}
