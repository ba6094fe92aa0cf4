package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/lint"
	"journeyman.dev/internal/policy"
)

type uploadCommand struct {
	admin
	Paths    []string `arg:"" name:"path" help:"Policy files and folders; other XML files in folders are ignored." type:"path"`
	Watch    bool     `help:"Keep running, and upload again at each save."`
	Tenant   string   `help:"Upload into the tenant of this name, and replace the name in the files by it."`
	Settings string   `help:"Fill {Settings:…} from this appsettings.json; :ENVIRONMENT after it names one of its environments." placeholder:"FILE[:ENVIRONMENT]"`
}

// Run uploads the changed files, all or none. After a refusal the exit code is 1.
func (c *uploadCommand) Run(ctx context.Context, s streams) error {
	u := &uploader{admin: &c.admin, paths: c.Paths, tenant: c.Tenant, settings: c.Settings}
	if !c.Watch {
		return u.upload(ctx, s.out)
	}
	return u.watch(ctx, s, ticks(ctx, watchInterval))
}

// uploader uploads policy files to a running server.
type uploader struct {
	admin            *admin
	paths            []string
	tenant, settings string
}

// uploadAnswer is the admin API's answer to an upload, or its refusal.
type uploadAnswer struct {
	Value []struct {
		ID       string `json:"id"`
		FileName string `json:"fileName"`
		State    string `json:"state"`
	} `json:"value"`
	Diagnostics []uploadDiagnostic `json:"diagnostics"`
	Broken      []struct {
		ID          string             `json:"id"`
		State       string             `json:"state"`
		Diagnostics []uploadDiagnostic `json:"diagnostics"`
	} `json:"brokenPolicies"`
	Mended []string `json:"mendedPolicies"`
	Error  *struct {
		Message string             `json:"message"`
		Details []uploadDiagnostic `json:"details"`
	} `json:"error"`
}

