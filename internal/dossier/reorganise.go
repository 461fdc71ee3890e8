package dossier

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"quay20/internal/journal"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/payment"
	"quay20/internal/problem"
	"quay20/internal/store"
)

// Reorganisation is the order to pass on what lies with units that ended (sắp
// xếp tổ chức): open dossiers, officers with their roles, intakes put aside.
// Who takes over is law, in the pack.
type Reorganisation struct {
	On     pack.Date // units that ended before this day
	From   string    // only this unit: a code as of the day before, or a key; "" all of them
	To     string    // its heir
	Reason string    // for ends that the pack does not explain

	of, to pack.UnitKey
}

// Plan is what a reorganisation moves, or would move now.
type Plan struct {
	Shares   []Share // by unit that ended, then by heir
	Dossiers int
	Officers int
	Drafts   int
	Stuck    []Stuck
}

// Share is what goes from one unit that ended to one heir.
type Share struct {
	From, To pack.Unit
	Desk     int // dossiers whose papers or result lie there
	Decide   int // dossiers that it decides
	Hold     int // dossiers that it has now
	Answer   int // dossiers on which it was asked
	Officers int
	Drafts   int
}

// Stuck is what cannot go anywhere, and why.
type Stuck struct {
	What string // "dossier", "officer", "draft", "receipt"
	Name string // code, login, id or number
	Why  *problem.Problem
}

// Empty reports whether nothing is to be moved.
func (p Plan) Empty() bool { return p.Dossiers+p.Officers+p.Drafts == 0 }

// act is what the reorganisation does to each dossier.
func (x Reorganisation) act(by, second string) *Succeed {
	return &Succeed{Before: x.On, Of: x.of, To: x.to, Reason: x.Reason, Ordered: by, Second: second}
}

// heir says who keeps desk and officers of a unit whose end is carried out.
func (x Reorganisation) heir(w World) officer.Heir {
	ended := x.act("", "").ended(w)
	return func(key pack.UnitKey) (pack.UnitKey, bool) {
		if !ended(key) {
			return "", false
		}
		u, ok := w.Law.Heir(cmp.Or(x.to, key), pack.On(w.Now))
		return u.Key, ok
	}
}

// check finds every fault in the order, and the units that it names.
func (x *Reorganisation) check(law *pack.Pack) error {
	p := invalid()
	first, err := time.ParseInLocation(time.DateOnly, x.On, pack.Zone)
	if err != nil {
		return p.Field("on", "reorganise.err.date", "value", x.On)
	}
	ended := law.Ended(x.On)
	if x.From != "" || x.To != "" {
		ended = x.pair(p, law, pack.On(first.AddDate(0, 0, -1)))
	} else if len(ended) == 0 {
		p.Field("on", "reorganise.err.none", "on", x.On)
	}
	unexplained := func(u pack.Unit) bool { _, ok := law.Why(u.Key); return !ok }
	if blank(x.Reason) && slices.ContainsFunc(ended, unexplained) {
		p.Field("reason", "reorganise.err.reason")
	} else if !blank(x.Reason) {
		need(p, "reason", x.Reason)
	}
	return p.Or()
}

// pair reads the two units of an order for one.
func (x *Reorganisation) pair(p *problem.Problem, law *pack.Pack, before pack.Date) []pack.Unit {
	from, known := unitAsked(law, x.From, before)
	to, stands := unitAsked(law, x.To, x.On)
	switch {
	case !known:
		p.Field("from", "reorganise.err.unit", "unit", x.From, "on", before)
	case from.To == "" || from.To >= x.On:
		p.Field("from", "reorganise.err.goes-on", "unit", from.Name, "on", x.On)
	}
	if !stands || !to.Holds(x.On) {
		p.Field("to", "reorganise.err.unit", "unit", x.To, "on", x.On)
	}
	if len(p.Fields) > 0 {
		return nil
	}
	heirs := law.Heirs(from.Key, x.On)
	if len(heirs) > 0 && !slices.ContainsFunc(heirs, func(u pack.Unit) bool { return u.Key == to.Key }) {
		names := make([]string, len(heirs))
		for i, u := range heirs {
			names[i] = u.Name
		}
		p.Field("to", "reorganise.err.heir", "unit", from.Name, "heirs", strings.Join(names, "; "))
	}
	x.of, x.to = from.Key, to.Key
	return []pack.Unit{from}
}

