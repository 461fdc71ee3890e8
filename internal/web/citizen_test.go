package web

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"quay20/internal/applicant"
	"quay20/internal/demo"
	"quay20/internal/demo/demotest"
	"quay20/internal/dossier"
	"quay20/internal/officer"
	"quay20/internal/store"
	"quay20/internal/store/storetest"
)

// morning is a Monday at 09:15 in Lai Châu.
var morning = time.Date(2026, 3, 2, 2, 15, 0, 0, time.UTC)

// town is the citizen's pages over a province in miniature.
type town struct {
	t     *testing.T
	s     *Server
	p     *demo.Province
	staff demotest.Staff
	clock *storetest.Clock
	filed int
}

// inTown runs a test on every engine.
func inTown(t *testing.T, fn func(*town)) {
	t.Helper()
	storetest.EachAt(t, storetest.NewClock(morning), func(t *testing.T, db *store.DB) { fn(newTown(t, db, testOrigin)) })
}

func newTown(t *testing.T, db *store.DB, origin string) *town {
	t.Helper()
	p := demotest.At(t, db)
	clock := storetest.ClockOf(db)
	clock.Set(morning)
	s := testServer(t, func(c *Config) {
		c.Origin, c.Now, c.Law, c.Dossiers, c.Filing = origin, clock.Now, p.Law, p.Register, p.Filing
	})
	return &town{t: t, s: s, p: p, staff: demotest.Hire(t, p), clock: clock}
}

// planted is the person whose facts may appear on no public page.
var planted = applicant.Person{
	Kind: applicant.Citizen, Name: "Tẩn Thị Mộng Quỳnh", Born: "1987-11-23", Sex: applicant.Female,
	IDKind: applicant.CCCD, IDNumber: "012187654321", Address: "Phường Đoàn Kết, Lai Châu", Village: "Bản Cắng Đắng",
	Phone: "+84300987654", Email: "quynh.mong@example.vn", Source: applicant.Typed,
}

// secrets are the planted facts as they might be written.
var secrets = []string{"Mộng", "Quỳnh", "Quynh", "quynh", "012187654321", "0121 8765 4321", "300987654", "0300 987 654",
	"Cắng Đắng", "Phường Đoàn Kết", "1987-11-23", "23/11/1987", "Khèn", "012090111222"}

func (w *town) must(d dossier.Dossier, err error) dossier.Dossier {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

// received is a passport dossier of the planted person at quầy 20.
func (w *town) received(with ...func(*dossier.Intake)) dossier.Dossier {
	w.t.Helper()
	with = append([]func(*dossier.Intake){func(in *dossier.Intake) { in.Filer, in.Again = planted, "Làm thêm cho lần thử" }}, with...)
	return w.must(w.p.Receive(context.Background(), w.staff.Desk, "1.001456", with...))
}

func (w *town) do(by officer.By, d dossier.Dossier, act dossier.Act) dossier.Dossier {
	w.t.Helper()
	return w.must(w.p.Do(context.Background(), by, d, act))
}

func (w *town) work(d dossier.Dossier, steps int) dossier.Dossier {
	w.t.Helper()
	crew := demo.Crew{Desk: w.staff.Desk, Processor: w.staff.Passport, Chief: w.staff.PassportChief}
	return w.must(w.p.Work(context.Background(), d, crew, steps, func() { w.clock.Add(time.Hour) }))
}

// inState makes a dossier of the planted person in a state of C18.
func (w *town) inState(state string) dossier.Dossier {
	w.t.Helper()
	switch state {
	case "filed":
		in := w.p.Intake("1.001456")
		in.Channel, in.Filer, in.Pay, in.Again = "online", planted, "", "Làm thêm cho lần thử"
		w.filed++
		return w.must(w.p.Register.File(context.Background(), in, "12-Q20", fmt.Sprintf("online-%016d", w.filed)))
	case "not_accepted":
		d := w.inState("filed")
		return w.do(w.staff.Desk, d, &dossier.Refuse{Reasons: []string{"Ảnh chân dung không rõ mặt", "Tờ khai thiếu chữ ký"}, Next: "Chụp lại ảnh rồi nộp hồ sơ mới"})
	case "accepted":
		return w.received()
	case "processing":
		return w.work(w.received(), 2)
	case "supplement":
		return w.do(w.staff.Passport, w.inState("processing"), &dossier.RequestSupplement{Items: []dossier.Item{
			{Paper: "Ảnh chân dung", Reason: "Ảnh bị mờ, không thấy rõ mặt", Todo: "Chụp lại ở chỗ sáng, nền trắng"}}})
	case "payment":
		return w.do(w.staff.Passport, w.inState("processing"), &dossier.DemandPayment{Amount: 200_000, Why: "Lệ phí cấp hộ chiếu", Basis: "25/2021/TT-BTC"})
	case "withdrawn":
		return w.do(w.staff.Desk, w.inState("processing"), &dossier.Withdraw{Reason: "Không đi nữa", Money: "Không hoàn lệ phí"})
	case "stopped":
		return w.do(w.staff.PassportChief, w.inState("processing"), &dossier.Stop{AskedBy: "authority", Reason: "Chờ kết luận của cơ quan điều tra", Money: "Hoàn lại lệ phí"})
	case "late":
		d := w.inState("processing")
		d = w.do(w.staff.Passport, d, &dossier.ProposeApology{Reason: "Máy in hộ chiếu hỏng", Unit: "12-PA08", NewDue: d.Clock.Due.AddDate(0, 0, 2)})
		d = w.do(w.staff.PassportChief, d, &dossier.Apologise{})
		w.clock.Set(d.Clock.Due.Add(20 * time.Hour))
		return d
	case "refused":
		d := w.received()
		for range 12 {
			refuse := &dossier.Conclude{Outcome: "refused", Kind: "Thông báo", Number: "9/TB", Reasons: []string{"Đang trong thời gian chưa được xuất cảnh"}}
			world, err := w.p.Register.World(context.Background())
			if err != nil {
				w.t.Fatal(err)
			}
			for _, by := range []officer.By{w.staff.PassportChief, w.staff.Passport} {
				if refuse.Allowed(&d, by, world) == nil {
					return w.do(by, d, refuse)
				}
			}
			d = w.work(d, 1)
		}
		w.t.Fatal("no step at which the dossier can be refused")
	case "concluded":
		return w.work(w.received(), 20)
	case "returned":
		d := w.inState("concluded")
		w.clock.Add(20 * time.Hour)
		return w.do(w.staff.Desk, d, &dossier.HandOver{To: "Giàng Khèn Vừ", IDNumber: "012090111222", Authority: "Giấy ủy quyền ngày 05/03/2026", Channel: "counter"})
	}
	w.t.Fatalf("no state %s", state)
	return dossier.Dossier{}
}

// states are all states of C18 that tests and pictures show.
var states = []string{"filed", "not_accepted", "accepted", "processing", "supplement", "payment", "withdrawn", "stopped", "late", "refused", "concluded", "returned"}

func token(d dossier.Dossier) string { return demotest.Key.Token(d.ID) }

// page parses an answer.
func page(t *testing.T, w *httptest.ResponseRecorder) *goquery.Document {
	t.Helper()
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(w.Body.String()))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// said is the text that a selector finds, spaces made single.
func said(doc *goquery.Document, selector string) string {
	return strings.Join(strings.Fields(doc.Find(selector).Text()), " ")
}

func demotestSecret(d dossier.Dossier) string { return demotest.Key.Secret(d.ID) }
