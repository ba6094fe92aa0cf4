package userflow

// The technical profiles that read and write the directory, and call connectors.

const (
	afterFederation = "PostFederationSignupRestful"
	beforeCreating  = "PreUserWriteRestful"
	beforeToken     = "PreTokenIssuanceRestful"
)

func (d *document) directory() []*element {
	base := profile(directoryBase, "Directory", directory).with(session(sessionNone))
	list := []*element{base}
	part := func(id string, children ...*element) *element {
		return el("TechnicalProfile", "Id", id).with(children...).with(el("IncludeTechnicalProfile", "ReferenceId", directoryBase))
	}
	key := func(claim, name string) *element {
		return el("InputClaims").with(inputClaim(claim, "PartnerClaimType", name, "Required", "true"))
	}
	if d.Kind.signsUp() && d.local() {
		list = append(list, d.createLocal(part))
	}
	if len(d.social) > 0 {
		raise := "true"
		if d.Kind.signsUp() {
			raise = "false"
			persisted := el("PersistedClaims").with(persistedClaim("alternativeSecurityId"), persistedClaim("otherMails"))
			d.persist(persisted)
			list = append(list, part(createFederated,
				metadata("Operation", "Write", "RaiseErrorIfClaimsPrincipalAlreadyExists", "true"),
				transformationsOfList("InputClaimsTransformation", "AddEmailToOtherMails"),
				key("alternativeSecurityId", "alternativeSecurityId"), persisted,
				el("OutputClaims").with(outputClaim("objectId"), outputClaim("newUser", "PartnerClaimType", "newClaimsPrincipalCreated")),
			))
		}
		list = append(list, part(readFederated,
			metadata("Operation", "Read", "RaiseErrorIfClaimsPrincipalDoesNotExist", raise,
				"UserMessageIfClaimsPrincipalDoesNotExist", "There is no account for this sign in. Sign up first."),
			key("alternativeSecurityId", "alternativeSecurityId"), el("OutputClaims").with(outputClaim("objectId"))))
	}
	if d.Kind == PasswordReset || d.Settings.SelfServicePasswordReset {
		claim, name := "email", "signInNames.emailAddress"
		outputs := el("OutputClaims").with(outputClaim("objectId"))
		if d.username {
			claim, name = "signInName", "signInNames"
			outputs.with(outputClaim("strongAuthenticationEmailAddress"), outputClaim("signInNames.emailAddress"))
		}
		list = append(list,
			part(findByName, metadata("Operation", "Read", "RaiseErrorIfClaimsPrincipalDoesNotExist", "true"), key(claim, name), outputs),
			part(writePassword, d.writing("RaiseErrorIfClaimsPrincipalDoesNotExist"), key("objectId", "objectId"),
				el("PersistedClaims").with(persistedClaim("objectId"), persistedClaim("newPassword", "PartnerClaimType", "password"), persistedClaim("passwordPolicies", "DefaultValue", passwordPolicies)),
			))
	}
	if d.Kind == ProfileUpdate && len(d.fields) > 0 {
		persisted := el("PersistedClaims").with(persistedClaim("objectId"))
		for _, f := range d.fields {
			persisted.with(persistedClaim(f.claim))
		}
		list = append(list, part(writeProfile, d.writing("RaiseErrorIfClaimsPrincipalDoesNotExist"), key("objectId", "objectId"), persisted))
	}
	return append(list, d.read(part))
}

// writing returns the metadata of a profile that writes accounts: raise is the key of the error that it
// raises, the rest are the flow's settings.
func (d *document) writing(raise string) *element {
	// Write the item about known passwords even if they are allowed, because the operator's default is for
	// policies.
	items := []string{"Operation", "Write", raise, "true", "Journeyman.RefuseKnownPasswords", boolText(d.Settings.RefuseKnownPasswords)}
	if d.Settings.NotifyOfChanges {
		items = append(items, "Journeyman.NotifyOfChanges", "true")
	}
	return metadata(items...)
}

// passwordPolicies makes the flow's own rule decide about passwords.
const passwordPolicies = "DisablePasswordExpiration, DisableStrongPassword"

func (d *document) createLocal(part func(id string, children ...*element) *element) *element {
	persisted := el("PersistedClaims")
	key := inputClaim("email", "PartnerClaimType", "signInNames.emailAddress", "Required", "true")
	var transformations *element
	if d.email {
		persisted.with(persistedClaim("email", "PartnerClaimType", "signInNames.emailAddress"))
	}
	if d.username {
		key = inputClaim("signInNames.userName", "PartnerClaimType", "signInNames.userName", "Required", "true")
		persisted.with(persistedClaim("signInNames.userName"), persistedClaim("email", "PartnerClaimType", "strongAuthenticationEmailAddress"))
	}
	if !d.email {
		transformations = transformationsOfList("InputClaimsTransformation", "AddEmailToOtherMails")
		persisted.with(persistedClaim("otherMails"))
	}
	persisted.with(persistedClaim("newPassword", "PartnerClaimType", "password"), persistedClaim("passwordPolicies", "DefaultValue", passwordPolicies))
	d.persist(persisted)
	return part(createLocal,
		d.writing("RaiseErrorIfClaimsPrincipalAlreadyExists"), transformations,
		el("InputClaims").with(key), persisted,
		el("OutputClaims").with(outputClaim("objectId"), outputClaim("newUser", "PartnerClaimType", "newClaimsPrincipalCreated")),
	)
}

