package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"quay20/internal/dossier"
	"quay20/internal/lawtime"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
)

// life is what happens to one dossier of a simulated year, and how often.
type life struct {
	name     string
	share    float64 // of the accepted dossiers
	accepted bool    // it is accepted sooner or later
	channel  string  // "" at the counter
	days     int     // until it is accepted, at most
	fits     func(s *simulation, proc *pack.Procedure, on pack.Date) bool
	beats    func(*cast) []beat
}

// lives are all that can become of somebody's errand. The first is the common
// one; who would come too late for another one gets it.
var lives = []life{
	{name: "plain", share: 0.555, accepted: true, beats: func(c *cast) []beat { return join(c.comes(), labour(), fetch()) }},
	{name: "unclaimed", share: 0.035, accepted: true, beats: func(c *cast) []beat { return join(c.comes(), labour()) }},
	{name: "pays later", share: 0.03, accepted: true, beats: func(c *cast) []beat { return join(c.comes(payLater), labour(), fetch()) }},
	{name: "stepped away", share: 0.02, accepted: true, days: 5, beats: func(c *cast) []beat { return join(stepsAway(), c.resumes(), labour(), fetch()) }},
	{name: "completed at reception", share: 0.04, accepted: true, days: 14, beats: func(c *cast) []beat {
		return join(c.comes(c.lacks), c.supplies(2+c.rng.IntN(45)), labour(), fetch())
	}},
	{name: "completed later", share: 0.05, accepted: true, beats: func(c *cast) []beat {
		return join(c.comes(), some(1), askSupplement(), c.supplies(4+c.rng.IntN(90)), labour(), fetch())
	}},
	{name: "never completed", share: 0.012, accepted: true, beats: func(c *cast) []beat { return join(c.comes(), some(1), askSupplement()) }},
	{name: "pays in between", share: 0.015, accepted: true, beats: func(c *cast) []beat {
		return join(c.comes(), some(1), askMoney(), c.settles(3+c.rng.IntN(30)), labour(), fetch())
	}},
	{name: "another unit is asked", share: 0.025, accepted: true, beats: func(c *cast) []beat { return join(c.comes(), some(1), c.asks(), labour(), fetch()) }},
	{name: "another agency is waited for", share: 0.01, accepted: true, beats: func(c *cast) []beat {
		return join(c.comes(), some(1), await(), answered(8+c.rng.IntN(60)), labour(), fetch())
	}},
	{name: "late", share: 0.025, accepted: true, beats: func(c *cast) []beat { return join(c.comes(), assigned(), idles(1.02, 4*60), labour(), fetch()) }},
	{name: "late with an apology", share: 0.015, accepted: true, beats: func(c *cast) []beat {
		return join(c.comes(), assigned(), idles(0.7, 0), sorry(), idles(1, 60), labour(), fetch())
	}},
	{name: "extended", share: 0.003, accepted: true, fits: extensible, beats: func(c *cast) []beat {
		return join(c.comes(), assigned(), idles(0.5, 0), extend(), labour(), fetch())
	}},
	{name: "refused on its merits", share: 0.014, accepted: true, beats: func(c *cast) []beat { return join(c.comes(), refusedLater(), fetch()) }},
	{name: "withdrawn", share: 0.008, accepted: true, beats: func(c *cast) []beat { return join(c.comes(), withdrawn(2+c.rng.IntN(6)), c.moneyBack()) }},
	{name: "stopped", share: 0.005, accepted: true, beats: func(c *cast) []beat { return join(c.comes(), assigned(), stopped(3)) }},
	{name: "corrected", share: 0.025, accepted: true, beats: func(c *cast) []beat { return join(c.comes(), mended(), labour(), fetch()) }},
	{name: "receipt cancelled", share: 0.004, accepted: true, beats: func(c *cast) []beat { return join(c.comes(), c.moneyBack(), labour(), fetch()) }},
	{name: "handed to another department", share: 0.004, accepted: true, beats: func(c *cast) []beat { return join(c.comes(), some(1), c.passes(), labour(), fetch()) }},
	{name: "online", share: 0.085, accepted: true, channel: "online", days: 7, beats: func(c *cast) []beat {
		return join(c.sends(), c.takenIn(c.rng.IntN(400)), labour(), fetch())
	}},
	{name: "online, answered late", share: 0.01, accepted: true, channel: "online", days: 9, beats: func(c *cast) []beat {
		return join(c.sends(), c.takenIn(540+c.rng.IntN(600)), labour(), fetch())
	}},
	{name: "by post", share: 0.01, accepted: true, channel: "post", days: 7, beats: func(c *cast) []beat {
		return join(c.comes(byPost), c.takenIn(60+c.rng.IntN(300)), labour(), fetch())
	}},

	// The rest come on top.
	{name: "refused at the desk", share: 0.035, beats: func(c *cast) []beat { return c.comes(refused) }},
	{name: "not completed at reception", share: 0.015, beats: func(c *cast) []beat { return c.comes(c.lacks) }},
	{name: "online, never complete", share: 0.012, channel: "online", beats: func(c *cast) []beat { return join(c.sends(), c.lacking(60+c.rng.IntN(360))) }},
	{name: "online, refused", share: 0.006, channel: "online", beats: func(c *cast) []beat { return join(c.sends(), c.declined()) }},
	{name: "online, withdrawn", share: 0.004, channel: "online", beats: func(c *cast) []beat { return join(c.sends(), withdrawn(1)) }},
	{name: "draft given up", share: 0.008, beats: func(c *cast) []beat { return stepsAway() }},
}

