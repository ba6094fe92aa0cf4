package claims

import (
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/language"
)

// Culture is a user interface language for claim resolvers (claims-and-transformations §5.1).
type Culture struct {
	tag      string
	language string
	region   string
	usual    language.Region // of a bare language, to find its number
}

// ParseCulture reads a language tag. It keeps an unreadable one as written.
func ParseCulture(tag string) Culture {
	t, err := language.Parse(tag)
	if err != nil {
		return Culture{tag: tag, language: tag}
	}
	base, _ := t.Base()
	c := Culture{tag: tag, language: base.String(), region: base.String()}
	// B2C gives the language's code as region of a bare language (rest-and-connectors §3 [I 57368]).
	if region, confidence := t.Region(); confidence == language.Exact && region.IsCountry() {
		c.region = region.String()
	}
	c.usual, _ = t.Region()
	return c
}

// LanguageName returns the two-letter language: "en".
func (c Culture) LanguageName() string { return c.language }

// RegionName returns the two-letter region: "US".
func (c Culture) RegionName() string { return c.region }

// RFC5646 returns the whole tag: "en-US".
func (c Culture) RFC5646() string { return c.tag }

// LCID returns the Windows culture number: "1033" for en-US; "" if there is none.
func (c Culture) LCID() string {
	tag := strings.ToLower(c.tag)
	if n, ok := lcids[tag]; ok {
		return strconv.Itoa(n)
	}
	if n, ok := lcids[c.language+"-"+strings.ToLower(c.usual.String())]; ok {
		if c.region == c.language {
			// The number of a bare language is that of the language alone: en is 9.
			n &= 0x3ff
		}
		return strconv.Itoa(n)
	}
	for prefix := tag; prefix != ""; {
		i := strings.LastIndexByte(prefix, '-')
		if i < 0 {
			break
		}
		prefix = prefix[:i]
		if n, ok := lcids[prefix]; ok {
			return strconv.Itoa(n)
		}
	}
	return ""
}

// lcids contains Windows' culture numbers of the languages of B2C's pages and their usual regions.
var lcids = map[string]int{
	"af-za": 1078, "am-et": 1118, "ar": 1025, "ar-sa": 1025, "ar-ae": 14337, "ar-eg": 3073, "as-in": 1101, "az-latn-az": 1068, "az-az": 1068,
	"be-by": 1059, "bg": 1026, "bg-bg": 1026, "bn-bd": 2117, "bn-in": 1093, "bs-latn-ba": 5146, "bs-ba": 5146, "ca-es": 1027, "cs-cz": 1029, "cy-gb": 1106,
	"da-dk": 1030, "de-at": 3079, "de-ch": 2055, "de-de": 1031, "de-li": 5127, "de-lu": 4103, "el-gr": 1032,
	"en-au": 3081, "en-ca": 4105, "en-gb": 2057, "en-ie": 6153, "en-in": 16393, "en-nz": 5129, "en-us": 1033, "en-za": 7177,
	"es-ar": 11274, "es-cl": 13322, "es-co": 9226, "es-es": 3082, "es-mx": 2058, "es-us": 21514, "et-ee": 1061, "eu-es": 1069,
	"fa-ir": 1065, "fi-fi": 1035, "fil-ph": 1124, "fr-be": 2060, "fr-ca": 3084, "fr-ch": 4108, "fr-fr": 1036, "fr-lu": 5132,
	"ga-ie": 2108, "gl-es": 1110, "gu-in": 1095, "he-il": 1037, "hi-in": 1081, "hr-hr": 1050, "hu-hu": 1038, "hy-am": 1067,
	"id-id": 1057, "is-is": 1039, "it-ch": 2064, "it-it": 1040, "ja-jp": 1041, "ka-ge": 1079, "kk-kz": 1087, "km-kh": 1107, "kn-in": 1099, "ko-kr": 1042, "kok-in": 1111,
	"lt-lt": 1063, "lv-lv": 1062, "mk-mk": 1071, "ml-in": 1100, "mr-in": 1102, "ms-my": 1086, "mt-mt": 1082,
	"nb-no": 1044, "no-no": 1044, "ne-np": 1121, "nl-be": 2067, "nl-nl": 1043, "nn-no": 2068, "or-in": 1096, "pa-in": 1094, "pl-pl": 1045,
	"pt-br": 1046, "pt-pt": 2070, "ro-ro": 1048, "ru-ru": 1049, "sk-sk": 1051, "sl-si": 1060, "sq-al": 1052, "sr-latn-rs": 9242, "sr-cyrl-rs": 10266, "sr-rs": 10266,
	"sv-fi": 2077, "sv-se": 1053, "sw-ke": 1089, "ta-in": 1097, "te-in": 1098, "th-th": 1054, "tr-tr": 1055, "uk-ua": 1058, "ur-pk": 1056, "uz-uz": 1091,
	"vi-vn": 1066, "zh-cn": 2052, "zh-hans": 2052, "zh-hans-cn": 2052, "zh-hant": 1028, "zh-hant-tw": 1028, "zh-hk": 3076, "zh-hant-hk": 3076, "zh-sg": 4100, "zh-tw": 1028, "zu-za": 1077,
}

