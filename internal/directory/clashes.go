package directory

import (
	"context"
	"log/slog"
)

// ReportClashes logs the accounts that share a name because an older version allowed it. Nobody can sign in
// by such a name until an administrator renames one of them.
func (d *Directory) ReportClashes(ctx context.Context, log *slog.Logger) error {
	clashes, err := d.Store.Clashes(ctx)
	for _, c := range clashes {
		log.WarnContext(ctx, "accounts share a sign-in name, which signs nobody in: rename or delete all but one", "objectIds", c.Users)
	}
	return err
}
