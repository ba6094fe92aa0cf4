package users

import (
	"encoding/json"
	"math"
	"net/http"
	"net/mail"
	"regexp"
	"slices"
	"strings"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/msgraph"
)

// input is the part of a body that we keep: changes, and the new password with the
// policies that it must meet; "" for none.
type input struct {
	changes  []func(*directory.User)
	password string
	policies string
}

var (
	namePattern      = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_\-.]{0,63}$`)
	extensionPattern = regexp.MustCompile(`^extension_[0-9a-f]{32}_[A-Za-z0-9_]{1,120}$`)
)

// read reads a body into changes of a user.
func (h *Handler) read(q *msgraph.Request) (*input, error) {
	var raw map[string]json.RawMessage
	if err := q.Read(&raw); err != nil {
		return nil, err
	}
	in := &input{}
	set := func(f func(*directory.User)) { in.changes = append(in.changes, f) }
	for name, value := range raw {
		if err := h.readMember(in, set, name, value); err != nil {
			return nil, err
		}
	}
	return in, nil
}

func decode[T any](name string, raw json.RawMessage) (T, error) {
	var v T
	if err := json.Unmarshal(raw, &v); err != nil {
		return v, msgraph.BadRequest("Invalid value specified for property '" + name + "' of resource 'User'.")
	}
	return v, nil
}

func (h *Handler) readMember(in *input, set func(func(*directory.User)), name string, raw json.RawMessage) error {
	null := string(raw) == "null"
	switch lower := strings.ToLower(name); lower {
	case "identities":
		if null {
			return nil
		}
		identities, err := h.readIdentities(raw)
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
		if !strings.HasSuffix(strings.ToLower(text), "@"+strings.ToLower(h.TenantName)) {
			return msgraph.BadRequest("The domain portion of the userPrincipalName property is invalid. You must use one of the verified domain names in your organization.")
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
		return readAttribute(set, name, raw, null)
	}
	return nil
}

func readAttribute(set func(func(*directory.User)), name string, raw json.RawMessage, null bool) error {
	if strings.HasPrefix(strings.ToLower(name), "extension_") {
		if !extensionPattern.MatchString(name) {
			return msgraph.BadRequest("The property '" + name + "' does not exist: extension properties are named extension_{appId without dashes}_{name}.")
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
		return nil // members of SDKs that we don't keep are ignored
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
		return msgraph.BadRequest("Invalid value specified for property 'displayName' of resource 'User'.")
	}
	set(func(u *directory.User) { u.SetAttribute(attribute, claims.Text(text)) })
	return nil
}

func extensionValue(name string, raw json.RawMessage, null bool) (claims.Value, error) {
	if null {
		return claims.Value{}, nil
	}
	switch x := msgraph.Exact(raw).(type) {
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
	return claims.Value{}, msgraph.BadRequest("Invalid value specified for property '" + name + "' of resource 'User'.")
}

func (h *Handler) readIdentities(raw json.RawMessage) ([]directory.Identity, error) {
	list, err := decode[[]directory.Identity]("identities", raw)
	if err != nil {
		return nil, err
	}
	bad := func(message string) error { return msgraph.NewError(http.StatusBadRequest, "BadRequest", message) }
	out := []directory.Identity{}
	for _, i := range list {
		switch {
		case strings.EqualFold(i.Type, "userPrincipalName"):
			continue // the service makes this one
		case i.Type == "" || i.ID == "" || i.Issuer == "":
			return nil, bad("An identity needs signInType, issuer and issuerAssignedId.")
		case strings.EqualFold(i.Type, directory.Federated):
			i.Type = directory.Federated
		case !strings.EqualFold(i.Issuer, h.TenantName):
			return nil, bad("The issuer of a local identity is the tenant's domain, " + h.TenantName + ".")
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
