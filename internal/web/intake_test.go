package web

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"quay20/internal/dossier"
	"quay20/internal/store"
)

// ux-O3: card, alias, papers, phone, cash: one form, no script.
func TestWalkInIsReceivedWithoutScript(t *testing.T) {
	atBooth(t, commune, func(t *testing.T, b *booth) {
		v := b.filled()
		doc := b.doc(b.post(fillPath, v), 200)
		if got := said(doc, "#sum"); !strings.Contains(got, "thứ Năm 05/03/2026") || !strings.Contains(got, "15.000 đồng") {
			t.Errorf("promised date and fee before saving: %q", got)
		}
		if doc.Find("#sum ol li").Length() == 0 {
			t.Error("the date comes without its proof")
		}
		to := b.goes(b.post(intakePath, v))
		d := b.only()
		if d.Filer.Name != "LÒ THỊ PÂNG" || d.Filer.Phone != "+84300123456" || d.Filer.Source != "qr" || !d.Filer.Checked.QR || d.State != dossier.Accepted || !d.Fee.Paid || d.Fee.Amount != 15000 {
			t.Errorf("received %+v, fee %+v", d.Filer, d.Fee)
		}
		if to != "/desk/dossiers/"+string(d.Code)+"/printed?now=1" {
			t.Errorf("goes on to %s", to)
		}
		if strings.Contains(to, "012190001234") {
			t.Error("a personal number stands in an address") // rel-K77
		}
	})
}

// ux-O3: Enter anywhere without a script works the form out; it never receives.
func TestEnterWithoutScriptReceivesNothing(t *testing.T) {
	atBooth(t, commune, func(t *testing.T, b *booth) {
		doc := b.doc(b.get(intakePath), 200)
		first := doc.Find("form[data-intake] button[type=submit], form[data-intake] button:not([type])").First()
		if action, _ := first.Attr("formaction"); action != fillPath {
			t.Errorf("Enter sends to %q", action)
		}
		v := b.filled()
		b.doc(b.post(fillPath, v), 200)
		b.none()
	})
}

// rel-B-W06: a double click or back-and-send makes one dossier and shows the
// first receipt.
func TestIntakeSentTwiceIsOneDossier(t *testing.T) {
	atBooth(t, commune, func(t *testing.T, b *booth) {
		v := b.filled()
		first, second := b.goes(b.post(intakePath, v)), b.goes(b.post(intakePath, v))
		if first != second {
			t.Errorf("first %s, second %s", first, second)
		}
		b.only()
	})
}

// rel-B-W01, B-W02, B-W03, B-W04, B-W05: each bad value is named at its field,
// everything typed stays, nothing is stored.
func TestBadValuesComeBackAtTheirFields(t *testing.T) {
	atBooth(t, commune, func(t *testing.T, b *booth) {
		v := b.filled()
		for _, c := range []struct{ id, field, value, says string }{
			{"B-W01", "filer.name", "\u200b \u200b", "Nhập"},
			{"B-W02", "filer.name", strings.Repeat("Lò ", 100), "nhiều nhất"},
			{"B-W02", "filer.name", "Lò Thị 9", ""},
			{"B-W03", "filer.born", "31/02/1990", ""},
			{"B-W03", "filer.born", "25/12/2030", ""},
			{"B-W03", "filer.born", "01/01/1850", ""},
			{"B-W03", "filer.born", "07/03/90", ""},
			{"B-W04", "filer.id_number", "01219000123", ""},
			{"B-W04", "filer.id_number", "0121900012345", ""},
			{"B-W04", "filer.id_number", "01219000123x", ""},
			{"B-W05", "filer.phone", "09123abc78", ""},
			{"B-W05", "filer.phone", "091", ""},
			{"B-W01", "fee_case", "", "Chọn"},
		} {
			bad := clone(v)
			bad.Set(c.field, c.value)
			doc := b.doc(b.post(intakePath, bad), 422)
			summary := doc.Find(`.govuk-error-summary a[href="#` + c.field + `"]`)
			if summary.Length() == 0 || doc.Find(`[id="`+c.field+`"]`).Length() != 1 {
				t.Errorf("%s %s %q: no link to the field in %q", c.id, c.field, c.value, said(doc, ".govuk-error-summary"))
				continue
			}
			if !strings.Contains(summary.Text(), c.says) || strings.Contains(summary.Text(), "[") {
				t.Errorf("%s %s %q: says %q", c.id, c.field, c.value, summary.Text())
			}
			if !strings.HasPrefix(strings.TrimSpace(doc.Find("title").Text()), "Lỗi: ") {
				t.Errorf("%s: title %q", c.id, doc.Find("title").Text())
			}
			if got, _ := doc.Find(`[id="procedure"]`).Attr("value"); got != "" || typed(doc).Get("procedure") != residence || typed(doc).Get("pay") != "cash" {
				t.Errorf("%s: what was typed is lost", c.id)
			}
		}
		b.none()
	})
}

