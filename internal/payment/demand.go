package payment

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/text"
)

// DemandState is how far an obligation has come.
type DemandState string

const (
	Open      DemandState = "open"
	Settled   DemandState = "settled"
	Withdrawn DemandState = "withdrawn"
)

// Demand is a financial obligation asked of the person who files, while the
// dossier waits (yêu cầu thực hiện nghĩa vụ tài chính).
type Demand struct {
	ID          string // "12000…-1": dossier and number
	Dossier     string
	Purpose     string // "Lệ phí cấp biển số"
	Amount      int64  // đồng
	Basis       string // "60/2023/TT-BTC"
	Due         pack.Date
	State       DemandState
	AskedBy     string
	Asked       time.Time
	SettledWith string // a receipt number, or "outside:" and another agency's paper
	SettledBy   string
	SettledAt   time.Time
}

const outside = "outside:"

// Outside is the other agency's paper that settled the obligation, if one did.
func (d Demand) Outside() (paper string, ok bool) { return strings.CutPrefix(d.SettledWith, outside) }

func (d Demand) subject() string { return "demand/" + d.ID }

func (d Demand) whole() any { return d }

const demandColumns = `id, dossier, purpose, amount, basis, due, state, asked_by, asked, settled_with, settled_by, settled`

func scanDemand(r store.Row) (d Demand, err error) {
	var with *string
	err = r.Scan(&d.ID, &d.Dossier, &d.Purpose, &d.Amount, &d.Basis, &d.Due, &d.State, &d.AskedBy, store.At(&d.Asked),
		&with, &d.SettledBy, store.At(&d.SettledAt))
	if with != nil {
		d.SettledWith = *with
	}
	return d, err
}

// Ask is what is asked for.
type Ask struct {
	Dossier string
	Purpose string
	Amount  int64
	Basis   string
	Due     pack.Date
}

func (a Ask) check(on pack.Date) error {
	p := problem.New(problem.Invalid, "err.summary")
	if a.Amount <= 0 || a.Amount > most {
		p.Field("amount", "payment.err.amount")
	}
	if !printable(a.Purpose, 1, 300) {
		p.Field("purpose", "payment.err.purpose")
	}
	if !printable(a.Basis, 1, 200) {
		p.Field("basis", "payment.err.basis")
	}
	if _, err := time.Parse(time.DateOnly, a.Due); err != nil || a.Due < on {
		p.Field("due", "payment.err.due")
	}
	return p.Or()
}

