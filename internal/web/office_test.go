package web

import (
	"context"
	"fmt"
	"net/http"
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
	"quay20/internal/text"
	"quay20/internal/upload"
	"quay20/internal/upload/uploadtest"
)

const passportCode = "1.001456"

// bureau is the office's pages over a province in miniature, with officers who
// have signed in.
type bureau struct {
	t     *testing.T
	s     *Server
	p     *demo.Province
	clock *storetest.Clock
	staff map[string]*colleague // by login
}

// colleague is an officer at a browser.
type colleague struct {
	officer.By
	secret, token string
}

// inBureau runs a test on every engine, with the usual staff signed in.
func inBureau(t *testing.T, fn func(*bureau)) {
	t.Helper()
	storetest.EachAt(t, storetest.NewClock(morning), func(t *testing.T, db *store.DB) { fn(newBureau(t, db, testOrigin)) })
}

func newBureau(t *testing.T, db *store.DB, origin string) *bureau {
	t.Helper()
	p := demotest.At(t, db)
	b := &bureau{t: t, p: p, clock: storetest.ClockOf(db), staff: map[string]*colleague{}}
	b.clock.Set(morning)
	b.s = testServer(t, func(c *Config) {
		c.Origin, c.Now, c.Law, c.Dossiers, c.Roll, c.Ledger, c.DB = origin, b.clock.Now, p.Law, p.Register, p.Roll, p.Ledger, db
		c.SignedIn = p.Roll.Session
		c.Shelf = uploadtest.Shelf(t, db, upload.Options{})
		c.Protected = append(c.Protected, p.Register.Protected(), officer.Protected())
	})
	b.hire("minh", "Lò Thị Minh", officer.Receptionist, "12-Q20")
	b.hire("may", "Tẩn Thị Mẩy", officer.Processor, "12-PA08")
	b.hire("chin", "Lý Văn Chín", officer.Approver, "12-PA08")
	return b
}

const testPassword = "mua lua chin tren ruong bac thang"

// hire puts an officer on the roll and goes through the first day: password,
// second factor, desk.
func (b *bureau) hire(login, name string, role officer.Role, unit string) *colleague {
	b.t.Helper()
	by, code, err := b.p.Hire(context.Background(), login, name, "Đại úy", role, unit)
	b.check(err)
	c := &colleague{By: by}
	b.staff[login] = c
	token, s, err := b.p.Roll.SignIn(context.Background(), login, code, "", b.address(login))
	b.check(err)
	token, s, err = b.p.Roll.SetPassword(context.Background(), token, "", testPassword)
	b.check(err)
	if s.MustEnrol {
		e, err := b.p.Roll.EnrolTOTP(context.Background(), token)
		b.check(err)
		first, err := officer.Code(e.Secret, b.clock.Now())
		b.check(err)
		token, _, err = b.p.Roll.ConfirmTOTP(context.Background(), token, first)
		b.check(err)
		c.secret = e.Secret
	}
	c.token = token
	b.sit(c)
	return c
}

func (b *bureau) address(login string) string {
	sum := 0
	for _, r := range login {
		sum = sum*31 + int(r)
	}
	return fmt.Sprintf("10.%d.%d.%d:1", sum>>16&255, sum>>8&255, sum&255)
}

// sit takes the officer's desk, if the unit is one.
func (b *bureau) sit(c *colleague) {
	b.t.Helper()
	if c.Desk != "" && c.Can(officer.TakeDesk) {
		_, err := b.p.Roll.TakeDesk(context.Background(), c.token, c.Desk)
		b.check(err)
	}
}

// again signs the officer in anew, as after a pause of the clock.
func (b *bureau) again(login string) {
	b.t.Helper()
	c := b.staff[login]
	code := ""
	if c.secret != "" {
		var err error
		code, err = officer.Code(c.secret, b.clock.Now())
		b.check(err)
	}
	token, _, err := b.p.Roll.SignIn(context.Background(), login, testPassword, code, b.address(login))
	b.check(err)
	c.token = token
	b.sit(c)
}

func (b *bureau) check(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bureau) cookies(r *http.Request, login string) {
	r.AddCookie(&http.Cookie{Name: cookieName("form"), Value: strings.Repeat("A", len(random(16)))})
	if c := b.staff[login]; c != nil {
		r.AddCookie(&http.Cookie{Name: cookieName(""), Value: c.token})
	}
}

func (b *bureau) get(login, target string) *httptest.ResponseRecorder {
	b.t.Helper()
	r := request(http.MethodGet, target, "")
	r.Host = b.s.origin.Host
	b.cookies(r, login)
	return do(b.s, r)
}

