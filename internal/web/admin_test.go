package web

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"quay20/internal/backup"
	"quay20/internal/dossier"
	"quay20/internal/job"
	"quay20/internal/journal"
	"quay20/internal/node"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
)

// inHouse runs a test on every engine with those who keep the house signed in
// beside the usual staff.
func inHouse(t *testing.T, fn func(*bureau)) {
	t.Parallel()
	inBureau(t, func(b *bureau) {
		b.hire("quantri1", "Chẻo Văn Trị", officer.Administrator, "12")
		b.hire("quantri2", "Khoàng Văn Hặc", officer.Administrator, "12")
		b.hire("xuyen", "Đèo Thị Xuyến", officer.ProcedureControl, "12")
		b.hire("mao", "Mào Văn Thanh", officer.Inspector, "12")
		fn(b)
	})
}

// opened is a page that must answer with a status, as a document.
func (b *bureau) opened(w *httptest.ResponseRecorder, status int) *goquery.Document {
	b.t.Helper()
	doc := mustDoc(b.t, w.Body.String())
	if w.Code != status {
		b.t.Fatalf("status %d, want %d: %.500s %s", w.Code, status, strings.Join(strings.Fields(doc.Find("main").Text()), " "), w.Header().Get("Location"))
	}
	if missing := regexp.MustCompile(`\[[a-z]+\.[a-z.-]+\]`).FindString(w.Body.String()); missing != "" {
		b.t.Errorf("no words for %s", missing)
	}
	return doc
}

// led checks that an answer leads on, and gives where.
func (b *bureau) led(w *httptest.ResponseRecorder) string {
	b.t.Helper()
	b.opened(w, http.StatusSeeOther)
	return w.Header().Get("Location")
}

func (b *bureau) officer(login string) officer.Officer {
	b.t.Helper()
	o, err := b.p.Roll.Officer(context.Background(), officer.Console(), b.staff[login].Officer.ID)
	b.check(err)
	return o
}

func TestEachRoleFindsItsBackRoom(t *testing.T) {
	inHouse(t, func(b *bureau) {
		doors := map[string][]string{
			"quantri1": {officersPath, rolesPath, unitsPath, calendarPath, noticesPath, templatesPath, journalPath, devicesPath, housePath},
			"xuyen":    {rolesPath, unitsPath, calendarPath, noticesPath, templatesPath},
			"mao":      {officersPath, rolesPath, journalPath},
			"minh":     {rolesPath},
		}
		for login, want := range doors {
			var have []string
			doc := b.opened(b.get(login, adminPath), 200)
			doc.Find(".q-doors a").Each(func(_ int, a *goquery.Selection) {
				href, _ := a.Attr("href")
				have = append(have, href)
				b.opened(b.get(login, href), 200)
			})
			if strings.Join(have, " ") != strings.Join(want, " ") {
				t.Errorf("%s finds %v, want %v", login, have, want)
			}
			inNav := doc.Find(`.q-nav a[href="`+adminPath+`"]`).Length() == 1
			if inNav != (login != "minh") {
				t.Errorf("%s: administration in the navigation: %v", login, inNav)
			}
		}
	})
}

// rel-K44: the start code is on one page and nowhere again.
func TestStartCodeIsShownOnce(t *testing.T) {
	inHouse(t, func(b *bureau) {
		b.opened(b.get("quantri1", officersPath+"/new"), 200)
		unit, _ := b.p.Law.Law().Unit("12-PA08", "2026-03-02")
		form := url.Values{"login": {"sua"}, "name": {"Giàng A Súa"}, "title": {"Thiếu úy"}, "person": {"900-777"}, "unit": {string(unit.Key)}}
		doc := b.opened(b.post("quantri1", officersPath, form), 200)
		code := strings.Join(strings.Fields(doc.Find("p.q-code").Text()), "")
		if len(code) < 8 {
			t.Fatalf("start code %q", code)
		}
		if _, s, err := b.p.Roll.SignIn(context.Background(), "sua", code, "", "10.9.9.9:1"); err != nil || !s.MustChange {
			t.Errorf("signing in with the code: %v, must change %v", err, s.MustChange)
		}
		again := b.opened(b.post("quantri1", officersPath, form), http.StatusConflict)
		if again.Find("#login-error").Length() != 1 || again.Find("#name").AttrOr("value", "") != "Giàng A Súa" {
			t.Error("a login that is taken does not bring the form back with what was typed")
		}
		list := b.get("quantri1", officersPath+"?unit="+url.QueryEscape(string(unit.Key))).Body.String()
		if !strings.Contains(list, "Giàng A Súa") || strings.Contains(list, code) {
			t.Error("the list lacks the officer or shows the code")
		}
	})
}