func join(parts ...[]beat) []beat { return slices.Concat(parts...) }

// cast readies a comer's life.
func (s *simulation) cast(a comer, order int) *cast {
	c := &cast{p: s.p, sim: s, shop: a.at, code: a.proc.Code, clock: a.at.clock, order: order,
		rng: rand.New(rand.NewPCG(s.plan.Seed, uint64(order)+1000))}
	c.come = s.person(a)
	u, err := s.decider(a)
	if err != nil {
		u = a.at.unit
	}
	c.unit = u.Code
	c.crew = Crew{Desk: a.at.desk[a.counter%len(a.at.desk)]}
	c.staffed(u.Key)
	c.beats = a.life.beats(c)
	c.at = a.when
	return c
}

// staffed gives the dossier to officers of a unit.
func (c *cast) staffed(unit pack.UnitKey) {
	staff := c.sim.staff[unit]
	if list := staff[officer.Processor]; len(list) > 0 {
		c.crew.Processor = list[c.rng.IntN(len(list))]
	}
	if list := staff[officer.Approver]; len(list) > 0 {
		c.crew.Chief = list[c.rng.IntN(len(list))]
	}
}

// once is one thing after so many working minutes.
func once(wait func(*cast) int, do func(context.Context, *cast) error) []beat {
	return []beat{{wait: wait, do: do}}
}

func minutes(n int) func(*cast) int { return func(*cast) int { return n } }

// paper is what the comer hands in: a case of the procedure, its fee, papers.
func (c *cast) paper(channel string) dossier.Intake {
	on := today(c)
	in := dossier.Intake{Procedure: c.code, Channel: channel, Filer: c.come, ReturnBy: "counter", Unit: c.unit, Pay: "cash"}
	proc, _ := c.p.Law.Law().Procedure(c.code)
	v, ok := proc.On(on)
	if !ok {
		return in
	}
	if cases := dossier.Cases(v, channel); len(cases) > 0 {
		in.Case = cases[min(c.rng.IntN(2*len(cases)), len(cases)-1)/2].Name
	}
	in.Papers = papersOf(v, in.Case)
	fees := slices.DeleteFunc(proc.FeeCases(channel, on), func(f string) bool { return !c.vehicle(proc, f, on) })
	if len(fees) > 0 {
		in.FeeCase = fees[c.rng.IntN(len(fees))]
	}
	if proc.Field == "dang-ky-xe" {
		c.sim.bikes++
		in.Plate = fmt.Sprintf("25-Z9 %03d.%02d", c.sim.bikes/100%1000, c.sim.bikes%100) // a series that is not given out
	}
	if channel == "online" {
		return in
	}
	if c.rng.IntN(7) == 0 {
		in.ReturnBy, in.ReturnTo = "post", c.come.Village+", "+c.come.Address
	}
	if c.rng.IntN(9) == 0 {
		owner := c.p.Person()
		in.Owner, in.Authority = &owner, "Giấy ủy quyền có chứng thực"
	}
	return in
}

