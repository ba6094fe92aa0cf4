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

// The limits of a policy file: B2C's size (policy-engine §2.1 [D]); depth and
// count are ours, far above any real file.
const (
	maxFileBytes = 1 << 20
	maxDepth     = 64
	maxElements  = 60_000
)

// node is an element with positions.
type node struct {
	name     string
	pos      diag.Position
	attrs    []attribute
	children []*node
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
}

func newSource(file string, text []byte) *source {
	s := &source{file: file, text: text, lines: []int{0}}
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
	return diag.Position{File: s.file, Line: line + 1, Column: utf8.RuneCount(s.text[s.lines[line]:offset]) + 1}
}

// decodeText brings a file to UTF-8: byte order marks of UTF-8 and UTF-16 count,
// and UTF-16 without one is known by its first bytes.
func decodeText(src []byte) ([]byte, error) {
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
	pos diag.Position
	msg string
}

func (e *syntaxError) Error() string { return e.msg }

// readTree reads one document into nodes. encoding/xml lets some faults pass; the
// checks for them are here: duplicate attributes, undeclared prefixes, a second
// root, text outside of it.
func readTree(s *source) (*node, error) {
	d := xml.NewDecoder(bytes.NewReader(s.text))
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // decoded before
	var (
		root  *node
		stack []*node
		count int
	)
	fail := func(offset int64, format string, args ...any) error {
		return &syntaxError{s.at(int(offset)), fmt.Sprintf(format, args...)}
	}
	for {
		start := d.InputOffset()
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			var se *xml.SyntaxError
			if errors.As(err, &se) {
				return nil, fail(d.InputOffset(), "the file is not well-formed XML: %s", se.Msg)
			}
			return nil, fail(d.InputOffset(), "the file is not well-formed XML: %v", err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			if count++; count > maxElements {
				return nil, fail(start, "the file has more than %d elements", maxElements)
			}
			if len(stack) >= maxDepth {
				return nil, fail(start, "elements are nested more than %d deep", maxDepth)
			}
			n := &node{name: t.Name.Local, pos: s.at(int(start))}
			if len(stack) == 0 && root == nil && n.name != "TrustFrameworkPolicy" {
				return n, nil // no policy: the caller says so
			}
			if t.Name.Space != Namespace {
				return nil, fail(start, "element %q is not in the namespace %s", t.Name.Local, Namespace)
			}
			if err := readAttributes(s, n, t, int(start), int(d.InputOffset())); err != nil {
				return nil, err
			}
			if len(stack) == 0 {
				if root != nil {
					return nil, fail(start, "the file has a second root element %q", n.name)
				}
				root = n
			} else {
				parent := stack[len(stack)-1]
				parent.children = append(parent.children, n)
			}
			stack = append(stack, n)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			if len(stack) == 0 {
				if len(bytes.TrimSpace(t)) > 0 {
					return nil, fail(start, "there is text outside of the root element")
				}
				continue
			}
			n := stack[len(stack)-1]
			if lead := len(t) - len(bytes.TrimLeft(t, " \t\r\n")); lead < len(t) && !n.textPos.Known() {
				n.textPos = s.at(int(start) + lead)
			}
			n.text += string(t)
		case xml.Directive:
			return nil, fail(start, "document type declarations and other directives are refused")
		}
	}
	if root == nil {
		return nil, fail(0, "the file has no element")
	}
	return root, nil
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
			return &syntaxError{at, fmt.Sprintf("the file is not well-formed XML: attribute %q is there twice", name)}
		}
		seen[a.Name.Space+" "+name] = true
		if a.Name.Space == "xmlns" || name == "xmlns" && a.Name.Space == "" {
			continue
		}
		if a.Name.Space != "" {
			if !strings.Contains(a.Name.Space, "/") && a.Name.Space != "xml" {
				return &syntaxError{at, fmt.Sprintf("the file is not well-formed XML: the prefix %q is not declared", a.Name.Space)}
			}
			continue // xsi:schemaLocation and its like
		}
		n.attrs = append(n.attrs, attribute{name, a.Value, at})
	}
	return nil
}

type place struct {
	name   string
	offset int
}

// attributePlaces finds where the attributes of a start tag begin.
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