// rel-T27, rel-T26: an administrator is made by two persons, and not by oneself.
func TestAdministratorIsMadeByTwoPersons(t *testing.T) {
	inHouse(t, func(b *bureau) {
		chin := b.staff["chin"].Officer.ID
		unit, _ := b.p.Law.Law().Unit("12", "2026-03-02")
		form := url.Values{"role": {"administrator"}, "unit": {string(unit.Key)}, "from": {"02/03/2026"}, "length": {"replacement"}, "to": {"31/03/2026"}, "reason": {"Thay đồng chí Trị nghỉ phép"}}
		if at := b.led(b.post("quantri1", officerHref(chin)+"/grant", form)); !strings.HasSuffix(at, "done=proposed") {
			t.Fatalf("leads to %s", at)
		}
		g := b.officer("chin").Grants[1]
		if g.State != officer.Proposed || g.To != "2026-03-31" {
			t.Fatalf("grant %+v", g)
		}
		confirm := officerHref(chin) + "/grants/" + g.ID + "/confirm"
		if b.opened(b.get("quantri1", officerHref(chin)), 200).Find(`a[href="`+confirm+`"]`).Length() != 0 {
			t.Error("the proposer is offered to confirm")
		}
		b.opened(b.post("quantri1", confirm, nil), http.StatusForbidden)
		if b.opened(b.get("quantri2", officersPath), 200).Find(".govuk-inset-text a").Length() != 1 {
			t.Error("the second administrator is not told that a role waits")
		}
		if !strings.Contains(b.opened(b.get("quantri2", confirm), 200).Text(), "đến hết 31/03/2026") {
			t.Error("the confirm page does not say until when")
		}
		b.led(b.post("quantri2", confirm, nil))
		if g = b.officer("chin").Grants[1]; g.State != officer.InForce {
			t.Errorf("state %s", g.State)
		}
		revoke := officerHref(chin) + "/grants/" + g.ID + "/revoke"
		if b.opened(b.post("quantri2", revoke, nil), 422).Find("#reason-error").Length() != 1 {
			t.Error("revoking asks for no reason")
		}
		b.led(b.post("quantri2", revoke, url.Values{"reason": {"Đồng chí Trị đã đi làm lại"}}))
		if len(b.officer("chin").Grants) != 1 {
			t.Error("the role was not taken away")
		}
		own := b.staff["quantri1"].Officer.ID
		b.opened(b.post("quantri1", officerHref(own)+"/grant", form), http.StatusForbidden)
	})
}

func TestReplacementNeedsItsLastDay(t *testing.T) {
	inHouse(t, func(b *bureau) {
		may := b.staff["may"].Officer
		form := url.Values{"role": {"approver"}, "unit": {string(may.Unit)}, "from": {"02/03/2026"}, "length": {"replacement"}, "reason": {"Thay chỉ huy đi công tác"}}
		doc := b.opened(b.post("quantri1", officerHref(may.ID)+"/grant", form), 422)
		if doc.Find("#to-error").Length() != 1 || doc.Find(`input[name=role][value=approver]`).AttrOr("checked", "no") == "no" {
			t.Error("no fault at the last day, or what was chosen is lost")
		}
	})
}

// rel-K56, ux-A1: what takes something away says so before, and then acts at once.
func TestDisablingSaysItsConsequenceAndEndsSessions(t *testing.T) {
	inHouse(t, func(b *bureau) {
		page := officerHref(b.staff["may"].Officer.ID) + "/do/disable"
		if said := b.opened(b.get("quantri1", page), 200).Find(".govuk-inset-text").Text(); !strings.Contains(said, "mọi phiên đang mở kết thúc") {
			t.Errorf("consequence %q", said)
		}
		b.led(b.post("quantri1", page, url.Values{"reason": {"Chuyển công tác"}}))
		b.opened(b.get("may", "/desk/account"), http.StatusUnauthorized)
		enable := officerHref(b.staff["may"].Officer.ID) + "/do/enable"
		if b.opened(b.post("quantri1", enable, url.Values{"reason": {"Nhầm"}}), 200).Find("p.q-code").Length() != 1 {
			t.Error("enabling shows no start code")
		}
		b.opened(b.get("quantri1", officerHref(b.staff["may"].Officer.ID)+"/do/nonsense"), 404)
	})
}

