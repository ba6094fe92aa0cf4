package userflow

import (
	"bytes"
	"encoding/xml"
	"slices"
)

// element is a part of a policy document. Texts and attribute values are escaped when it is written, so that
// an administrator's input never becomes markup.
type element struct {
	name     string
	attrs    []string // name, value …
	text     string
	children []*element
}

// el makes an element; attrs are name, value, name, value …
func el(name string, attrs ...string) *element { return &element{name: name, attrs: attrs} }

// text makes an element that contains only a text.
func text(name, value string, attrs ...string) *element {
	return &element{name: name, attrs: attrs, text: value}
}

// with adds children and ignores nil.
func (e *element) with(children ...*element) *element {
	for _, c := range children {
		if c != nil {
			e.children = append(e.children, c)
		}
	}
	return e
}

// when returns the element if a condition is true, else nil.
func (e *element) when(ok bool) *element {
	if ok {
		return e
	}
	return nil
}

// filled returns the element if it has children, else nil, because policies contain no empty lists.
func (e *element) filled() *element { return e.when(len(e.children) > 0) }

func (e *element) write(b *bytes.Buffer, indent string) {
	b.WriteString(indent + "<" + e.name)
	for pair := range slices.Chunk(e.attrs, 2) {
		b.WriteString(" " + pair[0] + `="`)
		_ = xml.EscapeText(b, []byte(pair[1])) // a Buffer never fails
		b.WriteByte('"')
	}
	switch {
	case len(e.children) > 0:
		b.WriteString(">\n")
		for _, c := range e.children {
			c.write(b, indent+"  ")
		}
		b.WriteString(indent + "</" + e.name + ">\n")
	case e.text != "":
		b.WriteByte('>')
		_ = xml.EscapeText(b, []byte(e.text))
		b.WriteString("</" + e.name + ">\n")
	default:
		b.WriteString(" />\n")
	}
}
