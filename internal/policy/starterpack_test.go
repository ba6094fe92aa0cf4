package policy_test

import (
	"os"
	"path/filepath"
	"testing"

	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/kinds"
	"journeyman.dev/internal/needtest"
	"journeyman.dev/internal/policy"
)

// corpus is the folder of real policies beside the project. Without it, the tests that read it are skipped.
func corpus(t *testing.T, elem ...string) string {
	t.Helper()
	path := filepath.Join(append([]string{"..", "..", "..", "shared", "corpus"}, elem...)...)
	return needtest.Folder(t, needtest.Corpus, path)
}

// load reads every policy of a folder.
func load(t *testing.T, folder string) (*policy.Set, diag.List) {
	t.Helper()
	var list diag.List
	var docs []*policy.Document
	files, err := filepath.Glob(filepath.Join(folder, "*.xml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no policies in %s: %v", folder, err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		d, found := policy.Parse(filepath.Base(file), src)
		list = append(list, found...)
		if d != nil {
			docs = append(docs, d)
		}
	}
	return policy.NewSet(docs...), list
}

func TestStarterPacksHaveNoErrors(t *testing.T) {
	t.Parallel()
	for _, pack := range []string{"LocalAccounts", "SocialAccounts", "SocialAndLocalAccounts", "SocialAndLocalAccountsWithMfa"} {
		t.Run(pack, func(t *testing.T) {
			t.Parallel()
			set, list := load(t, corpus(t, "starterpack", pack))
			for _, d := range set.All() {
				chain, found := set.Chain(d.PolicyID.Value)
				list = append(list, found...)
				if chain == nil {
					continue
				}
				e, found := policy.Inherit(chain)
				list = append(list, found...)
				list = append(list, policy.Check(e, kinds.Offline().Names())...)
			}
			for _, d := range list.Sort() {
				if d.Severity == diag.Error {
					t.Error(d)
				} else {
					t.Log(d)
				}
			}
		})
	}
}
