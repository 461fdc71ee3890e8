// Package gazette keeps the law in force (công báo): the pack the program was
// built with, and the notices and published procedures that were added to it
// since. What was added is never edited or taken away; something else is added.
package gazette

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"

	"quay20/internal/job"
	"quay20/internal/journal"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
)

// NoticeApplied is the job that tells the rooms below of a notice, whose ID it
// carries: running dossiers are counted again even if the program dies first.
const NoticeApplied job.Kind = "notice-applied"

// Gazette is the book of the law in force.
type Gazette struct {
	db    *store.DB
	base  *pack.Pack
	law   atomic.Pointer[pack.Pack]
	mu    sync.Mutex // guards known
	known [2]int     // notices and publications that law holds
}

// Open reads the notices applied so far.
func Open(ctx context.Context, db *store.DB, base *pack.Pack) (*Gazette, error) {
	g := &Gazette{db: db, base: base, known: [2]int{-1, -1}}
	return g, g.Refresh(ctx)
}

// Law is the law in force now. It is safe to call from everywhere.
func (g *Gazette) Law() *pack.Pack { return g.law.Load() }

// Refresh takes in what another node added.
func (g *Gazette) Refresh(ctx context.Context) error {
	var new added
	err := g.db.Read(ctx, func(tx *store.Tx) (err error) {
		new, err = read(tx)
		return err
	})
	if err != nil {
		return err
	}
	return g.take(new)
}

// added is what was added to the pack, in its order.
type added struct {
	notices      []pack.Notice
	publications []pack.Publication
}

func read(tx *store.Tx) (a added, err error) {
	if a.notices, err = list(tx); err != nil {
		return a, err
	}
	a.publications, err = published(tx)
	return a, err
}

func (g *Gazette) take(new added) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	known := [2]int{len(new.notices), len(new.publications)}
	if known == g.known {
		return nil
	}
	law, err := g.with(new)
	if err != nil {
		return err
	}
	g.law.Store(law)
	g.known = known
	return nil
}

// with is the pack with what was added.
func (g *Gazette) with(a added) (*pack.Pack, error) {
	law, err := g.base.With(a.notices...)
	if err != nil {
		return nil, fmt.Errorf("adding the applied notices to the law: %w", err)
	}
	if law, err = law.WithPublished(a.publications...); err != nil {
		return nil, fmt.Errorf("adding the published procedures to the law: %w", err)
	}
	return law, nil
}

func list(tx *store.Tx) ([]pack.Notice, error) {
	notices, err := store.All(tx, func(row store.Row) (n pack.Notice, err error) {
		var body string
		if err := row.Scan(&body); err != nil {
			return n, err
		}
		return n, json.Unmarshal([]byte(body), &n)
	}, `SELECT body FROM gazette_notice ORDER BY seq`)
	if err != nil {
		return nil, fmt.Errorf("reading applied notices: %w", err)
	}
	return notices, nil
}

// Notices lists the notices applied, oldest first.
func (g *Gazette) Notices(ctx context.Context) ([]pack.Notice, error) {
	var notices []pack.Notice
	err := g.db.Read(ctx, func(tx *store.Tx) (err error) {
		notices, err = list(tx)
		return err
	})
	return notices, err
}

// Apply adds a notice to the law in force, as a journaled act. The same notice
// twice changes nothing; another one under its name is refused.
func (g *Gazette) Apply(ctx context.Context, n pack.Notice, by officer.By) error {
	if !by.Can(officer.Law) {
		return problem.New(problem.Forbidden, "err.not-permitted", "act", "key:act.apply_notice")
	}
	if err := by.Fresh(officer.Law); err != nil {
		return err
	}
	p := problem.New(problem.Invalid, "err.summary")
	if n.ID == "" {
		p.Field("id", "err.required", "field", "key:field.notice")
	}
	if n.Title == "" {
		p.Field("title", "err.required", "field", "key:field.title")
	}
	if len(n.Days) == 0 {
		p.Field("days", "err.required", "field", "key:field.days")
	}
	if err := p.Or(); err != nil {
		return err
	}
	body, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("writing notice %s: %w", n.ID, err)
	}
	var all added
	err = g.db.Write(ctx, func(tx *store.Tx) error {
		if all, err = read(tx); err != nil {
			return err
		}
		for _, old := range all.notices {
			if old.ID != n.ID {
				continue
			}
			if was, _ := json.Marshal(old); string(was) == string(body) {
				return nil
			}
			return problem.New(problem.Conflict, "err.notice-exists", "notice", n.ID)
		}
		if _, err := g.base.With(append(all.notices, n)...); err != nil {
			return err
		}
		_, err := tx.Exec(`INSERT INTO gazette_notice (id, seq, body, applied) VALUES ($1, $2, $3, $4)`, n.ID, len(all.notices)+1, string(body), tx.Now)
		if err != nil {
			return fmt.Errorf("storing notice %s: %w", n.ID, err)
		}
		if err := job.Enqueue(tx, NoticeApplied, n.ID); err != nil {
			return err
		}
		all.notices = append(all.notices, n)
		facts, _ := json.Marshal(map[string]any{"announced": n.Announced, "days": n.Days, "desks": n.Desks})
		_, err = journal.Append(tx, journal.Entry{
			Officer: by.Officer.ID, Capacity: by.Capacity(), Act: "apply_notice", Subject: "notice/" + n.ID,
			Reason: n.Title, Law: n.Law, Facts: facts, State: journal.StateOf(state(len(all.notices), store.Time(tx.Now), string(body))),
		})
		return err
	})
	if err != nil {
		return err
	}
	return g.take(all)
}

// state is a stored notice or publication as the journal commits to it: its
// place among its kind, when it was added, and what it says.
func state(seq int, applied, body string) string { return fmt.Sprintf("%d %s %s", seq, applied, body) }

// Protected lets verify compare the stored notices with the journal.
func Protected() journal.Protected {
	return protected("notice/", `SELECT id, seq, applied, body FROM gazette_notice ORDER BY seq`)
}

// Published lets verify compare the stored publications with the journal.
func Published() journal.Protected {
	return protected("publication/", `SELECT id, seq, published, body FROM gazette_publication ORDER BY seq`)
}

func protected(prefix, query string) journal.Protected {
	return journal.Protected{Prefix: prefix, Each: func(tx *store.Tx, yield func(subject, state string) error) error {
		type row struct {
			seq               int
			id, applied, body string
		}
		rows, err := store.All(tx, func(r store.Row) (v row, err error) {
			err = r.Scan(&v.id, &v.seq, &v.applied, &v.body)
			return v, err
		}, query)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if err := yield(prefix+r.id, state(r.seq, r.applied, r.body)); err != nil {
				return err
			}
		}
		return nil
	}}
}
