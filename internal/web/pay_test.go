package web

import (
	"encoding/base64"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"rsc.io/qr"

	"quay20/internal/dossier"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/payment"
)

// hear tells the ledger of one transfer for a demand and lets the dossier know,
// as the job does.
func (w *town) hear(d payment.Demand, number string, change ...func(*payment.Told)) {
	w.t.Helper()
	law := w.p.Law.Law()
	to, _ := law.AccountNumbered(d.BIN, d.Account, pack.On(w.clock.Now()))
	told := payment.Told{Number: number, Amount: d.Amount, Currency: "VND", Booked: w.clock.Now(), Message: "MBVCB.123." + d.Message() + " chuyen tien"}
	for _, c := range change {
		c(&told)
	}
	if _, err := w.p.Ledger.Hear(w.t.Context(), officer.System(), payment.Webhook, to, []payment.Told{told}); err != nil {
		w.t.Fatal(err)
	}
	settled := payment.Confirmed{Dossier: d.Dossier, Item: d.Item, Reference: d.Reference, Amount: d.Amount}
	if err := w.p.Register.Settle(w.t.Context(), settled); err != nil {
		w.t.Fatal(err)
	}
}

func (w *town) demand(d dossier.Dossier) payment.Demand {
	w.t.Helper()
	m, err := w.p.Register.Pay(w.t.Context(), token(d))
	if err != nil || len(m.Open) != 1 {
		w.t.Fatal(m, err)
	}
	return m.Open[0]
}

// TestACitizenPaysFromHome: the page says how much, for what and by which rule,
// its QR asks for exactly that, and once the bank has spoken nothing is asked any
// more. rel-I-M8
func TestACitizenPaysFromHome(t *testing.T) { // ux-C20
	t.Parallel()
	inTown(t, func(w *town) {
		d := w.inState("payment")
		path := "/t/" + token(d) + "/nop-phi"
		if got := page(w.t, get(w.t, w.s, "/t/"+token(d))).Find(`a[href="` + path + `"]`).Length(); got != 1 {
			w.t.Errorf("tracking has %d links to paying", got)
		}
		doc := page(w.t, get(w.t, w.s, path))
		m := w.demand(d)
		all := doc.Find("main").Text()
		for _, want := range []string{"200.000 đồng", m.What, m.Basis, m.Account, m.Holder, m.Message(), "Công an không gọi điện yêu cầu chuyển tiền"} {
			if !strings.Contains(all, want) {
				w.t.Errorf("the page does not say %q", want)
			}
		}
		if !w.asks(doc, payment.QR{BIN: m.BIN, Account: m.Account, Amount: 200_000, Purpose: m.Reference + " NGHIA VU"}) {
			w.t.Error("the QR asks for another payment than the page")
		}
		again := page(w.t, get(w.t, w.s, path)).Find(`input[name=reference]`).AttrOr("value", "")
		if again != m.Reference {
			w.t.Errorf("looking again made another demand: %s after %s", again, m.Reference)
		}
		for name, want := range map[string]string{"/vietqr.png": "\x89PNG", "/phieu.pdf": "%PDF"} {
			if rec := get(w.t, w.s, path+"/"+m.Reference+name); rec.Code != 200 || !strings.HasPrefix(rec.Body.String(), want) {
				w.t.Errorf("%s: %d", name, rec.Code)
			}
		}
		for _, bad := range []string{path + "/" + m.Reference + "/xac-nhan.pdf", path + "/LC0000000000/phieu.pdf", "/t/" + strings.Repeat("0", 26) + "/nop-phi"} {
			if rec := get(w.t, w.s, bad); rec.Code != 404 {
				w.t.Errorf("%s: %d", bad, rec.Code)
			}
		}

		if rec := do(w.s, request("POST", path, url.Values{"reference": {m.Reference}}.Encode())); rec.Code != 303 {
			w.t.Fatalf("saying that it is paid: %d", rec.Code)
		}
		doc = page(w.t, get(w.t, w.s, path))
		if got := said(doc, ".q-status__tag"); got != "Đang đối chiếu" {
			w.t.Errorf("after saying so the page says %q", got)
		}
		if doc.Find("form[action$='/nop-phi'], img.q-pay__qr").Length() > 0 || !strings.Contains(said(doc, ".q-status__next"), "Không cần nộp lại") {
			w.t.Error("the page asks to pay again")
		}

		w.hear(m, "FT1")
		doc = page(w.t, get(w.t, w.s, path))
		if got := said(doc, ".q-status__tag"); got != "Đã nộp" || doc.Find("form[action$='/nop-phi']").Length() > 0 {
			w.t.Errorf("after the bank's word the page says %q", got)
		}
		if rec := get(w.t, w.s, path+"/"+m.Reference+"/xac-nhan.pdf"); rec.Code != 200 || !strings.HasPrefix(rec.Body.String(), "%PDF") {
			w.t.Errorf("the confirmation: %d", rec.Code)
		}
		now, err := w.p.Register.Find(w.t.Context(), d.ID, officer.System())
		if err != nil || now.State != dossier.Processing || now.Paused() || now.Obligations[0].Receipt != m.Reference {
			w.t.Errorf("the dossier stands at %s, %+v, %v", now.State, now.Obligations, err)
		}
	})
}

