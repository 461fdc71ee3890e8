package dossier

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"quay20/internal/applicant"
	"quay20/internal/journal"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/payment"
	"quay20/internal/problem"
	"quay20/internal/slip"
	"quay20/internal/store"
)

// Register is the book of all dossiers (sổ theo dõi hồ sơ). Its methods are
// one transaction each.
type Register struct {
	db  *store.DB
	law func() *pack.Pack // the law in force now
	key Key

	swept    atomic.Pointer[time.Time] // the end of the last sweep
	requests struct {                  // how far it came through the idempotency keys
		sync.Mutex
		last request
	}
	views views
	paces paces
}

// NewRegister opens the book. key makes the secrets that slips carry.
func NewRegister(db *store.DB, law func() *pack.Pack, key Key) *Register {
	return &Register{db: db, law: law, key: key}
}

// Receive writes a walk-in down in one transaction: judged, numbered, dated,
// journaled, its slip issued. key makes a repeated call show the first result.
func (r *Register) Receive(ctx context.Context, in Intake, by officer.By, key string) (Dossier, error) {
	var d Dossier
	if err := plain(&in); err != nil {
		return d, err
	}
	err := r.once(ctx, by, key, "receive", in, &d, nil, func(w World) (Dossier, Effect, error) {
		desk, ok := w.Law.Unit(by.Desk, pack.On(w.Now))
		if !ok || desk.Desk == nil {
			return d, Effect{}, problem.New(problem.Illegal, "err.no-desk")
		}
		in.Desk = desk.Key
		return Receive(in, by, w)
	})
	return d, err
}

// File writes down what was sent online for a desk; its code is minted now.
func (r *Register) File(ctx context.Context, in Intake, desk string, key string) (Dossier, error) {
	return r.FileWith(ctx, in, desk, key, nil)
}

// FileWith is File with something else that must happen with it or not at all:
// also is called in the same transaction, and again when the call is repeated.
func (r *Register) FileWith(ctx context.Context, in Intake, desk, key string, also func(tx *store.Tx, d Dossier) error) (Dossier, error) {
	var d Dossier
	if err := plain(&in); err != nil {
		return d, err
	}
	err := r.once(ctx, officer.System(), key, "file", in, &d, also, func(w World) (Dossier, Effect, error) {
		u, ok := w.Law.Unit(desk, pack.On(w.Now))
		if !ok || u.Desk == nil {
			return d, Effect{}, problem.New(problem.Invalid, "err.summary").Field("desk", "err.unit-unknown", "unit", desk)
		}
		in.Desk = u.Key
		return File(in, w)
	})
	return d, err
}

// once runs the making of a new dossier under an idempotency key. What needs
// law and time alone is done ahead of the turn, and anew in it if the law has
// changed meanwhile; what others may have written is asked in the turn.
func (r *Register) once(ctx context.Context, by officer.By, key, act string, in Intake, out *Dossier, also func(*store.Tx, Dossier) error, judge func(World) (Dossier, Effect, error)) error {
	who := by.Officer.ID
	if err := goodKey(key); err != nil {
		return err
	}
	request := requestHash(act, in)
	var a ahead
	return r.db.WriteAhead(ctx, func(now time.Time) { a = r.ahead(World{now, r.law()}, by, judge) }, func(tx *store.Tx) error {
		if law := r.law(); law != a.w.Law {
			a = r.ahead(World{tx.Now, law}, by, judge)
		}
		err := a.err
		if act == "receive" && (err == nil || problem.Is(err, problem.Invalid)) {
			err = cmp.Or(r.notAgain(tx, in, a.w), err)
		}
		done, fault := "", error(nil)
		if err == nil {
			done, fault = claim(tx, who, key, request, a.d.ID)
		} else {
			done, fault = repeated(tx, who, key, request)
		}
		switch {
		case fault != nil:
			return fault
		case done != "":
			if *out, err = find(tx, done); err == nil && also != nil {
				err = also(tx, *out)
			}
			return err
		case err != nil:
			return err
		}
		if act == "file" {
			if err := notOpen(tx, in, a.d); err != nil {
				return err
			}
		}
		d, e := a.copy()
		if err := r.settle(tx, &d, e, by, a.w, act, nil); err != nil {
			return err
		}
		*out = d
		if also != nil {
			return also(tx, d)
		}
		return nil
	})
}

