package claims

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestTextFormsOfValues(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		in   Value
		want string
	}{
		{"a boolean is True or False", Bool(true), "True"},
		{"a dateTime keeps seven fraction digits", Instant(time.Date(2022, 1, 14, 11, 40, 35, 0, time.UTC)), "2022-01-14T11:40:35.0000000Z"},
		{"a date is the UTC day", Day(time.Date(2022, 1, 3, 23, 30, 0, 0, time.FixedZone("", -5*3600))), "2022-01-04"},
		{"a long survives above 2^53", LongInteger(9007199254740993), "9007199254740993"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.in.String(); got != tt.want {
				t.Errorf("String() = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestParsingTextAsDotNetDoes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		t       DataType
		in      string
		want    string
		wantErr bool
	}{
		{"a boolean in any case", Boolean, "tRuE", "True", false},
		{"t is no boolean", Boolean, "t", "", true},
		{"blanks around an int", Int, " 42 ", "42", false},
		{"an int beyond 32 bits", Int, "2147483648", "", true},
		{"a dateTime without zone is UTC", DateTime, "2022-01-01T00:00:00", "2022-01-01T00:00:00.0000000Z", false},
		{"a date alone is a dateTime", DateTime, "2021-11-15", "2021-11-15T00:00:00.0000000Z", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := Parse(tt.t, tt.in)
			if tt.wantErr {
				if !errors.Is(err, ErrFormat) {
					t.Fatalf("err = %v, want ErrFormat", err)
				}
				return
			}
			if err != nil || got.String() != tt.want {
				t.Errorf("Parse = %q, %v; want %q", got.String(), err, tt.want)
			}
		})
	}
}

func TestStoredBagReadsBackEqual(t *testing.T) {
	t.Parallel()
	var bag Bag
	bag.Set("a", Text("<é>"))
	bag.Set("b", Bool(true))
	bag.Set("c", Collection("x", "y"))
	bag.Set("d", Instant(time.Date(2022, 1, 14, 11, 40, 35, 100, time.UTC)))
	bag.Set("e", Identities(UserIdentityCollection, Identity{"live.com", "abc"}))
	bag.Set("f", LongInteger(9007199254740993))
	data, err := json.Marshal(bag)
	if err != nil {
		t.Fatal(err)
	}
	var back Bag
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	for id, v := range bag.All() {
		if diff := cmp.Diff(v.String(), back.Get(id).String()); diff != "" || back.Get(id).Type() != v.Type() {
			t.Errorf("%s: %s", id, diff)
		}
	}
}

func TestTemplatesSplitAtResolversOnly(t *testing.T) {
	t.Parallel()
	r := resolverFunc(func(ref Reference) (string, bool) {
		if ref.Namespace == "Culture" {
			return "1033", true
		}
		return "", false
	})
	tests := []struct{ name, in, want string }{
		{"a resolver", "{Culture:LCID}", "1033"},
		{"within text", "l={Culture:LCID}&x", "l=1033&x"},
		{"an unknown one stays", "{x:y}", "{x:y}"},
		{"braces without colon stay", "cpim_{0}@{tenant}", "cpim_{0}@{tenant}"},
		{"JSON stays", `{"a": {"b":1}}`, `{"a": {"b":1}}`},
		{"an open brace stays", "a{b", "a{b"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := ParseTemplate(tt.in).Expand(r, nil); got != tt.want {
				t.Errorf("Expand = %q, want %q", got, tt.want)
			}
		})
	}
}

type resolverFunc func(Reference) (string, bool)

func (f resolverFunc) Resolve(ref Reference) (string, bool) { return f(ref) }

func TestMasks(t *testing.T) {
	t.Parallel()
	pattern, err := CompilePattern(`(?<=.).(?=.*@)`)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		mask Mask
		in   string
		want string
	}{
		{"simple replaces leading characters", Mask{Text: "XXX-XXX-"}, "+12065550123", "XXX-XXX-0123"},
		{"simple over a short value", Mask{Text: "XXX-"}, "ab", "XX"},
		{"a regex with lookbehind", Mask{Pattern: pattern, Text: "*"}, "emily.smith@contoso.com", "e**********@contoso.com"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.mask.Apply(tt.in); got != tt.want {
				t.Errorf("Apply = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestCultures(t *testing.T) {
	t.Parallel()
	tests := []struct{ tag, language, lcid, region, rfc string }{
		{"en-US", "en", "1033", "US", "en-US"},
		{"en", "en", "9", "en", "en"},
		{"de-AT", "de", "3079", "AT", "de-AT"},
		{"de", "de", "7", "de", "de"},
		{"pt-br", "pt", "1046", "BR", "pt-br"},
		{"zh-Hans", "zh", "2052", "zh", "zh-Hans"},
	}
	for _, tt := range tests {
		t.Run(tt.tag, func(t *testing.T) {
			t.Parallel()
			c := ParseCulture(tt.tag)
			got := [4]string{c.LanguageName(), c.LCID(), c.RegionName(), c.RFC5646()}
			if want := [4]string{tt.language, tt.lcid, tt.region, tt.rfc}; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestAlternativeSecurityIDsAreWrittenInBase64(t *testing.T) {
	t.Parallel()
	const written = `[{"issuer":"facebook.com","issuerUserId":"MTIzNDU="}]`
	want := Identities(AlternativeSecurityIDCollection, Identity{Issuer: "facebook.com", IssuerUserID: "12345"})
	if got := want.String(); got != written {
		t.Errorf("text: %s", got)
	}
	for name, form := range map[string]any{"JSON": want.JSON(), "token": want.TokenJSON()} {
		if b, _ := json.Marshal(form); string(b) != written {
			t.Errorf("%s: %s", name, b)
		}
	}
	for _, text := range []string{
		written, `[{"type":6,"identityProvider":"facebook.com","key":"MTIzNDU="}]`,
		`[{"issuer":"facebook.com","issuerUserId":"12345"}]`, // no base64: an API's plain id
	} {
		got, err := Parse(AlternativeSecurityIDCollection, text)
		if err != nil || got.String() != written {
			t.Errorf("%s: %v, %v", text, got.String(), err)
		}
	}
	// The user ids of userIdentities are plain in all forms.
	user := Identities(UserIdentityCollection, Identity{Issuer: "facebook.com", IssuerUserID: "12345"})
	if got := user.String(); got != `[{"issuer":"facebook.com","issuerUserId":"12345"}]` {
		t.Errorf("user identities: %s", got)
	}
	if b, err := json.Marshal(want); err != nil {
		t.Error(err)
	} else {
		var back Value
		if err := json.Unmarshal(b, &back); err != nil || back.String() != written {
			t.Errorf("stored and read back: %s, %v", back.String(), err)
		}
	}
}
