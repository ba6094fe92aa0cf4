package msgraph

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/library"
)

// Graph has an id and a file of a policy, nothing else. How a policy stands, and its
// versions, are resources of ours beside them.

func diagnosticJSON(d diag.Diagnostic) map[string]any {
	return map[string]any{
		"code": d.Code, "message": d.Message, "target": d.PolicyID, "line": d.Position.Line, "column": d.Position.Column, "severity": d.Severity, "hint": d.Hint,
	}
}

func diagnosticsJSON(list diag.List) []map[string]any {
	out := []map[string]any{}
	for _, d := range list {
		out = append(out, diagnosticJSON(d))
	}
	return out
}

func when(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

// statusJSON is how a policy stands. kind is base, extension, relyingParty or userFlow.
func statusJSON(s library.Status) map[string]any {
	out := map[string]any{
		"id": s.ID, "state": s.State, "servedSinceDateTime": when(s.Since), "servedHash": OrNull(s.Hash), "diagnostics": diagnosticsJSON(s.Diagnostics),
		"version": s.Policy.Version, "uploadedDateTime": when(s.Policy.Updated), "uploadedBy": OrNull(s.Policy.By),
		"kind": nil, "basePolicyId": nil, "defaultUserJourney": nil, "deploymentMode": nil,
	}
	d := s.Document
	if d == nil {
		return out
	}
	kind := "extension"
	switch {
	case s.UserFlow:
		kind = "userFlow"
	case d.RelyingParty != nil:
		kind = "relyingParty"
		out["defaultUserJourney"] = OrNull(d.RelyingParty.DefaultJourney.Value)
	case d.Base == nil:
		kind = "base"
	}
	out["kind"] = kind
	if d.Base != nil {
		out["basePolicyId"] = d.Base.PolicyID.Value
	}
	mode := "Production"
	if d.DeploymentMode.Set() {
		mode = d.DeploymentMode.Value
	}
	out["deploymentMode"] = mode
	return out
}

func (q *Request) policyDetails() error {
	s, err := q.s.Policies.Status(q.Arg(0))
	if err != nil {
		return q.noPolicy(err)
	}
	return q.Write(http.StatusOK, "trustFramework/policies/details/$entity", statusJSON(s))
}

func (q *Request) listPolicyDetails() error {
	value := []map[string]any{}
	for _, s := range q.s.Policies.Statuses() {
		value = append(value, statusJSON(s))
	}
	return WritePage(q, "trustFramework/policies/details", value, "")
}

func (q *Request) noPolicy(err error) error {
	if errors.Is(err, library.ErrNoPolicy) {
		return NewError(http.StatusNotFound, "AADB2C", "There is no policy with the id '"+q.Arg(0)+"' in the tenant "+q.s.TenantName+".")
	}
	return err
}

func (q *Request) policyVersions() error {
	list, err := q.s.Policies.Versions(q.Context(), q.Arg(0))
	if err != nil {
		return q.noPolicy(err)
	}
	value := []map[string]any{}
	for _, v := range list {
		value = append(value, map[string]any{"id": strconv.FormatInt(v.Version, 10), "policyId": v.ID, "uploadedDateTime": when(v.Updated), "uploadedBy": OrNull(v.By), "size": len(v.XML)})
	}
	return WritePage(q, "trustFramework/policies('"+q.Arg(0)+"')/versions", value, "")
}

// version is the number in the address; none is 0.
func (q *Request) version() int64 {
	n, err := strconv.ParseInt(q.Arg(1), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func (q *Request) policyVersionXML() error {
	list, err := q.s.Policies.Versions(q.Context(), q.Arg(0))
	if err != nil {
		return q.noPolicy(err)
	}
	for _, v := range list {
		if v.Version == q.version() {
			q.writeXML(http.StatusOK, v.XML)
			return nil
		}
	}
	return NotFound(q.Arg(1))
}

// restorePolicy uploads an older version again.
func (q *Request) restorePolicy() error {
	out, err := q.s.Policies.Restore(q.Context(), q.Arg(0), q.version(), q.Caller.Name())
	switch {
	case errors.Is(err, library.ErrInvalid):
		return q.refuse(q.Arg(0), out.Diagnostics)
	case errors.Is(err, library.ErrNoPolicy):
		return NotFound(q.Arg(1))
	case err != nil:
		return err
	}
	q.consequences(out)
	s, err := q.s.Policies.Status(q.Arg(0))
	if err != nil {
		return q.noPolicy(err)
	}
	return q.Write(http.StatusOK, "trustFramework/policies/details/$entity", statusJSON(s))
}

// The headers of an upload's answer: its body is the file, as Graph has it. A list that is
// too long for a header is in the policies' details.
const (
	warningsHeader = "Journeyman-Warnings"        // JSON: diagnostics of the file
	brokenHeader   = "Journeyman-Broken-Policies" // JSON: id, state and errors of what stands on its last good version now
	mendedHeader   = "Journeyman-Mended-Policies" // ids, by comma
	maxHeader      = 6 << 10
)

// consequences says what an upload did besides storing the file: in the headers of the answer
// and in its audit record.
func (q *Request) consequences(out library.Uploaded) {
	h := q.w.Header()
	// What is for information alone, such as what a base can't be checked for, is in the details.
	warnings := slices.DeleteFunc(slices.Clone(out.Diagnostics), func(d diag.Diagnostic) bool { return d.Severity == diag.Info })
	if len(warnings) > 0 {
		h.Set(warningsHeader, headerJSON(diagnosticsJSON(warnings)))
	}
	broken, ids := brokenJSON(out.Broken)
	if len(broken) > 0 {
		h.Set(brokenHeader, headerJSON(broken))
		q.Detail("BrokenPolicies", strings.Join(ids, ","))
	}
	if len(out.Mended) > 0 {
		h.Set(mendedHeader, strings.Join(out.Mended, ","))
	}
	h.Set("Link", "<"+q.Base()+"/trustFramework/policies/details>; rel=\"describedby\"")
}

// headerJSON is a list as JSON in ASCII; what doesn't fit is left out from its end, and
// counted.
func headerJSON(list []map[string]any) string {
	for n := len(list); ; n-- {
		shown := list[:n]
		if n < len(list) {
			shown = append(append([]map[string]any{}, shown...), map[string]any{"more": len(list) - n})
		}
		data, err := json.Marshal(shown)
		if err != nil {
			return "[]"
		}
		if text := asciiJSON(data); len(text) <= maxHeader || n == 0 {
			return text
		}
	}
}

// asciiJSON writes what isn't ASCII as JSON's escapes.
func asciiJSON(data []byte) string {
	var b strings.Builder
	for _, r := range string(data) {
		switch {
		case r < 0x80:
			b.WriteRune(r)
		case r > 0xffff:
			r -= 0x10000
			b.WriteString("\\u" + hex4(0xd800+r>>10) + "\\u" + hex4(0xdc00+r&0x3ff))
		default:
			b.WriteString("\\u" + hex4(r))
		}
	}
	return b.String()
}

func hex4(r rune) string {
	text := strconv.FormatInt(int64(r), 16)
	return strings.Repeat("0", max(0, 4-len(text))) + text
}