// ahead is a new dossier as far as it can be made before its turn: judged,
// named, dated, its papers written but for their numbers.
type ahead struct {
	w   World
	d   Dossier
	e   Effect
	err error
}

func (r *Register) ahead(w World, by officer.By, judge func(World) (Dossier, Effect, error)) ahead {
	a := ahead{w: w}
	if a.d, a.e, a.err = judge(w); a.err != nil {
		return a
	}
	d := &a.d
	d.ID, d.Salt = newID(w.Now, r.db.Chance), randomText(r.db.Chance)
	d.TokenHash = hash(r.key.Token(d.ID))
	if a.e.Clock {
		if a.err = d.setClock(w.Law); a.err != nil {
			return a
		}
		a.e.Clock = false
	}
	a.e.papers = map[string]slip.Facts{}
	for _, kind := range a.e.Slips {
		if template, ok := w.Law.Slip(kind, w.field(d), pack.On(w.Now)); ok {
			a.e.papers[kind] = r.facts(d, template, by, w)
		}
	}
	return a
}

// copy gives what settle may change; a write may have several turns.
func (a *ahead) copy() (Dossier, Effect) {
	d, e := a.d, a.e
	d.Codes, d.Slips, d.Clock.Pauses = slices.Clone(d.Codes), slices.Clone(d.Slips), slices.Clone(d.Clock.Pauses)
	e.Facts = maps.Clone(e.Facts)
	return d, e
}

// Do carries out one act on one dossier: find, judge, apply, store, journal.
// It is the only way a dossier changes after reception. version, if not 0,
// must be the dossier's present one.
func (r *Register) Do(ctx context.Context, ref string, act Act, by officer.By, key string, version int64) (Dossier, error) {
	var out Dossier
	if err := plain(act); err != nil {
		return out, err
	}
	err := r.db.Write(ctx, func(tx *store.Tx) error {
		d, err := seen(tx, ref, by)
		if err != nil {
			return err
		}
		name := act.Name() + "/" + d.ID
		request := requestHash(name, act)
		done, err := repeated(tx, by.Officer.ID, key, request)
		if err != nil {
			return err
		}
		if done != "" {
			out = d
			return nil
		}
		if version != 0 && version != d.Version {
			return problem.New(problem.Stale, "err.changed-meanwhile", "version", d.Version)
		}
		if out, err = r.do(tx, d, act, by); err != nil {
			return err
		}
		_, err = claim(tx, by.Officer.ID, key, request, d.ID)
		return err
	})
	return out, err
}

// do is Do inside a transaction, for the sweep and the recompute too.
func (r *Register) do(tx *store.Tx, d Dossier, act Act, by officer.By) (Dossier, error) {
	w := World{tx.Now, r.law()}
	if err := act.Allowed(&d, by, w); err != nil {
		if p, ok := problem.As(err); ok && p.Kind == problem.Illegal {
			p.Allowed = Allowed(&d, by, w)
		}
		return d, err
	}
	if err := proven(act, &d, by, w); err != nil {
		return d, err
	}
	if err := act.Check(&d, by, w); err != nil {
		return d, err
	}
	switch a := act.(type) {
	case *Assign:
		if err := a.fit(tx, &d, w); err != nil {
			return d, err
		}
	case *HandOver:
		if err := paid(tx, &d); err != nil {
			return d, err
		}
	}
	if act.Name() != "recompute" && act.Name() != "succeed" {
		var err error
		if d, err = r.keepUp(tx, d, w); err != nil {
			return d, err
		}
	}
	was, owed := d.index(), d.Owes(w.Law)
	e := act.Apply(&d, by, w)
	if err := r.settle(tx, &d, e, by, w, act.Name(), was); err != nil {
		return d, err
	}
	if now := d.Owes(w.Law); len(owed) > 0 && !slices.Equal(owed, now) {
		return d, payment.Follow(tx, by, d.ID, now)
	}
	return d, nil
}

