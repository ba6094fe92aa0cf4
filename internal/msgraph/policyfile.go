package msgraph

import (
	"bytes"
	"encoding/xml"
	"io"
	"slices"
)

// WritePolicy answers with a policy file as it was stored, with the tenant's object id
// that B2C writes into the root element.
func (q *Request) WritePolicy(status int, file []byte) error {
	return q.WriteFile(status, "application/xml", withTenantObjectID(file, q.s.TenantID))
}

// withTenantObjectID adds the attribute to the root element if the file lacks it; the
// rest stays as it is. A file in UTF-16 is left alone.
func withTenantObjectID(file []byte, tenantID string) []byte {
	d := xml.NewDecoder(bytes.NewReader(file))
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	for {
		start := int(d.InputOffset())
		token, err := d.RawToken()
		if err != nil {
			return file
		}
		root, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if slices.ContainsFunc(root.Attr, func(a xml.Attr) bool { return a.Name.Local == "TenantObjectId" }) {
			return file
		}
		end := start + bytes.IndexAny(file[start:], " \t\r\n/>")
		return slices.Concat(file[:end], []byte(` TenantObjectId="`+tenantID+`"`), file[end:])
	}
}
