package policies

import (
	"errors"
	"net/http"
	"strconv"

	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/live"
	"journeyman.dev/internal/msgraph"
)

// Graph has an id and a file of a policy, nothing else. How a policy stands, and its
// versions, are resources of ours beside them.

// diagnostic is a finding in a policy.
type diagnostic struct {
	Code     diag.Code     `json:"code"`
	Message  string        `json:"message"`
	Target   string        `json:"target"` // a policy
	Line     int           `json:"line"`
	Column   int           `json:"column"`
	Severity diag.Severity `json:"severity"`
	Hint     string        `json:"hint"`
}

func showDiagnostic(d diag.Diagnostic) diagnostic {
	return diagnostic{
		Code: d.Code, Message: d.Message, Target: d.PolicyID, Line: d.Position.Line, Column: d.Position.Column, Severity: d.Severity, Hint: d.Hint,
	}
}

func showDiagnostics(list diag.List) []diagnostic {
	out := []diagnostic{}
	for _, d := range list {
		out = append(out, showDiagnostic(d))
	}
	return out
}

// details are how a policy stands.
type details struct {
	ID             string        `json:"id"`
	Kind           *string       `json:"kind"` // base, extension, relyingParty, userFlow; null if it can't be read
	State          live.State    `json:"state"`
	BasePolicyID   *string       `json:"basePolicyId"`
	DefaultJourney *string       `json:"defaultUserJourney"`
	DeploymentMode *string       `json:"deploymentMode"`
	Version        int64         `json:"version"`
	Uploaded       *msgraph.Time `json:"uploadedDateTime"`
	UploadedBy     *string       `json:"uploadedBy"`
	ServedSince    *msgraph.Time `json:"servedSinceDateTime"`
	ServedHash     *string       `json:"servedHash"`
	Diagnostics    []diagnostic  `json:"diagnostics"`
}

func showDetails(s live.Status) details {
	out := details{
		ID: s.ID, State: s.State, ServedSince: msgraph.TimeOrNull(s.Since), ServedHash: msgraph.OrNull(s.Hash), Diagnostics: showDiagnostics(s.Diagnostics),
		Version: s.Policy.Version, Uploaded: msgraph.TimeOrNull(s.Policy.Updated), UploadedBy: msgraph.OrNull(s.Policy.By),
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
		out.DefaultJourney = msgraph.OrNull(d.RelyingParty.DefaultJourney.Value)
	case d.Base == nil:
		kind = "base"
	}
	out.Kind = &kind
	if d.Base != nil {
		out.BasePolicyID = &d.Base.PolicyID.Value
	}
	mode := "Production"
	if d.DeploymentMode.Set() {
		mode = d.DeploymentMode.Value
	}
	out.DeploymentMode = &mode
	return out
}

func (h *Handler) details(q *msgraph.Request) error {
	s, err := h.States.Status(q.Arg(0))
	if err != nil {
		return h.missing(q, err)
	}
	return q.Write(http.StatusOK, "trustFramework/policies/details/$entity", showDetails(s))
}

func (h *Handler) listDetails(q *msgraph.Request) error {
	var value []details
	for _, s := range h.States.Statuses() {
		value = append(value, showDetails(s))
	}
	return msgraph.WriteList(q, "trustFramework/policies/details", value)
}

// version is an upload of a policy.
type version struct {
	ID         string        `json:"id"` // a number
	PolicyID   string        `json:"policyId"`
	Uploaded   *msgraph.Time `json:"uploadedDateTime"`
	UploadedBy *string       `json:"uploadedBy"`
	Size       int           `json:"size"` // bytes
}

func (h *Handler) versions(q *msgraph.Request) error {
	list, err := h.History.Versions(q.Context(), q.Arg(0))
	if err != nil {
		return h.missing(q, err)
	}
	var value []version
	for _, v := range list {
		value = append(value, version{
			ID: strconv.FormatInt(v.Version, 10), PolicyID: v.ID, Uploaded: msgraph.TimeOrNull(v.Updated), UploadedBy: msgraph.OrNull(v.By), Size: len(v.XML),
		})
	}
	return msgraph.WriteList(q, "trustFramework/policies('"+q.Arg(0)+"')/versions", value)
}

// number is the version in the address; 0, which no version has, for anything else.
func number(q *msgraph.Request) int64 {
	n, err := strconv.ParseInt(q.Arg(1), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func (h *Handler) version(q *msgraph.Request) error {
	list, err := h.History.Versions(q.Context(), q.Arg(0))
	if err != nil {
		return h.missing(q, err)
	}
	for _, v := range list {
		if v.Version == number(q) {
			return q.WritePolicy(http.StatusOK, v.XML)
		}
	}
	return msgraph.NotFound(q.Arg(1))
}

// restore uploads an older version again.
func (h *Handler) restore(q *msgraph.Request) error {
	out, err := h.History.Restore(q.Context(), q.Arg(0), number(q), q.Caller.Name())
	switch {
	case errors.Is(err, live.ErrInvalid):
		return h.refusal(q.Arg(0), out.Diagnostics)
	case errors.Is(err, live.ErrNoPolicy):
		return msgraph.NotFound(q.Arg(1))
	case err != nil:
		return err
	}
	if err := consequences(q, out); err != nil {
		return err
	}
	return h.details(q)
}
