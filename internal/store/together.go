package store

import (
	"context"
	"time"
)

// Together runs fn; the Writes and Reads made with the context it gets run at
// once, one after the other, and share one commit at the end, each write
// undone alone if it fails. It is for a program that plays many people by
// itself and would wait for the disk at every step. Nobody may be told of what
// a write inside answered before Together has answered too.
func (db *DB) Together(ctx context.Context, fn func(context.Context) error) error {
	return db.Write(ctx, func(tx *Tx) error {
		return fn(context.WithValue(ctx, togetherKey{}, &together{db, tx}))
	})
}

type togetherKey struct{}

// together is the transaction that a context shares.
type together struct {
	db    *DB
	whole *Tx
}

// shared is the transaction in which calls with this context run; nil if they
// run by themselves.
func (db *DB) shared(ctx context.Context) *together {
	if s, ok := ctx.Value(togetherKey{}).(*together); ok && s.db == db {
		return s
	}
	return nil
}

func (s *together) begin() *Tx {
	return &Tx{Now: s.db.instant(), Chance: s.db.chance, raw: s.whole.raw, ctx: s.whole.ctx, alive: s.whole.alive, engine: s.db.engine, kept: s.whole.kept}
}

func (s *together) read(fn func(*Tx) error) error {
	tx := s.begin()
	defer tx.end()
	return fn(tx)
}

// run runs statements of the whole.
func (s *together) run(statements ...string) error {
	for _, text := range statements {
		if _, err := s.whole.raw.ExecContext(s.whole.ctx, text); err != nil {
			return err
		}
	}
	return nil
}

// write runs fn in a savepoint of its own.
func (s *together) write(ahead func(time.Time), fn func(*Tx) error) error {
	tx := s.begin()
	defer tx.end()
	if ahead != nil {
		ahead(tx.Now)
	}
	if err := s.run("SAVEPOINT s"); err != nil {
		s.whole.failed = err
		return err
	}
	s.whole.wrote = true
	err := fn(tx)
	if err == nil {
		err = tx.failed // fn went on after a failed statement
	}
	end := []string{"RELEASE s"}
	if err != nil {
		end = []string{"ROLLBACK TO s", "RELEASE s"}
		clear(s.whole.kept)
	} else if tx.pledge != nil {
		s.whole.pledge = tx.pledge
	}
	if tx.failed != nil && s.db.engine.fault(tx.failed) != ordinary {
		s.whole.failed = tx.failed // nothing of the whole can be saved
		return err
	}
	if failed := s.run(end...); failed != nil {
		s.whole.failed = failed
		return failed
	}
	return err
}
