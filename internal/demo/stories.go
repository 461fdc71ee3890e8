package demo

import (
	"context"
	"slices"
	"strings"
	"time"

	"quay20/internal/dossier"
	"quay20/internal/officer"
	"quay20/internal/pack"
)

// story is what happens to one dossier of the demo.
type story struct {
	crew      Crew
	unit      string
	procedure string
	beats     []beat
	back      int // working minutes before the present at which it begins; 0 anywhere in the weeks
}

// line is a procedure as one crew handles it.
type line struct {
	crew      Crew
	unit      string
	procedure string
}

// stories are all dossiers of the demo: mostly what every week brings, and at
// least one of everything that can happen.
func stories(who staff) []story {
	police, passport := who.crew("minh", "son", "dat"), who.crew("minh", "may", "chin")
	vehicles, ward := who.crew("pao", "hac", "thang"), who.crew("yen", "su", "tao")
	own := who.crew("ngoc", "son", "dat")
	everyday := []line{
		{passport, "12-PA08", "1.001456"}, {ward, "03408", "1.004194"}, {vehicles, "12-PC08", "1.013067"},
		{police, "12-PC06", "2.001402"}, {ward, "03408", "1.004222"}, {passport, "12-PA08", "1.001456"},
		{ward, "03408", "1.010041"}, {passport, "12-PA08", "1.001445"}, {own, "12-PC06", "2.001410"},
		{vehicles, "12-PC08", "1.013211"}, {police, "12-PC06", "LC-CC-11"}, {ward, "03408", "1.002755"},
	}
	var all []story
	one := func(l line, recent bool, beats ...[]beat) {
		s := story{l.crew, l.unit, l.procedure, slices.Concat(beats...), 0}
		if recent {
			s.back = 15 + len(all)*97%1080
		}
		all = append(all, s)
	}
	add := func(n int, recent bool, beats ...[]beat) {
		for range n {
			one(everyday[len(all)%len(everyday)], recent, beats...)
		}
	}
	add(30, false, arrival(), work(8), handOver(6))
	add(9, true, arrival(), work(8), handOver(4))
	add(5, false, arrival(), work(8)) // nobody comes for the result
	add(3, false, arrival(), work(1), askSupplement(), supply(10), work(7), handOver(4))
	add(4, true, arrival(), work(1), askSupplement())
	add(2, false, lacking(), supply(6), work(7), handOver(4))
	add(2, true, lacking())
	add(2, false, arrival(), work(1), askMoney(), pay(7), work(7), handOver(4))
	add(2, true, arrival(), work(1), askMoney())
	add(2, false, arrival(), assigned(), idle(70), work(7), handOver(4)) // late, and nobody said so in time
	add(2, false, arrival(), assigned(), idle(90))
	add(3, false, refusedAtDesk())
	add(2, false, arrival(), refusedLater(), handOver(5))
	add(2, false, arrival(), withdrawn(5))
	add(2, false, arrival(), assigned(), stopped(6))
	add(2, false, arrival(), corrected(), work(7), handOver(4))
	add(2, true, arrival(payLater), work(2)) // the fee is still to be paid
	business, pass := line{police, "12-PC06", "2.001402"}, line{passport, "12-PA08", "1.001456"}
	one(pass, false, arrival(), assigned(), idle(40), apology(), work(7), handOver(6))
	one(line{passport, "12-PA08", "1.003460"}, false, arrival(), assigned(), idle(20), apology())
	one(business, false, arrival(), work(1), consult("12-PA08"), answer("may", 5), work(7), handOver(4))
	one(business, true, arrival(), work(1), consult("12-PC08"))
	all[len(all)-1].back = 900 // long enough for the question to be asked
	one(business, false, arrival(), work(1), transfer("12-PC08"), handled("hac", "thang"), handOver(4))
	one(business, true, arrival(), work(1), transfer("12-PC08"))
	one(line{passport, "12-PA08", "1.002390"}, true, arrival(), work(1), await())
	one(line{passport, "12-PA08", "1.002390"}, false, arrival(), work(1), await(), answered(12), work(6), handOver(6))
	one(line{ward, "03408", "1.004194"}, false, online(), accept(3), work(7), handOver(4))
	one(pass, false, online(), accept(2), work(8), handOver(5))
	for _, l := range []line{pass, {ward, "03408", "1.004194"}, {ward, "03408", "1.004222"}, pass} {
		one(l, true, online())
	}
	for i, back := range []int{8*480 - 15, 8*480 - 70, 8*480 + 45} { // due about now
		all = append(all, story{pass.crew, pass.unit, pass.procedure, slices.Concat(arrival(), work(1+i)), back})
	}
	return all
}

// arrival is a walk-in who has every paper.
func arrival(with ...func(*dossier.Intake)) []beat {
	return []beat{{do: func(ctx context.Context, c *cast) (err error) {
		c.d, err = c.p.Receive(ctx, c.crew.Desk, c.code, append(with, c.fill)...)
		return err
	}}}
}

