package dossier_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"quay20/internal/demo"
	"quay20/internal/demo/demotest"
	"quay20/internal/dossier"
	"quay20/internal/journal"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/store/storetest"
)

const (
	quyetTien = pack.UnitKey("03388@2022-01-01") // its code is the new Đoàn Kết's since the merger
	oldDoan   = pack.UnitKey("03389@2022-01-01")
	newDoan   = pack.UnitKey("03388@2025-07-01")
	residence = "1.004222"
)

// nobody vouches in these tests.
func nobody(*store.Tx) (string, error) { return "", nil }

// communes is the last working day of two communes that are merged into one,
// with a receptionist, a processor and a chief at each.
func communes(t *testing.T, fn func(t *testing.T, p *demo.Province, staff map[string]officer.By, clock *storetest.Clock)) {
	t.Helper()
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		clock := storetest.ClockOf(db)
		clock.Set(at("2025-06-30 08:00"))
		p := demotest.At(t, db)
		staff := map[string]officer.By{}
		for _, unit := range []string{"03388", "03389"} {
			for _, role := range []officer.Role{officer.Receptionist, officer.Processor, officer.Approver} {
				login := fmt.Sprint(role, unit)
				by, _, err := p.Hire(ctx, login, "Lò Văn Pâng", "Đại úy", role, unit)
				if err != nil {
					t.Fatal(err)
				}
				staff[login] = by
			}
		}
		fn(t, p, staff, clock)
	})
}

// now is the officer in the role as the roll has them today.
func now(t *testing.T, p *demo.Province, by officer.By) officer.By {
	t.Helper()
	o, err := p.Roll.Officer(ctx, officer.Console(), by.Officer.ID)
	if err != nil {
		t.Fatal(err)
	}
	on := pack.On(p.Clock.Now())
	for _, g := range o.Grants {
		if g.Role == by.Role && g.Holds(on) {
			by := officer.Capacity(p.Law.Law(), o, g, on)
			u, _ := p.Law.Law().UnitByKey(g.Unit)
			by.Desk, by.Elevated = u.Code, true
			return by
		}
	}
	t.Fatalf("%s holds no %s", by.Officer.Login, by.Role)
	return by
}

