package policies

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/live"
	"journeyman.dev/internal/msgraph"
)

// The headers of an upload's answer: its body is the file, as Graph has it. A list that is
// too long for a header is in the policies' details.
const (
	warningsHeader = "Journeyman-Warnings"        // JSON: diagnostics of the file
	brokenHeader   = "Journeyman-Broken-Policies" // JSON: id, state and errors of policies that stand on their last good version now
	mendedHeader   = "Journeyman-Mended-Policies" // ids, by comma
	maxHeader      = 6 << 10
)

// brokenPolicy is a policy that an upload broke.
type brokenPolicy struct {
	ID          string       `json:"id"`
	State       live.State   `json:"state"`
	Diagnostics []diagnostic `json:"diagnostics"` // errors
}

// showBroken shows the policies that an upload broke, and their ids.
func showBroken(list []live.Status) (broken []brokenPolicy, ids []string) {
	broken = []brokenPolicy{}
	for _, s := range list {
		errs := []diagnostic{}
		for _, d := range s.Diagnostics {
			if d.Severity == diag.Error {
				errs = append(errs, showDiagnostic(d))
			}
		}
		broken = append(broken, brokenPolicy{ID: s.ID, State: s.State, Diagnostics: errs})
		ids = append(ids, s.ID)
	}
	return broken, ids
}

// consequences reports the other effects of an upload, in the headers of the answer and in
// its audit record.
func consequences(q *msgraph.Request, out live.Uploaded) error {
	// Findings for information alone, such as checks that a base doesn't allow, are in the
	// details.
	warnings := slices.DeleteFunc(slices.Clone(out.Diagnostics), func(d diag.Diagnostic) bool { return d.Severity == diag.Info })
	if len(warnings) > 0 {
		text, err := headerJSON(showDiagnostics(warnings))
		if err != nil {
			return err
		}
		q.SetHeader(warningsHeader, text)
	}
	broken, ids := showBroken(out.Broken)
	if len(broken) > 0 {
		text, err := headerJSON(broken)
		if err != nil {
			return err
		}
		q.SetHeader(brokenHeader, text)
		q.Detail("BrokenPolicies", strings.Join(ids, ","))
	}
	if len(out.Mended) > 0 {
		q.SetHeader(mendedHeader, strings.Join(out.Mended, ","))
	}
	q.SetHeader("Link", "<"+q.Base()+"/trustFramework/policies/details>; rel=\"describedby\"")
	return nil
}

// more stands for the rest of a list.
type more struct {
	Count int `json:"more"`
}

// headerJSON is a list as JSON in ASCII; members that don't fit are left out from its end,
// and counted.
func headerJSON[T any](list []T) (string, error) {
	for n := len(list); ; n-- {
		var shown []any
		for _, v := range list[:n] {
			shown = append(shown, v)
		}
		if n < len(list) {
			shown = append(shown, more{len(list) - n})
		}
		data, err := json.Marshal(shown)
		if err != nil {
			return "", err
		}
		if text := asciiJSON(data); len(text) <= maxHeader || n == 0 {
			return text, nil
		}
	}
}

// asciiJSON writes what isn't ASCII as JSON's escapes.
func asciiJSON(data []byte) string {
	var b strings.Builder
	for _, r := range string(data) {
		switch {
		case r < 0x80:
			b.WriteRune(r)
		case r > 0xffff:
			r -= 0x10000
			b.WriteString("\\u" + hex4(0xd800+r>>10) + "\\u" + hex4(0xdc00+r&0x3ff))
		default:
			b.WriteString("\\u" + hex4(r))
		}
	}
	return b.String()
}

func hex4(r rune) string {
	text := strconv.FormatInt(int64(r), 16)
	return strings.Repeat("0", max(0, 4-len(text))) + text
}