// ParentLanguages returns a language tag and its substitutes, lower case, the closest first: zh-TW,
// zh-hant-tw, zh-hant, zh.
func ParentLanguages(tag string) []string {
	var out []string
	add := func(tag string) {
		if tag = strings.ToLower(tag); tag != "" && tag != "und" && !slices.Contains(out, tag) {
			out = append(out, tag)
		}
	}
	add(tag)
	t, err := language.Parse(tag)
	if err != nil {
		for i := strings.LastIndexByte(tag, '-'); i > 0; i = strings.LastIndexByte(tag, '-') {
			tag = tag[:i]
			add(tag)
		}
		return out
	}
	base, _ := t.Base()
	script, _ := t.Script()
	region, _ := t.Region()
	if t, err := language.Compose(base, script, region); err == nil {
		add(t.String())
	}
	if t, err := language.Compose(base, script); err == nil {
		add(t.String())
	}
	if t, err := language.Compose(base, region); err == nil {
		add(t.String())
	}
	add(base.String())
	return out
}

// ChooseLanguage chooses a user interface language: the first supported tag of ui_locales, whole or by its
// language, then the browser's, then the policy's own. An empty list of supported tags accepts any
// well-formed tag (pages §6). It returns the requested tag, so that {Culture:RFC5646} keeps the region.
func ChooseLanguage(supported []string, def, uiLocales, acceptLanguage string) string {
	for _, tag := range strings.Fields(uiLocales) {
		if ok := Supports(supported, tag); ok != "" {
			return ok
		}
	}
	for _, tag := range AcceptedLanguages(acceptLanguage) {
		if ok := Supports(supported, tag); ok != "" {
			return ok
		}
	}
	return def
}

// AcceptedLanguages returns the tags of an Accept-Language header, the preferred one first.
func AcceptedLanguages(header string) []string {
	tags, _, err := language.ParseAcceptLanguage(header)
	if err != nil {
		return nil
	}
	var out []string
	for _, tag := range tags {
		// language reads "*" as mul, which isn't a user's language.
		if text := tag.String(); tag != language.Und && text != "mul" && !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}

// Supports returns the tag in its usual spelling if a list contains it or another tag of its language and
// script, else "". An empty list supports every well-formed tag.
func Supports(supported []string, tag string) string {
	t, err := language.Parse(tag)
	if err != nil || t == language.Und {
		// Policies may invent tags, such as one for tests.
		for _, s := range supported {
			if strings.EqualFold(s, tag) {
				return s
			}
		}
		return ""
	}
	if len(supported) == 0 {
		return t.String()
	}
	base, _ := t.Base()
	script, _ := t.Script()
	for _, s := range supported {
		if strings.EqualFold(s, tag) {
			return t.String()
		}
	}
	for _, s := range supported {
		if st, err := language.Parse(s); err == nil {
			// Readers of traditional Chinese can't use simplified Chinese.
			sb, _ := st.Base()
			if ss, _ := st.Script(); sb == base && ss == script {
				return t.String()
			}
		}
	}
	return ""
}
