package breach

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha1" //nolint:gosec // the ranges are by SHA-1; nothing is protected by it
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/trustelem/zxcvbn/frequency"

	"journeyman.dev/internal/outbound"
)

const (
	// rangeTimeout is a user's maximum wait for the service.
	rangeTimeout = 3 * time.Second
	// maxRange limits the size of a range. Today's ranges contain about 2000 lines of 40 bytes.
	maxRange = 4 << 20
)

// Caller sends requests.
type Caller interface {
	Do(ctx context.Context, r outbound.Request) (outbound.Response, error)
}

// Ranges finds the range of a prefix: lines with the remaining 35 digits, ":", and the number of times that
// the password was seen.
type Ranges interface {
	Range(ctx context.Context, prefix string) (io.ReadCloser, error)
}

// Lists recognises known passwords. It is safe for concurrent use.
type Lists struct {
	Ranges Ranges // nil: only the common passwords
	Log    *slog.Logger
}

// common returns the 30,000 most common passwords, in lower case. zxcvbn counted them in leaked passwords.
// The list comes with a package, so our repository contains none of it.
var common = sync.OnceValue(func() map[string]struct{} {
	list := frequency.FrequencyLists["passwords"]
	set := make(map[string]struct{}, len(list))
	for _, password := range list {
		set[strings.ToLower(password)] = struct{}{}
	}
	return set
})

// Known reports whether a password is common, in any letter case, or was seen in a breach in exactly this
// form.
func (l *Lists) Known(ctx context.Context, password string) bool {
	if _, ok := common()[strings.ToLower(password)]; ok {
		return true
	}
	if l.Ranges == nil {
		return false
	}
	sum := sha1.Sum([]byte(password)) //nolint:gosec // as above
	digits := strings.ToUpper(hex.EncodeToString(sum[:]))
	known, err := l.inRange(ctx, digits[:5], digits[5:])
	if err != nil && l.Log != nil {
		l.Log.WarnContext(ctx, "breached passwords can't be looked up; the password is taken as not known", "err", err)
	}
	return known
}

func (l *Lists) inRange(ctx context.Context, prefix, rest string) (bool, error) {
	r, err := l.Ranges.Range(ctx, prefix)
	if err != nil {
		return false, err
	}
	defer func() { _ = r.Close() }()
	lines := bufio.NewScanner(io.LimitReader(r, maxRange))
	for lines.Scan() {
		have, count, ok := strings.Cut(strings.TrimSpace(lines.Text()), ":")
		if !ok || !strings.EqualFold(have, rest) {
			continue
		}
		// Lines that pad an answer have the count 0: nobody had the password.
		n, err := strconv.ParseUint(count, 10, 64)
		return err != nil || n > 0, nil
	}
	if err := lines.Err(); err != nil {
		return false, errors.New("a range has a line that is too long")
	}
	return false, nil
}

// Open opens the source of ranges: a folder, or the https address of a service, such as
// https://api.pwnedpasswords.com/range/.
func Open(where string, caller Caller) (Ranges, error) {
	if isAddress(where) {
		if err := checkAddress(where, caller); err != nil {
			return nil, err
		}
		return service{strings.TrimSuffix(where, "/") + "/", caller}, nil
	}
	root, err := os.OpenRoot(where)
	if err != nil {
		return nil, fmt.Errorf("folder of breached passwords: %w", err)
	}
	return folder{root}, nil
}

// Load makes Lists of the common passwords and, unless where is "", of the ranges that Open finds.
func Load(where string, caller Caller, log *slog.Logger) (*Lists, error) {
	l := &Lists{Log: log}
	if where == "" {
		return l, nil
	}
	var err error
	if l.Ranges, err = Open(where, caller); err != nil {
		return nil, err
	}
	return l, nil
}

// Check reports the errors of Open.
func Check(where string, caller Caller) error {
	if isAddress(where) {
		return checkAddress(where, caller)
	}
	root, err := os.OpenRoot(where)
	if err != nil {
		return fmt.Errorf("folder of breached passwords: %w", err)
	}
	return root.Close()
}

func isAddress(where string) bool {
	u, err := url.Parse(where)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

func checkAddress(where string, caller Caller) error {
	if u, err := url.Parse(where); err != nil || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("the address of breached passwords must end with a path, to which the prefix is added")
	}
	if c, ok := caller.(interface{ CheckURL(address string) error }); ok {
		return c.CheckURL(where)
	}
	return nil
}

// folder contains a file for each prefix, named like those of Have I Been Pwned's downloader: 21BD1.txt, or
// without the ending.
type folder struct{ root *os.Root }

// Range implements Ranges.
func (f folder) Range(_ context.Context, prefix string) (io.ReadCloser, error) {
	for _, name := range []string{prefix + ".txt", prefix, strings.ToLower(prefix) + ".txt", strings.ToLower(prefix)} {
		file, err := f.root.Open(name)
		if err == nil {
			return file, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, errors.New("a file of the range can't be read")
		}
	}
	// A complete folder contains a file for every prefix. The log must not contain the prefix.
	return nil, errors.New("the folder has no file for a prefix: is it complete?")
}

// service requests the range of a prefix.
type service struct {
	address string
	caller  Caller
}

// Range implements Ranges.
func (s service) Range(ctx context.Context, prefix string) (io.ReadCloser, error) {
	res, err := s.caller.Do(ctx, outbound.Request{
		Method: http.MethodGet, URL: s.address + prefix, Timeout: rangeTimeout, MaxBody: maxRange,
		// With padding, the length of an answer doesn't reveal the prefix to observers.
		Header: http.Header{"Add-Padding": {"true"}, "Accept": {"text/plain"}},
	})
	if err != nil {
		return nil, err
	}
	if res.Status != http.StatusOK {
		return nil, fmt.Errorf("the service answered with status %d", res.Status)
	}
	return io.NopCloser(bytes.NewReader(res.Body)), nil
}
