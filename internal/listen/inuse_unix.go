//go:build !windows

package listen

import (
	"errors"
	"syscall"
)

// inUse reports whether an error means an occupied address.
func inUse(err error) bool { return errors.Is(err, syscall.EADDRINUSE) }
