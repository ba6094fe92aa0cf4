package transformation_test

import (
	"testing"

	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/journey"
	. "journeyman.dev/internal/journey/journeytest"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/provider/providertest"
	"journeyman.dev/internal/provider/transformation"
)

func kind() program.ProfileKind {
	return program.ProfileKind{Name: "ClaimsTransformationProtocolProvider", Plan: journey.Plans(transformation.Provider{})}
}

func TestTheSuiteOfProviders(t *testing.T) {
	t.Parallel()
	providertest.Suite(t, providertest.Description{
		New: func(*testing.T, providertest.Service) program.ProfileKind { return kind() }, Claims: "name", Alone: true, Inputs: map[string]string{"name": "Ada Lovelace"}, Ends: "finished",
		Profile: Profile("Subject", "ClaimsTransformationProtocolProvider", "<Metadata>\n</Metadata>"+Outputs("name")),
	})
}

// policy-engine §5.9: at least one output claim.
func TestAProfileWithoutOutputClaimsIsReported(t *testing.T) {
	t.Parallel()
	_, found := New(t, kind()).Findings(Policy{Claims: "name", Profiles: Profile("P", "ClaimsTransformationProtocolProvider", ""), Steps: []string{Run("P")}})
	if len(found) != 1 || found[0].Code != diag.NoOutputClaims {
		t.Errorf("findings:\n%s", Text(found))
	}
}
