package page

import (
	"fmt"
	"html/template"
	"slices"

	"journeyman.dev/internal/journey"
)

// Kinds are the kinds of pages and display controls of a server with parsed templates. It is immutable.
type Kinds struct {
	templates *template.Template
	posts     map[string][]journey.AnswerKind // by path
}

// NewKinds parses the templates of kinds. Two kinds of the same name are an error.
func NewKinds(pages []*journey.PageKind, controls []*journey.ControlKind) (*Kinds, error) {
	t, err := templates.Clone()
	if err != nil {
		return nil, fmt.Errorf("page templates: %w", err)
	}
	k := &Kinds{templates: t, posts: map[string][]journey.AnswerKind{journey.SelfAssertedPath: {journey.Submitted}}}
	add := func(name, source string) error {
		if source == "" {
			if t.Lookup(name) == nil {
				return fmt.Errorf("page template %s: there is none", name)
			}
			return nil
		}
		if t.Lookup(name) != nil {
			return fmt.Errorf("page template %s: there are two", name)
		}
		if _, err := t.New(name).Parse(source); err != nil {
			return fmt.Errorf("page template %s: %w", name, err)
		}
		return nil
	}
	for _, kind := range pages {
		if err := add(kind.Name, kind.Template); err != nil {
			return nil, err
		}
		for path, requests := range kind.Posts {
			k.posts[path] = append(k.posts[path], requests...)
		}
	}
	for _, kind := range controls {
		if err := add(kind.Name, kind.Template); err != nil {
			return nil, err
		}
	}
	return k, nil
}

// takes reports whether any page posts a request to a path.
func (k *Kinds) takes(path string, request journey.AnswerKind) bool {
	return slices.Contains(k.posts[path], request)
}
