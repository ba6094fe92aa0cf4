package restful_test

import (
	"testing"

	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/journey/journeytest"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/provider/providertest"
	"journeyman.dev/internal/provider/restful"
)

// kind lists a provider as package kinds does.
func kind(p *restful.Provider) program.ProfileKind {
	return program.ProfileKind{Name: "RestfulProvider", Plan: journey.Plans(p), Resolving: program.ResolvesInputs}
}

func TestTheSuiteOfProviders(t *testing.T) {
	t.Parallel()
	providertest.Suite(t, providertest.Description{
		New: func(_ *testing.T, s providertest.Service) program.ProfileKind {
			caller := providertest.Answers(200, `{"level":"gold"}`)
			caller.Service = s
			return kind(&restful.Provider{Caller: caller, Keys: new(providertest.Keys)})
		},
		Claims: "email level",
		Profile: journeytest.Profile("Subject", "RestfulProvider", `<Metadata>
<Item Key="ServiceUrl">https://api.example/level</Item>
<Item Key="AuthenticationType">Bearer</Item>
</Metadata><CryptographicKeys>
<Key Id="BearerAuthenticationToken" StorageReferenceId="B2C_1A_Token" />
</CryptographicKeys>`+journeytest.Inputs("email!")+journeytest.Outputs("level")),
		Required: []string{"ServiceUrl", "AuthenticationType"}, Keys: []string{"BearerAuthenticationToken"},
		Inputs: map[string]string{"email": "ada@example.com"}, Missing: "email", Code: journey.CodeExchangeFailed,
		Ends: "finished", Message: "DefaultUserMessageIfRequestFailed",
	})
}