// post sends a form as the browser of that officer does.
func (b *bureau) post(login, target string, v url.Values) *httptest.ResponseRecorder {
	b.t.Helper()
	if v == nil {
		v = url.Values{}
	}
	r := request(http.MethodPost, target, "")
	b.cookies(r, login)
	v.Set(tokenField, b.s.formToken(nil, r))
	if v.Get(keyField) == "" {
		v.Set(keyField, random(16))
	}
	r = request(http.MethodPost, target, v.Encode())
	r.Host = b.s.origin.Host
	r.Header.Set("Origin", b.s.Origin)
	b.cookies(r, login)
	return do(b.s, r)
}

// received is a passport dossier at quầy 20.
func (b *bureau) received(with ...func(*dossier.Intake)) dossier.Dossier {
	b.t.Helper()
	d, err := b.p.Receive(context.Background(), b.staff["minh"].By, passportCode, with...)
	b.check(err)
	return d
}

func (b *bureau) do(login string, d dossier.Dossier, act dossier.Act) dossier.Dossier {
	b.t.Helper()
	d, err := b.p.Do(context.Background(), b.staff[login].By, d, act)
	b.check(err)
	return d
}

// now is the dossier as it stands.
func (b *bureau) now(d dossier.Dossier) dossier.Dossier {
	b.t.Helper()
	d, err := b.p.Register.Find(context.Background(), d.ID, officer.System())
	b.check(err)
	return d
}

// toSign brings a dossier to its last approval.
func (b *bureau) toSign() dossier.Dossier {
	b.t.Helper()
	d, err := b.p.Receive(context.Background(), b.staff["minh"].By, "1.003494") // receive, process, approve, return
	b.check(err)
	for range 10 {
		w, err := b.p.Register.World(context.Background())
		b.check(err)
		if (&dossier.Conclude{}).Allowed(&d, b.staff["chin"].By, w) == nil {
			return d
		}
		who := "may"
		if w.StepOf(&d).Kind == "approve" {
			who = "chin"
		}
		d = b.do(who, d, &dossier.Advance{})
	}
	b.t.Fatal("the process has no approval")
	return d
}

func seen(d dossier.Dossier) url.Values { return url.Values{"version": {fmt.Sprint(d.Version)}} }

func TestWorkListShowsReadyMadeQueuesWithCountsAndKeepsTheFilter(t *testing.T) { // ux-P1
	t.Parallel()
	inBureau(t, func(b *bureau) {
		d := b.received()
		w := b.get("may", "/desk/work?queue=new")
		doc := page(b.t, w)
		if w.Code != 200 || doc.Find("tr[data-href]").Length() != 1 {
			b.t.Fatalf("status %d, %d rows: %s", w.Code, doc.Find("tr[data-href]").Length(), w.Body)
		}
		row := said(doc, "tr[data-href]")
		for _, want := range []string{d.Filer.Name, "Còn ", "Trực tiếp"} {
			if !strings.Contains(row, want) {
				b.t.Errorf("the row %q does not say %q", row, want)
			}
		}
		if got := said(doc, ".q-queues__link[aria-current]"); got != "Chưa ai nhận 1" {
			b.t.Errorf("the list is called %q", got)
		}
		if doc.Find(".q-queues__link").Length() != len(dossier.Queues) {
			b.t.Errorf("%d lists, want %d", doc.Find(".q-queues__link").Length(), len(dossier.Queues))
		}
		doc = page(b.t, b.get("may", "/desk/work?queue=late&procedure=1.001456"))
		if got := said(doc, ".q-worklist__main"); !strings.Contains(got, "Không có việc quá hạn.") {
			b.t.Errorf("the empty list says %q", got)
		}
		href, _ := doc.Find(".q-queues__link").Eq(1).Attr("href")
		if !strings.Contains(href, "procedure=1.001456") {
			b.t.Errorf("another list forgets the filter: %s", href)
		}
	})
}

