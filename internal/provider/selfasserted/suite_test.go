package selfasserted_test

import (
	"testing"

	"journeyman.dev/internal/journey"
	. "journeyman.dev/internal/journey/journeytest"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/provider/providertest"
	"journeyman.dev/internal/provider/selfasserted"
)

// kind lists a provider as package kinds does.
func kind(p *selfasserted.Provider) program.ProfileKind {
	p.Controls = []selfasserted.ControlKind{selfasserted.VerificationControl}
	return program.ProfileKind{Name: "SelfAssertedAttributeProvider", Plan: journey.Plans(p), Resolving: program.ResolvesForms}
}

func TestTheSuiteOfProviders(t *testing.T) {
	t.Parallel()
	providertest.Suite(t, providertest.Description{
		New:    func(*testing.T, providertest.Service) program.ProfileKind { return kind(new(selfasserted.Provider)) },
		Claims: "email name", Building: Contents(Content("form", "selfasserted:2.1.17")), Alone: true, Ends: "page selfasserted",
		Inputs: map[string]string{"email": "ada@example.com"},
		Profile: Profile("Subject", "SelfAssertedAttributeProvider", "<Metadata>\n<Item Key=\"ContentDefinitionReferenceId\">form</Item>\n</Metadata>"+
			Inputs("email")+Displays("email!", "name")+Outputs("email", "name")),
	})
}
