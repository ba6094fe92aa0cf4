package seal

import (
	"context"
	"errors"
	"fmt"
)

// maxReseals limits the attempts for a row that servers change at the same time.
const maxReseals = 10

// Rows are the secrets of one kind in a store, such as key sets.
type Rows[Row any] struct {
	Load     func(context.Context) ([]Row, error)
	Save     func(context.Context, Row) error
	Conflict error // the error of Save if the row was changed or deleted in the meantime

	Sealed func(*Row) (context string, data *[]byte)
	Name   func(Row) string // for errors
}

// Reseal seals all rows with the first master key, unless they are already sealed with it. It returns the
// number of newly sealed rows and of all rows.
func Reseal[Row any](ctx context.Context, s *Sealer, rows Rows[Row]) (count, all int, err error) {
	for range maxReseals {
		list, err := rows.Load(ctx)
		if err != nil {
			return count, 0, err
		}
		again := false
		for _, row := range list {
			about, data := rows.Sealed(&row)
			if s.Fresh(Secret, about, *data) {
				continue
			}
			plain, err := s.Open(Secret, about, *data)
			if err != nil {
				return count, len(list), fmt.Errorf("%s: %w (is its master key among those that were given?)", rows.Name(row), err)
			}
			*data = s.Seal(Secret, about, plain)
			switch err := rows.Save(ctx, row); {
			case errors.Is(err, rows.Conflict):
				again = true
			case err != nil:
				return count, len(list), err
			default:
				count++
			}
		}
		if !again {
			return count, len(list), nil
		}
	}
	return count, 0, rows.Conflict
}
