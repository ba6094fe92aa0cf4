//go:build unix

package listen

import "syscall"

// descriptors is how many files and connections the process may have open; 0: not known.
func descriptors() int {
	var l syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l) != nil {
		return 0
	}
	return int(min(l.Cur, 1<<30)) //nolint:unconvert // signed on some systems
}