// rel-K51, rel-K57
func TestResetsAndEndedSessions(t *testing.T) {
	inHouse(t, func(b *bureau) {
		chin := officerHref(b.staff["chin"].Officer.ID)
		b.led(b.post("quantri1", chin+"/do/end-sessions", nil))
		b.opened(b.get("chin", "/desk/account"), http.StatusUnauthorized)
		for _, act := range []string{"reset-password", "reset-factor"} {
			if b.opened(b.post("quantri1", chin+"/do/"+act, nil), 200).Find("p.q-code").Length() != 1 {
				t.Errorf("%s shows no start code", act)
			}
		}
		if b.officer("chin").TOTP {
			t.Error("the second factor is still there")
		}
	})
}

// rel-K58: after ten minutes the officer proves themselves again, then goes on.
func TestOldProofLeadsToProvingAgain(t *testing.T) {
	inHouse(t, func(b *bureau) {
		b.clock.Add(11 * time.Minute)
		for _, page := range []string{officersPath + "/new", officerHref(b.staff["may"].Officer.ID) + "/do/disable", noticesPath + "/new"} {
			if at := b.led(b.get("quantri1", page)); at != "/desk/account/prove?next="+url.QueryEscape(page) {
				t.Errorf("%s leads to %s", page, at)
			}
		}
		b.led(b.post("quantri1", officerHref(b.staff["may"].Officer.ID)+"/do/disable", url.Values{"reason": {"x"}}))
		if !b.officer("may").Active {
			t.Error("done without a fresh proof")
		}
		if at := b.led(b.get("mao", journalPath+"/export?act=view")); !strings.Contains(at, url.QueryEscape(journalPath+"/export?act=view")) {
			t.Errorf("export leads to %s", at)
		}
	})
}

// rel-K61, rel-I-P2: an administrator of one unit knows nothing of another.
func TestOfficerOutsideTheScopeIsUnknown(t *testing.T) {
	inHouse(t, func(b *bureau) {
		b.hire("nho", "Vàng Văn Nhỏ", officer.Administrator, "12-PA08")
		for _, page := range []string{"", "/change", "/grant", "/do/disable"} {
			if w := b.get("nho", officerHref(b.staff["minh"].Officer.ID)+page); w.Code != 404 {
				t.Errorf("%s answers %d", page, w.Code)
			}
		}
		b.opened(b.get("nho", officerHref(b.staff["may"].Officer.ID)), 200)
		if strings.Contains(b.get("nho", officersPath).Body.String(), "Lò Thị Minh") {
			t.Error("the list names an officer outside the scope")
		}
	})
}

func TestOrganisationIsShownAsOfADay(t *testing.T) {
	inHouse(t, func(b *bureau) {
		now := b.opened(b.get("xuyen", unitsPath), 200)
		then := b.opened(b.get("xuyen", unitsPath+"?on=05/05/2022"), 200)
		if have := then.Find(".q-tree a").Length(); have <= now.Find(".q-tree a").Length() || !strings.Contains(then.Text(), "Tam Đường") {
			t.Errorf("2022 has %d units", have)
		}
		b.opened(b.get("xuyen", unitsPath+"?on=31/02/2022"), 422)
		b.opened(b.get("xuyen", unitsPath+"/0000@2022-01-01"), 404)
		law := b.p.Law.Law()
		invented := 0
		for _, u := range append(law.Units("2022-05-05"), law.Units("2026-03-02")...) {
			if len(u.Agency) > 0 && u.Agency[0].Invented && invented < 2 {
				invented++
				if text := b.opened(b.get("xuyen", unitHref(u.Key)), 200).Text(); !strings.Contains(text, "mã do hệ thống tự đặt") {
					t.Errorf("%s does not say that its code is invented", u.Key)
				}
			}
		}
		desk, _ := law.Unit("12-Q20", "2026-03-02")
		text := b.opened(b.get("xuyen", unitHref(desk.Key)), 200).Text()
		if !strings.Contains(text, "07:00–11:30, 13:30–17:00") || !strings.Contains(text, "Giờ tính thời hạn") {
			t.Error("the desk's hours are missing")
		}
	})
}