func clone(v url.Values) url.Values {
	out := url.Values{}
	for name, values := range v {
		out[name] = append([]string(nil), values...)
	}
	return out
}

// rel-B-W05: a foreign number is taken, with a warning that no message goes.
func TestForeignPhoneIsAcceptedWithAWarning(t *testing.T) {
	atBooth(t, commune, func(t *testing.T, b *booth) {
		v := b.filled()
		v.Set("filer.phone", "+8613800138000")
		if got := said(b.doc(b.post(fillPath, v), 200), ".q-intake__warn"); got == "" {
			t.Error("no warning about messages")
		}
		b.goes(b.post(intakePath, v))
	})
}

// rel-B-W02, B-W08, B-Q03: markup is text.
func TestMarkupIsShownAsText(t *testing.T) {
	atBooth(t, commune, func(t *testing.T, b *booth) {
		v := b.filled()
		v.Set("request", "<script>alert(1)</script> [x](javascript:alert(1))")
		v.Set("scan", "012190001234||<img src=x onerror=alert(1)>|07031990|Nữ|\"><b>Bản|25042021")
		w := b.post(fillPath, v)
		body := w.Body.String()
		if strings.Contains(body, "<script>alert") || strings.Contains(body, "<img src=x") || strings.Contains(body, "\"><b>") {
			t.Error("markup from a field or a card is alive")
		}
	})
}

// rel-B-W09: fields that the form does not have are never used, and noted.
func TestStrangeFieldsAreIgnored(t *testing.T) {
	atBooth(t, commune, func(t *testing.T, b *booth) {
		v := b.filled()
		for name, value := range map[string]string{"received_at": "2026-02-01T08:00:00Z", "due": "2027-01-01", "fee": "1", "status": "concluded", "officer_id": "CB-9999", "filed_at": "2020-01-01"} {
			v.Set(name, value)
		}
		b.goes(b.post(intakePath, v))
		d := b.only()
		if !d.ReceivedAt.Equal(morning) || d.State != dossier.Accepted || d.Fee.Amount != 15000 || d.AcceptedBy != b.by.Officer.ID { // rel-T01
			t.Errorf("a foreign field was used: %v %s %d %s", d.ReceivedAt, d.State, d.Fee.Amount, d.AcceptedBy)
		}
		if !strings.Contains(logged(t), "fields that it does not have") || strings.Contains(logged(t), "CB-9999") {
			t.Error("strange fields are not noted, or their values are")
		}
	})
}

// rel-B-W11: a procedure that this desk may not take in is refused at once with
// where to go; so is one that no longer is in force.
func TestProcedureNotForThisDeskSaysWhereToGo(t *testing.T) {
	t.Parallel()
	atBoothOn(t, counter20, time.Date(2022, 11, 22, 2, 14, 0, 0, time.UTC), func(t *testing.T, b *booth) {
		v := typed(b.doc(b.get(intakePath), 200))
		v.Set("pick", residence)
		doc := b.doc(b.post(fillPath, v), 200)
		if got := said(doc, "#procedure-error"); !strings.Contains(got, "Công an xã") {
			t.Errorf("says %q", got)
		}
		v = typed(doc)
		v.Set("filer.name", "Lò Thị Pâng")
		b.doc(b.post(intakePath, v), 422)
		b.none()
	})
}

func atBoothOn(t *testing.T, desk string, at time.Time, fn func(*testing.T, *booth)) {
	t.Helper()
	storetestAt(t, at, func(t *testing.T, db *store.DB) { fn(t, newBooth(t, db, desk, testOrigin)) })
}