// persist adds the stored claims of a new account: the flow's user attributes, and no other claim from a
// connector (rest-and-connectors §1.5).
func (d *document) persist(persisted *element) {
	named := false
	for _, f := range d.fields {
		c := persistedClaim(f.claim)
		if f.claim == "displayName" {
			c.attrs = append(c.attrs, "DefaultValue", "unknown")
			named = true
		}
		persisted.with(c)
	}
	if !named {
		// An account must have a name, so the provider's name is better than none.
		if len(d.social) > 0 {
			persisted.with(persistedClaim("displayName", "DefaultValue", "unknown"))
		}
	}
}

// read reads all attributes that the token and the connector may need.
func (d *document) read(part func(id string, children ...*element) *element) *element {
	outputs := el("OutputClaims").with(
		outputClaim("signInNames.emailAddress"), outputClaim("signInNames.userName"), outputClaim("otherMails"), outputClaim("userIdentities"))
	for _, a := range d.t.AllAttributes() {
		if !a.isEmail() {
			outputs.with(outputClaim(a.claim))
		}
	}
	return part(readUser,
		metadata("Operation", "Read", "RaiseErrorIfClaimsPrincipalDoesNotExist", "true"),
		el("InputClaims").with(inputClaim("objectId", "Required", "true")), outputs,
		transformationsOfList("OutputClaimsTransformation", "FirstOtherMail", "AddSignInNameToEmails", "AddOtherMailToEmails"))
}

// returnable returns the attributes that the connector of PostAttributeCollection may return: those that are
// stored or in the token.
func (d *document) returnable() []Attribute {
	var list []Attribute
	for _, a := range d.t.AllAttributes() {
		if a.isEmail() {
			continue
		}
		for _, f := range d.fields {
			if f.ID == a.ID {
				list = append(list, a)
			}
		}
		if d.claimed(a) && !containsAttribute(list, a.ID) {
			list = append(list, a)
		}
	}
	return list
}

// claimed reports whether an attribute is an application claim, under any of its names.
func (d *document) claimed(a Attribute) bool { return d.wants(a.ID) || d.wants(a.claim) }

func containsAttribute(list []Attribute, id string) bool {
	for _, a := range list {
		if a.ID == id {
			return true
		}
	}
	return false
}

func (d *document) connectors() []*element {
	var list []*element
	if id, ok := d.connector(PostFederationSignup); ok && len(d.social) > 0 {
		outputs := el("OutputClaims")
		for _, a := range d.t.AllAttributes() {
			if containsField(d.fields, a.ID) || d.claimed(a) || a.isEmail() && d.address != nil {
				outputs.with(outputClaim(a.claim, "PartnerClaimType", a.claim))
			}
		}
		list = append(list, d.connectorProfile(afterFederation, "PostFederationSignup", id, outputs, true))
	}
	if id, ok := d.connector(PostAttributeCollection); ok {
		outputs := el("OutputClaims")
		for _, a := range d.returnable() {
			outputs.with(outputClaim(a.claim, "PartnerClaimType", a.claim))
		}
		list = append(list, d.connectorProfile(beforeCreating, "PostAttributeCollection", id, outputs, true))
	}
	if id, ok := d.connector(PreTokenIssuance); ok {
		outputs := el("OutputClaims")
		for _, a := range d.t.AllAttributes() {
			if !a.isEmail() && d.claimed(a) {
				outputs.with(outputClaim(a.claim, "PartnerClaimType", a.claim))
			}
		}
		list = append(list, d.connectorProfile(beforeToken, "PreTokenIssuance", id, outputs.filled(), false))
	}
	return list
}

func containsField(list []field, id string) bool {
	for _, f := range list {
		if f.ID == id {
			return true
		}
	}
	return false
}

// connectorProfile calls a connector with the tenant's attributes that have values, under their names at
// Microsoft Graph (rest-and-connectors §1.3).
func (d *document) connectorProfile(id, step, connector string, outputs *element, blocking bool) *element {
	inputs := el("InputClaims")
	issuing := step == "PreTokenIssuance"
	if issuing {
		inputs.with(inputClaim("objectId"), inputClaim("signInNames.emailAddress", "PartnerClaimType", "email"), inputClaim("otherMail", "PartnerClaimType", "email"))
	}
	inputs.with(inputClaim("email", "PartnerClaimType", "email"))
	for _, a := range d.t.AllAttributes() {
		if !a.isEmail() {
			inputs.with(inputClaim(a.claim, "PartnerClaimType", a.GraphName()))
		}
	}
	inputs.with(inputClaim("localIssuer", "PartnerClaimType", "identities.issuer", "DefaultValue", d.t.Name, "AlwaysUseDefaultValue", "true"))
	if issuing {
		inputs.with(
			inputClaim("signInNames.emailAddress", "PartnerClaimType", "identities.emailAddress"),
			inputClaim("signInNames.userName", "PartnerClaimType", "identities.userName"),
			inputClaim("userIdentities", "PartnerClaimType", "identities.federated"),
		)
	} else {
		inputs.with(inputClaim("alternativeSecurityId", "PartnerClaimType", "identities.federated"))
	}
	if blocking {
		outputs.with(outputClaim("connectorAction", "PartnerClaimType", "action"), outputClaim("connectorMessage", "PartnerClaimType", "userMessage"))
	}
	return profile(id, "API connector, "+step, connecting).with(metadata("ConnectorId", connector, "Step", step), inputs, outputs, session(sessionNone))
}