// keepUp lets a law that changed since move the date by an act of its own, which
// names what changed it, before another act would move it unsaid. rel-I-D9
func (r *Register) keepUp(tx *store.Tx, d Dossier, w World) (Dossier, error) {
	recompute := &Recompute{Notice: w.since(&d)}
	if d.Law == w.Law.Version() || d.ReceivedAt.IsZero() || recompute.Allowed(&d, officer.System(), w) != nil {
		return d, nil
	}
	a, err := d.reckon(w.Law)
	if err != nil || a.Due.Equal(d.Clock.Due) {
		return d, err
	}
	return r.do(tx, d, recompute, officer.System())
}

// since names what changed the law since the dossier's date was computed: the
// newest notice by now that has not moved it, or the version of the law.
func (w World) since(d *Dossier) string {
	for _, n := range slices.Backward(w.Law.Notices()) {
		if n.Announced <= pack.On(w.Now) && !movedBy(*d, n.ID) {
			return n.ID
		}
	}
	return w.Law.Version()
}

// proven asks for a fresh proof where the act is a signature. A processor who
// ends the work after the approval signs nothing. rel-K58
func proven(act Act, d *Dossier, by officer.By, w World) error {
	if _, ends := act.(*Conclude); ends && w.StepOf(d).Kind != "approve" {
		return nil
	}
	return by.Fresh(permission(act.Name()))
}

// settle brings the effects of an act about and stores everything: code, cash,
// clock, slips, row, journal. was is how the dossier was indexed before, nil
// for a new one.
func (r *Register) settle(tx *store.Tx, d *Dossier, e Effect, by officer.By, w World, act string, was *indexed) error {
	if e.Mint && d.Code == "" {
		if err := mint(tx, d, w); err != nil {
			return err
		}
	}
	if e.Cash > 0 {
		if err := takeCash(tx, d, e.Cash, by); err != nil {
			return err
		}
	}
	if e.Clock {
		if err := d.setClock(w.Law); err != nil {
			return err
		}
	}
	if e.Facts == nil {
		e.Facts = map[string]any{}
	}
	facts := map[string]string{}
	for _, kind := range e.Slips {
		s, f, err := r.issue(tx, d, kind, by, w, e.papers)
		if err != nil {
			return err
		}
		if s.Number != "" {
			facts[s.Kind+"\x00"+s.Number] = f
			e.Facts["slip"] = s.Kind + " " + s.Number
		}
	}
	if p := len(d.Clock.Pauses); p > 0 && d.Clock.Pauses[p-1].Document == "" && len(d.Slips) > 0 {
		d.Clock.Pauses[p-1].Document = d.Slips[len(d.Slips)-1].Number
	}
	d.Version++
	e.Facts["code"], e.Facts["state"], e.Facts["version"], e.Facts["at_step"] = d.Code, d.State, d.Version, d.Step
	if was == nil {
		e.Facts["desk"] = d.Desk
	}
	if !d.Clock.Due.IsZero() {
		e.Facts["due"] = d.Clock.Due
	}
	if d.stoppedLate(w.Now) {
		e.Facts["last_day"] = true
	}
	body := d.body()
	if err := save(tx, d, body, w, was); err != nil {
		return err
	}
	for _, s := range d.Slips {
		if f, ok := facts[s.Kind+"\x00"+s.Number]; ok {
			if err := insertSlip(tx, d.ID, s, f); err != nil {
				return err
			}
		}
	}
	return write(tx, d, by, act, e, body)
}

// write puts the act into the journal.
func write(tx *store.Tx, d *Dossier, by officer.By, act string, e Effect, body string) error {
	facts, err := json.Marshal(e.Facts)
	if err != nil {
		return fmt.Errorf("writing the facts of %s: %w", act, err)
	}
	_, err = journal.Append(tx, journal.Entry{
		Officer: by.Officer.ID, Capacity: by.Capacity(), Desk: by.Desk, Act: act, Subject: d.Subject(),
		Reason: e.Reason, Law: e.Law, Facts: facts, State: journal.StateOf(body),
	})
	return err
}

// takeCash writes a receipt for cash and notes its number where it belongs.
func takeCash(tx *store.Tx, d *Dossier, amount int64, by officer.By) error {
	fee := payment.Fee{Dossier: d.ID, Amount: amount, Basis: d.Fee.Basis, Case: d.Fee.Case, Payer: d.Filer.Name}
	fee.Item = feeItem
	slot := &d.Fee.Receipt
	for i := range d.Obligations {
		if o := &d.Obligations[i]; !o.Settled.IsZero() && o.Receipt == "" {
			fee.Item, fee.Basis, fee.Case, slot = obligationItem(i), o.Basis, o.Why, &o.Receipt
		}
	}
	got, err := payment.Take(tx, by, fee)
	if err != nil {
		return err
	}
	*slot = got.Number
	return nil
}

