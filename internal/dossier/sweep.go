package dossier

import (
	"context"
	"fmt"
	"slices"
	"time"

	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/store"
)

// Swept says what a sweep found: how many dossiers per act.
type Swept map[string]int

// sweepAtOnce bounds the dossiers of one transaction, so that the desk never
// waits for a sweep.
const sweepAtOnce = 100

// Sweep keeps the legal timers: dossiers nobody completed are closed, passed
// due dates and late checks are noted, old drafts are forgotten. It works as of
// tx.Now, so simulated time works too.
func (r *Register) Sweep(ctx context.Context) (Swept, error) {
	total := Swept{}
	var after mark
	for {
		last, did, err := r.sweepSome(ctx, after)
		for act, n := range did {
			total[act] += n
		}
		if err != nil {
			return total, err
		}
		if last.id == "" {
			return total, r.endSweep(ctx)
		}
		after = last
	}
}

// endSweep drops old drafts and idempotency keys and remembers when the sweep
// came to its end.
func (r *Register) endSweep(ctx context.Context) error {
	if err := r.dropOldDrafts(ctx); err != nil {
		return err
	}
	if err := r.dropOldRequests(ctx); err != nil {
		return err
	}
	if err := r.learnPaces(ctx); err != nil {
		return err
	}
	w, err := r.World(ctx)
	if err == nil {
		r.swept.Store(&w.Now)
	}
	return err
}

// requestLife is how long an idempotency key is remembered. rel-I-D3
const requestLife = 30 * 24 * time.Hour

// requestsAtOnce is how many keys one sweep looks at. They have no order in
// time: an index for that would cost every act more than it saves.
const requestsAtOnce = 2000

// request names an idempotency key.
type request struct {
	officer, key string
	at           time.Time
}

// dropOldRequests goes on through the idempotency keys where the last sweep
// stopped, and forgets the old ones.
func (r *Register) dropOldRequests(ctx context.Context) error {
	r.requests.Lock()
	defer r.requests.Unlock()
	var old []request
	next := request{}
	err := r.db.Read(ctx, func(tx *store.Tx) error {
		old, next = nil, request{}
		list, err := store.All(tx, func(row store.Row) (q request, err error) {
			return q, row.Scan(&q.officer, &q.key, store.At(&q.at))
		}, `SELECT officer, key, at FROM dossier_request WHERE (officer, key) > ($1, $2) ORDER BY officer, key LIMIT $3`,
			r.requests.last.officer, r.requests.last.key, requestsAtOnce)
		for _, q := range list {
			if q.at.Before(tx.Now.Add(-requestLife)) {
				old = append(old, q)
			}
		}
		if len(list) == requestsAtOnce {
			next = list[len(list)-1]
		}
		return err
	})
	for some := range slices.Chunk(old, sweepAtOnce) {
		if err != nil {
			break
		}
		err = r.db.Write(ctx, func(tx *store.Tx) error {
			for _, q := range some {
				if _, err := tx.Exec(`DELETE FROM dossier_request WHERE officer = $1 AND key = $2 AND at < $3`, q.officer, q.key, tx.Now.Add(-requestLife)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err != nil {
		return fmt.Errorf("forgetting old requests: %w", err)
	}
	r.requests.last = next
	return nil
}

// Swept is when this program last kept the legal timers; zero if not yet.
func (r *Register) Swept() time.Time {
	if at := r.swept.Load(); at != nil {
		return *at
	}
	return time.Time{}
}

// mark is how far a sweep came along the index of timers.
type mark struct{ timer, id string }

// sweepSome sweeps the next dossiers behind a mark; last has no id when none was
// left.
func (r *Register) sweepSome(ctx context.Context, after mark) (last mark, did Swept, err error) {
	err = r.db.Write(ctx, func(tx *store.Tx) error {
		last, did = mark{}, Swept{}
		list, err := store.All(tx, func(row store.Row) (d timed, err error) {
			var body string
			if err = row.Scan(&d.timer, &body); err == nil {
				d.Dossier, err = parse(body)
			}
			return d, err
		}, `SELECT timer_at, body FROM dossier WHERE timer_at <> '' AND timer_at <= $1 AND (timer_at, id) > ($2, $3)
			ORDER BY timer_at, id LIMIT $4`, tx.Now, after.timer, after.id, sweepAtOnce)
		if err != nil {
			return fmt.Errorf("finding dossiers whose time has come: %w", err)
		}
		w := World{tx.Now, r.law()}
		for _, d := range list {
			last = mark{d.timer, d.ID}
			act := due(&d.Dossier, w)
			if act == nil {
				continue
			}
			if _, err := r.do(tx, d.Dossier, act, officer.System()); err != nil {
				return fmt.Errorf("sweeping dossier %s: %w", d.ID, err)
			}
			did[act.Name()]++
		}
		return nil
	})
	return last, did, err
}

// timed is a dossier and when its next timer runs out.
type timed struct {
	Dossier
	timer string
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

// Preview lists the running dossiers whose dates a notice would move, without
// storing anything; the soonest new date comes first.
func (r *Register) Preview(ctx context.Context, n pack.Notice) ([]Moved, error) {
	law, err := r.law().With(n)
	if err != nil {
		return nil, err
	}
	return r.moving(ctx, law, n.ID)
}

// Unmoved lists the running dossiers that a notice in force has yet to move,
// because Recompute was interrupted.
func (r *Register) Unmoved(ctx context.Context, notice string) ([]Moved, error) {
	return r.moving(ctx, r.law(), notice)
}

// moving compares the dates of running dossiers with what a law makes of them.
func (r *Register) moving(ctx context.Context, law *pack.Pack, notice string) ([]Moved, error) {
	var moved []Moved
	err := r.db.Read(ctx, func(tx *store.Tx) error {
		moved = nil
		for after := ""; ; {
			list, err := store.All(tx, scan, `SELECT body FROM dossier WHERE state IN ('accepted', 'processing', 'supplement', 'payment') AND id > $1
				ORDER BY id LIMIT $2`, after, sweepAtOnce)
			if err != nil || len(list) == 0 {
				return err
			}
			for _, d := range list {
				after = d.ID
				if d.ReceivedAt.IsZero() || movedBy(d, notice) {
					continue
				}
				a, err := d.reckon(law)
				if err != nil {
					return err
				}
				if !a.Due.Equal(d.Clock.Due) {
					moved = append(moved, Moved{d, Move{Notice: notice, Old: d.Clock.Due, New: utc(a.Due), At: tx.Now}})
				}
			}
		}
	})
	if err != nil {
		return nil, fmt.Errorf("computing what notice %s moves: %w", notice, err)
	}
	slices.SortStableFunc(moved, func(a, b Moved) int { return a.Move.New.Compare(b.Move.New) })
	return moved, nil
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
