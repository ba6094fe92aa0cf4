package live_test

import (
	"os"
	"runtime/debug"
	"testing"
)

// The tests compile hundreds of policies one after the other and keep none, so that collecting
// garbage less often spares a sixth of their time.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	os.Exit(m.Run())
}
