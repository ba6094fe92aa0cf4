package server

import (
	"context"
	"errors"
	"fmt"

	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/msgraph"
	"journeyman.dev/internal/policy"
	"journeyman.dev/internal/store"
	"journeyman.dev/internal/texts"
	"journeyman.dev/internal/userflow"
)

// PublishFlows implements userflow.Publisher: the documents of all user flows take the
// road of uploaded policies. One that doesn't compile is a fault of ours or of a text
// that the administrator wrote; the error has the diagnostics.
func (p *Policies) PublishFlows(ctx context.Context, documents map[string][]byte, save func(context.Context) error) error {
	p.changes.Lock()
	defer p.changes.Unlock()
	flows := make(map[string]store.Policy)
	for id, xml := range documents {
		flows[policy.Fold(id)] = store.Policy{ID: id, XML: xml}
	}
	was := p.current()
	next := &policies{sources: was.sources, flows: flows, docs: parseAll(was.sources, flows)}
	for id, f := range flows {
		if save == nil {
			break
		}
		if have, ok := was.flows[id]; ok && string(have.XML) == string(f.XML) {
			continue
		}
		if _, list := p.compile(next, f.ID); list.HasErrors() {
			return fmt.Errorf("user flow %s: %w: %s", f.ID, userflow.ErrInvalid, firstError(list))
		}
	}
	if save != nil {
		if err := save(ctx); err != nil {
			return err
		}
	}
	p.flows = flows
	p.publish(ctx, was.sources)
	return p.Remember(ctx)
}

func firstError(list diag.List) string {
	for _, d := range list {
		if d.Severity == diag.Error {
			return d.String()
		}
	}
	return ""
}

// ExportFlow prints a user flow as a custom policy of an id; "" makes one of the flow's.
func (s *Server) ExportFlow(id, policyID string) ([]byte, error) {
	t := s.Flows.Tenant()
	f, err := t.Flow(id)
	if err != nil {
		return nil, err
	}
	if policyID == "" {
		policyID = "B2C_1A_" + f.ID[len("B2C_1_"):]
	}
	if userflow.IsFlowID(policyID) {
		return nil, errors.New("a custom policy's id begins with B2C_1A_")
	}
	return userflow.Document(f, t, withPrefix(policyID)), nil
}

// pageTexts are the built-in texts of a kind of page, in the form in which an
// administrator gets them, to change some. Section names are those of DataUris.
func pageTexts(layout, language string) []msgraph.PageText {
	set := texts.For(language)
	var out []msgraph.PageText
	for _, section := range []struct {
		name        texts.Section
		elementType string
	}{{pageSections[layout], "UxElement"}, {texts.Message, "ErrorMessage"}} {
		for _, id := range texts.IDs(section.name) {
			out = append(out, msgraph.PageText{ElementType: section.elementType, StringID: id, Value: set.Text(section.name, id)})
		}
	}
	return out
}

// pageSections are the sections of texts by the page of a DataUri.
var pageSections = map[string]texts.Section{
	"unifiedssp": texts.Unified, "selfasserted": texts.SelfAsserted, "providerselection": texts.ProviderSelection, "globalexception": texts.GlobalException,
}