func TestCalendarNamesTheNoticeOfEachDay(t *testing.T) {
	inHouse(t, func(b *bureau) {
		text := b.opened(b.get("xuyen", calendarPath+"?year=2026"), 200).Find("main").Text()
		for _, want := range []string{"thứ Ba 24/11/2026", "Ngày Văn hóa Việt Nam", "công bố khi năm đã bắt đầu", "Làm bù cho ngày 02/01/2026"} {
			if !strings.Contains(text, want) {
				t.Errorf("the calendar of 2026 lacks %q", want)
			}
		}
		if b.opened(b.get("xuyen", calendarPath+"?year=1999"), 422).Find(".govuk-error-summary").Length() != 1 {
			t.Error("a year without a calendar is not refused")
		}
	})
}

var storm = url.Values{"id": {"2026-03-02-bao-1"}, "announced": {"02/03/2026"}, "title": {"Thông báo 12/TB-UBND: nghỉ phòng chống bão"},
	"rows": {"3"}, "date1": {"03/03/2026"}, "kind1": {"closure"}, "name1": {"Nghỉ phòng chống bão"}}

// with is a copy of a form with a field changed.
func with(form url.Values, name, value string) url.Values {
	out := url.Values{}
	for k, v := range form {
		out[k] = append([]string(nil), v...)
	}
	out.Set(name, value)
	return out
}

// rel-I-C5, rel-I-P4: a notice is previewed without effect, then moves dates in
// the journal, and the people are listed for those who may see them.
func TestNoticeIsPreviewedAppliedAndTold(t *testing.T) {
	inHouse(t, func(b *bureau) {
		d := b.received()
		preview := b.opened(b.post("xuyen", noticesPath+"/preview", with(storm, "x", "")), 200)
		if text := preview.Find("main").Text(); !strings.Contains(text, "1 hồ sơ đang giải quyết sẽ đổi ngày hẹn") || !strings.Contains(strings.Join(strings.Fields(text), ""), strings.Join(strings.Fields(string(d.Code)), "")) {
			t.Error("the preview does not list the dossier")
		}
		if b.now(d).Version != d.Version || len(b.now(d).Moves) != 0 {
			t.Error("the preview changed the dossier")
		}
		kept := url.Values{}
		preview.Find(`form[action="` + noticesPath + `"] input[type=hidden]`).Each(func(_ int, in *goquery.Selection) {
			kept.Add(in.AttrOr("name", ""), in.AttrOr("value", ""))
		})
		at := b.led(b.post("xuyen", noticesPath, kept))
		if at != noticeHref("2026-03-02-bao-1")+"?done=applied" {
			t.Fatalf("leads to %s", at)
		}
		moved := b.now(d)
		if want := d.Clock.Due.Add(24 * time.Hour); !moved.Clock.Due.Equal(want) {
			t.Errorf("due %s, want %s", moved.Clock.Due, want)
		}
		page := b.get("xuyen", at)
		if body := page.Body.String(); strings.Contains(body, d.Filer.Name) || strings.Contains(body, "000 001") || !strings.Contains(body, "Đèo Thị Xuyến") {
			t.Error("the notice's page names a person, or not who applied it")
		}
		b.opened(b.get("xuyen", movedPath+"/2026-03-02-bao-1"), http.StatusForbidden)
		b.opened(b.get("minh", movedPath), 200)
		if b.opened(b.get("minh", "/desk"), 200).Find(`main a[href="`+movedPath+`"]`).Length() != 1 {
			t.Error("the desk does not lead to the people to be told")
		}
		told := b.opened(b.get("minh", movedPath+"/2026-03-02-bao-1"), 200).Text()
		if !strings.Contains(told, d.Filer.Name) || !strings.Contains(told, "0300") {
			t.Error("the desk's list lacks the person or the telephone")
		}
		views, err := b.p.Register.Views(context.Background(), d)
		b.check(err)
		if len(views) != 1 || !strings.Contains(views[0].Reason, "2026-03-02-bao-1") {
			t.Errorf("views %+v", views)
		}
		b.led(b.post("xuyen", noticesPath, kept)) // sent twice changes nothing
		if len(b.now(d).Moves) != 1 {
			t.Error("the second press moved the date again")
		}
		b.opened(b.post("xuyen", noticesPath, with(kept, "title", "Khác")), http.StatusConflict)
	})
}

