package msgraph

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"

	"journeyman.dev/internal/canonical"
	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/directory"
)

// defaultUser are the members that a user has without $select.
const defaultUser = "businessPhones,displayName,givenName,id,jobTitle,mail,mobilePhone,officeLocation,preferredLanguage,surname,userPrincipalName"

// graphNames are members of Graph whose attribute has another name in policies.
var graphNames = map[string]string{
	"mobilePhone": "mobile", "officeLocation": "physicalDeliveryOfficeName", "faxNumber": "facsimileTelephoneNumber",
}

// plain are the text members that a user may have.
var plain = strings.Fields(`displayName givenName surname jobTitle mail mobilePhone officeLocation preferredLanguage city country state
	streetAddress postalCode department mailNickname usageLocation ageGroup consentProvidedForMinor legalAgeGroupClassification userType companyName employeeId faxNumber`)

// userJSON is a user as the API shows it, every member.
func (s *Server) userJSON(u *directory.User) map[string]any {
	out := map[string]any{
		"id": u.ID, "userPrincipalName": u.UPN, "accountEnabled": !u.Disabled, "createdDateTime": u.Created.UTC().Format(time.RFC3339),
		"passwordPolicies": OrNull(u.PasswordPolicies), "signInSessionsValidFromDateTime": u.TokensValidFrom.UTC().Format(time.RFC3339),
		"refreshTokensValidFromDateTime": u.TokensValidFrom.UTC().Format(time.RFC3339), "creationType": nil, "businessPhones": []any{}, "otherMails": []any{},
	}
	if v := u.Attribute("telephoneNumber"); !v.Empty() {
		out["businessPhones"] = []any{v.String()}
	}
	if v := u.Attribute("otherMails"); !v.Empty() {
		var list []any
		for _, m := range v.Items() {
			list = append(list, m)
		}
		if list == nil {
			list = []any{v.String()}
		}
		out["otherMails"] = list
	}
	for _, name := range plain {
		attribute := name
		if own, ok := graphNames[name]; ok {
			attribute = own
		}
		out[name] = nil
		if v := u.Attribute(attribute); !v.Empty() {
			out[name] = v.String()
		}
	}
	for name, v := range u.Attributes {
		if strings.HasPrefix(name, "extension_") {
			out[name] = v.JSON()
		}
	}
	identities := []any{}
	for _, i := range u.Identities {
		var issuer any = i.Issuer
		if i.Type != directory.Federated {
			out["creationType"] = "LocalAccount"
		}
		identities = append(identities, map[string]any{"signInType": i.Type, "issuer": issuer, "issuerAssignedId": i.ID})
	}
	if !u.Deleted.IsZero() {
		out["deletedDateTime"] = u.Deleted.UTC().Format(time.RFC3339)
	}
	identities = append(identities, map[string]any{"signInType": "userPrincipalName", "issuer": s.TenantName, "issuerAssignedId": u.UPN})
	out["identities"] = identities
	return out
}

// matches evaluates a filter over a user, of whom a local identity's issuer equals any.
func (q *Request) matches(f *Filter, u *directory.User) (bool, error) {
	if f == nil {
		return true, nil
	}
	object, err := Members(q.s.userJSON(u))
	if err != nil {
		return false, err
	}
	items, _ := object["identities"].([]any)
	for _, item := range items {
		if m, ok := item.(map[string]any); ok && m["signInType"] != directory.Federated {
			m["issuer"] = AnyText{}
		}
	}
	return f.MatchesMembers(object)
}

// shown applies $select; v1.0 shows identities and extensions only when selected.
func (q *Request) shown(u *directory.User) map[string]any {
	names := q.URL.Query().Get("$select")
	object := q.s.userJSON(u)
	if strings.TrimSpace(names) != "" {
		return choose(object, names)
	}
	if q.Beta {
		return object
	}
	return choose(object, defaultUser)
}

func (q *Request) listUsers() error {
	f, err := q.Filter()
	if err != nil {
		return err
	}
	limit, err := q.Top(100, 999)
	if err != nil {
		return err
	}
	value := []map[string]any{}
	next := ""
	if found, ok, err := q.indexed(f); ok || err != nil {
		if err != nil {
			return err
		}
		for _, u := range found {
			good, err := q.matches(f, u)
			if err != nil {
				return err
			}
			if good {
				value = append(value, q.shown(u))
			}
		}
	} else {
		if value, next, err = q.scan(f, limit, false); err != nil {
			return err
		}
	}
	return WritePage(q, "users", value, next)
}