// unitAsked finds a unit by its key, or by its code as of a day.
func unitAsked(law *pack.Pack, name string, on pack.Date) (pack.Unit, bool) {
	if strings.Contains(name, "@") {
		return law.UnitByKey(pack.UnitKey(name))
	}
	return law.Unit(name, on)
}

// Plan says what Reorganise would move and what it cannot, as of the day of the
// reorganisation if that is yet to come. It changes nothing.
func (r *Register) Plan(ctx context.Context, roll *officer.Roll, x Reorganisation) (Plan, error) {
	law := r.law()
	if err := x.check(law); err != nil {
		return Plan{}, err
	}
	officers, err := roll.List(ctx, officer.Console(), officer.Filter{Limit: math.MaxInt})
	if err != nil {
		return Plan{}, fmt.Errorf("planning a reorganisation: %w", err)
	}
	var plan Plan
	err = r.db.Read(ctx, func(tx *store.Tx) error {
		w := World{tx.Now, law}
		if first, _ := time.ParseInLocation(time.DateOnly, x.On, pack.Zone); first.After(w.Now) {
			w.Now = first
		}
		k := &planner{x: x, w: w, shares: map[[2]pack.UnitKey]*Share{}}
		k.planOfficers(officers)
		if err := k.planDossiers(tx); err != nil {
			return err
		}
		if err := k.planDrafts(tx); err != nil {
			return err
		}
		if err := k.planReceipts(tx); err != nil {
			return err
		}
		plan = k.done()
		return nil
	})
	if err != nil {
		return Plan{}, fmt.Errorf("planning a reorganisation: %w", err)
	}
	return plan, nil
}

// planner counts what would move.
type planner struct {
	x      Reorganisation
	w      World
	plan   Plan
	shares map[[2]pack.UnitKey]*Share
}

func (k *planner) share(from, to pack.UnitKey) *Share {
	s := k.shares[[2]pack.UnitKey{from, to}]
	if s == nil {
		s = &Share{}
		s.From, _ = k.w.Law.UnitByKey(from)
		s.To, _ = k.w.Law.UnitByKey(to)
		k.shares[[2]pack.UnitKey{from, to}] = s
	}
	return s
}

func (k *planner) done() Plan {
	for _, s := range k.shares {
		k.plan.Shares = append(k.plan.Shares, *s)
	}
	slices.SortFunc(k.plan.Shares, func(a, b Share) int {
		return cmp.Or(cmp.Compare(a.From.Key, b.From.Key), cmp.Compare(a.To.Key, b.To.Key))
	})
	return k.plan
}

func (k *planner) stuck(what, name string, why *problem.Problem) {
	k.plan.Stuck = append(k.plan.Stuck, Stuck{what, name, why})
}

func (k *planner) planOfficers(officers []officer.Officer) {
	heir, ended, on := k.x.heir(k.w), k.x.act("", "").ended(k.w), pack.On(k.w.Now)
	for _, o := range officers {
		if f, moves := officer.Follow(o, heir, on); moves {
			k.plan.Officers++
			from := o.Unit
			if f.Unit == o.Unit {
				from = f.Ended[0].Unit
			}
			to, _ := heir(from)
			k.share(from, to).Officers++
		}
		units := []pack.UnitKey{o.Unit}
		for _, g := range o.Grants {
			if g.To == "" || g.To >= on {
				units = append(units, g.Unit)
			}
		}
		for _, key := range units {
			if _, ok := heir(key); !ok && ended(key) {
				k.stuck("officer", o.Login, k.nobody(key))
				break
			}
		}
	}
}

func (k *planner) nobody(key pack.UnitKey) *problem.Problem {
	u, _ := k.w.Law.UnitByKey(key)
	return problem.New(problem.Invalid, "reorganise.stuck.no-heir", "unit", u.Name)
}

