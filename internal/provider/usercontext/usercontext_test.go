package usercontext_test

import (
	"strings"
	"testing"

	"journeyman.dev/internal/journey"
	. "journeyman.dev/internal/journey/journeytest"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/provider/usercontext"
)

// policy-engine §5.14.
func TestTheRequestBecomesClaims(t *testing.T) {
	t.Parallel()
	s := New(t, program.ProfileKind{Name: "UserJourneyContextProvider", Plan: journey.Plans(usercontext.Provider{})})
	p := s.Compile(Policy{Claims: "ip id", Profiles: Profile("Context", "UserJourneyContextProvider", Outputs("ip=IP-Address", "id=CorrelationId")), Steps: []string{Run("Context")}})
	u := s.User().Visit(p)
	if got, want := u.Claims(), "id="+u.Finished().Journey.CorrelationID+" ip=192.0.2.1"; got != want {
		t.Errorf("claims: %s, want %s", got, want)
	}
	u.Request.RemoteIP = ""
	if got := u.Visit(p).Claims(); strings.Contains(got, "ip=") {
		t.Errorf("without address: %s", got)
	}
}
