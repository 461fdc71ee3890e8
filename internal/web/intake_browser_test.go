package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"quay20/internal/dossier"
	"quay20/internal/officer"
	"quay20/internal/store/storetest"
	"quay20/internal/web/webtest"
)

// atBrowser opens a desk in a real browser, signed in.
func atBrowser(t *testing.T, desk string) (*booth, *webtest.Page) {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	db := storetest.Open(t, filepath.Join(t.TempDir(), "desk.db"), storetest.NewClock(morning))
	b := newBooth(t, db, desk, "http://"+server.Listener.Addr().String())
	if st, err := b.s.static(); err != nil || st.url("dist/desk.js") == "" {
		t.Skip("scripts are not built; run npm run build")
	}
	b.s.public("GET /login", func(w http.ResponseWriter, r *http.Request) error {
		b.s.setSession(w, b.token)
		return b.s.redirect(w, r, "/desk")
	})
	server.Config.Handler = b.s.Handler()
	server.Start()
	t.Cleanup(server.Close)
	p := webtest.Browser(t, server.URL)
	p.Goto("/login")
	return b, p
}

// ux 2.3.1: the walk-in, from the scan to the printed slip, by keyboard alone.
func TestWalkInTakesAtMost25Keys(t *testing.T) {
	t.Parallel()
	b, p := atBrowser(t, commune)
	p.Goto(intakePath)
	cursorAt(p, "scan")
	before, _ := p.Hands()
	p.Scan(cardQR) // the page comes back with the person
	p.Wait(`[id="filer.name"][value="LÒ THỊ PÂNG"]`)
	cursorAt(p, "procedure")
	p.Type("tt")
	p.Enter("Enter")
	cursorAt(p, "papers")
	p.Press("*", "Enter")
	p.Type("0300123456")
	p.Press("Enter") // result at the counter
	p.Press("Enter") // on to the fee's case
	p.Press("1", "Enter", "1")
	p.Enter("Ctrl+Enter")
	p.Wait("#done")
	keys, clicks := p.Hands()
	if keys-before > 25 || clicks > 0 {
		t.Errorf("%d keys and %d clicks", keys-before, clicks)
	}
	t.Logf("walk-in: %d keys", keys-before)
	d := b.only()
	if d.State != dossier.Accepted || d.Filer.Phone != "+84300123456" || !d.Fee.Paid || !d.Papers[0].Present {
		t.Errorf("received %s, phone %s, paid %v", d.State, d.Filer.Phone, d.Fee.Paid)
	}
	if to := p.Address(); to != "/desk/dossiers/"+string(d.Code)+"/printed" {
		t.Errorf("the address still asks to print: %s", to)
	}
}

// ux 2.9: returning a result is a scan and three keys.
func TestReturningTakesThreeKeys(t *testing.T) {
	t.Parallel()
	b, p := atBrowser(t, counter20)
	d := b.concluded()
	facts, err := b.p.Register.Print(context.Background(), d.ID, "receipt", "", b.by, b.s.Origin)
	if err != nil {
		t.Fatal(err)
	}
	p.Goto("/desk/return")
	cursorAt(p, "scan")
	p.Scan(facts.TrackURL)
	p.Wait(`input[name="who"]`)
	p.Press("Enter")
	p.Enter("Ctrl+Enter")
	p.Wait("#done")
	if keys, clicks := p.Hands(); keys > 3 || clicks > 0 {
		t.Errorf("%d keys and %d clicks", keys, clicks)
	}
	if d, _ := b.p.Register.Find(context.Background(), d.ID, b.by); d.State != dossier.Returned {
		t.Errorf("the dossier is %s", d.State)
	}
}

// The pages of the counter have no barrier and never scroll sideways; O3 fits
// the counter's screen.
func TestCounterPagesHaveNoBarrier(t *testing.T) {
	t.Parallel()
	b, p := atBrowser(t, counter20)
	d := b.concluded()
	for _, address := range []string{"/desk", takePath, intakePath, intakePath + "?procedure=" + passport, "/desk/return", "/desk/dossiers/" + string(d.Code) + "/hand-over",
		"/desk/dossiers/" + string(d.Code) + "/fee", "/desk/dossiers/" + string(d.Code) + "/printed", "/desk/register", "/desk/search", "/desk/end-of-day", "/desk/receipts",
		accountPath, accountPath + "/prove"} {
		for _, width := range []int{360, 1366} {
			p.Width(width)
			if status := p.Goto(address); status != 200 {
				t.Errorf("%s: %d", address, status)
			}
			if p.Scrolls() {
				t.Errorf("%s scrolls sideways at %d", address, width)
			}
		}
		p.Axe()
	}
}

// concluded is a passport dossier whose result waits at quầy 20.
func (b *booth) concluded() dossier.Dossier {
	b.t.Helper()
	ctx := context.Background()
	d, err := b.p.Receive(ctx, b.by, passport)
	if err != nil {
		b.t.Fatal(err)
	}
	hire := func(login string, role officer.Role, unit string) officer.By {
		by, _, err := b.p.Hire(ctx, login, "Tẩn Thị Mẩy", "Đại úy", role, unit)
		if err != nil {
			b.t.Fatal(err)
		}
		return by
	}
	crew := crewOf(b.by, hire("thuly", officer.Processor, "12-PA08"), hire("chihuy", officer.Approver, "12-PA08"))
	if d, err = b.p.Work(ctx, d, crew, 9, func() {}); err != nil {
		b.t.Fatal(err)
	}
	return d
}

// cursorAt waits until the cursor is in a field, as an officer sees it.
func cursorAt(p *webtest.Page, id string) {
	webtest.Eval[bool](p, `new Promise(done => { const look = () => document.readyState === "complete" && document.activeElement?.id === "`+id+`" ? done(true) : setTimeout(look, 20); look() })`)
}

// A fee for each person asks how many as soon as its case is chosen.
func TestFeePerPersonAsksForTheNumber(t *testing.T) {
	t.Parallel()
	b, p := atBrowser(t, commune)
	p.Goto(intakePath)
	p.Scan(cardQR)
	p.Wait(`[id="filer.name"][value="LÒ THỊ PÂNG"]`)
	p.Type("tt")
	p.Enter("Enter")
	p.Wait(`[name="fee_case"]`)
	p.Click(`[name="fee_case"][value="Theo danh sách"]`)
	p.Wait("#fee_count")
	p.Click("#fee_count")
	p.Type("12")
	p.Press("Tab")
	webtest.Eval[bool](p, `new Promise((done) => {
		const sum = document.getElementById("sum");
		const look = () => sum.textContent.includes("120.000 đồng") && done(true);
		new MutationObserver(look).observe(sum, { childList: true, subtree: true });
		look();
	})`) // or the step's patience ends
	b.none()
}
