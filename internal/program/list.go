package program

import (
	"iter"
	"slices"
)

// List is a list that can be read and not changed. The zero value is empty.
type List[T any] struct{ items []T }

// All are the elements with their indexes, for a range loop.
func (l List[T]) All() iter.Seq2[int, T] { return slices.All(l.items) }

// Len is the number of elements.
func (l List[T]) Len() int { return len(l.items) }

// At is the element of an index; it panics if there is none.
func (l List[T]) At(i int) T { return l.items[i] }

// Any reports whether a function holds for any element.
func (l List[T]) Any(holds func(T) bool) bool { return slices.ContainsFunc(l.items, holds) }

// From are the elements from an index on.
func (l List[T]) From(i int) List[T] { return List[T]{l.items[i:]} }

// Copy makes a slice of the elements.
func (l List[T]) Copy() []T { return slices.Clone(l.items) }

// ListOf makes a list of elements, which the caller no longer changes.
func ListOf[T any](items ...T) List[T] { return List[T]{items} }
