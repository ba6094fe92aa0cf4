package journey_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"journeyman.dev/internal/journey"
	. "journeyman.dev/internal/journey/journeytest"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/provider/selfasserted"
	"journeyman.dev/internal/provider/transformation"
)

// The handler classes of profiles in these tests that aren't scripted.
const (
	selfAsserted = "SelfAssertedAttributeProvider"
	transforming = "ClaimsTransformationProtocolProvider"
)

// newStage has self-asserted and claims-transformation profiles, too.
func newStage(t *testing.T) *Stage {
	t.Helper()
	pages := &selfasserted.Provider{Controls: []selfasserted.ControlKind{selfasserted.VerificationControl}}
	return New(t, program.ProfileKind{Name: selfAsserted, Plan: journey.Plans(pages), Resolving: program.ResolvesForms},
		program.ProfileKind{Name: transforming, Plan: journey.Plans(transformation.Provider{})})
}

// expect compares what was observed.
func expect(t *testing.T, s *Stage, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, s.Story.Take()); diff != "" {
		t.Errorf("observations (-want +have):\n%s", diff)
	}
}

// contents are the content definitions of pages in these tests.
func contents() string {
	return Contents(Content("unified", "unifiedssp:2.1.7"), Content("form", "selfasserted:2.1.17"), Content("providers", "providerselection:1.2.1"))
}

// form is a self-asserted profile on the page form.
func form(id, inner string) string { return formWith(id, inner) }

// formWith is form with more metadata.
func formWith(id, inner string, metadata ...string) string {
	return Profile(id, selfAsserted, Metadata(append([]string{"ContentDefinitionReferenceId", "form"}, metadata...)...)+inner)
}

// validations is a list of validation technical profiles.
func validations(list ...string) string {
	var out string
	for _, v := range list {
		out += v
	}
	return "<ValidationTechnicalProfiles>" + out + "</ValidationTechnicalProfiles>"
}

func validation(profile, attributes, preconditions string) string {
	if preconditions != "" {
		preconditions = "<Preconditions>" + preconditions + "</Preconditions>"
	}
	return `<ValidationTechnicalProfile ReferenceId="` + profile + `" ` + attributes + `>` + preconditions + `</ValidationTechnicalProfile>`
}
