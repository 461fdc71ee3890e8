package payment

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"quay20/internal/job"
	"quay20/internal/journal"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
)

// leaves is how many receipts make one book (quyển).
const leaves = 50

// State is what became of a receipt.
type State string

const (
	Valid     State = "valid"
	Asked     State = "asked" // somebody asked to cancel it; it still counts
	Cancelled State = "cancelled"
)

// ReceiptCancelled is the job that tells the dossier; its args are Revoked.
const ReceiptCancelled job.Kind = "receipt-cancelled"

// Revoked is a receipt that no longer pays for its dossier.
type Revoked struct{ Dossier, Receipt string }

// Receipt is a cash receipt (biên lai thu phí, lệ phí). Its number is the next
// of its series, one for each desk and year, without gaps.
type Receipt struct {
	Number  string // "12-Q20-26-0000123"
	Series  string // "12-Q20-26" (ký hiệu)
	Serial  int64  // 123 in the series (số)
	Dossier string
	Amount  int64  // đồng
	Basis   string // "75/2022/TT-BTC": the rule that sets the fee
	Case    string // case of the fee rule
	Payer   string
	Officer string // officer ID
	Desk    string // unit code
	Day     pack.Date
	Taken   time.Time
	State   State

	CancelReason string
	CancelAsked  time.Time
	CancelBy     string    // who asked, and hands the money back
	CancelDay    pack.Date // the day it left the drawer
	CancelledAt  time.Time
	CancelledBy  string // the second person, who holds the paper

	salt string // beside the payer's name in the journal's hash (rel-I-J11)
}

// Book is the book in which the receipt stands (quyển số), from 1.
func (r Receipt) Book() int64 { return (r.Serial-1)/leaves + 1 }

func (r Receipt) subject() string { return "receipt/" + r.Number }

func (r Receipt) whole() any {
	return struct {
		Receipt
		Salt string
	}{r, r.salt}
}

const receiptColumns = `number, series, serial, dossier, amount, basis, fee_case, payer, salt, officer, desk, day, taken, state, cancel_reason, cancel_asked, cancel_by, cancel_day, cancelled, cancelled_by`

func scanReceipt(r store.Row) (x Receipt, err error) {
	err = r.Scan(&x.Number, &x.Series, &x.Serial, &x.Dossier, &x.Amount, &x.Basis, &x.Case, &x.Payer, &x.salt, &x.Officer, &x.Desk,
		&x.Day, store.At(&x.Taken), &x.State, &x.CancelReason, store.At(&x.CancelAsked), &x.CancelBy, &x.CancelDay,
		store.At(&x.CancelledAt), &x.CancelledBy)
	return x, err
}

// Fee is the money taken for a dossier and the rule that asks for it.
type Fee struct {
	Dossier string
	Item    string // of the debt, "fee"
	Amount  int64
	Basis   string
	Case    string
	Payer   string
}

func (f Fee) check() error {
	p := problem.New(problem.Invalid, "err.summary")
	if f.Amount <= 0 || f.Amount > most {
		p.Field("amount", "payment.err.amount")
	}
	if !printable(f.Dossier, 1, 100) {
		p.Field("dossier", "payment.err.dossier")
	}
	if !printable(f.Basis, 1, 200) {
		p.Field("basis", "payment.err.basis")
	}
	if !printable(f.Case, 0, 300) {
		p.Field("case", "payment.err.case")
	}
	if !printable(f.Payer, 1, 200) {
		p.Field("payer", "payment.err.payer")
	}
	return p.Or()
}

