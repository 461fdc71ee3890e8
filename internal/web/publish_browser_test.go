package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"quay20/internal/catalogue"
	"quay20/internal/officer"
	"quay20/internal/store/storetest"
	"quay20/internal/web/webtest"
)

// browsedControl is procedure control behind a real listener.
func browsedControl(t *testing.T) (*bureau, string) {
	t.Helper()
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	var b *bureau
	storetest.EachAddress(t, func(_ *testing.T, address string) {
		if b == nil {
			b = newBureau(t, storetest.Open(t, address, storetest.NewClock(morning)), server.URL)
			handler = b.s.Handler()
		}
	})
	b.hire("xuyen", "Đèo Thị Xuyến", officer.ProcedureControl, "12")
	controlled(b)
	return b, server.URL
}

// A change goes from R1 to its publication by keys and presses, with scripts off:
// draft, difference, gate, a second person, decision. ux-R1 to ux-R7
func TestChangeIsPublishedWithoutScripts(t *testing.T) {
	b, base := browsedControl(t)
	first := webtest.Browser(t, base)
	x := first.Another()
	b.signsIn(x, "xuyen")
	x.NoJS()
	x.Goto(controlHref("1.004194"))
	x.Follow(`a[href*="kind=change"]`)
	x.Click("#from")
	for range 10 {
		x.Press("Backspace")
	}
	x.Press("End")
	for range 10 {
		x.Press("Backspace")
	}
	x.Type("01/04/2026")
	x.Follow("button[data-main]")
	id := b.draftOf().ID
	x.Goto(draftHref(id, "edit") + "?item=fees")
	x.Click("#fee-1-amount")
	x.Press("End")
	for range 6 {
		x.Press("Backspace")
	}
	x.Type("hai mươi nghìn")
	x.Follow("button[data-main]")
	if got := x.Value("#fee-1-amount"); got != "hai mươi nghìn" || !x.Has("#fee-1-amount-error") {
		t.Errorf("what was typed became %q", got)
	}
	x.Axe()
	x.Click("#fee-1-amount")
	x.Press("End")
	for range 20 {
		x.Press("Backspace")
	}
	x.Type("20.000")
	x.Follow("button[data-main]")
	x.Goto(draftHref(id, "compare"))
	if got := x.Text(".q-diff__line--changed"); !strings.Contains(got, "15.000") || !strings.Contains(got, "20.000") {
		t.Errorf("the difference reads %q", got)
	}
	x.Goto(draftHref(id, "check"))
	if x.Has("#reason") {
		x.Click("#reason")
		x.Type("Theo dự thảo quyết định")
	}
	x.Follow("button[data-main]")

	h := first.Another()
	b.signsIn(h, "hung")
	h.NoJS()
	h.Goto(draftHref(id, ""))
	h.Axe()
	h.Follow("button[data-main]")
	x.Goto(draftHref(id, ""))
	x.Click("#decision")
	x.Type("1234/QĐ-CAT")
	x.Follow("button[data-main]")
	if d := b.draftOf(); d.State != catalogue.Published {
		t.Fatalf("the draft is %s: %s", d.State, x.Text("main"))
	}
	x.Goto("/tt/1.004194?" + sheetQuery + "=00000000")
	if !strings.Contains(x.Text("main"), "Không nhận ra bản niêm yết") {
		t.Error("an unknown sheet is not told")
	}
}

// With scripts the editor saves by itself, and a second officer reads what the
// first writes under the first one's name. ux-R2
func TestEditorSavesByItselfAndSecondOfficerReads(t *testing.T) {
	b, base := browsedControl(t)
	first := webtest.Browser(t, base)
	d := b.dearer("01/04/2026", "20.000", catalogue.Drafting)
	x := first.Another()
	b.signsIn(x, "xuyen")
	x.Width(1280)
	x.Goto(draftHref(d.ID, "edit") + "?item=conditions")
	x.Click("#conditions")
	x.Type("Có chỗ ở hợp pháp.")
	x.Wait("#conditions-meter")
	deadline := time.Now().Add(20 * time.Second)
	for b.draftOf().Items.Conditions == d.Items.Conditions && time.Now().Before(deadline) {
		webtest.Eval[bool](x, "new Promise(r => setTimeout(() => r(true), 500))")
	}
	if got := b.draftOf(); !strings.Contains(got.Items.Conditions, "Có chỗ ở hợp pháp.") || got.Version <= d.Version {
		t.Errorf("not saved by itself: %q", got.Items.Conditions)
	}
	h := first.Another()
	b.signsIn(h, "hoa")
	h.Goto(draftHref(d.ID, "edit") + "?item=fees")
	if h.Has("#fee-1-amount") || !strings.Contains(h.Text("main"), "Đèo Thị Xuyến đang soạn") {
		t.Errorf("the second officer sees %s", h.Text("main"))
	}
}

// Every page of procedure control is without barriers, on a telephone and on a
// screen.
func TestProcedureControlHasNoBarrier(t *testing.T) {
	b, base := browsedControl(t)
	b.dearer("01/04/2026", "20.000", catalogue.Published)
	d := b.dearer("01/05/2026", "30.000", catalogue.Drafting)
	_, _, err := catalogue.NewDrafts(b.p.DB, b.p.Law).Import(context.Background(), imported(), officer.Console())
	b.check(err)
	paths := []string{proceduresPath, proceduresPath + "?field=cu-tru&state=coming", controlHref("1.004194"), proceduresPath + "/calendar", proceduresPath + "/new?kind=new",
		proceduresPath + "/new?kind=end&code=" + url.QueryEscape("1.004194"), draftHref(d.ID, ""), draftHref(d.ID, "compare"), draftHref(d.ID, "check"), draftHref(d.ID, "impact"),
		draftHref(b.draftOf().ID, "check"), draftHref(b.draftOf().ID, "edit") + "?item=fees", sheetsPath}
	for _, item := range editable(d) {
		paths = append(paths, draftHref(d.ID, "edit")+"?item="+string(item))
	}
	p := webtest.Browser(t, base)
	b.signsIn(p, "xuyen")
	for _, path := range paths {
		if status := p.Goto(path); status != http.StatusOK {
			t.Errorf("%s: %d", path, status)
		}
		p.Width(360)
		if p.Scrolls() {
			t.Errorf("%s is wider than a telephone", path)
		}
		p.Axe()
		p.Width(1280)
		if p.Scrolls() {
			t.Errorf("%s is wider than the screen", path)
		}
	}
}
