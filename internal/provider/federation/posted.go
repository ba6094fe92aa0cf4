package federation

import (
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/policy"
)

// Apple posts the user's name together with its answer, outside of any token, and only the
// first time that somebody signs in to an application. ReadBodyClaimsOnIdpRedirect reads it
// (policy-engine §5.5 [D]). Nobody signs it: it is what the browser says, good enough to fill
// in a name, and it never takes the place of a claim of the provider's token.
//
// As it comes once, it is remembered in the browser, sealed, until a journey has finished
// with it: who cancels the page that follows, or meets an error, has a name the next time.

// posted says which claims are read from the form that comes back.
type posted struct {
	all   bool       // every member
	paths [][]string // form field, then members of its JSON
}

func parsePosted(text string) posted {
	var p posted
	for _, path := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' || r == '\t' || r == '\n' || r == '\r' }) {
		switch strings.ToLower(path) {
		case "true", "1":
			p.all = true // as the reference of the metadata has it
		case "false", "0":
		default:
			p.paths = append(p.paths, strings.Split(path, "."))
		}
	}
	return p
}

// The bounds of the parts of a form that are kept.
const (
	maxPosted      = 24
	maxPostedBytes = 400
)

// answered are parameters of the protocol, which are no claims.
var answered = map[string]bool{"state": true, "code": true, "id_token": true, "access_token": true, "token_type": true, "expires_in": true,
	"scope": true, "iss": true, "session_state": true, "error": true, "error_description": true, "error_uri": true, "client_info": true}

// read takes the claims out of a form, by their paths.
func (p posted) read(fields map[string]string) map[string]string {
	out := make(map[string]string)
	put := func(path, text string) {
		if text != "" && len(text) <= maxPostedBytes && utf8.ValidString(text) && len(out) < maxPosted {
			out[path] = text
		}
	}
	for _, path := range p.paths {
		if answered[path[0]] {
			continue
		}
		var value any = fields[path[0]]
		if len(path) > 1 {
			value = object(fields[path[0]])
		}
		for _, name := range path[1:] {
			members, _ := value.(map[string]any)
			value = members[name]
		}
		if text, ok := scalar(value); ok {
			put(strings.Join(path, "."), text)
		}
	}
	if p.all {
		for name, text := range fields {
			if answered[name] {
				continue
			}
			if members := object(text); members != nil {
				leaves(name, members, put)
			} else {
				put(name, text)
			}
		}
	}
	return out
}

func leaves(prefix string, members map[string]any, put func(path, text string)) {
	for name, value := range members {
		path := prefix + "." + name
		if inner, ok := value.(map[string]any); ok && strings.Count(path, ".") < 8 {
			leaves(path, inner, put)
		} else if text, ok := scalar(value); ok {
			put(path, text)
		}
	}
}

func object(text string) map[string]any {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var members map[string]any
	if dec.Decode(&members) != nil {
		return nil
	}
	return members
}

func scalar(value any) (string, bool) {
	switch v := value.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		if v {
			return "true", true
		}
		return "false", true
	}
	return "", false
}

// remembered is the part of a form that the browser keeps until a journey has finished with it.
type remembered struct {
	Subject string            `json:"s,omitempty"` // at the provider; "" as long as it isn't known
	At      time.Time         `json:"t"`
	Values  map[string]string `json:"v"`
}

// How long a form is remembered: for its own user, and for whoever comes next, if the answer
// that it came with was no good and nobody knows whose it is.
const (
	rememberPosted    = 30 * 24 * time.Hour
	rememberAnonymous = 15 * time.Minute
)

func (c *common) note() string { return "posted:" + policy.Fold(c.profileID) + ":" + c.clientID }

// receive reads and remembers what came with the provider's answer, before anything can fail.
func (c *common) receive(call *journey.Call) map[string]string {
	values := c.posted.read(call.Answer.Fields)
	if len(values) > 0 {
		c.remember(call, remembered{At: call.Now(), Values: values})
	}
	return values
}

// recall gives the claims of the form to the user of the token: those that came with it, else
// those that came before with the same user.
func (c *common) recall(call *journey.Call, values map[string]string, subject string) map[string]string {
	if !c.posted.all && len(c.posted.paths) == 0 || subject == "" {
		return values
	}
	now := call.Now()
	have := remembered{At: now, Values: values}
	if len(values) == 0 {
		if json.Unmarshal(call.Recall(c.note()), &have) != nil {
			return nil
		}
		age := now.Sub(have.At)
		if age > rememberPosted || have.Subject != subject && (have.Subject != "" || age > rememberAnonymous) {
			return nil
		}
	}
	have.Subject = subject
	c.remember(call, have)
	return have.Values
}

func (c *common) remember(call *journey.Call, r remembered) {
	if b, err := json.Marshal(r); err == nil {
		call.Remember(c.note(), b)
	}
}
