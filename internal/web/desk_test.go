package web

import (
	"bytes"
	"context"
	"net/url"
	"strings"
	"testing"

	"quay20/internal/dossier"
	"quay20/internal/journal"
	"quay20/internal/officer"
	"quay20/internal/store"
)

// ux-O1: a start code leads to a password of one's own, then to the desk.
func TestSignInLeadsThroughPasswordToTheDesk(t *testing.T) {
	atBooth(t, counter20, func(t *testing.T, b *booth) {
		_, code, err := b.p.Hire(context.Background(), "moi", "Vàng Thị Mới", "Trung úy", officer.Receptionist, counter20)
		if err != nil {
			t.Fatal(err)
		}
		enter := func(secret string) (to string) {
			w := do(b.s, request("POST", SignInPath, url.Values{"login": {"moi"}, "password": {secret}}.Encode()))
			for _, c := range w.Result().Cookies() {
				if c.Name == cookieName("") {
					b.token = c.Value
				}
			}
			return b.goes(w)
		}
		if to := enter(code); to != accountPath {
			t.Fatalf("a start code leads to %s", to)
		}
		b.doc(b.get(intakePath), 403)
		b.doc(b.post(accountPath+"/password", url.Values{"password": {password}, "password_again": {"khác"}}), 422)
		b.goes(b.post(accountPath+"/password", url.Values{"password": {password}, "password_again": {password}}))
		if to := enter(password); to != takePath {
			t.Errorf("signing in leads to %s", to)
		}
		doc := b.doc(b.get(takePath), 200)
		if v, _ := doc.Find(`input[name="desk"][checked]`).Attr("value"); v != counter20 {
			t.Errorf("the only desk is not chosen already: %q", v)
		}
		b.doc(b.post(takePath, url.Values{"desk": {commune}}), 404) // another unit's desk
		if to := b.goes(b.post(takePath, url.Values{"desk": {counter20}})); to != "/desk" {
			t.Errorf("taking a desk leads to %s", to)
		}
		if got := said(b.doc(b.get("/desk"), 200), "h1"); got == "" || strings.Contains(got, "[") {
			t.Errorf("the desk is headed %q", got)
		}
	})
}

// ux-O1: a wrong password is one answer, and what stands in the form stays.
func TestWrongPasswordTellsNothing(t *testing.T) {
	atBooth(t, counter20, func(t *testing.T, b *booth) {
		for _, login := range []string{"minh", "khongco"} {
			w := do(b.s, request("POST", SignInPath, url.Values{"login": {login}, "password": {"sai"}}.Encode()))
			if doc := b.doc(w, 422); !strings.Contains(said(doc, ".govuk-error-summary"), "mật khẩu hoặc mã") || strings.Contains(w.Body.String(), `value="sai"`) {
				t.Errorf("%s: %q", login, said(doc, ".govuk-error-summary"))
			}
		}
	})
}

// ux-O1: sessions are listed and ended; signing out closes the door.
func TestSessionsEndAndSignOut(t *testing.T) {
	atBooth(t, counter20, func(t *testing.T, b *booth) {
		other, _, err := b.p.Roll.SignIn(context.Background(), "minh", password, "", "192.0.2.8")
		if err != nil {
			t.Fatal(err)
		}
		if n := b.doc(b.get(accountPath), 200).Find(`button[name="session"]`).Length(); n != 2 {
			t.Errorf("%d buttons to end sessions, want the other one and all others", n)
		}
		b.goes(b.post(accountPath+"/sessions", url.Values{"session": {"others"}}))
		if w := do(b.s, as(request("GET", "/desk", ""), other)); w.Code != 401 {
			t.Errorf("the other session still opens: %d", w.Code)
		}
		b.goes(b.post("/desk/sign-out", url.Values{}))
		if w := b.get("/desk"); w.Code != 401 {
			t.Errorf("signed out and still in: %d", w.Code)
		}
	})
}

