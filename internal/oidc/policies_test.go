package oidc_test

import (
	"context"
	"encoding/json"
	"maps"
	"strings"
	"sync"
	"time"

	"journeyman.dev/internal/application"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/policy"
	"journeyman.dev/internal/program"
	"journeyman.dev/internal/provider/jwtissuer"
	"journeyman.dev/internal/provider/userinfo"
)

// draft are the parts in which the policies of the tests differ.
type draft struct {
	metadata string // items of the JWT issuer
	journey  string // the default user journey; "": "token"
	party    string // elements between DefaultUserJourney and TechnicalProfile
	profile  string // elements of the relying party's profile before its output claims
}

// drafts are the policies, by id.
var drafts = map[string]draft{
	"B2C_1A_signin": {},
	// A policy that uses everything that a relying party may contain.
	"B2C_1A_full": {
		metadata: `<Item Key="ClientCredentialsUserJourneyId">token</Item><Item Key="SendTokenResponseBodyWithJsonNumbers">false</Item>` +
			`<Item Key="IssuanceClaimPattern">AuthorityWithTfp</Item><Item Key="AuthenticationContextReferenceClaimPattern">None</Item>`,
		party: `<Endpoints><Endpoint Id="Token" UserJourneyReferenceId="token" /><Endpoint Id="UserInfo" UserJourneyReferenceId="document" /></Endpoints>`,
	},
	"B2C_1A_enforced": {party: `<UserJourneyBehaviors><SingleSignOn Scope="Policy" EnforceIdTokenHintOnLogout="true" /></UserJourneyBehaviors>`},
	"B2C_1A_showing":  {party: `<UserJourneyBehaviors><OnError Mode="DisplayInService" /></UserJourneyBehaviors>`},
	"B2C_1A_invited": {profile: `<CryptographicKeys><Key Id="client_secret" StorageReferenceId="B2C_1A_Invitation" /></CryptographicKeys>` +
		`<InputClaims><InputClaim ClaimTypeReferenceId="name" PartnerClaimType="called" Required="true" /><InputClaim ClaimTypeReferenceId="age" /></InputClaims>`},
	"B2C_1A_document": {journey: "document"},
	"B2C_1A_password": {journey: "password"},
}

const policyText = `<TrustFrameworkPolicy xmlns="http://schemas.microsoft.com/online/cpim/schemas/2013/06" PolicySchemaVersion="0.3.0.0" TenantId="contoso.onmicrosoft.com" PolicyId="{id}" PublicPolicyUri="http://contoso.onmicrosoft.com/{id}">
<BuildingBlocks><ClaimsSchema><ClaimType Id="name"><DataType>string</DataType></ClaimType><ClaimType Id="age"><DataType>int</DataType></ClaimType>
<ClaimType Id="objectId"><DataType>string</DataType></ClaimType></ClaimsSchema></BuildingBlocks>
<ClaimsProviders><ClaimsProvider><DisplayName>All</DisplayName><TechnicalProfiles>
<TechnicalProfile Id="JwtIssuer"><DisplayName>JWT</DisplayName><Protocol Name="None" /><OutputTokenFormat>JWT</OutputTokenFormat>
<Metadata><Item Key="client_id">service</Item><Item Key="issuer_refresh_token_user_identity_claim_type">objectId</Item>{metadata}</Metadata>
<CryptographicKeys><Key Id="issuer_secret" StorageReferenceId="B2C_1A_Signing" /><Key Id="issuer_refresh_token_key" StorageReferenceId="B2C_1A_Encryption" /></CryptographicKeys></TechnicalProfile>
<TechnicalProfile Id="JsonIssuer"><DisplayName>JSON</DisplayName><Protocol Name="None" /><OutputTokenFormat>JSON</OutputTokenFormat></TechnicalProfile>
<TechnicalProfile Id="Step"><DisplayName>Step</DisplayName><Protocol Name="Proprietary" Handler="Web.Straw, Web" />
<InputClaims><InputClaim ClaimTypeReferenceId="name" DefaultValue="{OIDC:Username}{OIDC:Password}{OAUTH-KV:campaign}" /></InputClaims><OutputClaims><OutputClaim ClaimTypeReferenceId="name" /></OutputClaims></TechnicalProfile>
</TechnicalProfiles></ClaimsProvider></ClaimsProviders>
<UserJourneys>
<UserJourney Id="token"><OrchestrationSteps><OrchestrationStep Order="1" Type="SendClaims" CpimIssuerTechnicalProfileReferenceId="JwtIssuer" /></OrchestrationSteps></UserJourney>
<UserJourney Id="document"><OrchestrationSteps><OrchestrationStep Order="1" Type="SendClaims" CpimIssuerTechnicalProfileReferenceId="JsonIssuer" /></OrchestrationSteps></UserJourney>
<UserJourney Id="password"><OrchestrationSteps>
<OrchestrationStep Order="1" Type="ClaimsExchange"><ClaimsExchanges><ClaimsExchange Id="x" TechnicalProfileReferenceId="Step" /></ClaimsExchanges></OrchestrationStep>
<OrchestrationStep Order="2" Type="SendClaims" CpimIssuerTechnicalProfileReferenceId="JwtIssuer" /></OrchestrationSteps></UserJourney>
</UserJourneys>
<RelyingParty><DefaultUserJourney ReferenceId="{journey}" />{party}<TechnicalProfile Id="PolicyProfile"><DisplayName>P</DisplayName><Protocol Name="OpenIdConnect" />{profile}
<OutputClaims><OutputClaim ClaimTypeReferenceId="name" /><OutputClaim ClaimTypeReferenceId="objectId" PartnerClaimType="sub" /></OutputClaims><SubjectNamingInfo ClaimType="sub" /></TechnicalProfile></RelyingParty>
</TrustFrameworkPolicy>`