func (k *planner) planDossiers(tx *store.Tx) error {
	act := k.x.act("", "")
	return eachOpen(tx, func(d *Dossier) error {
		if act.Allowed(d, officer.System(), k.w) != nil {
			return nil
		}
		passages, stuck := act.passages(d, k.w)
		if stuck != nil {
			k.stuck("dossier", cmp.Or(string(d.Code), d.ID), stuck)
			return nil
		}
		k.plan.Dossiers++
		for _, p := range passages {
			s := k.share(p.From, p.To)
			*map[string]*int{"desk": &s.Desk, "competent": &s.Decide, "holder": &s.Hold, "consult": &s.Answer}[p.Part]++
		}
		return nil
	})
}

func (k *planner) planDrafts(tx *store.Tx) error {
	drafts, err := leftDrafts(tx, k.x, k.w)
	for _, d := range drafts {
		if d.to == "" {
			k.stuck("draft", d.ID, k.nobody(d.from))
			continue
		}
		k.plan.Drafts++
		k.share(d.from, d.to).Drafts++
	}
	return err
}

// planReceipts names receipts that wait to be cancelled: their money lies in a
// drawer that closes with the desk.
func (k *planner) planReceipts(tx *store.Tx) error {
	ended := k.x.act("", "").ended(k.w)
	list, err := payment.Undecided(tx)
	for _, r := range list {
		if u, ok := k.w.Law.Unit(r.Desk, r.Day); ok && ended(u.Key) {
			k.stuck("receipt", r.Number, problem.New(problem.Invalid, "reorganise.stuck.receipt", "unit", u.Name))
		}
	}
	return err
}

// eachOpen reads all open dossiers in the order of their ids.
func eachOpen(tx *store.Tx, do func(*Dossier) error) error {
	for after := ""; ; {
		list, err := store.All(tx, scan, `SELECT body FROM dossier WHERE ended_at = '' AND id > $1 ORDER BY id LIMIT 500`, after)
		if err != nil {
			return fmt.Errorf("reading open dossiers: %w", err)
		}
		if len(list) == 0 {
			return nil
		}
		for i := range list {
			after = list[i].ID
			if err := do(&list[i]); err != nil {
				return err
			}
		}
	}
}

// leftDraft is an intake put aside at a desk that ended.
type leftDraft struct {
	Draft
	from, to pack.UnitKey
}