func TestFaultyNoticesSayWhatIsWrong(t *testing.T) {
	inHouse(t, func(b *bureau) {
		for fault, form := range map[string]url.Values{
			"id": with(storm, "id", "Bão số 1"), "title": with(storm, "title", " "), "announced": with(storm, "announced", "hôm nay"),
			"date1": with(storm, "date1", "31/02/2026"), "kind1": with(storm, "kind1", ""), "law": with(storm, "law", "nd-1-1999"),
			"days": with(with(with(storm, "date1", ""), "kind1", ""), "name1", ""), "desks": with(storm, "desks", "nowhere"),
		} {
			doc := b.opened(b.post("xuyen", noticesPath+"/preview", form), 422)
			if doc.Find(`.govuk-error-summary a[href="#`+fault+`"]`).Length() != 1 || doc.Find("#"+fault).Length() != 1 {
				t.Errorf("%s: no fault at its field: %s", fault, doc.Find(".govuk-error-summary").Text())
			}
		}
		more := b.opened(b.post("xuyen", noticesPath+"/preview", with(storm, "more", "6")), 200)
		if more.Find("#date6").Length() != 1 || more.Find("#date1").AttrOr("value", "") != "03/03/2026" {
			t.Error("more rows lose what was typed")
		}
	})
}

func TestEveryTemplatePrintsATrial(t *testing.T) {
	inHouse(t, func(b *bureau) {
		links := b.opened(b.get("xuyen", templatesPath), 200).Find(`a[href^="` + templatesPath + `/"]`)
		if links.Length() != len(b.p.Law.Law().Slips()) {
			t.Fatalf("%d test prints for %d templates", links.Length(), len(b.p.Law.Law().Slips()))
		}
		links.Each(func(_ int, a *goquery.Selection) {
			href, _ := a.Attr("href")
			w := b.get("xuyen", href)
			if body := w.Body.Bytes(); w.Code != 200 || !bytes.HasPrefix(body, []byte("%PDF")) && !bytes.HasPrefix(body, []byte("PK")) {
				t.Errorf("%s: %d %.20q", href, w.Code, body)
			}
		})
		b.opened(b.get("xuyen", templatesPath+"/receipt/1999/x"), 404)
	})
}

// rel-I-P2: a reader learns nothing of dossiers outside their scope, and an
// administrator nothing of what is in them.
func TestJournalKeepsToTheReadersScope(t *testing.T) {
	inHouse(t, func(b *bureau) {
		d := b.received()
		_, err := b.p.Register.View(context.Background(), d.ID, b.staff["minh"].By, "Trả lời người dân hỏi")
		b.check(err)
		b.hire("xa", "Lường Văn Xa", officer.Inspector, "03408")
		all := b.opened(b.get("mao", journalPath), 200).Text()
		if !strings.Contains(all, "Trả lời người dân hỏi") || !strings.Contains(all, "Cán bộ tiếp nhận và trả kết quả") {
			t.Error("the inspector of the province does not see the view and its reason")
		}
		if far := b.opened(b.get("xa", journalPath), 200).Text(); strings.Contains(far, "Hồ sơ "+string(d.Code)) || strings.Contains(far, "Trả lời người dân") || strings.Contains(far, "Lò Thị Minh") {
			t.Error("the inspector of another unit sees the dossier's entries")
		}
		known := b.opened(b.get("xa", journalPath+"?dossier="+url.QueryEscape(string(d.Code))), 422).Find("#dossier-error").Text()
		never := b.opened(b.get("xa", journalPath+"?dossier=000.00.20.H35-260302-9999"), 422).Find("#dossier-error").Text()
		if known != never {
			t.Errorf("an unseen dossier %q differs from one that never was %q", known, never)
		}
		admin := b.opened(b.get("quantri1", journalPath+"?act=view"), 200)
		if text := admin.Find("main").Text(); strings.Contains(text, "Trả lời người dân") || admin.Find("main table a").Length() != 0 {
			t.Error("the administrator reads the reason or is led to the dossier")
		}
		if one := b.opened(b.get("mao", journalPath+"?dossier="+url.QueryEscape(string(d.Code))+"&from=02/03/2026&to=02/03/2026"), 200); one.Find("main tbody tr").Length() != 2 {
			t.Errorf("%d entries about the dossier, want receive and view", one.Find("main tbody tr").Length())
		}
		b.opened(b.get("minh", journalPath), http.StatusForbidden)
		b.opened(b.get("mao", journalPath+"?from=32/01/2026"), 422)
	})
}