// Take writes a receipt for cash at the desk of by, inside the caller's
// transaction: if that is undone, so is the number, and the series has no gap
// (rel-I-M7).
func Take(tx *store.Tx, by officer.By, f Fee) (Receipt, error) {
	f.Basis, f.Case, f.Payer = clean(f.Basis), clean(f.Case), clean(f.Payer)
	if err := mayAt(by, officer.Cash); err != nil {
		return Receipt{}, err
	}
	if err := f.check(); err != nil {
		return Receipt{}, err
	}
	r := Receipt{
		Dossier: f.Dossier, Amount: f.Amount, Basis: f.Basis, Case: f.Case, Payer: f.Payer,
		Officer: by.Officer.ID, Desk: by.Desk, Day: today(tx), Taken: tx.Now, State: Valid, salt: salt(tx),
	}
	r.Series = series(by, r.Day)
	var err error
	if r.Serial, err = store.One(tx, number, `
		INSERT INTO payment_series (series, last) VALUES ($1, 1)
		ON CONFLICT (series) DO UPDATE SET last = payment_series.last + 1 RETURNING last`, r.Series); err != nil {
		return Receipt{}, fmt.Errorf("numbering a receipt of %s: %w", r.Series, err)
	}
	r.Number = fmt.Sprintf("%s-%07d", r.Series, r.Serial)
	if _, err := tx.Exec(`
		INSERT INTO payment_receipt (`+receiptColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, '', '', '', '', '', '')`,
		r.Number, r.Series, r.Serial, r.Dossier, r.Amount, r.Basis, r.Case, r.Payer, r.salt, r.Officer, r.Desk, r.Day, r.Taken, r.State); err != nil {
		return Receipt{}, fmt.Errorf("writing receipt %s: %w", r.Number, err)
	}
	if err := takenInCash(tx, by, r, f.Item); err != nil {
		return Receipt{}, err
	}
	return r, note(tx, by, "take_cash", "", r, map[string]any{
		"dossier": r.Dossier, "amount": r.Amount, "basis": r.Basis, "case": r.Case,
	})
}

// series is the mark of a desk's receipts of the year. A unit that began within
// the year has its first day in it, "03388.0701-25": another one may have had
// its code in that year.
func series(by officer.By, day pack.Date) string {
	year := day[2:4]
	if _, first, _ := strings.Cut(string(by.DeskKey()), "@"); len(first) == len(day) && first[:4] == day[:4] && first[5:] != "01-01" {
		return by.Desk + "." + first[5:7] + first[8:] + "-" + year
	}
	return by.Desk + "-" + year
}

// salt is 128 bits of chance.
func salt(tx *store.Tx) string {
	b := make([]byte, 16)
	tx.Chance(b)
	return hex.EncodeToString(b)
}

// Find reads a receipt by its number.
func Find(tx *store.Tx, number string) (Receipt, error) {
	if !printable(number, 1, 60) {
		return Receipt{}, problem.New(problem.NotFound, "payment.err.no-receipt")
	}
	r, err := store.One(tx, scanReceipt, `SELECT `+receiptColumns+` FROM payment_receipt WHERE number = $1`, number)
	if errors.Is(err, store.ErrNone) {
		return Receipt{}, problem.New(problem.NotFound, "payment.err.no-receipt")
	}
	if err != nil {
		return Receipt{}, fmt.Errorf("reading a receipt: %w", err) // its number is what somebody typed
	}
	return r, nil
}

// Receipts are the receipts of a dossier, in the order they were taken.
func Receipts(tx *store.Tx, dossier string) ([]Receipt, error) {
	list, err := store.All(tx, scanReceipt, `SELECT `+receiptColumns+` FROM payment_receipt WHERE dossier = $1 ORDER BY taken, number`, dossier)
	if err != nil {
		return nil, fmt.Errorf("reading the receipts of %s: %w", dossier, err)
	}
	return list, nil
}

// AskCancel is the first half of cancelling a receipt: the officer at its desk
// says why, and hands the money back when a second person agrees.
func (l *Ledger) AskCancel(ctx context.Context, by officer.By, number, reason string) (r Receipt, err error) {
	reason = clean(reason)
	err = l.db.Write(ctx, func(tx *store.Tx) error {
		if err := mayAt(by, officer.CancelReceipt); err != nil {
			return err
		}
		if r, err = Find(tx, number); err != nil {
			return err
		}
		if r.Desk != by.Desk || !by.SeesThen(r.Desk, r.Day) { // a desk of the past is closed, and its drawer with it
			return problem.New(problem.NotFound, "payment.err.no-receipt")
		}
		if r.State != Valid {
			return problem.New(problem.Illegal, "payment.err.not-now", "state", word(r.State))
		}
		if !printable(reason, 1, 500) {
			return problem.New(problem.Invalid, "err.summary").Field("reason", "payment.err.reason")
		}
		r.State, r.CancelReason, r.CancelBy, r.CancelAsked = Asked, reason, by.Officer.ID, tx.Now
		return r.update(tx, by, "ask_cancel_receipt", reason, Valid)
	})
	return r, err
}

// Cancel is the second half: another person than the one who took the money
// and the one who asked, with the citizen's paper in hand (rel-T11).
func (l *Ledger) Cancel(ctx context.Context, by officer.By, number string, paperInHand bool) (r Receipt, err error) {
	err = l.db.Write(ctx, func(tx *store.Tx) error {
		if r, err = l.asked(tx, by, number); err != nil {
			return err
		}
		if !paperInHand {
			return problem.New(problem.Invalid, "err.summary").Field("paper", "payment.err.paper")
		}
		for _, first := range []string{r.Officer, r.CancelBy} {
			if err := officer.SecondPerson(tx, by, first); err != nil {
				return err
			}
		}
		r.State, r.CancelDay, r.CancelledAt, r.CancelledBy = Cancelled, today(tx), tx.Now, by.Officer.ID
		if err := r.update(tx, by, "cancel_receipt", r.CancelReason, Asked); err != nil {
			return err
		}
		if err := givenBack(tx, by, r); err != nil {
			return err
		}
		return job.Enqueue(tx, ReceiptCancelled, Revoked{r.Dossier, r.Number})
	})
	return r, err
}

// KeepReceipt refuses a cancel that was asked for; the receipt stands.
func (l *Ledger) KeepReceipt(ctx context.Context, by officer.By, number, reason string) (r Receipt, err error) {
	reason = clean(reason)
	err = l.db.Write(ctx, func(tx *store.Tx) error {
		if r, err = l.asked(tx, by, number); err != nil {
			return err
		}
		if !printable(reason, 1, 500) {
			return problem.New(problem.Invalid, "err.summary").Field("reason", "payment.err.reason")
		}
		r.State, r.CancelReason, r.CancelBy, r.CancelAsked = Valid, "", "", time.Time{}
		return r.update(tx, by, "keep_receipt", reason, Asked)
	})
	return r, err
}

// asked reads a receipt whose cancelling by may decide.
func (l *Ledger) asked(tx *store.Tx, by officer.By, number string) (Receipt, error) {
	if !by.Can(officer.ApproveCancel) {
		return Receipt{}, by.Require(officer.ApproveCancel, "")
	}
	if err := by.Fresh(officer.ApproveCancel); err != nil {
		return Receipt{}, err
	}
	r, err := Find(tx, number)
	if err != nil {
		return Receipt{}, err
	}
	if !by.SeesThen(r.Desk, r.Day) {
		return Receipt{}, problem.New(problem.NotFound, "payment.err.no-receipt")
	}
	if r.State != Asked {
		return Receipt{}, problem.New(problem.Illegal, "payment.err.not-now", "state", word(r.State))
	}
	return r, nil
}

func (r Receipt) update(tx *store.Tx, by officer.By, act, reason string, was State) error {
	n, err := tx.Exec(`
		UPDATE payment_receipt SET state = $1, cancel_reason = $2, cancel_asked = $3, cancel_by = $4,
			cancel_day = $5, cancelled = $6, cancelled_by = $7
		WHERE number = $8 AND state = $9`,
		r.State, r.CancelReason, r.CancelAsked, r.CancelBy, r.CancelDay, r.CancelledAt, r.CancelledBy, r.Number, was)
	if err != nil {
		return fmt.Errorf("changing receipt %s: %w", r.Number, err)
	}
	if n == 0 {
		return problem.New(problem.Stale, "payment.err.stale")
	}
	return note(tx, by, act, reason, r, map[string]any{"dossier": r.Dossier, "amount": r.Amount})
}

// Gaps names every number that is missing in a series, and every receipt beyond
// its end; there is none unless somebody changed the tables (rel-I-M7).
func Gaps(tx *store.Tx) ([]journal.Fault, error) {
	type at struct {
		series            string
		last, high, count int64
	}
	all, err := store.All(tx, func(r store.Row) (a at, err error) {
		return a, r.Scan(&a.series, &a.last, &a.high, &a.count)
	}, `SELECT s.series, s.last, COALESCE(MAX(r.serial), 0), COUNT(r.serial)
		FROM payment_series s LEFT JOIN payment_receipt r ON r.series = s.series
		GROUP BY s.series, s.last ORDER BY s.series`)
	if err != nil {
		return nil, fmt.Errorf("counting receipts: %w", err)
	}
	var missing []journal.Fault
	for _, a := range all {
		if a.last != a.count || a.last != a.high {
			missing = append(missing, journal.Fault{Key: "payment.fault.gap", Args: []any{"series", a.series, "last", a.last, "high", a.high, "count", a.count}})
		}
	}
	return missing, nil
}
