package listen

import (
	"errors"
	"syscall"
)

// inUse reports whether an address is taken: WSAEADDRINUSE, which Go's own EADDRINUSE isn't.
func inUse(err error) bool { return errors.Is(err, syscall.Errno(10048)) }