// vehicle reports whether the desk takes the vehicle of a fee case in, by the
// scopes of its competence: since 21 May 2022 motorbikes are registered by the
// communes that qualify, and no more by the department.
func (c *cast) vehicle(proc *pack.Procedure, fee string, on pack.Date) bool {
	kind := ""
	switch low := strings.ToLower(fee); {
	case strings.Contains(low, "mô tô"):
		kind = "Mô tô"
	case strings.Contains(low, "ô tô"), strings.Contains(low, "rơ moóc"):
		kind = "Ô tô"
	default:
		return true
	}
	scoped := false
	for _, row := range c.p.Law.Law().Competences(proc.Code, c.shop.unit.Code, on) {
		if strings.HasPrefix(row.Scope, kind) {
			return true
		}
		scoped = scoped || row.Scope != ""
	}
	return !scoped
}

// comes is a walk-in: the receptionist writes down what is handed over. Now and
// then something is forgotten at first, and the program says so.
func (c *cast) comes(with ...func(*dossier.Intake)) []beat {
	return []beat{{do: func(ctx context.Context, c *cast) (err error) {
		in := c.paper("counter")
		for _, change := range with {
			change(&in)
		}
		if c.rng.IntN(40) == 0 {
			if err := c.forgets(ctx, in); err != nil {
				return err
			}
		}
		c.d, err = c.p.Register.Receive(ctx, in, c.crew.Desk, c.p.key())
		c.till(c.d.Fee.Receipt)
		return err
	}}}
}

// forgets is a form that the program must refuse: no paper ticked, no phone
// that can be one, or a procedure that this desk does not take.
func (c *cast) forgets(ctx context.Context, in dossier.Intake) error {
	switch c.rng.IntN(3) {
	case 0:
		in.Filer.Phone = "0123"
	case 1:
		in.ReturnBy = "pigeon"
	default:
		for _, u := range c.sim.law.Procedures(today(c)) {
			if len(c.sim.law.Competences(u.Code, c.shop.unit.Code, today(c))) == 0 {
				in.Procedure = u.Code
				break
			}
		}
		if in.Procedure == c.code {
			in.Filer.Name = ""
		}
	}
	_, err := c.p.Register.Receive(ctx, in, c.crew.Desk, c.p.key())
	return c.sim.mistake(err)
}

// mistake counts a refusal; that nothing was refused is a fault.
func (s *simulation) mistake(err error) error {
	if _, refused := problem.As(err); refused {
		s.refused++
		return nil
	}
	if err == nil {
		return fmt.Errorf("a mistake was let through")
	}
	return err
}

// till remembers who took cash today.
func (c *cast) till(receipt string) {
	if receipt != "" {
		c.sim.tills[c.crew.Desk.Officer.ID] = c.crew.Desk
	}
}

// lacks is an intake without one of its papers, all asked for at once.
func (c *cast) lacks(in *dossier.Intake) {
	in.Decision = "supplement"
	if len(in.Papers) > 0 {
		i := c.rng.IntN(len(in.Papers))
		in.Papers[i].Present = false
		in.Items = []dossier.Item{{Paper: in.Papers[i].Name, Reason: "Chưa có trong hồ sơ nộp.", Todo: "Nộp bản chính hoặc bản sao có chứng thực."}}
		return
	}
	in.Items = []dossier.Item{{Paper: "Giấy tờ chứng minh", Reason: "Bản nộp đã mờ, không đọc được số.", Todo: "Nộp bản chụp rõ."}}
}

func refused(in *dossier.Intake) {
	in.Decision = "refuse"
	in.Reasons = []string{"Người nộp không phải chủ hồ sơ và không có giấy ủy quyền."}
	in.Next = "Chủ hồ sơ đến nộp, hoặc người nộp mang theo giấy ủy quyền."
}

func byPost(in *dossier.Intake) { in.Channel, in.Decision, in.Pay = "post", "hold", "later" }

