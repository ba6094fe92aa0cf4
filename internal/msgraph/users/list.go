package users

import (
	"context"
	"errors"
	"slices"
	"strings"

	"journeyman.dev/internal/directory"
	"journeyman.dev/internal/msgraph"
)

func (h *Handler) list(q *msgraph.Request) error {
	f, err := q.Filter()
	if err != nil {
		return err
	}
	limit, err := q.Top(100, 999)
	if err != nil {
		return err
	}
	var value []msgraph.Object
	next := ""
	if found, ok, err := h.indexed(q.Context(), f); ok || err != nil {
		if err != nil {
			return err
		}
		for _, u := range found {
			good, err := h.matches(f, u)
			if err != nil {
				return err
			}
			if !good {
				continue
			}
			shown, err := h.selected(q, u)
			if err != nil {
				return err
			}
			value = append(value, shown)
		}
	} else {
		if value, next, err = h.scan(q, f, limit, false); err != nil {
			return err
		}
	}
	return msgraph.WritePage(q, "users", value, next)
}

// scan reads page after page until enough users pass the filter: those that are deleted, or
// those that aren't.
func (h *Handler) scan(q *msgraph.Request, f *msgraph.Filter, limit int, deleted bool) (value []msgraph.Object, next string, err error) {
	after := q.Option("$skiptoken")
	for {
		page, err := h.Find.ListUsers(q.Context(), after, 500, deleted)
		if err != nil {
			return nil, "", err
		}
		for _, u := range page {
			good, err := h.matches(f, u)
			if err != nil {
				return nil, "", err
			}
			if !good {
				after = u.ID
				continue
			}
			if len(value) == limit {
				return value, after, nil
			}
			shown, err := h.selected(q, u)
			if err != nil {
				return nil, "", err
			}
			value = append(value, shown)
			after = u.ID
		}
		if len(page) < 500 {
			return value, "", nil
		}
	}
}

// indexed finds the users that a filter on an identity, id or user principal name can
// mean; ok is false if the filter isn't of that kind.
func (h *Handler) indexed(ctx context.Context, f *msgraph.Filter) (users []*directory.User, ok bool, err error) {
	if f == nil || f.HasOr() {
		return nil, false, nil
	}
	add := func(list []*directory.User, err error) error {
		if errors.Is(err, directory.ErrNotFound) {
			return nil
		}
		for _, u := range list {
			if !slices.ContainsFunc(users, func(have *directory.User) bool { return have.ID == u.ID }) {
				users = append(users, u)
			}
		}
		return err
	}
	for _, id := range f.Literals("id") {
		u, err := h.Find.GetUser(ctx, strings.ToLower(id))
		if err := add([]*directory.User{u}, err); err != nil {
			return nil, true, err
		}
		return users, true, nil
	}
	find := func(k directory.Key) error {
		u, err := h.Find.FindUser(ctx, k)
		return add([]*directory.User{u}, err)
	}
	for _, property := range []string{"issuerAssignedId", "userPrincipalName"} {
		for _, id := range f.Literals(property) {
			if err := find(directory.NameKey(id)); errors.Is(err, directory.ErrAmbiguous) {
				return nil, false, nil // the scan finds both
			} else if err != nil {
				return nil, true, err
			}
			for _, issuer := range f.Literals("issuer") {
				if err := find(directory.Identity{Type: directory.Federated, Issuer: issuer, ID: id}.Key()); err != nil {
					return nil, true, err
				}
			}
			return users, true, nil
		}
	}
	return nil, false, nil
}
