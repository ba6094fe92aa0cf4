package directory

import (
	"context"
	"errors"
)

// ErrKnownPassword contains a text for people.
var ErrKnownPassword = errors.New("the password is on a list of passwords that are common or were stolen; choose another")

// KnownPasswords recognises passwords that attackers try first.
type KnownPasswords interface {
	// Known answers within seconds. It returns false if it doesn't know.
	Known(ctx context.Context, password string) bool
}

// RefuseKnown returns ErrKnownPassword for a new password that is common or stolen. Callers with the setting
// call it before Create and Update, because hashing costs far more, and no transaction may wait for another
// server.
func (d *Directory) RefuseKnown(ctx context.Context, password string) error {
	if password != "" && d.Known != nil && d.Known.Known(ctx, password) {
		return ErrKnownPassword
	}
	return nil
}
