package msgraph

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
	"journeyman.dev/internal/library"
	"journeyman.dev/internal/policy"
)

// Bounds of an upload of several files.
const (
	maxSetBytes = 32 << 20
	maxSetFiles = 500
	maxFileName = 512
)

// uploadPolicies stores the files of a folder, all or none: POST
// trustFramework/policies/upload with a multipart body, a part with a filename for each file,
// in any order. Files that the tenant has already are left out.
func (q *Request) uploadPolicies() error {
	files, err := q.policyFiles()
	if err != nil {
		return err
	}
	out, err := q.s.Policies.UploadSet(q.Context(), files...)
	if errors.Is(err, library.ErrInvalid) {
		return q.refuseSet(out)
	}
	if err != nil {
		return err
	}
	value := []map[string]any{}
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
			q.targets = append(q.targets, audit.Target{ID: f.ID, DisplayName: f.ID, Type: "custom policy", Modified: []audit.Modified{}})
		}
		value = append(value, map[string]any{"id": f.ID, "fileName": f.File, "state": state})
	}
	if q.targets == nil {
		q.targets = []audit.Target{}
	}
	broken, ids := brokenJSON(out.Broken)
	if len(ids) > 0 {
		q.Detail("BrokenPolicies", strings.Join(ids, ","))
	}
	mended := []string{}
	return q.Write(http.StatusOK, "trustFramework/policies", map[string]any{
		"value": value, "diagnostics": filesJSON(out.Diagnostics), "brokenPolicies": broken, "mendedPolicies": append(mended, out.Mended...),
	})
}

// policyFiles reads the body.
func (q *Request) policyFiles() ([]library.Policy, error) {
	kind, params, err := mime.ParseMediaType(q.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" || params["boundary"] == "" {
		return nil, NewError(http.StatusUnsupportedMediaType, "Request_BadRequest", "Send the files as multipart/form-data, each in a part with a filename.")
	}
	in := multipart.NewReader(q.Body, params["boundary"])
	var files []library.Policy
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
			return nil, BadRequest("A part of the body has no filename.")
		}
		if len(files) == maxSetFiles {
			return nil, NewError(http.StatusRequestEntityTooLarge, "AADB2C", fmt.Sprintf("More than %d files were sent.", maxSetFiles))
		}
		// Of a file that is too large, no more than shows it.
		source, err := io.ReadAll(io.LimitReader(part, policy.MaxFileBytes+1))
		if err != nil {
			return nil, tooLargeOr(err, "The body is no valid multipart/form-data.")
		}
		files = append(files, library.Policy{XML: source, File: name, By: q.Caller.Name()})
	}
	if len(files) == 0 {
		return nil, BadRequest("No files were sent.")
	}
	return files, nil
}

func tooLargeOr(err error, text string) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return NewError(http.StatusRequestEntityTooLarge, "AADB2C", fmt.Sprintf("The files have more than %d bytes together.", maxSetBytes))
	}
	return BadRequest(text)
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

// filesJSON are diagnostics with the names of their files.
func filesJSON(list diag.List) []map[string]any {
	out := diagnosticsJSON(list)
	for i := range list {
		out[i]["fileName"] = list[i].Position.File
	}
	return out
}

func (q *Request) refuseSet(out library.Uploaded) error {
	message := fmt.Sprintf("Validation failed: %d validation error(s) found in %d file(s) for tenant %q. Nothing was uploaded.", out.Diagnostics.Errors(), len(out.Files), q.s.TenantName)
	return &Error{Status: http.StatusBadRequest, Code: "AADB2C", Message: message, Details: filesJSON(out.Diagnostics)}
}

// brokenJSON are the policies that an upload broke, and their ids.
func brokenJSON(list []library.Status) ([]map[string]any, []string) {
	broken := []map[string]any{}
	var ids []string
	for _, s := range list {
		errs := []map[string]any{}
		for _, d := range s.Diagnostics {
			if d.Severity == diag.Error {
				errs = append(errs, diagnosticJSON(d))
			}
		}
		broken = append(broken, map[string]any{"id": s.ID, "state": s.State, "diagnostics": errs})
		ids = append(ids, s.ID)
	}
	return broken, ids
}
