package userflows

import (
	"encoding/json"
	"net/http"
	"slices"

	"journeyman.dev/internal/msgraph"
	"journeyman.dev/internal/userflow"
)

// shownPage is a page of a flow, whose texts are its $value.
type shownPage struct {
	ID string `json:"id"`
}

func (h *Handler) listPages(q *msgraph.Request) error {
	f, err := h.flow(q)
	if err != nil {
		return err
	}
	var value []shownPage
	for _, id := range userflow.PageIDs(f.Kind) {
		value = append(value, shownPage{id})
	}
	return msgraph.WriteList(q, "Collection(microsoft.graph.userFlowLanguagePage)", value)
}

// page checks that the flow has the page of the request.
func page(q *msgraph.Request, f *userflow.Flow) error {
	if !slices.Contains(userflow.PageIDs(f.Kind), q.Arg(2)) {
		return msgraph.B2CNotFound("page", q.Arg(2))
	}
	return nil
}

// getDefaultPage gives the built-in texts of a page, to be changed and put back as
// overrides.
func (h *Handler) getDefaultPage(q *msgraph.Request) error {
	f, err := h.flow(q)
	if err != nil {
		return err
	}
	if err := page(q, f); err != nil {
		return err
	}
	texts := userflow.Texts{LocalizedStrings: []userflow.LocalizedString{}}
	for _, s := range h.PageTexts(userflow.PageLayout(q.Arg(2)), q.Arg(1)) {
		texts.LocalizedStrings = append(texts.LocalizedStrings, userflow.LocalizedString{ElementType: s.ElementType, StringID: s.StringID, Value: s.Value})
	}
	return q.Write(http.StatusOK, "", texts)
}

func (h *Handler) getOverridesPage(q *msgraph.Request) error {
	f, err := h.flow(q)
	if err != nil {
		return err
	}
	if err := page(q, f); err != nil {
		return err
	}
	texts := userflow.Texts{LocalizedStrings: []userflow.LocalizedString{}}
	if i := findLanguage(f, q.Arg(1)); i >= 0 {
		if have, ok := f.Languages[i].Overrides[q.Arg(2)]; ok {
			texts = have
		}
	}
	return q.Write(http.StatusOK, "", texts)
}

func (h *Handler) putOverridesPage(q *msgraph.Request) error {
	body, err := q.ReadBody()
	if err != nil {
		return err
	}
	var texts userflow.Texts
	if err := json.Unmarshal(body, &texts); err != nil {
		return msgraph.B2CBadRequest("The body must have LocalizedStrings and LocalizedCollections as defaultPages has them.")
	}
	tag, _ := knownLanguage(q.Arg(1))
	return h.changeFlow(q, func(_ *userflow.Tenant, f *userflow.Flow) error {
		if err := page(q, f); err != nil {
			return err
		}
		if !f.LanguageCustomization {
			return msgraph.B2CBadRequest("Turn isLanguageCustomizationEnabled of the user flow on first.")
		}
		i := findLanguage(f, tag)
		if i < 0 {
			f.Languages = append(f.Languages, userflow.Language{Tag: tag, Enabled: showLanguage(f, tag).Enabled})
			i = len(f.Languages) - 1
		}
		if f.Languages[i].Overrides == nil {
			f.Languages[i].Overrides = make(map[string]userflow.Texts)
		}
		f.Languages[i].Overrides[q.Arg(2)] = texts
		return nil
	})
}

func (h *Handler) deleteOverridesPage(q *msgraph.Request) error {
	return h.changeFlow(q, func(_ *userflow.Tenant, f *userflow.Flow) error {
		if i := findLanguage(f, q.Arg(1)); i >= 0 {
			delete(f.Languages[i].Overrides, q.Arg(2))
		}
		return nil
	})
}
