package msgraph

import (
	"errors"
	"testing"
)

// A filter either selects or is refused with an error of the API, whatever it says.
func FuzzFilter(f *testing.F) {
	for _, text := range []string{
		"displayName eq 'Ada'", "startswith(displayName,'A') and accountEnabled eq true", "identities/any(c:c/issuerAssignedId eq 'a@b.c' and c/issuer eq 'x')",
		"createdDateTime ge 2020-01-01T00:00:00Z", "not (a eq null)", "signInNames/any(x:x/value eq 'a''b')", "id in ('a','b')", "((((", "a eq", "''", "any(", "x/any(c:c/any(d:d eq 1))", "1 eq 1",
	} {
		f.Add(text)
	}
	objects := []map[string]any{{}, {
		"id": "a", "displayName": "Ada", "accountEnabled": true, "age": 3.0, "createdDateTime": "2024-01-01T00:00:00Z", "a": nil,
		"identities": []any{map[string]any{"issuer": "x", "issuerAssignedId": "a@b.c", "signInType": "emailAddress"}}, "otherMails": []any{"m"},
	}}
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := ParseFilter(text)
		for _, object := range objects {
			if err == nil {
				_, err = parsed.Matches(object)
			}
		}
		var own *Error
		if err != nil && !errors.As(err, &own) {
			t.Errorf("%q: %v", text, err)
		}
	})
}
