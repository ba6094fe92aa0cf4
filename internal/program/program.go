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
	policyID       string // as the file has it
	tenantName     string // contoso.onmicrosoft.com
	tenantID       string // GUID
	hash           string // of the sources, hex
	deploymentMode string // Production, Development or Debugging

	schema       *Schema
	relyingParty *RelyingParty // nil: a policy that only others inherit from
	journeys     map[string]*UserJourney
	subJourneys  map[string]*UserJourney
	content      map[string]*ContentDefinition
	profiles     map[string]*TechnicalProfile // reachable ones, by folded id

	languages       []string // supported tags, lower case; empty: any
	defaultLanguage string
	// Worded are tags that ui_locales may choose without their being supported: those that
	// pages have texts in, the policy's or our own.
	worded []string
	// GrantClaims are ids of claims that a refresh journey wants to restore.
	grantClaims  []string
	errorContent *ContentDefinition // the globalexception page; nil: built in
	// Keys are the ids of the key sets that it uses; OwnKeys those of the server's own.
	keys, ownKeys []string

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
	journey  *UserJourney // for authorize requests
	refresh  *UserJourney // for refresh grants; nil: the first claims are replayed
	userInfo *UserJourney
	// Credentials is run for client credentials; nil: the token has only its own claims.
	credentials *UserJourney
	// TakesPassword is set if Journey reads the user name and password of a token request.
	takesPassword bool
	protocol      string // OpenIdConnect or SAML2

	inputs  []*ClaimUse // read by GetClaims
	outputs []*ClaimUse // become the token
	subject string      // partner name of the subject claim
	// AssertionKey is the key set with whose secret applications sign client assertions that
	// carry Inputs; "" if they send none.
	assertionKey string

	sso             SingleSignOn
	scriptExecution bool
	framing         string // frame-ancestors sources, "" for none
	pageParameters  []PageParameter
	// Recorded makes the steps of each journey lines of the log: JourneyInsights with
	// DeveloperMode, in a policy under development.
	recorded bool
	// ShowErrors keeps failures on the error page: OnError DisplayInService.
	showErrors bool
}

// PageParameter is a ContentDefinitionParameters item.
type PageParameter struct {
	name  string
	value claims.Template
}

// UserJourney is a compiled user journey or sub journey.
type UserJourney struct {
	id            string
	steps         []*Step
	transfer      bool // sub journeys: never returns
	defaultIssuer *TechnicalProfile
	// Authorization are profiles of which one must accept the request's token.
	authorization []*TechnicalProfile
}

// TechnicalProfile is a compiled technical profile: the claims, transformations and checks
// around the provider's exchange.
type TechnicalProfile struct {
	id          string
	displayName string
	domains     []string // of its claims provider, for domain_hint
	protocol    string   // folded protocol name
	position    diag.Position

	inputTransformations  []*transform.Transformation
	inputs                []*ClaimUse
	persisted             []*ClaimUse
	outputs               []*ClaimUse
	display               []DisplayClaim
	outputTransformations []*transform.Transformation
	validations           []Validation
	exchange              Planned // nil if NotBuilt, or if its metadata are wrong
	notBuilt              string  // the kind of the profile, for people, if this version can't run it
	session               *SessionRule
	enabled               Enablement

	content      *ContentDefinition // ContentDefinitionReferenceId of its metadata
	messages     Items              // UserMessageIf… and the like of its metadata
	signUpTarget string             // exchange id of the sign-up link
	textLink     bool               // ClaimsProviderSelectionDisplayType TextLink
	forgotTarget string             // exchange id of the forgot link

	refreshJourney, credentialsJourney string // ids of journeys that the issuer names
	restores                           bool   // the exchange restores claims kept with a grant
}

// Profile finds a reachable technical profile.
func (p *Program) Profile(id string) (*TechnicalProfile, bool) {
	tp, ok := p.profiles[policy.Fold(id)]
	return tp, ok
}

// DisplayClaim is an entry of a page: a claim, or a display control.
type DisplayClaim struct {
	use     *ClaimUse
	control *DisplayControl
}

// DisplayControl is a group of fields with actions of its own (pages §4.3).
type DisplayControl struct {
	id          string
	controlType string // UserInterfaceControlType, e.g. VerificationControl
	position    diag.Position

	inputs  []*ClaimUse // what its fields are filled with
	display []*ClaimUse
	outputs []*ClaimUse // that the page gets from its actions
	actions []DisplayAction
}

// DisplayAction is an action of a display control, e.g. SendCode.
type DisplayAction struct {
	id          string
	validations []Validation
}

// Action finds an action by its id.
func (d *DisplayControl) Action(id string) (DisplayAction, bool) {
	for _, a := range d.actions {
		if strings.EqualFold(a.id, id) {
			return a, true
		}
	}
	return DisplayAction{}, false
}

// ClaimUse is a compiled InputClaim, OutputClaim, PersistedClaim or DisplayClaim.
type ClaimUse struct {
	claim         *claims.Type
	partner       string          // the provider's name for it
	defaultValue  claims.Template // meaningful if HasDefault
	hasDefault    bool            // DefaultValue is there, be it empty
	resolve       bool            // claim resolvers in Default are resolved
	alwaysDefault bool
	required      bool
	overwrite     bool // OverwriteIfExists, default true
	controlType   string
	index         int // place in its list
	position      diag.Position
}

// Validation is a validation technical profile of a self-asserted one.
type Validation struct {
	profile           *TechnicalProfile
	continueOnSuccess bool
	continueOnError   bool
	preconditions     []Precondition
}

// Enablement is EnabledForUserJourneys (policy-engine §4.7).
type Enablement struct {
	mode  EnablementMode
	claim string
	value string
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
	if p.relyingParty == nil || p.relyingParty.journey == nil {
		return nil
	}
	var list []*TechnicalProfile
	for _, step := range p.relyingParty.journey.steps {
		if step.issuer != nil {
			list = append(list, step.issuer)
		}
	}
	return list
}

// Language chooses the language of a request's pages. A language that the application asks for
// needs only texts; one that the browser asks for must be supported (pages §6 [D]).
func (p *Program) Language(uiLocales, acceptLanguage string) string {
	for _, tag := range strings.Fields(uiLocales) {
		if ok := claims.Supports(p.languages, tag); ok != "" {
			return ok
		}
		if len(p.worded) == 0 {
			continue
		}
		if ok := claims.Supports(p.worded, tag); ok != "" {
			return ok
		}
	}
	return claims.ChooseLanguage(p.languages, p.defaultLanguage, "", acceptLanguage)
}

// UseOf is a use of a claim under a partner name, without default: for who calls a provider
// without a policy.
func UseOf(claim *claims.Type, partner string) *ClaimUse {
	return &ClaimUse{claim: claim, partner: partner}
}

// UserJourney finds a user journey that the relying party reaches, by id.
func (p *Program) UserJourney(id string) (*UserJourney, bool) {
	uj, ok := p.journeys[policy.Fold(id)]
	return uj, ok
}

// SubJourney finds a sub journey that the relying party reaches, by id.
func (p *Program) SubJourney(id string) (*UserJourney, bool) {
	uj, ok := p.subJourneys[policy.Fold(id)]
	return uj, ok
}