func TestWorkListIsPagedByKeysThatBelongToTheOfficer(t *testing.T) { // rel-B-A05
	t.Parallel()
	inBureau(t, func(b *bureau) {
		for range 52 {
			b.received()
		}
		doc := page(b.t, b.get("may", "/desk/work?queue=new"))
		next, ok := doc.Find("a[rel=next]").Attr("href")
		if !ok || doc.Find("tr[data-href]").Length() != 50 {
			b.t.Fatalf("%d rows and next page %q", doc.Find("tr[data-href]").Length(), next)
		}
		if n := page(b.t, b.get("may", next)).Find("tr[data-href]").Length(); n != 2 {
			b.t.Errorf("the second page has %d rows, want 2", n)
		}
		if w := b.get("chin", next); w.Code != 400 {
			b.t.Errorf("the page token of a colleague answers %d, want 400", w.Code)
		}
		if w := b.get("may", strings.Replace(next, "after=", "after=A", 1)); w.Code != 400 {
			b.t.Errorf("a changed page token answers %d, want 400", w.Code)
		}
		if w := b.get("may", "/desk/work?queue=created%3Bdrop+table"); w.Code != 422 {
			b.t.Errorf("an unknown list answers %d, want 422", w.Code)
		}
	})
}

func TestOneFailureLeavesTheOthersOfABulkAssigned(t *testing.T) { // ux-P1
	t.Parallel()
	inBureau(t, func(b *bureau) {
		one, two := b.received(), b.received()
		gone := b.do("chin", b.received(), &dossier.Transfer{Unit: "12-PC06", Reason: "Đúng thẩm quyền"})
		w := b.post("may", "/desk/work?queue=new", url.Values{"code": {one.ID, gone.ID, two.ID}, "officer": {b.staff["may"].Officer.ID}})
		doc := page(b.t, w)
		if n := doc.Find(".q-results__line").Length(); w.Code != 200 || n != 3 {
			b.t.Fatalf("status %d, %d result lines, want 3", w.Code, n)
		}
		if n := doc.Find(".q-results__line--bad").Length(); n != 1 {
			b.t.Errorf("%d lines tell of a failure, want 1", n)
		}
		for _, d := range []dossier.Dossier{one, two} {
			if b.now(d).Assignee != b.staff["may"].Officer.ID {
				b.t.Errorf("%s was not assigned", d.Code)
			}
		}
		if w := b.post("may", "/desk/work?queue=new", url.Values{"code": {one.ID}, "officer": {"CB-9999"}}); w.Code != 422 {
			b.t.Errorf("an officer who is not in the list answers %d, want 422", w.Code)
		}
		if w := b.post("may", "/desk/work?queue=new", url.Values{"officer": {b.staff["may"].Officer.ID}}); w.Code != 422 {
			b.t.Errorf("no dossier ticked answers %d, want 422", w.Code)
		}
	})
}

func TestDossierPageTellsStateDateProofAndNextAct(t *testing.T) { // ux-P2
	t.Parallel()
	inBureau(t, func(b *bureau) {
		d := b.do("may", b.received(), &dossier.Assign{Officer: b.staff["may"].Officer.ID})
		w := b.get("may", "/desk/dossiers/"+string(d.Code)+"?from=mine")
		doc := page(b.t, w)
		if w.Code != 200 {
			b.t.Fatalf("status %d: %s", w.Code, w.Body)
		}
		for selector, want := range map[string]string{
			".q-identity": "Đang xử lý", ".q-proof": "Thời hạn tính từ lúc đó", "#tom-tat": "Người dân đọc", "#giay-to": "Giấy tiếp nhận và hẹn trả",
			"#xu-ly": "đang ở đây", "#lich-su": "Tiếp nhận hồ sơ", "form[data-primary]": "Chuyển bước tiếp", ".q-subnav": "Tóm tắt Giấy tờ Xử lý Lịch sử",
		} {
			if got := said(doc, selector); !strings.Contains(strings.ReplaceAll(got, "  ", " "), want) && !strings.Contains(strings.Join(strings.Fields(got), ""), strings.ReplaceAll(want, " ", "")) {
				b.t.Errorf("%s says %q, want %q", selector, got, want)
			}
		}
		if title := said(doc, "title"); strings.Contains(title, d.Filer.Name) {
			b.t.Errorf("the title %q names a person", title)
		}
		if busy := said(page(b.t, b.get("chin", "/desk/dossiers/"+d.ID)), ".q-busy"); !strings.Contains(busy, "Tẩn Thị Mẩy đang xử lý từ") {
			b.t.Errorf("a colleague reads %q", busy)
		}
	})
}

