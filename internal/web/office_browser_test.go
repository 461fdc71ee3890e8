package web

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"quay20/internal/dossier"
	"quay20/internal/officer"
	"quay20/internal/store/storetest"
	"quay20/internal/web/webtest"
)

// openBureau is a bureau behind a real listener.
func openBureau(t *testing.T) (*bureau, string) {
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
	return b, server.URL
}

// enter signs an officer in as they do, by typing.
func (b *bureau) enter(p *webtest.Page, login string) {
	b.t.Helper()
	p.Goto(SignInPath)
	p.Click("#login")
	p.Type(login)
	p.Press("Tab")
	p.Type(testPassword)
	if secret := b.staff[login].secret; secret != "" {
		b.clock.Add(31 * time.Second)
		code, err := officer.Code(secret, b.clock.Now())
		b.check(err)
		p.Press("Tab")
		p.Type(code)
	}
	if status := p.Enter("Enter"); status != http.StatusOK {
		b.t.Fatalf("signing in as %s answers %d", login, status)
	}
}

// ux-P1 to ux-P8, ux-L2, ux-L4: no barrier, and nothing wider than the screen.
func TestOfficePagesHaveNoBarrier(t *testing.T) {
	b, base := openBureau(t)
	one := b.received()
	two := b.received(func(in *dossier.Intake) { in.Filer, in.Again = one.Filer, "Nộp lại" })
	b.do("may", two, &dossier.RequestSupplement{Items: []dossier.Item{{Paper: "Ảnh chân dung", Reason: "Ảnh bị mờ", Todo: "Chụp lại"}}})
	away := b.do("chin", b.received(), &dossier.Transfer{Unit: "12-PC06", Reason: "Đúng thẩm quyền"})
	b.toSign()
	p := webtest.Browser(t, base)
	look := func(login string, paths ...string) {
		b.enter(p, login)
		for _, path := range paths {
			if status := p.Goto(path); status != http.StatusOK {
				t.Errorf("%s as %s: %d", path, login, status)
			}
			for _, width := range []int{360, 1280} {
				p.Width(width)
				if p.Scrolls() {
					t.Errorf("%s is wider than %d", path, width)
				}
			}
			p.Axe()
		}
	}
	do := "/desk/dossiers/" + one.ID + "/do/"
	look("may", "/desk/work?queue=new", "/desk/work?queue=late", "/desk/dossiers/"+one.ID, "/desk/dossiers/"+two.ID, do+"request_supplement", do+"propose_apology",
		do+"advance", do+"demand_payment", "/desk/dossiers/"+one.ID+"/compare?with="+two.ID)
	look("chin", "/desk/dossiers/"+away.ID, "/desk/sign", do+"transfer", do+"stop")
	look("minh", do+"correct", do+"withdraw")
	b.clock.Set(one.Clock.Due.AddDate(0, 0, 2))
	look("chin", "/desk/late")
}

// A leader signs and sends back from the keyboard; a processing officer asks
// for a paper without a mouse.
func TestOfficersWorkFromTheKeyboard(t *testing.T) { // ux-L2, ux-P4, ux 2.9
	b, base := openBureau(t)
	one, two := b.toSign(), b.toSign()
	p := webtest.Browser(t, base)
	b.enter(p, "chin")
	p.Goto("/desk/sign")
	first := p.Text(".q-identity__code")
	if status := p.Enter("j"); status != http.StatusOK || p.Text(".q-identity__code") == first {
		t.Errorf("j leads to %s (%d)", p.Text(".q-identity__code"), status)
	}
	p.Enter("k")
	if status := p.Enter("Ctrl+Enter"); status != http.StatusOK {
		t.Errorf("signing answers %d", status)
	}
	p.Click("#reason")
	p.Type("jk thieu y kien")
	if status := p.Enter("Ctrl+Shift+Enter"); status != http.StatusOK {
		t.Errorf("sending back answers %d", status)
	}
	signed, returned := b.now(one), b.now(two)
	if signed.State != dossier.Concluded {
		signed, returned = returned, signed
	}
	if signed.State != dossier.Concluded || returned.Step != two.Step-1 {
		t.Errorf("one is %s, the other at step %d", signed.State, returned.Step)
	}
	d := b.received()
	b.enter(p, "may")
	p.Goto("/desk/dossiers/" + d.ID + "/do/request_supplement")
	p.Click("#reason-0")
	p.Press("3") // does not read
	if status := p.Enter("Ctrl+Enter"); status != http.StatusOK || b.now(d).State != dossier.Supplement {
		t.Errorf("asking for a paper answers %d, the dossier is %s", status, b.now(d).State)
	}
}