// ux-A6: who looked at one person, over all their dossiers.
func TestJournalOfAPersonSpansTheirDossiers(t *testing.T) {
	inHouse(t, func(b *bureau) {
		first := b.received()
		again, other := b.p.Intake("1.001456"), b.received()
		again.Filer, again.Again = first.Filer, "Làm thêm một quyển"
		second, err := b.p.Register.Receive(context.Background(), again, b.staff["minh"].By, "second")
		b.check(err)
		for _, d := range []dossier.Dossier{first, second, other} {
			_, err := b.p.Register.View(context.Background(), d.ID, b.staff["minh"].By, "Người dân hỏi")
			b.check(err)
		}
		views := func(query string) int {
			return b.opened(b.get("mao", journalPath+"?act=view&dossier="+url.QueryEscape(string(first.Code))+query), 200).Find("main tbody tr").Length()
		}
		if one, all := views(""), views("&person=1"); one != 1 || all != 2 {
			t.Errorf("%d views of the dossier and %d of the person, want 1 and 2", one, all)
		}
	})
}

// ux-A5: nodes that fell silent and desks that are open.
func TestDevicesTellWhatServesAndWhoSits(t *testing.T) {
	inHouse(t, func(b *bureau) {
		ctx := context.Background()
		b.check(b.s.DB.Write(ctx, func(tx *store.Tx) error {
			for _, name := range []string{"mot 127.0.0.1:1", "hai 127.0.0.1:2"} {
				if err := node.Beat(tx, node.Node{Name: name, Version: name[:3], Started: tx.Now}); err != nil {
					return err
				}
			}
			return nil
		}))
		doc := b.opened(b.get("quantri1", devicesPath), 200)
		if text := doc.Find("main").Text(); !strings.Contains(text, "Lò Thị Minh") || !strings.Contains(text, "phiên bản khác nhau") || doc.Find(".govuk-tag--green").Length() != 2 {
			t.Errorf("devices: %s", text)
		}
		b.clock.Add(11 * time.Minute)
		b.check(b.s.DB.Write(ctx, func(tx *store.Tx) error {
			return node.Beat(tx, node.Node{Name: "hai 127.0.0.1:2", Version: "hai", Started: tx.Now})
		}))
		doc = b.opened(b.get("quantri1", devicesPath), 200)
		if got := strings.TrimSpace(doc.Find(".govuk-tag--red").Text()); got != "Mất liên lạc: gọi người giữ máy chủ" {
			t.Errorf("a lost node is %q", got)
		}
		if text := b.opened(b.get("quantri1", housePath), 200).Find("main").Text(); !strings.Contains(text, "Máy chủ mot 127.0.0.1:1 không báo tin") {
			t.Error("the page of the house says nothing of a lost node")
		}
		b.opened(b.get("minh", devicesPath), http.StatusForbidden)
	})
}

// Who keeps the house has nothing at the desk's home and is led to theirs.
func TestDeskOfAnAdministratorIsTheBackRoom(t *testing.T) {
	inHouse(t, func(b *bureau) {
		if to := b.led(b.get("quantri1", "/desk")); to != adminPath {
			t.Errorf("led to %q", to)
		}
		b.opened(b.get("minh", "/desk"), 200)
	})
}