func TestNumbersAreMaskedUntilOpenedAndOpeningIsJournaled(t *testing.T) { // rel-R09, rel-K78, rel-I-P4
	t.Parallel()
	inBureau(t, func(b *bureau) {
		d := b.received()
		hidden := b.get("may", "/desk/dossiers/"+d.ID+"?from=new").Body.String()
		if strings.Contains(hidden, d.Filer.IDNumber) || strings.Contains(hidden, sayID(d.Filer.IDNumber)) || !strings.Contains(hidden, "•"+d.Filer.IDNumber[len(d.Filer.IDNumber)-3:]) {
			b.t.Error("the identity number is not masked but for its last three digits")
		}
		w := b.post("may", "/desk/dossiers/"+d.ID, url.Values{"reveal": {"1"}})
		if w.Code != 200 || !strings.Contains(w.Body.String(), sayID(d.Filer.IDNumber)) {
			b.t.Errorf("status %d, the number stays hidden", w.Code)
		}
		views, err := b.p.Register.Views(context.Background(), d)
		b.check(err)
		if len(views) != 2 || !strings.Contains(views[0].Reason, "Chưa ai nhận") || !strings.Contains(views[1].Reason, "Mở số giấy tờ") {
			b.t.Errorf("the journal tells of %d views: %v", len(views), views)
		}
	})
}

func TestOfficerOfAnotherUnitSaysWhyFirst(t *testing.T) { // rel-R08, rel-I-P4
	t.Parallel()
	inBureau(t, func(b *bureau) {
		d := b.do("chin", b.received(), &dossier.Transfer{Unit: "12-PC06", Reason: "Đúng thẩm quyền"})
		b.hire("thanh", "Mào Văn Thanh", officer.Inspector, "12")
		for _, login := range []string{"thanh", "chin"} {
			w := b.get(login, "/desk/dossiers/"+d.ID)
			if w.Code != 200 || strings.Contains(w.Body.String(), d.Filer.Name) || page(b.t, w).Find("textarea#reason").Length() != 1 {
				b.t.Errorf("%s: status %d, the dossier is shown without a reason", login, w.Code)
			}
			if w := b.post(login, "/desk/dossiers/"+d.ID, url.Values{"reason": {" \u200b"}}); w.Code != 422 {
				b.t.Errorf("%s: an empty reason answers %d, want 422", login, w.Code) // rel-B-W01
			}
			if w := b.post(login, "/desk/dossiers/"+d.ID, url.Values{"reason": {"Đơn của người dân"}}); w.Code != 200 || !strings.Contains(w.Body.String(), d.Filer.Name) {
				b.t.Errorf("%s: with a reason the answer is %d", login, w.Code)
			}
		}
		views, err := b.p.Register.Views(context.Background(), d)
		b.check(err)
		if len(views) != 2 || views[0].Reason != "Đơn của người dân" {
			b.t.Errorf("views: %v", views)
		}
	})
}

func TestEveryActOfPeopleHasAForm(t *testing.T) {
	t.Parallel()
	for _, name := range dossier.ActNames() {
		f, ok := forms[name]
		if ok != byPeople(name) {
			t.Errorf("act %s: people do it %v, it has a form %v", name, byPeople(name), ok)
		}
		if ok && (f.begin == nil || f.pieces == nil || f.read == nil) {
			t.Errorf("the form of %s is not whole", name)
		}
	}
}

func TestWhatIsAllowedNowOpensAndWhatIsNotSaysWhy(t *testing.T) {
	t.Parallel()
	inBureau(t, func(b *bureau) {
		all := []dossier.Dossier{b.received(), b.toSign(), b.do("may", b.received(), &dossier.RequestSupplement{Items: []dossier.Item{{Paper: "Ảnh", Reason: "Mờ"}}}),
			b.do("may", b.received(), &dossier.DemandPayment{Amount: 1000, Why: "Phí", Basis: "1/TT"}), b.do("may", b.received(), &dossier.AwaitAgency{Agency: "Sở", Document: "1/CV"}),
			b.do("may", b.received(), &dossier.AskUnit{Unit: "12-PC06", Question: "Có không?"})}
		opened := map[string]bool{}
		for _, d := range all {
			world, err := b.p.Register.World(context.Background())
			b.check(err)
			for login, c := range b.staff {
				allowed := map[string]bool{}
				for _, name := range dossier.Allowed(&d, c.By, world) {
					allowed[name] = true
				}
				for _, name := range dossier.ActNames() {
					if !byPeople(name) || !c.Can(dossier.Asks(name)) {
						continue
					}
					w := b.get(login, "/desk/dossiers/"+d.ID+"/do/"+name)
					if allowed[name] != (w.Code == 200) {
						b.t.Errorf("%s, %s on a dossier %s: allowed %v, the form answers %d", login, name, d.State, allowed[name], w.Code)
					}
					if allowed[name] {
						opened[name] = true
					}
				}
			}
		}
		if len(opened) < 15 {
			b.t.Errorf("only %d forms were opened", len(opened))
		}
	})
}

