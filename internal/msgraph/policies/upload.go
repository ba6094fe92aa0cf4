package policies

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	slash "path"
	"strings"
	"unicode"

	"journeyman.dev/internal/audit"
	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/live"
	"journeyman.dev/internal/msgraph"
	"journeyman.dev/internal/policy"
)

// Bounds of an upload of several files.
const (
	maxSetBytes = 32 << 20
	maxSetFiles = 500
	maxFileName = 512
)

// uploadedFile is a file of an upload.
type uploadedFile struct {
	ID       string `json:"id"`
	FileName string `json:"fileName"`
	State    string `json:"state"` // created, updated, unchanged
}

// fileDiagnostic is a diagnostic with the name of its file.
type fileDiagnostic struct {
	diagnostic
	FileName string `json:"fileName"`
}

// uploadedSet is the answer of an upload of several files.
type uploadedSet struct {
	Value       []uploadedFile   `json:"value"`
	Diagnostics []fileDiagnostic `json:"diagnostics"`
	Broken      []brokenPolicy   `json:"brokenPolicies"`
	Mended      []string         `json:"mendedPolicies"` // ids
}

// uploadSet stores the files of a folder, all or none: POST trustFramework/policies/upload
// with a multipart body, a part with a filename for each file, in any order. Files that
// the tenant has already are left out.
func (h *Handler) uploadSet(q *msgraph.Request) error {
	files, err := policyFiles(q)
	if err != nil {
		return err
	}
	out, err := h.Change.UploadSet(q.Context(), files...)
	if errors.Is(err, live.ErrInvalid) {
		return h.refusalOfSet(out)
	}
	if err != nil {
		return err
	}
	answer := uploadedSet{Value: []uploadedFile{}, Diagnostics: showFileDiagnostics(out.Diagnostics), Mended: msgraph.OrEmpty(out.Mended)}
	var changed []audit.Target
	for _, f := range out.Files {
		id := policy.Fold(f.ID)
		state := "updated"
		switch {
		case out.Unchanged[id]:
			state = "unchanged"
		case out.Made[id]:
			state = "created"
		}
		if state != "unchanged" {
			changed = append(changed, audit.Target{ID: f.ID, DisplayName: f.ID, Type: "custom policy", Modified: []audit.Modified{}})
		}
		answer.Value = append(answer.Value, uploadedFile{ID: f.ID, FileName: f.File, State: state})
	}
	q.Targets(changed)
	broken, ids := showBroken(out.Broken)
	if len(ids) > 0 {
		q.Detail("BrokenPolicies", strings.Join(ids, ","))
	}
	answer.Broken = broken
	return q.Write(http.StatusOK, "trustFramework/policies", answer)
}

// policyFiles reads the body.
func policyFiles(q *msgraph.Request) ([]live.Policy, error) {
	kind, params, err := mime.ParseMediaType(q.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" || params["boundary"] == "" {
		return nil, msgraph.NewError(http.StatusUnsupportedMediaType, "Request_BadRequest", "Send the files as multipart/form-data, each in a part with a filename.")
	}
	in := multipart.NewReader(q.Body, params["boundary"])
	var files []live.Policy
	for {
		part, err := in.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, tooLargeOr(err, "The body is no valid multipart/form-data.")
		}
		name := fileName(part)
		if name == "" {
			return nil, msgraph.BadRequest("A part of the body has no filename.")
		}
		if len(files) == maxSetFiles {
			return nil, msgraph.B2CError(http.StatusRequestEntityTooLarge, fmt.Sprintf("More than %d files were sent.", maxSetFiles))
		}
		// Of a file that is too large, no more than shows it.
		source, err := io.ReadAll(io.LimitReader(part, policy.MaxFileBytes+1))
		if err != nil {
			return nil, tooLargeOr(err, "The body is no valid multipart/form-data.")
		}
		files = append(files, live.Policy{XML: source, File: name, By: q.Caller.Name()})
	}
	if len(files) == 0 {
		return nil, msgraph.BadRequest("No files were sent.")
	}
	return files, nil
}

func tooLargeOr(err error, text string) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return msgraph.B2CError(http.StatusRequestEntityTooLarge, fmt.Sprintf("The files have more than %d bytes together.", maxSetBytes))
	}
	return msgraph.BadRequest(text)
}

// fileName is a part's, with its folders, for diagnostics; nothing is opened by it.
func fileName(part *multipart.Part) string {
	_, params, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	name := strings.ReplaceAll(params["filename"], `\`, "/")
	if err != nil || name == "" || len(name) > maxFileName || strings.ContainsFunc(name, unicode.IsControl) {
		return ""
	}
	return slash.Clean(name)
}

func showFileDiagnostics(list diag.List) []fileDiagnostic {
	out := []fileDiagnostic{}
	for _, d := range list {
		out = append(out, fileDiagnostic{showDiagnostic(d), d.Position.File})
	}
	return out
}

// refusalOfSet lists every diagnostic of the files.
func (h *Handler) refusalOfSet(out live.Uploaded) error {
	refused := msgraph.B2CBadRequest(fmt.Sprintf("Validation failed: %d validation error(s) found in %d file(s) for tenant %q. Nothing was uploaded.", out.Diagnostics.Errors(), len(out.Files), h.TenantName))
	refused.Details = showFileDiagnostics(out.Diagnostics)
	return refused
}
