package transform

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/diag"
)

// Reference: claims-and-transformations §2.5. Texts are read strictly: single quotes and trailing commas are
// errors, although Json.NET accepts them (§6.55, our decision).
var jsonMethods = map[string]method{
	"CreateJsonArray": {
		in: "inputClaim:string", out: "outputClaim:string",
		plan: func(*plan) step {
			return func(_ context.Context, c *call) error {
				text, ok := c.text("inputClaim")
				if !ok {
					return c.set("outputClaim", claims.Text("[]"))
				}
				out, err := encodeJSON([]string{text})
				if err != nil {
					return err
				}
				return c.set("outputClaim", claims.Text(out))
			}
		},
	},
	"GenerateJson": {
		in: "*:string|boolean|int|long|dateTime|date|phoneNumber|stringCollection", par: "*:text", out: "outputClaim:string",
		plan: planGenerateJSON,
	},
	"GetClaimFromJson": {
		in: "inputJson:string", par: "claimToExtract:text", out: "extractedClaim:string",
		plan: func(p *plan) step {
			name := p.text("claimToExtract")
			return func(_ context.Context, c *call) error {
				raw, err := member(c, "inputJson", name)
				if err != nil {
					return err
				}
				return c.set("extractedClaim", rawText(raw))
			}
		},
	},
	"GetNumericClaimFromJson": {
		in: "inputJson:string", par: "claimToExtract:text", out: "extractedClaim:long|int",
		plan: func(p *plan) step {
			name := p.text("claimToExtract")
			return func(_ context.Context, c *call) error {
				raw, err := member(c, "inputJson", name)
				if err != nil {
					return err
				}
				n, err := strconv.ParseInt(rawText(raw).String(), 10, 64)
				if err != nil {
					return fmt.Errorf("%w: the member %s is no whole number", ErrInput, name)
				}
				return c.set("extractedClaim", claims.LongInteger(n))
			}
		},
	},
	"GetClaimsFromJsonArray": {
		in:   "jsonSource:string",
		par:  "errorOnMissingClaims:bool=false includeEmptyClaims:bool=false jsonSourceKeyName:text=key jsonSourceValueName:text=value",
		out:  "*:string|int|long|boolean|dateTime|date",
		plan: planClaimsFromArray,
	},
	"GetClaimsFromJsonArrayV2": {
		in:   "jsonSource:stringCollection",
		par:  "errorOnMissingClaims:bool=false includeEmptyClaims:bool=false jsonSourceKeyName:text=key jsonSourceValueName:text=value",
		out:  "*:string|int|long|boolean|dateTime|date",
		plan: planClaimsFromArray,
	},
	"GetSingleItemFromJson": {
		in: "inputJson:string", out: "key:string value:string",
		plan: func(*plan) step {
			return func(_ context.Context, c *call) error {
				text, ok := c.text("inputJson")
				if !ok {
					return missing("inputJson")
				}
				key, raw, err := firstMember(text)
				if err != nil {
					return err
				}
				if err := c.set("key", claims.Text(key)); err != nil {
					return err
				}
				return c.set("value", rawText(raw))
			}
		},
	},
	"GetSingleValueFromJsonArray": {
		in: "inputJsonClaim:string", out: "extractedClaim:string",
		plan: func(*plan) step {
			return func(_ context.Context, c *call) error {
				text, ok := c.text("inputJsonClaim")
				var items []json.RawMessage
				if !ok || json.Unmarshal([]byte(text), &items) != nil {
					return fmt.Errorf("%w: inputJsonClaim is no JSON array", ErrInput)
				}
				if len(items) == 0 {
					return c.set("extractedClaim", claims.Value{})
				}
				return c.set("extractedClaim", rawText(items[0]))
			}
		},
	},
	"XmlStringToJsonString": {
		in: "xml:string", out: "json:string",
		plan: func(*plan) step {
			return func(_ context.Context, c *call) error {
				text, ok := c.text("xml")
				if !ok {
					return c.set("json", claims.Value{})
				}
				out, err := xmlToJSON(text)
				if err != nil {
					return err
				}
				return c.set("json", claims.Text(out))
			}
		},
	},
}

func encodeJSON(v any) (string, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "", err
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

// member finds a top-level member of an object.
func member(c *call, role, name string) (json.RawMessage, error) {
	text, ok := c.text(role)
	if !ok {
		return nil, missing(role)
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &object); err != nil {
		return nil, fmt.Errorf("%w: %s is no JSON object", ErrInput, role)
	}
	raw, ok := object[name]
	if !ok {
		return nil, fmt.Errorf("%w: %s has no member %s", ErrInput, role, name)
	}
	return raw, nil
}

// rawText returns a JSON value as text: a string's content, a number's own digits, an object or array
// compact. null is no value.
func rawText(raw json.RawMessage) claims.Value {
	trimmed := bytes.TrimSpace(raw)
	switch {
	case len(trimmed) == 0 || string(trimmed) == "null":
		return claims.Value{}
	case trimmed[0] == '"':
		var s string
		_ = json.Unmarshal(trimmed, &s)
		return claims.Text(s)
	case string(trimmed) == "true":
		return claims.Text("True")
	case string(trimmed) == "false":
		return claims.Text("False")
	}
	var b bytes.Buffer
	if json.Compact(&b, trimmed) != nil {
		return claims.Value{}
	}
	return claims.Text(b.String())
}

// firstMember finds the first member in document order.
func firstMember(text string) (string, json.RawMessage, error) {
	bad := fmt.Errorf("%w: inputJson is no JSON object with a member", ErrInput)
	dec := json.NewDecoder(strings.NewReader(text))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return "", nil, bad
	}
	t, err := dec.Token()
	key, ok := t.(string)
	if err != nil || !ok {
		return "", nil, bad
	}
	var raw json.RawMessage
	if dec.Decode(&raw) != nil {
		return "", nil, bad
	}
	return key, raw, nil
}

func planClaimsFromArray(p *plan) step {
	failMissing, includeEmpty := p.bool("errorOnMissingClaims"), p.bool("includeEmptyClaims")
	keyName, valueName := p.text("jsonSourceKeyName"), p.text("jsonSourceValueName")
	return func(_ context.Context, c *call) error {
		source := c.get("jsonSource")
		var items []map[string]any
		bad := fmt.Errorf("%w: jsonSource is no JSON array of objects", ErrInput)
		if source.Type() == claims.StringCollection {
			for _, text := range source.Items() {
				var item map[string]any
				if decodeNumbers(text, &item) != nil {
					return bad
				}
				items = append(items, item)
			}
		} else if source.Exists() {
			if decodeNumbers(source.String(), &items) != nil {
				return bad
			}
		}
		for _, out := range c.t.outs {
			var value any
			found := false
			for _, item := range items {
				if key, ok := item[keyName].(string); ok && key == out.Role {
					value, found = item[valueName], true
					break
				}
			}
			if !found {
				if failMissing {
					return fmt.Errorf("%w: jsonSource has no item for the claim %s", ErrInput, out.Claim.ID())
				}
				continue
			}
			if (value == nil || value == "") && !includeEmpty {
				continue
			}
			v, err := claims.FromJSON(out.Claim.DataType(), value)
			if err != nil {
				return fmt.Errorf("%w: claim %s: %w", ErrInput, out.Claim.ID(), err)
			}
			c.bag.Set(out.Claim.ID(), v)
		}
		return nil
	}
}

func decodeNumbers(text string, to any) error {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(to); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("text after the JSON value")
	}
	return nil
}

// node is a JSON value under construction. Members keep their order.
type node struct {
	names   []string // nil for arrays
	members []*node
	array   bool
	leaf    any
	isLeaf  bool
}

// place puts a leaf at a path of member names and array indexes. It reports a gap or a clash.
func (n *node) place(path []string, leaf any) bool {
	if len(path) == 0 {
		if n.isLeaf || len(n.members) > 0 {
			return false
		}
		n.leaf, n.isLeaf = leaf, true
		return true
	}
	if n.isLeaf {
		return false
	}
	index, err := strconv.Atoi(path[0])
	isIndex := err == nil
	if len(n.members) == 0 {
		n.array = isIndex
	}
	if n.array != isIndex {
		return false
	}
	if isIndex {
		switch {
		case index < 0 || index > len(n.members):
			return false
		case index == len(n.members):
			n.members = append(n.members, &node{})
		}
		return n.members[index].place(path[1:], leaf)
	}
	for i, name := range n.names {
		if name == path[0] {
			return n.members[i].place(path[1:], leaf)
		}
	}
	n.names = append(n.names, path[0])
	n.members = append(n.members, &node{})
	return n.members[len(n.members)-1].place(path[1:], leaf)
}

func (n *node) write(b *strings.Builder) error {
	if n.isLeaf {
		text, err := encodeJSON(n.leaf)
		b.WriteString(text)
		return err
	}
	brackets := "{}"
	if n.array {
		brackets = "[]"
	}
	b.WriteByte(brackets[0])
	for i, m := range n.members {
		if i > 0 {
			b.WriteByte(',')
		}
		if !n.array {
			name, err := encodeJSON(n.names[i])
			if err != nil {
				return err
			}
			b.WriteString(name + ":")
		}
		if err := m.write(b); err != nil {
			return err
		}
	}
	b.WriteByte(brackets[1])
	return nil
}

