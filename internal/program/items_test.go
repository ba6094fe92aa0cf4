package program

import (
	"maps"
	"testing"
)

func TestKeysOfItemsCompareWithoutCase(t *testing.T) {
	t.Parallel()
	var x Items
	x.add("setting.showSignUpLink", "false")
	x.add("SETTING.mine", "1")
	x.add("language.Intro", "Hello")
	if x.Get("setting.showSignupLink") != "false" || x.Get("Setting.Mine") != "1" || x.Get("setting.other") != "" {
		t.Errorf("%v", x)
	}
	x.add("Setting.ShowSignupLink", "TRUE")
	if !x.True("setting.showsignuplink") {
		t.Errorf("the last one doesn't win: %v", x)
	}
	// Scripts read what B2C documents as it documents it.
	if got, want := maps.Collect(x.After("setting.")), (map[string]string{"showSignupLink": "TRUE", "mine": "1"}); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
