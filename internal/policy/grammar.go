package policy

import (
	"slices"
	"strconv"
	"strings"
	"sync"

	"journeyman.dev/internal/diag"
)

// grammarText is the schema of policy files in short: a line for each type with its attributes (! required),
// then its children in the order that B2C enforces (* repeatable, name=type when they differ). "text" is text
// content. Source: policy-engine §1.2–1.7 [X][C].
const grammarText = `
TrustFrameworkPolicy @PolicySchemaVersion! @TenantId! @TenantObjectId @PolicyId! @PublicPolicyUri! @DeploymentMode @UserJourneyRecorderEndpoint @StateEngineInfoHost : BasePolicy PolicyConstraints Contacts=any DocumentReferences=any BuildingBlocks ClaimsProviders UserJourneys SubJourneys RelyingParty
BasePolicy : TenantId=text PolicyId=text
PolicyConstraints : Inheritance=any RerouteRules=any
BuildingBlocks : ClaimsSchema Predicates InputValidations PredicateValidations ClaimsTransformations ClientDefinitions ContentDefinitions Localization DisplayControls
ClaimsSchema : ClaimType*
ClaimType @Id! @StatementType : DisplayName=text DataType=text DefaultPartnerClaimTypes Mask AdminHelpText=text UserHelpText=text UserInputType=text Restriction InputValidationReference=IdRef PredicateValidationReference=IdRef
DefaultPartnerClaimTypes : Protocol*=PartnerProtocol
PartnerProtocol @Name! @Handler @PartnerClaimType! : text
Mask @Type! @Regex : text
Restriction @MergeBehavior : Enumeration* Pattern
Enumeration @Text! @Value! @SelectByDefault : text
Pattern @RegularExpression! @HelpText : text
IdRef @Id! : text
Predicates : Predicate*
Predicate @Id! @Method! @HelpText : UserHelpText=text Parameters=PredicateParameters
PredicateParameters : Parameter*=PredicateParameter
PredicateParameter @Id! : text
InputValidations : InputValidation*
InputValidation @Id! : PredicateReferences*
PredicateValidations : PredicateValidation*
PredicateValidation @Id! : PredicateGroups
PredicateGroups : PredicateGroup*
PredicateGroup @Id! : UserHelpText=text PredicateReferences
PredicateReferences @Id @HelpText @MatchAtLeast @Reject : PredicateReference*=IdRef
ClaimsTransformations : ClaimsTransformation*
ClaimsTransformation @Id! @TransformationMethod! : InputClaims=TransformationInputs InputParameters OutputClaims=TransformationOutputs
TransformationInputs : InputClaim*=TransformationClaim
TransformationOutputs : OutputClaim*=TransformationClaim
TransformationClaim @ClaimTypeReferenceId! @TransformationClaimType : text
InputParameters : InputParameter*
InputParameter @Id! @DataType! @Value! : text
ClientDefinitions : ClientDefinition*
ClientDefinition @Id! : ClientUIFilterFlags=text
ContentDefinitions : ContentDefinition*
ContentDefinition @Id! : LoadUri=text RecoveryUri=text DataUri=text Metadata LocalizedResourcesReferences
Metadata : Item*=MetadataItem
MetadataItem @Key! : text
LocalizedResourcesReferences @MergeBehavior : LocalizedResourcesReference*
LocalizedResourcesReference @Language! @LocalizedResourcesReferenceId @Url : text
Localization @Enabled : SupportedLanguages LocalizedResources*
SupportedLanguages @DefaultLanguage @PolicyLanguage @MergeBehavior : SupportedLanguage*=text
LocalizedResources @Id! @Culture : LocalizedCollections LocalizedStrings
LocalizedCollections : LocalizedCollection*
LocalizedCollection @ElementType! @ElementId! @TargetCollection! : Item*=Enumeration
LocalizedStrings : LocalizedString*
LocalizedString @ElementType! @ElementId @StringId! : text
DisplayControls : DisplayControl*
DisplayControl @Id! @UserInterfaceControlType! : InputClaims DisplayClaims OutputClaims Actions
Actions : Action*
Action @Id! : ValidationClaimsExchange
ValidationClaimsExchange : ValidationClaimsExchangeTechnicalProfile*
ValidationClaimsExchangeTechnicalProfile @TechnicalProfileReferenceId! @ContinueOnSuccess @ContinueOnError : Preconditions
ClaimsProviders : ClaimsProvider*
ClaimsProvider : Domains Domain=text DisplayName=text TechnicalProfiles
Domains : Domain*=text
TechnicalProfiles : TechnicalProfile*
TechnicalProfile @Id! : Domains Domain=text DisplayName=text Description=text Protocol InputTokenFormat=text OutputTokenFormat=text AssuranceLevelOfOutputClaims=any RequiredAssuranceLevelsOfInputClaims=any SubjectAuthenticationRequirements Metadata CryptographicKeys Suppressions=any PreferredBinding=any IncludeInSso=text InputTokenSources=any InputClaimsTransformations* InputClaims DisplayClaims PersistedClaims OutputClaims OutputClaimsTransformations* ValidationTechnicalProfiles* SubjectNamingInfo Extensions=any IncludeClaimsFromTechnicalProfile=any IncludeTechnicalProfile* UseTechnicalProfileForSessionManagement=Reference ErrorHandlers=any EnabledForUserJourneys=text
Protocol @Name! @Handler : text
SubjectAuthenticationRequirements @TimeToLive! @ResetExpiryWhenTokenIssued : text
CryptographicKeys : Key*
Key @Id! @StorageReferenceId : text
InputClaimsTransformations : InputClaimsTransformation*=Reference
OutputClaimsTransformations : OutputClaimsTransformation*=Reference
Reference @ReferenceId! : text
ClientReference @ReferenceId : text
IncludeTechnicalProfile @ReferenceId! : text
InputClaims : InputClaim*=ClaimReference
DisplayClaims : DisplayClaim*=DisplayClaim
PersistedClaims : PersistedClaim*=ClaimReference
OutputClaims : OutputClaim*=ClaimReference
ClaimReference @ClaimTypeReferenceId! @PartnerClaimType @DefaultValue @AlwaysUseDefaultValue @Required @OverwriteIfExists : From
DisplayClaim @ClaimTypeReferenceId @DisplayControlReferenceId @ControlClaimType @PartnerClaimType @DefaultValue @AlwaysUseDefaultValue @Required : From
From @TechnicalProfileReferenceId : text
ValidationTechnicalProfiles : ValidationTechnicalProfile*
ValidationTechnicalProfile @ReferenceId! @ContinueOnSuccess @ContinueOnError : Preconditions
Preconditions : Precondition*
Precondition @Type! @ExecuteActionsIf! : Value*=text Action*=text
SubjectNamingInfo @ClaimType! @NameQualifier @SPNameQualifier @Format @SPProvidedID @ExcludeAsClaim : text
UserJourneys : UserJourney*
UserJourney @Id! @NonInteractive @DefaultCpimIssuerTechnicalProfileReferenceId : AssuranceLevel=text PreserveOriginalAssertion=text Authorization OrchestrationSteps ClientDefinition=ClientReference CryptographicKeys
Authorization : AuthorizationTechnicalProfiles
AuthorizationTechnicalProfiles : AuthorizationTechnicalProfile*=Reference
SubJourneys : SubJourney*
SubJourney @Id! @Type! : OrchestrationSteps
OrchestrationSteps : OrchestrationStep*
OrchestrationStep @Order! @Type! @ContentDefinitionReferenceId @CpimIssuerTechnicalProfileReferenceId : Preconditions* ClaimsProviderSelections* ClaimsExchanges* JourneyList*
ClaimsProviderSelections @DisplayOption : ClaimsProviderSelection*
ClaimsProviderSelection @TargetClaimsExchangeId @ValidationClaimsExchangeId : text
ClaimsExchanges @UserIdentity : ClaimsExchange*
ClaimsExchange @Id! @TechnicalProfileReferenceId! : text
JourneyList : Candidate*
Candidate @SubJourneyReferenceId! : text
RelyingParty : DefaultUserJourney=Reference Endpoints UserJourneyBehaviors TechnicalProfile*
Endpoints : Endpoint*
Endpoint @Id! @UserJourneyReferenceId! : text
UserJourneyBehaviors : SingleSignOn SessionExpiryType=text SessionExpiryInSeconds=text AzureApplicationInsights=Insights JourneyInsights=Insights ContentDefinitionParameters JourneyFraming ScriptExecution=text OnError
SingleSignOn @Scope! @KeepAliveInDays @EnforceIdTokenHintOnLogout : text
Insights @TelemetryEngine @InstrumentationKey @ConnectionString @DeveloperMode @ClientEnabled @ServerEnabled @TelemetryVersion : text
ContentDefinitionParameters : Parameter*=NamedParameter
NamedParameter @Name! : text
JourneyFraming @Enabled @Sources : text
OnError @Mode : text
`

