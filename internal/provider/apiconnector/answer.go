package apiconnector

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/connector"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/program"
)

// Action is what an answer asks for (rest-and-connectors §1.4).
type Action string

// The actions.
const (
	ActionContinue        Action = "Continue"
	ActionShowBlockPage   Action = "ShowBlockPage"
	ActionValidationError Action = "ValidationError"
)

// The members of an answer that aren't claims.
const (
	memberAction  = "action"
	memberMessage = "userMessage"
)

// Verdict is an answer as understood. It is the Output of the exchange.
type Verdict struct {
	Action      Action
	UserMessage string
	// Claims are the members that may set claims, by folded name; custom attributes
	// under their short form extension_Name.
	Claims map[string]any
	// Ignored are the members that set nothing, with the reason, for dry runs.
	Ignored map[string]string
}

// Claim implements journey.Output.
func (v Verdict) Claim(use *program.ClaimUse) (claims.Value, error) {
	name := strings.ToLower(use.Partner())
	switch name {
	case memberAction:
		return claims.Text(string(v.Action)), nil
	case strings.ToLower(memberMessage):
		if v.UserMessage == "" {
			return claims.Value{}, nil
		}
		return claims.Text(v.UserMessage), nil
	}
	raw, ok := v.Claims[name]
	if !ok {
		return claims.Value{}, nil
	}
	value, err := claims.FromJSON(use.Claim().DataType(), raw)
	if err != nil {
		// The value is the API's: the error must not contain it.
		return claims.Value{}, fatal(journey.CodeProviderResponse, fmt.Errorf("the API's answer for %s is no %s", use.Partner(), use.Claim().DataType()))
	}
	return value, nil
}

// refusal is an answer that ends the journey.
type refusedAnswer struct {
	code   journey.Code
	status int
	text   string
}

func (r *refusedAnswer) Error() string { return r.text }

func refuse(code journey.Code, status int, format string, args ...any) error {
	return &refusedAnswer{code, status, fmt.Sprintf("answered %d: ", status) + fmt.Sprintf(format, args...)}
}

// Read understands an answer of an API at a step. Its error says why the answer ends
// the journey, without quoting it.
func Read(c *connector.Connector, step Step, extensionsApp string, status int, body []byte) (Verdict, error) {
	if c.Settings.Contract == connector.ContractTokenIssuance {
		return readTokenIssuance(extensionsApp, status, body)
	}
	object, err := decode(body)
	if status < 200 || status > 299 {
		return readError(step, status, body, object, err)
	}
	switch {
	case status != http.StatusOK:
		return Verdict{}, refuse(journey.CodeProviderResponse, status, "only 200 lets the journey go on")
	case err != nil:
		return Verdict{}, refuse(journey.CodeProviderResponse, status, "the body is no JSON object")
	}
	version, _ := object["version"].(string)
	if c.Settings.Strict && version == "" {
		return Verdict{}, refuse(journey.CodeProviderResponse, status, "the answer has no version")
	}
	action, _ := object[memberAction].(string)
	switch Action(action) {
	case ActionContinue:
		v := Verdict{Action: ActionContinue}
		v.take(object, step, extensionsApp)
		return v, nil
	case ActionShowBlockPage:
		message, _ := object[memberMessage].(string)
		switch {
		case step == PreTokenIssuance:
			return Verdict{}, refuse(journey.CodeProviderResponse, status, "ShowBlockPage isn't allowed at %s", step)
		case message == "":
			return Verdict{}, refuse(journey.CodeProviderResponse, status, "ShowBlockPage has no userMessage")
		}
		return Verdict{Action: ActionShowBlockPage, UserMessage: message}, nil
	case ActionValidationError:
		return Verdict{}, refuse(journey.CodeProviderResponse, status, "ValidationError must come with the status 400")
	case "":
		return Verdict{}, refuse(journey.CodeProviderResponse, status, "the answer has no action")
	}
	return Verdict{}, refuse(journey.CodeProviderResponse, status, "the answer has an unknown action")
}