// fill adds to an intake what only some need.
func (c *cast) fill(in *dossier.Intake) {
	in.Unit = c.unit
	if in.Pay == "" || in.Pay == "cash" {
		in.Pay = "cash"
	}
	if c.rng.IntN(6) == 0 && in.Channel != "online" {
		in.ReturnBy, in.ReturnTo = "post", in.Filer.Village+", "+in.Filer.Address
	}
	if c.rng.IntN(8) == 0 {
		owner := c.p.Person()
		in.Owner, in.Authority = &owner, "Giấy ủy quyền có chứng thực"
	}
	if strings.HasPrefix(c.code, "1.0130") {
		in.Plate = plates[c.rng.IntN(len(plates))]
	}
}

// plates are of series that are not given out.
var plates = []string{"25-Z9 001.02", "25-Z9 001.17", "25-Z9 003.40", "25-Z9 008.81"}

// payLater leaves the fee for later.
func payLater(in *dossier.Intake) { in.Pay = "later" }

// lacking is a walk-in without one of the papers, asked for everything at once.
func lacking() []beat {
	return arrival(func(in *dossier.Intake) {
		in.Decision = "supplement"
		in.Items = []dossier.Item{{Paper: "Bản sao giấy tờ chứng minh nơi ở", Reason: "Bản nộp đã mờ, không đọc được số.", Todo: "Nộp bản chụp rõ, không cần chứng thực."}}
	})
}

func refusedAtDesk() []beat {
	return arrival(func(in *dossier.Intake) {
		in.Decision = "refuse"
		in.Reasons = []string{"Người nộp không phải chủ hồ sơ và không có giấy ủy quyền."}
		in.Next = "Chủ hồ sơ đến nộp, hoặc người nộp mang theo giấy ủy quyền."
	})
}

// online is a dossier sent from home, waiting to be checked.
func online() []beat {
	return []beat{{do: func(ctx context.Context, c *cast) (err error) {
		in := c.p.Intake(c.code)
		in.Channel, in.Unit = "online", c.unit
		if proc, ok := c.p.Law.Law().Procedure(c.code); ok {
			in.FeeCase = ""
			if fees := proc.FeeCases("online", today(c)); len(fees) > 1 {
				in.FeeCase = fees[0]
			}
		}
		c.d, err = c.p.Register.File(ctx, in, c.crew.Desk.Desk, c.p.key())
		return err
	}}}
}

// act is one act by an officer, after so many working hours.
func act(hours int, by func(*cast) officer.By, make func(*cast) dossier.Act) []beat {
	return []beat{{hours: hours, do: func(ctx context.Context, c *cast) (err error) {
		c.d, err = c.p.Do(ctx, by(c), c.d, make(c))
		return err
	}}}
}

func atDesk(c *cast) officer.By  { return c.crew.Desk }
func working(c *cast) officer.By { return c.crew.Processor }
func signing(c *cast) officer.By { return c.crew.Chief }

// doing is an act whose particulars are always the same.
func doing(a dossier.Act) func(*cast) dossier.Act { return func(*cast) dossier.Act { return a } }

func accept(hours int) []beat {
	return act(hours, atDesk, doing(&dossier.Accept{}))
}

// work is up to n steps of the internal process.
func work(n int) []beat {
	steps := make([]beat, n)
	for i := range steps {
		steps[i] = beat{hours: 1 + i%3, do: func(ctx context.Context, c *cast) (err error) {
			c.d, err = c.p.Work(ctx, c.d, c.crew, 1, func() {})
			return err
		}}
	}
	return steps
}

func assigned() []beat {
	return act(2, working, func(c *cast) dossier.Act { return &dossier.Assign{Officer: c.crew.Processor.Officer.ID} })
}

// idle lets working hours pass.
func idle(hours int) []beat {
	return []beat{{hours: hours, do: func(context.Context, *cast) error { return nil }}}
}

func handOver(hours int) []beat {
	return []beat{{hours: hours, do: func(ctx context.Context, c *cast) error {
		if c.d.State != dossier.Concluded {
			return nil
		}
		if !c.d.Fee.Paid && c.d.Fee.Known && c.d.Fee.Amount > 0 {
			return c.do(ctx, c.crew.Desk, &dossier.CollectFee{}, &dossier.HandOver{To: c.d.Filer.Name, Channel: c.d.ReturnBy})
		}
		return c.do(ctx, c.crew.Desk, &dossier.HandOver{To: c.d.Filer.Name, Channel: c.d.ReturnBy})
	}}}
}

// do is several acts at one moment.
func (c *cast) do(ctx context.Context, by officer.By, acts ...dossier.Act) (err error) {
	for _, a := range acts {
		if c.d, err = c.p.Do(ctx, by, c.d, a); err != nil {
			return err
		}
	}
	return nil
}

