package web

import (
	"strings"
	"testing"
	"time"

	"quay20/internal/problem"
)

// rel-I-J7, rel-I-X2, rel-F05: while nothing can be saved every desk page says so,
// a form comes back with what was typed and when to try again, and pages that
// only read go on.
func TestDeskThatCannotSaveSaysSo(t *testing.T) {
	atBooth(t, commune, func(t *testing.T, b *booth) {
		b.s.DB = b.p.DB
		v := b.filled()
		b.p.DB.ReadOnly(problem.New(problem.Unavailable, "journal.behind", "from", 12, "to", 14, "where", "head.note"))
		doc := b.doc(b.get("/desk"), 200)
		if got := said(doc, ".q-warning"); !strings.Contains(got, "chỉ còn cho đọc từ") || !strings.Contains(got, "thiếu các mục 12 đến 14") {
			t.Errorf("the desk's head says %q", got)
		}
		w := b.post(intakePath, v)
		if w.Header().Get("Retry-After") != "300" {
			t.Errorf("Retry-After is %q", w.Header().Get("Retry-After"))
		}
		doc = b.doc(w, 503)
		if got := said(doc, ".govuk-error-summary"); !strings.Contains(got, "thiếu các mục 12 đến 14") {
			t.Errorf("the form says %q", got)
		}
		if again := typed(doc); again.Get("filer.phone") == "" || again.Get("filer.id_number") == "" || again.Get(keyField) != v.Get(keyField) {
			t.Errorf("what was typed is lost, or the key: %v", again)
		}
		b.clock.Add(time.Minute) // by now the session would be noted as seen
		for _, page := range []string{"/desk", "/desk/work", "/desk/register", "/thu-tuc", "/tra-cuu"} {
			if w := b.get(page); w.Code != 200 {
				t.Errorf("%s answers %d", page, w.Code)
			}
		}
		b.none()
	})
}
