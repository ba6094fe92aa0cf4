package page

import (
	"bytes"
	"errors"
	"fmt"
	"html"
	"strings"
	"unicode/utf8"

	nethtml "golang.org/x/net/html"
	"golang.org/x/net/html/charset"
)

// Template is an HTML page, ours or a customer's, split at the places of our content: the element with
// id="api" gets our content, everything else stays as written (pages §2.1). It is immutable.
type Template struct {
	parts       []part
	scripts     bool // the template's scripts run
	builtIn     bool
	hasTitle    bool
	hasViewport bool
}

// part is a piece of a template: raw bytes, or a place for our content.
type part struct {
	place place
	raw   []byte
	attrs []nethtml.Attribute // of the html and the api element
	tag   string
}

// place is a place for our content in a template.
type place uint8

const (
	placeRaw  place = iota
	placeHTML       // the html element's start tag: the language is ours
	placeHead       // the beginning of head: globals and jQuery, before any script
	placeAPI        // start tag and content of the element with id="api"
	placeEnd        // the end of body: the page's behaviour starts
)

// Errors of templates.
var (
	errNoAPI   = errors.New(`the template has no element with id="api"`)
	errNotHTML = errors.New("the template is no text")
)

// decodeTemplate converts a document to UTF-8 by its header, byte order mark or meta element, like a browser.
func decodeTemplate(doc []byte, contentType string) ([]byte, error) {
	text, err := doc, error(nil)
	if !utf8.Valid(doc) || strings.Contains(strings.ToLower(contentType), "charset=") {
		encoding, _, _ := charset.DetermineEncoding(doc, contentType)
		text, err = encoding.NewDecoder().Bytes(doc)
	}
	if err != nil || bytes.IndexByte(text, 0) >= 0 {
		return nil, errNotHTML
	}
	return bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), nil
}

// parseTemplate splits a UTF-8 document. Without scripts it also removes everything that could run one, as a
// second defence besides the page's Content-Security-Policy.
func parseTemplate(doc []byte, scripts bool) (*Template, error) {
	p := &templateParser{t: &Template{scripts: scripts}, z: nethtml.NewTokenizer(bytes.NewReader(doc))}
	for {
		kind := p.z.Next()
		if kind == nethtml.ErrorToken {
			break // the end: the tokenizer accepts everything
		}
		// Copy Raw before the tokenizer reads attributes, because it reuses its buffer.
		p.token(kind, bytes.Clone(p.z.Raw()))
	}
	if !p.apiSeen {
		return nil, errNoAPI
	}
	if !p.htmlSeen {
		p.t.parts = append([]part{{place: placeHTML}}, p.t.parts...)
	}
	if !p.endSeen {
		p.put(part{place: placeEnd})
	}
	return p.t, nil
}

type templateParser struct {
	t *Template
	z *nethtml.Tokenizer

	htmlSeen, headSeen, apiSeen, endSeen bool
	hasMain                              bool
	inside                               string // tag name of the current api element
	depth                                int
	dropping                             string // tag name of the element being removed with its content
	forms                                []int  // indexes of the parts that open unclosed forms
	orphans                              int    // end tags of removed forms
}

func (p *templateParser) put(x part) { p.t.parts = append(p.t.parts, x) }

func (p *templateParser) raw(raw []byte) {
	if n := len(p.t.parts); n > 0 && p.t.parts[n-1].place == placeRaw && p.t.parts[n-1].tag == "" {
		p.t.parts[n-1].raw = append(p.t.parts[n-1].raw, raw...)
		return
	}
	p.put(part{raw: raw})
}