// enumerations lists the legal values of attributes ("Type@Attribute") and of text content ("Type/Child").
var enumerations = map[string][]string{
	"TrustFrameworkPolicy@DeploymentMode": {"Production", "Development", "Debugging"},
	"ClaimType/UserInputType": {
		"TextBox", "EmailBox", "Password", "DateTimeDropdown", "DropdownSingleSelect", "RadioSingleSelect",
		"CheckboxMultiSelect", "Readonly", "Paragraph", "Button",
	},
	"ClaimType/DataType":                         dataTypes,
	"Mask@Type":                                  {"Simple", "Regex"},
	"Restriction@MergeBehavior":                  {"Append", "Prepend", "ReplaceAll"},
	"LocalizedResourcesReferences@MergeBehavior": {"Append", "Prepend", "ReplaceAll"},
	"SupportedLanguages@MergeBehavior":           {"Append", "Prepend", "ReplaceAll"},
	"Protocol@Name":                              protocols,
	"PartnerProtocol@Name":                       protocols,
	"Precondition@Type":                          {"ClaimsExist", "ClaimEquals"},
	"Precondition/Action":                        {"SkipThisOrchestrationStep", "SkipThisValidationTechnicalProfile"},
	"SubJourney@Type":                            {"Call", "Transfer"},
	"OrchestrationStep@Type": {
		"ClaimsExchange", "CombinedSignInAndSignUp", "ClaimsProviderSelection", "GetClaims", "InvokeSubJourney",
		"SendClaims", "ConsentScreen", "ReviewScreen", "UserDialog", "Noop",
	},
	"ClaimsProviderSelections@DisplayOption":  {"DoNotShowSingleProvider", "ShowSingleProvider"},
	"SingleSignOn@Scope":                      {"Suppressed", "TrustFramework", "Tenant", "Application", "Policy"},
	"UserJourneyBehaviors/SessionExpiryType":  {"Rolling", "Absolute"},
	"UserJourneyBehaviors/ScriptExecution":    {"Disallow", "Allow"},
	"OnError@Mode":                            {"ReturnToRequestor", "DisplayInService"},
	"TechnicalProfile/InputTokenFormat":       tokenFormats,
	"TechnicalProfile/OutputTokenFormat":      tokenFormats,
	"TechnicalProfile/EnabledForUserJourneys": {"Always", "Never", "OnClaimsExistence", "OnItemExistenceInStringCollectionClaim", "OnItemAbsenceInStringCollectionClaim", "true", "false"},
	"DisplayControl@UserInterfaceControlType": {"VerificationControl", "QrCodeControl", "AuthenticatorAppIconControl", "AuthenticatorInfoControl", "CaptchaControl"},
	"Predicate@Method":                        {"IsLengthRange", "MatchesRegex", "IncludesCharacters", "IsDateRange"},
	"LocalizedCollection@TargetCollection":    {"Restriction"},
	"ClaimType@StatementType":                 {"Attribute", "Authentication", "Subject"},
	"Insights@TelemetryEngine":                {"ApplicationInsights"},
	"InputParameter@DataType":                 dataTypes,
}

