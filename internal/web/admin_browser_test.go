package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"quay20/internal/lawtime"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/store/storetest"
	"quay20/internal/web/webtest"
)

// TestBackRoomHasNoBarrier opens every page of those who keep the house, on a
// telephone and on a screen (ux-A1, ux-A2, ux-A3, ux-A6, ux-A7).
func TestBackRoomHasNoBarrier(t *testing.T) {
	b, base := browsedHouse(t)
	first := webtest.Browser(t, base)
	for login, paths := range b.backRoom() {
		p := first.Another()
		b.signsIn(p, login)
		for _, path := range paths {
			if status := p.Goto(path); status != http.StatusOK && status != http.StatusUnprocessableEntity {
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
}

// TestNoticeByKeysWithoutScripts adds a closure with scripts off and the mouse
// put away after the first field.
func TestNoticeByKeysWithoutScripts(t *testing.T) { // ux-A2
	b, base := browsedHouse(t)
	p := webtest.Browser(t, base)
	b.signsIn(p, "xuyen")
	p.NoJS()
	p.Goto(noticesPath + "/new")
	p.Click("#title")
	p.Type("Nghỉ phòng chống lũ")
	p.Click("#date1")
	p.Type("06/03/2026")
	p.Press("Tab")
	p.Type("Đóng")
	p.Press("Tab")
	p.Type("Lũ quét")
	if p.Follow("button[data-main]"); !p.Has(`form[action="` + noticesPath + `"]`) {
		t.Fatalf("no preview: %s", p.Text("main"))
	}
	p.Axe()
	p.Follow(`form[action="` + noticesPath + `"] .govuk-button--warning`)
	if got := p.Text(".govuk-notification-banner"); got != "Đã áp dụng thông báo." {
		t.Errorf("the page says %q", got)
	}
}

// backRoom are the pages to look at, by who opens them.
func (b *bureau) backRoom() map[string][]string {
	may, key := officerHref(b.staff["may"].Officer.ID), func(code string) string {
		u, _ := b.p.Law.Law().Unit(code, "2026-03-02")
		return unitHref(u.Key)
	}
	proposed := b.officer("chin").Grants[1].ID
	return map[string][]string{
		"quantri1": {adminPath, officersPath, officersPath + "/new", may, may + "/change", may + "/grant", may + "/do/disable", officerHref(b.staff["chin"].Officer.ID),
			rolesPath, journalPath, journalPath + "?from=32/01/2026", devicesPath, housePath},
		"quantri2": {adminPath, officerHref(b.staff["chin"].Officer.ID) + "/grants/" + proposed + "/confirm"},
		"xuyen": {adminPath, unitsPath, unitsPath + "?on=05/05/2022", key("12-Q20"), key("03408"), calendarPath + "?year=2026", calendarPath + "?year=1999",
			noticesPath, noticesPath + "/new", noticeHref("2026-03-02-lu-1"), noticeHref("2026-07-01-nq-28"), templatesPath, lintPath, lintPath + "?kind=act-over"},
		"mao":  {journalPath, journalPath + "?act=sign_in&lang=en"},
		"minh": {movedPath, movedPath + "/2026-03-02-lu-1"},
	}
}

// browsedHouse is the back room behind a real listener, with a role that waits,
// dossiers, and a notice that moved them.
func browsedHouse(t *testing.T) (*bureau, string) {
	t.Helper()
	ctx := context.Background()
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
	b.hire("quantri1", "Chẻo Văn Trị", officer.Administrator, "12")
	b.hire("quantri2", "Khoàng Văn Hặc", officer.Administrator, "12")
	b.hire("xuyen", "Đèo Thị Xuyến", officer.ProcedureControl, "12")
	b.hire("mao", "Mào Văn Thanh", officer.Inspector, "12")
	unit, _ := b.p.Law.Law().Unit("12", "2026-03-02")
	_, err := b.p.Roll.Grant(ctx, b.staff["quantri1"].By, b.staff["chin"].Officer.ID, officer.Grant{Role: officer.Administrator, Unit: unit.Key, To: "2026-03-31", Reason: "Thay đồng chí Trị nghỉ phép"})
	b.check(err)
	b.received()
	b.received()
	b.check(b.p.Law.Apply(ctx, pack.Notice{ID: "2026-03-02-lu-1", Announced: "2026-03-02", Title: "Thông báo 15/TB-UBND: nghỉ vì lũ", Law: "nq-28-2026-qh16",
		Days: []lawtime.CalendarDay{{Date: "2026-03-05", Kind: lawtime.Closure, Name: "Nghỉ vì lũ"}}}, b.staff["xuyen"].By))
	_, err = b.p.Register.Recompute(ctx, "2026-03-02-lu-1")
	b.check(err)
	return b, server.URL
}

// signsIn opens the desk in a browser by password and code.
func (b *bureau) signsIn(p *webtest.Page, login string) {
	b.t.Helper()
	b.clock.Add(time.Minute) // a code serves once
	p.Goto(SignInPath + "?next=" + url.QueryEscape("/desk/account"))
	p.Click("#login")
	p.Type(login)
	p.Press("Tab")
	p.Type(testPassword)
	p.Press("Tab")
	if secret := b.staff[login].secret; secret != "" {
		code, err := officer.Code(secret, b.clock.Now())
		b.check(err)
		p.Type(code)
	}
	if p.Enter("Enter"); p.Address() != "/desk/account" {
		b.t.Fatalf("%s signed in and is at %s", login, p.Address())
	}
}
