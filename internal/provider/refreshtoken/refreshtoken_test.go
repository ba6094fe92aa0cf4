package refreshtoken_test

import (
	"strings"
	"testing"
	"time"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/journey"
	. "journeyman.dev/internal/journey/journeytest"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/provider/providertest"
	"journeyman.dev/internal/provider/refreshtoken"
)

func kind() program.ProfileKind {
	return program.ProfileKind{Name: "None", Protocol: true, Plan: journey.Plans(refreshtoken.Provider{})}
}

func TestTheSuiteOfProviders(t *testing.T) {
	t.Parallel()
	providertest.Suite(t, providertest.Description{
		New: func(*testing.T, providertest.Service) program.ProfileKind { return kind() }, Claims: "objectId", Alone: true, Ends: "finished",
		Profile: ProfileOf("Subject", `<Protocol Name="None" />`, "<Metadata>\n<Item Key=\"url\">{service:te}</Item>\n</Metadata>"+Outputs("objectId")),
	})
}

// policy-engine §4.10: RefreshTokenReadAndSetup restores what its output claims list.
func TestARefreshJourneyGetsTheClaimsOfItsToken(t *testing.T) {
	t.Parallel()
	s := New(t, kind())
	p := s.Compile(Policy{
		Claims: "objectId kind refreshTokenIssuedOnDateTime:dateTime first:dateTime", Profiles: ProfileOf("Read", `<Protocol Name="None" />`, Outputs("objectId", "refreshTokenIssuedOnDateTime", "first=refreshTokenIssuedOnDateTime")),
		Steps: []string{Run("Read")}, Journeys: Journey("Refresh", strings.Replace(Run("Read"), "ReadX", "ReadY", 1), SendClaims("Issuer")), Endpoints: `<Endpoint Id="Token" UserJourneyReferenceId="Refresh" />`,
	})
	var kept claims.Bag
	kept.Set("objectId", claims.Text("ada"))
	kept.Set("kind", claims.Text("gold"))
	at := time.Date(2029, 5, 6, 7, 8, 9, 0, time.UTC)
	got := s.User().Run(p, &journey.Renewal{Claims: kept, IssuedAt: at}).Claims()
	if want := "first=2029-05-06T07:08:09.0000000Z refreshTokenIssuedOnDateTime=2029-05-06T07:08:09.0000000Z sub=ada"; got != want {
		t.Errorf("claims: %s", got)
	}
	if got := s.User().Visit(p).Claims(); got != "" {
		t.Errorf("outside a refresh: %s", got)
	}
}
