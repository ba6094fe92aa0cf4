package page

import (
	"html/template"
	"maps"
	"strings"

	nethtml "golang.org/x/net/html"

	"journeyman.dev/internal/program"
	"journeyman.dev/internal/texts"
)

// words finds the texts of a page: first the policy's in the page's language, then those of the technical
// profile's metadata, then our own (pages §6).
type words struct {
	res      *program.Resources
	metadata map[string]string // by string id
	own      *texts.Set
	section  texts.Section
}

// ux returns a UxElement's text; "" if neither the policy nor we have one.
func (t *words) ux(id string) string {
	if text, ok := t.set(id); ok {
		return text
	}
	if text, ok := t.own.Find(t.section, id); ok {
		return text
	}
	return t.own.Text(texts.Page, id)
}

// set returns a text of the policy.
func (t *words) set(id string) (string, bool) {
	if text, ok := t.res.Text("UxElement", "", id); ok {
		return text, true
	}
	text, ok := t.metadata[id]
	return text, ok
}

// idOf returns the id of a text in our and the scripts' spelling, because metadata may use any letter case.
func (t *words) idOf(id string) string {
	for _, section := range []texts.Section{t.section, texts.Page} {
		for _, known := range texts.IDs(section) {
			if strings.EqualFold(known, id) {
				return known
			}
		}
	}
	return id
}

// all returns the texts for CONTENT: ours by id, replaced by the policy's.
func (t *words) all() map[string]string {
	out := make(map[string]string)
	for _, id := range texts.IDs(t.section) {
		out[id] = t.own.Text(t.section, id)
	}
	maps.Copy(out, t.metadata)
	for id, text := range t.res.Texts("UxElement") {
		out[id] = text
	}
	return out
}

// inlineTags are the allowed elements in a policy's texts: a label with a link to the terms of use is common.
// All other markup is shown as text.
var inlineTags = map[string]bool{"a": true, "b": true, "i": true, "em": true, "strong": true, "br": true, "u": true, "span": true}

// inline converts a policy's text to HTML. It keeps links and emphasis and escapes the rest. Never use it for
// claim values or an API's answer.
func inline(text string) template.HTML {
	if !strings.ContainsRune(text, '<') {
		return template.HTML(template.HTMLEscapeString(nethtml.UnescapeString(text))) //nolint:gosec // escaped
	}
	var b strings.Builder
	var open []string
	z := nethtml.NewTokenizer(strings.NewReader(text))
	for {
		kind := z.Next()
		if kind == nethtml.ErrorToken {
			break
		}
		token := z.Token()
		switch {
		case kind == nethtml.TextToken:
			b.WriteString(template.HTMLEscapeString(token.Data))
		case (kind == nethtml.StartTagToken || kind == nethtml.SelfClosingTagToken) && inlineTags[token.Data]:
			b.Write(startTag(token.Data, inlineAttributes(token)))
			if token.Data != "br" {
				open = append(open, token.Data)
			}
		case kind == nethtml.EndTagToken && len(open) > 0 && open[len(open)-1] == token.Data:
			b.WriteString("</" + token.Data + ">")
			open = open[:len(open)-1]
		case kind == nethtml.EndTagToken && inlineTags[token.Data], kind == nethtml.CommentToken:
		default:
			b.WriteString(template.HTMLEscapeString(token.String()))
		}
	}
	for i := len(open) - 1; i >= 0; i-- {
		b.WriteString("</" + open[i] + ">")
	}
	return template.HTML(b.String()) //nolint:gosec // built from an allow-list, the rest escaped
}

func inlineAttributes(token nethtml.Token) []nethtml.Attribute {
	if token.Data != "a" {
		return nil
	}
	var kept []nethtml.Attribute
	for _, a := range token.Attr {
		value := strings.ToLower(strings.TrimSpace(a.Val))
		if a.Key == "href" && (strings.HasPrefix(value, "https://") || strings.HasPrefix(value, "http://") || strings.HasPrefix(value, "mailto:") || strings.HasPrefix(value, "tel:")) {
			kept = append(kept, a)
		}
	}
	// A link must not replace the page, which contains the user's input.
	return append(kept, nethtml.Attribute{Key: "target", Val: "_blank"}, nethtml.Attribute{Key: "rel", Val: "noopener noreferrer"})
}

// plain returns a text for places without HTML, such as placeholders.
func plain(text string) string {
	if !strings.ContainsRune(text, '<') {
		return text
	}
	var b strings.Builder
	z := nethtml.NewTokenizer(strings.NewReader(text))
	for {
		switch kind := z.Next(); kind {
		case nethtml.ErrorToken:
			return b.String()
		case nethtml.TextToken:
			b.WriteString(z.Token().Data)
		case nethtml.StartTagToken, nethtml.EndTagToken, nethtml.SelfClosingTagToken:
			if token := z.Token(); !inlineTags[token.Data] {
				b.WriteString(token.String())
			}
		}
	}
}