// rel-B-Q01: what is no card fills nothing and says what it is.
func TestOtherCodesFillNothing(t *testing.T) {
	atBooth(t, commune, func(t *testing.T, b *booth) {
		v := typed(b.doc(b.get(intakePath), 200))
		for _, scan := range []string{"012190001234|x", "https://example.vn/menu", "00020101021138570010A000000727", "xin chào"} {
			v.Set("scan", scan)
			doc := b.doc(b.post(fillPath, v), 422)
			if got := typed(doc); got.Get("filer.name")+got.Get("filer.id_number") != "" || said(doc, "#scan-error") == "" {
				t.Errorf("%q filled %q, says %q", scan, got.Get("filer.name"), said(doc, "#scan-error"))
			}
			if got, _ := doc.Find("#scan").Attr("value"); got != "" {
				t.Errorf("the box still holds %q", got)
			}
		}
	})
}

// rel-B-Q02, ux 2.3.2: the name that came garbled is marked and has the cursor;
// number and dates stay.
func TestGarbledNameIsTypedAgain(t *testing.T) {
	atBooth(t, commune, func(t *testing.T, b *booth) {
		v := typed(b.doc(b.get(intakePath), 200))
		v.Set("scan", "012190001234||L? TH? P?NG|07031990|Nữ|Bản Nà Đoong, xã San Thàng|25042021")
		doc := b.doc(b.post(fillPath, v), 200)
		if got := typed(doc); got.Get("filer.id_number") != "012190001234" || got.Get("filer.born") != "07/03/1990" || got.Get("filer.name") != "" {
			t.Errorf("filled %v", got)
		}
		if got := said(doc, `[id="filer.name-error"]`); !strings.Contains(got, "ọ tên") && !strings.Contains(got, "ọ, chữ đệm và tên") {
			t.Errorf("says %q", got)
		}
		if doc.Find(`[id="filer.name"][autofocus]`).Length() != 1 {
			t.Error("the cursor is not at the name")
		}
	})
}

// rel-B-Q04: a scan that arrives with the main button is read, not received.
func TestScanBeforeReceptionIsReadFirst(t *testing.T) {
	atBooth(t, commune, func(t *testing.T, b *booth) {
		v := b.filled()
		v.Set("scan", "0121900")
		b.doc(b.post(intakePath, v), 422)
		b.none()
	})
}

const otherCard = "012085005678||GIÀNG A SỬ|15081985|Nam|Tổ 5, phường Tân Phong, Lai Châu|25042021"

// rel-B-Q05: another person's card asks before it replaces anything.
func TestAnotherPersonsCardAsksFirst(t *testing.T) {
	atBooth(t, commune, func(t *testing.T, b *booth) {
		v := b.filled()
		v.Set("scan", otherCard)
		doc := b.doc(b.post(fillPath, v), 200)
		asked := typed(doc)
		if asked.Get("filer.name") != "LÒ THỊ PÂNG" || !strings.Contains(said(doc, ".q-intake__ask"), "GIÀNG A SỬ") {
			t.Fatalf("replaced without asking: %q, %q", asked.Get("filer.name"), said(doc, ".q-intake__ask"))
		}
		answer := func(do string) url.Values {
			v := clone(asked)
			v.Set("do", do)
			return typed(b.doc(b.post(fillPath, v), 200))
		}
		if got := answer("replace"); got.Get("filer.name") != "GIÀNG A SỬ" || got.Get("filer.phone") != "" || got.Get("procedure") != residence {
			t.Errorf("replace: %v", got)
		}
		if got := answer("owner"); got.Get("owner.name") != "GIÀNG A SỬ" || got.Get("filer.name") != "LÒ THỊ PÂNG" {
			t.Errorf("owner: %v", got)
		}
		if got := answer("keep"); got.Get("filer.name") != "LÒ THỊ PÂNG" || got.Get("pending") != "" {
			t.Errorf("keep: %v", got)
		}
	})
}

// rel-B-Q08: our own slip opens its dossier; an intake that has begun stays.
func TestOwnSlipOpensItsDossier(t *testing.T) {
	atBooth(t, commune, func(t *testing.T, b *booth) {
		b.goes(b.post(intakePath, b.filled()))
		d := b.only()
		facts, err := b.p.Register.Print(context.Background(), d.ID, "receipt", "", b.by, testOrigin)
		if err != nil {
			t.Fatal(err)
		}
		if to := b.goes(b.post(fillPath, url.Values{"scan": {facts.TrackURL}})); to != "/desk/dossiers/"+string(d.Code) {
			t.Errorf("goes to %s", to)
		}
		doc := b.doc(b.post(fillPath, url.Values{"scan": {facts.TrackURL}, "filer.name": {"Giàng A Sử"}}), 200)
		if typed(doc).Get("filer.name") != "Giàng A Sử" || doc.Find(`.q-intake__ask a[href="/desk/dossiers/`+string(d.Code)+`"]`).Length() != 1 {
			t.Error("the intake that had begun was left")
		}
	})
}

