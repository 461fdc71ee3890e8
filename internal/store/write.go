package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"quay20/internal/problem"
)

const (
	maxBatch   = 256             // writes that share one commit at most
	maxRetries = 10              // of a batch that another node disturbed
	proveEvery = 2 * time.Second // while nothing can be saved
)

// errLeft is the error of a write whose goroutine ended inside it.
var errLeft = errors.New("the write's goroutine ended before the write did")

// write is one call of Write on its way through the writer. Its fn runs on the
// caller's goroutine, so that a panic or runtime.Goexit there cannot take the
// writer with it.
type write struct {
	fn    func(*Tx) error
	begun atomic.Bool     // set once: by the writer to begin, or by the caller to leave
	turn  chan *Tx        // writer to caller: it is yours
	ran   chan error      // caller to writer: what fn said
	done  chan error      // writer to caller: the answer; never blocks
	own   error           // what fn said in the attempt under way
	left  func(*Tx) error // its pledge
	gone  bool            // the caller's goroutine ended
}

// Write runs fn in a transaction and answers after the commit. Writes that
// wait together share the commit; one that returns an error or panics undoes
// itself alone. fn may run more than once and touches nothing but its Tx; it
// must not call Write, which would wait for itself. When ctx ends before fn began, fn does not run; once
// begun, it is carried through.
func (db *DB) Write(ctx context.Context, fn func(*Tx) error) error {
	if why := db.refused(); why != nil {
		return fmt.Errorf("writing: %w", why)
	}
	w := &write{fn: fn, turn: make(chan *Tx), ran: make(chan error), done: make(chan error, 1)}
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case db.waiting <- w:
	case <-ctx.Done():
		return ctx.Err()
	case <-db.closing:
		return problem.New(problem.Unavailable, "store.closed")
	}
	ended := ctx.Done()
	for {
		select {
		case tx := <-w.turn:
			w.run(tx)
		case err := <-w.done:
			return err
		case <-ended:
			if w.begun.CompareAndSwap(false, true) {
				return ctx.Err()
			}
			ended = nil
		}
	}
}

// run carries out fn and tells the writer what came of it, whatever happens.
func (w *write) run(tx *Tx) {
	err := errLeft
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in a write: %v\n%s", p, debug.Stack())
		}
		tx.end()
		w.ran <- err
	}()
	err = w.fn(tx)
}

// writeAll is the writer: the only goroutine that begins write transactions.
func (db *DB) writeAll() {
	defer close(db.stopped)
	whole := true // the last commit left nothing in doubt
	for {
		var again <-chan time.Time
		if !whole && db.refused() == nil {
			again = time.After(proveEvery)
		}
		select {
		case <-db.closing:
			return
		case <-again: // nobody writes, perhaps because the page says that it cannot
			whole = db.prove() == nil
		case w := <-db.waiting:
			batch := db.gather(w)
			if err := db.ready(whole); err != nil {
				answer(batch, err)
				continue
			}
			whole = db.commitAll(batch)
		}
	}
}

// ready is why no write may begin: what is answered with it is not saved.
func (db *DB) ready(whole bool) error {
	var err error
	if !whole {
		err = db.prove()
	}
	if why := db.refused(); why != nil {
		return fmt.Errorf("writing: %w", why)
	}
	if err != nil {
		return fmt.Errorf("reopening the database: %w (%w)", unavailable("store.halted"), err)
	}
	return nil
}

// gather takes what waits right now, leaving out callers who went away.
func (db *DB) gather(first *write) []*write {
	batch := append(make([]*write, 0, 16), first)
	for len(batch) < maxBatch {
		select {
		case w := <-db.waiting:
			batch = append(batch, w)
			continue
		default:
		}
		break
	}
	kept := batch[:0]
	for _, w := range batch {
		if w.begun.CompareAndSwap(false, true) {
			kept = append(kept, w)
		}
	}
	return kept
}