// stepsAway puts an intake aside: the citizen must fetch something.
func stepsAway() []beat {
	return []beat{{do: func(ctx context.Context, c *cast) error {
		body, err := json.Marshal(map[string][]string{"procedure": {c.code}, "filer.name": {c.come.Name}, "filer.id_number": {c.come.IDNumber}})
		if err != nil {
			return err
		}
		d, err := c.p.Register.SaveDraft(ctx, c.crew.Desk, "", 0, body)
		c.draft = d.ID
		return err
	}}}
}

// resumes comes back to the draft and hands everything in.
func (c *cast) resumes() []beat {
	comes := c.comes()[0]
	return once(minutes(20+c.rng.IntN(900)), func(ctx context.Context, c *cast) error {
		if err := comes.do(ctx, c); err != nil {
			return err
		}
		return c.p.Register.DropDraft(ctx, c.crew.Desk, c.draft)
	})
}

// sends is a dossier filed from home.
func (c *cast) sends() []beat {
	return []beat{{do: func(ctx context.Context, c *cast) (err error) {
		c.d, err = c.p.Register.File(ctx, c.paper("online"), c.shop.unit.Code, c.p.key())
		return err
	}}}
}

// takenIn accepts what was sent, after so many minutes of the desk's time.
func (c *cast) takenIn(after int) []beat {
	return once(minutes(after), func(ctx context.Context, c *cast) error {
		return c.pays(ctx, &dossier.Accept{Pay: "cash"})
	})
}

// pays does an act that may bring cash into the till.
func (c *cast) pays(ctx context.Context, act dossier.Act) error {
	had := c.receipts()
	if err := c.do(ctx, c.crew.Desk, act); err != nil {
		return err
	}
	if now := c.receipts(); now != had {
		c.till(now)
	}
	return nil
}

func (c *cast) receipts() string {
	all := c.d.Fee.Receipt
	for _, o := range c.d.Obligations {
		all += o.Receipt
	}
	return all
}

func (c *cast) lacking(after int) []beat {
	return once(minutes(after), func(ctx context.Context, c *cast) error {
		return c.do(ctx, c.crew.Desk, &dossier.RequestSupplement{Items: []dossier.Item{{Paper: "Tờ khai", Reason: "Tệp gửi lên không mở được.", Todo: "Gửi lại tệp PDF."}}})
	})
}

func (c *cast) declined() []beat {
	return once(minutes(60+c.rng.IntN(300)), func(ctx context.Context, c *cast) error {
		return c.do(ctx, c.crew.Desk, &dossier.Refuse{Reasons: []string{"Không thuộc thẩm quyền của đơn vị."}, Next: "Nộp tại Công an nơi thường trú."})
	})
}

func (c *cast) supplies(hours int) []beat {
	return once(minutes(hours*60), func(ctx context.Context, c *cast) error { return c.pays(ctx, &dossier.Supply{Pay: "cash"}) })
}

func (c *cast) settles(hours int) []beat {
	return once(minutes(hours*60), func(ctx context.Context, c *cast) error { return c.pays(ctx, &dossier.SettlePayment{}) })
}

// labour is the work on a dossier, step by step until it is concluded, at a
// pace that keeps the date if nothing is in the way.
func labour() []beat {
	return once(pace, func(ctx context.Context, c *cast) error {
		if c.d.State == dossier.Concluded {
			return nil
		}
		c.again = true
		return c.step(ctx)
	})
}

// some are the first steps of the work.
func some(n int) []beat {
	var all []beat
	for range n {
		all = append(all, beat{wait: pace, do: func(ctx context.Context, c *cast) error { return c.step(ctx) }})
	}
	return all
}

// pace is how long the next step takes: a share of the time that is left.
func pace(c *cast) int {
	left := int(c.clock.Worked(c.p.Clock.Now(), c.d.Clock.Due) / time.Minute)
	if left <= 0 { // late, or no date
		return 30 + c.rng.IntN(240)
	}
	steps := max(1, len(c.process())-1-c.d.Step)
	return max(3, int(float64(left)*(0.25+0.6*c.rng.Float64()))/(steps+1))
}

func (c *cast) process() []pack.Step {
	if proc, ok := c.p.Law.Law().Procedure(c.d.Procedure); ok {
		if v, ok := proc.VersionFrom(c.d.LawFrom); ok {
			return v.Process
		}
	}
	return nil
}