// AskFor asks for money, inside the act of the dossier that stops its clock.
func AskFor(tx *store.Tx, by officer.By, a Ask) (Demand, error) {
	a.Purpose, a.Basis = clean(a.Purpose), clean(a.Basis)
	if !by.Can(officer.DemandPayment) {
		return Demand{}, by.Require(officer.DemandPayment, "")
	}
	if err := a.check(today(tx)); err != nil {
		return Demand{}, err
	}
	before, err := store.One(tx, number, `SELECT COUNT(*) FROM payment_demand WHERE dossier = $1`, a.Dossier)
	if err != nil {
		return Demand{}, fmt.Errorf("counting the demands of %s: %w", a.Dossier, err)
	}
	d := Demand{
		ID: fmt.Sprintf("%s-%d", a.Dossier, before+1), Dossier: a.Dossier, Purpose: a.Purpose, Amount: a.Amount,
		Basis: a.Basis, Due: a.Due, State: Open, AskedBy: by.Officer.ID, Asked: tx.Now,
	}
	if _, err := tx.Exec(`
		INSERT INTO payment_demand (`+demandColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, NULL, '', '')`,
		d.ID, d.Dossier, d.Purpose, d.Amount, d.Basis, d.Due, d.State, d.AskedBy, d.Asked); err != nil {
		return Demand{}, fmt.Errorf("asking for money for %s: %w", d.Dossier, err)
	}
	return d, d.note(tx, by, "demand_payment", "")
}

// Demands are the obligations of a dossier, oldest first.
func Demands(tx *store.Tx, dossier string) ([]Demand, error) {
	list, err := store.All(tx, scanDemand, `SELECT `+demandColumns+` FROM payment_demand WHERE dossier = $1 ORDER BY asked, id`, dossier)
	if err != nil {
		return nil, fmt.Errorf("reading the demands of %s: %w", dossier, err)
	}
	return list, nil
}

// Owed is what a dossier still owes; nothing is released before it is 0
// (rel-I-M5).
func Owed(tx *store.Tx, dossier string) (int64, error) {
	return store.One(tx, number, `SELECT COALESCE(SUM(amount), 0) FROM payment_demand WHERE dossier = $1 AND state = $2`, dossier, Open)
}

// Settle settles an obligation by one of our receipts: of the same dossier and
// amount, valid, and used for nothing else (rel-I-M1).
func Settle(tx *store.Tx, by officer.By, demand, receipt string) (Demand, error) {
	d, err := open(tx, by, demand)
	if err != nil {
		return Demand{}, err
	}
	r, err := Find(tx, receipt)
	if problem.Is(err, problem.NotFound) || err == nil && (r.Dossier != d.Dossier || r.State != Valid) {
		return Demand{}, problem.New(problem.Invalid, "err.summary").Field("receipt", "payment.err.no-receipt")
	}
	if err != nil {
		return Demand{}, err
	}
	if r.Amount != d.Amount {
		return Demand{}, problem.New(problem.Invalid, "err.summary").
			Field("receipt", "payment.err.other-amount", "paid", Dong(r.Amount), "owed", Dong(d.Amount))
	}
	return d.settle(tx, by, r.Number)
}

// SettleOutside settles an obligation by another agency's paper: a treasury or
// tax receipt, whose number the officer has seen.
func SettleOutside(tx *store.Tx, by officer.By, demand, paper string) (Demand, error) {
	paper = clean(paper)
	d, err := open(tx, by, demand)
	if err != nil {
		return Demand{}, err
	}
	if !printable(paper, 3, 100) {
		return Demand{}, problem.New(problem.Invalid, "err.summary").Field("receipt", "payment.err.outside")
	}
	return d.settle(tx, by, outside+paper)
}

func open(tx *store.Tx, by officer.By, id string) (Demand, error) {
	if !by.Can(officer.SettlePayment) {
		return Demand{}, by.Require(officer.SettlePayment, "")
	}
	return openDemand(tx, id)
}

func openDemand(tx *store.Tx, id string) (Demand, error) {
	if !printable(id, 1, 120) {
		return Demand{}, problem.New(problem.NotFound, "payment.err.no-demand")
	}
	d, err := store.One(tx, scanDemand, `SELECT `+demandColumns+` FROM payment_demand WHERE id = $1`, id)
	if errors.Is(err, store.ErrNone) {
		return Demand{}, problem.New(problem.NotFound, "payment.err.no-demand")
	}
	if err != nil {
		return Demand{}, fmt.Errorf("reading demand %s: %w", id, err)
	}
	if d.State != Open {
		return Demand{}, problem.New(problem.Illegal, "payment.err.not-now", "state", text.Key("payment.demand."+string(d.State)))
	}
	return d, nil
}

func (d Demand) settle(tx *store.Tx, by officer.By, with string) (Demand, error) {
	used, err := store.One(tx, number, `SELECT COUNT(*) FROM payment_demand WHERE settled_with = $1`, with)
	if err != nil {
		return Demand{}, fmt.Errorf("settling %s: %w", d.ID, err)
	}
	if used > 0 {
		return Demand{}, problem.New(problem.Conflict, "err.summary").Field("receipt", "payment.err.used")
	}
	d.State, d.SettledWith, d.SettledBy, d.SettledAt = Settled, with, by.Officer.ID, tx.Now
	return d, d.update(tx, by, "settle_payment", "", Open)
}

// Withdraw takes back an obligation that was asked for wrongly, or whose
// dossier has ended.
func Withdraw(tx *store.Tx, by officer.By, demand, reason string) (Demand, error) {
	reason = clean(reason)
	if !by.Can(officer.DemandPayment) {
		return Demand{}, by.Require(officer.DemandPayment, "")
	}
	d, err := openDemand(tx, demand)
	if err != nil {
		return Demand{}, err
	}
	if !printable(reason, 1, 500) {
		return Demand{}, problem.New(problem.Invalid, "err.summary").Field("reason", "payment.err.reason")
	}
	d.State = Withdrawn
	return d, d.update(tx, by, "withdraw_demand", reason, Open)
}

// reopen makes an obligation open again when the receipt that settled it is
// cancelled.
func reopen(tx *store.Tx, by officer.By, r Receipt) error {
	list, err := store.All(tx, scanDemand, `SELECT `+demandColumns+` FROM payment_demand WHERE settled_with = $1`, r.Number)
	if err != nil {
		return fmt.Errorf("reading what receipt %s settled: %w", r.Number, err)
	}
	for _, d := range list {
		d.State, d.SettledWith, d.SettledBy, d.SettledAt = Open, "", "", time.Time{}
		if err := d.update(tx, by, "reopen_demand", r.CancelReason, Settled); err != nil {
			return err
		}
	}
	return nil
}

func (d Demand) update(tx *store.Tx, by officer.By, act, reason string, was DemandState) error {
	var with *string
	if d.SettledWith != "" {
		with = &d.SettledWith
	}
	n, err := tx.Exec(`
		UPDATE payment_demand SET state = $1, settled_with = $2, settled_by = $3, settled = $4
		WHERE id = $5 AND state = $6`, d.State, with, d.SettledBy, d.SettledAt, d.ID, was)
	if err != nil {
		return fmt.Errorf("changing demand %s: %w", d.ID, err)
	}
	if n == 0 {
		return problem.New(problem.Stale, "payment.err.stale")
	}
	return d.note(tx, by, act, reason)
}

func (d Demand) note(tx *store.Tx, by officer.By, act, reason string) error {
	return note(tx, by, act, reason, d, map[string]any{
		"dossier": d.Dossier, "amount": d.Amount, "basis": d.Basis, "due": d.Due, "with": d.SettledWith,
	})
}

func word(s State) text.Key { return text.Key("payment.receipt." + string(s)) }

// Dong writes an amount as people read it: "15.000 đồng".
func Dong(amount int64) string {
	s := fmt.Sprint(amount)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "." + s[i:]
	}
	return s + " đồng"
}
