package dossier

import (
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"quay20/internal/applicant"
	"quay20/internal/problem"
)

// longest bounds any one text of an act or intake in characters, before the
// acts' own limits speak; it keeps the work of cleaning small.
const longest = 20_000

// plain puts every text within an act or intake into its composed form (NFC),
// and refuses, field by field, what nobody can type or see: control characters,
// direction overrides, broken UTF-8. what is a pointer.
func plain(what any) error {
	p := invalid()
	tidy(p, "", reflect.ValueOf(what))
	return p.Or()
}

func tidy(p *problem.Problem, name string, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			tidy(p, name, v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			tidy(p, name, v.Index(i))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				tidy(p, within(name, f), v.Field(i))
			}
		}
	case reflect.String:
		tidyText(p, name, v)
	}
}

// within is the name under which people know a field: "filer.name", "reason".
func within(name string, f reflect.StructField) string {
	own, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	switch name {
	case "":
		return own
	case "filer", "owner":
		return name + "." + own
	}
	return name // a line of a list is known by its list
}

func tidyText(p *problem.Problem, name string, v reflect.Value) {
	s := v.String()
	if _, err := applicant.CleanText(s, longest); err != nil {
		fault(p, name, err)
		return
	}
	if c := norm.NFC.String(s); c != s && v.CanSet() {
		v.SetString(c)
	}
}

// sayable reports whether a line that people or programs send may be looked up
// or kept at all: UTF-8 without control characters.
func sayable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// unsayable refuses the reason of a view or a search that no journal can keep.
func unsayable(why string) error {
	p := invalid()
	if _, err := applicant.CleanText(why, longest); err != nil {
		fault(p, "why", err)
	}
	return p.Or()
}