func askSupplement() []beat {
	return act(2, working, doing(&dossier.RequestSupplement{Items: []dossier.Item{
		{Paper: "Ảnh chân dung", Reason: "Ảnh chụp đã quá sáu tháng.", Todo: "Nộp ảnh 4x6 cm mới, phông trắng."},
		{Paper: "Tờ khai", Reason: "Chưa ký tên ở trang 2.", Todo: "Đến quầy ký bổ sung."},
	}}))
}

func supply(hours int) []beat { return act(hours, atDesk, doing(&dossier.Supply{Pay: "cash"})) }

func askMoney() []beat {
	return act(2, working, doing(&dossier.DemandPayment{Amount: 150_000, Why: "Chi phí kiểm tra thực tế", Basis: "Thông báo nộp tiền số 12/TB"}))
}

func pay(hours int) []beat { return act(hours, atDesk, doing(&dossier.SettlePayment{})) }

// refusedLater is a refusal on the merits after acceptance, signed like a result.
func refusedLater() []beat {
	return []beat{{hours: 3, do: func(ctx context.Context, c *cast) error {
		return c.do(ctx, c.crew.Processor, &dossier.Assign{Officer: c.crew.Processor.Officer.ID})
	}},
		{hours: 6, do: func(ctx context.Context, c *cast) error {
			return c.conclude(ctx, &dossier.Conclude{Outcome: "refused", Reasons: []string{"Không đủ điều kiện theo quy định: thông tin khai không khớp với kết quả xác minh."}})
		}},
	}
}

// conclude goes through the steps that are left and ends with the act given.
func (c *cast) conclude(ctx context.Context, end *dossier.Conclude) error {
	var err error
	for range 12 {
		if err != nil {
			return err
		}
		w := c.p.world()
		by := c.crew.Processor
		if w.StepOf(&c.d).Kind == "approve" {
			by = c.crew.Chief
		}
		if end.Allowed(&c.d, by, w) == nil {
			return c.do(ctx, by, end)
		}
		err = c.do(ctx, by, &dossier.Advance{})
	}
	return err
}

func withdrawn(hours int) []beat {
	return act(hours, atDesk, doing(&dossier.Withdraw{Reason: "Công dân tự khai lại ở nơi thường trú.", Money: "Hoàn trả lệ phí theo phiếu chi."}))
}

func stopped(hours int) []beat {
	return act(hours, signing, doing(&dossier.Stop{AskedBy: "authority", Reason: "Có văn bản đề nghị tạm dừng của cơ quan điều tra.", Money: "Hoàn trả lệ phí theo phiếu chi."}))
}

func corrected() []beat {
	request := "Cấp cho bản thân, nhận tại quầy"
	return act(1, atDesk, doing(&dossier.Correct{Reason: "Ghi nhầm nội dung yêu cầu khi tiếp nhận.", Request: &request}))
}

// apology is proposed by who works on the dossier and signed by the chief,
// before the date passes.
func apology() []beat {
	return slices.Concat(
		act(1, working, func(c *cast) dossier.Act {
			return &dossier.ProposeApology{Reason: "Máy in giấy tờ hỏng, chờ linh kiện.", Unit: "Phòng Quản lý xuất nhập cảnh",
				NewDue: c.after(later(c.d.Clock.Due, c.p.Clock.Now()), 16*60).UTC().Truncate(time.Minute)}
		}),
		act(1, signing, doing(&dossier.Apologise{})))
}

func consult(unit string) []beat {
	return act(2, working, doing(&dossier.AskUnit{Unit: unit, Question: "Đề nghị cho biết người đại diện có thuộc diện tạm hoãn xuất cảnh không."}))
}

func answer(login string, hours int) []beat {
	return act(hours, func(c *cast) officer.By { return c.by[login] }, doing(&dossier.AnswerUnit{Answer: "Không thuộc diện tạm hoãn xuất cảnh."}))
}

func transfer(unit string) []beat {
	return act(2, working, doing(&dossier.Transfer{Unit: unit, Reason: "Cơ sở kinh doanh dịch vụ thuộc lĩnh vực của đơn vị nhận."}))
}

// handled goes on with the crew of the unit that took the dossier over.
func handled(processor, chief string) []beat {
	change := []beat{{hours: 1, do: func(_ context.Context, c *cast) error {
		c.crew = c.by.crew("minh", processor, chief)
		return nil
	}}}
	return append(change, work(7)...)
}

func await() []beat {
	return act(2, working, doing(&dossier.AwaitAgency{Agency: "Cục Quản lý xuất nhập cảnh", Document: "Công văn số 84/CV-PA08"}))
}

func answered(hours int) []beat {
	return act(hours, working, doing(&dossier.AgencyAnswered{Document: "Công văn số 1203/CV-QLXNC"}))
}

func today(c *cast) pack.Date { return pack.On(c.p.Clock.Now()) }