func TestSupplementIsAskedOnceWithEveryPaperAndItsPreview(t *testing.T) { // ux-P4
	t.Parallel()
	inBureau(t, func(b *bureau) {
		d := b.received()
		path := "/desk/dossiers/" + string(d.Code) + "/do/request_supplement"
		doc := page(b.t, b.get("may", path))
		if got := said(doc, "main"); !strings.Contains(got, "lần 1 trong 1 lần") || !strings.Contains(got, "dừng tính từ lúc gửi") {
			b.t.Errorf("the form does not say which request it is: %q", got)
		}
		if w := b.post("may", path, seen(d)); w.Code != 422 || page(b.t, w).Find(".govuk-error-summary").Length() != 1 {
			b.t.Errorf("an empty request answers %d, want 422 with a summary", w.Code)
		}
		last := fmt.Sprint(len(d.Papers))
		v := seen(d)
		v.Set("reason-0", "blurred")
		v.Set("reason-"+last, "other")
		v.Set("paper-"+last, "Giấy khai sinh của con")
		if w := b.post("may", path, v); w.Code != 422 || !strings.Contains(w.Body.String(), "Ghi rõ vì sao") {
			b.t.Errorf("a reason «other» without words answers %d, want 422", w.Code)
		}
		v.Set("note-"+last, "Chưa thấy trong hồ sơ")
		v.Set("preview", "1")
		w := b.post("may", path, v)
		if got := said(page(b.t, w), ".q-preview"); w.Code != 200 || !strings.Contains(got, "Cần bổ sung 2 giấy tờ trước") || !strings.Contains(got, "Giấy khai sinh của con: Chưa thấy trong hồ sơ") {
			b.t.Errorf("status %d, the preview says %q", w.Code, got)
		}
		if b.now(d).State != dossier.Accepted {
			b.t.Fatal("the preview was sent")
		}
		v.Del("preview")
		if w := b.post("may", path, v); w.Code != 303 {
			b.t.Fatalf("sending answers %d: %s", w.Code, said(page(b.t, w), "main"))
		}
		d = b.now(d)
		if d.State != dossier.Supplement || !d.Paused() || len(d.Supplements[0].Items) != 2 || !strings.Contains(d.Supplements[0].Items[0].Reason, "mờ") {
			b.t.Errorf("the dossier is %s with %+v", d.State, d.Supplements)
		}
	})
}

func TestStaleFormShowsBothVersionsAndKeepsWhatWasTyped(t *testing.T) { // rel-B-W12
	t.Parallel()
	inBureau(t, func(b *bureau) {
		d := b.received()
		v := seen(d)
		v.Set("question", "Có tên trong danh sách không?")
		v.Set("unit", "12-PC06")
		b.do("chin", d, &dossier.Assign{Officer: b.staff["may"].Officer.ID})
		w := b.post("may", "/desk/dossiers/"+d.ID+"/do/consult", v)
		doc := page(b.t, w)
		if w.Code != 412 || doc.Find("textarea#question").Text() != "Có tên trong danh sách không?" {
			b.t.Fatalf("status %d, typed text %q", w.Code, doc.Find("textarea#question").Text())
		}
		if got := said(doc, ".q-stale"); !strings.Contains(got, "Phân công") || !strings.Contains(got, "Được tiếp nhận") || !strings.Contains(got, "Đang xử lý") {
			b.t.Errorf("the page tells of the change: %q", got)
		}
		next, _ := doc.Find("input[name=version]").Attr("value")
		if next != fmt.Sprint(d.Version+1) {
			b.t.Errorf("the form goes on from version %s, want %d", next, d.Version+1)
		}
		v.Set("version", next)
		v.Set(keyField, random(16))
		if w := b.post("may", "/desk/dossiers/"+d.ID+"/do/consult", v); w.Code != 303 {
			b.t.Errorf("the form sent again answers %d", w.Code)
		}
	})
}

func TestActSentTwiceIsDoneOnceAndUnknownFieldsChangeNothing(t *testing.T) { // rel-B-W06, rel-B-W09
	t.Parallel()
	inBureau(t, func(b *bureau) {
		d := b.received()
		v := seen(d)
		for name, value := range map[string]string{"note": "Đã kiểm tra", "received_at": "2020-01-01", "due": "2020-01-01", "state": "returned", "officer_id": "CB-0001", keyField: random(16)} {
			v.Set(name, value)
		}
		for range 2 {
			if w := b.post("may", "/desk/dossiers/"+d.ID+"/do/advance", v); w.Code != 303 {
				b.t.Fatalf("status %d", w.Code)
			}
		}
		if now := b.now(d); now.Version != d.Version+1 || now.Step != d.Step+1 || !now.Clock.Due.Equal(d.Clock.Due) {
			b.t.Errorf("version %d, step %d, due %s", now.Version, now.Step, now.Clock.Due)
		}
	})
}

