package listen

import (
	"errors"
	"syscall"
)

// inUse reports whether an error means an occupied address: WSAEADDRINUSE, which differs from Go's own
// EADDRINUSE.
func inUse(err error) bool { return errors.Is(err, syscall.Errno(10048)) }
