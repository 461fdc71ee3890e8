package dossier

import (
	"context"
	"fmt"

	"quay20/internal/officer"
	"quay20/internal/store"
)

// Swept says what a sweep found: how many dossiers per act.
type Swept map[string]int

// sweepAtOnce bounds the dossiers of one transaction, so that the desk never
// waits for a sweep.
const sweepAtOnce = 100

// Sweep keeps the legal timers: dossiers nobody completed are closed, passed
// due dates and late checks are noted. It works as of tx.Now, so simulated time
// works too.
func (r *Register) Sweep(ctx context.Context) (Swept, error) {
	total := Swept{}
	after := ""
	for {
		last, did, err := r.sweepSome(ctx, after)
		for act, n := range did {
			total[act] += n
		}
		if err != nil || last == "" {
			return total, err
		}
		after = last
	}
}

// sweepSome sweeps the next dossiers behind one id; last is "" when none was left.
func (r *Register) sweepSome(ctx context.Context, after string) (last string, did Swept, err error) {
	err = r.db.Write(ctx, func(tx *store.Tx) error {
		last, did = "", Swept{}
		list, err := store.All(tx, scan, `SELECT body FROM dossier WHERE timer_at <> '' AND timer_at <= $1 AND id > $2 ORDER BY id LIMIT $3`, tx.Now, after, sweepAtOnce)
		if err != nil {
			return fmt.Errorf("finding dossiers whose time has come: %w", err)
		}
		w := World{tx.Now, r.law()}
		for _, d := range list {
			last = d.ID
			act := due(&d, w)
			if act == nil {
				continue
			}
			if _, err := r.do(tx, d, act, officer.System()); err != nil {
				return fmt.Errorf("sweeping dossier %s: %w", d.ID, err)
			}
			did[act.Name()]++
		}
		return nil
	})
	return last, did, err
}

// due is the system act whose time has come for the dossier, or nil.
func due(d *Dossier, w World) Act {
	for _, a := range []Act{&CloseUnanswered{}, &MarkLate{}, &MarkUnchecked{}} {
		if a.Allowed(d, officer.System(), w) == nil {
			return a
		}
	}
	return nil
}

// Moved is a dossier whose date a notice moved; its people must be told.
type Moved struct {
	Dossier Dossier
	Move    Move
}

// Recompute counts every running dossier again after a notice changed the
// calendar. Each moved date is an act of its own in the journal; the old date
// stays visible. rel-I-C5
func (r *Register) Recompute(ctx context.Context, notice string) ([]Moved, error) {
	after := ""
	for {
		var last string
		err := r.db.Write(ctx, func(tx *store.Tx) error {
			last = ""
			list, err := store.All(tx, scan, `SELECT body FROM dossier WHERE state IN ('accepted', 'processing', 'supplement', 'payment') AND id > $1
				ORDER BY id LIMIT $2`, after, sweepAtOnce)
			if err != nil {
				return fmt.Errorf("finding running dossiers: %w", err)
			}
			for _, d := range list {
				last = d.ID
				if d.ReceivedAt.IsZero() {
					continue
				}
				a, err := d.reckon(r.law())
				if err != nil {
					return fmt.Errorf("recomputing dossier %s: %w", d.ID, err)
				}
				if a.Due.Equal(d.Clock.Due) || movedBy(d, notice) {
					continue
				}
				if _, err := r.do(tx, d, &Recompute{Notice: notice}, officer.System()); err != nil {
					return fmt.Errorf("recomputing dossier %s: %w", d.ID, err)
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		if last == "" {
			break
		}
		after = last
	}
	return r.Moved(ctx, notice)
}

func movedBy(d Dossier, notice string) bool {
	for _, m := range d.Moves {
		if m.Notice == notice {
			return true
		}
	}
	return false
}

// Moved lists the dossiers whose dates a notice moved, for telling the people.
func (r *Register) Moved(ctx context.Context, notice string) ([]Moved, error) {
	var moved []Moved
	err := r.db.Read(ctx, func(tx *store.Tx) error {
		list, err := store.All(tx, scan, `SELECT d.body FROM dossier_move m JOIN dossier d ON d.id = m.dossier WHERE m.notice = $1 ORDER BY d.due_at, d.id`, notice)
		if err != nil {
			return fmt.Errorf("listing moved dates: %w", err)
		}
		moved = nil
		for _, d := range list {
			for _, m := range d.Moves {
				if m.Notice == notice {
					moved = append(moved, Moved{d, m})
				}
			}
		}
		return nil
	})
	return moved, err
}

// noteMoves keeps the list of moved dates in step with the dossier.
func noteMoves(tx *store.Tx, d *Dossier) error {
	for _, m := range d.Moves {
		if _, err := tx.Exec(`INSERT INTO dossier_move (notice, dossier) VALUES ($1, $2) ON CONFLICT DO NOTHING`, m.Notice, d.ID); err != nil {
			return fmt.Errorf("noting the moved date of %s: %w", d.ID, err)
		}
	}
	return nil
}