func TestSigningGoesFromOneDossierToTheNextWithAFreshProof(t *testing.T) { // ux-L2, rel-K58
	t.Parallel()
	inBureau(t, func(b *bureau) {
		one, two := b.toSign(), b.toSign()
		doc := page(b.t, b.get("chin", "/desk/sign"))
		if said(doc, ".q-identity__code") == string(two.Code) { // due at the same minute
			one, two = two, one
		}
		if got := said(doc, "main"); !strings.Contains(got, "1 trong 2") || doc.Find("a[data-key=J]").Length() != 1 || doc.Find("button[data-key='Ctrl+Shift+Enter']").Length() != 1 {
			b.t.Errorf("the queue says %q", got)
		}
		b.clock.Add(11 * time.Minute) // the proof of the sign-in is no longer fresh
		w := b.post("chin", "/desk/sign/"+one.ID, url.Values{"version": {fmt.Sprint(one.Version)}, "outcome": {"granted"}, "kind": {"Hộ chiếu"}})
		if w.Code != 409 || page(b.t, w).Find("a[href^='/desk/account/prove?next=']").Length() != 1 || b.now(one).State == dossier.Concluded {
			b.t.Fatalf("without a fresh proof the answer is %d", w.Code)
		}
		b.again("chin")
		w = b.post("chin", "/desk/sign/"+one.ID, url.Values{"version": {fmt.Sprint(one.Version)}, "outcome": {"granted"}, "kind": {"Hộ chiếu"}})
		if w.Code != 303 || b.now(one).State != dossier.Concluded || !strings.Contains(w.Header().Get("Location"), url.QueryEscape(string(two.Code))) {
			b.t.Fatalf("status %d, state %s, on to %s", w.Code, b.now(one).State, w.Header().Get("Location"))
		}
		if w := b.post("chin", "/desk/sign/"+two.ID+"/return", seen(two)); w.Code != 422 {
			b.t.Errorf("sending back without a reason answers %d, want 422", w.Code)
		}
		v := seen(two)
		v.Set("reason", "Thiếu ý kiến")
		if w := b.post("chin", "/desk/sign/"+two.ID+"/return", v); w.Code != 303 || b.now(two).Step != two.Step-1 {
			b.t.Errorf("sending back answers %d, step %d", w.Code, b.now(two).Step)
		}
		if got := said(page(b.t, b.get("chin", "/desk/sign")), "main"); !strings.Contains(got, "Đã ký hết lúc") {
			b.t.Errorf("the empty queue says %q", got)
		}
	})
}

func TestLateDossiersAreListedAndTheirHolderReminded(t *testing.T) { // ux-L4
	t.Parallel()
	inBureau(t, func(b *bureau) {
		d := b.received()
		b.clock.Set(d.Clock.Due.AddDate(0, 0, 3))
		b.again("chin")
		doc := page(b.t, b.get("chin", "/desk/late"))
		if row := said(doc, "tr[data-href]"); !strings.Contains(row, "3 ngày") || !strings.Contains(row, "Chưa xin lỗi") || !strings.Contains(row, "Nhắc") {
			b.t.Fatalf("the row says %q", row)
		}
		action, _ := doc.Find("tr[data-href] form").Attr("action")
		if w := b.post("chin", action, nil); w.Code != 303 || b.now(d).Reminded.IsZero() {
			b.t.Errorf("reminding answers %d", w.Code)
		}
		if w := b.post("chin", action, nil); w.Code != 409 {
			b.t.Errorf("reminding twice answers %d, want 409", w.Code)
		}
		if got := said(page(b.t, b.get("chin", "/desk/late")), "tr[data-href]"); !strings.Contains(got, "Đã nhắc") {
			b.t.Errorf("the row says %q", got)
		}
	})
}

