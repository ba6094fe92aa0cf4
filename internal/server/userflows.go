package server

import (
	"errors"

	"journeyman.dev/internal/msgraph/userflows"
	"journeyman.dev/internal/policy"
	"journeyman.dev/internal/texts"
	"journeyman.dev/internal/userflow"
)

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
	return userflow.Document(f, t, policy.NormalID(policyID)), nil
}

// pageTexts are the built-in texts of a kind of page, in the form in which an
// administrator gets them, to change some. Section names are those of DataUris.
func pageTexts(layout, language string) []userflows.PageText {
	set := texts.For(language)
	var out []userflows.PageText
	for _, section := range []struct {
		name        texts.Section
		elementType string
	}{{pageSections[layout], "UxElement"}, {texts.Message, "ErrorMessage"}} {
		for _, id := range texts.IDs(section.name) {
			out = append(out, userflows.PageText{ElementType: section.elementType, StringID: id, Value: set.Text(section.name, id)})
		}
	}
	return out
}

// pageSections are the sections of texts by the page of a DataUri.
var pageSections = map[string]texts.Section{
	"unifiedssp": texts.Unified, "selfasserted": texts.SelfAsserted, "providerselection": texts.ProviderSelection, "globalexception": texts.GlobalException,
}