// readError reads an answer that is no success: a validation error, or the end.
func readError(step Step, status int, body []byte, object map[string]any, err error) (Verdict, error) {
	if err != nil && len(bytes.TrimSpace(body)) > 0 {
		return Verdict{}, refuse(journey.CodeUnparsableReply, status, "the body is no JSON object")
	}
	message, _ := object[memberMessage].(string)
	if status == http.StatusBadRequest && object[memberAction] == string(ActionValidationError) && isBadRequest(object["status"]) && message != "" {
		if step != PostAttributeCollection {
			return Verdict{}, refuse(journey.CodeProviderResponse, status, "ValidationError isn't allowed at %s", step)
		}
		return Verdict{Action: ActionValidationError, UserMessage: message}, nil
	}
	return Verdict{}, refuse(journey.CodeExchangeFailed, status, "%s", http.StatusText(status))
}

// isBadRequest accepts 400 as number and as text.
func isBadRequest(status any) bool {
	switch s := status.(type) {
	case json.Number:
		return s.String() == "400"
	case string:
		return s == "400"
	}
	return false
}

// decode reads one JSON object; numbers stay as written.
func decode(body []byte) (map[string]any, error) {
	dec := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))))
	dec.UseNumber()
	var object map[string]any
	if err := dec.Decode(&object); err != nil {
		return nil, err
	}
	if object == nil {
		return nil, errors.New("null")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("text after the object")
	}
	return object, nil
}

// identityClaims say who the user is: no API changes them.
var identityClaims = map[string]bool{"identities": true, "objectid": true, "id": true, "sub": true, "oid": true, "userprincipalname": true, "password": true}

// addressClaims are the sign-in addresses, verified by us or by the identity provider.
// Only an API that is asked before the attribute page may suggest one.
var addressClaims = map[string]bool{"email": true, "emails": true, "signinnames.emailaddress": true, "mail": true, "othermails": true}

// protocolClaims are members that tokens have from the protocol.
var protocolClaims = map[string]bool{
	"iss": true, "aud": true, "exp": true, "nbf": true, "iat": true, "ver": true, "acr": true, "tfp": true, "nonce": true,
	"auth_time": true, "azp": true, "scp": true, "c_hash": true, "at_hash": true, "tid": true, "idp": true, "jti": true,
}

// own are the answer's members that aren't claims.
var own = map[string]bool{"version": true, "status": true, memberAction: true, strings.ToLower(memberMessage): true, "code": true, "requestid": true, "developermessage": true, "moreinfo": true}

// take sorts the members of an answer into those that may set claims and the others.
// Names are compared without case; a custom attribute may be written with the app id
// of the tenant's extensions application or without (rest-and-connectors §1.4).
func (v *Verdict) take(object map[string]any, step Step, extensionsApp string) {
	v.Claims, v.Ignored = make(map[string]any), make(map[string]string)
	long := "extension_" + strings.ToLower(extensionsApp) + "_"
	for name, raw := range object {
		key := strings.ToLower(name)
		switch {
		case own[key]:
			continue
		case raw == nil:
			v.Ignored[name] = "null sets nothing"
			continue
		case identityClaims[key], protocolClaims[key]:
			v.Ignored[name] = "an API can't set it"
			continue
		case addressClaims[key] && step != PostFederationSignup:
			v.Ignored[name] = "an API can't replace the verified address"
			continue
		}
		if rest, ok := strings.CutPrefix(key, long); ok {
			key = "extension_" + rest
			if _, short := v.Claims[key]; short {
				continue // the short form was there, too: it wins
			}
		}
		v.Claims[key] = raw
	}
	// The short form wins whatever the order of the members is.
	for name, raw := range object {
		if key := strings.ToLower(name); strings.HasPrefix(key, "extension_") && !strings.HasPrefix(key, long) && raw != nil {
			v.Claims[key] = raw
		}
	}
}

var _ journey.Output = Verdict{}
