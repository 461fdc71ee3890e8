package web

import (
	"io/fs"
	"regexp"
	"testing"

	"quay20/internal/problem"
	"quay20/internal/text"
)

var keyInPage = regexp.MustCompile(`\b(?:t|button|link) "([^"]+)"`)

func TestEveryWordOfEveryPageIsInTheCatalogue(t *testing.T) {
	t.Parallel()
	err := fs.WalkDir(embedded, "page", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(embedded, name)
		for _, m := range keyInPage.FindAllStringSubmatch(string(b), -1) {
			if !text.Has(m[1]) {
				t.Errorf("%s: no text for %q", name, m[1])
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []problem.Kind{problem.Malformed, problem.Unauthenticated, problem.Forbidden, problem.NotFound, problem.Conflict, problem.Illegal,
		problem.Stale, problem.TooLarge, problem.Unsupported, problem.Invalid, problem.TooMany, problem.Unavailable} {
		if key := titleKey(problem.New(k, "none")); !text.Has(key) {
			t.Errorf("no heading for problems of kind %s: %s", k, key)
		}
	}
}

func TestFirstVisitIsLight(t *testing.T) { // ux 7
	t.Parallel()
	st, err := loadStatic(embedded)
	if err != nil {
		t.Fatal(err)
	}
	for name, most := range map[string]int{"dist/public.css": 11 << 10, "dist/service.css": 7 << 10, "dist/officer.css": 14 << 10, "dist/public.js": 10 << 10, "dist/desk.js": 10 << 10} {
		if a := st.files[name]; len(a.gzip) > most {
			t.Errorf("%s is %d bytes compressed, at most %d", name, len(a.gzip), most)
		}
	}
}