var (
	protocols    = []string{"None", "OAuth1", "OAuth2", "SAML2", "OpenIdConnect", "WsFed", "WsTrust", "UProve11", "Proprietary"}
	tokenFormats = []string{"JSON", "JWT", "SAML11", "SAML2", "CpimUnsigned", "UProve11", "OAuth2Error"}
	dataTypes    = []string{
		"string", "boolean", "int", "long", "date", "dateTime", "duration",
		"stringCollection", "phoneNumber", "userIdentity", "userIdentityCollection", "alternativeSecurityIdCollection", "objectIdentity", "objectIdentityCollection",
	}
)

// booleans and integers are the attributes and elements of those schema types, in all elements. B2C accepts
// true, false, 1 and 0. We accept any letter case, too, because metadata is written in any.
var (
	booleans = []string{"AlwaysUseDefaultValue", "Required", "OverwriteIfExists", "ContinueOnSuccess", "ContinueOnError", "ExecuteActionsIf",
		"SelectByDefault", "Reject", "ExcludeAsClaim", "NonInteractive", "ResetExpiryWhenTokenIssued", "UserIdentity", "DeveloperMode",
		"ClientEnabled", "ServerEnabled", "EnforceIdTokenHintOnLogout", "Enabled", "IncludeInSso", "PreserveOriginalAssertion"}
	integers = []string{"Order", "MatchAtLeast", "TimeToLive"}
)