// scan reads page after page until enough users pass the filter: those that are deleted, or
// those that aren't.
func (q *Request) scan(f *Filter, limit int, deleted bool) (value []map[string]any, next string, err error) {
	value = []map[string]any{}
	after := q.URL.Query().Get("$skiptoken")
	for {
		page, err := q.s.Users.Store.ListUsers(q.Context(), after, 500, deleted)
		if err != nil {
			return nil, "", err
		}
		for _, u := range page {
			good, err := q.matches(f, u)
			if err != nil {
				return nil, "", err
			}
			if !good {
				after = u.ID
				continue
			}
			if len(value) == limit {
				return value, after, nil
			}
			value = append(value, q.shown(u))
			after = u.ID
		}
		if len(page) < 500 {
			return value, "", nil
		}
	}
}

// indexed finds the users that a filter on an identity, id or user principal name can
// mean; ok is false if the filter isn't of that kind.
func (q *Request) indexed(f *Filter) (users []*directory.User, ok bool, err error) {
	if f == nil || f.HasOr() {
		return nil, false, nil
	}
	add := func(list []*directory.User, err error) error {
		if errors.Is(err, directory.ErrNotFound) {
			return nil
		}
		for _, u := range list {
			if !slices.ContainsFunc(users, func(have *directory.User) bool { return have.ID == u.ID }) {
				users = append(users, u)
			}
		}
		return err
	}
	store := q.s.Users.Store
	for _, id := range f.Literals("id") {
		u, err := store.GetUser(q.Context(), strings.ToLower(id))
		if err := add([]*directory.User{u}, err); err != nil {
			return nil, true, err
		}
		return users, true, nil
	}
	find := func(k directory.Key) error {
		u, err := store.FindUser(q.Context(), k)
		return add([]*directory.User{u}, err)
	}
	for _, property := range []string{"issuerAssignedId", "userPrincipalName"} {
		for _, id := range f.Literals(property) {
			if err := find(directory.NameKey(id)); errors.Is(err, directory.ErrAmbiguous) {
				return nil, false, nil // the scan finds both
			} else if err != nil {
				return nil, true, err
			}
			for _, issuer := range f.Literals("issuer") {
				if err := find(directory.Identity{Type: directory.Federated, Issuer: issuer, ID: id}.Key()); err != nil {
					return nil, true, err
				}
			}
			return users, true, nil
		}
	}
	return nil, false, nil
}

// user finds the user of the request by id or user principal name.
func (q *Request) user() (*directory.User, error) {
	id := strings.ToLower(q.Arg(0))
	u, err := q.s.Users.Store.GetUser(q.Context(), id)
	if errors.Is(err, directory.ErrNotFound) {
		u, err = q.s.Users.Store.FindUser(q.Context(), directory.NameKey(id))
		if err == nil && !canonical.Same(u.UPN, id) {
			err = directory.ErrNotFound // an address isn't the name of the resource
		}
	}
	if errors.Is(err, directory.ErrNotFound) {
		return nil, NotFound(q.Arg(0))
	}
	return u, err
}

func (q *Request) getUser() error {
	u, err := q.user()
	if err != nil {
		return err
	}
	return q.Write(http.StatusOK, "users/$entity", q.shown(u))
}

// userInput is what a request may say of a user.
type userInput struct {
	changes  []func(*directory.User)
	password string
	policies string
}

