package program

import (
	"strings"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/claims/transform"
	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/policy"
)

// Program is a compiled policy: immutable, shared by all journeys.
type Program struct {
	PolicyID       string // as the file has it
	TenantName     string // contoso.onmicrosoft.com
	TenantID       string // GUID
	Hash           string // of the sources, hex
	DeploymentMode string // Production, Development or Debugging

	Schema       *Schema
	RelyingParty *RelyingParty // nil: a policy that only others inherit from
	Journeys     map[string]*UserJourney
	SubJourneys  map[string]*UserJourney
	Content      map[string]*ContentDefinition
	Profiles     map[string]*TechnicalProfile // reachable ones, by folded id

	Languages       []string // supported tags, lower case; empty: any
	DefaultLanguage string
	// Worded are tags that ui_locales may choose without their being supported: those that
	// pages have texts in, the policy's or our own.
	Worded []string
	// GrantClaims are ids of claims that a refresh journey wants to restore.
	GrantClaims  []string
	ErrorContent *ContentDefinition // the globalexception page; nil: built in
	// Keys are the ids of the key sets that it uses; OwnKeys those of the server's own.
	Keys, OwnKeys []string

	parameters map[string]bool // see Keeps; lower case
}

// Schema has the claim types of a policy.
type Schema struct {
	types map[string]*claims.Type // by folded id
	ids   []string                // as declared
	rules map[string]*ValueRule   // by folded id
}

// RelyingParty is what an application gets.
type RelyingParty struct {
	Journey  *UserJourney // for authorize requests
	Refresh  *UserJourney // for refresh grants; nil: the first claims are replayed
	UserInfo *UserJourney
	// Credentials is run for client credentials; nil: the token has only its own claims.
	Credentials *UserJourney
	// TakesPassword is set if Journey reads the user name and password of a token request.
	TakesPassword bool
	Protocol      string // OpenIdConnect or SAML2

	Inputs  []*ClaimUse // read by GetClaims
	Outputs []*ClaimUse // become the token
	Subject string      // partner name of the subject claim
	// AssertionKey is the key set with whose secret applications sign client assertions that
	// carry Inputs; "" if they send none.
	AssertionKey string

	SSO             SingleSignOn
	ScriptExecution bool
	Framing         string // frame-ancestors sources, "" for none
	PageParameters  []PageParameter
	// Recorded makes the steps of each journey lines of the log: JourneyInsights with
	// DeveloperMode, in a policy under development.
	Recorded bool
	// ShowErrors keeps failures on the error page: OnError DisplayInService.
	ShowErrors bool
}

// PageParameter is a ContentDefinitionParameters item.
type PageParameter struct {
	Name  string
	Value claims.Template
}

// UserJourney is a compiled user journey or sub journey.
type UserJourney struct {
	ID            string
	Steps         []*Step
	Transfer      bool // sub journeys: never returns
	DefaultIssuer *TechnicalProfile
	// Authorization are profiles of which one must accept the request's token.
	Authorization []*TechnicalProfile
}

// TechnicalProfile is compiled: what the engine does around the provider's part.
type TechnicalProfile struct {
	ID          string
	DisplayName string
	Domains     []string // of its claims provider, for domain_hint
	Protocol    string   // folded protocol name
	Position    diag.Position

	InputTransformations  []*transform.Transformation
	Inputs                []*ClaimUse
	Persisted             []*ClaimUse
	Outputs               []*ClaimUse
	Display               []DisplayClaim
	OutputTransformations []*transform.Transformation
	Validations           []Validation
	Exchange              Planned // nil if NotBuilt, or if its metadata are wrong
	NotBuilt              string  // the kind of the profile, for people, if this version can't run it
	Session               *SessionRule
	Enabled               Enablement

	Content      *ContentDefinition // ContentDefinitionReferenceId of its metadata
	Messages     Items              // UserMessageIf… and the like of its metadata
	SignUpTarget string             // exchange id of the sign-up link
	TextLink     bool               // ClaimsProviderSelectionDisplayType TextLink
	ForgotTarget string             // exchange id of the forgot link

	refreshJourney, credentialsJourney string // ids of journeys that the issuer names
}

