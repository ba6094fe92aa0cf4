package policy

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"journeyman.dev/internal/diag"
)

// Namespace is the one namespace of policy files.
const Namespace = "http://schemas.microsoft.com/online/cpim/schemas/2013/06"

// MaxFileBytes is the size of the largest policy file, B2C's 1024 KB (policy-engine
// §2.1 [D]).
const MaxFileBytes = 1 << 20

// The other limits of a file are ours, far above any real file. With the size they bound the cost of reading;
// maxMerged bounds the cost of merging.
const (
	maxDepth      = 64
	maxElements   = 60_000
	maxAttributes = 64 // of one element
)

// node is an element with positions.
type node struct {
	name     string
	pos      diag.Position
	attrs    []attribute
	children []*node
	raw      []byte // the text while it is read, in pieces
	text     string
	textPos  diag.Position
}

type attribute struct {
	name, value string
	pos         diag.Position
}

// source maps byte offsets of the decoded text to positions.
type source struct {
	file  string
	text  []byte
	lines []int // offset of each line's first byte
	// last is the place of the latest request. The next request is usually a little behind it, and a file may
	// be one long line.
	last struct{ offset, line, column int }
}

func newSource(file string, text []byte) *source {
	s := &source{file: file, text: text, lines: []int{0}}
	s.last.column = 1
	for i, b := range text {
		if b == '\n' {
			s.lines = append(s.lines, i+1)
		}
	}
	return s
}

func (s *source) at(offset int) diag.Position {
	offset = min(max(offset, 0), len(s.text))
	line := sort.Search(len(s.lines), func(i int) bool { return s.lines[i] > offset }) - 1
	from, column := s.lines[line], 1
	if s.last.line == line && s.last.offset <= offset {
		from, column = s.last.offset, s.last.column
	}
	column += utf8.RuneCount(s.text[from:offset])
	s.last.offset, s.last.line, s.last.column = offset, line, column
	return diag.Position{File: s.file, Line: line + 1, Column: column}
}

// DecodeText converts a policy file to UTF-8 without a byte order mark. It recognises UTF-16 by its byte
// order mark, or else by its first bytes.
func DecodeText(src []byte) ([]byte, error) {
	switch {
	case bytes.HasPrefix(src, []byte{0xEF, 0xBB, 0xBF}):
		src = src[3:]
	case bytes.HasPrefix(src, []byte{0xFF, 0xFE}):
		return fromUTF16(src[2:], binary.LittleEndian)
	case bytes.HasPrefix(src, []byte{0xFE, 0xFF}):
		return fromUTF16(src[2:], binary.BigEndian)
	case bytes.HasPrefix(src, []byte{'<', 0}):
		return fromUTF16(src, binary.LittleEndian)
	case bytes.HasPrefix(src, []byte{0, '<'}):
		return fromUTF16(src, binary.BigEndian)
	}
	if !utf8.Valid(src) {
		return nil, errors.New("the file is neither UTF-8 nor UTF-16")
	}
	return src, nil
}

func fromUTF16(src []byte, order binary.ByteOrder) ([]byte, error) {
	if len(src)%2 != 0 {
		return nil, errors.New("the file has half a UTF-16 character at its end")
	}
	units := make([]uint16, len(src)/2)
	for i := range units {
		units[i] = order.Uint16(src[2*i:])
	}
	return []byte(string(utf16.Decode(units))), nil
}

// syntaxError is a fault that ends reading.
type syntaxError struct {
	pos  diag.Position
	msg  string
	hint string
}

func (e *syntaxError) Error() string { return e.msg }

// readTree reads one document into nodes. encoding/xml accepts some faults that are checked here: duplicate
// attributes, undeclared prefixes, a second root, text outside the root. With an error, the root contains the
// part that was read, or is nil if even its first tag wasn't.
func readTree(s *source) (*node, error) {
	d := xml.NewDecoder(bytes.NewReader(s.text))
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // already decoded
	r := &treeReader{s: s}
	for {
		start := int(d.InputOffset())
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return r.root, r.malformed(err, start, int(d.InputOffset()))
		}
		switch t := token.(type) {
		case xml.StartElement:
			if err := r.open(t, start, int(d.InputOffset())); err != nil {
				return r.root, err
			}
			if len(r.stack) == 1 && r.root.name != "TrustFrameworkPolicy" {
				return r.root, nil // not a policy: the caller reports it
			}
		case xml.EndElement:
			n := r.stack[len(r.stack)-1]
			n.text, n.raw = string(n.raw), nil
			r.stack = r.stack[:len(r.stack)-1]
		case xml.CharData:
			if err := r.characters(t, start); err != nil {
				return r.root, err
			}
		case xml.Directive:
			return r.root, r.fail(start, "policies need no DTD", "document type declarations and other directives are refused")
		}
	}
	if r.root == nil {
		return nil, r.fail(0, "save the policy again", "the file contains no element")
	}
	return r.root, nil
}

// treeReader builds the tree of one document.
type treeReader struct {
	s     *source
	root  *node
	stack []*node
	count int
}

func (r *treeReader) fail(offset int, hint, format string, args ...any) error {
	return &syntaxError{pos: r.s.at(offset), hint: hint, msg: fmt.Sprintf(format, args...)}
}