type elementType struct {
	name       string
	attributes []string
	required   []string
	children   []childRule
	text       bool
	any        bool
}

type childRule struct {
	name, kind string
	repeat     bool
}

// grammar parses grammarText once.
var grammar = sync.OnceValue(func() map[string]*elementType {
	types := map[string]*elementType{"any": {name: "any", any: true, text: true}, "text": {name: "text", text: true}}
	for line := range strings.Lines(grammarText) {
		head, tail, ok := strings.Cut(strings.TrimSpace(line), " : ")
		if !ok {
			continue
		}
		words := strings.Fields(head)
		t := &elementType{name: words[0]}
		for _, a := range words[1:] {
			name := strings.TrimSuffix(a[1:], "!")
			t.attributes = append(t.attributes, name)
			if strings.HasSuffix(a, "!") {
				t.required = append(t.required, name)
			}
		}
		for _, c := range strings.Fields(tail) {
			if c == "text" {
				t.text = true
				continue
			}
			name, kind, typed := strings.Cut(c, "=")
			rule := childRule{name: strings.TrimSuffix(name, "*"), repeat: strings.HasSuffix(name, "*")}
			rule.kind = rule.name
			if typed {
				rule.kind = kind
			}
			t.children = append(t.children, rule)
		}
		types[t.name] = t
	}
	return types
})

// shapeChecker walks a tree against the grammar.
type shapeChecker struct {
	diag.Collector
	faults diag.Collector // see Document.Faults
}

// damage reports a fault that makes part of the document unreadable or uncertain.
func (c *shapeChecker) damage(code diag.Code, at diag.Position, hint, format string, args ...any) {
	d := diag.New(code, at, hint, format, args...)
	c.Add(d)
	c.faults.Add(d)
}

func (c *shapeChecker) element(n *node, t *elementType) {
	if t.any {
		return
	}
	misspelt := c.attributes(n, t)
	for _, name := range t.required {
		if !n.has(name) && misspelt[name] == nil {
			c.damage(diag.MissingAttribute, n.pos, "add "+name+"=\"…\"", "element %q lacks the attribute %q", n.name, name)
		}
	}
	if !t.text && strings.TrimSpace(n.text) != "" {
		c.Report(diag.UnexpectedText, n.textPos, "remove the text, or write it as a comment", "element %q cannot contain text", n.name)
	}
	c.childrenOf(n, t)
}

