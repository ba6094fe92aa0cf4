package page

import (
	"fmt"
	"io/fs"
	"strings"

	"journeyman.dev/internal/journey"
)

// builtInFiles are our own skeletons by the name of B2C's. B2C's families AzureBlue, MSA and default
// (classic) differ only in style; ours all have the same one (pages §2.1).
var builtInFiles = map[string]string{
	"unified": "unified", "selfasserted": "selfasserted", "updateprofile": "selfasserted", "idpselector": "idpselector",
	"exception": "exception", "multifactor-1.0.0": "selfasserted",
}

var builtIns = func() map[string]*Template {
	all := make(map[string]*Template)
	for _, name := range []string{"unified", "selfasserted", "idpselector", "exception"} {
		t, err := parseTemplate(skeletonFile(name), true)
		if err != nil {
			panic(fmt.Sprintf("page: skeleton %s: %v", name, err))
		}
		t.builtIn, t.scripts = true, false
		all[name] = t
	}
	return all
}()

func skeletonFile(name string) []byte {
	b, err := fs.ReadFile(files, "skeletons/"+name+".html")
	if err != nil {
		panic("page: " + err.Error())
	}
	return b
}

// builtIn returns the skeleton that the policy names by ~/tenant/…, or the one of the page's kind. A policy
// may name the skeleton of another kind of page.
func builtIn(name string, kind *journey.PageKind) *Template {
	if file, ok := builtInFiles[skeletonName(name)]; ok {
		return builtIns[file]
	}
	if t, ok := builtIns[strings.ToLower(kind.Skeleton)]; ok {
		return t
	}
	return builtIns["selfasserted"]
}

// skeletonName returns unified for tenant/templates/AzureBlue/unified.cshtml?slice=….
func skeletonName(path string) string {
	path, _, _ = strings.Cut(path, "?")
	path = path[strings.LastIndexByte(path, '/')+1:]
	return strings.ToLower(strings.TrimSuffix(strings.TrimSuffix(path, ".cshtml"), ".html"))
}

// skeleton returns a built-in page's frame for the address in SETTINGS.remoteResource. Authors use it as a
// start for their own template.
func skeleton(path string) ([]byte, bool) {
	rest, ok := strings.CutPrefix(path, "tenant/")
	if !ok || !strings.HasPrefix(rest, "templates/AzureBlue/") && !strings.HasPrefix(rest, "templates/MSA/") && !strings.HasPrefix(rest, "default/") {
		return nil, false
	}
	file, ok := builtInFiles[skeletonName(rest)]
	if !ok {
		return nil, false
	}
	return skeletonFile(file), true
}
