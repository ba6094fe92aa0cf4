//go:build !windows

package listen

import (
	"errors"
	"syscall"
)

// inUse reports whether an address is taken.
func inUse(err error) bool { return errors.Is(err, syscall.EADDRINUSE) }
