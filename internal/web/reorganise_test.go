package web

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"quay20/internal/dossier"
	"quay20/internal/officer"
	"quay20/internal/store"
	"quay20/internal/store/storetest"
)

// ux-C18, ux-O1, ux-O2, ux-P2: after communes were merged the citizen reads on
// the old slip's page where the dossier is now and where the result will be,
// and the officer of the old commune where they serve now; the search at the
// new desk finds what the old one received, open or closed.
func TestEverybodyIsToldWhoTookOver(t *testing.T) {
	t.Parallel()
	lastDay := time.Date(2025, 6, 30, 2, 15, 0, 0, time.UTC)
	storetestAt(t, lastDay, func(t *testing.T, db *store.DB) {
		storetest.ClockOf(db).Set(lastDay)
		b := newBooth(t, db, "03389", testOrigin) // Đoàn Kết, which goes into a Đoàn Kết with another code
		receive := func() dossier.Dossier {
			d, err := b.p.Receive(t.Context(), b.by, residence)
			if err != nil {
				t.Fatal(err)
			}
			return d
		}
		d, closed := receive(), receive()
		if _, err := b.p.Do(t.Context(), b.by, closed, &dossier.Withdraw{Reason: "Không cần nữa", Money: "Không có"}); err != nil {
			t.Fatal(err)
		}
		if doc := page(t, get(t, b.s, "/t/"+token(d))); doc.Find(".govuk-inset-text").Length() != 0 {
			t.Error("before the day the page speaks of another unit")
		}
		b.clock.Set(time.Date(2025, 7, 1, 1, 0, 0, 0, time.UTC))
		left := func() (n int64, on string) {
			if err := db.Read(t.Context(), func(tx *store.Tx) (err error) { n, on, err = b.p.Register.Left(tx); return err }); err != nil {
				t.Fatal(err)
			}
			return n, on
		}
		if n, on := left(); n != 1 || on != "2025-07-01" {
			t.Errorf("%d dossiers are left with units that ended by %q", n, on)
		}
		order := dossier.Reorganisation{On: "2025-07-01"}
		if _, err := b.p.Register.Reorganise(t.Context(), b.p.Roll, order, officer.Console(), func(*store.Tx) (string, error) { return "", nil }); err != nil {
			t.Fatal(err)
		}
		if n, _ := left(); n != 0 {
			t.Errorf("%d dossiers are left after it", n)
		}

		doc := page(t, get(t, b.s, "/t/"+token(d)))
		want := "Ngày 01/07/2025, hồ sơ của ông/bà đã được chuyển từ Công an phường Đoàn Kết (đến 30/06/2025) cho Công an phường Đoàn Kết (từ 01/07/2025), vì: Sắp xếp 106 xã, phường, thị trấn của tỉnh thành 38 xã, phường. Nhận kết quả tại Công an phường Đoàn Kết. Mã hồ sơ, giấy hẹn và ngày hẹn trả không thay đổi; ông/bà không phải nộp lại giấy tờ."
		if got := said(doc, ".govuk-inset-text"); got != want {
			t.Errorf("the citizen reads %q", got)
		}
		if en := page(t, get(t, b.s, "/t/"+token(d)+"?lang=en")); !strings.Contains(said(en, ".govuk-inset-text"), "Collect your result at") {
			t.Errorf("in English: %q", said(en, ".govuk-inset-text"))
		}
		if doc := page(t, get(t, b.s, "/t/"+token(closed))); doc.Find(".govuk-inset-text").Length() != 0 {
			t.Error("a closed dossier is said to be passed on")
		}
		b.doc(b.get("/desk"), 401)

		var err error
		if b.token, _, err = b.p.Roll.SignIn(t.Context(), "minh", password, "", "192.0.2.7"); err != nil {
			t.Fatal(err)
		}
		told := "Từ ngày 01/07/2025 đồng chí làm việc tại Công an phường Đoàn Kết (từ 01/07/2025) (trước đó: Công an phường Đoàn Kết (đến 30/06/2025)), vì đơn vị cũ đã kết thúc."
		if got := said(b.doc(b.get(takePath), 200), ".govuk-inset-text"); !strings.HasPrefix(got, told) {
			t.Errorf("taking a desk the officer reads %q", got)
		}
		if to := b.goes(b.post(takePath, url.Values{"desk": {"03388"}})); to != "/desk" {
			t.Errorf("taking the new desk leads to %s", to)
		}
		if got := said(b.doc(b.get("/desk"), 200), ".govuk-inset-text"); !strings.HasPrefix(got, told) {
			t.Errorf("at the desk the officer reads %q", got)
		}
		v := b.doc(b.get(dossierHref(&d)), 200)
		if got := said(v, ".govuk-inset-text"); !strings.Contains(got, "nơi trả kết quả từ Công an phường Đoàn Kết (đến 30/06/2025) sang Công an phường Đoàn Kết (từ 01/07/2025)") {
			t.Errorf("the dossier's page says %q", got)
		}
		for _, x := range []dossier.Dossier{d, closed} {
			if to := b.goes(b.post(searchPath, url.Values{"q": {string(x.Code)}})); !strings.HasPrefix(to, "/desk/dossiers/") {
				t.Errorf("finding %s at the new desk leads to %s", x.Code, to)
			}
		}
		b.clock.Set(time.Date(2025, 8, 4, 1, 0, 0, 0, time.UTC))
		if b.token, _, err = b.p.Roll.SignIn(t.Context(), "minh", password, "", "192.0.2.7"); err != nil {
			t.Fatal(err)
		}
		if b.doc(b.get(takePath), 200).Find(".govuk-inset-text").Length() != 0 {
			t.Error("officers are told where they serve for more than a month")
		}
	})
}