func leftDrafts(tx *store.Tx, x Reorganisation, w World) (left []leftDraft, err error) {
	all, err := store.All(tx, scanDraft, `SELECT `+draftColumns+` FROM dossier_draft ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("reading drafts: %w", err)
	}
	heir, ended := x.heir(w), x.act("", "").ended(w)
	for _, d := range all {
		if u, ok := w.Law.Unit(d.Desk, pack.On(d.At)); ok && ended(u.Key) {
			to, _ := heir(u.Key)
			left = append(left, leftDraft{d, u.Key, to})
		}
	}
	return left, nil
}

// Reorganise moves what Plan says, officers first, so that whoever has a
// dossier can see it. Each dossier is moved whole or not; called again, it goes
// on where it was cut off, and moves nothing twice. vouch names the second
// person in the transaction that writes down the order.
func (r *Register) Reorganise(ctx context.Context, roll *officer.Roll, x Reorganisation, by officer.By, vouch func(*store.Tx) (string, error)) (Plan, error) {
	if err := by.Require(officer.Units, ""); err != nil {
		return Plan{}, err
	}
	law := r.law()
	if err := x.check(law); err != nil {
		return Plan{}, err
	}
	w, err := r.World(ctx)
	if err != nil {
		return Plan{}, err
	}
	if today := pack.On(w.Now); today < x.On {
		return Plan{}, invalid().Field("on", "reorganise.err.early", "on", x.On, "today", today)
	}
	plan, err := r.Plan(ctx, roll, x)
	if err != nil || plan.Empty() {
		return plan, err
	}
	second, err := r.order(ctx, x, by, plan, vouch)
	if err != nil {
		return plan, err
	}
	officers, err := roll.List(ctx, officer.Console(), officer.Filter{Limit: math.MaxInt})
	if err != nil {
		return plan, fmt.Errorf("reorganising: %w", err)
	}
	if _, err := roll.Follow(ctx, by, officers, x.heir(w), second, cmp.Or(x.Reason, why(law, x))); err != nil {
		return plan, err
	}
	if err := r.passOn(ctx, x.act(by.Officer.ID, second)); err != nil {
		return plan, err
	}
	return plan, r.moveDrafts(ctx, x)
}

// why words the reorganisation of the day, for entries that are about no one unit.
func why(law *pack.Pack, x Reorganisation) string {
	if e, ok := law.Reorganisation(x.On); ok {
		return e.Title
	}
	return x.On
}

// order writes down what is to be done, who ordered it and who vouched.
func (r *Register) order(ctx context.Context, x Reorganisation, by officer.By, plan Plan, vouch func(*store.Tx) (string, error)) (second string, err error) {
	err = r.db.Write(ctx, func(tx *store.Tx) error {
		if second, err = vouch(tx); err != nil {
			return err
		}
		facts, err := json.Marshal(map[string]any{"on": x.On, "from": x.of, "to": x.to, "second": second, "law": r.law().Version(),
			"dossiers": plan.Dossiers, "officers": plan.Officers, "drafts": plan.Drafts, "stuck": len(plan.Stuck)})
		if err != nil {
			return err
		}
		_, err = journal.Append(tx, journal.Entry{Officer: by.Officer.ID, Capacity: by.Capacity(), Desk: by.Desk, Act: "reorganise",
			Subject: "reorganisation/" + x.On, Reason: cmp.Or(x.Reason, why(r.law(), x)), Facts: facts})
		return err
	})
	return second, err
}

// passOn moves the open dossiers, each in a transaction of its own.
func (r *Register) passOn(ctx context.Context, act *Succeed) error {
	var ids []string
	err := r.db.Read(ctx, func(tx *store.Tx) error {
		ids = nil
		w := World{tx.Now, r.law()}
		return eachOpen(tx, func(d *Dossier) error {
			if act.Allowed(d, officer.System(), w) == nil {
				ids = append(ids, d.ID)
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	for _, id := range ids {
		err := r.db.Write(ctx, func(tx *store.Tx) error {
			d, err := find(tx, id)
			w := World{tx.Now, r.law()}
			if err != nil || act.Allowed(&d, officer.System(), w) != nil || act.Check(&d, officer.System(), w) != nil {
				return err // it has ended or gone meanwhile, or cannot go
			}
			_, err = r.do(tx, d, act, officer.System())
			return err
		})
		if err != nil {
			return fmt.Errorf("passing on dossier %s: %w", id, err)
		}
	}
	return nil
}

// moveDrafts brings intakes put aside to the heirs' desks. They count as saved
// now: the day says which bearer of a code is meant.
func (r *Register) moveDrafts(ctx context.Context, x Reorganisation) error {
	return r.db.Write(ctx, func(tx *store.Tx) error {
		w := World{tx.Now, r.law()}
		drafts, err := leftDrafts(tx, x, w)
		for _, d := range drafts {
			if d.to == "" {
				continue
			}
			_, e := tx.Exec(`UPDATE dossier_draft SET desk = $1, at = $2 WHERE id = $3`, unitCode(w.Law, d.to), tx.Now, d.ID)
			err = errors.Join(err, e)
		}
		return err
	})
}

// Left counts the open dossiers that still lie with units that ended, and says
// on which day the last of those units was no more: a reorganisation that is law
// and was not carried out.
func (r *Register) Left(tx *store.Tx) (n int64, on pack.Date, err error) {
	for _, u := range r.law().Ended(pack.On(tx.Now)) {
		here, err := store.One(tx, number, `SELECT COUNT(*) FROM (
			SELECT id FROM dossier WHERE ended_at = '' AND desk = $1 UNION SELECT id FROM dossier WHERE ended_at = '' AND holder = $1) x`, string(u.Key))
		if err != nil {
			return 0, "", fmt.Errorf("counting what lies with %s: %w", u.Key, err)
		}
		if here == 0 {
			continue
		}
		last, err := time.ParseInLocation(time.DateOnly, u.To, pack.Zone)
		if err != nil {
			return 0, "", fmt.Errorf("reading the last day of %s: %w", u.Key, err)
		}
		n, on = n+here, max(on, pack.On(last.AddDate(0, 0, 1)))
	}
	return n, on, nil
}
