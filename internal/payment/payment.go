// Package payment is the money side of a dossier: cash receipts (biên lai) with
// gapless numbers, their cancelling by two persons, and the count of the drawer
// at the end of the day (kiểm quỹ). What is asked of the person who files stands
// in the dossier (nghĩa vụ tài chính).
//
// Amounts are whole đồng. Nothing is edited: a receipt is cancelled, a count is
// counted again, and the journal tells all of it.
package payment

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"quay20/internal/journal"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/text"
)

// Ledger is the book of receipts and obligations (sổ thu).
type Ledger struct{ db *store.DB }

// NewLedger opens the ledger.
func NewLedger(db *store.DB) *Ledger { return &Ledger{db} }

// most is far above any fee; beyond it somebody mistyped.
const most = 10_000_000_000

// note writes down an act with the row that it left behind.
func note(tx *store.Tx, by officer.By, act, reason string, row subject, facts map[string]any) error {
	canonical, err := state(row)
	if err != nil {
		return err
	}
	e := journal.Entry{
		Officer: by.Officer.ID, Capacity: by.Capacity(), Desk: by.Desk,
		Act: act, Subject: row.subject(), Reason: reason, State: journal.StateOf(canonical),
	}
	if e.Facts, err = json.Marshal(facts); err != nil {
		return fmt.Errorf("writing the facts of %s: %w", act, err)
	}
	_, err = journal.Append(tx, e)
	return err
}

// subject is a row that the journal speaks of, by its name and its whole state.
type subject interface {
	subject() string
	whole() any
}

// state is what the journal keeps the hash of.
func state(row subject) (string, error) {
	b, err := json.Marshal(row.whole())
	if err != nil {
		return "", fmt.Errorf("writing out %T: %w", row, err)
	}
	return string(b), nil
}

// Protected are the tables of this room as verify compares them with the
// journal.
func Protected() []journal.Protected {
	receipts := walk("receipt/", scanReceipt, `SELECT `+receiptColumns+` FROM payment_receipt WHERE number > $1 ORDER BY number LIMIT 500`, func(r Receipt) string { return r.Number })
	receipts.End = Gaps
	lines := walk("line/", scanLine, `SELECT `+lineColumns+` FROM payment_line WHERE id > $1 ORDER BY id LIMIT 500`, func(l Line) string { return l.ID })
	lines.End = unequal
	return []journal.Protected{
		receipts,
		{Prefix: "cash/", Each: all(scanCount, `SELECT `+countColumns+` FROM payment_count ORDER BY desk, day, officer, nth`)},
		walk("demand/", scanDemand, `SELECT `+demandColumns+` FROM payment_demand WHERE reference > $1 ORDER BY reference LIMIT 500`, func(d Demand) string { return d.Reference }),
		lines,
		{Prefix: "refund/", Each: all(scanRefund, `SELECT `+refundColumns+` FROM payment_refund ORDER BY line, nth`)},
		walk("statement/", scanTaken, `SELECT `+takenColumns+` FROM payment_statement WHERE id > $1 ORDER BY id LIMIT 500`, func(t Taken) string { return t.ID }),
	}
}

// walk gives a table in the order of its key, some rows at a time.
func walk[T subject](prefix string, scan func(store.Row) (T, error), query string, key func(T) string) journal.Protected {
	return journal.Protected{Prefix: prefix, Sorted: true, Each: func(tx *store.Tx, yield func(subject, state string) error) error {
		for after := ""; ; {
			rows, err := store.All(tx, scan, query, after)
			if err != nil {
				return fmt.Errorf("reading %s: %w", prefix, err)
			}
			if len(rows) == 0 {
				return nil
			}
			after = key(rows[len(rows)-1])
			if err := each(rows, yield); err != nil {
				return err
			}
		}
	}}
}

// all gives a small table whole.
func all[T subject](scan func(store.Row) (T, error), query string) func(tx *store.Tx, yield func(subject, state string) error) error {
	return func(tx *store.Tx, yield func(subject, state string) error) error {
		rows, err := store.All(tx, scan, query)
		if err != nil {
			return fmt.Errorf("reading for verify: %w", err)
		}
		return each(rows, yield)
	}
}

// each yields rows with their canonical state.
func each[T subject](rows []T, yield func(subject, state string) error) error {
	for _, row := range rows {
		canonical, err := state(row)
		if err != nil {
			return err
		}
		if err := yield(row.subject(), canonical); err != nil {
			return err
		}
	}
	return nil
}

func number(r store.Row) (n int64, err error) { return n, r.Scan(&n) }

func clean(s string) string { return strings.Join(strings.Fields(norm.NFC.String(s)), " ") }

// printable reports whether s has from least to most characters, none of them
// a control or direction sign (rel-G10).
func printable(s string, least, most int) bool {
	n := utf8.RuneCountInString(s)
	return utf8.ValidString(s) && n >= least && n <= most &&
		!strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) })
}

// mayAt refuses a role that may not do p, and one that has taken no desk.
func mayAt(by officer.By, p officer.Permission) error {
	if !by.Can(p) {
		return by.Require(p, "")
	}
	if by.Desk == "" {
		return problem.New(problem.Illegal, "payment.err.desk")
	}
	return nil
}

func today(tx *store.Tx) pack.Date { return pack.On(tx.Now) }

func word(s State) text.Key { return text.Key("payment.receipt." + string(s)) }

// Dong writes an amount as people read it: "15.000 đồng".
func Dong(amount int64) string {
	s := fmt.Sprint(amount)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "." + s[i:]
	}
	return s + " đồng"
}

// unmarked is s without Vietnamese diacritics.
func unmarked(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == 'đ':
			return 'd'
		case r == 'Đ':
			return 'D'
		case unicode.Is(unicode.Mn, r):
			return -1
		}
		return r
	}, norm.NFD.String(s))
}