// ux-O1: a second factor is enrolled with picture and code.
func TestSecondFactorIsEnrolled(t *testing.T) {
	atBooth(t, counter20, func(t *testing.T, b *booth) {
		b.goes(b.post(accountPath+"/prove", url.Values{"proof": {password}}))
		token, _, err := b.p.Roll.SignIn(context.Background(), "minh", password, "", "192.0.2.7")
		if err != nil {
			t.Fatal(err)
		}
		b.token = token
		doc := b.doc(b.post(accountPath+"/factor", url.Values{}), 200)
		if src, _ := doc.Find("main img").Attr("src"); !strings.HasPrefix(src, "data:image/png;base64,") {
			t.Errorf("the picture is %.40q", src)
		}
		b.doc(b.post(accountPath+"/factor/code", url.Values{"proof": {"000000"}}), 422)
		secret := strings.ReplaceAll(said(doc, "main .q-code"), " ", "")
		code, err := officer.Code(secret, b.clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		b.goes(b.post(accountPath+"/factor/code", url.Values{"proof": {code}}))
	})
}

// ux-O1: the self-test prints a paper nobody takes for real, and says what the
// reader can do without keeping or showing the card.
func TestPrinterAndReaderAreTested(t *testing.T) {
	atBooth(t, counter20, func(t *testing.T, b *booth) {
		if w := b.post(takePath+"/test-slip", url.Values{}); w.Code != 200 || !bytes.HasPrefix(w.Body.Bytes(), []byte("%PDF")) {
			t.Errorf("test slip: %d %.60q", w.Code, w.Body)
		}
		w := b.post(takePath+"/test-scan", url.Values{"scan": {cardQR}})
		if got := said(b.doc(w, 200), `[role="status"]`); !strings.Contains(got, "Đầu đọc tốt") || strings.Contains(w.Body.String(), "012190001234") || strings.Contains(w.Body.String(), "PÂNG") {
			t.Errorf("reader test says %q", got)
		}
		for _, scan := range []string{"xin chào", "012190001234||L? TH? P?NG|07031990|Nữ|Bản|25042021"} {
			if got := said(b.doc(b.post(takePath+"/test-scan", url.Values{"scan": {scan}}), 200), `[role="status"]`); got == "" || strings.Contains(got, "tốt") {
				t.Errorf("%q: %q", scan, got)
			}
		}
	})
}

// ux-O2: counts, results waiting, drafts.
func TestDeskShowsTheDay(t *testing.T) {
	atBooth(t, counter20, func(t *testing.T, b *booth) {
		if got := said(b.doc(b.get("/desk"), 200), "main"); !strings.Contains(got, "Không còn ai chờ") || strings.Contains(got, "[desk.") {
			t.Errorf("an empty desk says %q", got)
		}
		d := b.concluded()
		doc := b.doc(b.get("/desk"), 200)
		if doc.Find(`tr[data-href="/desk/dossiers/`+string(d.Code)+`/hand-over"]`).Length() != 1 {
			t.Errorf("the result does not wait on the desk: %q", said(doc, "main"))
		}
	})
}

// ux-O6: printing is a POST that is journaled and counted; opening the page
// prints nothing.
func TestEachPrintIsCountedAndNoPageViewIs(t *testing.T) {
	atBooth(t, commune, func(t *testing.T, b *booth) {
		to := b.goes(b.post(intakePath, b.filled()))
		doc := b.doc(b.get(to), 200)
		b.get(to)
		d := b.only()
		if b.entries("print/"+d.ID) != 0 {
			t.Error("looking at the page printed")
		}
		if doc.Find("form[data-print-now]").Length() != 1 || doc.Find(`#done[autofocus]`).Length() != 1 || !strings.Contains(said(doc, ".q-printed__code"), string(d.Code)) {
			t.Error("the page lacks code, print form or the focus on done")
		}
		if strings.Contains(doc.Text(), "012190001234") {
			t.Error("the personal number stands on the page") // rel-K78
		}
		for range 2 {
			w := b.post("/desk/dossiers/"+string(d.Code)+"/slips", url.Values{"kind": {"receipt"}, "number": {d.Slips[0].Number}})
			if w.Code != 200 || !bytes.HasPrefix(w.Body.Bytes(), []byte("%PDF")) || w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("print: %d %s", w.Code, w.Header().Get("Cache-Control"))
			}
		}
		if n := b.entries("print/" + d.ID); n != 2 {
			t.Errorf("%d prints in the journal", n)
		}
		if w := b.post("/desk/dossiers/"+string(d.Code)+"/control", url.Values{}); w.Code != 200 || !bytes.HasPrefix(w.Body.Bytes(), []byte("%PDF")) {
			t.Errorf("control slip: %d", w.Code)
		}
		if w := b.post("/desk/dossiers/"+string(d.Code)+"/slips", url.Values{"kind": {"stop"}}); w.Code != 404 {
			t.Errorf("a paper that was not issued: %d", w.Code)
		}
		_, stranger := b.hire("xa", "Giàng A Xa", officer.Receptionist, "03390")
		b.token = stranger
		if w := b.post("/desk/dossiers/"+string(d.Code)+"/slips", url.Values{"kind": {"receipt"}}); w.Code != 404 {
			t.Errorf("another unit prints it: %d", w.Code) // rel-K61
		}
	})
}