// rel-T01, ux-O4: a second dossier of the kind within a week must be explained.
func TestSecondDossierOfTheKindIsExplained(t *testing.T) {
	atBooth(t, commune, func(t *testing.T, b *booth) {
		b.goes(b.post(intakePath, b.filled()))
		v := b.filled() // the card shows the earlier dossier and the phone used last
		if v.Get("filer.phone") != "0300123456" && v.Get("filer.phone") != "0300 123 456" {
			t.Errorf("phone offered %q", v.Get("filer.phone"))
		}
		doc := b.doc(b.post(intakePath, v), 409)
		if doc.Find(`#again`).Length() != 1 || doc.Find(`.govuk-error-summary a[href="#again"]`).Length() == 0 {
			t.Error("the explanation is not asked for")
		}
		if got := said(doc, ".q-intake__earlier"); !strings.Contains(got, "LÒ THỊ PÂNG") {
			t.Errorf("the earlier dossier is not shown: %q", got)
		}
		v = typed(doc)
		v.Set("again", "Làm thêm cho người ở cùng nhà")
		b.goes(b.post(intakePath, v))
	})
}

// ux-O4: the same number with another name is laid side by side.
func TestSameNumberWithAnotherNameIsShown(t *testing.T) {
	atBooth(t, commune, func(t *testing.T, b *booth) {
		b.goes(b.post(intakePath, b.filled()))
		doc := b.doc(b.post(fillPath, url.Values{"filer.id_number": {"0121 9000 1234"}, "filer.name": {"Vàng Thị Khác"}}), 200)
		if got := said(doc, ".q-intake__more details summary"); !strings.Contains(got, "trùng") {
			t.Errorf("says %q", got)
		}
		use, _ := doc.Find(`button[name="use"]`).First().Attr("value")
		got := typed(b.doc(b.post(fillPath, url.Values{"filer.id_number": {"012190001234"}, "use": {use}}), 200))
		if got.Get("filer.name") != "LÒ THỊ PÂNG" {
			t.Errorf("use this person fills %q", got.Get("filer.name"))
		}
	})
}

// ux-O5: a missing paper blocks accepting; the officer asks for it (PR2) or
// refuses (PR3), and each needs its reason.
func TestMissingPaperLeadsToSupplementOrRefusal(t *testing.T) {
	atBooth(t, commune, func(t *testing.T, b *booth) {
		v := b.filled()
		v.Del("paper")
		doc := b.doc(b.post(intakePath, v), 422)
		if _, open := doc.Find("#lack").Attr("open"); !open || said(doc, "#papers-error") == "" {
			t.Error("the choice of supplement or refusal does not open")
		}
		v = typed(doc)
		v.Set("decision", "supplement")
		for name := range v {
			if strings.HasPrefix(name, "why.") {
				v.Set(name, "unsigned")
				break
			}
		}
		to := b.goes(b.post(intakePath, v))
		d := b.only()
		if d.State != dossier.Supplement || len(d.Supplements) != 1 || len(d.Supplements[0].Items) == 0 || d.Slips[0].Kind != "supplement" {
			t.Fatalf("state %s, slips %v", d.State, d.Slips)
		}
		if !strings.Contains(to, d.ID) { // it has no code before it is accepted
			t.Errorf("goes to %s", to)
		}

		v = b.filled()
		v.Set("decision", "refuse")
		v.Set("again", "Nộp lại")
		b.doc(b.post(intakePath, v), 422) // no reason
		v.Set("ground", "competence")
		if to := b.goes(b.post(intakePath, v)); !strings.Contains(said(b.doc(b.get(strings.TrimSuffix(to, "?now=1")), 200), "main"), "Đã từ chối tiếp nhận") {
			t.Error("the printed page does not say refused")
		}
	})
}

