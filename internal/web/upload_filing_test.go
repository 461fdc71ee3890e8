package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"quay20/internal/officer"
	"quay20/internal/store/storetest"
	"quay20/internal/upload"
	"quay20/internal/upload/uploadtest"
	"quay20/internal/web/webtest"
)

// filedFrom is a draft that is filled in but for its papers, and a telephone
// with its cookies; pieces counts what the telephone sent.
func filedFrom(t *testing.T, procedure string) (h *home, page *webtest.Page, at string, pieces *atomic.Int64) {
	t.Helper()
	if os.Getenv("TEST_CHROMIUM") == "" {
		t.Skip("set TEST_CHROMIUM to the path of a Chromium, or use make test")
	}
	pieces = new(atomic.Int64)
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			pieces.Add(1)
		}
		handler.ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	storetest.EachAddress(t, func(_ *testing.T, address string) {
		if h != nil {
			return
		}
		db := storetest.Open(t, address, storetest.NewClock(morning))
		w := newTown(t, db, testOrigin)
		w.p.Filing.Files = true
		old, shelf := w.s.Config, uploadtest.Shelf(t, db, upload.Options{})
		at := func(origin string) *Server { // at home, and on the telephone
			return testServer(t, func(c *Config) { *c = old; c.Origin, c.Shelf = origin, shelf })
		}
		w.s = at(testOrigin)
		h, handler = w.atHome(), at(server.URL).Handler()
	})
	at = h.begins(procedure)
	h.fills(at, procedure)
	page = webtest.Browser(t, server.URL)
	page.Width(360)
	for name, value := range h.cookies {
		page.Cookie(name, value)
	}
	return h, page, at, pieces
}

// papersOf are the addresses of the papers that a draft must have.
func (h *home) papersOf(at string) (hrefs []string) {
	h.t.Helper()
	draft := strings.TrimPrefix(at, "/nop/")
	for _, n := range []string{"1", "2", "3", "4", "5", "6", "7", "8", "9"} {
		rec := h.ask(request(http.MethodGet, at+"/giay-to/"+n, ""))
		if rec.Code == http.StatusOK {
			hrefs = append(hrefs, at+"/giay-to/"+n)
		}
	}
	if len(hrefs) == 0 {
		h.t.Fatalf("draft %s asks for no paper", draft)
	}
	return hrefs
}

// sentWith sends the draft and checks that receipt and dossier list the files.
func sentWith(t *testing.T, h *home, page *webtest.Page, at string, files int) {
	t.Helper()
	page.Goto(at + "/kiem-tra")
	page.Axe()
	page.Follow("form[action$='/gui'] button[type=submit]")
	page.Wait(".govuk-panel")
	page.Axe()
	code := strings.Fields(page.Text(".govuk-panel .q-code"))
	shoot(t, page, "c16-files")
	d, err := h.p.Register.Find(context.Background(), strings.Join(code, ""), officer.Console())
	if err != nil {
		t.Fatal(err)
	}
	have := 0
	for _, p := range d.Papers {
		have += len(p.Files)
		for _, f := range p.Files {
			if _, _, err := h.s.Shelf.Open(context.Background(), d.FilesOwner(), f); err != nil {
				t.Errorf("%s: %v", f.Name, err)
			}
		}
	}
	if have != files {
		t.Errorf("the dossier lists %d files, want %d", have, files)
	}
}

// ux 3.1 step 5, rel-B-U13, ux-C14, ux-C15, ux-C16: at 360 px on a slow line a
// person files with three photos, the line cut twice, and the dossier lists
// what was sent.
func TestFilingWithThreePhotosOverALineThatIsCutTwice(t *testing.T) {
	h, page, at, pieces := filedFrom(t, "1.004194")
	hrefs := h.papersOf(at)
	page.Line(300, 100)
	const send = "form[data-papers] > button[type=submit]"
	for i, size := range []int{1500, 1400, 1300} {
		to := hrefs[min(i, len(hrefs)-1)]
		page.Goto(to)
		page.Choose("#tep", "trang.jpg", grainy(size, size*4/3))
		page.Wait("[data-preview] canvas")
		before := pieces.Load()
		page.Click(send)
		if i < 2 {
			waitFor(t, "a piece", func() bool { return pieces.Load() > before })
			page.Line(0, 0)
			waitFor(t, "the page to say so", func() bool { return strings.Contains(page.Text("[data-told]"), "Mất kết nối") })
			page.Line(300, 100)
		}
		waitFor(t, "the file", func() bool { return strings.Contains(page.Address(), "xong=gui") })
		page.Wait(".q-files__name")
	}
	page.Line(4000, 0)
	sentWith(t, h, page, at, 3)
}

// The same without scripts.
func TestFilingWithThreePhotosWithoutScripts(t *testing.T) {
	h, page, at, _ := filedFrom(t, "1.004194")
	page.NoJS()
	hrefs := h.papersOf(at)
	for i := range 3 {
		page.Goto(hrefs[min(i, len(hrefs)-1)])
		page.Choose("#tep", "trang.jpg", uploadtest.Photo(1000+i, 800))
		page.Follow("form[enctype] > button[type=submit]")
	}
	sentWith(t, h, page, at, 3)
}
