package program_test

import (
	"reflect"
	"strings"
	"testing"

	"journeyman.dev/internal/program"
)

// meant are types that a Program gives away and that can't change it: plain values, which are
// copies, and types that are locked in their own packages.
var meant = map[string]bool{
	"program.DataURI": true, "program.Description": true, "diag.Position": true, "claims.Choice": true,
}

// copies are methods that make what they give anew at each call.
var copies = map[string]bool{"Copy": true, "Texts": true, "Issuers": true, "Keeps": true}

// A Program is shared by all journeys: nothing that can be reached from one may have an
// exported field, or be a map or a slice of what the Program keeps.
func TestNothingOfAProgramCanBeChangedFromOutside(t *testing.T) {
	t.Parallel()
	seen := make(map[reflect.Type]bool)
	var visit func(rt reflect.Type, path string)
	visit = func(rt reflect.Type, path string) {
		name := strings.TrimPrefix(rt.String(), "*")
		if seen[rt] || meant[name] {
			return
		}
		seen[rt] = true
		elem := rt
		if rt.Kind() == reflect.Pointer {
			elem = rt.Elem()
		}
		switch {
		case elem.PkgPath() == "" || !strings.HasPrefix(elem.PkgPath(), "journeyman.dev/"):
			if elem.Kind() == reflect.Map || elem.Kind() == reflect.Slice && elem.Elem().Kind() == reflect.Pointer {
				t.Errorf("%s gives a %s, which whoever gets it can change", path, elem)
			}
			return
		case elem.Kind() == reflect.Struct:
			for i := range elem.NumField() {
				if f := elem.Field(i); f.IsExported() && rt.Kind() == reflect.Pointer {
					t.Errorf("%s gives %s, whose field %s can be set", path, rt, f.Name)
				}
			}
		}
		for i := range rt.NumMethod() {
			m := rt.Method(i)
			if copies[m.Name] {
				continue
			}
			for o := range m.Type.NumOut() {
				visit(m.Type.Out(o), path+"."+m.Name+"()")
			}
		}
	}
	visit(reflect.TypeFor[*program.Program](), "Program")
	if len(seen) < 20 {
		t.Errorf("saw only %d types", len(seen))
	}
}
