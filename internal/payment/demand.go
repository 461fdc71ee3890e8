package payment

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"quay20/internal/job"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
)

// Standing is what became of a demand.
type Standing string

const (
	Open     Standing = "open"
	Paid     Standing = "paid"
	Replaced Standing = "replaced" // nothing is owed by it any more, or another sum
	Expired  Standing = "expired"
	Refunded Standing = "refunded"
)

// Debt is what a dossier owes: its fee, or an obligation asked during
// processing (lệ phí, nghĩa vụ tài chính).
type Debt struct {
	Dossier string
	Item    string // "fee", "obligation-1"
	Amount  int64  // đồng
	What    string // "Cấp hộ chiếu phổ thông"
	Case    string // case of the fee rule
	Kind    string // of the fee rule: "base", "reduction"
	Basis   string // "25/2021/TT-BTC"
}

// Demand asks for one debt to be paid by transfer (yêu cầu nộp tiền). Its
// reference stands in the transfer's message and finds it again.
type Demand struct {
	Reference string // "LC7K3MQ9TD4"
	Debt
	Nth       int64 // of the debt; the last one counts
	Unit      pack.UnitKey
	Bank      string
	BIN       string
	Account   string
	Holder    string
	Made      time.Time
	Until     time.Time // a transfer booked later does not settle it
	Said      time.Time // when the citizen said that it was paid; zero: not
	State     Standing
	Held      bool      `json:"-"` // money that names it waits for a person
	SettledBy string    // "line/970999/9990020000/FT1" or "receipt/12-Q20-26-0000001"
	Settled   time.Time // when the bank booked it, or the cash was taken
}

// Payable reports whether a transfer or cash may settle the demand now.
func (d Demand) Payable() bool { return d.State == Open || d.State == Expired }

// Cash is the number of the cash receipt that settled the demand, "" if none did.
func (d Demand) Cash() string {
	number, ok := strings.CutPrefix(d.SettledBy, "receipt/")
	if !ok {
		return ""
	}
	return number
}

// Message is what the payer writes into the transfer.
func (d Demand) Message() string {
	if d.Item == "fee" {
		return d.Reference + " LE PHI"
	}
	return d.Reference + " NGHIA VU"
}

// QR is the demand as a VietQR.
func (d Demand) QR() (string, error) {
	return QR{BIN: d.BIN, Account: d.Account, Amount: d.Amount, Purpose: d.Message()}.Payload()
}

func (d Demand) subject() string { return "demand/" + d.Reference }
func (d Demand) whole() any      { return d }

// held notes whether money that names the demand waits for a person; its row does
// not hold that.
func (d *Demand) held(tx *store.Tx) error {
	n, err := store.One(tx, number, `SELECT COUNT(*) FROM payment_line WHERE reference = $1 AND state = $2 AND NOT outgoing AND reversed_by = '' AND amount > refunded`, d.Reference, Exception)
	d.Held = n > 0
	return err
}

const demandColumns = `reference, dossier, item, nth, amount, what, fee_case, kind, basis, unit, bank, bin, account, holder, made, until, said, state, settled_by, settled`

func scanDemand(r store.Row) (d Demand, err error) {
	return d, r.Scan(&d.Reference, &d.Dossier, &d.Item, &d.Nth, &d.Amount, &d.What, &d.Case, &d.Kind, &d.Basis, &d.Unit, &d.Bank, &d.BIN,
		&d.Account, &d.Holder, store.At(&d.Made), store.At(&d.Until), store.At(&d.Said), &d.State, &d.SettledBy, store.At(&d.Settled))
}

// The jobs that tell the dossier; their args are Confirmed.
const (
	PaymentSettled job.Kind = "payment-settled"
	PaymentUndone  job.Kind = "payment-undone"
)

// Confirmed is a debt that a transfer has paid, or no longer pays.
type Confirmed struct {
	Dossier   string    `json:"dossier"`
	Item      string    `json:"item"`
	Reference string    `json:"reference"`
	Amount    int64     `json:"amount"`
	At        time.Time `json:"at"` // when the bank booked it
}

// Ask gives the demand by which a debt is to be paid now, and makes one if there
// is none that is open and asks for the same.
func Ask(tx *store.Tx, by officer.By, owed Debt, to pack.Account) (Demand, error) {
	all, err := demandsOf(tx, owed.Dossier, owed.Item)
	if err != nil {
		return Demand{}, err
	}
	next := Demand{Nth: 1}
	if n := len(all); n > 0 {
		last := all[n-1]
		next.Nth = last.Nth + 1
		switch {
		case last.State == Paid, last.State == Open && last.Debt == owed && last.Account == to.Number && !tx.Now.After(last.Until):
			return last, nil
		case last.Payable():
			if err := last.turn(tx, by, "replace_demand", Replaced); err != nil {
				return Demand{}, err
			}
		}
	}
	next.Debt, next.State, next.Made = owed, Open, tx.Now
	next.Unit, next.Bank, next.BIN, next.Account, next.Holder = to.Unit, to.Bank, to.BIN, to.Number, to.Holder
	day := tx.Now.In(pack.Zone).AddDate(0, 0, to.Days+1)
	next.Until = time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, pack.Zone).Add(-time.Millisecond).UTC()
	if err := next.number(tx, to.Prefix); err != nil {
		return Demand{}, err
	}
	return next, note(tx, by, "demand", "", next, map[string]any{
		"dossier": owed.Dossier, "item": owed.Item, "amount": owed.Amount, "basis": owed.Basis, "case": owed.Case,
	})
}

