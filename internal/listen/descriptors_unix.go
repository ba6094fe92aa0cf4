//go:build unix

package listen

import "syscall"

// descriptors returns the maximum number of open files and connections of the process; 0: unknown.
func descriptors() int {
	var l syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l) != nil {
		return 0
	}
	return int(min(l.Cur, 1<<30)) //nolint:unconvert // signed on some systems
}