// paid refuses to give a result out on a receipt that was cancelled, or a transfer
// that was taken back, a moment ago, before its dossier heard of it. rel-I-M5
func paid(tx *store.Tx, d *Dossier) error {
	list, err := payment.Receipts(tx, d.ID)
	if err != nil {
		return err
	}
	for _, r := range list {
		if r.State == payment.Cancelled && d.paidBy(r.Number) {
			return problem.New(problem.Illegal, "err.unpaid")
		}
	}
	demands, err := payment.Demands(tx, d.ID)
	if err != nil {
		return err
	}
	for _, m := range demands {
		if m.State != payment.Paid && d.paidBy(m.Reference) {
			return problem.New(problem.Illegal, "err.unpaid")
		}
	}
	return nil
}

// Reopen makes a dossier unpaid again whose receipt was cancelled. Asked twice,
// or for a receipt that no longer pays for anything, it does nothing.
func (r *Register) Reopen(ctx context.Context, dossier, receipt string) error {
	return r.db.Write(ctx, func(tx *store.Tx) error {
		d, err := find(tx, dossier)
		if err != nil || !d.paidBy(receipt) {
			return err
		}
		_, err = r.do(tx, d, &ReopenPayment{Receipt: receipt}, officer.System())
		return err
	})
}

// notAgain asks for an explanation when the same person files for the same
// procedure twice within a week. rel-T01
func (r *Register) notAgain(tx *store.Tx, in Intake, w World) error {
	if in.Filer.IDNumber == "" || !blank(in.Again) {
		return nil
	}
	code, err := store.One(tx, func(row store.Row) (string, error) {
		var body string
		if err := row.Scan(&body); err != nil {
			return "", err
		}
		d, err := parse(body)
		return string(d.Code), err
	}, `SELECT body FROM dossier WHERE filer = $1 AND filer <> '' AND procedure = $2 AND filed_at > $3 AND state NOT IN ('not_accepted', 'withdrawn')
	ORDER BY filed_at DESC LIMIT 1`, in.Filer.IDNumber, in.Procedure, w.Now.Add(-again))
	if errors.Is(err, store.ErrNone) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("looking for an earlier dossier: %w", err)
	}
	return problem.New(problem.Conflict, "err.filed-again", "code", code).Field("again", "err.filed-again", "code", code)
}

// Find gives the dossier by code or id, if it lies in the officer's scope.
func (r *Register) Find(ctx context.Context, ref string, by officer.By) (Dossier, error) {
	var d Dossier
	err := r.db.Read(ctx, func(tx *store.Tx) (err error) {
		d, err = seen(tx, ref, by)
		return err
	})
	return d, err
}

// View is Find that leaves a trace: who looked at whose data and why.
func (r *Register) View(ctx context.Context, ref string, by officer.By, why string) (Dossier, error) {
	var d Dossier
	if err := unsayable(why); err != nil {
		return d, err
	}
	err := r.db.Write(ctx, func(tx *store.Tx) (err error) {
		if d, err = seen(tx, ref, by); err != nil {
			return err
		}
		return look(tx, &d, by, "view", why)
	})
	return d, err
}

// look journals a read of personal data. rel-I-P4
func look(tx *store.Tx, d *Dossier, by officer.By, act, why string) error {
	_, err := journal.Append(tx, journal.Entry{
		Officer: by.Officer.ID, Capacity: by.Capacity(), Desk: by.Desk, Act: act, Subject: "view/" + d.ID, Reason: why,
		Facts: json.RawMessage(`{}`),
	})
	return err
}

// Entries is the dossier's history, oldest first: the control slip is a view
// of it.
func (r *Register) Entries(ctx context.Context, d Dossier) ([]journal.Entry, error) {
	var list []journal.Entry
	err := r.db.Read(ctx, func(tx *store.Tx) (err error) {
		list, err = journal.Of(tx, d.Subject())
		return err
	})
	return list, err
}