var (
	namePattern      = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_\-.]{0,63}$`)
	extensionPattern = regexp.MustCompile(`^extension_[0-9a-f]{32}_[A-Za-z0-9_]{1,120}$`)
)

// readUser reads a body into changes of a user.
func (q *Request) readUser() (*userInput, error) {
	var raw map[string]json.RawMessage
	if err := q.Read(&raw); err != nil {
		return nil, err
	}
	in := &userInput{}
	set := func(f func(*directory.User)) { in.changes = append(in.changes, f) }
	for name, value := range raw {
		if err := q.readMember(in, set, name, value); err != nil {
			return nil, err
		}
	}
	return in, nil
}

func decode[T any](name string, raw json.RawMessage) (T, error) {
	var v T
	if err := json.Unmarshal(raw, &v); err != nil {
		return v, BadRequest("Invalid value specified for property '" + name + "' of resource 'User'.")
	}
	return v, nil
}

func (q *Request) readMember(in *userInput, set func(func(*directory.User)), name string, raw json.RawMessage) error {
	null := string(raw) == "null"
	switch lower := strings.ToLower(name); lower {
	case "identities":
		if null {
			return nil
		}
		identities, err := q.readIdentities(raw)
		if err != nil {
			return err
		}
		set(func(u *directory.User) { u.Identities = identities })
	case "passwordprofile":
		if null {
			return nil
		}
		p, err := decode[struct {
			Password string `json:"password"`
			Force    bool   `json:"forceChangePasswordNextSignIn"`
		}](name, raw)
		if err != nil {
			return err
		}
		in.password = p.Password
		set(func(u *directory.User) { u.ForceChange = p.Force })
	case "passwordpolicies":
		text, err := decode[string](name, raw)
		if err != nil {
			return err
		}
		in.policies = text
		set(func(u *directory.User) { u.PasswordPolicies = text })
	case "accountenabled":
		if null {
			return nil
		}
		on, err := decode[bool](name, raw)
		if err != nil {
			return err
		}
		set(func(u *directory.User) { u.Disabled = !on })
	case "userprincipalname":
		text, err := decode[string](name, raw)
		if err != nil || text == "" {
			return err
		}
		if !strings.HasSuffix(strings.ToLower(text), "@"+strings.ToLower(q.s.TenantName)) {
			return BadRequest("The domain portion of the userPrincipalName property is invalid. You must use one of the verified domain names in your organization.")
		}
		set(func(u *directory.User) { u.UPN = text })
	case "othermails":
		list, err := decode[[]string](name, raw)
		if err != nil {
			return err
		}
		set(func(u *directory.User) { u.SetAttribute("otherMails", claims.Collection(list...)) })
	case "businessphones":
		list, err := decode[[]string](name, raw)
		if err != nil {
			return err
		}
		set(func(u *directory.User) { u.SetAttribute("telephoneNumber", claims.Text(strings.Join(list, ","))) })
	default:
		return q.readAttribute(set, name, raw, null)
	}
	return nil
}

func (q *Request) readAttribute(set func(func(*directory.User)), name string, raw json.RawMessage, null bool) error {
	if strings.HasPrefix(strings.ToLower(name), "extension_") {
		if !extensionPattern.MatchString(name) {
			return BadRequest("The property '" + name + "' does not exist: extension properties are named extension_{appId without dashes}_{name}.")
		}
		v, err := extensionValue(name, raw, null)
		if err != nil {
			return err
		}
		set(func(u *directory.User) { u.SetAttribute(name, v) })
		return nil
	}
	i := slices.IndexFunc(plain, func(p string) bool { return strings.EqualFold(p, name) })
	if i < 0 {
		return nil // members of SDKs that we don't keep are passed over
	}
	attribute := plain[i]
	if own, ok := graphNames[attribute]; ok {
		attribute = own
	}
	text, err := decode[string](name, raw)
	if err != nil {
		return err
	}
	if attribute == "displayName" && (null || strings.TrimSpace(text) == "") {
		return BadRequest("Invalid value specified for property 'displayName' of resource 'User'.")
	}
	set(func(u *directory.User) { u.SetAttribute(attribute, claims.Text(text)) })
	return nil
}

func extensionValue(name string, raw json.RawMessage, null bool) (claims.Value, error) {
	if null {
		return claims.Value{}, nil
	}
	switch x := Exact(raw).(type) {
	case bool:
		return claims.Bool(x), nil
	case string:
		return claims.Text(x), nil
	case json.Number:
		if n, err := x.Int64(); err == nil {
			return claims.LongInteger(n), nil
		}
		// 5.0 and 1e3 are whole numbers, too.
		if f, err := x.Float64(); err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
			return claims.LongInteger(int64(f)), nil
		}
	}
	return claims.Value{}, BadRequest("Invalid value specified for property '" + name + "' of resource 'User'.")
}

func (q *Request) readIdentities(raw json.RawMessage) ([]directory.Identity, error) {
	list, err := decode[[]directory.Identity]("identities", raw)
	if err != nil {
		return nil, err
	}
	bad := func(message string) error { return NewError(http.StatusBadRequest, "BadRequest", message) }
	out := []directory.Identity{}
	for _, i := range list {
		switch {
		case strings.EqualFold(i.Type, "userPrincipalName"):
			continue // the service makes this one
		case i.Type == "" || i.ID == "" || i.Issuer == "":
			return nil, bad("An identity needs signInType, issuer and issuerAssignedId.")
		case strings.EqualFold(i.Type, directory.Federated):
			i.Type = directory.Federated
		case !strings.EqualFold(i.Issuer, q.s.TenantName):
			return nil, bad("The issuer of a local identity is the tenant's domain, " + q.s.TenantName + ".")
		case len(i.Type) >= len("emailAddress") && strings.EqualFold(i.Type[:len("emailAddress")], "emailAddress"):
			if a, err := mail.ParseAddress(i.ID); err != nil || a.Address != i.ID {
				return nil, bad("The issuerAssignedId of an e-mail identity is no e-mail address.")
			}
		case strings.EqualFold(i.Type, "userName") && !namePattern.MatchString(i.ID):
			return nil, bad("A user name has up to 64 letters, digits, '-' and '_' and begins with a letter or digit.")
		}
		out = append(out, i)
	}
	if len(out) > 10 {
		return nil, bad("A user has at most 10 identities.")
	}
	return out, nil
}

func (q *Request) createUser() error {
	in, err := q.readUser()
	if err != nil {
		return err
	}
	u := new(directory.User)
	for _, change := range in.changes {
		change(u)
	}
	local := slices.ContainsFunc(u.Identities, func(i directory.Identity) bool { return i.Type != directory.Federated })
	switch {
	case u.Attribute("displayName").Empty():
		return BadRequest("A value is required for property 'displayName' of resource 'User'.")
	case len(u.Identities) == 0 && u.UPN == "":
		return BadRequest("A value is required for property 'identities' of resource 'User'.")
	case local && in.password == "":
		return BadRequest("A password must be specified to create a new user.")
	}
	if err := q.refuseKnown(in.password); err != nil {
		return err
	}
	if err := q.s.Users.Create(q.Context(), u, in.password); err != nil {
		return conflict(err)
	}
	q.SetHeader("Location", q.Base()+"/users/"+u.ID)
	return q.Write(http.StatusCreated, "users/$entity", choose(q.s.userJSON(u), defaultUser+",identities"))
}

// refuseKnown holds an administrator to the operator's setting, in Graph's words.
func (q *Request) refuseKnown(password string) error {
	if !q.s.RefuseKnownPasswords {
		return nil
	}
	err := q.s.Users.RefuseKnown(q.Context(), password)
	if errors.Is(err, directory.ErrKnownPassword) {
		return BadRequest("The specified password does not comply with password complexity requirements. Please provide a different password: this one is common, or was stolen from a website.")
	}
	return err
}

func conflict(err error) error {
	if errors.Is(err, directory.ErrExists) {
		return BadRequest("Another object with the same value for property proxyAddresses already exists.")
	}
	return err
}

func (q *Request) patchUser() error {
	u, err := q.user()
	if err != nil {
		return err
	}
	in, err := q.readUser()
	if err != nil {
		return err
	}
	if err := q.refuseKnown(in.password); err != nil {
		return err
	}
	_, err = q.s.Users.Update(q.Context(), u.ID, in.password, in.policies, func(u *directory.User) error {
		for _, change := range in.changes {
			change(u)
		}
		return nil
	})
	if err != nil {
		return conflict(err)
	}
	return q.WriteNothing()
}

func (q *Request) deleteUser() error {
	u, err := q.user()
	if err != nil {
		return err
	}
	if err := q.s.Users.Delete(q.Context(), u.ID); err != nil {
		return err
	}
	return q.WriteNothing()
}

// revokeSessions ends the sessions, codes and refresh tokens that the user's sign-ins gave.
func (q *Request) revokeSessions() error {
	u, err := q.user()
	if err != nil {
		return err
	}
	if err := q.s.Users.Revoke(q.Context(), u.ID); err != nil {
		return err
	}
	return q.Write(http.StatusOK, "Edm.Boolean", map[string]any{"value": true})
}
