// Command testreport reads the output of `go test -json`: it prints what go test would, and
// at the end which tests were skipped, and why. It fails if a test did, or if none ran.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// event is a line of go test -json.
type event struct {
	Action, Package, Test, Output string
}

func main() {
	if !report(os.Stdin, os.Stdout) {
		os.Exit(1)
	}
}

// report copies and sums up; false if something failed.
func report(in io.Reader, out io.Writer) bool {
	outputs := make(map[string][]string) // of tests that haven't ended, by package and name
	var skipped []string
	packages, good := 0, true
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil || e.Action == "" {
			fmt.Fprintln(out, lines.Text()) // what isn't of a test, such as an error of go itself
			continue
		}
		key := e.Package + " " + e.Test
		switch {
		case e.Action == "build-output", e.Action == "output" && e.Test == "":
			if e.Output != "PASS\n" {
				fmt.Fprint(out, e.Output)
			}
		case e.Action == "output":
			outputs[key] = append(outputs[key], e.Output)
		case e.Action == "build-fail", e.Action == "fail":
			good = false
			fmt.Fprint(out, strings.Join(outputs[key], ""))
			delete(outputs, key)
		case e.Action == "skip" && e.Test != "":
			// An input that a fuzz target has no use for is no test.
			if !strings.HasPrefix(e.Test, "Fuzz") || !strings.Contains(e.Test, "/") {
				skipped = append(skipped, key+": "+reason(outputs[key]))
			}
			delete(outputs, key)
		case e.Action == "pass":
			delete(outputs, key)
		}
		if e.Test == "" && (e.Action == "pass" || e.Action == "fail" || e.Action == "skip") {
			packages++
		}
	}
	for _, rest := range outputs { // of a process that ended in the middle of them
		good = false
		fmt.Fprint(out, strings.Join(rest, ""))
	}
	slices.Sort(skipped)
	if len(skipped) > 0 {
		fmt.Fprintf(out, "\n%d tests were SKIPPED:\n", len(skipped))
		for _, s := range skipped {
			fmt.Fprintln(out, "  "+s)
		}
	}
	return good && packages > 0 && lines.Err() == nil
}

// reason is what a test said when it was skipped.
func reason(output []string) string {
	var said []string
	for _, line := range output {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "=== ") || strings.HasPrefix(line, "--- ") {
			continue
		}
		if _, text, ok := strings.Cut(line, ".go:"); ok {
			if _, after, ok := strings.Cut(text, ": "); ok {
				line = after
			}
		}
		said = append(said, line)
	}
	if len(said) == 0 {
		return "it doesn't say why"
	}
	return said[len(said)-1]
}