// Views lists who looked at the dossier.
func (r *Register) Views(ctx context.Context, d Dossier) ([]journal.Entry, error) {
	var list []journal.Entry
	err := r.db.Read(ctx, func(tx *store.Tx) (err error) {
		list, err = journal.Of(tx, "view/"+d.ID)
		return err
	})
	return list, err
}

// World is law and time as the register sees them now.
func (r *Register) World(ctx context.Context) (World, error) {
	var w World
	err := r.db.Read(ctx, func(tx *store.Tx) error {
		w = World{tx.Now, r.law()}
		return nil
	})
	return w, err
}

// seen finds a dossier in the officer's scope; what lies outside is not found.
// The scope stands in the query itself. rel-K61
func seen(tx *store.Tx, ref string, by officer.By) (Dossier, error) {
	id, err := idOf(tx, ref)
	if err != nil {
		return Dossier{}, err
	}
	if by.Everywhere() {
		return find(tx, id)
	}
	args := []any{id}
	in := placeholders(&args, by.Scope())
	if in == "" {
		return Dossier{}, unknown()
	}
	return one(tx, `SELECT d.body FROM dossier d WHERE d.id = $1 AND EXISTS (
		SELECT 1 FROM dossier_unit u WHERE u.dossier = d.id AND u.unit IN (`+in+`))`, args...)
}

// placeholders adds the units to args and gives "$2, $3, …".
func placeholders[T ~string](args *[]any, units []T) string {
	var b strings.Builder
	for i, u := range units {
		*args = append(*args, string(u))
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "$%d", len(*args))
	}
	return b.String()
}

// idOf turns a code or an id into an id.
func idOf(tx *store.Tx, ref string) (string, error) {
	ref = strings.ToUpper(strings.TrimSpace(ref))
	if isID(ref) {
		return ref, nil
	}
	if !sayable(ref) || len(ref) > 60 {
		return "", unknown()
	}
	id, err := store.One(tx, column, `SELECT dossier FROM dossier_code WHERE code = $1`, ref)
	if errors.Is(err, store.ErrNone) {
		return "", unknown()
	}
	return id, err
}

func column(row store.Row) (s string, err error) { err = row.Scan(&s); return s, err }

func pressed(row store.Row) (s string, err error) {
	err = row.Scan(store.Plain(&s))
	return s, err
}

func find(tx *store.Tx, id string) (Dossier, error) {
	return one(tx, `SELECT body FROM dossier WHERE id = $1`, id)
}

func one(tx *store.Tx, query string, args ...any) (Dossier, error) {
	d, err := store.One(tx, scan, query, args...)
	if errors.Is(err, store.ErrNone) {
		return d, unknown()
	}
	return d, err
}

func unknown() *problem.Problem { return problem.New(problem.NotFound, "err.dossier-unknown") }

func scan(row store.Row) (Dossier, error) {
	var body string
	if err := row.Scan(&body); err != nil {
		return Dossier{}, err
	}
	return parse(body)
}

// parse reads a dossier from its column, pressed or not.
func parse(kept string) (Dossier, error) {
	var d Dossier
	body, err := store.Unpress(kept)
	if err == nil {
		err = json.Unmarshal([]byte(body), &d)
	}
	if err != nil {
		return d, fmt.Errorf("reading a stored dossier: %w", err)
	}
	return d, nil
}

// columns are the promoted facts of a dossier, in the order of the table: all
// but its body.
func columns(d *Dossier, w World) []any {
	ended := ""
	switch {
	case d.HandedOver != nil:
		ended = store.Time(d.HandedOver.At)
	case d.End != nil:
		ended = store.Time(d.End.At)
	case d.Refusal != nil:
		ended = store.Time(d.Refusal.At)
	}
	asked, concluded := "", ""
	if c := d.Asked(); c != nil && d.Open() {
		asked = string(c.Unit)
	}
	if d.Result != nil {
		concluded = store.Time(d.Result.At)
	}
	step := w.StepOf(d).Kind
	if d.Answered() != nil {
		step = answered
	}
	return []any{
		d.ID, d.Version, string(d.State), step, d.Procedure, d.Channel, string(d.Desk), string(d.Holder), d.Assignee, d.Paused(),
		d.Filer.IDNumber, store.Time(d.FiledAt), store.Time(d.AcceptedAt), store.Time(d.Clock.Due), store.Time(d.risk()), concluded, ended,
		store.Time(d.timer(w)), asked, tokenMark(d.TokenHash),
	}
}