// straw is the exchange of the tests' policies. It signs out at an address that its error
// decides about.
type straw struct{}

func (straw) Run(context.Context, *journey.Call) (journey.Result, error) {
	return journey.Done{Output: journey.Nothing{}}, nil
}

func (straw) SignOutURL(_ context.Context, _ *program.Program, now time.Time) (string, error) {
	if now.After(start) {
		return "", errDown
	}
	return "https://idp.example/logout", nil
}

// compiled are the programs of drafts by folded id, and one of a policy without a relying
// party. They are immutable, so all tests share them.
var compiled = sync.OnceValue(func() map[string]*program.Program {
	kinds := program.NewKinds([]program.ProfileKind{
		{Name: "JWT", Role: program.AsIssuer, Plan: journey.Plans(jwtissuer.Provider{})},
		{Name: "JSON", Role: program.AsIssuer, Plan: journey.Plans(userinfo.Issuer{})},
		{Name: "Straw", Plan: func(*program.Plan) program.Planned { return straw{} }, Resolving: program.ResolvesInputs},
	}, journey.StepKinds(), nil)
	list := make(map[string]*program.Program)
	for id, d := range drafts {
		if d.journey == "" {
			d.journey = "token"
		}
		text := strings.NewReplacer("{id}", id, "{metadata}", d.metadata, "{journey}", d.journey, "{party}", d.party, "{profile}", d.profile).Replace(policyText)
		list[strings.ToLower(id)] = compile(kinds, text)
	}
	before, rest, _ := strings.Cut(policyText, "<RelyingParty>")
	_, after, _ := strings.Cut(rest, "</RelyingParty>")
	list["b2c_1a_base"] = compile(kinds, strings.NewReplacer("{id}", "B2C_1A_base", "{metadata}", "").Replace(before+after))
	return list
})

func compile(kinds *program.Kinds, text string) *program.Program {
	document, found := policy.Parse("policy.xml", []byte(text))
	if found.HasErrors() {
		panic(found)
	}
	effective, found := policy.Inherit([]*policy.Document{document})
	if found.HasErrors() {
		panic(found)
	}
	p, found := program.Compile(effective, program.Options{Kinds: kinds, TenantName: "contoso.onmicrosoft.com", TenantID: tenantID})
	if found.HasErrors() {
		panic(found)
	}
	return p
}

func programs() map[string]*program.Program { return maps.Clone(compiled()) }

// applications are the registrations of a world.
func applications() map[string]application.Application {
	web, _ := application.SecretOf("", secret, start.Add(-time.Hour), start.Add(365*24*time.Hour))
	old, _ := application.SecretOf("", "old "+secret, start.Add(-2*time.Hour), start.Add(-time.Hour))
	list := []application.Application{
		{
			ID: "object of web", AppID: "web", WebRedirects: []string{"https://app.example/in", "https://app.example/in?tenant=1"}, LogoutURL: "https://app.example/out",
			ImplicitIDToken: true, ImplicitAccessToken: true, Secrets: []application.Secret{web, old},
			Extra: map[string]json.RawMessage{"requiredResourceAccess": json.RawMessage(`[{"resourceAppId":"api","resourceAccess":[` +
				`{"id":"s1","type":"Scope"},{"id":"s2","type":"Scope"},{"id":"r1","type":"Role"}]},{"resourceAppId":"other","resourceAccess":[{"id":"s1","type":"Scope"}]}]`)},
		},
		{AppID: "code", WebRedirects: []string{"https://code.example/in"}, Secrets: []application.Secret{web}, PKCE: new(application.PKCE)},
		{AppID: "spa", SPARedirects: []string{"https://spa.example/in"}, LogoutURL: "https://spa.example/out", FallbackPublic: true},
		{AppID: "native", NativeRedirects: []string{"http://localhost/in", "msal://in"}},
		{AppID: "disabled", Disabled: true, WebRedirects: []string{"https://app.example/in"}},
		{AppID: "nowhere"},
		{AppID: "api", IdentifierURIs: []string{"https://contoso.example/api"}, Secrets: []application.Secret{web}, Extra: map[string]json.RawMessage{
			"api":      json.RawMessage(`{"oauth2PermissionScopes":[{"id":"s1","value":"read"},{"id":"s2","value":"write"},{"id":"s3","value":"admin"}]}`),
			"appRoles": json.RawMessage(`[{"id":"r1","value":"Work.All","allowedMemberTypes":["Application"]}]`),
		}},
		{AppID: "other", IdentifierURIs: []string{"https://contoso.example/other"}, Extra: map[string]json.RawMessage{
			"api": json.RawMessage(`{"oauth2PermissionScopes":[{"id":"s1","value":"read"}]}`),
		}},
	}
	byID := make(map[string]application.Application)
	for _, app := range list {
		byID[app.AppID] = app
	}
	return byID
}
