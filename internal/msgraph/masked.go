package msgraph

import "strings"

// Masked stands for a secret that is there and never shown.
const Masked = "******"

// IsMasked reports whether a text stands for a secret that is there: a reader of the
// resource sends it back.
func IsMasked(text string) bool { return text != "" && strings.Trim(text, "*") == "" }