// answered stands as the step of a dossier whose supplement came in from home
// and waits for the desk.
const answered = "answered"

// tokenMark is as much of a token's hash as the index of tokens keeps: 128 bits.
func tokenMark(hash string) string { return hash[:min(32, len(hash))] }

// save stores a dossier, new or changed, with its codes, units and terms.
func save(tx *store.Tx, d *Dossier, body string, w World, was *indexed) error {
	c := append(columns(d, w), store.Press(store.Papers, body))
	if was == nil {
		err := tx.Later(1, errRow, `INSERT INTO dossier (id, version, state, step, procedure, channel, desk, holder, assignee, paused,
			filer, filed_at, accepted_at, due_at, risk_at, concluded_at, ended_at, timer_at, asked, token, body)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)`, c...)
		if err != nil {
			return fmt.Errorf("storing dossier %s: %w", d.ID, err)
		}
	} else {
		changed := problem.New(problem.Stale, "err.changed-meanwhile", "version", d.Version-1)
		err := tx.Later(1, changed, `UPDATE dossier SET version = $2, state = $3, step = $4, procedure = $5, channel = $6, desk = $7, holder = $8, assignee = $9,
			paused = $10, filer = $11, filed_at = $12, accepted_at = $13, due_at = $14, risk_at = $15, concluded_at = $16, ended_at = $17, timer_at = $18,
			asked = $19, token = $20, body = $21 WHERE id = $1 AND version = $22`, append(c, d.Version-1)...)
		if err != nil {
			return fmt.Errorf("storing dossier %s: %w", d.ID, err)
		}
	}
	return reindex(tx, d, was)
}

// errRow says that a row was not written, though nothing stood in its place.
var errRow = errors.New("a row was not written")

// indexed is what a dossier is found by besides its row.
type indexed struct{ codes, units, terms []string }

func (d *Dossier) index() *indexed {
	ix := &indexed{terms: d.terms()}
	for _, c := range d.Codes {
		ix.codes = append(ix.codes, strings.ToUpper(string(c.Code)))
	}
	for _, u := range d.Units() {
		ix.units = append(ix.units, string(u))
	}
	return ix
}

// reindex brings codes, units and terms in step with the dossier; only what
// changed is written.
func reindex(tx *store.Tx, d *Dossier, was *indexed) error {
	if was == nil {
		was = &indexed{}
	}
	now := d.index()
	for _, code := range without(now.codes, was.codes) {
		taken := problem.New(problem.Conflict, "err.code-taken", "code", code)
		if err := tx.Later(1, taken, `INSERT INTO dossier_code (code, dossier) VALUES ($1, $2) ON CONFLICT DO NOTHING`, code, d.ID); err != nil {
			return fmt.Errorf("storing code %s: %w", code, err)
		}
	}
	if err := insertPairs(tx, "dossier_unit (unit, dossier)", without(now.units, was.units), d.ID); err != nil {
		return fmt.Errorf("storing the units of %s: %w", d.ID, err)
	}
	if err := insertPairs(tx, "dossier_term (term, dossier)", without(now.terms, was.terms), d.ID); err != nil {
		return fmt.Errorf("storing the terms of %s: %w", d.ID, err)
	}
	for _, t := range without(was.terms, now.terms) {
		if _, err := tx.Exec(`DELETE FROM dossier_term WHERE term = $1 AND dossier = $2`, t, d.ID); err != nil {
			return fmt.Errorf("storing the terms of %s: %w", d.ID, err)
		}
	}
	for _, u := range without(was.units, now.units) {
		if _, err := tx.Exec(`DELETE FROM dossier_unit WHERE unit = $1 AND dossier = $2`, u, d.ID); err != nil {
			return fmt.Errorf("storing the units of %s: %w", d.ID, err)
		}
	}
	if err := noteMoves(tx, d); err != nil {
		return err
	}
	return notePassed(tx, d)
}

// without lists what a has and b has not.
func without(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(s string) bool { return slices.Contains(b, s) })
}