// What came by post is noted without judging it, and the page says until when
// it must be answered; at the counter that is no choice.
func TestDossierByPostIsHeld(t *testing.T) {
	atBooth(t, commune, func(t *testing.T, b *booth) {
		v := b.filled()
		v.Set("decision", "hold")
		v.Set("pay", "")
		b.doc(b.post(intakePath, v), 422)
		v.Set("channel", "post")
		to := b.goes(b.post(intakePath, v))
		if d := b.only(); d.State != dossier.Filed || d.Channel != "post" {
			t.Fatalf("state %s by %s", d.State, d.Channel)
		}
		if got := said(b.doc(b.get(strings.TrimSuffix(to, "?now=1")), 200), "main"); !strings.Contains(got, "đến qua bưu chính") || !strings.Contains(got, "Kiểm tra và trả lời trước") {
			t.Errorf("the page after says %q", got)
		}
	})
}

// Where the law counts from the fee, officer, slip and citizen are told so, and
// none of them that there is no date.
func TestFeeComesBeforeTheLimit(t *testing.T) {
	atBooth(t, "12-QDKX", func(t *testing.T, b *booth) {
		d, err := b.p.Receive(context.Background(), b.by, "1.013067", func(in *dossier.Intake) { in.Pay = "later" })
		if err != nil {
			t.Fatal(err)
		}
		if !d.ReceivedAt.IsZero() {
			t.Fatal("the limit runs before the fee")
		}
		printed := b.doc(b.get("/desk/dossiers/"+string(d.Code)+"/printed"), 200)
		if got := said(printed, "main"); !strings.Contains(got, "thời hạn bắt đầu tính khi nộp") || printed.Find(`main a[href$="/fee"]`).Length() != 1 {
			t.Errorf("the page after the intake says %q", got)
		}
		if got := said(b.doc(b.get("/desk/dossiers/"+string(d.Code)), 200), "main"); !strings.Contains(got, "Thời hạn bắt đầu tính khi nộp lệ phí") || strings.Contains(got, "Luật không định ngày trả") {
			t.Errorf("the citizen reads %q", got)
		}
		f, err := b.p.Register.Print(context.Background(), d.ID, "receipt", "", b.by, testOrigin)
		if err != nil || !f.DueAfterFee || len(f.Secret) != 9 {
			t.Errorf("slip: due after the fee %v, key %q, %v", f.DueAfterFee, f.Secret, err)
		}
	})
}

// ux-O3: an owner other than the filer needs an authority; assisted filing
// keeps its reason; counts of papers are kept.
func TestOwnerAuthorityAssistedAndCounts(t *testing.T) {
	atBooth(t, commune, func(t *testing.T, b *booth) {
		v := b.filled()
		v.Set("owner.name", "Giàng A Sử")
		v.Set("owner.id_number", "012085005678")
		doc := b.doc(b.post(intakePath, v), 422)
		if doc.Find(`.govuk-error-summary a[href="#authority"]`).Length() == 0 {
			t.Error("the authority is not asked for")
		}
		v.Set("authority", "Giấy ủy quyền 12/UBND")
		v.Set("assisted", "Không đọc được chữ")
		v.Set("sets", "2")
		v.Set("extra", "Ảnh 3x4\n\nGiấy xác nhận")
		v.Set("originals."+paperKey("Tờ khai thay đổi thông tin cư trú"), "3")
		b.goes(b.post(intakePath, v))
		d := b.only()
		if d.Owner == nil || d.Owner.Name != "Giàng A Sử" || d.Assisted != "Không đọc được chữ" || d.Sets != 2 || len(d.Papers) != 4 || d.Papers[0].Originals != 3 {
			t.Errorf("owner %+v, assisted %q, sets %d, papers %+v", d.Owner, d.Assisted, d.Sets, d.Papers)
		}
	})
}

// ux-O3: where several units could decide, the officer chooses.
func TestDecidingUnitIsAsked(t *testing.T) {
	atBooth(t, counter20, func(t *testing.T, b *booth) {
		v := typed(b.doc(b.get(intakePath), 200))
		v.Set("q", "tt")
		doc := b.doc(b.post(fillPath, v), 200)
		if doc.Find(`#unit option[value="`+commune+`"]`).Length() != 1 {
			t.Fatal("no choice of the deciding unit")
		}
		v = b.filled()
		if w := b.doc(b.post(intakePath, v), 422); w.Find(`.govuk-error-summary a[href="#unit"]`).Length() == 0 {
			t.Error("the unit is not asked for at the end")
		}
		v.Set("unit", commune)
		b.goes(b.post(intakePath, v))
		law := b.p.Law.Law()
		if u, _ := law.UnitByKey(b.only().Competent); u.Code != commune {
			t.Errorf("decided by %s", u.Code)
		}
	})
}

