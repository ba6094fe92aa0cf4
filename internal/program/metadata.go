package program

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"journeyman.dev/internal/claims"
	"journeyman.dev/internal/diag"
	"journeyman.dev/internal/policy"
)

// Metadata reads a profile's metadata items into typed values, reporting those
// that are wrong, and remembers which keys were read.
type Metadata struct {
	items     policy.Metadata
	profileID string
	offline   bool // see [Plan.Offline]
	at        diag.Position
	collector *diag.Collector
	known     map[string]string // keys that the provider asked for, by folded key
	free      map[string]bool   // folded keys of which only the prefix is known
	stray     *policy.Stray     // the misspelt overlay of the profile; nil if there is none
}

func (c *compiler) metadata(tp *policy.TechnicalProfile) *Metadata {
	return &Metadata{offline: c.o.Offline, items: tp.Metadata, profileID: tp.ID.Value, at: tp.Pos, collector: &c.diag, known: make(map[string]string), free: make(map[string]bool)}
}

func (m *Metadata) get(key string) (policy.MetadataItem, bool) {
	m.known[policy.Fold(key)] = key
	return m.items.Get(key)
}

// String returns an item's text, trimmed, or def if the item is absent.
func (m *Metadata) String(key, def string) string {
	item, ok := m.get(key)
	if !ok {
		return def
	}
	return strings.TrimSpace(item.Value.Value)
}

// Has reports whether the item is there.
func (m *Metadata) Has(key string) bool {
	_, ok := m.get(key)
	return ok
}

// At is the position of an item's value, else of the profile.
func (m *Metadata) At(key string) diag.Position {
	if item, ok := m.get(key); ok {
		if item.Value.Set() {
			return item.Value.Pos
		}
		return item.Pos
	}
	return m.at
}

// Required returns a non-empty text or reports its absence.
func (m *Metadata) Required(key string) string {
	item, ok := m.get(key)
	if near, found := m.misspelt(key); !ok && found {
		m.Met(near.Key.Value)
		m.collector.Report(diag.MisspeltMetadata, near.Key.Pos, "did you mean "+strconv.Quote(key)+"?",
			"technical profile %q needs the metadata item %q, and has %q", m.profileID, key, near.Key.Value)
		return ""
	}
	if !ok && m.blameStray() {
		return ""
	}
	if !ok {
		m.collector.Report(diag.MissingMetadata, m.at, "add <Item Key=\""+key+"\">…</Item> to its Metadata",
			"technical profile %q needs the metadata item %q", m.profileID, key)
		return ""
	}
	text := strings.TrimSpace(item.Value.Value)
	if text == "" {
		m.collector.Report(diag.BadMetadata, m.At(key), "give it a value",
			"technical profile %q has an invalid value \"\" for the metadata item %q", m.profileID, key)
	}
	return text
}

// blameStray reports that the profile's missing items are in an overlay with a misspelt id: one
// cause, however much is missing.
func (m *Metadata) blameStray() bool {
	if m.stray == nil {
		return false
	}
	m.collector.Report(diag.MisspeltProfile, m.stray.Profile.ID.Pos, "did you mean "+strconv.Quote(m.stray.Meant.ID.Value)+"?",
		"technical profile %q has no Protocol and nothing refers to it, and %q lacks what its provider needs", m.stray.Profile.ID.Value, m.stray.Meant.ID.Value)
	return true
}

// misspelt finds an item whose key is nearly the given one.
func (m *Metadata) misspelt(key string) (policy.MetadataItem, bool) {
	for _, item := range m.items {
		if _, known := m.known[policy.Fold(item.Key.Value)]; !known && diag.Nearest(item.Key.Value, []string{key}) != "" {
			return item, true
		}
	}
	return policy.MetadataItem{}, false
}

// claim is the claim type that an item names; see [Plan.Claim].
func (m *Metadata) claim(s *Schema, key string) *claims.Type {
	id := m.String(key, "")
	if id == "" {
		return nil
	}
	t, ok := s.Claim(id)
	if !ok {
		m.collector.Report(diag.NotInPolicy, m.At(key), meant(id, s.ids, "declare it under ClaimsSchema"),
			"technical profile %q refers to the claim type %q, which neither the policy nor any of its bases declare", m.profileID, id)
		return nil
	}
	return t
}

// Bool returns a boolean in any of the spellings in use: true, false, 1, 0, in any
// case (policy-engine §1.1).
func (m *Metadata) Bool(key string, def bool) bool {
	item, ok := m.get(key)
	if !ok {
		return def
	}
	text := strings.TrimSpace(item.Value.Value)
	switch {
	case strings.EqualFold(text, "true"), text == "1":
		return true
	case strings.EqualFold(text, "false"), text == "0":
		return false
	}
	m.bad(diag.DoubtfulMetadata, key, item, "legal: true, false")
	return def
}

// Int returns a number within bounds.
func (m *Metadata) Int(key string, def, low, high int) int {
	item, ok := m.get(key)
	if !ok {
		return def
	}
	n, err := strconv.Atoi(strings.TrimSpace(item.Value.Value))
	if err != nil || n < low || n > high {
		m.bad(diag.DoubtfulMetadata, key, item, "legal: a number from "+strconv.Itoa(low)+" to "+strconv.Itoa(high))
		return def
	}
	return n
}