// commitAll runs the batch until it is committed or cannot be, and answers
// everyone. It reports whether the database can still be trusted to save.
func (db *DB) commitAll(batch []*write) bool {
	if len(batch) == 0 {
		return true
	}
	var err error
	for range maxRetries {
		if err = db.attempt(batch); err == nil {
			for _, w := range batch {
				if w.own == nil && w.left != nil {
					db.pledge = w.left
				}
				w.done <- w.own
			}
			db.signal()
			return true
		}
		if db.engine.fault(err) != conflict {
			break
		}
	}
	switch db.engine.fault(err) {
	case busy, conflict:
		answer(batch, fmt.Errorf("writing: %w (%w)", unavailable("store.busy"), err))
		return true
	}
	db.doubtful(unavailable("store.halted"), err)
	answer(batch, fmt.Errorf("writing: %w (%w)", unavailable("store.broken"), err)) // nobody can say that they are saved
	return false
}

func answer(batch []*write, err error) {
	for _, w := range batch {
		w.done <- err
	}
}

// attempt runs every write of the batch in one transaction and commits it. An
// error means that nothing of the batch is known to be saved.
func (db *DB) attempt(batch []*write) error {
	raw, err := db.writer.BeginTx(context.Background(), db.engine.unit())
	if err != nil {
		return err
	}
	defer raw.Rollback()
	if err := db.engine.begin(raw); err != nil {
		return err
	}
	if len(batch) == 1 {
		return db.alone(raw, batch[0])
	}
	mark := []string{"SAVEPOINT w"}
	for _, w := range batch {
		if err := run(raw, mark); err != nil {
			return err
		}
		mark = db.engine.next()
		if err := db.one(raw, w); err != nil {
			return err
		}
		if w.own != nil {
			mark = append([]string{"ROLLBACK TO w"}, mark...)
		}
	}
	if last := batch[len(batch)-1]; last.own != nil {
		if err := run(raw, []string{"ROLLBACK TO w"}); err != nil {
			return err
		}
	}
	return raw.Commit()
}

func run(raw *sql.Tx, statements []string) error {
	for _, s := range statements {
		if _, err := raw.Exec(s); err != nil {
			return err
		}
	}
	return nil
}

// alone commits a batch of one, which needs no savepoint.
func (db *DB) alone(raw *sql.Tx, w *write) error {
	if err := db.one(raw, w); err != nil {
		return err
	}
	if w.own != nil {
		return raw.Rollback()
	}
	return raw.Commit()
}

// one runs one write and keeps what it said in w.own. It returns an error only
// if the whole batch cannot go on.
func (db *DB) one(raw *sql.Tx, w *write) error {
	if w.gone {
		w.own = errLeft
		return nil
	}
	tx := &Tx{Now: db.instant(), raw: raw, ctx: context.Background(), engine: db.engine}
	w.turn <- tx
	w.own = <-w.ran
	w.left = tx.pledge
	w.gone = w.own == errLeft
	if tx.failed == nil {
		return nil
	}
	if db.engine.fault(tx.failed) != ordinary {
		return tx.failed
	}
	if w.own == nil { // fn went on after a failed statement
		w.own = tx.failed
	}
	return nil
}

// prove reopens the write connection after an I/O error. It ends the trouble
// only when what was acknowledged last is still there and a small write of its
// own has been committed (rel-I-X2). If something acknowledged is lost, the
// store stays read only.
func (db *DB) prove() error {
	ctx := context.Background()
	if err := db.engine.fresh(ctx); err != nil {
		return err
	}
	raw, err := db.writer.BeginTx(ctx, db.engine.unit())
	if err != nil {
		return err
	}
	defer raw.Rollback()
	if err := db.engine.begin(raw); err != nil {
		return err
	}
	if err := db.redeem(raw); err != nil {
		return err
	}
	if _, err := raw.Exec("UPDATE store_turn SET proofs = proofs + 1"); err != nil {
		return err
	}
	if err := raw.Commit(); err != nil {
		return err
	}
	db.doubtful(nil, nil)
	db.signal()
	return nil
}

// redeem asks the pledge of the last write committed.
func (db *DB) redeem(raw *sql.Tx) error {
	if db.pledge == nil {
		return nil
	}
	tx := &Tx{Now: db.instant(), raw: raw, ctx: context.Background(), engine: db.engine}
	defer tx.end()
	err := db.pledge(tx)
	if why, lost := problem.As(err); lost {
		db.ReadOnly(why)
	}
	return err
}