func TestJournalIsReadPageByPage(t *testing.T) {
	inHouse(t, func(b *bureau) {
		d := b.received()
		for range entriesAtOnce + 10 {
			_, err := b.p.Register.View(context.Background(), d.ID, b.staff["minh"].By, "Xem")
			b.check(err)
		}
		first := b.opened(b.get("mao", journalPath+"?act=view"), 200)
		next, _ := first.Find("a[rel=next]").Attr("href")
		second := b.opened(b.get("mao", next), 200)
		if n, m := first.Find("main tbody tr").Length(), second.Find("main tbody tr").Length(); n != entriesAtOnce || m != 10 {
			t.Errorf("pages of %d and %d entries", n, m)
		}
	})
}

// rel-K08, rel-K58: the export runs nothing and is itself in the journal.
func TestJournalExportIsInertAndJournaled(t *testing.T) {
	inHouse(t, func(b *bureau) {
		d := b.received()
		for _, why := range []string{"=HYPERLINK(\"x\")", "+1", "-1", "@SUM(A1)", "bình \"thường\", có phẩy"} {
			_, err := b.p.Register.View(context.Background(), d.ID, b.staff["minh"].By, why)
			b.check(err)
		}
		w := b.get("mao", journalPath+"/export?act=view")
		rows, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(w.Body.Bytes(), []byte("\ufeff")))).ReadAll()
		b.check(err)
		if len(rows) != 6 || !strings.Contains(w.Header().Get("Content-Disposition"), "attachment") {
			t.Fatalf("%d rows, %s", len(rows), w.Header().Get("Content-Disposition"))
		}
		for _, row := range rows {
			for _, cell := range row {
				if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
					t.Errorf("cell %q is alive", cell)
				}
			}
		}
		b.check(b.s.DB.Read(context.Background(), func(tx *store.Tx) error {
			entries, err := journal.List(tx, journal.Filter{Act: "export_journal"})
			if len(entries) != 1 || !strings.Contains(string(entries[0].Facts), `"rows":5`) {
				t.Errorf("journaled %+v", entries)
			}
			return err
		}))
	})
}

// ux-A7, rel-I-J6: all is well in one line; otherwise what and since when, and
// after a day without a witness every desk is told.
func TestHealthIsPlainWords(t *testing.T) {
	inHouse(t, func(b *bureau) {
		dir := t.TempDir()
		keys, err := journal.LoadKeys(dir + "/keys")
		b.check(err)
		b.s.Witness = &journal.Witness{DB: b.s.DB, Keys: keys, Dir: dir + "/witness"}
		b.check(b.s.Witness.Copy(context.Background()))
		_, err = b.p.Register.Sweep(context.Background())
		b.check(err)
		never := b.opened(b.get("quantri1", housePath), 200)
		if text := never.Find("main").Text(); !strings.Contains(text, "Chưa có bản sao lưu nào") || never.Find("#all-well").Length() != 0 {
			t.Errorf("a house without a backup is well: %s", text)
		}
		run := backup.Run{At: b.clock.Now(), Took: 3 * time.Second, File: "quay20-20260302-010000.backup", Made: b.clock.Now(), Bytes: 5 << 20, Rows: 1234, Entries: 56}
		drill := func(r backup.Run) {
			b.check(b.s.DB.Write(context.Background(), func(tx *store.Tx) error { return backup.NoteDrill(tx, r, backup.By{}) }))
			b.check(b.s.Witness.Copy(context.Background()))
		}
		drill(run)
		b.s.Backups = &backup.Nightly{Dir: "/mnt/backups", Time: time.Hour}
		b.s.Folders = []Folder{{"admin.folder.data", dir}, {"admin.folder.backups", filepath.Join(dir, "gone")}}
		text := b.opened(b.get("quantri1", housePath), 200).Find("main").Text()
		for _, want := range []string{"Mọi thứ đều ổn.", "dựng lại trong 3 giây, khớp 1.234 dòng", "56 mục, không sai lệch", "01 giờ 00, thứ Ba 03/03/2026", "/mnt/backups", "còn "} {
			if !strings.Contains(text, want) && (want != "Mọi thứ đều ổn." || b.s.DB.Engine() == "sqlite") { // a test's PostgreSQL has no standby
				t.Errorf("health lacks %q: %s", want, text)
			}
		}
		b.clock.Add(time.Minute)
		run.Problem = problem.New(problem.Unsupported, "backup.err.short", "file", run.File, "have", 10, "want", 20)
		drill(run)
		if text := b.opened(b.get("quantri1", housePath), 200).Find("main").Text(); !strings.Contains(text, "Sao lưu: quay20-20260302-010000.backup bị cụt: còn 10 byte trên 20") {
			t.Errorf("a failed drill is not told: %s", text)
		}
		b.check(b.s.DB.Write(context.Background(), func(tx *store.Tx) error { return job.Enqueue(tx, "test", "x") }))
		b.clock.Add(25 * time.Hour)
		b.again("quantri1")
		b.again("minh")
		doc := b.opened(b.get("quantri1", housePath), 200)
		for _, want := range []string{"bản sao đầu sổ không nhận được", "Chưa rà được hồ sơ", "bị cụt", "Việc chờ đã đến lượt", "9 giờ 15, thứ Hai 02/03/2026"} {
			if !strings.Contains(doc.Find("main").Text(), want) {
				t.Errorf("health lacks %q", want)
			}
		}
		if doc.Find("#all-well").Length() != 0 || b.opened(b.get("minh", "/desk/account"), 200).Find(".q-warning").Length() != 1 {
			t.Error("all is said to be well, or the desk is not told")
		}
		b.check(b.s.Witness.Copy(context.Background()))
		if b.opened(b.get("minh", "/desk/account"), 200).Find(".q-warning").Length() != 0 {
			t.Error("the desk is told although the witness was reached")
		}
	})
}