// Choice returns one of the legal values, in the spelling given here, ignoring the
// case of the policy's.
func (m *Metadata) Choice(key, def string, legal ...string) string {
	item, ok := m.get(key)
	if !ok {
		return def
	}
	text := strings.TrimSpace(item.Value.Value)
	for _, value := range legal {
		if strings.EqualFold(value, text) {
			return value
		}
	}
	hint := "legal: " + strings.Join(legal, ", ")
	if near := diag.Nearest(text, legal); near != "" {
		hint = "did you mean " + strconv.Quote(near) + "? " + hint
	}
	code := diag.BadMetadata
	if strings.HasPrefix(policy.Fold(key), "setting.") {
		code = diag.DoubtfulMetadata // how a page looks
	}
	m.bad(code, key, item, hint)
	return def
}

// RequiredChoice is Choice for an item that the provider can't do without: it reports one
// that isn't there, too, and returns def for that.
func (m *Metadata) RequiredChoice(key, def string, legal ...string) string {
	if !m.Has(key) {
		m.Required(key)
		return def
	}
	return m.Choice(key, def, legal...)
}

// bad reports a value that can't be used. With code DoubtfulMetadata the default is used.
func (m *Metadata) bad(code diag.Code, key string, item policy.MetadataItem, hint string) {
	if unsettled(item.Value.Value, m.offline) {
		return
	}
	m.collector.Report(code, m.At(key), hint,
		"technical profile %q has an invalid value %q for the metadata item %q", m.profileID, strings.TrimSpace(item.Value.Value), key)
}

// Prefixed returns the items whose key begins with a prefix.
func (m *Metadata) Prefixed(prefixes ...string) Items {
	var found Items
	for _, item := range m.items {
		for _, prefix := range prefixes {
			if len(item.Key.Value) >= len(prefix) && strings.EqualFold(item.Key.Value[:len(prefix)], prefix) {
				m.free[policy.Fold(item.Key.Value)] = true
				found.add(item.Key.Value, strings.TrimSpace(item.Value.Value))
			}
		}
	}
	return found
}

// Met names keys whose documented effect is there without them. Beside each call stands why.
func (m *Metadata) Met(keys ...string) {
	for _, key := range keys {
		m.known[policy.Fold(key)] = key
	}
}

// Service is an item that B2C's own policies fill with {service:te}, which stands for B2C
// itself. It has no other use.
func (m *Metadata) Service(key string) {
	if text := m.String(key, "{service:te}"); !strings.EqualFold(text, "{service:te}") {
		m.Unused("B2C's own policies have {service:te} here", key)
	}
}

// Unused names keys that B2C knows and that have no effect here; why says the reason to who
// wrote one.
func (m *Metadata) Unused(why string, keys ...string) {
	for _, key := range keys {
		if item, ok := m.get(key); ok {
			m.collector.Report(diag.NoEffect, item.Pos, why, "technical profile %q has the metadata item %q, which has no effect", m.profileID, item.Key.Value)
		}
	}
}

// The settings and messages that B2C documents (pages §5; policy-engine §5): of keys
// with their prefixes any is accepted, and only a slip is reported.
var prefixed = []string{
	"setting.authenticationMode", "setting.autodial", "setting.bottomUnderFormClaimsProviderSelections", "setting.enableCaptchaChallenge",
	"setting.enableRememberMe", "setting.forgotPasswordLinkLocation", "setting.forgotPasswordLinkOverride", "setting.inputVerificationDelayTimeInMilliseconds",
	"setting.operatingMode", "setting.retryLimit", "setting.showCancelButton", "setting.showContinueButton", "setting.showSignupLink", "setting.trimSpacesInPassword",
	"language.intro", "language.button_continue", "DefaultMessage", "DefaultUserMessageIfRequestFailed",
	"UserMessageIfBypass", "UserMessageIfCircuitOpen", "UserMessageIfClaimNotVerified", "UserMessageIfClaimsPrincipalAlreadyExists",
	"UserMessageIfClaimsPrincipalDoesNotExist", "UserMessageIfClaimsTransformationBooleanValueIsNotEqual", "UserMessageIfClaimsTransformationInvalidPhoneNumber",
	"UserMessageIfClaimsTransformationStringsAreNotEqual", "UserMessageIfCouldntSendSms", "UserMessageIfDnsResolutionFailed", "UserMessageIfIncorrectPattern",
	"UserMessageIfInternalError", "UserMessageIfInvalidInput", "UserMessageIfInvalidPassword", "UserMessageIfInvalidPasswordComplexity",
	"UserMessageIfMissingRequiredElement", "UserMessageIfOldPasswordUsed", "UserMessageIfPasswordExpired", "UserMessageIfPasswordIsKnown", "UserMessageIfPhoneNumberParseFailure",
	"UserMessageIfRequestTimeout", "UserMessageIfSessionDoesNotExist", "UserMessageIfUserAccountDisabled", "UserMessageIfUserAccountLocked",
	"UserMessageIfVerificationControlClaimsNotVerified",
}

// reportUnknown warns of items that nobody read: B2C ignores them, too.
func (m *Metadata) reportUnknown() {
	for _, item := range m.items {
		key := policy.Fold(item.Key.Value)
		if _, known := m.known[key]; known {
			continue
		}
		hint, near := "it has no effect", ""
		if m.free[key] {
			if slices.ContainsFunc(prefixed, func(p string) bool { return policy.Fold(p) == key }) {
				continue
			}
			if near = diag.Slip(item.Key.Value, prefixed); near == "" {
				continue
			}
		} else {
			near = diag.Nearest(item.Key.Value, slices.Sorted(maps.Values(m.known)))
		}
		if near != "" {
			hint = "did you mean " + strconv.Quote(near) + "?"
		}
		m.collector.Report(diag.UnknownMetadata, item.Pos, hint,
			"technical profile %q has the metadata item %q, which its provider doesn't know", m.profileID, item.Key.Value)
	}
}
