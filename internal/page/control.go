package page

import (
	"html/template"
	"strings"

	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/texts"
)

// group is an entry of a page's list of fields: a single field, or a display control with its own fields
// (pages §4.3).
type group struct {
	Field   item
	Control *control // nil: a single field
}

// control is the template data of a display control.
type control struct {
	*journey.Control
	Items []item
	words *words
	kinds *Kinds
}

// Draw draws the control with the template of its kind.
func (c *control) Draw() (template.HTML, error) {
	var b strings.Builder
	if err := c.kinds.templates.ExecuteTemplate(&b, c.Kind.Name, c); err != nil {
		return "", err
	}
	return template.HTML(b.String()), nil //nolint:gosec // a template has escaped it
}

// grouped groups the fields by display control.
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
			out = append(out, group{Control: &control{Control: i.Control, Items: []item{i}, words: v.words, kinds: v.kinds}})
		}
	}
	return out
}

func (c *control) set(id string) (string, bool) {
	if text, ok := c.words.res.Text("DisplayControl", c.ID, id); ok {
		return text, true
	}
	for _, other := range c.Kind.Older[id] {
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
	return c.words.own.Text(c.Kind.Texts, id)
}

// Label returns a text of the control.
func (c *control) Label(id string) string { return plain(c.text(id)) }

// HTML returns a text that may contain links.
func (c *control) HTML(id string) template.HTML { return inline(c.text(id)) }

// Intro returns the text before a code is sent, if the policy contains it.
func (c *control) Intro() template.HTML {
	text, _ := c.set("intro_msg")
	return inline(text)
}

// content returns DISPLAY_CONTROL_CONTENT for scripts.
func (c *control) content() map[string]string {
	out := make(map[string]string)
	for _, id := range texts.IDs(c.Kind.Texts) {
		out[id] = c.Label(id)
	}
	return out
}