func (p *templateParser) token(kind nethtml.TokenType, raw []byte) {
	switch kind {
	case nethtml.StartTagToken, nethtml.SelfClosingTagToken:
		name, attrs := p.tag()
		switch {
		case p.dropping != "":
		case p.inside != "":
			if name == p.inside && !void[name] {
				p.depth++
			}
		default:
			p.start(name, attrs, raw, kind == nethtml.SelfClosingTagToken)
		}
	case nethtml.EndTagToken:
		name, _ := p.z.TagName()
		p.end(string(name), raw)
	case nethtml.DoctypeToken:
		// Ours comes first, so that pages use the standard layout.
	default:
		if p.dropping == "" && p.inside == "" {
			p.raw(raw)
		}
	}
}

func (p *templateParser) tag() (string, []nethtml.Attribute) {
	token := p.z.Token()
	return token.Data, token.Attr
}

// void elements have no content and no end tag.
var void = map[string]bool{
	"area": true, "base": true, "br": true, "col": true, "embed": true, "hr": true, "img": true, "input": true,
	"link": true, "meta": true, "source": true, "track": true, "wbr": true,
}

func (p *templateParser) start(name string, attrs []nethtml.Attribute, raw []byte, selfClosing bool) {
	switch {
	case name == "html":
		if !p.htmlSeen {
			p.htmlSeen = true
			p.put(part{place: placeHTML, attrs: p.attributes(attrs)})
		}
		return
	case name == "head":
		p.raw(raw)
		p.head()
		return
	}
	p.head()
	if !p.apiSeen && attribute(attrs, "id") == "api" {
		p.api(name, attrs)
		return
	}
	switch name {
	case "title":
		p.t.hasTitle = true
	case "meta":
		p.t.hasViewport = p.t.hasViewport || strings.EqualFold(attribute(attrs, "name"), "viewport")
	case "main":
		p.hasMain = true
	case "form":
		p.forms = append(p.forms, len(p.t.parts))
		p.put(part{raw: p.clean(name, attrs, raw), tag: "form"})
		return
	case "plaintext":
		return // it would hide the rest of the page
	}
	p.hasMain = p.hasMain || attribute(attrs, "role") == "main"
	if !p.t.scripts && dropped(name, attrs) {
		if !void[name] && !selfClosing {
			p.dropping = name
		}
		return
	}
	p.raw(p.clean(name, attrs, raw))
}

func (p *templateParser) head() {
	if !p.headSeen {
		p.headSeen = true
		p.put(part{place: placeHead})
	}
}

// api begins the element for our content. It removes a form around it, because forms don't nest and that form
// would take our fields.
func (p *templateParser) api(name string, attrs []nethtml.Attribute) {
	for _, i := range p.forms {
		p.t.parts[i].raw = nil
	}
	p.orphans, p.forms = len(p.forms), nil
	p.apiSeen = true
	if void[name] {
		name = "div"
	} else {
		p.inside, p.depth = name, 1
	}
	attrs = p.attributes(attrs)
	if !p.hasMain && attribute(attrs, "role") == "" && name != "main" {
		attrs = append(attrs, nethtml.Attribute{Key: "role", Val: "main"})
	}
	p.put(part{place: placeAPI, tag: name, attrs: attrs})
}

func (p *templateParser) end(name string, raw []byte) {
	switch {
	case p.dropping != "":
		if name == p.dropping {
			p.dropping = ""
		}
	case p.inside != "":
		if name == p.inside {
			if p.depth--; p.depth == 0 {
				p.inside = ""
			}
		}
	case name == "form" && p.orphans > 0:
		p.orphans--
	case (name == "body" || name == "html") && p.apiSeen && !p.endSeen:
		p.endSeen = true
		p.put(part{place: placeEnd})
		p.raw(raw)
	case (name == "body" || name == "html") && !p.apiSeen:
		// Content follows the end tag of the document; browsers continue, too.
	default:
		if name == "form" && len(p.forms) > 0 {
			p.forms = p.forms[:len(p.forms)-1]
		}
		p.raw(raw)
	}
}

