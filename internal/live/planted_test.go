package live_test

import (
	"bytes"
	"slices"
	"testing"

	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/lint"
)

// The files of the starter pack, by short names.
const (
	inBase       = "TrustFrameworkBase.xml"
	inTexts      = "TrustFrameworkLocalization.xml"
	inExtensions = "TrustFrameworkExtensions.xml"
	inSignUp     = "SignUpOrSignin.xml"
	inEdit       = "ProfileEdit.xml"
)

// rest is a technical profile that calls an API, and the journey's step that runs it.
const rest = `<ClaimsProvider><DisplayName>API</DisplayName><TechnicalProfiles>
<TechnicalProfile Id="REST"><DisplayName>API</DisplayName>
<Protocol Name="Proprietary" Handler="Web.TPEngine.Providers.RestfulProvider, Web.TPEngine, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null" />
<Metadata>
<Item Key="ServiceUrl">https://api.example/{objectId}</Item>
<Item Key="AuthenticationType">Basic</Item>
<Item Key="SendClaimsIn">Url</Item>
</Metadata>
<CryptographicKeys>
<Key Id="BasicAuthenticationUsername" StorageReferenceId="B2C_1A_User" />
<Key Id="BasicAuthenticationPassword" StorageReferenceId="B2C_1A_Password" />
</CryptographicKeys>
<InputClaims>
<InputClaim ClaimTypeReferenceId="objectId" />
</InputClaims>
<OutputClaims>
<OutputClaim ClaimTypeReferenceId="displayName" PartnerClaimType="name" />
</OutputClaims>
</TechnicalProfile>
</TechnicalProfiles></ClaimsProvider>
</ClaimsProviders>
<UserJourneys><UserJourney Id="SignUpOrSignIn"><OrchestrationSteps>
<OrchestrationStep Order="7" Type="ClaimsExchange"><ClaimsExchanges><ClaimsExchange Id="REST" TechnicalProfileReferenceId="REST" /></ClaimsExchanges></OrchestrationStep>
<OrchestrationStep Order="8" Type="SendClaims" CpimIssuerTechnicalProfileReferenceId="JwtIssuer" />
</OrchestrationSteps></UserJourney></UserJourneys>`

// fault is a change of one place in a file: of the first occurrence of old after the first occurrence of
// after.
type fault struct {
	name       string
	file       string
	after      string
	old, new   string
	code       diag.Code
	hint       string
	severity   diag.Severity // 0: error
	at         string        // text on the reported line; "": the beginning of the change
	atNth      int           // which of them
	withAPI    bool          // in a pack whose extensions call an API
	otherFile  string        // the reported file, if it isn't the changed one
	secondEdit [2]string     // in the same file
}

