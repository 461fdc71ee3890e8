package payment

import (
	"context"
	"errors"
	"fmt"
	"time"

	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
)

// Shift is what one officer's drawer at one desk should hold from one day: what
// receipts took in less what approved cancels gave back (rel-T11).
type Shift struct {
	Desk       string
	Officer    string
	Day        pack.Date
	Receipts   int64 // đồng taken
	Cancels    int64 // đồng given back
	Taken      int64 // number of receipts
	GivenBack  int64 // number of cancels
	FirstTaken string
	LastTaken  string // receipt numbers; "" if none
}

// Cash is the money that should be there.
func (s Shift) Cash() int64 { return s.Receipts - s.Cancels }

// ShiftOf sums a shift. A cancel counts on the day it was approved, for the
// officer who asked for it and gives the money back.
func ShiftOf(tx *store.Tx, desk, officer string, day pack.Date) (Shift, error) {
	s, err := store.One(tx, func(r store.Row) (s Shift, err error) {
		return s, r.Scan(&s.Receipts, &s.Taken, &s.FirstTaken, &s.LastTaken)
	}, `SELECT COALESCE(SUM(amount), 0), COUNT(*), COALESCE(MIN(number), ''), COALESCE(MAX(number), '')
		FROM payment_receipt WHERE desk = $1 AND day = $2 AND officer = $3`, desk, day, officer)
	if err != nil {
		return Shift{}, fmt.Errorf("summing the receipts of %s: %w", desk, err)
	}
	back, err := store.One(tx, func(r store.Row) (b [2]int64, err error) { return b, r.Scan(&b[0], &b[1]) }, `
		SELECT COALESCE(SUM(amount), 0), COUNT(*)
		FROM payment_receipt WHERE desk = $1 AND cancel_day = $2 AND cancel_by = $3 AND state = $4`, desk, day, officer, Cancelled)
	if err != nil {
		return Shift{}, fmt.Errorf("summing the cancels of %s: %w", desk, err)
	}
	s.Desk, s.Officer, s.Day, s.Cancels, s.GivenBack = desk, officer, day, back[0], back[1]
	return s, nil
}

// Shift is the officer's own shift of today, at the desk taken.
func (l *Ledger) Shift(ctx context.Context, by officer.By) (s Shift, err error) {
	if err := mayAt(by, officer.Cash); err != nil {
		return Shift{}, err
	}
	err = l.db.Read(ctx, func(tx *store.Tx) error {
		s, err = ShiftOf(tx, by.Desk, by.Officer.ID, today(tx))
		return err
	})
	return s, err
}

// Count is a count of the drawer at the end of the day (biên bản kiểm quỹ). A
// second count of the same shift is a new one; the last one stands.
type Count struct {
	Desk     string
	Day      pack.Date
	Officer  string
	Nth      int64
	Receipts int64
	Cancels  int64
	Counted  int64  // đồng in the drawer
	Reason   string // why it differs
	At       time.Time
}

// Difference is what the drawer holds too much, or too little if negative.
func (c Count) Difference() int64 { return c.Counted - (c.Receipts - c.Cancels) }

func (c Count) subject() string {
	return fmt.Sprintf("cash/%s/%s/%s/%d", c.Desk, c.Day, c.Officer, c.Nth)
}

func (c Count) whole() any { return c }

const countColumns = `desk, day, officer, nth, receipts, cancels, counted, reason, at`

func scanCount(r store.Row) (c Count, err error) {
	return c, r.Scan(&c.Desk, &c.Day, &c.Officer, &c.Nth, &c.Receipts, &c.Cancels, &c.Counted, &c.Reason, store.At(&c.At))
}

// CountCash records what the officer counted in their drawer today. A
// difference needs a reason.
func (l *Ledger) CountCash(ctx context.Context, by officer.By, counted int64, reason string) (c Count, err error) {
	reason = clean(reason)
	err = l.db.Write(ctx, func(tx *store.Tx) error {
		if err := mayAt(by, officer.Cash); err != nil {
			return err
		}
		s, err := ShiftOf(tx, by.Desk, by.Officer.ID, today(tx))
		if err != nil {
			return err
		}
		before, err := store.One(tx, number, `SELECT COUNT(*) FROM payment_count WHERE desk = $1 AND day = $2 AND officer = $3`, s.Desk, s.Day, s.Officer)
		if err != nil {
			return fmt.Errorf("counting counts: %w", err)
		}
		c = Count{
			Desk: s.Desk, Day: s.Day, Officer: s.Officer, Nth: before + 1,
			Receipts: s.Receipts, Cancels: s.Cancels, Counted: counted, Reason: reason, At: tx.Now,
		}
		if err := c.check(); err != nil {
			return err
		}
		return c.insert(tx, by)
	})
	return c, err
}

func (c Count) check() error {
	p := problem.New(problem.Invalid, "err.summary")
	if c.Counted < 0 || c.Counted > 100*most {
		p.Field("counted", "payment.err.counted")
	}
	if c.Difference() != 0 && !printable(c.Reason, 1, 500) {
		p.Field("reason", "payment.err.difference", "difference", Dong(c.Difference()))
	}
	return p.Or()
}

func (c Count) insert(tx *store.Tx, by officer.By) error {
	if _, err := tx.Exec(`
		INSERT INTO payment_count (`+countColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		c.Desk, c.Day, c.Officer, c.Nth, c.Receipts, c.Cancels, c.Counted, c.Reason, c.At); err != nil {
		return fmt.Errorf("recording a cash count: %w", err)
	}
	return note(tx, by, "count_cash", c.Reason, c, map[string]any{
		"receipts": c.Receipts, "cancels": c.Cancels, "counted": c.Counted, "difference": c.Difference(),
	})
}

// LastCount is the count that stands of a shift; false if nobody counted.
func LastCount(tx *store.Tx, desk, officer string, day pack.Date) (Count, bool, error) {
	c, err := store.One(tx, scanCount, `SELECT `+countColumns+` FROM payment_count
		WHERE desk = $1 AND day = $2 AND officer = $3 ORDER BY nth DESC LIMIT 1`, desk, day, officer)
	if errors.Is(err, store.ErrNone) {
		return Count{}, false, nil
	}
	if err != nil {
		return Count{}, false, fmt.Errorf("reading a cash count: %w", err)
	}
	return c, true, nil
}
