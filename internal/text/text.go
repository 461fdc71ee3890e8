// Package text is the catalogue of words: every sentence quay20 shows to a
// person, by key, in Vietnamese and English. A procedure's own words are law
// and live in the pack instead.
//
// Words live in words/<room>.tsv, one line each: key, Vietnamese, English,
// separated by tabs; # starts a comment line. A text may hold {placeholders}.
package text

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"quay20/internal/problem"
)

// Lang is a language of the user interface.
type Lang string

const (
	Vi Lang = "vi" // Vietnamese, the default
	En Lang = "en"
)

//go:embed words/*.tsv
var files embed.FS

type entry struct{ vi, en, file string }

var words = load(files)

func load(fsys fs.FS) map[string]entry {
	all := map[string]entry{}
	names, err := fs.Glob(fsys, "words/*.tsv")
	if err != nil {
		panic(err)
	}
	for _, name := range names {
		b, err := fs.ReadFile(fsys, name)
		if err != nil {
			panic(err)
		}
		for i, line := range strings.Split(string(b), "\n") {
			line = strings.TrimSuffix(line, "\r")
			if line == "" || line[0] == '#' {
				continue
			}
			f := strings.Split(line, "\t")
			if len(f) != 3 {
				panic(fmt.Sprintf("%s:%d: want key, Vietnamese, English separated by tabs, have %d parts", name, i+1, len(f)))
			}
			if old, twice := all[f[0]]; twice {
				panic(fmt.Sprintf("%s:%d: key %s is already in %s", name, i+1, f[0], old.file))
			}
			all[f[0]] = entry{f[1], f[2], name}
		}
	}
	return all
}

// Has reports whether the catalogue holds key.
func Has(key string) bool { _, ok := words[key]; return ok }

// Keys returns all keys, sorted.
func Keys() []string {
	keys := make([]string, 0, len(words))
	for k := range words {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// T words key in lang; args alternate placeholder name and value. An unknown
// key is shown in brackets, which a test forbids.
func T(lang Lang, key string, args ...any) string {
	e, ok := words[key]
	if !ok {
		return "[" + key + "]"
	}
	s := e.vi
	if lang == En {
		s = e.en
	}
	if len(args) == 0 || !strings.Contains(s, "{") {
		return s
	}
	pairs := make([]string, 0, len(args))
	for i := 0; i+1 < len(args); i += 2 {
		pairs = append(pairs, "{"+fmt.Sprint(args[i])+"}", word(lang, args[i+1]))
	}
	return strings.NewReplacer(pairs...).Replace(s)
}

// Key marks an argument that is itself a text key, so that it is worded in
// the language of the sentence it stands in.
type Key string

func word(lang Lang, v any) string {
	switch v := v.(type) {
	case Key:
		return T(lang, string(v))
	case []Key:
		parts := make([]string, len(v))
		for i, k := range v {
			parts[i] = T(lang, string(k))
		}
		return strings.Join(parts, ", ")
	case []string:
		return strings.Join(v, ", ")
	case string:
		if key, is := strings.CutPrefix(v, "key:"); is { // a Key that went through JSON
			return T(lang, key)
		}
	}
	return fmt.Sprint(v)
}

// Problem words p as one sentence.
func Problem(lang Lang, p *problem.Problem) string { return T(lang, p.Key, p.Args...) }

// Field words one faulty field.
func Field(lang Lang, f problem.Field) string { return T(lang, f.Key, f.Args...) }
