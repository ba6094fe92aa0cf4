package journey

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"journeyman.dev/internal/directory"
)

// closed is the epoch of an account that the journey itself has deleted or disabled.
const closed = -1

// Met notes an account of the directory that the exchange has read, or whose password it
// has checked. What happens to the account after a journey has first met it counts
// against the journey: see admit.
func (c *Call) Met(objectID string, epoch int64) {
	if _, ok := c.Journey.Accounts[objectID]; !ok {
		c.Journey.setAccount(objectID, epoch)
	}
}

// Changed notes that the exchange itself has changed an account, which took it from one
// epoch to another, such as by a new password.
func (c *Call) Changed(objectID string, before, after int64) {
	if have, ok := c.Journey.Accounts[objectID]; !ok || have == before {
		c.Journey.setAccount(objectID, after)
	}
}

// Closed notes that the exchange itself has deleted or disabled an account: what the policy
// ends with then is the user's last token, and no reason to refuse it.
func (c *Call) Closed(objectID string) { c.Journey.setAccount(objectID, closed) }

func (j *Journey) setAccount(objectID string, epoch int64) {
	if j.Accounts == nil {
		j.Accounts = make(map[string]int64)
	}
	j.Accounts[objectID] = epoch
}

// admit is the gate: whether the account that a journey ends with may be given anything.
// The account is the one of the directory that objectId names, or the claim that the
// issuer names. A policy may fill objectId from elsewhere, and then
// there is no account to ask.
//
// B2C issues tokens for disabled accounts of social providers unless the policy looks at
// accountEnabled; here the directory decides, unless AllowDisabled says otherwise.
func (r *run) admit(ctx context.Context, out *Finished) (Account, error) {
	ids := []string{objectID}
	if claim := out.Issued.AccountClaim(); claim != "" {
		ids = []string{claim, objectID}
	}
	for _, claim := range ids {
		id := strings.ToLower(r.j.Claims.Get(claim).String())
		if id == "" {
			continue
		}
		met, known := r.j.Accounts[id]
		if known && met == closed {
			return Account{Closed: true}, nil
		}
		now, err := r.e.Accounts.Standing(ctx, id, "")
		switch {
		case errors.Is(err, directory.ErrNotFound) && known:
			return Account{}, ended(CodeUserNotFound, err)
		case errors.Is(err, directory.ErrNotFound):
			continue
		case err != nil:
			return Account{}, fmt.Errorf("account: %w", err)
		case now.Disabled && !r.e.AllowDisabled:
			return Account{}, Fail(CodeAccountDisabled, directory.ErrDisabled)
		case known && met != now.Epoch:
			return Account{}, ended(CodeGrantRevoked, nil)
		}
		return Account{ID: id, Epoch: now.Epoch}, nil
	}
	return Account{}, nil
}

// ended is the failure of a journey whose account was deleted, or its grants ended, while
// the journey was under way.
func ended(code Code, cause error) *Failure {
	f := Fail(code, cause)
	f.OAuth = "access_denied"
	return f
}

// Ambiguous is the failure of a look-up that finds two accounts: neither is taken for the
// other. Only data of older versions has such names.
func Ambiguous(cause error) *Failure {
	return &Failure{Code: CodeAccountLocked, Public: "This name belongs to two accounts. Please ask your administrator to rename one of them.", Cause: cause}
}