type uploadDiagnostic struct {
	FileName string `json:"fileName"`
	Target   string `json:"target"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
	Severity string `json:"severity"`
	Code     string `json:"code"`
	Message  string `json:"message"`
	Hint     string `json:"hint"`
}

func (d uploadDiagnostic) diagnostic() diag.Diagnostic {
	severity := diag.Error
	switch d.Severity {
	case diag.Warning.String():
		severity = diag.Warning
	case diag.Info.String():
		severity = diag.Info
	}
	return diag.Diagnostic{
		Position: diag.Position{File: d.FileName, Line: d.Line, Column: d.Column}, Severity: severity, Code: diag.Code(d.Code),
		Message: d.Message, Hint: d.Hint, PolicyID: d.Target,
	}
}

// upload sends all files in one request and prints the result.
func (u *uploader) upload(ctx context.Context, out io.Writer) error {
	begun := time.Now()
	files, err := u.files()
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("there are no policy files in %s", strings.Join(u.paths, ", "))
	}
	answer, err := u.send(ctx, files)
	if err != nil {
		return err
	}
	if e := answer.Error; e != nil {
		counts := printDiagnostics(out, e.Details, files)
		if len(e.Details) == 0 {
			return errors.New(e.Message)
		}
		fmt.Fprintf(out, "%d files, %d errors, %d warnings: nothing was uploaded\n", len(files), counts[diag.Error], counts[diag.Warning])
		return errFound
	}
	counts := printDiagnostics(out, answer.Diagnostics, files)
	states := make(map[string]int)
	for _, f := range answer.Value {
		states[f.State]++
		if f.State != "unchanged" {
			fmt.Fprintf(out, "%s %s from %s\n", f.State, f.ID, f.FileName)
		}
	}
	for _, id := range answer.Mended {
		fmt.Fprintf(out, "mended %s: it serves its newest version again\n", id)
	}
	for _, b := range answer.Broken {
		what := "it serves its last good version"
		if b.State == "broken" {
			what = "it serves nothing"
		}
		fmt.Fprintf(out, "broken %s: %s\n", b.ID, what)
		for _, d := range b.Diagnostics {
			fmt.Fprintf(out, "  %d:%d: %s: %s\n", d.Line, d.Column, d.Code, d.Message)
		}
	}
	fmt.Fprintf(out, "%d files: %d created, %d updated, %d unchanged; %d warnings (%d ms)\n",
		len(files), states["created"], states["updated"], states["unchanged"], counts[diag.Warning], time.Since(begun).Milliseconds())
	return nil
}

// printDiagnostics prints findings like the linter, and counts them.
func printDiagnostics(out io.Writer, list []uploadDiagnostic, files []lint.File) map[diag.Severity]int {
	shown := newExcerpts(files)
	counts := make(map[diag.Severity]int)
	for _, d := range list {
		d.FileName = filepath.FromSlash(d.FileName)
		one := d.diagnostic()
		counts[one.Severity]++
		if one.Severity != diag.Info { // such as an incomplete base, uploaded together with its children
			shown.print(out, one)
		}
	}
	return counts
}

// files reads the policies, each after its base.
func (u *uploader) files() ([]lint.File, error) {
	// The server reports the consequences of missing settings.
	files, _, err := readFilled(u.paths, nil, u.settings)
	if err != nil {
		return nil, err
	}
	docs := make(map[string]*policy.Document)
	files = slices.DeleteFunc(files, func(f lint.File) bool {
		d, found := policy.Parse(f.Path, f.Source)
		docs[f.Path] = d
		return d == nil && f.Found && slices.ContainsFunc(found, func(d diag.Diagnostic) bool { return d.Code == diag.WrongRoot })
	})
	if u.tenant != "" {
		if err := useTenant(files, docs, u.tenant); err != nil {
			return nil, err
		}
	}
	bases := make(map[string]string)
	for _, d := range docs {
		if d != nil && d.Base != nil {
			bases[policy.Fold(d.PolicyID.Value)] = policy.Fold(d.Base.PolicyID.Value)
		}
	}
	depth := func(f lint.File) int {
		d, n := docs[f.Path], 0
		if d == nil {
			return 0
		}
		for id := policy.Fold(d.PolicyID.Value); bases[id] != "" && n <= len(files); n++ {
			id = bases[id]
		}
		return n
	}
	slices.SortStableFunc(files, func(a, b lint.File) int { return depth(a) - depth(b) })
	return files, nil
}

// useTenant replaces the tenant's name in the files.
func useTenant(files []lint.File, docs map[string]*policy.Document, tenant string) error {
	names := make(map[string]bool)
	for _, d := range docs {
		if d != nil && d.TenantID.Set() && !strings.EqualFold(d.TenantID.Value, tenant) {
			names[d.TenantID.Value] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		// Replace only whole names. A name without a dot, such as a placeholder, must be a whole value.
		pattern := regexp.MustCompile(`(?i)(^|[^\w.-])` + regexp.QuoteMeta(name))
		if !strings.ContainsAny(name, ".{}$%@_") {
			pattern = regexp.MustCompile(`(TenantId\s*=\s*["']|<TenantId>\s*)` + regexp.QuoteMeta(name))
		}
		for i := range files {
			if !utf8.Valid(files[i].Source) || bytes.IndexByte(files[i].Source, 0) >= 0 {
				return fmt.Errorf("%s isn't UTF-8, so that its tenant can't be replaced", files[i].Path)
			}
			files[i].Source = pattern.ReplaceAll(files[i].Source, []byte("${1}"+strings.ReplaceAll(tenant, "$", "$$")))
		}
	}
	return nil
}

