package texts

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/text/language"
)

// Section is a group of texts: those of one kind of page, or of one purpose.
type Section string

// The sections.
const (
	Unified             Section = "unified"
	SelfAsserted        Section = "selfasserted"
	ProviderSelection   Section = "providerselection"
	GlobalException     Section = "globalexception"
	Page                Section = "page" // of every page
	VerificationControl Section = "verificationcontrol"
	TOTP                Section = "totp"
	Message             Section = "message" // by B2C's message keys
	Failure             Section = "failure" // by AADB2C codes
	Mail                Section = "mail"
	UserFlow            Section = "userflow" // headings and labels of user flows
)

//go:embed languages/*.json
var files embed.FS

// Default is the fallback language.
const Default = "en"

// Set contains the texts of one language. It is immutable.
type Set struct {
	tag      string
	sections map[Section]map[string]string
}

type shelf struct {
	sets    map[string]*Set // by tag as in the file's name
	matcher language.Matcher
	tags    []string // in the matcher's order
}

var library = sync.OnceValue(func() *shelf {
	s := &shelf{sets: make(map[string]*Set)}
	entries, err := fs.ReadDir(files, "languages")
	if err != nil {
		panic("texts: " + err.Error())
	}
	s.tags = []string{Default} // the matcher's fallback is the first
	for _, entry := range entries {
		tag := strings.TrimSuffix(entry.Name(), ".json")
		b, err := fs.ReadFile(files, "languages/"+entry.Name())
		if err != nil {
			panic("texts: " + err.Error())
		}
		set := &Set{tag: tag}
		if err := json.Unmarshal(b, &set.sections); err != nil {
			panic(fmt.Sprintf("texts: %s: %v", entry.Name(), err))
		}
		s.sets[tag] = set
		if tag != Default {
			s.tags = append(s.tags, tag)
		}
	}
	var tags []language.Tag
	for _, tag := range s.tags {
		tags = append(tags, language.MustParse(tag))
	}
	s.matcher = language.NewMatcher(tags)
	return s
})

// For returns the texts for a language tag: in that language, or the one that its readers understand best,
// such as zh-Hant for zh-TW; else in English.
func For(tag string) *Set {
	s := library()
	t, err := language.Parse(tag)
	if err != nil {
		return s.sets[Default]
	}
	_, index, confidence := s.matcher.Match(t)
	if confidence < language.High {
		return s.sets[Default]
	}
	return s.sets[s.tags[index]]
}

// Languages lists the tags of all languages.
func Languages() []string { return slices.Sorted(maps.Keys(library().sets)) }

// Tag returns the language of the texts.
func (s *Set) Tag() string { return s.tag }

// Find returns a text. A missing one comes from English, so that a page has no gaps.
func (s *Set) Find(section Section, id string) (string, bool) {
	if text, ok := s.sections[section][id]; ok {
		return text, true
	}
	text, ok := library().sets[Default].sections[section][id]
	return text, ok
}

// Translation returns a text in a language other than English. English messages are made where the details
// are known; this method is for all other languages.
func (s *Set) Translation(section Section, id string) (string, bool) {
	if s.tag == Default {
		return "", false
	}
	text, ok := s.sections[section][id]
	return text, ok
}

// Text is Find for existing ids.
func (s *Set) Text(section Section, id string) string {
	text, _ := s.Find(section, id)
	return text
}

// IDs lists the ids of a section.
func IDs(section Section) []string {
	return slices.Sorted(maps.Keys(library().sets[Default].sections[section]))
}

// Sections lists the sections.
func Sections() []Section { return slices.Sorted(maps.Keys(library().sets[Default].sections)) }

// Format puts args in place of {0}, {1} …
func Format(text string, args ...string) string {
	for i, arg := range args {
		text = strings.ReplaceAll(text, "{"+strconv.Itoa(i)+"}", arg)
	}
	return text
}