// number stores a new demand under a reference that no other has.
func (d *Demand) number(tx *store.Tx, prefix string) error {
	for range 5 {
		d.Reference = newReference(tx, prefix)
		n, err := tx.Exec(`INSERT INTO payment_demand (`+demandColumns+`)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, '', $17, '', '') ON CONFLICT DO NOTHING`,
			d.Reference, d.Dossier, d.Item, d.Nth, d.Amount, d.What, d.Case, d.Kind, d.Basis, d.Unit, d.Bank, d.BIN, d.Account, d.Holder, d.Made, d.Until, d.State)
		if err != nil {
			return fmt.Errorf("writing demand %s: %w", d.Reference, err)
		}
		if n == 1 {
			return nil
		}
	}
	return problem.New(problem.Stale, "payment.err.stale")
}

// demandsOf are the demands of a debt, oldest first.
func demandsOf(tx *store.Tx, dossier, item string) ([]Demand, error) {
	list, err := store.All(tx, scanDemand, `SELECT `+demandColumns+` FROM payment_demand WHERE dossier = $1 AND item = $2 ORDER BY nth`, dossier, item)
	if err != nil {
		return nil, fmt.Errorf("reading the demands of %s: %w", dossier, err)
	}
	return list, nil
}

// Demands are all demands of a dossier, by debt and in the order they were made.
func Demands(tx *store.Tx, dossier string) ([]Demand, error) {
	list, err := store.All(tx, scanDemand, `SELECT `+demandColumns+` FROM payment_demand WHERE dossier = $1 ORDER BY item, nth`, dossier)
	for i := 0; err == nil && i < len(list); i++ {
		if list[i].Payable() {
			err = list[i].held(tx)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("reading the demands of %s: %w", dossier, err)
	}
	return list, nil
}

// FindDemand reads a demand by its reference.
func FindDemand(tx *store.Tx, reference string) (Demand, error) {
	if !isReference(reference) {
		return Demand{}, unknownDemand()
	}
	d, err := store.One(tx, scanDemand, `SELECT `+demandColumns+` FROM payment_demand WHERE reference = $1`, reference)
	if errors.Is(err, store.ErrNone) {
		return Demand{}, unknownDemand()
	}
	if err != nil {
		return Demand{}, fmt.Errorf("reading demand %s: %w", reference, err)
	}
	return d, nil
}

func unknownDemand() error { return problem.New(problem.NotFound, "pay.err.no-demand") }

// save stores what may change of a demand, if nobody else did meanwhile.
func (d Demand) save(tx *store.Tx, was Standing) error {
	n, err := tx.Exec(`UPDATE payment_demand SET said = $1, state = $2, settled_by = $3, settled = $4 WHERE reference = $5 AND state = $6`,
		d.Said, d.State, d.SettledBy, d.Settled, d.Reference, was)
	if err != nil {
		return fmt.Errorf("changing demand %s: %w", d.Reference, err)
	}
	if n == 0 {
		return problem.New(problem.Stale, "payment.err.stale")
	}
	return nil
}

// turn brings a demand into another state.
func (d *Demand) turn(tx *store.Tx, by officer.By, act string, to Standing) error {
	was := d.State
	d.State = to
	if !slices.Contains([]Standing{Paid, Refunded}, to) {
		d.SettledBy, d.Settled = "", time.Time{}
	}
	if err := d.save(tx, was); err != nil {
		return err
	}
	return note(tx, by, act, "", d, map[string]any{"dossier": d.Dossier, "item": d.Item, "amount": d.Amount, "was": was, "by": d.SettledBy})
}

// Follow brings the demands of a dossier in step with what it owes after an act:
// one that asks for what is not owed any more is replaced.
func Follow(tx *store.Tx, by officer.By, dossier string, owed []Debt) error {
	all, err := Demands(tx, dossier)
	if err != nil {
		return err
	}
	for i := range all {
		d := &all[i]
		if !d.Payable() || slices.Contains(owed, d.Debt) {
			continue
		}
		if err := d.turn(tx, by, "replace_demand", Replaced); err != nil {
			return err
		}
		if err := settle(tx, by, d.Dossier, d.Item); err != nil {
			return err
		}
	}
	return nil
}

// Say notes that the citizen says a demand was paid, so that nobody asks again
// while the bank's word is awaited (tôi đã nộp).
func Say(tx *store.Tx, by officer.By, reference string) (Demand, error) {
	d, err := FindDemand(tx, reference)
	if err != nil || !d.Payable() || !d.Said.IsZero() {
		return d, err
	}
	d.Said = tx.Now
	if err := d.save(tx, d.State); err != nil {
		return d, err
	}
	return d, note(tx, by, "say_paid", "", d, map[string]any{"dossier": d.Dossier, "item": d.Item, "amount": d.Amount})
}

// Expire marks demands whose time is over, at most so many at once, and says how
// many it marked.
func (l *Ledger) Expire(ctx context.Context) (marked int, err error) {
	var late []string
	err = l.db.Read(ctx, func(tx *store.Tx) (err error) {
		late, err = store.All(tx, func(r store.Row) (s string, err error) { return s, r.Scan(&s) },
			`SELECT reference FROM payment_demand WHERE state = $1 AND until < $2 ORDER BY until LIMIT 500`, Open, tx.Now)
		return err
	})
	for i := 0; err == nil && i < len(late); i++ {
		err = l.db.Write(ctx, func(tx *store.Tx) error {
			d, err := FindDemand(tx, late[i])
			if err != nil || d.State != Open || !d.Until.Before(tx.Now) {
				return err
			}
			return d.turn(tx, officer.System(), "expire_demand", Expired)
		})
		marked++
	}
	return marked, err
}

// takenInCash lets a cash receipt settle the debt's demand if there is one. A
// debt that a transfer has settled is not taken again.
func takenInCash(tx *store.Tx, by officer.By, r Receipt, item string) error {
	all, err := demandsOf(tx, r.Dossier, item)
	if err != nil || len(all) == 0 {
		return err
	}
	d := all[len(all)-1]
	switch {
	case d.State == Paid:
		return problem.New(problem.Conflict, "pay.err.paid-already", "reference", d.Reference)
	case !d.Payable():
		return nil
	}
	d.SettledBy, d.Settled = "receipt/"+r.Number, tx.Now
	if err := d.turn(tx, by, "pay_demand", Paid); err != nil {
		return err
	}
	return settle(tx, by, d.Dossier, d.Item)
}

// givenBack opens the demand again that a cancelled receipt had settled.
func givenBack(tx *store.Tx, by officer.By, r Receipt) error {
	all, err := Demands(tx, r.Dossier)
	if err != nil {
		return err
	}
	for i := range all {
		d := &all[i]
		if d.State != Paid || d.Cash() != r.Number {
			continue
		}
		if err := d.turn(tx, by, "reopen_demand", d.unpaid(tx.Now)); err != nil {
			return err
		}
		return settle(tx, by, d.Dossier, d.Item)
	}
	return nil
}

// unpaid is the state of a demand that nothing settles.
func (d Demand) unpaid(now time.Time) Standing {
	if now.After(d.Until) {
		return Expired
	}
	return Open
}

// A reference is the prefix of the account, eight characters of chance, and one
// that tells mistyped ones apart. Banks carry capital letters and digits
// unharmed; those that people confuse are not among them.
const (
	symbols       = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	referenceSize = 2 + 8 + 1
)

func newReference(tx *store.Tx, prefix string) string {
	b := make([]byte, 8)
	tx.Chance(b)
	for i := range b {
		b[i] = symbols[b[i]%32]
	}
	body := prefix + string(b)
	return body + string(checkSymbol(body))
}

// checkSymbol is Luhn's sum over 32 symbols: it finds every single mistyped
// symbol and nearly every two that changed places.
func checkSymbol(body string) byte {
	sum, factor := 0, 2
	for i := len(body) - 1; i >= 0; i-- {
		v := factor * max(0, strings.IndexByte(symbols, body[i]))
		sum += v/32 + v%32
		factor = 3 - factor
	}
	return symbols[(32-sum%32)%32]
}

// isReference reports whether s has the shape and the sum of a reference.
func isReference(s string) bool {
	if len(s) != referenceSize || s[0] < 'A' || s[0] > 'Z' || s[1] < 'A' || s[1] > 'Z' {
		return false
	}
	for i := 2; i < len(s); i++ {
		if strings.IndexByte(symbols, s[i]) < 0 {
			return false
		}
	}
	return checkSymbol(s[:len(s)-1]) == s[len(s)-1]
}

// referencesIn are the references that stand in a transfer's message. Banks put
// words before and after it and may break it by blanks or other signs.
func referencesIn(message string) []string {
	joined := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return -1
	}, message)
	var found []string
	for i := 0; i+referenceSize <= len(joined); i++ {
		if s := joined[i : i+referenceSize]; isReference(s) && !slices.Contains(found, s) {
			found = append(found, s)
		}
	}
	return found
}
