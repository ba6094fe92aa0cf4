package userflow

import (
	"strconv"
)

// The claims of flows besides the attributes.
var plumbing = []struct{ id, label, dataType, input, token string }{
	{"objectId", "Object id", "string", "", "oid"},
	{"sub", "Subject", "string", "", "sub"},
	{"trustFrameworkPolicy", "Policy", "string", "", "tfp"},
	{"signInName", "Sign in name", "string", "TextBox", ""},
	{"signInNames.emailAddress", "Email Address", "string", "TextBox", ""},
	{"signInNames.userName", "User Name", "string", "TextBox", ""},
	{"localIssuer", "Issuer of local accounts", "string", "", ""},
	{"email", "Email Address", "string", "EmailBox", "email"},
	{"emails", "Email Addresses", "stringCollection", "", "emails"},
	{"otherMails", "Other addresses", "stringCollection", "", ""},
	{"otherMail", "Other address", "string", "", ""},
	{"strongAuthenticationEmailAddress", "Address to reset the password", "string", "", ""},
	{"password", "Password", "string", "Password", ""},
	{"newPassword", "New Password", "string", "Password", ""},
	{"reenterPassword", "Confirm New Password", "string", "Password", ""},
	{"passwordPolicies", "Password policies", "string", "", ""},
	{"grant_type", "Grant type", "string", "", ""},
	{"newUser", "User is new", "boolean", "", "newUser"},
	{"identityProvider", "Identity provider", "string", "", "idp"},
	{"identityProviderAccessToken", "Access token of the identity provider", "string", "", "idp_access_token"},
	{"issuerUserId", "User id at the identity provider", "string", "", ""},
	{"alternativeSecurityId", "Identity at the identity provider", "string", "", ""},
	{"userIdentities", "Identities at identity providers", "userIdentityCollection", "", ""},
	{"objectIdFromSession", "Known from the session", "boolean", "", ""},
	{"isForgotPassword", "Forgot the password", "boolean", "", ""},
	{"connectorAction", "What the API asked for", "string", "", ""},
	{"connectorMessage", "What the API says", "string", "Paragraph", ""},
}

// claimsSchema declares these claims and every attribute of the tenant, because connectors may get attributes
// that the flow doesn't show.
func (d *document) claimsSchema() *element {
	schema := el("ClaimsSchema")
	for _, c := range plumbing {
		t := el("ClaimType", "Id", c.id).with(text("DisplayName", c.label), text("DataType", c.dataType))
		if c.token != "" {
			t.with(partner(c.token))
		}
		if c.id == "email" && d.address != nil && d.address.DisplayName != "" {
			t.children[0].text = d.address.DisplayName
		}
		if c.id == "signInName" {
			t.children[0].text = d.signInLabel()
		}
		if c.input != "" {
			t.with(text("UserInputType", c.input))
		}
		if c.id == "newPassword" {
			t.with(el("PredicateValidationReference", "Id", passwordValidation))
		}
		schema.with(t)
	}
	for _, a := range d.t.AllAttributes() {
		if a.isEmail() {
			continue
		}
		shown := Assignment{Attribute: a.ID}
		for _, f := range d.fields {
			if f.ID == a.ID {
				shown = f.shown
			}
		}
		schema.with(attributeClaim(a, shown))
	}
	return schema
}

// signInLabel returns the label of the user's sign-in name.
func (d *document) signInLabel() string {
	switch {
	case d.email && d.username:
		return "Email Address or User Name"
	case d.username:
		return "User Name"
	}
	return "Email Address"
}

func partner(token string) *element {
	return el("DefaultPartnerClaimTypes").with(el("Protocol", "Name", "OpenIdConnect", "PartnerClaimType", token))
}

// inputNames maps inputs to the policy's names.
var inputNames = map[Input]string{
	TextBox: "TextBox", DateTimeDropdown: "DateTimeDropdown", RadioSingleSelect: "RadioSingleSelect", DropdownSingleSelect: "DropdownSingleSelect",
	EmailBox: "EmailBox", CheckboxMultiSelect: "CheckboxMultiSelect",
}

func attributeClaim(a Attribute, shown Assignment) *element {
	input := or(shown.Input, a.input())
	t := el("ClaimType", "Id", a.claim).with(
		text("DisplayName", or(shown.DisplayName, a.DisplayName)), text("DataType", a.dataType()), partner(a.TokenName()),
		text("UserHelpText", a.Description).when(a.Description != ""), text("UserInputType", inputNames[input]),
	)
	values := shown.Values
	if len(values) == 0 && input.selects() && a.Type == BooleanAttribute {
		values = []Value{{Name: "Yes", Value: "true"}, {Name: "No", Value: "false"}}
	}
	switch {
	case input.selects():
		restriction := el("Restriction")
		for _, v := range values {
			e := el("Enumeration", "Text", v.Name, "Value", v.Value)
			if v.Default {
				e.attrs = append(e.attrs, "SelectByDefault", "true")
			}
			restriction.with(e)
		}
		t.with(restriction)
	case a.Type == StringAttribute && input == TextBox:
		pattern := `^[\s\S]{0,` + strconv.Itoa(a.most()) + `}$`
		if a.claim == "displayName" {
			pattern = `^[^<>]{0,256}$`
		}
		t.with(el("Restriction").with(el("Pattern", "RegularExpression", pattern, "HelpText", "At most "+strconv.Itoa(a.most())+" characters.")))
	case a.Type == Int64Attribute:
		t.with(el("Restriction").with(el("Pattern", "RegularExpression", `^-?[0-9]{1,10}$`, "HelpText", "A whole number.")))
	}
	return t
}