// Profile finds a reachable technical profile.
func (p *Program) Profile(id string) (*TechnicalProfile, bool) {
	tp, ok := p.Profiles[policy.Fold(id)]
	return tp, ok
}

// DefaultMessage sets the text of a message key that the metadata has none for.
func (tp *TechnicalProfile) DefaultMessage(key, text string) {
	if _, ok := tp.Messages.Lookup(key); !ok {
		tp.Messages.Set(key, text)
	}
}

// DisplayClaim is what a page shows: a claim, or a display control.
type DisplayClaim struct {
	Use     *ClaimUse
	Control *DisplayControl
}

// DisplayControl is a group of fields with actions of its own (pages §4.3).
type DisplayControl struct {
	ID       string
	Type     string // UserInterfaceControlType, e.g. VerificationControl
	Position diag.Position

	Inputs  []*ClaimUse // what its fields are filled with
	Display []*ClaimUse
	Outputs []*ClaimUse // what the page has of its actions
	Actions []DisplayAction
}

// DisplayAction is an action of a display control, e.g. SendCode.
type DisplayAction struct {
	ID          string
	Validations []Validation
}

// Action finds an action by its id.
func (d *DisplayControl) Action(id string) (DisplayAction, bool) {
	for _, a := range d.Actions {
		if strings.EqualFold(a.ID, id) {
			return a, true
		}
	}
	return DisplayAction{}, false
}

// ClaimUse is a compiled InputClaim, OutputClaim, PersistedClaim or DisplayClaim.
type ClaimUse struct {
	Claim         *claims.Type
	Partner       string          // the provider's name for it
	Default       claims.Template // meaningful if HasDefault
	HasDefault    bool            // DefaultValue is there, be it empty
	Resolve       bool            // claim resolvers in Default are resolved
	AlwaysDefault bool
	Required      bool
	Overwrite     bool // OverwriteIfExists, default true
	ControlType   string
	Index         int // place in its list
	Position      diag.Position
}

// Validation is a validation technical profile of a self-asserted one.
type Validation struct {
	Profile           *TechnicalProfile
	ContinueOnSuccess bool
	ContinueOnError   bool
	Preconditions     []Precondition
}

// Enablement is EnabledForUserJourneys (policy-engine §4.7).
type Enablement struct {
	Mode  EnablementMode
	Claim string
	Value string
}

// EnablementMode is a value of EnabledForUserJourneys.
type EnablementMode uint8

// The modes.
const (
	EnabledAlways EnablementMode = iota
	EnabledNever
	EnabledOnClaim
	EnabledOnItemInCollection
	EnabledOnItemNotInCollection
)

// Issuers are the issuers that end the relying party's journey, in the order of its steps;
// none for a policy that issues nothing.
func (p *Program) Issuers() []*TechnicalProfile {
	if p.RelyingParty == nil || p.RelyingParty.Journey == nil {
		return nil
	}
	var list []*TechnicalProfile
	for _, step := range p.RelyingParty.Journey.Steps {
		if step.Issuer != nil {
			list = append(list, step.Issuer)
		}
	}
	return list
}

// Language chooses the language of a request's pages. What the application asks for needs
// only texts; what the browser asks for must be supported (pages §6 [D]).
func (p *Program) Language(uiLocales, acceptLanguage string) string {
	for _, tag := range strings.Fields(uiLocales) {
		if ok := claims.Supports(p.Languages, tag); ok != "" {
			return ok
		}
		if len(p.Worded) == 0 {
			continue
		}
		if ok := claims.Supports(p.Worded, tag); ok != "" {
			return ok
		}
	}
	return claims.ChooseLanguage(p.Languages, p.DefaultLanguage, "", acceptLanguage)
}
