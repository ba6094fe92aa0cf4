package directory

import (
	"context"
	"errors"
)

// ErrKnownPassword has a text for people.
var ErrKnownPassword = errors.New("the password is on a list of passwords that are common or were stolen; choose another")

// KnownPasswords tells passwords that attackers try first.
type KnownPasswords interface {
	// Known answers within seconds, and false if it can't tell.
	Known(ctx context.Context, password string) bool
}

// RefuseKnown returns ErrKnownPassword for a new password that is common or was stolen.
// It is asked where a setting says so, before Create and Update, which hash: hashing
// costs far more, and no transaction waits for an answer from elsewhere.
func (d *Directory) RefuseKnown(ctx context.Context, password string) error {
	if password != "" && d.Known != nil && d.Known.Known(ctx, password) {
		return ErrKnownPassword
	}
	return nil
}