const passwordValidation = "PasswordComplexity"

// rule returns the password rule with its defaults (rest-and-connectors §5.2).
func (d *document) rule() (least, most, classes int, digits bool) {
	p := d.Settings.Password
	switch p.Kind {
	case PasswordSimple:
		return 8, 64, 0, false
	case PasswordCustom:
		return or(p.MinLength, 8), or(p.MaxLength, 64), p.Classes, p.DigitsOnly
	}
	return 8, 64, 3, false
}

func (d *document) predicates() *element {
	least, most, classes, digits := d.rule()
	parameter := func(id, value string) *element { return text("Parameter", value, "Id", id) }
	predicate := func(id, method, help string, parameters ...*element) *element {
		return el("Predicate", "Id", id, "Method", method, "HelpText", help).with(el("Parameters").with(parameters...))
	}
	list := el("Predicates").with(
		predicate("LengthRange", "IsLengthRange", "The password must be between "+strconv.Itoa(least)+" and "+strconv.Itoa(most)+" characters.",
			parameter("Minimum", strconv.Itoa(least)), parameter("Maximum", strconv.Itoa(most))))
	if digits {
		list.with(predicate("DigitsOnly", "MatchesRegex", "The password must be digits only.", parameter("RegularExpression", "^[0-9]*$")))
	}
	if classes > 0 {
		list.with(
			predicate("Lowercase", "IncludesCharacters", "a lowercase letter", parameter("CharacterSet", "a-z")),
			predicate("Uppercase", "IncludesCharacters", "an uppercase letter", parameter("CharacterSet", "A-Z")),
			predicate("Number", "IncludesCharacters", "a digit", parameter("CharacterSet", "0-9")),
			predicate("Symbol", "MatchesRegex", "a symbol", parameter("RegularExpression", "[^A-Za-z0-9]")),
		)
	}
	return list
}

func (d *document) predicateValidations() *element {
	_, _, classes, digits := d.rule()
	group := func(id, help string, least int, predicates ...string) *element {
		references := el("PredicateReferences", "MatchAtLeast", strconv.Itoa(least))
		for _, p := range predicates {
			references.with(el("PredicateReference", "Id", p))
		}
		return el("PredicateGroup", "Id", id).with(text("UserHelpText", help).when(help != ""), references)
	}
	groups := el("PredicateGroups").with(group("LengthGroup", "", 1, "LengthRange"))
	if digits {
		groups.with(group("DigitsGroup", "", 1, "DigitsOnly"))
	}
	if classes > 0 {
		groups.with(group("CharacterClasses", "The password must have at least "+strconv.Itoa(classes)+" of the following:", classes, "Lowercase", "Uppercase", "Number", "Symbol"))
	}
	return el("PredicateValidations").with(el("PredicateValidation", "Id", passwordValidation).with(groups))
}

func (d *document) transformations() *element {
	in := func(claim, role string) *element {
		return el("InputClaim", "ClaimTypeReferenceId", claim, "TransformationClaimType", role)
	}
	out := func(claim, role string) *element {
		return el("OutputClaim", "ClaimTypeReferenceId", claim, "TransformationClaimType", role)
	}
	transformation := func(id, method string, ins []*element, outs ...*element) *element {
		return el("ClaimsTransformation", "Id", id, "TransformationMethod", method).with(el("InputClaims").with(ins...).filled(), el("OutputClaims").with(outs...))
	}
	add := func(id, item, collection string) *element {
		return transformation(id, "AddItemToStringCollection", []*element{in(item, "item"), in(collection, "collection")}, out(collection, "collection"))
	}
	list := el("ClaimsTransformations").with(
		add("AddEmailToOtherMails", "email", "otherMails"),
		transformation("FirstOtherMail", "GetSingleItemFromStringCollection", []*element{in("otherMails", "collection")}, out("otherMail", "extractedItem")),
		add("AddSignInNameToEmails", "signInNames.emailAddress", "emails"),
		add("AddOtherMailToEmails", "otherMail", "emails"),
	)
	if d.username {
		equal := func(id, claim string) *element {
			return el("ClaimsTransformation", "Id", id, "TransformationMethod", "AssertStringClaimsAreEqual").with(
				el("InputClaims").with(in("email", "inputClaim1"), in(claim, "inputClaim2")),
				el("InputParameters").with(el("InputParameter", "Id", "stringComparison", "DataType", "string", "Value", "ordinalIgnoreCase")))
		}
		list.with(equal("AssertRecordedAddress", "strongAuthenticationEmailAddress"), equal("AssertSignInAddress", "signInNames.emailAddress"))
	}
	if len(d.social) > 0 {
		list.with(transformation("CreateAlternativeSecurityId", "CreateAlternativeSecurityId",
			[]*element{in("issuerUserId", "key"), in("identityProvider", "identityProvider")}, out("alternativeSecurityId", "alternativeSecurityId")))
	}
	return list
}
