package users

import (
	"strings"

	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/msgraph"
)

// shownByDefault are the members that a user has without $select.
const shownByDefault = "businessPhones,displayName,givenName,id,jobTitle,mail,mobilePhone,officeLocation,preferredLanguage,surname,userPrincipalName"

// graphNames are members of Graph whose attribute has another name in policies.
var graphNames = map[string]string{
	"mobilePhone": "mobile", "officeLocation": "physicalDeliveryOfficeName", "faxNumber": "facsimileTelephoneNumber",
}

// plain are the text members that callers may set.
var plain = strings.Fields(`displayName givenName surname jobTitle mail mobilePhone officeLocation preferredLanguage city country state
	streetAddress postalCode department mailNickname usageLocation ageGroup consentProvidedForMinor legalAgeGroupClassification userType companyName employeeId faxNumber`)

// user is a user as the API shows it, every member. Extension attributes stand beside
// these.
type user struct {
	ID                     string       `json:"id"`
	UPN                    string       `json:"userPrincipalName"`
	Enabled                bool         `json:"accountEnabled"`
	Created                msgraph.Time `json:"createdDateTime"`
	CreationType           *string      `json:"creationType"`
	PasswordPolicies       *string      `json:"passwordPolicies"`
	SessionsValidFrom      msgraph.Time `json:"signInSessionsValidFromDateTime"`
	RefreshTokensValidFrom msgraph.Time `json:"refreshTokensValidFromDateTime"`
	Identities             []identity   `json:"identities"`
	BusinessPhones         []string     `json:"businessPhones"`
	OtherMails             []string     `json:"otherMails"`

	DisplayName             *string `json:"displayName"`
	GivenName               *string `json:"givenName"`
	Surname                 *string `json:"surname"`
	JobTitle                *string `json:"jobTitle"`
	Mail                    *string `json:"mail"`
	MobilePhone             *string `json:"mobilePhone"`
	OfficeLocation          *string `json:"officeLocation"`
	PreferredLanguage       *string `json:"preferredLanguage"`
	City                    *string `json:"city"`
	Country                 *string `json:"country"`
	State                   *string `json:"state"`
	StreetAddress           *string `json:"streetAddress"`
	PostalCode              *string `json:"postalCode"`
	Department              *string `json:"department"`
	MailNickname            *string `json:"mailNickname"`
	UsageLocation           *string `json:"usageLocation"`
	AgeGroup                *string `json:"ageGroup"`
	ConsentProvidedForMinor *string `json:"consentProvidedForMinor"`
	LegalAgeGroup           *string `json:"legalAgeGroupClassification"`
	UserType                *string `json:"userType"`
	CompanyName             *string `json:"companyName"`
	EmployeeID              *string `json:"employeeId"`
	FaxNumber               *string `json:"faxNumber"`

	Deleted *msgraph.Time `json:"deletedDateTime,omitempty"`

	extensions map[string]any
}

// MarshalJSON implements json.Marshaler.
func (u user) MarshalJSON() ([]byte, error) {
	type known user
	return msgraph.MarshalOpen(known(u), u.extensions)
}

type identity struct {
	Type   string `json:"signInType"`
	Issuer string `json:"issuer"`
	ID     string `json:"issuerAssignedId"`
}

// show is a user as the API shows it.
func (h *Handler) show(u *directory.User) user {
	text := func(member string) *string {
		attribute := member
		if own, ok := graphNames[member]; ok {
			attribute = own
		}
		v := u.Attribute(attribute)
		if v.Empty() {
			return nil
		}
		value := v.String()
		return &value
	}
	out := user{
		ID: u.ID, UPN: u.UPN, Enabled: !u.Disabled, Created: msgraph.Time(u.Created), PasswordPolicies: msgraph.OrNull(u.PasswordPolicies),
		SessionsValidFrom: msgraph.Time(u.TokensValidFrom), RefreshTokensValidFrom: msgraph.Time(u.TokensValidFrom),
		BusinessPhones: []string{}, OtherMails: []string{},
		DisplayName: text("displayName"), GivenName: text("givenName"), Surname: text("surname"), JobTitle: text("jobTitle"), Mail: text("mail"),
		MobilePhone: text("mobilePhone"), OfficeLocation: text("officeLocation"), PreferredLanguage: text("preferredLanguage"), City: text("city"),
		Country: text("country"), State: text("state"), StreetAddress: text("streetAddress"), PostalCode: text("postalCode"), Department: text("department"),
		MailNickname: text("mailNickname"), UsageLocation: text("usageLocation"), AgeGroup: text("ageGroup"),
		ConsentProvidedForMinor: text("consentProvidedForMinor"), LegalAgeGroup: text("legalAgeGroupClassification"), UserType: text("userType"),
		CompanyName: text("companyName"), EmployeeID: text("employeeId"), FaxNumber: text("faxNumber"),
		Deleted: msgraph.TimeOrNull(u.Deleted), extensions: make(map[string]any),
	}
	if v := u.Attribute("telephoneNumber"); !v.Empty() {
		out.BusinessPhones = []string{v.String()}
	}
	if v := u.Attribute("otherMails"); !v.Empty() {
		if out.OtherMails = v.Items(); out.OtherMails == nil {
			out.OtherMails = []string{v.String()}
		}
	}
	for name, v := range u.Attributes {
		if strings.HasPrefix(name, "extension_") {
			out.extensions[name] = v.JSON()
		}
	}
	for _, i := range u.Identities {
		if i.Type != directory.Federated {
			out.CreationType = msgraph.OrNull("LocalAccount")
		}
		out.Identities = append(out.Identities, identity(i))
	}
	out.Identities = append(out.Identities, identity{Type: "userPrincipalName", Issuer: h.TenantName, ID: u.UPN})
	return out
}

// selected are the members of a user that $select names; v1.0 shows identities and
// extensions only when selected.
func (h *Handler) selected(q *msgraph.Request, u *directory.User) (msgraph.Object, error) {
	object, err := msgraph.ObjectOf(h.show(u))
	names := q.Option("$select")
	if strings.TrimSpace(names) == "" && !q.Beta {
		names = shownByDefault
	}
	return object.Select(names), err
}

// matches evaluates a filter over a user, of whom a local identity's issuer equals any
// (admin-surface §4).
func (h *Handler) matches(f *msgraph.Filter, u *directory.User) (bool, error) {
	if f == nil {
		return true, nil
	}
	shown := h.show(u)
	identities := make([]any, 0, len(shown.Identities))
	for _, i := range shown.Identities {
		var issuer any = msgraph.AnyText{}
		if i.Type == directory.Federated {
			issuer = i.Issuer
		}
		identities = append(identities, map[string]any{"signInType": i.Type, "issuer": issuer, "issuerAssignedId": i.ID})
	}
	return f.MatchesWith(shown, map[string]any{"identities": identities})
}
