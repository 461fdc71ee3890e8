package store

import (
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

// Guards are the triggers that this release's migrations make and that refuse
// changes of the past: their names, with the text of each where the engine
// keeps it word for word.
func guards(engine string) (map[string]string, error) {
	texts, err := textsFor(engine, nil)
	if err != nil {
		return nil, err
	}
	names, err := fs.Glob(texts, "*.sql")
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	made := map[string]string{}
	for _, name := range names {
		b, err := fs.ReadFile(texts, name)
		if err != nil {
			return nil, err
		}
		for _, m := range triggers.FindAllStringSubmatch(string(b), -1) {
			if m[1] == "DROP" {
				delete(made, m[2])
			} else {
				made[m[2]] = squeezed(m[0])
			}
		}
	}
	return made, nil
}

// triggers finds what makes or drops one; SQLite's ends with END, PostgreSQL's
// with the call of its function.
var triggers = regexp.MustCompile(`(?m)^(CREATE|DROP) TRIGGER (?:IF EXISTS )?(\w+)[^;]*;(?:[^;]*?\bEND;)?`)

func squeezed(sql string) string {
	return strings.TrimSuffix(strings.Join(strings.Fields(sql), " "), ";")
}

// Unguarded lists the triggers that refuse changes of the past and that
// somebody dropped, disabled or rewrote in this database. rel-I-J4
func Unguarded(tx *Tx) ([]string, error) {
	want, err := guards(tx.engine.name())
	if err != nil {
		return nil, fmt.Errorf("reading which triggers guard the past: %w", err)
	}
	type trigger struct{ name, text string }
	question := `SELECT name, sql FROM sqlite_master WHERE type = 'trigger'`
	if tx.engine.name() == "postgres" { // a function that refuses nothing guards nothing
		question = `SELECT t.tgname, '' FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_class c ON c.oid = t.tgrelid
			WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A') AND p.prosrc LIKE '%RAISE EXCEPTION%' AND c.relnamespace = current_schema()::regnamespace`
	}
	found, err := All(tx, func(r Row) (t trigger, err error) { return t, r.Scan(&t.name, &t.text) }, question)
	if err != nil {
		return nil, fmt.Errorf("reading the triggers: %w", err)
	}
	for _, t := range found {
		if text, known := want[t.name]; known && (t.text == "" || squeezed(t.text) == text) {
			delete(want, t.name)
		}
	}
	var missing []string
	for name := range want {
		missing = append(missing, name)
	}
	slices.Sort(missing)
	return missing, nil
}
