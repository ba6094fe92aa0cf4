package lint_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/kinds"
	"journeyman.dev/internal/lint"
	"journeyman.dev/policies"
)

// starter returns our own starter policies in a folder, each with a change.
func starter(t *testing.T, folder string, change func(id, xml string) string) []lint.File {
	t.Helper()
	sources, err := policies.LocalAccounts(map[string]string{"Tenant": "contoso.onmicrosoft.com", "ApiUrl": "https://api.example/"})
	if err != nil {
		t.Fatal(err)
	}
	var files []lint.File
	for _, xml := range sources {
		text := string(xml)
		id := regexp.MustCompile(`PolicyId="B2C_1A_([^"]+)"`).FindStringSubmatch(text)[1]
		if change != nil {
			text = change(id, text)
		}
		if text != "" {
			files = append(files, lint.File{Path: filepath.Join(folder, id+".xml"), Source: []byte(text)})
		}
	}
	return files
}

// broken makes a policy name an undeclared claim.
func broken(xml string) string {
	return strings.Replace(xml, `ClaimTypeReferenceId="balance"`, `ClaimTypeReferenceId="balanse"`, 1)
}

func codes(list diag.List) string {
	var all []string
	for _, d := range list {
		all = append(all, string(d.Code)+" "+d.Position.File)
	}
	return strings.Join(all, ", ")
}

func check(files ...lint.File) diag.List { return lint.Check(files, kinds.Offline()) }

func TestGoodPoliciesGiveNothing(t *testing.T) {
	t.Parallel()
	if list := check(starter(t, "a", nil)...); len(list) > 0 {
		t.Error(codes(list))
	}
}

func TestADiagnosticNamesItsPolicyAndPlace(t *testing.T) {
	t.Parallel()
	list := check(starter(t, "a", func(id, xml string) string {
		if id == "SignUpOrSignIn" {
			return broken(xml)
		}
		return xml
	})...)
	if len(list) != 1 || list[0].PolicyID != "B2C_1A_SignUpOrSignIn" || list[0].Position.File != filepath.Join("a", "SignUpOrSignIn.xml") || list[0].Position.Line == 0 {
		t.Errorf("%+v", list)
	}
}

func TestEachFolderStandsOnItsOwnBase(t *testing.T) {
	t.Parallel()
	// The second folder lacks a claim that its own policy names; the first contains it.
	files := append(starter(t, "a", nil), starter(t, "b", func(_, xml string) string {
		return strings.ReplaceAll(xml, `<ClaimType Id="balance">`, `<ClaimType Id="another">`)
	})...)
	list := check(files...)
	if len(list) == 0 {
		t.Fatal("the second folder was checked on the base of the first")
	}
	for _, d := range list {
		if filepath.Dir(d.Position.File) != "b" {
			t.Errorf("%+v", d)
		}
	}
}

func TestABaseOfAnotherFolderCountsWhereOneIsMissing(t *testing.T) {
	t.Parallel()
	var files []lint.File
	own := lint.File{Path: filepath.Join("own", "SignUpOrSignIn.xml")}
	for _, f := range starter(t, "pack", nil) {
		if filepath.Base(f.Path) == "SignUpOrSignIn.xml" {
			f.Path, own.Source = own.Path, f.Source
		} else {
			f.Base = true
		}
		files = append(files, f)
	}
	if list := check(files...); len(list) > 0 {
		t.Error(codes(list))
	}
	if list := check(own); !strings.Contains(codes(list), string(diag.MissingBase)) {
		t.Errorf("alone: %s", codes(list))
	}
}

func TestAPolicyTwiceInAFolderIsReportedOnce(t *testing.T) {
	t.Parallel()
	files := starter(t, "a", nil)
	twice := files[0]
	twice.Path = filepath.Join("a", "copy.xml")
	if got := codes(check(append(files, twice)...)); got != string(diag.DuplicateID)+" "+twice.Path {
		t.Error(got)
	}
}

func TestOtherXMLOfAFolderIsIgnored(t *testing.T) {
	t.Parallel()
	other := lint.File{Path: "web.xml", Source: []byte("<configuration/>"), Found: true}
	if list := check(append(starter(t, "a", nil), other)...); len(list) > 0 {
		t.Error(codes(list))
	}
	other.Found = false
	if got := codes(check(other)); got != string(diag.WrongRoot)+" web.xml" {
		t.Errorf("named itself: %s", got)
	}
}

func TestAPlaceholderForABaseIsNotJudged(t *testing.T) {
	t.Parallel()
	files := starter(t, "a", func(id, xml string) string {
		if id != "SignUpOrSignIn" {
			return ""
		}
		return regexp.MustCompile(`(<BasePolicy>[\s\S]*?<PolicyId>)[^<]*`).ReplaceAllString(xml, "${1}{Settings:Base}")
	})
	if got := codes(check(files...)); !strings.Contains(got, string(diag.NotChecked)) || strings.Contains(got, string(diag.MissingBase)) {
		t.Error(got)
	}
}

func TestMergingPrintsOnePolicyWithItsBases(t *testing.T) {
	t.Parallel()
	files := starter(t, "a", nil)
	e, list := lint.Merge(files, kinds.Offline(), "b2c_1a_SIGNUPORSIGNIN")
	if e == nil || list.HasErrors() {
		t.Fatalf("%v %s", e, codes(list))
	}
	if e, list := lint.Merge(files, kinds.Offline(), "B2C_1A_None"); e != nil || list.HasErrors() {
		t.Errorf("an unknown policy: %v %s", e, codes(list))
	}
	alone := starter(t, "a", func(id, xml string) string {
		if id != "SignUpOrSignIn" {
			return ""
		}
		return xml
	})
	if e, list := lint.Merge(alone, kinds.Offline(), "B2C_1A_SignUpOrSignIn"); e != nil || !list.HasErrors() {
		t.Errorf("without its base: %v %s", e, codes(list))
	}
}
