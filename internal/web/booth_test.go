package web

import (
	"context"
	"io"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"quay20/internal/demo"
	"quay20/internal/demo/demotest"
	"quay20/internal/dossier"
	"quay20/internal/officer"
	"quay20/internal/store"
	"quay20/internal/store/storetest"
)

// booth is a desk of the province with an officer who has signed in and taken
// it, over the real books.
type booth struct {
	t     *testing.T
	s     *Server
	p     *demo.Province
	clock *storetest.Clock
	by    officer.By
	token string
}

const (
	commune   = "03388" // phường Đoàn Kết
	counter20 = "12-Q20"
	passport  = "1.001456"
	residence = "1.004194"
)

// atBooth runs a test at a desk on every engine, on a Monday at 09:15.
func atBooth(t *testing.T, desk string, fn func(*testing.T, *booth)) {
	t.Helper()
	t.Parallel()
	storetest.EachAt(t, storetest.NewClock(morning), func(t *testing.T, db *store.DB) {
		storetest.ClockOf(db).Set(morning) // both engines run by one clock
		fn(t, newBooth(t, db, desk, testOrigin))
	})
}

func newBooth(t *testing.T, db *store.DB, desk, origin string) *booth {
	t.Helper()
	b := &booth{t: t, p: demotest.At(t, db), clock: storetest.ClockOf(db)}
	b.s = testServer(t, func(c *Config) {
		c.Origin, c.Now, c.Law, c.Roll, c.Dossiers, c.Ledger, c.SignedIn = origin, b.clock.Now, b.p.Law, b.p.Roll, b.p.Register, b.p.Ledger, b.p.Roll.Session
	})
	b.by, b.token = b.hire("minh", "Lò Thị Minh", officer.Receptionist, desk)
	return b
}

const password = "một câu dài dễ nhớ ở quầy"

// hire puts an officer on the roll, signs in and takes the desk.
func (b *booth) hire(login, name string, role officer.Role, desk string) (officer.By, string) {
	b.t.Helper()
	ctx := context.Background()
	by, code, err := b.p.Hire(ctx, login, name, "Đại úy", role, desk)
	if err != nil {
		b.t.Fatal(err)
	}
	token, _, err := b.p.Roll.SignIn(ctx, login, code, "", "192.0.2.7")
	if err != nil {
		b.t.Fatal(err)
	}
	if token, _, err = b.p.Roll.SetPassword(ctx, token, "", password); err != nil {
		b.t.Fatal(err)
	}
	if by.Desk != "" {
		if _, err = b.p.Roll.TakeDesk(ctx, token, desk); err != nil {
			b.t.Fatal(err)
		}
	}
	return by, token
}

func (b *booth) get(target string) *httptest.ResponseRecorder {
	b.t.Helper()
	return do(b.s, as(request("GET", target, ""), b.token))
}

func (b *booth) post(target string, v url.Values) *httptest.ResponseRecorder {
	b.t.Helper()
	return do(b.s, as(request("POST", target, v.Encode()), b.token))
}

// doc reads the page of an answer that has the status wanted.
func (b *booth) doc(w *httptest.ResponseRecorder, status int) *goquery.Document {
	b.t.Helper()
	if w.Code != status {
		body, _ := io.ReadAll(w.Body)
		text := strings.Join(strings.Fields(mustDoc(b.t, string(body)).Find("main").Text()), " ")
		b.t.Fatalf("status %d, want %d: %.900s\n%s", w.Code, status, text, errorLines(logged(b.t)))
	}
	return mustDoc(b.t, w.Body.String())
}

func mustDoc(t *testing.T, body string) *goquery.Document {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// goes is where an answer leads.
func (b *booth) goes(w *httptest.ResponseRecorder) string {
	b.t.Helper()
	if w.Code != 303 {
		b.doc(w, 303)
	}
	return w.Header().Get("Location")
}

// typed reads the intake form of a page as a browser would send it.
func typed(doc *goquery.Document) url.Values {
	v := url.Values{}
	form := doc.Find("form[data-intake]")
	form.Find("input, textarea, select").Each(func(_ int, e *goquery.Selection) {
		name, _ := e.Attr("name")
		_, off := e.Attr("disabled")
		if name == "" || off {
			return
		}
		value, _ := e.Attr("value")
		kind, _ := e.Attr("type")
		switch {
		case kind == "radio" || kind == "checkbox":
			if _, on := e.Attr("checked"); !on {
				return
			}
		case goquery.NodeName(e) == "textarea":
			value = e.Text()
		case goquery.NodeName(e) == "select":
			value, _ = e.Find("option[selected]").Attr("value")
		}
		v.Add(name, value)
	})
	return v
}

// filled is the intake form of a walk-in for a temporary residence with every
// paper in hand, as the page gives it after card and alias.
func (b *booth) filled() url.Values {
	b.t.Helper()
	v := typed(b.doc(b.get(intakePath), 200))
	v.Set("scan", cardQR)
	v = typed(b.doc(b.post(fillPath, v), 200))
	v.Set("q", "tt")
	doc := b.doc(b.post(fillPath, v), 200)
	v = typed(doc)
	doc.Find("[data-checklist] input[type=checkbox]").Each(func(_ int, e *goquery.Selection) {
		value, _ := e.Attr("value")
		v.Add("paper", value)
	})
	v.Set("filer.phone", "0300123456")
	v.Set("fee_case", "Cá nhân, hộ gia đình")
	v.Set("pay", "cash")
	return v
}

// only is the one dossier that the register holds.
func (b *booth) only() dossier.Dossier {
	b.t.Helper()
	page, err := b.p.Register.List(context.Background(), b.by, dossier.Filter{Queue: dossier.OfDesk})
	if err != nil {
		b.t.Fatal(err)
	}
	if len(page.Dossiers) != 1 {
		b.t.Fatalf("the register holds %d dossiers, want 1", len(page.Dossiers))
	}
	return page.Dossiers[0]
}

func (b *booth) none() {
	b.t.Helper()
	page, err := b.p.Register.List(context.Background(), b.by, dossier.Filter{Queue: dossier.OfDesk})
	if err != nil || len(page.Dossiers) != 0 {
		b.t.Fatalf("the register holds %d dossiers, want none (%v)", len(page.Dossiers), err)
	}
}

type selection = goquery.Selection

// storetestAt runs a test on every engine from an instant on.
func storetestAt(t *testing.T, at time.Time, fn func(*testing.T, *store.DB)) {
	t.Helper()
	storetest.EachAt(t, storetest.NewClock(at), fn)
}

// errorLines are the lines of a log that tell of a fault.
func errorLines(log string) string {
	return strings.Join(slices.DeleteFunc(strings.Split(log, "\n"), func(l string) bool { return !strings.Contains(l, "level=ERROR") }), "\n")
}

func crewOf(desk, processor, chief officer.By) demo.Crew {
	return demo.Crew{Desk: desk, Processor: processor, Chief: chief, Head: chief}
}