// attributes checks an element's attributes. It returns the misspelt ones by the intended name: a similar
// name that the element may contain and doesn't. Other unknown attributes get only a warning, as the
// published schema lags behind B2C (policy-engine §1.1 [D][I]).
func (c *shapeChecker) attributes(n *node, t *elementType) map[string]*attribute {
	misspelt := make(map[string]*attribute)
	for i, a := range n.attrs {
		if slices.Contains(t.attributes, a.name) {
			c.value(t.name+"@"+a.name, a.name, a.value, a.pos, "attribute "+strconv.Quote(a.name))
			continue
		}
		meant := diag.Nearest(a.name, slices.DeleteFunc(slices.Clone(t.attributes), n.has))
		if meant == "" || misspelt[meant] != nil {
			c.Report(diag.UnknownAttribute, a.pos, "it has no effect", "element %q has an unknown attribute %q", n.name, a.name)
			continue
		}
		misspelt[meant] = &n.attrs[i]
		c.damage(diag.MisspeltAttribute, a.pos, "did you mean "+strconv.Quote(meant)+"?", "element %q has no attribute %q", n.name, a.name)
	}
	return misspelt
}

func (n *node) has(attribute string) bool { return n.attr(attribute).Set() }

func (c *shapeChecker) childrenOf(n *node, t *elementType) {
	last, seen := -1, make(map[string]bool)
	for _, child := range n.children {
		i := slices.IndexFunc(t.children, func(r childRule) bool { return r.name == child.name })
		if i < 0 && c.Full() {
			return
		}
		if i < 0 {
			var names []string
			for _, r := range t.children {
				names = append(names, r.name)
			}
			hint := didYouMean(child.name, names)
			if hint == "" && len(names) > 0 {
				hint = "expected: " + strings.Join(names, ", ")
			}
			c.damage(diag.UnknownElement, child.pos, hint, "element %q has an invalid child element %q", n.name, child.name)
			continue
		}
		rule := t.children[i]
		switch {
		case i < last:
			c.Report(diag.ElementOrder, child.pos, "put it before "+strconv.Quote(t.children[last].name)+"; the order is: "+orderOf(t),
				"element %q is at the wrong place in %q", child.name, n.name)
		case seen[child.name] && !rule.repeat:
			c.damage(diag.RepeatedElement, child.pos, "merge the two", "element %q has more than one %q", n.name, child.name)
		}
		last = max(last, i)
		seen[child.name] = true
		kind := grammar()[rule.kind]
		if kind.name == "text" {
			c.value(t.name+"/"+child.name, child.name, strings.TrimSpace(child.text), child.textPosition(), "element "+strconv.Quote(child.name))
		}
		c.element(child, kind)
	}
}

func (n *node) textPosition() diag.Position {
	if n.textPos.Known() {
		return n.textPos
	}
	return n.pos
}

func orderOf(t *elementType) string {
	var names []string
	for _, r := range t.children {
		names = append(names, r.name)
	}
	return strings.Join(names, ", ")
}

// value checks a value against the legal ones. It accepts texts that deployment tools replace ({Settings:x});
// an empty text counts as absent.
func (c *shapeChecker) value(key, name, value string, at diag.Position, what string) {
	legal := enumerations[key]
	if slices.Contains(booleans, name) {
		legal = []string{"true", "false", "1", "0"}
	}
	if value == "" || placeholder(value) {
		return
	}
	if slices.Contains(integers, name) {
		if _, err := strconv.Atoi(strings.TrimSpace(value)); err != nil {
			c.damage(diag.IllegalValue, at, "write a whole number", "%s has the illegal value %q", what, value)
		}
		return
	}
	same := func(l string) bool { return strings.EqualFold(l, strings.TrimSpace(value)) }
	if legal == nil || slices.ContainsFunc(legal, same) {
		return
	}
	hint := didYouMean(value, legal)
	if hint == "" {
		hint = "legal: " + strings.Join(legal, ", ")
	}
	c.damage(diag.IllegalValue, at, hint, "%s has the illegal value %q", what, value)
}

func didYouMean(word string, candidates []string) string {
	if near := diag.Nearest(word, candidates); near != "" {
		return "did you mean " + strconv.Quote(near) + "?"
	}
	return ""
}
