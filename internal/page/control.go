package page

import (
	"html/template"

	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/texts"
)

// group is an entry of a page's list of fields: a single field, or a display control
// with fields of its own (pages §4.3).
type group struct {
	Field   item
	Control *control // nil: a single field
}

// control is a display control as templates draw it.
type control struct {
	*journey.Control
	Items []item
	words *words
}

// grouped gathers the fields of each display control.
func grouped(v *view) []group {
	var out []group
	for _, i := range v.Items {
		last := len(out) - 1
		switch {
		case i.Control == nil:
			out = append(out, group{Field: i})
		case last >= 0 && out[last].Control != nil && out[last].Control.Control == i.Control:
			out[last].Control.Items = append(out[last].Control.Items, i)
		default:
			out = append(out, group{Control: &control{Control: i.Control, Items: []item{i}, words: v.words}})
		}
	}
	return out
}

// older are the ids that texts of a control have elsewhere: those of layout 2.0.0, and
// those of e-mail verification, which a control's own go before (pages §6 [D]).
var older = map[string][]string{
	"success_send_code_msg":   {"verification_control_code_sent"},
	"failure_send_code_msg":   {"verification_control_fail_send_code"},
	"failure_verify_code_msg": {"verification_control_fail_verify_code"},
	"but_send_code":           {"verification_control_but_send_code", "ver_but_send"},
	"but_verify_code":         {"verification_control_but_verify_code", "ver_but_verify"},
	"but_send_new_code":       {"verification_control_but_send_new_code", "ver_but_resend"},
	"but_change_claims":       {"verification_control_but_change_claims", "ver_but_edit"},
}

func (c *control) set(id string) (string, bool) {
	if text, ok := c.words.res.Text("DisplayControl", c.ID, id); ok {
		return text, true
	}
	for _, other := range older[id] {
		if text, ok := c.words.set(other); ok {
			return text, true
		}
	}
	return "", false
}

func (c *control) text(id string) string {
	if text, ok := c.set(id); ok {
		return text
	}
	return c.words.own.Text(texts.VerificationControl, id)
}

// Label is a text of the control.
func (c *control) Label(id string) string { return plain(c.text(id)) }

// HTML is a text that may hold links.
func (c *control) HTML(id string) template.HTML { return inline(c.text(id)) }

// Intro is shown before a code is sent, if the policy has it.
func (c *control) Intro() template.HTML {
	text, _ := c.set("intro_msg")
	return inline(text)
}

// content is what scripts read as DISPLAY_CONTROL_CONTENT.
func (c *control) content() map[string]string {
	out := make(map[string]string)
	for _, id := range texts.IDs(texts.VerificationControl) {
		out[id] = c.Label(id)
	}
	return out
}