var faults = []fault{
	// The document.
	{name: "a tag that isn't closed", file: inBase, after: `Id="CreateRandomUPNUserName"`, old: `</InputParameters>`, new: ``, code: diag.NotWellFormed, hint: "must be closed before", at: `</ClaimsTransformation>`, atNth: 1},
	{name: "a tag that closes nothing", file: inBase, after: `Id="CreateRandomUPNUserName"`, old: `</InputParameters>`, new: `</InputParameter>`, code: diag.NotWellFormed, hint: "must be closed before"},
	{name: "the end missing", file: inSignUp, old: "</TrustFrameworkPolicy>", new: "", code: diag.NotWellFormed, hint: "add </TrustFrameworkPolicy>", at: "<TrustFrameworkPolicy"},
	{name: "an ampersand", file: inExtensions, old: "fields=id,first_name", new: "a=b&fields=id,first_name", code: diag.NotWellFormed, hint: "&amp;"},
	{name: "an attribute twice", file: inBase, old: `<ClaimType Id="surname">`, new: `<ClaimType Id="surname" Id="surname">`, code: diag.NotWellFormed, hint: "remove one"},
	{name: "an undeclared prefix", file: inBase, old: `<ClaimType Id="surname">`, new: `<ClaimType Id="surname" a:b="c">`, code: diag.NotWellFormed, hint: "xmlns:a"},
	{name: "a document type", file: inSignUp, old: `<TrustFrameworkPolicy`, new: `<!DOCTYPE x [<!ENTITY a "b">]><TrustFrameworkPolicy`, code: diag.NotWellFormed, hint: "no DTD"},
	{name: "a second root", file: inSignUp, old: "</TrustFrameworkPolicy>", new: "</TrustFrameworkPolicy><a/>", code: diag.NotWellFormed, hint: "one policy"},
	{name: "text behind the root", file: inSignUp, old: "</TrustFrameworkPolicy>", new: "</TrustFrameworkPolicy>x", code: diag.NotWellFormed, hint: "remove it"},
	{name: "another namespace", file: inSignUp, old: `cpim/schemas/2013/06"`, new: `cpim/schemas/2013/07"`, code: diag.NotWellFormed, hint: "cpim/schemas/2013/06", at: "<TrustFrameworkPolicy"},
	{name: "another root", file: inSignUp, old: "<TrustFrameworkPolicy", new: "<TrustFrameworkPolicies", secondEdit: [2]string{"</TrustFrameworkPolicy>", "</TrustFrameworkPolicies>"}, code: diag.WrongRoot, hint: "TrustFrameworkPolicy"},
	// Elements.
	{name: "an element in the wrong place", file: inBase, old: `<ClaimsTransformation Id="CreateOtherMailsFromEmail"`, new: `<DisplayName>x</DisplayName><ClaimsTransformation Id="CreateOtherMailsFromEmail"`, code: diag.UnknownElement, hint: "expected: ClaimsTransformation"},
	{name: "elements out of order", file: inBase, after: `<ClaimType Id="givenName">`, old: `<DataType>string</DataType>`, new: ``, secondEdit: [2]string{`<UserHelpText>Your given name (also known as first name).</UserHelpText>`, `<UserHelpText>Your given name (also known as first name).</UserHelpText><DataType>string</DataType>`}, code: diag.ElementOrder, hint: "the order is", at: "(also known as first name)"},
	{name: "an element twice", file: inBase, after: `<ClaimType Id="givenName">`, old: `<DataType>string</DataType>`, new: `<DataType>string</DataType><DataType>string</DataType>`, code: diag.RepeatedElement, hint: "merge"},
	{name: "text between elements", file: inSignUp, old: `<OutputClaims>`, new: `<OutputClaims>x`, code: diag.UnexpectedText, hint: "remove the text"},
	{name: "two includes", file: inBase, after: `Id="AAD-UserReadUsingObjectId"`, old: `<IncludeTechnicalProfile ReferenceId="AAD-Common" />`, new: `<IncludeTechnicalProfile ReferenceId="AAD-Common" /><IncludeTechnicalProfile ReferenceId="JwtIssuer" />`, code: diag.RepeatedElement, hint: "chain them"},
	// Attributes.
	{name: "an unknown attribute", file: inBase, old: `<ClaimType Id="surname">`, new: `<ClaimType Id="surname" Colour="red">`, code: diag.UnknownAttribute, severity: diag.Warning, hint: "no effect"},
	{name: "an attribute missing", file: inBase, old: `<ClaimType Id="surname">`, new: `<ClaimType>`, code: diag.MissingAttribute, hint: `add Id="…"`},
	{name: "a policy without id", file: inBase, old: `  PolicyId="B2C_1A_TrustFrameworkBase"` + "\n", new: "", code: diag.MissingAttribute, hint: `add PolicyId="…"`, at: "<TrustFrameworkPolicy"},
	{name: "a bad policy id", file: inSignUp, old: `PolicyId="B2C_1A_signup_signin"`, new: `PolicyId="B2C_1A_signup signin"`, code: diag.BadIdentifier, hint: "letters"},
	{name: "a bad tenant", file: inSignUp, old: `TenantId="contoso.onmicrosoft.com"`, new: `TenantId="contoso_onmicrosoft_com"`, code: diag.BadIdentifier, hint: "contoso.onmicrosoft.com"},
	{name: "an order that is no number", file: inBase, old: `Order="6" Type="ClaimsExchange"`, new: `Order="six" Type="ClaimsExchange"`, code: diag.IllegalValue, hint: "whole number"},
	{name: "a culture of no merge behaviour", file: inTexts, old: `MergeBehavior="Prepend"`, new: `MergeBehavior="Merge"`, code: diag.IllegalValue, hint: "legal: Append"},
	{name: "a deployment mode", file: inSignUp, old: `PolicyId="B2C_1A_signup_signin"`, new: `PolicyId="B2C_1A_signup_signin" DeploymentMode="Developement"`, code: diag.IllegalValue, hint: `"Development"`},
	// Ids.
	{name: "a claim type twice", file: inBase, old: `<ClaimType Id="surname">`, new: `<ClaimType Id="surname"/><ClaimType Id="surname">`, code: diag.DuplicateID, hint: "the first is at"},
	{name: "a claim type twice, but for letter case", file: inBase, old: `<ClaimType Id="surname">`, new: `<ClaimType Id="surname"/><ClaimType Id="SURNAME">`, code: diag.SameID, severity: diag.Warning, hint: "the first is at"},
	{name: "a profile twice", file: inBase, old: `<TechnicalProfile Id="AAD-UserReadUsingObjectId">`, new: `<TechnicalProfile Id="AAD-Common"/><TechnicalProfile Id="AAD-UserReadUsingObjectId">`, code: diag.DuplicateID, hint: "the first is at"},
	{name: "a claims exchange twice", file: inBase, old: `<ClaimsExchange Id="AADUserWrite"`, new: `<ClaimsExchange Id="AADUserReadWithObjectId"`, code: diag.DuplicateID, hint: "the first is at"},
	{name: "an order twice, before", file: inBase, old: `Order="3" Type="ClaimsExchange"`, new: `Order="4" Type="ClaimsExchange"`, code: diag.DuplicateID, hint: "another is at"},
	{name: "an order twice, behind", file: inBase, old: `Order="3" Type="ClaimsExchange"`, new: `Order="2" Type="ClaimsExchange"`, code: diag.DuplicateID, hint: "another is at"},
	{name: "a validation twice", file: inBase, old: `<ValidationTechnicalProfile ReferenceId="login-NonInteractive" />`, new: `<ValidationTechnicalProfile ReferenceId="login-NonInteractive" /><ValidationTechnicalProfile ReferenceId="login-NonInteractive" />`, code: diag.DuplicateID, hint: "the first is at"},
	{name: "a key twice", file: inBase, old: `<Key Id="client_secret" StorageReferenceId="B2C_1A_FacebookSecret" />`, new: `<Key Id="client_secret" StorageReferenceId="B2C_1A_FacebookSecret" /><Key Id="client_secret" StorageReferenceId="B2C_1A_FacebookSecret" />`, code: diag.SameID, severity: diag.Warning, hint: "the first is at"},
	// Bases and merging.
	{name: "a base of another tenant", file: inExtensions, old: `<TenantId>contoso.onmicrosoft.com</TenantId>`, new: `<TenantId>fabrikam.onmicrosoft.com</TenantId>`, code: diag.BaseTenant, hint: "tenant of the policy itself"},
	{name: "a base that inherits from its child", file: inBase, old: `<BuildingBlocks>`, new: `<BasePolicy><TenantId>contoso.onmicrosoft.com</TenantId><PolicyId>B2C_1A_TrustFrameworkExtensions</PolicyId></BasePolicy><BuildingBlocks>`, code: diag.BaseCycle, hint: "root"},
	{name: "a base without id", file: inSignUp, old: `<PolicyId>B2C_1A_TrustFrameworkExtensions</PolicyId>`, new: ``, code: diag.MissingBase, hint: "<PolicyId>", at: "<BasePolicy>"},
	{name: "a changed data type", file: inExtensions, old: `<BuildingBlocks>`, new: `<BuildingBlocks><ClaimsSchema><ClaimType Id="objectId"><DataType>int</DataType></ClaimType></ClaimsSchema>`, code: diag.ChangedDataType, hint: "it is declared at"},
	{name: "a changed protocol", file: inExtensions, old: `<TechnicalProfile Id="Facebook-OAUTH">`, new: `<TechnicalProfile Id="Facebook-OAUTH"><Protocol Name="OpenIdConnect" />`, code: diag.ChangedProtocol, severity: diag.Warning, hint: "it is declared at", secondEdit: [2]string{`<Item Key="client_id">facebook_clientid</Item>`, `<Item Key="client_id">facebook_clientid</Item><Item Key="METADATA">https://example.com/</Item><Item Key="ClaimsEndpoint">x</Item>`}},
	{name: "exchanges that pile up in a step", file: inExtensions, old: `</ClaimsProviders>`, new: `</ClaimsProviders><UserJourneys><UserJourney Id="SignUpOrSignIn"><OrchestrationSteps><OrchestrationStep Order="5" Type="ClaimsExchange"><ClaimsExchanges><ClaimsExchange Id="Other" TechnicalProfileReferenceId="AAD-UserReadUsingObjectId" /></ClaimsExchanges></OrchestrationStep></OrchestrationSteps></UserJourney></UserJourneys>`, code: diag.MissingSelection, hint: "ClaimsProviderSelection"},
	{name: "a step of another type", file: inExtensions, old: `</ClaimsProviders>`, new: `</ClaimsProviders><UserJourneys><UserJourney Id="SignUpOrSignIn"><OrchestrationSteps><OrchestrationStep Order="2" Type="Noop" /></OrchestrationSteps></UserJourney></UserJourneys>`, code: diag.MissingExchange, hint: "ClaimsExchange step", at: `Order="1" Type="CombinedSignInAndSignUp"`, otherFile: inBase},
	{name: "a profile that includes itself", file: inBase, after: `Id="AAD-Common"`, old: `<UseTechnicalProfileForSessionManagement`, new: `<IncludeTechnicalProfile ReferenceId="AAD-UserReadUsingObjectId" /><UseTechnicalProfileForSessionManagement`, code: diag.IncludeCycle, hint: "break"},
	{name: "a misspelt overlay", file: inExtensions, old: `<TechnicalProfile Id="Facebook-OAUTH">`, new: `<TechnicalProfile Id="Facebook-OUATH">`, code: diag.MisspeltProfile, hint: `"Facebook-OAUTH"`},
	{name: "a misspelt overlay that nothing is missed from", file: inExtensions, old: `<TechnicalProfile Id="login-NonInteractive">`, new: `<TechnicalProfile Id="login-NonInteractve">`, code: diag.StrayProfile, severity: diag.Warning, hint: `"login-NonInteractive"`},
	{name: "a claim type of a misspelt overlay", file: inExtensions, old: `<BuildingBlocks>`, new: `<BuildingBlocks><ClaimsSchema><ClaimType Id="surnam"><UserHelpText>x</UserHelpText></ClaimType></ClaimsSchema>`, code: diag.MissingDataType, severity: diag.Warning, hint: `"surname"`},
	// Claims.
	{name: "a claim type without data type", file: inBase, after: `<ClaimType Id="surname">`, old: `<DataType>string</DataType>`, new: ``, code: diag.MissingDataType, severity: diag.Warning, hint: "<DataType>", at: `<ClaimType Id="surname">`},
	{name: "a pattern", file: inBase, old: `RegularExpression="^[a-zA-Z0-9]+[`, new: `RegularExpression="^[a-zA-Z0-9]+([`, code: diag.BadRegularExpression, hint: ".NET"},
	{name: "a mask", file: inBase, after: `<ClaimType Id="surname">`, old: `<UserHelpText>`, new: `<Mask Type="Regex" Regex="(">*</Mask><UserHelpText>`, code: diag.BadRegularExpression, hint: ".NET"},
	{name: "a default of another type", file: inBase, old: `<OutputClaim ClaimTypeReferenceId="newUser" PartnerClaimType="newClaimsPrincipalCreated" />`, new: `<OutputClaim ClaimTypeReferenceId="newUser" PartnerClaimType="newClaimsPrincipalCreated" DefaultValue="maybe" />`, code: diag.BadDefault, hint: "boolean"},
	{name: "an unknown resolver", file: inSignUp, old: `{Policy:TenantObjectId}`, new: `{Policy:TenantObjctId}`, code: diag.UnknownResolver, severity: diag.Warning, hint: "{Policy:TenantObjectId}"},
	{name: "a page parameter's resolver", file: inSignUp, old: `<TechnicalProfile Id="PolicyProfile">`, new: `<UserJourneyBehaviors><ContentDefinitionParameters><Parameter Name="where">{Culture:LanguageNam}</Parameter></ContentDefinitionParameters></UserJourneyBehaviors><TechnicalProfile Id="PolicyProfile">`, code: diag.UnknownResolver, severity: diag.Warning, hint: "{Culture:LanguageName}"},
	{name: "a resolver that stays text", file: inBase, old: `<Item Key="IncludeClaimResolvingInClaimsHandling">true</Item>`, new: ``, code: diag.LiteralResolver, severity: diag.Warning, hint: "IncludeClaimResolvingInClaimsHandling", at: `DefaultValue="{OIDC:LoginHint}"`},
	{name: "a claim that a page doesn't know", file: inBase, after: `<TechnicalProfile Id="SelfAsserted-ProfileUpdate">`, old: `<OutputClaim ClaimTypeReferenceId="givenName" />`, new: `<OutputClaim ClaimTypeReferenceId="objectIdFromSession" />`, code: diag.ClaimNotShown, hint: "UserInputType"},
	{name: "predicates", file: inExtensions, old: `<BuildingBlocks>`, new: `<BuildingBlocks><Predicates><Predicate Id="P" Method="IsLengthRange"><Parameters><Parameter Id="Minimum">1</Parameter>` + "\n" + `<Parameter Id="Maximun">2</Parameter></Parameters></Predicate></Predicates>`, code: diag.BadPredicate, hint: `"Maximum"`, at: "Maximun"},
	{name: "a predicate's number", file: inExtensions, old: `<BuildingBlocks>`, new: `<BuildingBlocks><Predicates><Predicate Id="P" Method="IsLengthRange"><Parameters><Parameter Id="Minimum">1</Parameter>` + "\n" + `<Parameter Id="Maximum">many</Parameter></Parameters></Predicate></Predicates>`, code: diag.BadPredicate, hint: "Maximum", at: "many"},
	{name: "a predicate's method", file: inExtensions, old: `<BuildingBlocks>`, new: `<BuildingBlocks><Predicates><Predicate Id="P" Method="IsLenghtRange"/></Predicates>`, code: diag.IllegalValue, hint: `"IsLengthRange"`},
	{name: "a predicate's expression", file: inExtensions, old: `<BuildingBlocks>`, new: `<BuildingBlocks><Predicates><Predicate Id="P" Method="MatchesRegex"><Parameters>` + "\n" + `<Parameter Id="RegularExpression">(</Parameter></Parameters></Predicate></Predicates>`, code: diag.BadRegularExpression, hint: ".NET", at: `"RegularExpression"`},
	{name: "a predicate reference", file: inExtensions, old: `<BuildingBlocks>`, new: `<BuildingBlocks><Predicates><Predicate Id="Length" Method="IsLengthRange"><Parameters><Parameter Id="Minimum">1</Parameter><Parameter Id="Maximum">2</Parameter></Parameters></Predicate></Predicates><PredicateValidations><PredicateValidation Id="V"><PredicateGroups><PredicateGroup Id="G"><PredicateReferences><PredicateReference Id="Lenght" /></PredicateReferences></PredicateGroup></PredicateGroups></PredicateValidation></PredicateValidations>`, code: diag.UndeclaredPredicate, hint: `"Length"`},
	{name: "a predicate validation", file: inBase, after: `<ClaimType Id="surname">`, old: `<UserInputType>TextBox</UserInputType>`, new: `<UserInputType>TextBox</UserInputType><PredicateValidationReference Id="Names" />`, code: diag.UndeclaredValidation, hint: "declare"},
	// Transformations.
	{name: "an input of another type", file: inBase, old: `<InputClaim ClaimTypeReferenceId="otherMails" TransformationClaimType="collection" />`, new: `<InputClaim ClaimTypeReferenceId="email" TransformationClaimType="collection" />`, code: diag.RoleType, hint: "stringCollection"},
	{name: "an input missing", file: inBase, old: `<InputClaim ClaimTypeReferenceId="email" TransformationClaimType="item" />`, new: ``, code: diag.MissingRole, hint: `"item"`, at: `Id="CreateOtherMailsFromEmail"`},
	{name: "a parameter missing", file: inBase, old: `<InputParameter Id="randomGeneratorType" DataType="string" Value="GUID" />`, new: ``, code: diag.MissingParameter, hint: "randomGeneratorType", at: `Id="CreateRandomUPNUserName"`},
	{name: "a parameter's choice", file: inBase, old: `Value="GUID"`, new: `Value="UUID"`, code: diag.BadParameter, hint: "GUID"},
	{name: "a parameter's number", file: inBase, old: `Value="300000"`, new: `Value="5m"`, code: diag.BadParameter, hint: "number"},
	{name: "a parameter's data type", file: inBase, old: `Id="valueToCompareTo" DataType="boolean"`, new: `Id="valueToCompareTo" DataType="bool"`, code: diag.IllegalValue, hint: `"boolean"`},
	{name: "a format", file: inBase, old: `Value="cpim_{0}@{RelyingPartyTenantId}"`, new: `Value="cpim_{1}@{RelyingPartyTenantId}"`, code: diag.BadParameter, hint: "{0}"},
	// Profiles.
	{name: "a profile without protocol", file: inBase, after: `Id="SelfAsserted-ProfileUpdate"`, old: `<Protocol Name="Proprietary" Handler="Web.TPEngine.Providers.SelfAssertedAttributeProvider, Web.TPEngine, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null" />`, new: ``, code: diag.ProfileProtocol, hint: "<Protocol", at: `<TechnicalProfile Id="SelfAsserted-ProfileUpdate">`},
	{name: "an empty metadata item", file: inExtensions, old: `>facebook_clientid<`, new: `><`, code: diag.BadMetadata, hint: "value"},
	{name: "a metadata item missing", file: inExtensions, old: `<Item Key="client_id">facebook_clientid</Item>`, new: ``, code: diag.MissingMetadata, hint: "client_id", at: `<TechnicalProfile Id="Facebook-OAUTH">`},
	{name: "a flag in metadata", file: inBase, old: `<Item Key="UsePolicyInRedirectUri">0</Item>`, new: `<Item Key="UsePolicyInRedirectUri">no</Item>`, code: diag.DoubtfulMetadata, severity: diag.Warning, hint: "true, false"},
	{name: "a choice in metadata", file: inBase, old: `<Item Key="Operation">Write</Item>`, new: `<Item Key="Operation">Wrote</Item>`, code: diag.BadMetadata, hint: `"Write"`},
	{name: "a number in metadata", file: inBase, old: `<Item Key="SendTokenResponseBodyWithJsonNumbers">true</Item>`, new: `<Item Key="SendTokenResponseBodyWithJsonNumbers">true</Item><Item Key="token_lifetime_secs">10</Item>`, code: diag.DoubtfulMetadata, severity: diag.Warning, hint: "300"},
	{name: "an endpoint", file: inBase, old: `>https://www.facebook.com/dialog/oauth<`, new: `>www.facebook.com/dialog/oauth<`, code: diag.BadEndpoint, hint: "https"},
	{name: "an endpoint by http", file: inBase, old: `>https://www.facebook.com/dialog/oauth<`, new: `>http://www.facebook.com/dialog/oauth<`, code: diag.BadEndpoint, hint: "https"},
	{name: "a key missing", file: inBase, old: `<Key Id="client_secret" StorageReferenceId="B2C_1A_FacebookSecret" />`, new: ``, code: diag.MissingProfileKey, hint: "client_secret", at: `<TechnicalProfile Id="Facebook-OAUTH">`, otherFile: inExtensions},
	{name: "a key without storage", file: inBase, old: `<Key Id="client_secret" StorageReferenceId="B2C_1A_FacebookSecret" />`, new: `<Key Id="client_secret" />`, code: diag.MissingProfileKey, hint: "StorageReferenceId"},
	{name: "a session that is none", file: inBase, old: `<UseTechnicalProfileForSessionManagement ReferenceId="SM-SocialLogin" />`, new: `<UseTechnicalProfileForSessionManagement ReferenceId="JwtIssuer" />`, code: diag.NotASession, severity: diag.Warning, hint: "SM-AAD"},
	{name: "no key to find a user", file: inBase, after: `Id="AAD-UserReadUsingEmailAddress"`, old: `PartnerClaimType="signInNames.emailAddress"`, new: `PartnerClaimType="mail"`, code: diag.MissingDirectoryKey, severity: diag.Warning, hint: "signInNames", at: `<TechnicalProfile Id="AAD-UserReadUsingEmailAddress">`},
	{name: "no content definition", file: inBase, old: `<Item Key="ContentDefinitionReferenceId">api.selfasserted.profileupdate</Item>`, new: ``, code: diag.MissingMetadata, hint: "ContentDefinitionReferenceId", at: `<TechnicalProfile Id="SelfAsserted-ProfileUpdate">`},
	{name: "a page layout", file: inBase, old: `contract:unifiedssp:2.1.5`, new: `contract:unifiedspp:2.1.5`, code: diag.BadDataURI, hint: "unifiedssp"},
	{name: "a page layout's version", file: inBase, old: `contract:unifiedssp:2.1.5`, new: `contract:unifiedssp:2`, code: diag.BadDataURI, hint: "unifiedssp"},
	{name: "an enablement without claim", file: inBase, after: `Id="SelfAsserted-ProfileUpdate"`, old: `</TechnicalProfile>`, new: `<EnabledForUserJourneys>OnClaimsExistence</EnabledForUserJourneys></TechnicalProfile>`, code: diag.MissingMetadata, hint: "ClaimTypeOnWhichToEnable", at: `<TechnicalProfile Id="SelfAsserted-ProfileUpdate">`},
	// APIs.
	{name: "an API's address", withAPI: true, old: `https://api.example/`, new: `api.example/`, code: diag.BadServiceURL, hint: "https"},
	{name: "an API's address of a claim", withAPI: true, old: `https://api.example/`, new: `https://{objectId}.example/`, code: diag.BadServiceURL, hint: "path and query"},
	{name: "an API by http", withAPI: true, old: `https://api.example/`, new: `http://api.example/`, code: diag.InsecureREST, hint: "https"},
	{name: "an API without authentication", withAPI: true, old: `>Basic<`, new: `>None<`, code: diag.InsecureREST, hint: "AllowInsecureAuthInProduction"},
	{name: "an API's authentication", withAPI: true, old: `>Basic<`, new: `>Basik<`, code: diag.BadMetadata, hint: `"Basic"`},
	{name: "an API's claims", withAPI: true, old: `>Url<`, new: `>Uri<`, code: diag.BadMetadata, hint: `"Url"`},
	{name: "a placeholder", withAPI: true, old: `/{objectId}`, new: `/{objctId}`, code: diag.NotAnInput, hint: `"objectId"`},
	{name: "an API's input", withAPI: true, old: `<InputClaim ClaimTypeReferenceId="objectId" />`, new: `<InputClaim ClaimTypeReferenceId="objctId" />`, code: diag.UndeclaredClaimType, hint: `"objectId"`},
	{name: "an API's key", withAPI: true, old: `Id="BasicAuthenticationPassword"`, new: `Id="BasicAuthenticatonPassword"`, code: diag.MisspeltKey, hint: `"BasicAuthenticationPassword"`},
	{name: "an API's metadata", withAPI: true, old: `Key="ServiceUrl"`, new: `Key="ServiceURI"`, code: diag.MisspeltMetadata, hint: `"ServiceUrl"`},
	{name: "an API without address", withAPI: true, old: `<Item Key="ServiceUrl">https://api.example/{objectId}</Item>`, new: ``, code: diag.MissingMetadata, hint: "ServiceUrl", at: `<TechnicalProfile Id="REST">`},
	{name: "an API's optional metadata", withAPI: true, old: `Key="SendClaimsIn">Url`, new: `Key="SendClaimIn">Url`, code: diag.UnknownMetadata, severity: diag.Warning, hint: `"SendClaimsIn"`},
	{name: "a bearer token", withAPI: true, old: `>Basic</Item>`, new: `>Bearer</Item><Item Key="UseClaimAsBearerToken">objctId</Item>`, code: diag.NotAnInput, hint: `"objectId"`},
	{name: "certificate errors ignored", withAPI: true, old: `<Item Key="SendClaimsIn">`, new: `<Item Key="IgnoreServerCertificateErrors">true</Item><Item Key="SendClaimsIn">`, code: diag.UnsupportedSetting, severity: diag.Warning, hint: "--outbound-ca"},
	{name: "a JSON path", withAPI: true, old: `</Metadata>`, after: `api.example`, new: `<Item Key="ResolveJsonPathsInJsonTokens">true</Item></Metadata>`, secondEdit: [2]string{`PartnerClaimType="name"`, `PartnerClaimType="name["`}, code: diag.BadJSONPath, severity: diag.Warning, hint: "data[0]", at: `PartnerClaimType="name["`},
	// Steps.
	{name: "a gap in the orders", file: inBase, old: `Order="6" Type="ClaimsExchange"`, new: `Order="66" Type="ClaimsExchange"`, code: diag.MissingOrder, hint: "1, 2, 3"},
	{name: "no end", file: inBase, old: `<OrchestrationStep Order="7" Type="SendClaims" CpimIssuerTechnicalProfileReferenceId="JwtIssuer" />`, new: ``, code: diag.NoSendClaims, hint: "SendClaims", at: `<UserJourney Id="SignUpOrSignIn">`},
	{name: "an end that isn't one", file: inBase, old: `<OrchestrationStep Order="7" Type="SendClaims" CpimIssuerTechnicalProfileReferenceId="JwtIssuer" />`, new: `<OrchestrationStep Order="7" Type="Noop" />`, code: diag.NoSendClaims, hint: "SendClaims", at: `<UserJourney Id="SignUpOrSignIn">`},
	{name: "an end without issuer", file: inBase, old: `<OrchestrationStep Order="7" Type="SendClaims" CpimIssuerTechnicalProfileReferenceId="JwtIssuer" />`, new: `<OrchestrationStep Order="7" Type="SendClaims" />`, code: diag.IncompleteStep, hint: "CpimIssuerTechnicalProfileReferenceId"},
	{name: "an issuer that is none", file: inBase, old: `Type="SendClaims" CpimIssuerTechnicalProfileReferenceId="JwtIssuer"`, new: `Type="SendClaims" CpimIssuerTechnicalProfileReferenceId="SM-jwt-issuer"`, code: diag.NotAnIssuer, hint: "JwtIssuer"},
	{name: "a step without exchanges", file: inBase, old: `<ClaimsExchanges>
            <ClaimsExchange Id="AADUserWrite" TechnicalProfileReferenceId="AAD-UserWriteUsingAlternativeSecurityId" />
          </ClaimsExchanges>`, new: ``, code: diag.IncompleteStep, hint: "<ClaimsExchanges>", at: `Order="6" Type="ClaimsExchange"`},
	{name: "a page without content", file: inBase, old: ` ContentDefinitionReferenceId="api.signuporsignin"`, new: ``, code: diag.IncompleteStep, hint: "ContentDefinitionReferenceId"},
	{name: "a selection of nothing", file: inBase, old: `<ClaimsProviderSelection TargetClaimsExchangeId="FacebookExchange" />`, new: `<ClaimsProviderSelection />`, code: diag.BadSelection, severity: diag.Warning, hint: "TargetClaimsExchangeId"},
	{name: "a selection of both", file: inBase, old: `<ClaimsProviderSelection TargetClaimsExchangeId="FacebookExchange" />`, new: `<ClaimsProviderSelection TargetClaimsExchangeId="FacebookExchange" ValidationClaimsExchangeId="LocalAccountSigninEmailExchange" />`, code: diag.BadSelection, severity: diag.Warning, hint: "TargetClaimsExchangeId"},
	{name: "a selection before no exchange", file: inBase, old: `Order="2" Type="ClaimsExchange"`, new: `Order="2" Type="Noop"`, code: diag.MissingExchange, hint: "ClaimsExchange step", at: `Order="1" Type="CombinedSignInAndSignUp"`},
	{name: "several exchanges without a selection", file: inBase, old: `<ClaimsExchange Id="AADUserWrite"`, new: `<ClaimsExchange Id="Other" TechnicalProfileReferenceId="AAD-UserReadUsingObjectId" /><ClaimsExchange Id="AADUserWrite"`, code: diag.MissingSelection, hint: "ClaimsProviderSelection", at: `Order="6" Type="ClaimsExchange"`},
	{name: "a step that reads no hint", file: inBase, old: `Order="6" Type="ClaimsExchange"`, new: `Order="6" Type="GetClaims"`, code: diag.IncompleteStep, hint: "CpimIssuerTechnicalProfileReferenceId"},
	{name: "a step that calls nothing", file: inBase, old: `Order="6" Type="ClaimsExchange"`, new: `Order="6" Type="InvokeSubJourney"`, code: diag.IncompleteStep, hint: "JourneyList"},
	{name: "a sub journey", file: inBase, old: `<ClaimsExchanges>
            <ClaimsExchange Id="AADUserWrite" TechnicalProfileReferenceId="AAD-UserWriteUsingAlternativeSecurityId" />
          </ClaimsExchanges>`, new: `<JourneyList><Candidate SubJourneyReferenceId="Other" /></JourneyList>`, secondEdit: [2]string{`Order="6" Type="ClaimsExchange"`, `Order="6" Type="InvokeSubJourney"`}, code: diag.UndeclaredSubJourney, hint: "declare"},
	{name: "a step of a type that is yet to come", file: inBase, old: `Order="6" Type="ClaimsExchange"`, new: `Order="6" Type="ConsentScreen"`, code: diag.UnsupportedStep, severity: diag.Warning, hint: "see an error"},
	{name: "a required claim of nowhere", file: inBase, after: `Id="AAD-UserReadUsingObjectId"`, old: `<InputClaim ClaimTypeReferenceId="objectId" Required="true" />`, new: `<InputClaim ClaimTypeReferenceId="objectId" Required="true" />` + "\n" + `<InputClaim ClaimTypeReferenceId="isActiveMFASession" Required="true" />`, code: diag.RequiredNotOutput, hint: "earlier step", at: `ClaimTypeReferenceId="isActiveMFASession" Required`},
	// Preconditions.
	{name: "a precondition without a text", file: inBase, old: `<Value>localAccountAuthentication</Value>`, new: ``, code: diag.EmptyComparison, severity: diag.Warning, hint: "ClaimEquals two", at: `<Precondition Type="ClaimEquals"`},
	{name: "a precondition without an action", file: inBase, old: `<Action>SkipThisOrchestrationStep</Action>`, new: ``, code: diag.BadPrecondition, hint: "<Action>", at: `<Precondition Type="ClaimsExist"`},
	{name: "a precondition's flag", file: inBase, old: `ExecuteActionsIf="true"`, new: `ExecuteActionsIf="yes"`, code: diag.IllegalValue, hint: "true, false"},
	// The relying party.
	{name: "no journey", file: inSignUp, old: `<DefaultUserJourney ReferenceId="SignUpOrSignIn" />`, new: ``, code: diag.IncompleteParty, hint: "DefaultUserJourney", at: "<RelyingParty>"},
	{name: "no protocol", file: inSignUp, old: `<Protocol Name="OpenIdConnect" />`, new: ``, code: diag.IncompleteParty, hint: "<Protocol", at: "<TechnicalProfile"},
	{name: "an output of nowhere", file: inSignUp, old: `<OutputClaim ClaimTypeReferenceId="identityProvider" />`, new: `<OutputClaim ClaimTypeReferenceId="isActiveMFASession" />`, code: diag.OutputWithoutSource, hint: "DefaultValue"},
	{name: "a partner name of the subject", file: inSignUp, old: `PartnerClaimType="sub"`, new: `PartnerClaimType="sbu"`, code: diag.UnknownSubject, hint: `"sub"`},
	{name: "a session's life", file: inSignUp, old: `<Endpoints>`, new: `<Endpoints>`, secondEdit: [2]string{`</Endpoints>`, `</Endpoints><UserJourneyBehaviors><SessionExpiryInSeconds>60</SessionExpiryInSeconds></UserJourneyBehaviors>`}, code: diag.OutOfRange, severity: diag.Warning, hint: "900", at: `</Endpoints>`},
	{name: "keep me signed in", file: inSignUp, old: `</Endpoints>`, new: `</Endpoints><UserJourneyBehaviors><SingleSignOn Scope="Tenant" KeepAliveInDays="91" /></UserJourneyBehaviors>`, code: diag.OutOfRange, severity: diag.Warning, hint: "90"},
	{name: "a scope of sessions", file: inSignUp, old: `</Endpoints>`, new: `</Endpoints><UserJourneyBehaviors><SingleSignOn Scope="Tennant" /></UserJourneyBehaviors>`, code: diag.IllegalValue, hint: `"Tenant"`},
}

