package userflows

import (
	"net/http"
	"slices"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"journeyman.dev/internal/msgraph"
	"journeyman.dev/internal/userflow"
)

// knownLanguages are the ones that B2C has built in.
var knownLanguages = strings.Fields("bn cs da de el en es fi fr gu hi hr hu it ja kn ko ml mr ms nb nl pa pl pt-BR pt-PT ro ru sk sv ta te th tr zh-Hans zh-Hant")

// shownLanguage is a language of a flow, and whether users get it.
type shownLanguage struct {
	ID          string `json:"id"` // RFC 5646
	DisplayName string `json:"displayName"`
	Enabled     bool   `json:"isEnabled"`
}

func showLanguage(f *userflow.Flow, tag string) shownLanguage {
	out := shownLanguage{ID: tag, DisplayName: tag}
	if parsed, err := language.Parse(tag); err == nil {
		if text := display.English.Languages().Name(parsed); text != "" {
			out.DisplayName = text
		}
	}
	out.Enabled = strings.EqualFold(tag, f.DefaultLanguage) || f.DefaultLanguage == "" && strings.EqualFold(tag, "en")
	if i := findLanguage(f, tag); i >= 0 {
		out.Enabled = f.Languages[i].Enabled
	}
	return out
}

func findLanguage(f *userflow.Flow, tag string) int {
	return slices.IndexFunc(f.Languages, func(l userflow.Language) bool { return strings.EqualFold(l.Tag, tag) })
}

func knownLanguage(tag string) (string, bool) {
	for _, known := range knownLanguages {
		if strings.EqualFold(known, tag) {
			return known, true
		}
	}
	return tag, false
}

func (h *Handler) listLanguages(q *msgraph.Request) error {
	f, err := h.flow(q)
	if err != nil {
		return err
	}
	var value []shownLanguage
	for _, tag := range knownLanguages {
		value = append(value, showLanguage(f, tag))
	}
	for _, l := range f.Languages {
		if _, known := knownLanguage(l.Tag); !known {
			value = append(value, showLanguage(f, l.Tag))
		}
	}
	return msgraph.WriteList(q, "identity/b2cUserFlows('"+f.ID+"')/languages", value)
}

func (h *Handler) getLanguage(q *msgraph.Request) error {
	f, err := h.flow(q)
	if err != nil {
		return err
	}
	tag, known := knownLanguage(q.Arg(1))
	if !known && findLanguage(f, tag) < 0 {
		return msgraph.B2CNotFound("language", q.Arg(1))
	}
	return q.Write(http.StatusOK, "identity/b2cUserFlows('"+f.ID+"')/languages/$entity", showLanguage(f, tag))
}

// putLanguage makes or changes a language; language customization must be on.
func (h *Handler) putLanguage(q *msgraph.Request) error {
	in := struct {
		ID      *string `json:"id"`
		Enabled *bool   `json:"isEnabled"`
	}{}
	if err := q.ReadOptional(&in); err != nil {
		return err
	}
	tag, known := knownLanguage(q.Arg(1))
	if in.ID != nil && !strings.EqualFold(*in.ID, tag) {
		return msgraph.B2CBadRequest("The id in the body is not that of the address.")
	}
	created := false
	q.Target(q.Arg(0), q.Arg(0), "Policy")
	err := h.Flows.Change(q.Context(), func(t *userflow.Tenant) error {
		f, err := t.Flow(q.Arg(0))
		if err != nil {
			return msgraph.B2CNotFound("user flow", q.Arg(0))
		}
		if !f.LanguageCustomization {
			return msgraph.B2CBadRequest("Turn isLanguageCustomizationEnabled of the user flow on first.")
		}
		i := findLanguage(f, tag)
		if i < 0 {
			created = !known
			f.Languages = append(f.Languages, userflow.Language{Tag: tag})
			i = len(f.Languages) - 1
		}
		f.Languages[i].Enabled = in.Enabled == nil || *in.Enabled
		return nil
	})
	if err != nil {
		return err
	}
	if !created {
		return q.WriteNothing()
	}
	f, err := h.flow(q)
	if err != nil {
		return err
	}
	return q.Write(http.StatusCreated, "identity/b2cUserFlows('"+f.ID+"')/languages/$entity", showLanguage(f, tag))
}

func (h *Handler) deleteLanguage(q *msgraph.Request) error {
	if _, known := knownLanguage(q.Arg(1)); known {
		return msgraph.B2CBadRequest("A built-in language can't be deleted; set isEnabled to false.")
	}
	return h.changeFlow(q, func(_ *userflow.Tenant, f *userflow.Flow) error {
		i := findLanguage(f, q.Arg(1))
		if i < 0 {
			return msgraph.B2CNotFound("language", q.Arg(1))
		}
		f.Languages = slices.Delete(f.Languages, i, i+1)
		return nil
	})
}