// malformed reports where the decoder stopped: for an unmatched end tag at that tag, for an early end of the
// file at the element that is open.
func (r *treeReader) malformed(err error, start, end int) error {
	var se *xml.SyntaxError
	if !errors.As(err, &se) {
		return r.fail(end-1, "save the file as UTF-8", "the file is not well-formed XML: %v", err)
	}
	var open *node
	if len(r.stack) > 0 {
		open = r.stack[len(r.stack)-1]
	}
	const format = "the file is not well-formed XML: %s"
	switch {
	case open != nil && end >= len(r.s.text) && strings.Contains(se.Msg, "EOF"):
		return &syntaxError{pos: open.pos, hint: "add </" + open.name + ">", msg: fmt.Sprintf("the file is not well-formed XML: element %q isn't closed", open.name)}
	case open != nil && bytes.HasPrefix(r.s.text[min(start, len(r.s.text)):], []byte("</")):
		return r.fail(start, fmt.Sprintf("%q at line %d must be closed before", open.name, open.pos.Line), format, se.Msg)
	case strings.Contains(se.Msg, "entity"):
		return r.fail(end-1, "write &amp; for an ampersand", format, se.Msg)
	}
	return r.fail(end-1, "correct the XML here", format, se.Msg)
}

func (r *treeReader) open(t xml.StartElement, start, end int) error {
	if r.count++; r.count > maxElements {
		return r.fail(start, "split it into a base and policies that inherit from it", "the file has more than %d elements", maxElements)
	}
	if len(r.stack) >= maxDepth {
		return r.fail(start, "nest fewer elements", "elements are nested more than %d deep", maxDepth)
	}
	if len(t.Attr) > maxAttributes {
		return r.fail(start, "use fewer attributes", "element %q has more than %d attributes", t.Name.Local, maxAttributes)
	}
	n := &node{name: t.Name.Local, pos: r.s.at(start)}
	top := len(r.stack) == 0
	if top && r.root != nil {
		return r.fail(start, "one file holds one policy", "the file has a second root element %q", n.name)
	}
	if !top || n.name == "TrustFrameworkPolicy" {
		if t.Name.Space != Namespace {
			return r.fail(start, `write xmlns="`+Namespace+`" on the root element`, "element %q is not in the namespace %s", t.Name.Local, Namespace)
		}
		if err := readAttributes(r.s, n, t, start, end); err != nil {
			return err
		}
	}
	if top {
		r.root = n
	} else {
		parent := r.stack[len(r.stack)-1]
		parent.children = append(parent.children, n)
	}
	r.stack = append(r.stack, n)
	return nil
}

func (r *treeReader) characters(t xml.CharData, start int) error {
	if len(r.stack) == 0 {
		if len(bytes.TrimSpace(t)) > 0 {
			return r.fail(start, "remove it", "there is text outside of the root element")
		}
		return nil
	}
	n := r.stack[len(r.stack)-1]
	if lead := len(t) - len(bytes.TrimLeft(t, " \t\r\n")); lead < len(t) && !n.textPos.Known() {
		n.textPos = r.s.at(start + lead)
	}
	n.raw = append(n.raw, t...)
	return nil
}

func readAttributes(s *source, n *node, t xml.StartElement, start, end int) error {
	places := attributePlaces(s.text[start:min(end, len(s.text))])
	seen := make(map[string]bool, len(t.Attr))
	for _, a := range t.Attr {
		name := a.Name.Local
		at := n.pos
		for _, p := range places {
			if p.name == name || strings.HasSuffix(p.name, ":"+name) {
				at = s.at(start + p.offset)
				break
			}
		}
		if seen[a.Name.Space+" "+name] {
			return &syntaxError{pos: at, hint: "remove one", msg: fmt.Sprintf("the file is not well-formed XML: attribute %q is there twice", name)}
		}
		seen[a.Name.Space+" "+name] = true
		if a.Name.Space == "xmlns" || name == "xmlns" && a.Name.Space == "" {
			continue
		}
		if a.Name.Space != "" {
			if !strings.Contains(a.Name.Space, "/") && a.Name.Space != "xml" {
				return &syntaxError{pos: at, hint: "declare it with xmlns:" + a.Name.Space, msg: fmt.Sprintf("the file is not well-formed XML: the prefix %q is not declared", a.Name.Space)}
			}
			continue // xsi:schemaLocation and similar
		}
		n.attrs = append(n.attrs, attribute{name, a.Value, at})
	}
	return nil
}

type place struct {
	name   string
	offset int
}

// attributePlaces finds the offsets of the attributes in a start tag.
func attributePlaces(tag []byte) []place {
	var places []place
	i := 1
	for i < len(tag) && !isSpace(tag[i]) && tag[i] != '>' && tag[i] != '/' {
		i++
	}
	for i < len(tag) {
		for i < len(tag) && isSpace(tag[i]) {
			i++
		}
		start := i
		for i < len(tag) && tag[i] != '=' && !isSpace(tag[i]) && tag[i] != '>' {
			i++
		}
		name := string(tag[start:i])
		for i < len(tag) && isSpace(tag[i]) {
			i++
		}
		if i >= len(tag) || tag[i] != '=' {
			return places
		}
		for i++; i < len(tag) && isSpace(tag[i]); {
			i++
		}
		if i >= len(tag) {
			return places
		}
		quote := tag[i]
		places = append(places, place{name, start})
		for i++; i < len(tag) && tag[i] != quote; {
			i++
		}
		i++
	}
	return places
}

func isSpace(b byte) bool { return b == ' ' || b == '\t' || b == '\r' || b == '\n' }
