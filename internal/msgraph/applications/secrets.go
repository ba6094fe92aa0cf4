package applications

import (
	"net/http"
	"slices"
	"time"

	"journeyman.dev/internal/application"
	"journeyman.dev/internal/msgraph"
)

// addPassword makes a secret, whose text is shown this once; it ends after two years
// unless the caller says otherwise.
func (h *Handler) addPassword(q *msgraph.Request) error {
	a, err := h.find(q)
	if err != nil {
		return err
	}
	var in struct {
		Credential struct {
			DisplayName string    `json:"displayName"`
			Start       time.Time `json:"startDateTime"`
			End         time.Time `json:"endDateTime"`
		} `json:"passwordCredential"`
	}
	if err := q.ReadOptional(&in); err != nil {
		return err
	}
	now := h.Now().UTC().Truncate(time.Second)
	start, end := in.Credential.Start, in.Credential.End
	if start.IsZero() {
		start = now
	}
	if end.IsZero() {
		end = start.AddDate(2, 0, 0)
	}
	if !end.After(start) {
		return msgraph.BadRequest("The end of the password credential is not after its start.")
	}
	secret, text := application.NewSecret(in.Credential.DisplayName, start, end)
	if _, err := h.Change.Update(q.Context(), a.ID, func(a *application.Application) error {
		if err := mayChange(q.Caller, a); err != nil {
			return err
		}
		a.Secrets = append(a.Secrets, secret)
		return nil
	}); err != nil {
		return err
	}
	shown := showSecret(secret)
	shown.Text = &text
	return q.Write(http.StatusOK, "microsoft.graph.passwordCredential", shown)
}

func (h *Handler) removePassword(q *msgraph.Request) error {
	a, err := h.find(q)
	if err != nil {
		return err
	}
	var in struct {
		KeyID string `json:"keyId"`
	}
	if err := q.Read(&in); err != nil {
		return err
	}
	found := false
	if _, err := h.Change.Update(q.Context(), a.ID, func(a *application.Application) error {
		if err := mayChange(q.Caller, a); err != nil {
			return err
		}
		a.Secrets = slices.DeleteFunc(a.Secrets, func(s application.Secret) bool {
			found = found || s.KeyID == in.KeyID
			return s.KeyID == in.KeyID
		})
		return nil
	}); err != nil {
		return err
	}
	if !found {
		return msgraph.BadRequest("No password credential found with keyId.")
	}
	return q.WriteNothing()
}