func TestApologyIsProposedAndSignedBySomebodyElse(t *testing.T) { // ux-P8
	t.Parallel()
	inBureau(t, func(b *bureau) {
		d := b.received()
		path := "/desk/dossiers/" + d.ID + "/do/"
		doc := page(b.t, b.get("may", path+"propose_apology"))
		day, _ := doc.Find("#new_due").Attr("value")
		hour, _ := doc.Find("#new_hour").Attr("value")
		v := seen(d)
		for name, value := range map[string]string{"reason": "Máy in hỏng", "unit": "Phòng PA08", "new_due": "08/03/2026", "new_hour": hour} {
			v.Set(name, value)
		}
		if w := b.post("may", path+"propose_apology", v); w.Code != 422 || !strings.Contains(w.Body.String(), "Quầy không mở cửa lúc đó") {
			b.t.Errorf("a Sunday answers %d, want 422", w.Code)
		}
		v.Set("new_due", day)
		if w := b.post("may", path+"propose_apology", v); w.Code != 303 {
			b.t.Fatalf("proposing answers %d: %s", w.Code, said(page(b.t, w), ".govuk-error-summary"))
		}
		doc = page(b.t, b.get("chin", "/desk/dossiers/"+d.ID))
		if got := said(doc, "form[data-primary]"); got != "Xin lỗi và hẹn lại" {
			b.t.Errorf("the approver's main act is %q", got)
		}
		doc = page(b.t, b.get("chin", path+"apologise"))
		if doc.Find("textarea#reason").Text() != "Máy in hỏng" {
			b.t.Error("the proposal's reason is not in the approver's form")
		}
		v.Set("version", fmt.Sprint(d.Version+1))
		v.Set(keyField, random(16))
		if w := b.post("chin", path+"apologise", v); w.Code != 303 || len(b.now(d).Apologies) != 1 {
			b.t.Errorf("signing answers %d", w.Code)
		}
	})
}

func TestCorrectionRecordsWhatChangedAndNothingElse(t *testing.T) {
	t.Parallel()
	inBureau(t, func(b *bureau) {
		d := b.received()
		path := "/desk/dossiers/" + d.ID + "/do/correct"
		doc := page(b.t, b.get("minh", path))
		v := seen(d)
		doc.Find("main form input[name], main form select, main form textarea").Each(func(_ int, s *goquery.Selection) {
			name, _ := s.Attr("name")
			value, _ := s.Attr("value")
			if s.Is("select") {
				value, _ = s.Find("option[selected]").Attr("value")
			}
			kind, _ := s.Attr("type")
			_, ticked := s.Attr("checked")
			if strings.HasPrefix(name, "_") || name == "version" || (kind == "checkbox" || kind == "radio") && !ticked {
				return
			}
			v.Add(name, value)
		})
		v.Set("filer.name", "Giàng A Páo")
		if w := b.post("minh", path, v); w.Code != 422 {
			b.t.Errorf("a correction without a reason answers %d, want 422", w.Code)
		}
		v.Set("reason", "Gõ nhầm tên")
		if w := b.post("minh", path, v); w.Code != 303 {
			b.t.Fatalf("the correction answers %d: %s", w.Code, said(page(b.t, w), ".govuk-error-summary"))
		}
		now := b.now(d)
		want := d.Filer
		want.Name = "Giàng A Páo"
		if now.Filer != want || now.Procedure != d.Procedure || now.Request != d.Request || now.ReturnBy != d.ReturnBy || len(now.Papers) != len(d.Papers) || !now.Clock.Due.Equal(d.Clock.Due) {
			b.t.Errorf("more changed than the name: %+v, was %+v", now.Filer, d.Filer)
		}
	})
}

func TestPossibleDuplicatesAreComparedSideBySide(t *testing.T) { // ux-P7
	t.Parallel()
	inBureau(t, func(b *bureau) {
		one := b.received()
		two := b.received(func(in *dossier.Intake) { in.Filer, in.Again, in.Request = one.Filer, "Nộp lại", "Cấp lại" })
		doc := page(b.t, b.get("may", "/desk/dossiers/"+string(two.Code)))
		href, ok := doc.Find("a[href*='/compare?with=']").Attr("href")
		if !ok {
			b.t.Fatal("the page does not offer the comparison")
		}
		doc = page(b.t, b.get("may", href))
		if doc.Find(".q-compare__same").Length() < 5 || !strings.Contains(said(doc, "table strong"), "Cấp lại") && doc.Find("table strong").Length() == 0 {
			b.t.Errorf("the comparison says %q", said(doc, "main"))
		}
		for _, d := range []dossier.Dossier{one, two} {
			views, err := b.p.Register.Views(context.Background(), d)
			b.check(err)
			if len(views) == 0 || !strings.Contains(views[len(views)-1].Reason, "So sánh") {
				b.t.Errorf("the view of %s is not journaled", d.Code)
			}
		}
	})
}

