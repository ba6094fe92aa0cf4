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

func (q *request) listPolicies() error {
	value := []map[string]any{}
	for _, p := range q.s.Policies.List() {
		value = append(value, map[string]any{"id": p.ID})
	}
	return q.write(http.StatusOK, "trustFramework/policies", map[string]any{"value": value})
}

func (q *request) policy() (library.Policy, error) {
	p, err := q.s.Policies.Get(q.args[0])
	if errors.Is(err, library.ErrNoPolicy) {
		return p, &apiError{http.StatusNotFound, "AADB2C", "There is no policy with the id '" + q.args[0] + "' in the tenant " + q.s.TenantName + "."}
	}
	return p, err
}

func (q *request) getPolicy() error {
	p, err := q.policy()
	if err != nil {
		return err
	}
	return q.write(http.StatusOK, "trustFramework/policies/$entity", map[string]any{"id": p.ID})
}

func (q *request) getPolicyXML() error {
	p, err := q.policy()
	if err != nil {
		return err
	}
	q.writeXML(http.StatusOK, p.XML)
	return nil
}

// writeXML gives a policy as it was stored, with the tenant's object id that B2C
// writes into the root element.
func (q *request) writeXML(status int, file []byte) {
	q.w.Header().Set("Content-Type", "application/xml")
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

func (q *request) createPolicy() error { return q.upload("", false) }

func (q *request) putPolicy() error { return q.upload(q.args[0], true) }

// upload stores a policy; refusals list every diagnostic, and the message has their
// texts as tools print it (admin-surface §2).
func (q *request) upload(id string, overwrite bool) error {
	file, err := io.ReadAll(q.Body)
	if err != nil {
		return &apiError{http.StatusRequestEntityTooLarge, "AADB2C", "The policy is larger than is allowed."}
	}
	if own := policyID(file); !overwrite && own != "" {
		if _, err := q.s.Policies.Get(own); err == nil {
			return &apiError{http.StatusConflict, "AADB2C", fmt.Sprintf("The tenant %s already has a policy with the id %s.", q.s.TenantName, own)}
		}
	}
	out, err := q.s.Policies.Upload(q.Context(), library.Policy{ID: id, XML: file, By: q.by(), New: !overwrite})
	if errors.Is(err, library.ErrInvalid) {
		q.refuse(id, out.Diagnostics)
		return nil
	}
	if errors.Is(err, library.ErrExists) { // another made it meanwhile
		return &apiError{http.StatusConflict, "AADB2C", fmt.Sprintf("The tenant %s already has a policy with the id %s.", q.s.TenantName, policyID(file))}
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
		q.w.Header().Set("Location", q.base()+"/trustFramework/policies/"+policyID(file)+"/")
	}
	q.writeXML(status, file)
	return nil
}

func (q *request) refuse(id string, list diag.List) {
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
	q.respond(&apiError{http.StatusBadRequest, "AADB2C", message}, details)
}

func (q *request) deletePolicy() error {
	if _, err := q.policy(); err != nil {
		return err
	}
	err := q.s.Policies.Delete(q.Context(), q.args[0])
	if errors.Is(err, library.ErrInvalid) {
		return &apiError{http.StatusBadRequest, "AADB2C", err.Error()}
	}
	if err != nil {
		return err
	}
	return q.noContent()
}
