package limit

import "container/list"

// recent is a map of limited size. It drops the least recently used values. It isn't safe for concurrent use.
type recent[V any] struct {
	most  int
	order *list.List // of *pair[V], most recently used first
	items map[string]*list.Element
	// keep, if not nil, reports whether a value must stay.
	keep func(V) bool
}

type pair[V any] struct {
	key   string
	value V
}

func newRecent[V any](most int, keep func(V) bool) *recent[V] {
	return &recent[V]{most: most, order: list.New(), items: make(map[string]*list.Element), keep: keep}
}

// get finds a value and marks it as used.
func (r *recent[V]) get(key string) (v V, ok bool) {
	e := r.items[key]
	if e == nil {
		return v, false
	}
	r.order.MoveToFront(e)
	return e.Value.(*pair[V]).value, true
}

// put sets a value.
func (r *recent[V]) put(key string, v V) {
	if e := r.items[key]; e != nil {
		e.Value.(*pair[V]).value = v
		r.order.MoveToFront(e)
		return
	}
	for e := r.order.Back(); e != nil && len(r.items) >= r.most; {
		before := e.Prev()
		if old := e.Value.(*pair[V]); r.keep == nil || !r.keep(old.value) {
			r.order.Remove(e)
			delete(r.items, old.key)
		}
		e = before
	}
	r.items[key] = r.order.PushFront(&pair[V]{key, v})
}

func (r *recent[V]) remove(key string) {
	if e := r.items[key]; e != nil {
		r.order.Remove(e)
		delete(r.items, key)
	}
}

// maxRemembered limits the clients and locks that one node remembers [I].
const maxRemembered = 50_000