// ux 4.4: the picker forgives marks, typing method and order, on the server.
func TestPickerFindsHoweverTyped(t *testing.T) {
	atBooth(t, commune, func(t *testing.T, b *booth) {
		for _, q := range []string{"tt", "đăng ký tạm trú", "dang ky tam tru", "ddawng kys tamj trus", "tamtru", "1.004194"} {
			w := b.get(intakePath + "/procedures?q=" + url.QueryEscape(q))
			if w.Code != 200 || !strings.Contains(w.Body.String(), residence) {
				t.Errorf("%q: %d %s", q, w.Code, w.Body)
			}
		}
		doc := b.doc(b.post(fillPath, url.Values{"q": {"tạm"}, "filer.name": {"Lò Thị Pâng"}}), 200)
		if doc.Find(`button[name="pick"]`).Length() < 2 || typed(doc).Get("filer.name") != "Lò Thị Pâng" {
			t.Error("several findings are not offered, or what was typed is lost")
		}
		if got := said(b.doc(b.post(fillPath, url.Values{"q": {"zzzqqq"}}), 200), ".q-picker"); !strings.Contains(got, "zzzqqq") {
			t.Errorf("nothing found says %q", got)
		}
	})
}

// rel-B-W12, ux Ctrl+S: a draft is put aside and comes back; two pages of one
// draft keep both versions.
func TestDraftsComeBackAndNeverOverwrite(t *testing.T) {
	atBooth(t, commune, func(t *testing.T, b *booth) {
		v := b.filled()
		to := b.goes(b.post(draftPath, v))
		if strings.Contains(to, "012190001234") {
			t.Error("a personal number stands in an address")
		}
		back := typed(b.doc(b.get(to), 200))
		if back.Get("filer.name") != "LÒ THỊ PÂNG" || back.Get("filer.phone") != "0300 123 456" || len(back["paper"]) != 2 {
			t.Errorf("the draft came back as %v", back)
		}
		one, two := clone(back), clone(back)
		one.Set("request", "bản một")
		two.Set("request", "bản hai")
		b.goes(b.post(draftPath, one))
		doc := b.doc(b.post(draftPath, two), 412)
		if again := typed(doc); again.Get("request") != "bản hai" || again.Get("draft") != "" || doc.Find(`.q-intake__ask a[href="`+to+`"]`).Length() != 1 {
			t.Errorf("second page shows %q, draft %q", again.Get("request"), again.Get("draft"))
		}
		b.goes(b.post(draftPath, typed(doc)))
		if list, _ := b.p.Register.Drafts(context.Background(), b.by); len(list) != 2 {
			t.Fatalf("%d drafts are kept, want both", len(list))
		}
		v = typed(b.doc(b.get(to), 200))
		b.goes(b.post(intakePath, v))
		if list, _ := b.p.Register.Drafts(context.Background(), b.by); len(list) != 1 {
			t.Error("the draft outlives its reception")
		}
		other, token := b.hire("hoa", "Tao Thị Hoa", "receptionist", commune)
		_ = other
		mine := b.token
		b.token = token
		list, _ := b.p.Register.Drafts(context.Background(), b.by)
		b.doc(b.get(intakePath+"?draft="+list[0].ID), 404) // another officer's draft does not exist
		b.token = mine
	})
}

// A draft nobody touches for a month is forgotten by the sweep.
func TestOldDraftsAreForgotten(t *testing.T) {
	atBooth(t, commune, func(t *testing.T, b *booth) {
		b.goes(b.post(draftPath, b.filled()))
		b.clock.Set(morning.Add(31 * 24 * time.Hour))
		if _, err := b.p.Register.Sweep(context.Background()); err != nil {
			t.Fatal(err)
		}
		if list, _ := b.p.Register.Drafts(context.Background(), b.by); len(list) != 0 {
			t.Errorf("%d drafts left", len(list))
		}
	})
}

