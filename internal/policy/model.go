package policy

import "journeyman.dev/internal/diag"

// Text is the text of an attribute or element with its position. A Text that the file doesn't contain has a
// zero Pos; see [Text.Set].
type Text struct {
	Value string
	Pos   diag.Position
}

// Set reports whether the file contains this attribute or element, even if it is empty.
func (t Text) Set() bool { return t.Pos.Known() }

// Document is one policy file as written, without inheritance or resolved references.
type Document struct {
	File string
	Pos  diag.Position
	// Faults are the errors of [Parse] that made part of the file unreadable or uncertain. A policy that
	// builds on such a file isn't checked further, because its missing parts are unknown: one cause gives one
	// diagnostic.
	Faults diag.List

	SchemaVersion    Text
	TenantID         Text
	TenantObjectID   Text
	PolicyID         Text
	PublicPolicyURI  Text
	DeploymentMode   Text // Production (default), Development, Debugging
	RecorderEndpoint Text // UserJourneyRecorderEndpoint

	Base *BasePolicy

	ClaimTypes            []*ClaimType
	Predicates            []*Predicate
	InputValidations      []*PredicateValidation // one unnamed group each
	PredicateValidations  []*PredicateValidation
	ClaimsTransformations []*ClaimsTransformation
	ClientDefinitions     []*ClientDefinition
	ContentDefinitions    []*ContentDefinition
	Localization          *Localization
	DisplayControls       []*DisplayControl

	ClaimsProviders []*ClaimsProvider
	UserJourneys    []*UserJourney
	SubJourneys     []*UserJourney
	RelyingParty    *RelyingParty
}

// BasePolicy names the policy that a document inherits from.
type BasePolicy struct {
	Pos      diag.Position
	TenantID Text
	PolicyID Text
}

// ClaimType declares a claim (claims-and-transformations §1.1).
type ClaimType struct {
	Pos                      diag.Position
	ID                       Text
	StatementType            Text
	DisplayName              Text
	DataType                 Text
	DefaultPartnerClaimTypes []PartnerClaimType
	Mask                     *Mask
	AdminHelpText            Text
	UserHelpText             Text
	UserInputType            Text
	Restriction              *Restriction
	InputValidation          Text // InputValidationReference/@Id
	PredicateValidation      Text // PredicateValidationReference/@Id
}

// PartnerClaimType is a claim's default name in a protocol.
type PartnerClaimType struct {
	Pos      diag.Position
	Protocol Text
	Handler  Text
	Name     Text // @PartnerClaimType
}

// Mask hides part of a value on pages (claims-and-transformations §1.4).
type Mask struct {
	Pos   diag.Position
	Type  Text // Simple or Regex
	Regex Text
	Text  Text
}

// Restriction limits a claim's values: enumerations or one pattern.
type Restriction struct {
	Pos           diag.Position
	MergeBehavior Text
	Enumerations  []Enumeration
	Pattern       *Pattern
}

// Enumeration is one choice.
type Enumeration struct {
	Pos             diag.Position
	Text            Text
	Value           Text
	SelectByDefault Text
}

// Pattern is a .NET regular expression that values must match somewhere.
type Pattern struct {
	Pos               diag.Position
	RegularExpression Text
	HelpText          Text
}

// Predicate is a basic check of a value (claims-and-transformations §4.1).
type Predicate struct {
	Pos          diag.Position
	ID           Text
	Method       Text
	HelpText     Text // the attribute
	UserHelpText Text // the element
	Parameters   []PredicateParameter
}

// PredicateParameter is one named text of a predicate.
type PredicateParameter struct {
	Pos   diag.Position
	ID    Text
	Value Text
}

// PredicateValidation groups predicates. Parse reads InputValidation into the same shape.
type PredicateValidation struct {
	Pos    diag.Position
	ID     Text
	Groups []PredicateGroup
}

// PredicateGroup passes if at least MatchAtLeast of its predicates pass.
type PredicateGroup struct {
	Pos          diag.Position
	ID           Text
	UserHelpText Text
	MatchAtLeast Text
	Reject       Text
	References   []Text // PredicateReference/@Id
}

// ClaimsTransformation is a declared call of a transformation method.
type ClaimsTransformation struct {
	Pos             diag.Position
	ID              Text
	Method          Text
	InputClaims     []TransformationClaim
	InputParameters []TransformationParameter
	OutputClaims    []TransformationClaim
}

// TransformationClaim binds a claim to a role of the method. If Role is unset, the claim's own id is the
// role.
type TransformationClaim struct {
	Pos   diag.Position
	Claim Text // ClaimTypeReferenceId
	Role  Text // TransformationClaimType
}

// TransformationParameter is a constant given to a method.
type TransformationParameter struct {
	Pos      diag.Position
	ID       Text
	DataType Text
	Value    Text
}

