package claims

import (
	"encoding/json"
	"testing"
)

func TestPathsIntoJSON(t *testing.T) {
	t.Parallel()
	var data any
	if err := json.Unmarshal([]byte(`{"data":[{"to":[{"email":"a@b.c"}]}],"name":{"localized":"x"},"elements":[{"handle~":{"emailAddress":"h"}}],"it's":1}`), &data); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		path string
		want any
	}{
		{"data[0].to[0].email", "a@b.c"},
		{"$.name.localized", "x"},
		{"name.localized", "x"},
		{"elements[0].handle~.emailAddress", "h"},
		{"it's", 1.0},
		{"data[7].to", nil},
		{"data.0", nil},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			t.Parallel()
			p, err := ParsePath(tt.path)
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := p.Get(data); got != tt.want {
				t.Errorf("Get = %v, want %v", got, tt.want)
			}
		})
	}
	if _, err := ParsePath("data[0"); err == nil {
		t.Error("an open bracket is a path")
	}
}
