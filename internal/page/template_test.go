package page

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestATemplateKeepsAllButTheContentOfItsAPIElement(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, in, want string
		scripts        bool
	}{
		{
			"a whole page: content of the element goes, everything else stays in its order",
			`<!DOCTYPE html><html lang="en" class="x"><head><title>T</title><meta name="viewport" content="w"></head><body data-a='1'><p>before</p><div id="api" class="c"><div>gone</div></div><p>after</p></body></html>`,
			"<!DOCTYPE html>\n" + `<html class="x" lang="sv"><head>HEAD<title>T</title><meta name="viewport" content="w"></head><body data-a='1'><p>before</p><div id="api" class="c" role="main" data-name="N">API</div><p>after</p>END</body></html>`,
			false,
		},
		{
			"a fragment becomes a page",
			`<h1>Hello</h1><div id="api"></div>`,
			"<!DOCTYPE html>\n" + `<html lang="sv">HEAD<h1>Hello</h1><div id="api" role="main" data-name="N">API</div>END`,
			false,
		},
		{
			"an element that isn't closed",
			`<div id=api>loading`,
			"<!DOCTYPE html>\n" + `<html lang="sv">HEAD<div id="api" role="main" data-name="N">API</div>END`,
			false,
		},
		{
			"inside a main element it is not another main",
			`<main><section id="api"><section>x</section>y</section></main>`,
			"<!DOCTYPE html>\n" + `<html lang="sv">HEAD<main><section id="api" data-name="N">API</section></main>END`,
			false,
		},
		{
			"a comment that names the element is none",
			`<!-- <div id="api"> --><div id="api"></div><div id="api">second</div>`,
			"<!DOCTYPE html>\n" + `<html lang="sv"><!-- <div id="api"> -->HEAD<div id="api" role="main" data-name="N">API</div><div id="api">second</div>END`,
			false,
		},
		{
			"a form around the element would swallow ours",
			`<form action="x"><div id="api"></div></form><form id="search"></form>`,
			"<!DOCTYPE html>\n" + `<html lang="sv">HEAD<div id="api" role="main" data-name="N">API</div><form id="search"></form>END`,
			false,
		},
		{
			"scripts stay where they are allowed",
			`<head><script src="https://cdn.example/x.js" data-preload="true"></script></head><body onload="go()"><div id="api"></div><script>if (a</b>/.test(x)) {}</script></body>`,
			"<!DOCTYPE html>\n" + `<html lang="sv"><head>HEAD<script src="https://cdn.example/x.js" data-preload="true"></script></head><body onload="go()"><div id="api" role="main" data-name="N">API</div><script>if (a</b>/.test(x)) {}</script>END</body>`,
			true,
		},
		{
			"what could run a script goes where they aren't",
			`<head><base href="https://evil.example/"><script>x</script><meta http-equiv="refresh" content="0;url=https://evil.example"><link rel="stylesheet" href="https://cdn.example/x.css"><link rel=import href=x></head>` +
				`<body onload=go()><a href="JaVa script:alert(1)" class=k>a</a><a href="java&#9;script:x">b</a><iframe srcdoc="<script>x</script>"><p>in</p></iframe><object data=x>y</object><svg onload=x><script>x</script></svg><img src=x onerror=x><button formaction=javascript:x>z</button><div id="api" onclick="x"></div>`,
			"<!DOCTYPE html>\n" + `<html lang="sv"><head>HEAD<link rel="stylesheet" href="https://cdn.example/x.css"></head><body><a class="k">a</a><a>b</a><svg></svg><img src="x"><button>z</button><div id="api" role="main" data-name="N">API</div>END`,
			false,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			tpl, err := parseTemplate([]byte(c.in), c.scripts)
			if err != nil {
				t.Fatal(err)
			}
			got := string(tpl.render(filling{language: "sv", direction: "ltr", dataName: "N", head: []byte("HEAD"), content: []byte("API"), end: []byte("END")}))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatIsNoTemplate(t *testing.T) {
	t.Parallel()
	for name, doc := range map[string]string{
		"empty": "", "JSON": `{"id":"api"}`, "another page": "<html><body><div id=apis></div></body></html>", "only in a script": `<script>"<div id=api>"</script>`,
		"only in a text area": `<textarea><div id="api"></div></textarea>`, "swallowed by a comment": `<!-- <div id="api"></div>`,
	} {
		if _, err := parseTemplate([]byte(doc), true); err == nil {
			t.Errorf("%s was taken for a template", name)
		}
	}
	if _, err := decodeTemplate([]byte("\x89PNG\r\n\x1a\n\x00\x00<div id=api>"), "image/png"); err == nil {
		t.Error("a picture was taken for a template")
	}
}

func TestTemplatesAreReadInTheirEncoding(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ doc, contentType string }{
		"UTF-8 without a word": {strings.Repeat("a", 2000) + "é", "text/html"},
		"byte order mark":      {"\xef\xbb\xbfé", "text/html"},
		"header":               {"\xe9", "text/html; charset=ISO-8859-1"},
		"meta element":         {"<meta charset=windows-1252>\xe9", ""},
		"UTF-16":               {"\xff\xfe\xe9\x00", "text/html"},
	} {
		got, err := decodeTemplate([]byte(c.doc), c.contentType)
		if err != nil || !strings.HasSuffix(string(got), "é") || strings.HasPrefix(string(got), "\ufeff") {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestPolicyTextsMayHoldLinksAndNothingElse(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"plain & simple": "plain &amp; simple",
		"a &amp; b":      "a &amp; b",
		"1 < 2":          "1 &lt; 2",
		`I agree to <a href="https://x.example/terms" onclick="x">the terms</a>.`: `I agree to <a href="https://x.example/terms" target="_blank" rel="noopener noreferrer">the terms</a>.`,
		`<a href="javascript:alert(1)">x</a>`:                                     `<a target="_blank" rel="noopener noreferrer">x</a>`,
		`<b>bold<i>both</b>`:                                                      `<b>bold<i>both</i></b>`,
		`<script>alert(1)</script>`:                                               `&lt;script&gt;alert(1)&lt;/script&gt;`,
		`<img src=x onerror=alert(1)>`:                                            `&lt;img src=&#34;x&#34; onerror=&#34;alert(1)&#34;&gt;`,
		`</div><b onclick=x>y`:                                                    `&lt;/div&gt;<b>y</b>`,
	} {
		if got := string(inline(in)); got != want {
			t.Errorf("inline(%q) = %q, want %q", in, got, want)
		}
	}
	if got := plain(`I agree to <a href="x">the terms</a> & <u>more</u>`); got != "I agree to the terms & more" {
		t.Errorf("plain = %q", got)
	}
}

func FuzzTemplate(f *testing.F) {
	f.Add([]byte(`<html><head></head><body><div id="api"></div></body></html>`), true)
	f.Add([]byte(`<form><div id=api><form></div></form><script>`), false)
	f.Add([]byte("<a href=java\tscript:x><svg onload=x><div id=api>"), false)
	f.Fuzz(func(t *testing.T, doc []byte, scripts bool) {
		tpl, err := parseTemplate(doc, scripts)
		if err != nil {
			return
		}
		page := string(tpl.render(filling{language: "en", head: []byte("\x01HEAD\x01"), content: []byte("\x01API\x01"), end: []byte("\x01END\x01")}))
		// Each of our parts occurs once, in order, and no earlier part can hide it.
		at := 0
		for _, part := range []string{"\x01HEAD\x01", "\x01API\x01", "\x01END\x01"} {
			i := strings.Index(page, part)
			if i < at || strings.Count(page, part) != 1 {
				t.Fatalf("%q is there %d times, at %d", part, strings.Count(page, part), i)
			}
			at = i
		}
		// A page without scripts stays so when it is parsed again.
		if !scripts {
			again, err := parseTemplate([]byte(page), true)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range again.parts {
				if p.place == placeRaw && strings.Contains(strings.ToLower(string(p.raw)), "<script") && !strings.Contains(string(p.raw), "<!--") && !strings.Contains(strings.ToLower(string(p.raw)), "<t") {
					t.Fatalf("a script came through: %q", p.raw)
				}
			}
		}
	})
}

func FuzzInline(f *testing.F) {
	f.Add(`I agree to <a href="https://x.example">the terms</a>`)
	f.Add("<b><script>alert(1)</script>")
	f.Add("<a href=java\tscript:x>&lt;script&gt;</a></p><!--")
	allowed := regexp.MustCompile(`^(/(a|b|i|em|strong|u|span)|br|b|i|em|strong|u|span|a( href="(https?://|mailto:|tel:)[^"<>]*")? target="_blank" rel="noopener noreferrer")$`)
	f.Fuzz(func(t *testing.T, text string) {
		html := string(inline(text))
		for rest := html; ; {
			_, tag, ok := strings.Cut(rest, "<")
			if !ok {
				break
			}
			tag, rest, ok = strings.Cut(tag, ">")
			if !ok || !allowed.MatchString(strings.ToLower(strings.ReplaceAll(tag, "\n", " "))) {
				t.Fatalf("inline(%q) = %q has <%s>", text, html, tag)
			}
		}
	})
}