// ClientDefinition has no effect here; it is kept so that references resolve.
type ClientDefinition struct {
	Pos           diag.Position
	ID            Text
	UIFilterFlags Text
}

// ContentDefinition describes a page (pages §1).
type ContentDefinition struct {
	Pos                 diag.Position
	ID                  Text
	LoadURI             Text
	RecoveryURI         Text
	DataURI             Text
	Metadata            Metadata
	LocalizedReferences *LocalizedReferences
}

// LocalizedReferences is LocalizedResourcesReferences.
type LocalizedReferences struct {
	Pos           diag.Position
	MergeBehavior Text // Append, Prepend, ReplaceAll
	References    []LocalizedReference
}

// LocalizedReference points from a content definition to resources in a language.
type LocalizedReference struct {
	Pos      diag.Position
	Language Text
	ID       Text // LocalizedResourcesReferenceId
	URL      Text
}

// Localization contains the languages and the texts.
type Localization struct {
	Pos       diag.Position
	Enabled   Text
	Supported *SupportedLanguages
	Resources []*LocalizedResources
}

// SupportedLanguages lists the languages that ui_locales may choose.
type SupportedLanguages struct {
	Pos             diag.Position
	DefaultLanguage Text
	PolicyLanguage  Text
	MergeBehavior   Text
	Languages       []Text
}

// LocalizedResources contains the texts of one page in one language.
type LocalizedResources struct {
	Pos         diag.Position
	ID          Text
	Culture     Text
	Collections []LocalizedCollection
	Strings     []LocalizedString
}

// LocalizedCollection replaces a claim's enumerations in a language.
type LocalizedCollection struct {
	Pos              diag.Position
	ElementType      Text
	ElementID        Text
	TargetCollection Text
	Items            []Enumeration
}

// LocalizedString is one text. The Pos of Value is the element's.
type LocalizedString struct {
	Pos         diag.Position
	ElementType Text
	ElementID   Text
	StringID    Text
	Value       Text
}

// DisplayControl is a group of fields with its own actions (pages §4.3).
type DisplayControl struct {
	Pos           diag.Position
	ID            Text
	Type          Text // UserInterfaceControlType
	InputClaims   []*ClaimReference
	DisplayClaims []*ClaimReference
	OutputClaims  []*ClaimReference
	Actions       []DisplayControlAction
}

// DisplayControlAction is an action of a display control, e.g. SendCode.
type DisplayControlAction struct {
	Pos       diag.Position
	ID        Text
	Exchanges []ValidationReference
}

// ClaimsProvider only groups technical profiles; Domain serves domain_hint.
type ClaimsProvider struct {
	Pos               diag.Position
	Domain            Text
	Domains           []Text
	DisplayName       Text
	TechnicalProfiles []*TechnicalProfile
}

// TechnicalProfile configures one call of a provider: a page, an API, the directory, another identity
// provider, a token issuer or a session rule (policy-engine §1.5).
type TechnicalProfile struct {
	Pos                   diag.Position
	ID                    Text
	Domain                Text   // of the claims provider around it
	Domains               []Text // of the claims provider around it
	DisplayName           Text
	Description           Text
	Protocol              Protocol
	InputTokenFormat      Text
	OutputTokenFormat     Text
	SubjectAuthentication *SubjectAuthentication
	Metadata              Metadata
	Keys                  []KeyReference
	IncludeInSSO          Text
	InputTransformations  []Text // ReferenceId
	InputClaims           []*ClaimReference
	DisplayClaims         []*ClaimReference
	PersistedClaims       []*ClaimReference
	OutputClaims          []*ClaimReference
	OutputTransformations []Text // ReferenceId
	Validations           []ValidationReference
	SubjectNaming         *SubjectNaming
	Includes              []Text // IncludeTechnicalProfile/@ReferenceId; more than one is an error
	Session               Text   // UseTechnicalProfileForSessionManagement/@ReferenceId
	EnabledForJourneys    Text   // EnabledForUserJourneys
	Ignored               []Text // elements without effect; Value is the element's name
	// Incomplete is set in an [Effective] policy if the profile includes itself or an undeclared profile. The
	// parts that the include would bring are then unknown.
	Incomplete bool
}

// Protocol is a technical profile's protocol. Handler belongs to Proprietary.
type Protocol struct {
	Pos     diag.Position
	Name    Text
	Handler Text
}

// SubjectAuthentication is SubjectAuthenticationRequirements.
type SubjectAuthentication struct {
	Pos                        diag.Position
	TimeToLive                 Text // minutes
	ResetExpiryWhenTokenIssued Text
}

// Metadata is an ordered list of items. Keys are trimmed and compared without regard to case, and the last
// duplicate wins (policy-engine §1.1).
type Metadata []MetadataItem

// MetadataItem is one Item. Key is trimmed.
type MetadataItem struct {
	Pos   diag.Position
	Key   Text
	Value Text
}

