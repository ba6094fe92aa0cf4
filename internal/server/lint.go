package server

import (
	"cmp"
	"path/filepath"
	"slices"
	"strings"

	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/journey"
	"journeyman.dev/internal/policy"
)

// File is a policy file to lint.
type File struct {
	Path   string
	Source []byte
	// Found is set for files found in a folder: those that are no policies are passed
	// over.
	Found bool
}

// Lint checks policy files as one tenant, without a server: keys are not known, so
// none is missing. Where several folders have a policy of one id, each folder's own
// counts for its files, and the nearest other's for a base that it lacks.
func Lint(files []File) diag.List {
	docs, list := parseFiles(files)
	for _, d := range docs {
		set := around(docs, d)
		chain, found := set.Chain(d.PolicyID.Value)
		list = append(list, found...)
		if chain == nil {
			continue
		}
		_, found = compileChain(chain, nil, journey.Options{Providers: Kinds()})
		list = append(list, found...)
	}
	return named(list, docs).Sort()
}

// named gives diagnostics without one the id of the policy that their file declares.
func named(list diag.List, docs []*policy.Document) diag.List {
	for i := range list {
		for _, d := range docs {
			if list[i].PolicyID == "" && list[i].Position.File == d.File {
				list[i].PolicyID = d.PolicyID.Value
			}
		}
	}
	return list
}

func parseFiles(files []File) ([]*policy.Document, diag.List) {
	var docs []*policy.Document
	var list diag.List
	seen := make(map[string]*policy.Document)
	for _, f := range files {
		d, found := policy.Parse(f.Path, f.Source)
		if d == nil && f.Found && slices.ContainsFunc(found, func(d diag.Diagnostic) bool { return d.Code == diag.WrongRoot }) {
			continue
		}
		list = append(list, found...)
		if d == nil {
			continue
		}
		key := filepath.Dir(f.Path) + "|" + policy.Fold(d.PolicyID.Value)
		if first, twice := seen[key]; twice {
			var c diag.Collector
			c.Report(diag.DuplicateID, d.PolicyID.Pos, "the first is at "+first.PolicyID.Pos.String(), "policy %q is there twice", d.PolicyID.Value)
			list = append(list, c.List()...)
			continue
		}
		seen[key] = d
		docs = append(docs, d)
	}
	return docs, list
}

// around is the tenant as one document sees it: of policies with one id, the one in
// the nearest folder counts.
func around(docs []*policy.Document, d *policy.Document) *policy.Set {
	own := strings.Split(filepath.ToSlash(filepath.Dir(d.File)), "/")
	distance := func(other *policy.Document) int {
		theirs := strings.Split(filepath.ToSlash(filepath.Dir(other.File)), "/")
		shared := 0
		for shared < len(own) && shared < len(theirs) && own[shared] == theirs[shared] {
			shared++
		}
		return len(own) + len(theirs) - 2*shared
	}
	sorted := slices.Clone(docs)
	slices.SortStableFunc(sorted, func(a, b *policy.Document) int { return cmp.Compare(distance(b), distance(a)) })
	return policy.NewSet(sorted...)
}

// CompileFiles merges a policy of files with its bases, for printing.
func CompileFiles(files []File, id string) (*policy.Effective, diag.List) {
	docs, list := parseFiles(files)
	for _, d := range docs {
		if !strings.EqualFold(d.PolicyID.Value, id) {
			continue
		}
		chain, found := around(docs, d).Chain(id)
		list = append(list, found...)
		if chain == nil {
			return nil, list
		}
		e, found := policy.Inherit(chain)
		list = append(append(list, found...), policy.Check(e)...)
		return e, list.Sort()
	}
	return nil, list
}
