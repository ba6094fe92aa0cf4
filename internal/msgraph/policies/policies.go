// Package policies serves the admin API's /trustFramework/policies: custom policies as
// Graph has them; and, in sub-resources of our own, how a policy stands, its versions, and
// an upload of a whole folder.
//
// Reference: admin-surface §2.
package policies

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"journeyman.dev/internal/refusal"

	"journeyman.dev/internal/audit"
	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/live"
	"journeyman.dev/internal/msgraph"
	"journeyman.dev/internal/policy"
)

const (
	read  = "Policy.Read.All Policy.ReadWrite.TrustFramework"
	write = "Policy.ReadWrite.TrustFramework"
)

// Finder finds the policies that are stored.
type Finder interface {
	List() []live.Policy
	// Get returns live.ErrNoPolicy if there is none.
	Get(id string) (live.Policy, error)
}

// Changer changes policies. Files with errors are live.ErrInvalid with diagnostics,
// and so is deleting a policy that another inherits from.
type Changer interface {
	// Upload returns live.ErrExists for a new policy whose id is taken.
	Upload(ctx context.Context, files ...live.Policy) (live.Uploaded, error)
	UploadSet(ctx context.Context, files ...live.Policy) (live.Uploaded, error)
	Delete(ctx context.Context, id string) error
}

// States are how policies stand.
type States interface {
	// Status returns live.ErrNoPolicy if there is no such policy.
	Status(id string) (live.Status, error)
	Statuses() []live.Status
}

// History has the versions of policies; live.ErrNoPolicy if there are none.
type History interface {
	Versions(ctx context.Context, id string) ([]live.Policy, error)
	Restore(ctx context.Context, id string, version int64, by string) (live.Uploaded, error)
}

// Handler serves policies. All fields must be set.
type Handler struct {
	TenantName string
	Find       Finder
	Change     Changer
	States     States
	History    History
}

// Resources implements msgraph.Source.
func (h *Handler) Resources() []msgraph.Resource {
	const list, one = "trustFramework/policies", "trustFramework/policies/{}"
	uploadSet := msgraph.Change(http.MethodPost, list+"/upload", write, "Update custom policy", h.uploadSet)
	uploadSet.MaxBody = maxSetBytes
	return []msgraph.Resource{{
		Kind: "custom policy", Service: audit.ServiceB2C, Category: audit.CategoryResources, Beta: true,
		Routes: []msgraph.Route{
			msgraph.Get(list, read, h.list),
			msgraph.Add(list, write, "Create custom policy", h.create),
			uploadSet,
			msgraph.Get(list+"/details", read, h.listDetails),
			msgraph.Get(one, read, h.get),
			msgraph.Get(one+"/details", read, h.details),
			msgraph.Get(one+"/versions", read, h.versions),
			msgraph.Get(one+"/versions/{}/$value", read, h.version),
			msgraph.Change(http.MethodPost, one+"/versions/{}/restore", write, "Restore custom policy", h.restore),
			msgraph.Get(one+"/$value", read, h.file),
			msgraph.Change(http.MethodPut, one+"/$value", write, "Update custom policy", h.put),
			msgraph.Delete(one, write, "Delete custom policy", h.delete),
		},
	}}
}

// shown is a policy as Graph has it.
type shown struct {
	ID string `json:"id"`
}

func (h *Handler) list(q *msgraph.Request) error {
	var value []shown
	for _, p := range h.Find.List() {
		value = append(value, shown{p.ID})
	}
	return msgraph.WriteList(q, "trustFramework/policies", value)
}

// find finds the policy of the request.
func (h *Handler) find(q *msgraph.Request) (live.Policy, error) {
	p, err := h.Find.Get(q.Arg(0))
	return p, h.missing(q, err)
}

// missing names the policy that isn't there.
func (h *Handler) missing(q *msgraph.Request, err error) error {
	if errors.Is(err, live.ErrNoPolicy) {
		return msgraph.B2CError(http.StatusNotFound, "There is no policy with the id '"+q.Arg(0)+"' in the tenant "+h.TenantName+".")
	}
	return err
}

