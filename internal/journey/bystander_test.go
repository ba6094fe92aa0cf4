package journey_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/policy"
	"journeyman.dev/internal/program"
)

// watcher is telemetry that notes when it runs.
type watcher struct {
	ran *int
	err error
}

func (watcher) Bystander() {}

func (w watcher) Run(context.Context, *journey.Call) (journey.Result, error) {
	*w.ran++
	return journey.Done{Output: journey.Nothing{}}, w.err
}

// ending is an issuer.
type ending struct{}

func (ending) Run(context.Context, *journey.Call) (journey.Result, error) {
	return journey.Issue{Issued: new(journey.Document)}, nil
}

const watched = `<TrustFrameworkPolicy xmlns="http://schemas.microsoft.com/online/cpim/schemas/2013/06" PolicySchemaVersion="0.3.0.0" TenantId="contoso.onmicrosoft.com" PolicyId="B2C_1A_watched" PublicPolicyUri="http://contoso.onmicrosoft.com/B2C_1A_watched">
<BuildingBlocks><ClaimsSchema><ClaimType Id="name"><DataType>string</DataType></ClaimType></ClaimsSchema></BuildingBlocks>
<ClaimsProviders><ClaimsProvider><DisplayName>All</DisplayName><TechnicalProfiles>
<TechnicalProfile Id="watch"><DisplayName>Watch</DisplayName><Protocol Name="Proprietary" Handler="Web.Watcher, Web" />
<InputClaims><InputClaim ClaimTypeReferenceId="name" DefaultValue="Event" /></InputClaims><OutputClaims><OutputClaim ClaimTypeReferenceId="name" DefaultValue="Event" /></OutputClaims></TechnicalProfile>
<TechnicalProfile Id="issue"><DisplayName>Issue</DisplayName><Protocol Name="None" /><OutputTokenFormat>JSON</OutputTokenFormat></TechnicalProfile>
</TechnicalProfiles></ClaimsProvider></ClaimsProviders>
<UserJourneys><UserJourney Id="j"><OrchestrationSteps>
<OrchestrationStep Order="1" Type="ClaimsExchange"><ClaimsExchanges><ClaimsExchange Id="x" TechnicalProfileReferenceId="watch" /></ClaimsExchanges></OrchestrationStep>
<OrchestrationStep Order="2" Type="SendClaims" CpimIssuerTechnicalProfileReferenceId="issue" />
</OrchestrationSteps></UserJourney></UserJourneys>
<RelyingParty><DefaultUserJourney ReferenceId="j" /><TechnicalProfile Id="PolicyProfile"><DisplayName>P</DisplayName><Protocol Name="OpenIdConnect" />
<OutputClaims><OutputClaim ClaimTypeReferenceId="name" /></OutputClaims><SubjectNamingInfo ClaimType="sub" /></TechnicalProfile></RelyingParty>
</TrustFrameworkPolicy>`

func TestTelemetryThatFailsEndsNoJourneyAndChangesNoClaim(t *testing.T) {
	t.Parallel()
	ran := 0
	for _, failure := range []error{nil, errors.New("no telemetry")} {
		kinds := program.NewKinds([]program.ProfileKind{
			{Name: "Watcher", Plan: func(*program.Plan) program.Planned { return watcher{&ran, failure} }},
			{Name: "JSON", Role: program.AsIssuer, Plan: func(*program.Plan) program.Planned { return ending{} }},
		}, journey.StepKinds(), nil)
		document, _ := policy.Parse("watched.xml", []byte(watched))
		effective, _ := policy.Inherit([]*policy.Document{document})
		p, found := program.Compile(effective, program.Options{Kinds: kinds})
		if found.HasErrors() {
			t.Fatal(found)
		}
		e := &journey.Engine{Log: slog.New(slog.DiscardHandler), Now: time.Now, Rand: zeros{}}
		result, err := e.Start(t.Context(), journey.Begin{Program: p, Mode: new(journey.Browser)})
		out, ok := result.Outcome.(*journey.Finished)
		if err != nil || !ok || len(out.Claims) != 0 {
			t.Errorf("%v: %#v, %v", failure, result.Outcome, err)
		}
	}
	if ran != 2 {
		t.Errorf("ran %d times", ran)
	}
}

// zeros is randomness that nothing depends on.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }
