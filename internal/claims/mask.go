package claims

// Mask hides part of a value on pages; the bag keeps the whole value
// (claims-and-transformations §1.4).
type Mask struct {
	Pattern *Pattern // nil: a simple mask
	Text    string
}

// Apply masks a text. A simple mask replaces the leading characters one for one. For a value not longer than
// the mask, the result is the mask cut to the value's length [I].
func (m *Mask) Apply(value string) string {
	if m.Pattern != nil {
		out, err := m.Pattern.Replace(value, m.Text)
		if err != nil {
			return "" // show nothing instead of the bare value
		}
		return out
	}
	v, mask := []rune(value), []rune(m.Text)
	if len(v) <= len(mask) {
		return string(mask[:len(v)])
	}
	return string(mask) + string(v[len(mask):])
}