// KeyReference binds a role of the profile to a policy key set.
type KeyReference struct {
	Pos     diag.Position
	ID      Text
	Storage Text // StorageReferenceId
}

// ClaimReference is an InputClaim, OutputClaim, PersistedClaim or DisplayClaim.
type ClaimReference struct {
	Pos                    diag.Position
	Claim                  Text // ClaimTypeReferenceId
	DisplayControl         Text // DisplayControlReferenceId, display claims only
	ControlClaimType       Text // display controls only
	Partner                Text // PartnerClaimType
	DefaultValue           Text
	AlwaysUseDefaultValue  Text
	Required               Text
	OverwriteIfExists      Text
	FromTechnicalProfileID Text
}

// ValidationReference is a ValidationTechnicalProfile, or an exchange of a
// display control's action.
type ValidationReference struct {
	Pos               diag.Position
	TechnicalProfile  Text
	ContinueOnSuccess Text
	ContinueOnError   Text
	Preconditions     []Precondition
}

// Precondition may skip a step or a validation (policy-engine §4.5).
type Precondition struct {
	Pos              diag.Position
	Type             Text // ClaimsExist or ClaimEquals
	ExecuteActionsIf Text
	Values           []Text
	Actions          []Text
}

// SubjectNaming is SubjectNamingInfo.
type SubjectNaming struct {
	Pos             diag.Position
	ClaimType       Text // the partner name
	Format          Text
	NameQualifier   Text
	SPNameQualifier Text
	SPProvidedID    Text
	ExcludeAsClaim  Text
}

// UserJourney is a UserJourney or, with a Type, a SubJourney.
type UserJourney struct {
	Pos                        diag.Position
	ID                         Text
	Type                       Text // Call or Transfer; sub journeys only
	NonInteractive             Text
	DefaultIssuer              Text // DefaultCpimIssuerTechnicalProfileReferenceId
	AssuranceLevel             Text
	PreserveOriginalAssertion  Text
	AuthorizationProfiles      []Text // Authorization/…/@ReferenceId
	Steps                      []*OrchestrationStep
	ClientDefinition           Text
	HasUnusedCryptographicKeys bool
}

// OrchestrationStep is one step of a journey.
type OrchestrationStep struct {
	Pos               diag.Position
	Order             Text
	Type              Text
	ContentDefinition Text // ContentDefinitionReferenceId
	Issuer            Text // CpimIssuerTechnicalProfileReferenceId
	Preconditions     []Precondition
	DisplayOption     Text // of ClaimsProviderSelections
	Selections        []ProviderSelection
	Exchanges         []ClaimsExchange
	Candidates        []Text // JourneyList/Candidate/@SubJourneyReferenceId
}

// ProviderSelection is a ClaimsProviderSelection.
type ProviderSelection struct {
	Pos        diag.Position
	Target     Text // TargetClaimsExchangeId: of the next step
	Validation Text // ValidationClaimsExchangeId: of this step
}

// ClaimsExchange runs a technical profile in a step.
type ClaimsExchange struct {
	Pos              diag.Position
	ID               Text
	TechnicalProfile Text
	UserIdentity     Text
}

// RelyingParty declares the claims and the protocol for applications (policy-engine §1.7).
type RelyingParty struct {
	Pos               diag.Position
	DefaultJourney    Text
	Endpoints         []Endpoint
	Behaviors         *Behaviors
	TechnicalProfiles []*TechnicalProfile
}

// Endpoint binds a token or user info endpoint to a journey.
type Endpoint struct {
	Pos     diag.Position
	ID      Text
	Journey Text
}

// Behaviors is UserJourneyBehaviors. A nil member is absent.
type Behaviors struct {
	Pos                         diag.Position
	SingleSignOn                *SingleSignOn
	SessionExpiryType           Text
	SessionExpiryInSeconds      Text
	Insights                    *Insights
	ContentDefinitionParameters []Parameter
	JourneyFraming              *JourneyFraming
	ScriptExecution             Text
	OnErrorMode                 Text
}

// SingleSignOn sets the scope and the lifetime of the session.
type SingleSignOn struct {
	Pos                        diag.Position
	Scope                      Text
	KeepAliveInDays            Text
	EnforceIDTokenHintOnLogout Text
}

// Insights is JourneyInsights or AzureApplicationInsights.
type Insights struct {
	Pos                                            diag.Position
	Element                                        string
	TelemetryEngine                                Text
	InstrumentationKey                             Text
	ConnectionString                               Text
	DeveloperMode                                  Text
	ClientEnabled, ServerEnabled, TelemetryVersion Text
}

// Parameter is a named text.
type Parameter struct {
	Pos   diag.Position
	Name  Text
	Value Text
}

// JourneyFraming names the origins that may frame our pages.
type JourneyFraming struct {
	Pos     diag.Position
	Enabled Text
	Sources Text
}