// send uploads files in one request.
func (u *uploader) send(ctx context.Context, files []lint.File) (*uploadAnswer, error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, f := range files {
		h := make(textproto.MIMEHeader)
		name := strings.NewReplacer(`"`, "'", "\n", " ", "\r", " ").Replace(filepath.ToSlash(f.Path))
		h.Set("Content-Disposition", `form-data; name="files"; filename="`+name+`"`)
		h.Set("Content-Type", "application/xml")
		part, err := form.CreatePart(h)
		if err != nil {
			return nil, err
		}
		if _, err := part.Write(f.Source); err != nil {
			return nil, err
		}
	}
	if err := form.Close(); err != nil {
		return nil, err
	}
	status, answer, err := u.admin.send(ctx, http.MethodPost, "trustFramework/policies/upload", form.FormDataContentType(), &body)
	if err != nil {
		return nil, err
	}
	var out uploadAnswer
	if err := json.Unmarshal(answer, &out); err != nil || status != http.StatusOK && out.Error == nil {
		return nil, fmt.Errorf("the admin API answered %d", status)
	}
	return &out, nil
}

// watchInterval is the time between two looks at the files. Polling works on every system, in containers and
// on network drives, and costs nothing for a folder of policies.
const watchInterval = 150 * time.Millisecond

// ticks sends until ctx ends. It drops ticks without receiver.
func ticks(ctx context.Context, every time.Duration) <-chan time.Time {
	t := time.NewTicker(every)
	context.AfterFunc(ctx, t.Stop)
	return t.C
}

// stamp is the part of a file's state that a save changes.
type stamp struct {
	size     int64
	modified time.Time
}

// look returns the state of all relevant files.
func (u *uploader) look() map[string]stamp {
	seen := make(map[string]stamp)
	note := func(path string) {
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			seen[path] = stamp{info.Size(), info.ModTime()}
		}
	}
	for _, path := range u.paths {
		note(path) // a named file counts in any case
		_ = filepath.WalkDir(path, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && strings.EqualFold(filepath.Ext(path), ".xml") {
				note(path)
			}
			return nil // the next look sees deleted files
		})
	}
	if u.settings != "" {
		note(u.settings)
		if i := strings.LastIndexByte(u.settings, ':'); i > 0 {
			note(u.settings[:i]) // FILE:ENVIRONMENT
		}
	}
	return seen
}

// saves decides when files are uploaded: when they stay unchanged from one look to the next, because editors
// write in several steps and a checkout changes many files; and again a while after a failed try, such as
// when the server is down.
type saves struct {
	tried, last map[string]stamp // states at the last try and at the last look
	wait        int              // looks until a failed try is repeated; 0: never
}

// againAfter is the number of looks before a failed try is repeated.
const againAfter = 20

// due reports whether the files of a look should be uploaded.
func (s *saves) due(now map[string]stamp) bool {
	still := maps.Equal(now, s.last)
	again := s.wait == 1
	s.last, s.wait = now, max(0, s.wait-1)
	if again || still && !maps.Equal(now, s.tried) {
		s.tried = now
		return true
	}
	return false
}

// watch uploads now and after each change, until ctx ends.
func (u *uploader) watch(ctx context.Context, s streams, tick <-chan time.Time) error {
	first := u.look()
	files := saves{tried: first, last: first}
	said := ""
	try := func() {
		err := u.upload(ctx, s.out)
		switch {
		case err == nil, errors.Is(err, errFound), ctx.Err() != nil:
			files.wait, said = 0, ""
			return
		case err.Error() != said:
			said = err.Error()
			fmt.Fprintln(s.err, "journeyman:", err)
		}
		files.wait = againAfter
	}
	try()
	fmt.Fprintln(s.out, "watching for changes; Ctrl+C ends")
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick:
		}
		before := files.tried
		if !files.due(u.look()) {
			continue
		}
		for _, path := range slices.Sorted(maps.Keys(before)) {
			if _, there := files.tried[path]; !there {
				fmt.Fprintf(s.out, "%s is gone; its policy stays on the server\n", path)
			}
		}
		try()
	}
}
