package payment

import (
	"context"
	"fmt"

	"quay20/internal/officer"
	"quay20/internal/problem"
	"quay20/internal/store"
)

// Receipt is one receipt of a desk that the officer sees; another one is not
// found.
func (l *Ledger) Receipt(ctx context.Context, by officer.By, number string) (r Receipt, err error) {
	err = l.db.Read(ctx, func(tx *store.Tx) error {
		if r, err = Find(tx, number); err != nil {
			return err
		}
		if !by.SeesThen(r.Desk, r.Day) {
			r = Receipt{}
			return problem.New(problem.NotFound, "payment.err.no-receipt")
		}
		return nil
	})
	return r, err
}

// Of lists the receipts of a dossier, which the caller has found within the
// officer's scope, oldest first.
func (l *Ledger) Of(ctx context.Context, dossier string) (list []Receipt, err error) {
	err = l.db.Read(ctx, func(tx *store.Tx) error {
		list, err = Receipts(tx, dossier)
		return err
	})
	return list, err
}

// Waiting lists the receipts whose cancelling waits for a second person, at
// desks that the officer sees.
func (l *Ledger) Waiting(ctx context.Context, by officer.By) (list []Receipt, err error) {
	if !by.Can(officer.ApproveCancel) {
		return nil, by.Require(officer.ApproveCancel, "")
	}
	err = l.db.Read(ctx, func(tx *store.Tx) error {
		all, err := Undecided(tx)
		if err != nil {
			return err
		}
		list = nil
		for _, r := range all {
			if by.SeesThen(r.Desk, r.Day) {
				list = append(list, r)
			}
		}
		return nil
	})
	return list, err
}

// Undecided are all receipts whose cancelling waits for a second person.
func Undecided(tx *store.Tx) ([]Receipt, error) {
	all, err := store.All(tx, scanReceipt, `SELECT `+receiptColumns+` FROM payment_receipt WHERE state = $1 ORDER BY cancel_asked, number`, Asked)
	if err != nil {
		return nil, fmt.Errorf("listing receipts to cancel: %w", err)
	}
	return all, nil
}

// LastCount is the officer's latest count of the drawer today; false if there
// is none yet.
func (l *Ledger) LastCount(ctx context.Context, by officer.By) (c Count, counted bool, err error) {
	err = l.db.Read(ctx, func(tx *store.Tx) error {
		c, counted, err = LastCount(tx, by.Desk, by.Officer.ID, today(tx))
		return err
	})
	return c, counted, err
}