func TestJobGivenUpIsTriedAgain(t *testing.T) {
	inHouse(t, func(b *bureau) {
		var id string
		b.check(b.s.DB.Write(context.Background(), func(tx *store.Tx) error {
			if err := job.Enqueue(tx, "test", "x"); err != nil {
				return err
			}
			jobs, err := job.Waiting(tx, 1)
			if err == nil {
				id = jobs[0].ID
				_, err = tx.Exec("UPDATE job SET given_up = $1 WHERE id = $2", true, id)
			}
			return err
		}))
		if b.opened(b.get("quantri1", housePath), 200).Find(`button[name=job][value="`+id+`"]`).Length() != 1 {
			t.Fatal("the job given up is not listed")
		}
		b.led(b.post("quantri1", housePath+"/jobs", url.Values{"job": {id}}))
		if b.opened(b.get("quantri1", housePath), 200).Find("button[name=job]").Length() != 0 {
			t.Error("the job is still given up")
		}
		b.opened(b.post("quantri1", housePath+"/jobs", url.Values{"job": {"nothing"}}), 404)
	})
}

// rel-T05, rel-I-J7: what verify compares agrees after everything the back room did.
func TestBackRoomLeavesAWholeJournal(t *testing.T) {
	inHouse(t, func(b *bureau) {
		b.received()
		b.led(b.post("quantri1", officerHref(b.staff["may"].Officer.ID)+"/do/disable", url.Values{"reason": {"Chuyển công tác"}}))
		b.led(b.post("xuyen", noticesPath, with(storm, "x", "")))
		b.get("mao", journalPath+"/export")
		keys, err := journal.LoadKeys(t.TempDir() + "/keys")
		b.check(err)
		report, err := journal.Verify(context.Background(), b.s.DB, keys, t.TempDir(), b.s.Protected...)
		b.check(err)
		if !report.OK() {
			t.Errorf("faults %+v", report.Faults)
		}
	})
}

func TestQueuesAreCountedToAThousand(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 199: "199", dossier.Many: "200", dossier.Many + 1: "200+"} {
		if have := fmt.Sprint(many(n)); have != want {
			t.Errorf("%d dossiers are shown as %q, want %q", n, have, want)
		}
	}
}

func TestSpansAndShiftsOfDays(t *testing.T) {
	t.Parallel()
	if shifted("2026-02-28", 1) != "2026-03-01" || shifted("", 1) != "" {
		t.Error("a day after the last of February")
	}
	for span, want := range map[pack.Span]string{
		{}: "không giới hạn", {From: "2025-07-01"}: "từ 01/07/2025", {To: "2025-02-28"}: "đến hết 28/02/2025",
		{From: "2022-01-01", To: "2025-02-28"}: "từ 01/01/2022 đến hết 28/02/2025",
	} {
		if have := spanWords("vi", span); have != want {
			t.Errorf("%+v is %q", span, have)
		}
	}
}