func TestEveryPlantedFaultIsToldOnceAndNothingElse(t *testing.T) {
	t.Parallel()
	plain, withAPI := loadPack(t), loadPack(t)
	extensions := slices.IndexFunc(withAPI.files, func(f lint.File) bool { return f.Path == inExtensions })
	withAPI.files[extensions].Source = bytes.Replace(withAPI.files[extensions].Source, []byte("</ClaimsProviders>"), []byte(rest), 1)
	withAPI.rebase(t)
	for i, f := range faults {
		if i%stride != 0 {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			p := plain
			if f.withAPI {
				p, f.file = withAPI, inExtensions
			}
			i := slices.IndexFunc(p.files, func(file lint.File) bool { return file.Path == f.file })
			src, at := f.plant(t, p.files[i].Source)
			w := wants{code: f.code, severity: f.severity, file: f.file, line: line(src, at), hint: f.hint}
			if w.severity == 0 {
				w.severity = diag.Error
			}
			told := src
			if f.otherFile != "" {
				w.file = f.otherFile
				told = p.files[slices.IndexFunc(p.files, func(file lint.File) bool { return file.Path == f.otherFile })].Source
			}
			if f.at != "" {
				w.line = line(told, nth(t, told, f.at, f.atNth))
			}
			w.check(t, f.name, p.plant(i, src))
		})
	}
}

// plant changes a file and returns the place.
func (f fault) plant(t *testing.T, src []byte) ([]byte, int) {
	t.Helper()
	from := nth(t, src, f.after, 0)
	at := from + nth(t, src[from:], f.old, 0)
	out := slices.Concat(src[:at], []byte(f.new), src[at+len(f.old):])
	if f.secondEdit[0] != "" {
		second := nth(t, out, f.secondEdit[0], 0)
		out = slices.Concat(out[:second], []byte(f.secondEdit[1]), out[second+len(f.secondEdit[0]):])
	}
	return out, at
}

// nth finds a text that must exist, the first (0) or a later one.
func nth(t *testing.T, src []byte, text string, n int) int {
	t.Helper()
	from := 0
	for ; ; n-- {
		i := bytes.Index(src[from:], []byte(text))
		if i < 0 {
			t.Fatalf("%q isn't there", text)
		}
		if n == 0 {
			return from + i
		}
		from += i + 1
	}
}