// Money that does not fit is looked at by a person; meanwhile nobody is asked to
// pay again.
func TestMoneyThatDoesNotFitIsNotAskedForAgain(t *testing.T) { // ux-C20
	t.Parallel()
	inTown(t, func(w *town) {
		d := w.inState("payment")
		m := w.demand(d)
		w.hear(m, "FT1", func(told *payment.Told) { told.Amount -= 1000 })
		doc := page(w.t, get(w.t, w.s, "/t/"+token(d)+"/nop-phi"))
		if got := said(doc, ".q-status__tag"); got != "Đang đối chiếu" || doc.Find("form[action$='/nop-phi']").Length() > 0 {
			w.t.Errorf("the page says %q", got)
		}
	})
}

// asks reports whether the page's picture is the VietQR of exactly this payment.
func (w *town) asks(doc *goquery.Document, q payment.QR) bool {
	w.t.Helper()
	payload, err := q.Payload()
	if err != nil {
		w.t.Fatal(err)
	}
	code, err := qr.Encode(payload, qr.M)
	if err != nil {
		w.t.Fatal(err)
	}
	code.Scale = 6
	return doc.Find("img.q-pay__qr").AttrOr("src", "") == "data:image/png;base64,"+base64.StdEncoding.EncodeToString(code.PNG())
}

// TestBankMoneyAtTheDesk: what does not fit is shown to the cashier with its
// reason, given back by two persons, and nobody else sees it.
func TestBankMoneyAtTheDesk(t *testing.T) { // ux-V3
	t.Parallel()
	inBureau(t, func(b *bureau) {
		money, chief := b.hire("thungan", "Lý A Tính", officer.Cashier, "12-Q20"), b.hire("duyettien", "Tao Thị Dủa", officer.Approver, "12-Q20")
		b.sit(money)
		to, _ := b.p.Law.Law().Account(money.Unit, pack.On(b.clock.Now()))
		told := payment.Told{Number: "FT1", Amount: 15_000, Currency: "VND", Booked: b.clock.Now(), Message: "khong ghi gi"}
		if _, err := b.p.Ledger.Hear(t.Context(), officer.System(), payment.Webhook, to, []payment.Told{told}); err != nil {
			b.t.Fatal(err)
		}
		doc := b.opened(b.get("thungan", "/desk/bank"), 200)
		link := doc.Find(`a[href^="/desk/bank/line"]`).AttrOr("href", "")
		if all := doc.Find("main").Text(); link == "" || !strings.Contains(all, "Không có mã nộp tiền") || !strings.Contains(all, "15.000 đồng") {
			b.t.Fatalf("the list says %s", all)
		}
		id := to.BIN + "/" + to.Number + "/FT1"
		give := url.Values{"id": {id}, "give": {"1"}, "amount": {"15.000"}, "way": {"return"}, "payee": {"Lò Thị Pâng"}, "document": {""}, "why": {"Không rõ nội dung"}}
		doc = b.opened(b.post("thungan", "/desk/bank/refund", give), 422)
		if got := doc.Find("#payee").AttrOr("value", ""); got != "Lò Thị Pâng" || doc.Find("#document-error").Length() != 1 {
			b.t.Errorf("a refund without a document comes back with %q", got)
		}
		give.Set("document", "Lệnh chi 12")
		b.led(b.post("thungan", "/desk/bank/refund", give))
		settle := url.Values{"id": {id}, "nth": {"1"}, "yes": {"1"}}
		b.clock.Set(b.clock.Now().Add(2 * time.Minute))
		b.again("duyettien")
		b.led(b.post("duyettien", "/desk/bank/refund/settle", settle))
		c, err := b.p.Ledger.Case(t.Context(), chief.By, id)
		if err != nil || c.State != payment.Closed || c.Refunded != 15_000 {
			b.t.Errorf("%+v, %v", c.Line, err)
		}
	})
}