func (h *Handler) get(q *msgraph.Request) error {
	p, err := h.find(q)
	if err != nil {
		return err
	}
	return q.Write(http.StatusOK, "trustFramework/policies/$entity", shown{p.ID})
}

func (h *Handler) file(q *msgraph.Request) error {
	p, err := h.find(q)
	if err != nil {
		return err
	}
	return q.WritePolicy(http.StatusOK, p.XML)
}

// policyID is the id that a file gives itself, "" if it can't be read.
func policyID(file []byte) string {
	if d, _ := policy.Parse("policy.xml", file); d != nil {
		return d.PolicyID.Value
	}
	return ""
}

// create stores a policy under the id that its file gives.
func (h *Handler) create(q *msgraph.Request) error {
	file, err := readFile(q)
	if err != nil {
		return err
	}
	if own := policyID(file); own != "" {
		if _, err := h.Find.Get(own); err == nil {
			return h.taken(own)
		}
	}
	return h.upload(q, live.Policy{XML: file, By: q.Caller.Name(), New: true})
}

// put stores a policy under the id of the address, in place of one that is there.
func (h *Handler) put(q *msgraph.Request) error {
	file, err := readFile(q)
	if err != nil {
		return err
	}
	return h.upload(q, live.Policy{ID: q.Arg(0), XML: file, By: q.Caller.Name()})
}

func readFile(q *msgraph.Request) ([]byte, error) {
	file, err := io.ReadAll(q.Body)
	if err != nil {
		return nil, msgraph.B2CError(http.StatusRequestEntityTooLarge, "The policy is larger than is allowed.")
	}
	return file, nil
}

func (h *Handler) taken(id string) error {
	return msgraph.B2CError(http.StatusConflict, fmt.Sprintf("The tenant %s already has a policy with the id %s.", h.TenantName, id))
}

// upload stores a policy, and answers with its file.
func (h *Handler) upload(q *msgraph.Request, p live.Policy) error {
	out, err := h.Change.Upload(q.Context(), p)
	switch {
	case errors.Is(err, live.ErrInvalid):
		return h.refusal(p.ID, out.Diagnostics)
	case errors.Is(err, live.ErrExists): // another made it meanwhile
		return h.taken(policyID(p.XML))
	case err != nil:
		return err
	}
	if err := consequences(q, out); err != nil {
		return err
	}
	status := http.StatusOK
	for _, made := range out.Made { // of one file
		if made {
			status = http.StatusCreated
		}
	}
	if p.ID == "" {
		q.SetHeader("Location", q.Base()+"/trustFramework/policies/"+policyID(p.XML)+"/")
	}
	return q.WritePolicy(status, p.XML)
}

// refusal lists every diagnostic of a policy; the message contains the texts of errors as
// tools print it (admin-surface §2).
func (h *Handler) refusal(id string, list diag.List) error {
	var texts strings.Builder
	count := 0
	var details []diagnostic
	for _, d := range list {
		if d.Severity == diag.Error {
			count++
			fmt.Fprintf(&texts, "Line %d, column %d: %s (%s). ", d.Position.Line, d.Position.Column, d.Message, d.Code)
		}
		details = append(details, showDiagnostic(d))
		if id == "" {
			id = d.PolicyID
		}
	}
	refused := msgraph.B2CBadRequest(fmt.Sprintf("Validation failed: %d validation error(s) found in policy %q of tenant %q.%s", count, strings.ToUpper(id), h.TenantName, strings.TrimSpace(texts.String())))
	if details != nil {
		refused.Details = details
	}
	return refused
}

func (h *Handler) delete(q *msgraph.Request) error {
	if _, err := h.find(q); err != nil {
		return err
	}
	err := h.Change.Delete(q.Context(), q.Arg(0))
	if errors.Is(err, live.ErrInvalid) {
		return msgraph.B2CBadRequest(live.ErrInvalid.Error() + ": " + refusal.Text(err))
	}
	if err != nil {
		return err
	}
	return q.WriteNothing()
}

var _ msgraph.Source = (*Handler)(nil)