// entries counts the journal's entries about a subject.
func (b *booth) entries(subject string) (n int) {
	b.t.Helper()
	err := b.p.DB.Read(context.Background(), func(tx *store.Tx) error {
		list, err := journal.Of(tx, subject)
		n = len(list)
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return n
}

// PR6: the register of a period as Excel, own desk only.
func TestRegisterIsExported(t *testing.T) {
	atBooth(t, commune, func(t *testing.T, b *booth) {
		b.goes(b.post(intakePath, b.filled()))
		b.doc(b.get("/desk/register"), 200)
		form := url.Values{"desk": {commune}, "from": {"01/03/2026"}, "to": {"02/03/2026"}}
		if w := b.post("/desk/register", form); w.Code != 200 || !bytes.HasPrefix(w.Body.Bytes(), []byte("PK")) {
			t.Errorf("export: %d", w.Code)
		}
		form.Set("to", "01/02/2026")
		b.doc(b.post("/desk/register", form), 422)
		form.Set("to", "02/03/2026")
		form.Set("desk", counter20)
		if w := b.post("/desk/register", form); w.Code == 200 {
			t.Error("another desk's register is given out")
		}
	})
}

// ux-O7: the filer takes the result; somebody else needs an authority; a
// dossier in another state says why not. rel-B-W10
func TestResultIsHandedOver(t *testing.T) {
	atBooth(t, counter20, func(t *testing.T, b *booth) {
		open, err := b.p.Receive(context.Background(), b.by, passport)
		if err != nil {
			t.Fatal(err)
		}
		page := "/desk/dossiers/" + string(open.Code) + "/hand-over"
		if got := said(b.doc(b.get(page), 200), "main"); !strings.Contains(got, "Không thể") {
			t.Errorf("not ready says %q", got)
		}
		b.doc(b.post(page, url.Values{"who": {"filer"}, "channel": {"counter"}}), 409)

		d := b.concluded()
		page = "/desk/dossiers/" + string(d.Code) + "/hand-over"
		if to := b.goes(b.post("/desk/return", url.Values{"code": {strings.ToLower(string(d.Code))}})); to != page {
			t.Errorf("the code opens %s", to)
		}
		b.doc(b.post("/desk/return", url.Values{"code": {"H35-0000"}}), 422)
		b.doc(b.post("/desk/return", url.Values{"scan": {cardQR}}), 422)
		w := b.get(page)
		if doc := b.doc(w, 200); !strings.Contains(said(doc, "main"), d.Filer.Name) || strings.Contains(w.Body.String(), d.Filer.IDNumber) {
			t.Error("who may take it is not named, or with the whole number")
		}
		if b.entries("view/"+d.ID) == 0 {
			t.Error("looking left no trace") // rel-R09
		}
		b.doc(b.post(page, url.Values{"who": {"other"}, "to": {"Sùng A Lử"}, "channel": {"counter"}}), 422)
		to := b.goes(b.post(page, url.Values{"who": {"other"}, "to": {"Sùng A Lử"}, "authority": {"Giấy ủy quyền 3"}, "channel": {"counter"}}))
		if got := said(b.doc(b.get(to), 200), "main"); !strings.Contains(got, "Giấy biên nhận trả kết quả") {
			t.Errorf("the proof of hand-over is not offered: %q", got)
		}
		b.doc(b.post(page, url.Values{"who": {"filer"}, "channel": {"counter"}}), 409) // once only
	})
}

// A page leads nobody where they may not go: who hands nothing over opens the
// dossier itself, and every procedure has its page.
func TestDeskLeadsOnlyWhereOneMayGo(t *testing.T) {
	atBooth(t, counter20, func(t *testing.T, b *booth) {
		d := b.concluded()
		href := "/desk/dossiers/" + string(d.Code)
		if b.doc(b.get("/desk"), 200).Find(`main a[href="`+href+`/hand-over"]`).Length() != 1 {
			t.Error("the receptionist is not led to handing over")
		}
		_, inspector := b.hire("mao", "Mào Văn Thanh", officer.Inspector, "12")
		home := b.doc(do(b.s, as(request("GET", "/desk", ""), inspector)), 200)
		if home.Find(`main a[href="`+href+`"]`).Length() != 1 || home.Find(`main a[href$="/hand-over"], main a[href="`+takePath+`"]`).Length() != 0 {
			t.Error("the inspector is led to pages of the counter")
		}
		b.doc(b.get(procedureHref(passport)), 200)
	})
}

// ux-O8: a fee left for later is taken once, with a receipt; its cancelling is
// asked by one person.
func TestFeeIsTakenAndCancelAsked(t *testing.T) {
	atBooth(t, counter20, func(t *testing.T, b *booth) {
		d, err := b.p.Receive(context.Background(), b.by, passport, func(in *dossier.Intake) { in.Pay = "later" })
		if err != nil {
			t.Fatal(err)
		}
		page := "/desk/dossiers/" + string(d.Code) + "/fee"
		if got := said(b.doc(b.get(page), 200), "main"); !strings.Contains(got, "đồng") {
			t.Errorf("owes %q", got)
		}
		b.goes(b.post(page, url.Values{"what": {"fee"}}))
		b.doc(b.post(page, url.Values{"what": {"fee"}}), 409)
		d, _ = b.p.Register.Find(context.Background(), d.ID, b.by)
		if !d.Fee.Paid || d.Fee.Receipt == "" {
			t.Fatalf("fee %+v", d.Fee)
		}
		number := url.Values{"number": {d.Fee.Receipt}}
		if got := said(b.doc(b.get("/desk/receipts?"+number.Encode()), 200), "main"); !strings.Contains(got, d.Filer.Name) {
			t.Errorf("receipt page %q", got)
		}
		b.doc(b.post("/desk/receipts/ask", number), 422)
		number.Set("reason", "Viết nhầm")
		b.goes(b.post("/desk/receipts/ask", number))
		if w := b.post("/desk/receipts/cancel", number); w.Code != 403 {
			t.Errorf("the same officer cancels it: %d", w.Code)
		}
		if w := b.get("/desk/receipts?number=12-Q20-26-9999999"); w.Code != 422 {
			t.Errorf("an unknown receipt: %d", w.Code)
		}
	})
}

// ux-O11: one box; what is searched for never stands in an address (rel-K77);
// numbers are masked (rel-K78); commands open pages.
func TestOneBoxFindsEverything(t *testing.T) {
	atBooth(t, counter20, func(t *testing.T, b *booth) {
		d, err := b.p.Receive(context.Background(), b.by, passport)
		if err != nil {
			t.Fatal(err)
		}
		find := func(q string) string { return b.post(searchPath, url.Values{"q": {q}}).Body.String() }
		for _, q := range []string{d.Filer.IDNumber, "0300 000 001", "lo thi pang"} {
			body := find(q)
			if !strings.Contains(body, string(d.Code)) {
				t.Errorf("%q finds nothing", q)
			}
			if strings.Contains(strings.ReplaceAll(body, `value="`+d.Filer.IDNumber+`"`, ""), d.Filer.IDNumber) {
				t.Errorf("%q: the number is not masked", q)
			}
		}
		if to := b.goes(b.post(searchPath, url.Values{"q": {string(d.Code)}})); to != "/desk/dossiers/"+string(d.Code)+"?from=search" {
			t.Errorf("the code opens %s", to)
		}
		if to := b.goes(b.post(searchPath, url.Values{"q": {"bàn giao"}})); to != "/desk/end-of-day" {
			t.Errorf("the command opens %s", to)
		}
		if method, _ := b.doc(b.get("/desk"), 200).Find(".q-find").Attr("method"); method != "post" {
			t.Error("the header's search would put names into addresses")
		}
		b.doc(b.post(searchPath, url.Values{"q": {" "}}), 422)
		if got := said(b.doc(b.post(searchPath, url.Values{"q": {"khongcoai"}}), 200), "main"); !strings.Contains(got, "khongcoai") {
			t.Errorf("nothing found says %q", got)
		}
		if n := b.entries("search/" + b.by.Officer.ID); n < 4 {
			t.Errorf("%d searches in the journal", n)
		}
	})
}

// ux-O12: the list for each unit, the drawer counted, the desk left.
func TestDayIsClosed(t *testing.T) {
	atBooth(t, counter20, func(t *testing.T, b *booth) {
		d, err := b.p.Receive(context.Background(), b.by, passport)
		if err != nil {
			t.Fatal(err)
		}
		if got := said(b.doc(b.get("/desk/end-of-day"), 200), "main"); !strings.Contains(got, "xuất nhập cảnh") {
			t.Errorf("the pile for the unit is missing: %q", got)
		}
		if w := b.post("/desk/end-of-day/list", url.Values{"unit": {"12-PA08"}}); w.Code != 200 || !bytes.HasPrefix(w.Body.Bytes(), []byte("%PDF")) {
			t.Errorf("list: %d", w.Code)
		}
		if w := b.post("/desk/end-of-day/list", url.Values{"unit": {"12-PC06"}}); w.Code != 404 {
			t.Errorf("an empty list: %d", w.Code)
		}
		b.doc(b.post("/desk/end-of-day", url.Values{}), 422)                     // money not counted
		b.doc(b.post("/desk/end-of-day", url.Values{"counted": {"1.000"}}), 422) // differs without a reason
		if to := b.goes(b.post("/desk/end-of-day", url.Values{"counted": {grouped(d.Fee.Amount)}})); to != takePath+"?signed=1" {
			t.Errorf("signing leads to %s", to)
		} else if got := said(b.doc(b.get(to), 200), "main"); !strings.Contains(got, "Đã ký bàn giao") {
			t.Errorf("the page does not say that the day is signed off: %q", got)
		}
		if to := b.goes(b.get(intakePath)); to != takePath {
			t.Errorf("the desk is still open: %s", to)
		}
	})
}