func TestEveryActQueueAndStateHasItsWords(t *testing.T) {
	t.Parallel()
	var keys []string
	for _, name := range dossier.ActNames() {
		keys = append(keys, "act."+name)
		if byPeople(name) {
			keys = append(keys, "work.means."+name)
		}
	}
	for _, q := range dossier.Queues {
		keys = append(keys, "work.queue."+string(q), "work.empty."+string(q))
	}
	for _, k := range []string{"receive", "process", "approve", "return", "external"} {
		keys = append(keys, "work.step."+k, "work.step.role."+k)
	}
	for _, k := range []string{"supplement", "financial", "inter-agency"} {
		keys = append(keys, "work.pause."+k)
	}
	for _, k := range []string{"receipt", "supplement", "rejection", "apology", "stop", "return"} {
		keys = append(keys, "work.slip."+k)
	}
	for _, k := range faults {
		keys = append(keys, "work.fault."+k)
		if k != "other" {
			keys = append(keys, "work.fault."+k+".reason", "work.fault."+k+".todo")
		}
	}
	for _, k := range keys {
		if !text.Has(k) {
			t.Errorf("no words for %s", k)
		}
	}
}

func TestOnlineDossierShowsTheTimeToAnswer(t *testing.T) { // ux-P1
	t.Parallel()
	inBureau(t, func(b *bureau) {
		in := b.p.Intake(passportCode)
		in.Channel, in.Pay = "online", ""
		_, err := b.p.Register.File(context.Background(), in, "12-Q20", "online-0000000000001")
		b.check(err)
		row := said(page(b.t, b.get("minh", "/desk/work?queue=online")), "tr[data-href]")
		if !strings.Contains(row, "Còn ") || !strings.Contains(row, "Trực tuyến") {
			b.t.Errorf("the row says %q", row)
		}
	})
}

func TestActOutOfOrderLeadsToThoseThatArePossible(t *testing.T) { // rel-B-W10
	t.Parallel()
	inBureau(t, func(b *bureau) {
		d := b.received()
		path := "/desk/dossiers/" + d.ID + "/do/conclude"
		b.again("may")
		for name, w := range map[string]*httptest.ResponseRecorder{"form": b.get("may", path), "post": b.post("may", path, url.Values{"version": {fmt.Sprint(d.Version)}, "outcome": {"granted"}, "kind": {"Hộ chiếu"}})} {
			doc := page(b.t, w)
			if w.Code != 409 || doc.Find(".q-instead a[href$='/do/advance']").Length() != 1 {
				b.t.Errorf("%s: status %d, instead %q", name, w.Code, said(doc, ".q-instead"))
			}
		}
		if b.now(d).State != dossier.Accepted {
			b.t.Error("the dossier was concluded")
		}
	})
}

// fieldsOfDossier are the facts of a person that P2 shows to whoever may view
// the dossier, and no others.
var fieldsOfDossier = []string{"Họ, chữ đệm và tên", "Ngày sinh", "Số giấy tờ", "Điện thoại", "Thư điện tử", "Mã số thuế", "Nơi ở"}

func TestDossierPageShowsOnlyTheFieldsOfItsView(t *testing.T) { // rel-K62
	t.Parallel()
	inBureau(t, func(b *bureau) {
		d := b.received(func(in *dossier.Intake) { in.Filer.Email = "nguoi.nop@example.vn" })
		for _, role := range officer.Roles {
			login := "k62" + strings.ReplaceAll(string(role), "_", "")
			b.hire(login, "Cán bộ", role, "12")
			w := b.get(login, "/desk/dossiers/"+d.ID)
			if role == officer.Inspector {
				w = b.post(login, "/desk/dossiers/"+d.ID, url.Values{"reason": {"Thanh tra"}})
			}
			if !b.staff[login].Can(officer.View) {
				if w.Code != 403 || strings.Contains(w.Body.String(), d.Filer.Name) {
					b.t.Errorf("%s: status %d", role, w.Code)
				}
				continue
			}
			page(b.t, w).Find("[data-fields=person] dt").Each(func(_ int, s *goquery.Selection) {
				if !slices.Contains(fieldsOfDossier, strings.TrimSpace(s.Text())) {
					b.t.Errorf("%s reads the field %q", role, s.Text())
				}
			})
			for _, secret := range []string{d.Filer.IDNumber, strings.TrimPrefix(d.Filer.Phone, "+84"), d.Filer.Email, demotest.Key.Secret(d.ID), demotest.Key.Token(d.ID), d.Salt, d.TokenHash} {
				if w.Code != 200 || strings.Contains(w.Body.String(), secret) {
					b.t.Errorf("%s: status %d, reads %q", role, w.Code, secret)
				}
			}
		}
	})
}
