package journey

import (
	"journeyman.dev/internal/program"
)

// content is the content definition that a profile's page shows.
func (r *run) content(tp *program.TechnicalProfile) *program.ContentDefinition {
	if at, ok := r.here(); ok && at.step.Content() != nil {
		return at.step.Content() // it goes before the profile's
	}
	if tp == nil {
		return nil
	}
	return tp.Content()
}

// resources finds the policy's texts of a page for the journey's language: of the
// whole tag, else of its parents. Where there are none, the built-in texts of the
// language stand in, not another language's (pages §6 [I]).
func (r *run) resources(content *program.ContentDefinition) *program.Resources {
	if content == nil {
		return nil
	}
	return content.In(r.j.Language).Bound(r.wording)
}

func (r *run) page(kind *PageKind, content *program.ContentDefinition) *Page {
	page := &Page{
		Kind: kind, Content: content, Language: r.j.Language, Resources: r.resources(content),
		Transaction: r.j.ID, CSRF: r.j.Pending.CSRF, PolicyID: r.p.PolicyID(), TenantName: r.p.TenantName(),
		Tenant: r.j.Request.Tenant, CorrelationID: r.j.CorrelationID, ClientID: r.j.Request.Parameters["client_id"],
		BaseURL: r.j.Request.BaseURL, Framing: r.p.RelyingParty().Framing(),
	}
	if page.Resources == nil {
		page.Resources = program.NoTexts(r.j.Language)
	}
	if content != nil {
		page.TemplateURL, page.BuiltIn = r.templateURL(content)
		page.Scripts = r.p.RelyingParty().ScriptExecution() && content.DataURI().Contract
	}
	return page
}

func (r *run) formPage(step *program.Step, exchange *program.ClaimsExchange, form *Form) *Page {
	content := step.Content()
	if content == nil {
		content = exchange.Profile().Content()
	}
	kind := form.Kind
	if kind == nil {
		kind = PageSelfAsserted
	}
	page := r.page(kind, content)
	page.Form = form
	r.word(page)
	return page
}

func hasPassword(form *Form) bool {
	for _, f := range form.Fields {
		if f.Claim.Input().String() == "Password" {
			return true
		}
	}
	return false
}
