package userflow

import "strconv"

// The claims exchanges. Language overrides and policies' authors use these ids.
const (
	localExchange  = "LocalAccountSigninExchange"
	signUpExchange = "SignUpWithLogonExchange"
	forgotExchange = "ForgotPasswordExchange"
)

// steps returns the orchestration steps of the flow.
func (d *document) steps() []*element {
	s := &steps{}
	switch d.Kind {
	case ResourceOwner:
		s.exchange(nil, "ResourceOwnerExchange", ropcProfile)
	case PasswordReset:
		d.resetSteps(s, nil)
	default:
		d.enter(s)
		d.federatedSteps(s)
	}
	s.exchange(nil, "AADUserReadExchange", readUser)
	if d.Kind == ProfileUpdate && len(d.fields) > 0 {
		s.exchange(nil, "ProfileUpdateExchange", profilePage)
	}
	if _, ok := d.connector(PreTokenIssuance); ok {
		var skip *element
		if d.Settings.SkipConnectorOnSSO {
			skip = existing("objectIdFromSession", true, skipStep)
		}
		s.exchange(skip, "PreTokenIssuanceExchange", beforeToken)
	}
	s.add("SendClaims", nil, "CpimIssuerTechnicalProfileReferenceId", issuer)
	return s.list
}

const skipStep = "SkipThisOrchestrationStep"

// steps numbers orchestration steps.
type steps struct{ list []*element }

func (s *steps) add(kind string, preconditions *element, attrs ...string) *element {
	step := el("OrchestrationStep", append([]string{"Order", strconv.Itoa(len(s.list) + 1), "Type", kind}, attrs...)...).with(preconditions)
	s.list = append(s.list, step)
	return step
}

func (s *steps) exchange(preconditions *element, id, profile string) {
	s.add("ClaimsExchange", preconditions).with(el("ClaimsExchanges").with(exchangeOf(id, profile)))
}

func exchangeOf(id, profile string) *element {
	return el("ClaimsExchange", "Id", id, "TechnicalProfileReferenceId", profile)
}

// enter adds the first two steps: the page on which users choose how to sign up or in, and the chosen
// exchange.
func (d *document) enter(s *steps) {
	selections, chosen := el("ClaimsProviderSelections"), el("ClaimsExchanges")
	for _, p := range d.social {
		selections.with(el("ClaimsProviderSelection", "TargetClaimsExchangeId", p.exchangeID()))
		chosen.with(exchangeOf(p.exchangeID(), profileID(p)))
	}
	if d.Settings.SelfServicePasswordReset {
		selections.with(el("ClaimsProviderSelection", "TargetClaimsExchangeId", forgotExchange))
		chosen.with(exchangeOf(forgotExchange, forgotPassword))
	}
	if d.local() && d.Kind.signsUp() {
		chosen.with(exchangeOf(signUpExchange, signUpPage))
	}
	known := existing("objectId", true, skipStep)
	switch {
	case d.local() && d.Kind.signsIn():
		selections.with(el("ClaimsProviderSelection", "ValidationClaimsExchangeId", localExchange))
		s.add("CombinedSignInAndSignUp", nil, "ContentDefinitionReferenceId", "api.signuporsignin").with(
			selections, el("ClaimsExchanges").with(exchangeOf(localExchange, signInPage)))
		if len(chosen.children) == 0 {
			return
		}
	case d.local() && len(d.social) == 0: // sign-up with a local account is the only choice
		s.add("ClaimsExchange", nil).with(chosen)
		return
	default:
		if d.local() {
			selections.with(el("ClaimsProviderSelection", "TargetClaimsExchangeId", signUpExchange))
		}
		s.add("ClaimsProviderSelection", nil, "ContentDefinitionReferenceId", "api.idpselections").with(selections)
	}
	s.add("ClaimsExchange", known).with(chosen)
	if d.Settings.SelfServicePasswordReset {
		d.resetSteps(s, func() *element { return existing("isForgotPassword", false, skipStep) })
	}
}

// resetSteps adds the steps that find the account and write its new password.
func (d *document) resetSteps(s *steps, only func() *element) {
	if only == nil {
		only = func() *element { return nil }
	}
	s.exchange(only(), "FindAccountExchange", findAccountPage)
	if d.username {
		s.exchange(only(), "VerifyAccountExchange", verifyOwnerPage)
	}
	s.exchange(only(), "NewPasswordExchange", newPasswordPage)
}

// federatedSteps adds the steps that find the account of a user from an identity provider, or make one: the
// connector after federation, the page of attributes, the connector before the account is made. The last one
// is called even if the page has nothing to ask (rest-and-connectors §6.3).
func (d *document) federatedSteps(s *steps) {
	if len(d.social) > 0 {
		s.exchange(existing("alternativeSecurityId", false, skipStep), "AADUserReadFederatedExchange", readFederated)
	}
	if !d.Kind.signsUp() {
		return
	}
	known := func() *element { return existing("objectId", true, skipStep) }
	if len(d.social) > 0 {
		if _, ok := d.connector(PostFederationSignup); ok {
			s.exchange(known(), "PostFederationSignupExchange", afterFederation)
			d.blockStep(s)
		}
		if d.asksFederated() {
			s.exchange(known(), "SelfAssertedSocialExchange", attributesPage)
		} else {
			if _, ok := d.connector(PostAttributeCollection); ok {
				s.exchange(known(), "PostAttributeCollectionExchange", beforeCreating)
				d.blockStep(s)
			}
			s.exchange(known(), "AADUserWriteFederatedExchange", createFederated)
		}
	}
	if _, ok := d.connector(PostAttributeCollection); ok {
		d.blockStep(s)
	}
}

// blockStep adds the block page if the connector requested it. The journey ends there: without account and
// token.
func (d *document) blockStep(s *steps) {
	preconditions := existing("connectorAction", false, skipStep)
	preconditions.with(el("Precondition", "Type", "ClaimEquals", "ExecuteActionsIf", "false").with(
		text("Value", "connectorAction"), text("Value", "ShowBlockPage"), text("Action", skipStep)))
	s.exchange(preconditions, "BlockPageExchange"+strconv.Itoa(len(s.list)+1), blockPage)
}