// insertPairs writes all values beside the dossier in one statement.
func insertPairs(tx *store.Tx, into string, values []string, id string) error {
	if len(values) == 0 {
		return nil
	}
	var b strings.Builder
	b.WriteString("INSERT INTO " + into + " VALUES ")
	args := []any{id}
	for i, v := range values {
		if i > 0 {
			b.WriteString(", ")
		}
		args = append(args, v)
		fmt.Fprintf(&b, "($%d, $1)", len(args))
	}
	return tx.Later(int64(len(values)), errRow, b.String(), args...)
}

// terms are the folded words and numbers by which the dossier is found.
func (d *Dossier) terms() []string {
	var list []string
	add := func(s string) {
		if s != "" && !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	for _, p := range []*applicant.Person{&d.Filer, d.Owner} {
		if p == nil {
			continue
		}
		for _, word := range strings.Fields(applicant.Fold(p.Name)) {
			add(word)
		}
		add(squeeze(p.IDNumber))
		add(squeeze(p.OldNumber))
		add(squeeze(strings.TrimPrefix(p.Phone, "+84")))
	}
	add(squeeze(d.Plate))
	for _, owner := range d.Accounts {
		add(ownedTerm(owner))
	}
	for _, c := range d.Codes {
		add(squeeze(string(c.Code)))
		if i := strings.IndexByte(string(c.Code), '-'); i > 0 {
			add(squeeze(string(c.Code)[i+1:])) // the day and number people read out
		}
	}
	return list
}

// squeeze folds a number or code and drops what people put between its parts.
func squeeze(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" .-_/", r) {
			return -1
		}
		return r
	}, applicant.Fold(s))
}

// repeated reports the dossier that an idempotency key already made or changed.
func repeated(tx *store.Tx, who, key, request string) (string, error) {
	if key == "" {
		return "", nil
	}
	if err := goodKey(key); err != nil {
		return "", err
	}
	type first struct{ request, dossier string }
	old, err := store.One(tx, func(row store.Row) (f first, err error) {
		err = row.Scan(&f.request, &f.dossier)
		return f, err
	}, `SELECT body, dossier FROM dossier_request WHERE officer = $1 AND key = $2`, who, key)
	if errors.Is(err, store.ErrNone) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if !strings.HasPrefix(old.request, request) { // earlier releases kept all of the hash
		return "", problem.New(problem.Conflict, "err.key-reused")
	}
	return old.dossier, nil
}

// goodKey refuses an idempotency key that no table can keep.
func goodKey(key string) error {
	switch {
	case len(key) > 200:
		return problem.New(problem.Malformed, "err.key-long", "most", 200)
	case !sayable(key):
		return problem.New(problem.Malformed, "err.key-shape")
	}
	return nil
}

// claim takes an idempotency key for what is about to be done, or reports the
// dossier for which it was taken before.
func claim(tx *store.Tx, who, key, request, id string) (done string, err error) {
	if key == "" {
		return "", nil
	}
	n, err := tx.Exec(`INSERT INTO dossier_request (officer, key, body, dossier, at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
		who, key, request, id, tx.Now)
	if err != nil || n == 1 {
		return "", err
	}
	return repeated(tx, who, key, request)
}

func requestHash(act string, body any) string {
	b, err := json.Marshal(body)
	if err != nil {
		panic("a request cannot be written as JSON: " + err.Error())
	}
	return hash(act + "\x00" + string(b))[:32]
}

func hash(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:])
}

// crockford spells numbers without the letters people confuse.
var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// newID makes a name of 26 characters: the time, so that what is made together
// lies together in the tables, and 80 bits of chance.
func newID(at time.Time, chance func([]byte)) string {
	b := binary.BigEndian.AppendUint64(nil, uint64(at.UnixMilli())<<16)[:6]
	b = append(b, make([]byte, 10)...)
	chance(b[6:])
	return crockford.EncodeToString(b)
}

// randomText is 128 bits of chance.
func randomText(chance func([]byte)) string {
	b := make([]byte, 16)
	chance(b)
	return crockford.EncodeToString(b)
}

func isID(s string) bool {
	if len(s) != 26 {
		return false
	}
	for _, r := range s {
		if !strings.ContainsRune("0123456789ABCDEFGHJKMNPQRSTVWXYZ", r) {
			return false
		}
	}
	return true
}