// ux 2.3.1 Ctrl+D: the next person keeps procedure and return; nothing personal
// stands in the address.
func TestNextPersonOfAHouseholdKeepsTheProcedure(t *testing.T) {
	atBooth(t, commune, func(t *testing.T, b *booth) {
		doc := b.doc(b.get(b.goes(b.post(intakePath, b.filled()))), 200)
		again, _ := doc.Find(`a[data-key="Ctrl+D"]`).Attr("href")
		v := typed(b.doc(b.get(again), 200))
		if v.Get("procedure") != residence || v.Get("fee_case") != "Cá nhân, hộ gia đình" || v.Get("filer.name") != "" {
			t.Errorf("the next person begins with %v", v)
		}
	})
}

// rel-B-W07: a session that ended keeps what was typed, and nothing is sent
// unseen after the new sign-in.
func TestIntakeSurvivesTheEndOfTheSession(t *testing.T) {
	atBooth(t, commune, func(t *testing.T, b *booth) {
		v := b.filled()
		b.token = "gone"
		doc := b.doc(b.post(intakePath, v), 401)
		kept, _ := doc.Find(`input[name="kept"]`).Attr("value")
		w := do(b.s, request("POST", SignInPath, url.Values{"login": {"minh"}, "password": {password}, "next": {intakePath}, "kept": {kept}}.Encode()))
		doc = b.doc(w, 200)
		again := url.Values{}
		doc.Find(`form input[type="hidden"]`).Each(func(_ int, e *selection) {
			name, _ := e.Attr("name")
			value, _ := e.Attr("value")
			again.Add(name, value)
		})
		for _, c := range w.Result().Cookies() {
			if c.Name == cookieName("") {
				b.token = c.Value
			}
		}
		if _, err := b.p.Roll.TakeDesk(context.Background(), b.token, commune); err != nil {
			t.Fatal(err)
		}
		doc = b.doc(b.post(intakePath, again), 422)
		if got := typed(doc); got.Get("filer.name") != "LÒ THỊ PÂNG" || got.Get("filer.phone") != "0300 123 456" {
			t.Errorf("came back as %v", got)
		}
		b.none()
		b.goes(b.post(intakePath, typed(doc)))
		b.only()
	})
}

// Without a desk nobody receives; the page leads to taking one.
func TestIntakeNeedsADesk(t *testing.T) {
	atBooth(t, commune, func(t *testing.T, b *booth) {
		if _, err := b.p.Roll.TakeDesk(context.Background(), b.token, ""); err != nil {
			t.Fatal(err)
		}
		if to := b.goes(b.get(intakePath)); to != takePath {
			t.Errorf("goes to %s", to)
		}
		if w := b.post(intakePath, url.Values{"filer.name": {"x"}}); w.Code != 409 {
			t.Errorf("received without a desk: %d", w.Code)
		}
	})
}

// The fee of a list is for each person on it; the receipt and the slip say how
// many and by which text.
func TestFeePerPersonIsCountedAtTheDesk(t *testing.T) {
	atBooth(t, commune, func(t *testing.T, b *booth) {
		v := b.filled()
		v.Set("fee_case", "Theo danh sách")
		doc := b.doc(b.post(fillPath, v), 200)
		if doc.Find("#fee_count").Length() != 1 || !strings.Contains(said(doc, "#sum"), "10.000 đồng") {
			t.Fatalf("the number of people is not asked: %q", said(doc, "#sum"))
		}
		v = typed(doc)
		v.Set("fee_count", "12")
		if got := said(b.doc(b.post(fillPath, v), 200), "#sum"); !strings.Contains(got, "120.000 đồng") || !strings.Contains(got, "75/2022/TT-BTC") {
			t.Errorf("twelve people pay %q", got)
		}
		for _, wrong := range []string{"-1", "1001", "mười"} {
			v.Set("fee_count", wrong)
			if a := b.post(intakePath, v); a.Code != 422 || b.doc(a, 422).Find(`.govuk-error-summary a[href="#fee_count"]`).Length() != 1 {
				t.Errorf("%q people are answered %d", wrong, a.Code)
			}
		}
		b.none()
		v.Set("fee_count", "12")
		b.goes(b.post(intakePath, v))
		if d := b.only(); d.Fee.Amount != 120_000 || d.Fee.Count != 12 || d.Fee.Per != "người" || !d.Fee.Paid {
			t.Errorf("%+v", d.Fee)
		}
	})
}
