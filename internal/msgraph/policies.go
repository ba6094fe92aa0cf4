package msgraph

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"

	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/library"
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
func (q *request) writeXML(status int, xml []byte) {
	q.w.Header().Set("Content-Type", "application/xml")
	q.w.WriteHeader(status)
	_, _ = q.w.Write(withTenantObjectID(xml, q.s.TenantID))
}

var rootElement = regexp.MustCompile(`<TrustFrameworkPolicy\b[^>]*>`)

// withTenantObjectID adds the attribute if the file lacks it; the rest stays as it is.
// A file in UTF-16 is left alone.
func withTenantObjectID(xml []byte, tenantID string) []byte {
	at := rootElement.FindIndex(xml)
	if at == nil || strings.Contains(string(xml[at[0]:at[1]]), "TenantObjectId=") {
		return xml
	}
	end := at[0] + len("<TrustFrameworkPolicy")
	return append(append(append([]byte{}, xml[:end]...), ` TenantObjectId="`+tenantID+`"`...), xml[end:]...)
}

func (q *request) createPolicy() error { return q.upload("", false) }

func (q *request) putPolicy() error { return q.upload(q.args[0], true) }

var policyIDPattern = regexp.MustCompile(`PolicyId\s*=\s*["']([^"']+)["']`)

// upload stores a policy; refusals list every diagnostic, and the message has their
// texts as tools print it (admin-surface §2).
func (q *request) upload(id string, overwrite bool) error {
	xml, err := io.ReadAll(q.Body)
	if err != nil {
		return &apiError{http.StatusRequestEntityTooLarge, "AADB2C", "The policy is larger than is allowed."}
	}
	if !overwrite {
		if m := policyIDPattern.FindSubmatch(xml); m != nil {
			if _, err := q.s.Policies.Get(string(m[1])); err == nil {
				return &apiError{http.StatusConflict, "AADB2C", fmt.Sprintf("The tenant %s already has a policy with the id %s.", q.s.TenantName, m[1])}
			}
		}
	}
	_, missing := q.s.Policies.Get(id)
	out, err := q.s.Policies.Upload(q.Context(), library.Policy{ID: id, XML: xml, By: q.by()})
	if errors.Is(err, library.ErrInvalid) {
		q.refuse(id, out.Diagnostics)
		return nil
	}
	if err != nil {
		return err
	}
	q.consequences(out)
	status := http.StatusOK
	if missing != nil {
		status = http.StatusCreated
	}
	if id == "" {
		if m := policyIDPattern.FindSubmatch(xml); m != nil {
			q.w.Header().Set("Location", q.base()+"/trustFramework/policies/"+string(m[1])+"/")
		}
	}
	q.writeXML(status, xml)
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