// dropped reports whether an element could run a script or take over the page.
func dropped(name string, attrs []nethtml.Attribute) bool {
	switch name {
	case "script", "iframe", "frame", "frameset", "object", "embed", "applet", "base", "portal":
		return true
	case "meta":
		return attribute(attrs, "http-equiv") != "" && !strings.EqualFold(attribute(attrs, "http-equiv"), "x-ua-compatible") ||
			strings.Contains(strings.ToLower(attribute(attrs, "content")), "data:")
	case "link":
		for rel := range strings.FieldsSeq(strings.ToLower(attribute(attrs, "rel"))) {
			if rel == "import" || rel == "modulepreload" || rel == "manifest" || rel == "serviceworker" {
				return true
			}
		}
	}
	return false
}

// clean returns a start tag without attributes that run scripts, unchanged if it contains none.
func (p *templateParser) clean(name string, attrs []nethtml.Attribute, raw []byte) []byte {
	kept := p.attributes(attrs)
	if len(kept) == len(attrs) {
		return raw
	}
	return startTag(name, kept)
}

func (p *templateParser) attributes(attrs []nethtml.Attribute) []nethtml.Attribute {
	if p.t.scripts {
		return attrs
	}
	kept := make([]nethtml.Attribute, 0, len(attrs))
	for _, a := range attrs {
		key := strings.ToLower(a.Key)
		if strings.HasPrefix(key, "on") || key == "srcdoc" || key == "formaction" || key == "ping" || scriptURL(a.Val) {
			continue
		}
		kept = append(kept, a)
	}
	return kept
}

// scriptURL reports whether a value is an address that runs as a script. It ignores blanks and control
// characters like browsers.
func scriptURL(value string) bool {
	value = strings.ToLower(strings.Map(func(r rune) rune {
		if r <= ' ' || r == 0x7f {
			return -1
		}
		return r
	}, value))
	return strings.HasPrefix(value, "javascript:") || strings.HasPrefix(value, "vbscript:") || strings.HasPrefix(value, "data:text/html")
}

func attribute(attrs []nethtml.Attribute, key string) string {
	for _, a := range attrs {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// set replaces or adds an attribute. It doesn't change the list itself.
func set(attrs []nethtml.Attribute, key, value string) []nethtml.Attribute {
	out := make([]nethtml.Attribute, 0, len(attrs)+1)
	for _, a := range attrs {
		if a.Key != key {
			out = append(out, a)
		}
	}
	return append(out, nethtml.Attribute{Key: key, Val: value})
}

func startTag(name string, attrs []nethtml.Attribute) []byte {
	var b bytes.Buffer
	b.WriteString("<" + name)
	for _, a := range attrs {
		fmt.Fprintf(&b, ` %s="%s"`, a.Key, html.EscapeString(a.Val))
	}
	b.WriteByte('>')
	return b.Bytes()
}

// filling is a page's content for its template.
type filling struct {
	language, direction string
	dataName            string // data-name of the api element
	class               string // added to the classes of the api element; "" for none
	head, content, end  []byte
}

// render fills the template.
func (t *Template) render(f filling) []byte {
	var b bytes.Buffer
	b.WriteString("<!DOCTYPE html>\n")
	for _, p := range t.parts {
		switch p.place {
		case placeHTML:
			attrs := set(p.attrs, "lang", f.language)
			if t.builtIn {
				// A customer's own page sets its direction itself.
				attrs = set(attrs, "dir", f.direction)
			}
			b.Write(startTag("html", attrs))
		case placeHead:
			b.Write(f.head)
		case placeAPI:
			attrs := set(p.attrs, "data-name", f.dataName)
			if f.class != "" {
				attrs = set(attrs, "class", strings.TrimSpace(attribute(attrs, "class")+" "+f.class))
			}
			b.Write(startTag(p.tag, attrs))
			b.Write(f.content)
			b.WriteString("</" + p.tag + ">")
		case placeEnd:
			b.Write(f.end)
		default:
			b.Write(p.raw)
		}
	}
	return b.Bytes()
}
