package msgraph

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/library"
	"journeyman.dev/internal/policy"
)

func (q *Request) listPolicies() error {
	value := []map[string]any{}
	for _, p := range q.s.Policies.List() {
		value = append(value, map[string]any{"id": p.ID})
	}
	return q.Write(http.StatusOK, "trustFramework/policies", map[string]any{"value": value})
}

func (q *Request) policy() (library.Policy, error) {
	p, err := q.s.Policies.Get(q.Arg(0))
	if errors.Is(err, library.ErrNoPolicy) {
		return p, NewError(http.StatusNotFound, "AADB2C", "There is no policy with the id '"+q.Arg(0)+"' in the tenant "+q.s.TenantName+".")
	}
	return p, err
}

func (q *Request) getPolicy() error {
	p, err := q.policy()
	if err != nil {
		return err
	}
	return q.Write(http.StatusOK, "trustFramework/policies/$entity", map[string]any{"id": p.ID})
}

func (q *Request) getPolicyXML() error {
	p, err := q.policy()
	if err != nil {
		return err
	}
	q.writeXML(http.StatusOK, p.XML)
	return nil
}

// writeXML gives a policy as it was stored, with the tenant's object id that B2C
// writes into the root element.
func (q *Request) writeXML(status int, file []byte) {
	q.SetHeader("Content-Type", "application/xml")
	q.w.WriteHeader(status)
	_, _ = q.w.Write(withTenantObjectID(file, q.s.TenantID))
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

// policyID is the id that a file gives itself, "" if it can't be read.
func policyID(file []byte) string {
	if d, _ := policy.Parse("policy.xml", file); d != nil {
		return d.PolicyID.Value
	}
	return ""
}

func (q *Request) createPolicy() error { return q.upload("", false) }

func (q *Request) putPolicy() error { return q.upload(q.Arg(0), true) }

// upload stores a policy; refusals list every diagnostic, and the message has their
// texts as tools print it (admin-surface §2).
func (q *Request) upload(id string, overwrite bool) error {
	file, err := io.ReadAll(q.Body)
	if err != nil {
		return NewError(http.StatusRequestEntityTooLarge, "AADB2C", "The policy is larger than is allowed.")
	}
	if own := policyID(file); !overwrite && own != "" {
		if _, err := q.s.Policies.Get(own); err == nil {
			return NewError(http.StatusConflict, "AADB2C", fmt.Sprintf("The tenant %s already has a policy with the id %s.", q.s.TenantName, own))
		}
	}
	out, err := q.s.Policies.Upload(q.Context(), library.Policy{ID: id, XML: file, By: q.Caller.Name(), New: !overwrite})
	if errors.Is(err, library.ErrInvalid) {
		return q.refuse(id, out.Diagnostics)
	}
	if errors.Is(err, library.ErrExists) { // another made it meanwhile
		return NewError(http.StatusConflict, "AADB2C", fmt.Sprintf("The tenant %s already has a policy with the id %s.", q.s.TenantName, policyID(file)))
	}
	if err != nil {
		return err
	}
	q.consequences(out)
	status := http.StatusOK
	for _, made := range out.Made { // of one file
		if made {
			status = http.StatusCreated
		}
	}
	if id == "" {
		q.SetHeader("Location", q.Base()+"/trustFramework/policies/"+policyID(file)+"/")
	}
	q.writeXML(status, file)
	return nil
}

func (q *Request) refuse(id string, list diag.List) error {
	var texts strings.Builder
	count := 0
	var details []map[string]any
	for _, d := range list {
		if d.Severity == diag.Error {
			count++
			fmt.Fprintf(&texts, "Line %d, column %d: %s (%s). ", d.Position.Line, d.Position.Column, d.Message, d.Code)
		}
		details = append(details, diagnosticJSON(d))
		if id == "" {
			id = d.PolicyID
		}
	}
	message := fmt.Sprintf("Validation failed: %d validation error(s) found in policy %q of tenant %q.%s", count, strings.ToUpper(id), q.s.TenantName, strings.TrimSpace(texts.String()))
	e := B2CBadRequest(message)
	if details != nil {
		e.Details = details
	}
	return e
}

func (q *Request) deletePolicy() error {
	if _, err := q.policy(); err != nil {
		return err
	}
	err := q.s.Policies.Delete(q.Context(), q.Arg(0))
	if errors.Is(err, library.ErrInvalid) {
		return NewError(http.StatusBadRequest, "AADB2C", err.Error())
	}
	if err != nil {
		return err
	}
	return q.WriteNothing()
}