// step is the next thing that whoever has the dossier does with it.
func (c *cast) step(ctx context.Context) error {
	w := c.p.world()
	step := w.StepOf(&c.d)
	by := c.crew.Processor
	if step.Kind == "approve" {
		by = c.crew.Chief
	}
	if c.rng.IntN(60) == 0 {
		if err := c.slips(ctx, by); err != nil {
			return err
		}
	}
	if c.d.State == dossier.Accepted || c.d.Assignee == "" && step.Kind == "process" {
		return c.do(ctx, c.crew.Processor, &dossier.Assign{Officer: c.crew.Processor.Officer.ID})
	}
	if step.Kind == "approve" && c.rng.IntN(60) == 0 {
		back := &dossier.ReturnStep{Reason: "Tờ trình thiếu căn cứ, đề nghị bổ sung."}
		if back.Allowed(&c.d, by, w) == nil {
			return c.do(ctx, by, back)
		}
	}
	end := &dossier.Conclude{Outcome: "granted", Kind: "Giấy tờ kết quả", Number: fmt.Sprintf("%05d/KQ", c.order+1), Electronic: c.d.ReturnBy == "electronic"}
	if end.Allowed(&c.d, by, w) == nil {
		return c.do(ctx, by, end)
	}
	return c.do(ctx, by, &dossier.Advance{})
}

// slips tries an act whose time has not come.
func (c *cast) slips(ctx context.Context, by officer.By) error {
	wrong := []dossier.Act{&dossier.HandOver{To: c.d.Filer.Name, Channel: "counter"}, &dossier.Accept{}, &dossier.Supply{}, &dossier.Extend{Amount: 400, Unit: lawtime.Day, Reason: "Phức tạp"}}
	_, err := c.p.Do(ctx, by, c.d, wrong[c.rng.IntN(len(wrong))])
	return c.sim.mistake(err)
}

// fetch hands the result over when the citizen comes for it, mostly on the day
// that was promised.
func fetch() []beat {
	return once(func(c *cast) int {
		return int(c.clock.Worked(c.p.Clock.Now(), c.d.Promise())/time.Minute) + c.rng.IntN(900)
	}, func(ctx context.Context, c *cast) error {
		if c.d.State != dossier.Concluded {
			return nil
		}
		c.crew.Desk = c.shop.desk[c.rng.IntN(len(c.shop.desk))]
		if c.d.Result.Outcome == "granted" && !c.d.Fee.Paid && c.d.Fee.Known && c.d.Fee.Amount > 0 {
			if c.rng.IntN(4) == 0 { // the result is asked for before it is paid
				_, err := c.p.Do(ctx, c.crew.Desk, c.d, &dossier.HandOver{To: c.d.Filer.Name, Channel: c.d.ReturnBy})
				if err := c.sim.mistake(err); err != nil {
					return err
				}
			}
			if err := c.pays(ctx, &dossier.CollectFee{}); err != nil {
				return err
			}
		}
		return c.do(ctx, c.crew.Desk, &dossier.HandOver{To: c.d.Filer.Name, Channel: c.d.ReturnBy})
	})
}

// idles lets a share of the time that is left pass, and some minutes more.
func idles(share float64, more int) []beat {
	return once(func(c *cast) int {
		return int(share*float64(c.clock.Worked(c.p.Clock.Now(), c.d.Clock.Due)/time.Minute)) + more + c.rng.IntN(more+1)
	}, func(context.Context, *cast) error { return nil })
}

// sorry moves the date in the open before it passes, if there is one.
func sorry() []beat {
	why := "Máy in giấy tờ hỏng, chờ linh kiện."
	return join(once(minutes(15), func(ctx context.Context, c *cast) error {
		if c.d.Clock.Due.IsZero() {
			return nil
		}
		u, _ := c.p.Law.Law().UnitByKey(c.d.Holder)
		due := c.after(later(c.d.Clock.Due, c.p.Clock.Now()), 16*60).UTC().Truncate(time.Minute)
		return c.do(ctx, c.crew.Processor, &dossier.ProposeApology{Reason: why, Unit: u.Name, NewDue: due})
	}), once(minutes(20), func(ctx context.Context, c *cast) error {
		if c.d.Proposal == nil {
			return nil
		}
		return c.do(ctx, c.crew.Chief, &dossier.Apologise{})
	}))
}