func planGenerateJSON(p *plan) step {
	type constant struct {
		path []string
		leaf any
	}
	var constants []constant
	probe := &node{}
	for _, in := range p.d.Inputs {
		if !probe.place(strings.Split(in.Role, "."), "") {
			p.report(diag.BadParameter, in.Position, "count array indexes from 0 without gaps; a member is an object, an array or a value",
				"claims transformation %q: the path %q doesn't fit the ones before it", p.d.ID, in.Role)
			return nil
		}
	}
	for _, par := range p.d.Parameters {
		k := constant{path: strings.Split(par.ID, "."), leaf: par.Value}
		if t, ok := claims.ParseDataType(par.DataType); ok && t != claims.String {
			v, err := claims.Parse(t, par.Value)
			if err != nil {
				p.report(diag.BadParameter, par.Position, "write a value of data type "+par.DataType,
					"claims transformation %q has an invalid value %q for the parameter %q", p.d.ID, par.Value, par.ID)
				return nil
			}
			k.leaf = v.JSON()
		}
		if !probe.place(k.path, "") {
			p.report(diag.BadParameter, par.Position, "count array indexes from 0 without gaps; a member is an object, an array or a value",
				"claims transformation %q: the path %q doesn't fit the ones before it", p.d.ID, par.ID)
			return nil
		}
		constants = append(constants, k)
	}
	return func(_ context.Context, c *call) error {
		root := &node{}
		for _, in := range c.t.inputs {
			v := c.bag.Get(in.Claim.ID())
			if !v.Exists() {
				continue // a claim without value gives no member
			}
			if !root.place(strings.Split(in.Role, "."), v.JSON()) {
				return fmt.Errorf("%w: a claim without value leaves a gap before %s", ErrInput, in.Role)
			}
		}
		for _, k := range constants {
			if !root.place(k.path, k.leaf) {
				return fmt.Errorf("%w: a claim without value leaves a gap before %s", ErrInput, strings.Join(k.path, "."))
			}
		}
		var b strings.Builder
		if err := root.write(&b); err != nil {
			return err
		}
		return c.set("outputClaim", claims.Text(b.String()))
	}
}

// maxXMLDepth limits the nesting of elements [I].
const maxXMLDepth = 100

// xmlToJSON converts like Json.NET: attributes become @name, text beside them #text, repeated siblings
// arrays, empty elements null. It refuses document type declarations.
func xmlToJSON(text string) (string, error) {
	bad := fmt.Errorf("%w: xml is not well-formed", ErrInput)
	dec := xml.NewDecoder(strings.NewReader(text))
	for {
		t, err := dec.Token()
		if err != nil {
			return "", bad
		}
		switch t := t.(type) {
		case xml.Directive:
			return "", bad
		case xml.StartElement:
			n, err := readElement(dec, t, 0)
			if err != nil {
				return "", bad
			}
			for {
				t, err := dec.Token()
				if errors.Is(err, io.EOF) {
					break
				}
				switch t.(type) {
				case nil, xml.StartElement, xml.Directive:
					return "", bad
				}
			}
			var b strings.Builder
			root := &node{names: []string{qualified(t.Name)}, members: []*node{n}}
			if err := root.write(&b); err != nil {
				return "", err
			}
			return b.String(), nil
		}
	}
}

func qualified(n xml.Name) string { return n.Local }

func readElement(dec *xml.Decoder, start xml.StartElement, depth int) (*node, error) {
	if depth > maxXMLDepth {
		return nil, errors.New("too deep")
	}
	n := &node{}
	for _, a := range start.Attr {
		n.names = append(n.names, "@"+qualified(a.Name))
		n.members = append(n.members, &node{isLeaf: true, leaf: a.Value})
	}
	var text strings.Builder
	for {
		t, err := dec.Token()
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.Directive:
			return nil, errors.New("directive")
		case xml.CharData:
			text.Write(t)
		case xml.StartElement:
			child, err := readElement(dec, t, depth+1)
			if err != nil {
				return nil, err
			}
			n.append(qualified(t.Name), child)
		case xml.EndElement:
			content := text.String()
			if strings.TrimSpace(content) == "" {
				content = ""
			}
			switch {
			case len(n.members) == 0 && content == "":
				return &node{isLeaf: true, leaf: nil}, nil
			case len(n.members) == 0:
				return &node{isLeaf: true, leaf: content}, nil
			case content != "":
				n.append("#text", &node{isLeaf: true, leaf: content})
			}
			return n, nil
		}
	}
}

// append adds a member. A second member of the same name makes an array.
func (n *node) append(name string, child *node) {
	for i, have := range n.names {
		if have != name {
			continue
		}
		if !n.members[i].array {
			n.members[i] = &node{array: true, members: []*node{n.members[i]}}
		}
		n.members[i].members = append(n.members[i].members, child)
		return
	}
	n.names = append(n.names, name)
	n.members = append(n.members, child)
}
