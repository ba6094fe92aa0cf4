package page

import (
	"io/fs"
	"strings"
)

// scriptFiles returns the files of the page's script in assets/script, in the order in
// which they are joined. Functions may call each other across files; the contract comes
// last, as it publishes values of the others.
func scriptFiles() []string {
	return []string{
		"dom.js", "state.js", "request.js", "fields.js", "errors.js", "predicates.js", "validation.js",
		"submit.js", "email.js", "control.js", "help.js", "leave.js", "start.js", "contract.js",
	}
}

// joinScript returns the page's script: the files in one function, so that only the page contract's names
// become global. It removes lines of comments, because every page contains the script.
func joinScript(fsys fs.FS) (string, error) {
	var b strings.Builder
	b.WriteString("\"use strict\";\n(function () {\n")
	for _, name := range scriptFiles() {
		source, err := fs.ReadFile(fsys, "assets/script/"+name)
		if err != nil {
			return "", err
		}
		for line := range strings.Lines(string(source)) {
			if text := strings.TrimSpace(line); text != "" && !strings.HasPrefix(text, "//") && !strings.HasPrefix(text, "/*") {
				b.WriteString(line)
			}
		}
	}
	b.WriteString("})();\n")
	return b.String(), nil
}