func extensible(s *simulation, proc *pack.Procedure, on pack.Date) bool {
	v, ok := proc.On(on)
	return ok && v.Extension != nil
}

func extend() []beat {
	return act(1, signing, doing(&dossier.Extend{Amount: 1, Unit: lawtime.WorkingDay, Reason: "Nội dung phức tạp, phải xác minh thêm."}))
}

// mended corrects a telephone number that was written down wrong.
func mended() []beat {
	return act(1, atDesk, func(c *cast) dossier.Act {
		right := c.p.Person()
		filer := c.d.Filer
		filer.Phone = right.Phone
		return &dossier.Correct{Reason: "Ghi nhầm số điện thoại của người nộp.", Filer: &filer}
	})
}

// moneyBack cancels the receipt, by two persons and with the paper in hand; the
// dossier is unpaid again.
func (c *cast) moneyBack() []beat {
	return join(once(minutes(20), func(ctx context.Context, c *cast) error {
		if c.d.Fee.Receipt == "" {
			return nil
		}
		_, err := c.p.Ledger.AskCancel(ctx, c.crew.Desk, c.d.Fee.Receipt, "Ghi nhầm người nộp tiền.")
		c.till(c.d.Fee.Receipt)
		return err
	}), once(minutes(10), func(ctx context.Context, c *cast) error {
		receipt := c.d.Fee.Receipt
		if receipt == "" {
			return nil
		}
		if c.rng.IntN(3) == 0 { // who took the money does not agree to give it back
			_, err := c.p.Ledger.Cancel(ctx, c.crew.Desk, receipt, true)
			if err := c.sim.mistake(err); err != nil {
				return err
			}
		}
		if _, err := c.p.Ledger.Cancel(ctx, c.second(), receipt, true); err != nil {
			return err
		}
		if err := c.p.Register.Reopen(ctx, c.d.ID, receipt); err != nil { // as payment.ReceiptCancelled does
			return err
		}
		d, err := c.p.Register.Find(ctx, c.d.ID, officer.System())
		c.d = d
		return err
	}))
}

// second is who may agree that a receipt of the desk is cancelled.
func (c *cast) second() officer.By {
	for _, role := range []officer.Role{officer.Cashier, officer.Approver} {
		if list := c.sim.staff[c.shop.unit.Key][role]; len(list) > 0 {
			return list[0]
		}
	}
	return c.sim.leader
}

// asks wants another unit's opinion; the clock goes on.
func (c *cast) asks() []beat {
	units := c.sim.others(c.unit)
	if len(units) == 0 {
		return nil
	}
	u, _ := c.sim.law.UnitByKey(units[c.rng.IntN(len(units))])
	return join(act(1, working, doing(&dossier.AskUnit{Unit: u.Code, Question: "Đề nghị cho biết người nộp có thông tin trái với tờ khai không."})),
		act(1+c.rng.IntN(16), func(c *cast) officer.By { return c.sim.staff[u.Key][officer.Processor][0] }, doing(&dossier.AnswerUnit{Answer: "Không có thông tin trái với tờ khai."})))
}

// passes hands the dossier to another department, which goes on with it.
func (c *cast) passes() []beat {
	units := slices.DeleteFunc(c.sim.others(c.unit), func(k pack.UnitKey) bool {
		u, _ := c.sim.law.UnitByKey(k)
		return u.Level != pack.Department
	})
	if u, _ := c.sim.law.Unit(c.unit, c.sim.plan.From); len(units) == 0 || u.Level != pack.Department {
		return nil
	}
	u, _ := c.sim.law.UnitByKey(units[c.rng.IntN(len(units))])
	return once(minutes(90), func(ctx context.Context, c *cast) error {
		if err := c.do(ctx, c.crew.Processor, &dossier.Transfer{Unit: u.Code, Reason: "Nội dung thuộc lĩnh vực của đơn vị nhận."}); err != nil {
			return err
		}
		c.staffed(u.Key)
		return nil
	})
}

// others are the units that decide something, but for one.
func (s *simulation) others(but string) []pack.UnitKey {
	var list []pack.UnitKey
	for _, k := range s.deciders {
		if u, _ := s.law.UnitByKey(k); u.Code != but {
			list = append(list, k)
		}
	}
	return list
}
