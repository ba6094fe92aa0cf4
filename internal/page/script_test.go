package page

import (
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// scriptHead is the comment at the head of a script file: the names that it takes from other files ("global")
// or gives to them ("exported"). ESLint checks the code against these comments.
var scriptHead = regexp.MustCompile(`(?m)^/\* (global|exported) (.+) \*/$`)

func TestEveryFileOfTheScriptIsJoinedOnce(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir("assets/script")
	if err != nil {
		t.Fatal(err)
	}
	var there []string
	for _, e := range entries {
		there = append(there, e.Name())
	}
	joined := scriptFiles()
	slices.Sort(joined)
	if diff := cmp.Diff(there, joined); diff != "" {
		t.Errorf("(-assets/script +scriptFiles):\n%s", diff)
	}
}

func TestFilesOfTheScriptTakeOnlyNamesThatOthersDeclare(t *testing.T) {
	t.Parallel()
	given, taken := make(map[string]string), make(map[string][]string)
	for _, file := range scriptFiles() {
		source, err := fs.ReadFile(files, "assets/script/"+file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(source)) {
			if line = strings.TrimSpace(line); strings.HasPrefix(line, "/*") && strings.Index(line, "*/") != len(line)-2 {
				t.Errorf("%s: joining leaves out the line %q, which must be a whole comment", file, line)
			}
		}
		for _, m := range scriptHead.FindAllStringSubmatch(string(source), -1) {
			for name := range strings.SplitSeq(m[2], ", ") {
				name = strings.TrimSuffix(name, ":writable")
				if m[1] == "global" {
					taken[name] = append(taken[name], file)
					continue
				}
				if other, ok := given[name]; ok {
					t.Errorf("%s: %s is exported by %s, too", file, name, other)
				}
				given[name] = file
				if !regexp.MustCompile(`(?m)^(function ` + name + `\(|var (.*[ ,])?` + name + ` = )`).Match(source) {
					t.Errorf("%s exports %s and doesn't declare it", file, name)
				}
			}
		}
	}
	if len(given) < 20 {
		t.Errorf("only %d names are exported", len(given))
	}
	for name, by := range taken {
		if owner, ok := given[name]; !ok || slices.Contains(by, owner) {
			t.Errorf("%s, which %v take, is exported by %q", name, by, owner)
		}
	}
	for name, file := range given {
		if len(taken[name]) == 0 {
			t.Errorf("%s exports %s, which no other file takes", file, name)
		}
	}
}