func entriesOf(t *testing.T, p *demo.Province, act string) (list []journal.Entry) {
	t.Helper()
	if err := p.DB.Read(ctx, func(tx *store.Tx) error {
		all, err := journal.List(tx, journal.Filter{Limit: 10_000})
		list = nil
		for _, e := range all {
			if act == "" || e.Act == act {
				list = append(list, e)
			}
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return list
}

// The day on which two communes become one: what was open goes to the heir with
// an entry each, whoever had it goes on with it, the result is handed over at
// the heir's desk, old slips open, and the past keeps its units.
func TestOpenDossiersGoToTheHeirAndThePastStays(t *testing.T) {
	communes(t, func(t *testing.T, p *demo.Province, staff map[string]officer.By, clock *storetest.Clock) {
		do := must[dossier.Dossier](t)
		desk, worker, chief := staff["receptionist03389"], staff["processor03389"], staff["approver03389"]
		open := do(p.Receive(ctx, desk, residence))
		open = do(p.Do(ctx, worker, open, &dossier.Assign{Officer: worker.Officer.ID}))
		ready := do(p.Receive(ctx, desk, residence))
		ready = do(p.Do(ctx, worker, ready, &dossier.Assign{Officer: worker.Officer.ID}))
		for _, step := range []struct {
			by  officer.By
			act dossier.Act
		}{{worker, &dossier.Advance{}}, {worker, &dossier.Advance{}}, {chief, &dossier.Advance{}}, {worker, &dossier.Conclude{Outcome: "granted", Kind: "Thông báo"}}} {
			ready = do(p.Do(ctx, step.by, ready, step.act))
		}
		closed := do(p.Receive(ctx, desk, residence))
		closed = do(p.Do(ctx, desk, closed, &dossier.Withdraw{Reason: "Không cần nữa", Money: "Không có"}))
		in := p.Intake(residence)
		in.Channel = "online"
		filed := do(p.Register.File(ctx, in, "03388", "k")) // Quyết Tiến
		draft := must[dossier.Draft](t)(p.Register.SaveDraft(ctx, desk, "", 0, []byte(`{}`)))
		before := p.Law.Law()

		order := dossier.Reorganisation{On: "2025-07-01"}
		_, err := p.Register.Reorganise(ctx, p.Roll, order, officer.Console(), nobody)
		if q, ok := problem.As(err); !ok || len(q.Fields) != 1 || q.Fields[0].Key != "reorganise.err.early" {
			t.Fatalf("on the day before: %v", err)
		}
		size := len(entriesOf(t, p, ""))
		plan := must[dossier.Plan](t)(p.Register.Plan(ctx, p.Roll, order))
		if plan.Dossiers != 3 || plan.Officers != 6 || plan.Drafts != 1 || len(plan.Stuck) > 0 || len(plan.Shares) != 2 {
			t.Errorf("ahead of the day: %+v", plan)
		}
		clock.Set(at("2025-07-01 07:00"))
		if again := must[dossier.Plan](t)(p.Register.Plan(ctx, p.Roll, order)); fmt.Sprint(again) != fmt.Sprint(plan) || len(entriesOf(t, p, "")) != size {
			t.Errorf("on the day the plan is %+v, was %+v", again, plan)
		}
		must[dossier.Plan](t)(p.Register.Reorganise(ctx, p.Roll, order, officer.Console(), func(*store.Tx) (string, error) { return "CB-0002", nil }))

		if list := entriesOf(t, p, "succeed"); len(list) != 3 {
			t.Errorf("%d dossiers have an entry, want 3", len(list))
		}
		if list := entriesOf(t, p, "reorganise"); len(list) != 1 || list[0].Officer != "console" || !strings.Contains(string(list[0].Facts), `"second":"CB-0002"`) {
			t.Errorf("the order: %+v", list)
		}
		heir, heirWorker := now(t, p, desk), now(t, p, worker)
		if heir.Unit != newDoan || now(t, p, staff["receptionist03388"]).Unit != newDoan {
			t.Fatalf("the receptionist serves at %s", heir.Unit)
		}
		for _, was := range []dossier.Dossier{open, ready, filed} {
			d := do(p.Register.Find(ctx, string(was.Code), heir))
			if d.Desk != newDoan || d.Competent != newDoan || d.Holder != newDoan || d.Code != was.Code || !d.Clock.Due.Equal(was.Clock.Due) || d.Assignee != was.Assignee ||
				d.State != was.State || len(d.Slips) != len(was.Slips) || d.DeskAt(was.FiledAt) != was.Desk {
				t.Errorf("%s is now %+v", was.Code, d)
			}
			tracked := must[dossier.Tracked](t)(p.Register.TrackToken(ctx, demotest.Key.Token(was.ID)))
			old, _ := before.UnitByKey(was.Desk)
			if tracked.Passed == nil || tracked.Passed.To.Key != newDoan || tracked.Passed.From.Name != old.Name || tracked.Passed.Why == "" || tracked.Desk.Key != newDoan {
				t.Errorf("its slip says %+v", tracked.Passed)
			}
			must[dossier.Tracked](t)(p.Register.Track(ctx, string(was.Code), demotest.Key.Secret(was.ID)))
		}
		for _, q := range []struct {
			by    officer.By
			queue dossier.Queue
			n     int
		}{{heir, dossier.Ready, 1}, {heir, dossier.Online, 1}, {heir, dossier.OfDesk, 3}, {heirWorker, dossier.Mine, 1}, {heirWorker, dossier.Unit, 1}} {
			if n := must[map[dossier.Queue]int](t)(p.Register.Counts(ctx, q.by, q.queue))[q.queue]; n != q.n {
				t.Errorf("queue %s of the heir holds %d, want %d", q.queue, n, q.n)
			}
		}
		if d := do(p.Register.Find(ctx, string(closed.Code), heir)); d.Desk != oldDoan || d.Version != closed.Version {
			t.Errorf("the closed dossier is at %s, act %d", d.Desk, d.Version)
		}
		if got := must[dossier.Draft](t)(p.Register.Draft(ctx, heir, draft.ID)); got.Desk != "03388" {
			t.Errorf("the draft lies at %s", got.Desk)
		}

		// work goes on at the heir
		do(p.Do(ctx, heir, ready, &dossier.HandOver{To: ready.Filer.Name, Channel: "counter"}))
		do(p.Do(ctx, heir, filed, &dossier.Accept{}))
		fresh := do(p.Receive(ctx, heir, residence))
		if fresh.Code == open.Code || fresh.Code != "001.60.20.H35-250701-0001" || fresh.Slips[0].Number != "2/TNHS" {
			t.Errorf("the heir gave %s and %s, want its second slip", fresh.Code, fresh.Slips[0].Number)
		}

		// the register of the past names who received
		from, to := at("2025-06-30 00:00"), at("2025-07-02 00:00")
		console := officer.Console()
		for unit, want := range map[pack.UnitKey]int{oldDoan: 3, quyetTien: 0, newDoan: 2} {
			if list := must[[]dossier.Dossier](t)(p.Register.Received(ctx, console, unit, from, to)); len(list) != want {
				t.Errorf("the register of %s has %d rows, want %d", unit, len(list), want)
			}
		}

		size = len(entriesOf(t, p, ""))
		if again := must[dossier.Plan](t)(p.Register.Reorganise(ctx, p.Roll, order, console, nobody)); !again.Empty() || len(entriesOf(t, p, "")) != size {
			t.Errorf("a second time moves %+v", again)
		}
		if differ := must[dossier.Recount](t)(p.Register.Recount(ctx, p.Roll)).Differences(); len(differ) > 0 {
			t.Errorf("counted anew: %+v", differ)
		}
		verify(t, p)
	})
}

// A run that breaks off leaves each dossier where it was or where it goes, and
// the next one does the rest.
func TestABrokenReorganisationIsContinued(t *testing.T) {
	communes(t, func(t *testing.T, p *demo.Province, staff map[string]officer.By, clock *storetest.Clock) {
		do := must[dossier.Dossier](t)
		var all []dossier.Dossier
		for range 5 {
			all = append(all, do(p.Receive(ctx, staff["receptionist03389"], residence)))
		}
		slices.SortFunc(all, func(a, b dossier.Dossier) int { return strings.Compare(a.ID, b.ID) })
		clock.Set(at("2025-07-01 07:00"))
		exec := func(query string) {
			if err := p.DB.Write(ctx, func(tx *store.Tx) error { _, err := tx.Exec(query, all[2].ID); return err }); err != nil {
				t.Fatal(err)
			}
		}
		exec(`UPDATE dossier SET version = version + 1 WHERE id = $1`) // the third cannot be written
		order := dossier.Reorganisation{On: "2025-07-01"}
		if _, err := p.Register.Reorganise(ctx, p.Roll, order, officer.Console(), nobody); err == nil {
			t.Fatal("a dossier that cannot be written was passed on")
		}
		exec(`UPDATE dossier SET version = version - 1 WHERE id = $1`)
		if n := len(entriesOf(t, p, "succeed")); n != 2 {
			t.Fatalf("%d dossiers were passed on before it broke off, want 2", n)
		}
		verify(t, p)
		plan := must[dossier.Plan](t)(p.Register.Reorganise(ctx, p.Roll, order, officer.Console(), nobody))
		if plan.Dossiers != 3 || plan.Officers != 0 {
			t.Errorf("the second run had to move %+v", plan)
		}
		for _, d := range all {
			if got := do(p.Register.Find(ctx, d.ID, officer.Console())); got.Desk != newDoan || len(got.Successions) != 1 {
				t.Errorf("%s is at %s after %d passings", d.Code, got.Desk, len(got.Successions))
			}
		}
		verify(t, p)
	})
}

// What the pack does not know is named and stays, until an order for the one
// unit says where it goes; wrong orders are refused by field.
func TestWhatHasNoHeirIsNamedAndStays(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		clock := storetest.ClockOf(db)
		clock.Set(at("2025-02-28 08:00"))
		p := demotest.At(t, db)
		lone, _, err := p.Hire(ctx, "pc01", "Lò Văn Pâng", "Đại úy", officer.Processor, "12-PC01") // ends without an heir in the pack
		if err != nil {
			t.Fatal(err)
		}
		clock.Set(at("2025-03-03 07:00"))
		plan := must[dossier.Plan](t)(p.Register.Plan(ctx, p.Roll, dossier.Reorganisation{On: "2025-03-01"}))
		if len(plan.Stuck) != 1 || plan.Stuck[0].Name != lone.Officer.Login || plan.Stuck[0].Why.Key != "reorganise.stuck.no-heir" || !plan.Empty() {
			t.Errorf("the plan is %+v", plan)
		}
		for _, c := range []struct {
			order dossier.Reorganisation
			field string
		}{
			{dossier.Reorganisation{On: "soon"}, "on"},
			{dossier.Reorganisation{On: "2022-01-01"}, "on"}, // nothing ended before
			{dossier.Reorganisation{On: "2025-03-01", From: "12-PC01"}, "to"},
			{dossier.Reorganisation{On: "2025-03-01", To: "12-PC06"}, "from"},
			{dossier.Reorganisation{On: "2025-03-01", From: "12-QDKX", To: "12-PC06"}, "from"}, // goes on
			{dossier.Reorganisation{On: "2025-03-01", From: "105", To: "03390"}, "to"},         // not its heir
			{dossier.Reorganisation{On: "2025-03-01", From: "12-PC06@2022-01-01", To: "12-PC06@2022-01-01"}, "to"},
		} {
			_, err := p.Register.Plan(ctx, p.Roll, c.order)
			if q, ok := problem.As(err); !ok || len(q.Fields) == 0 || q.Fields[0].Name != c.field {
				t.Errorf("%+v: %v, want a fault at %s", c.order, err, c.field)
			}
		}
		order := dossier.Reorganisation{On: "2025-03-01", From: "12-PC01", To: "12-PC06"}
		refused := errors.New("nobody vouches")
		if _, err := p.Register.Reorganise(ctx, p.Roll, order, officer.Console(), func(*store.Tx) (string, error) { return "", refused }); !errors.Is(err, refused) {
			t.Errorf("without a second person: %v", err)
		}
		if len(entriesOf(t, p, "follow_unit"))+len(entriesOf(t, p, "reorganise")) > 0 {
			t.Error("what nobody vouched for was begun")
		}
		must[dossier.Plan](t)(p.Register.Reorganise(ctx, p.Roll, order, officer.Console(), nobody))
		if by := now(t, p, lone); by.Unit != "12-PC06@2025-03-01" {
			t.Errorf("serves at %s", by.Unit)
		}
		if _, err := p.Register.Reorganise(ctx, p.Roll, order, lone, nobody); !problem.Is(err, problem.Forbidden) {
			t.Errorf("ordered by a processor: %v", err)
		}
	})
}

// A receipt that waits to be cancelled at a desk that closes is named until
// somebody decides; the heir's chief may.
func TestReceiptsThatWaitAreNamed(t *testing.T) {
	communes(t, func(t *testing.T, p *demo.Province, staff map[string]officer.By, clock *storetest.Clock) {
		d := must[dossier.Dossier](t)(p.Receive(ctx, staff["receptionist03389"], residence))
		if _, err := p.Ledger.AskCancel(ctx, staff["receptionist03389"], d.Fee.Receipt, "Thu nhầm mức phí"); err != nil {
			t.Fatal(err)
		}
		clock.Set(at("2025-07-01 07:00"))
		order := dossier.Reorganisation{On: "2025-07-01"}
		plan := must[dossier.Plan](t)(p.Register.Reorganise(ctx, p.Roll, order, officer.Console(), nobody))
		if len(plan.Stuck) != 1 || plan.Stuck[0].What != "receipt" || plan.Stuck[0].Name != d.Fee.Receipt {
			t.Fatalf("stuck: %+v", plan.Stuck)
		}
		if _, err := p.Ledger.KeepReceipt(ctx, now(t, p, staff["approver03389"]), d.Fee.Receipt, "Mức phí đúng"); err != nil {
			t.Errorf("the heir's chief: %v", err)
		}
		if plan = must[dossier.Plan](t)(p.Register.Plan(ctx, p.Roll, order)); len(plan.Stuck) > 0 || !plan.Empty() {
			t.Errorf("afterwards: %+v", plan)
		}
	})
}
