package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"quay20/internal/problem"
)

const (
	maxBatch   = 256                   // writes that share one commit at most
	batchTime  = 20 * time.Millisecond // after which no other write joins a batch
	maxRetries = 10                    // of a batch that another program disturbed
	maxWaiting = 4096                  // writes; who comes then is refused at once
	maxWait    = 5 * time.Second       // for a turn, or for a connection to read
	careful    = 64                    // batches with savepoints after one that needed them
	proveEvery = 2 * time.Second       // while nothing can be saved
)

// errLeft is the error of a write whose goroutine ended inside it.
var errLeft = errors.New("the write's goroutine ended before the write did")

// write is one call of Write on its way through the writer. Its fn runs on the
// caller's goroutine, so that a panic or runtime.Goexit there cannot take the
// writer with it.
type write struct {
	fn    func(*Tx) error
	now   time.Time     // its place in time: writes run in this order
	ready chan struct{} // closed when it may have its turn
	begun atomic.Bool   // set once: by the writer to begin, or by the caller to leave
	turn  chan *Tx      // writer to caller: it is yours
	ran   chan error    // caller to writer: what fn said
	done  chan error    // writer to caller: the answer; never blocks
	own   error         // what fn said in the attempt under way
	left  Pledge
	gone  bool // the caller's goroutine ended
}

// Write runs fn in a transaction and answers after the commit. Writes that
// wait together share the commit; one that returns an error or panics undoes
// itself alone. fn may run more than once and touches nothing but its Tx; it
// must not call Write, which would wait for itself. When ctx ends before fn
// began, or its turn does not come within five seconds, fn does not run; once
// begun, it is carried through.
func (db *DB) Write(ctx context.Context, fn func(*Tx) error) error {
	return db.WriteAhead(ctx, nil, fn)
}

// WriteAhead is Write with work that needs no database: ahead runs once,
// beside other writes, and is given the Now that the Tx of fn will have. fn
// must not trust what ahead learned elsewhere, such as the law in force: it
// looks again and does the work anew if that has changed.
func (db *DB) WriteAhead(ctx context.Context, ahead func(now time.Time), fn func(*Tx) error) error {
	if s := db.shared(ctx); s != nil {
		return s.write(ahead, fn)
	}
	if why := db.refused(); why != nil {
		return fmt.Errorf("writing: %w", why)
	}
	w := &write{fn: fn, ready: make(chan struct{}), turn: make(chan *Tx), ran: make(chan error), done: make(chan error, 1)}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := db.queue.join(w, db.instant); err != nil {
		return err
	}
	err := w.prepare(ahead)
	db.queue.knock()
	if err != nil {
		return err
	}
	ended := ctx.Done()
	late := time.NewTimer(db.maxWait)
	defer late.Stop()
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
		case <-late.C:
			if w.begun.CompareAndSwap(false, true) {
				return fmt.Errorf("writing: %w", unavailable("store.queue"))
			}
		}
	}
}

// prepare does the work ahead. Whatever happens in it, the writes behind go on.
func (w *write) prepare(ahead func(time.Time)) (err error) {
	whole := ahead == nil
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic ahead of a write: %v\n%s", p, debug.Stack())
		}
		if !whole {
			w.begun.Store(true) // it leaves
		}
		close(w.ready)
	}()
	if ahead != nil {
		ahead(w.now)
		whole = true
	}
	return nil
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
	if err = w.fn(tx); err == nil {
		err = tx.flush()
	}
}

// queue is where writes wait, in the order of their Now.
type queue struct {
	mu      sync.Mutex // guards the rest
	closed  bool
	waiting []*write
	bell    chan struct{} // rung when something may have become ready
}

// join gives w its time and its place.
func (q *queue) join(w *write, now func() time.Time) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return problem.New(problem.Unavailable, "store.closed")
	case len(q.waiting) >= maxWaiting:
		return fmt.Errorf("writing: %w", unavailable("store.queue"))
	}
	w.now = now()
	q.waiting = append(q.waiting, w)
	return nil
}

// Waiting is how many writes wait for their turn.
func (db *DB) Waiting() int {
	db.queue.mu.Lock()
	defer db.queue.mu.Unlock()
	return len(db.queue.waiting)
}

func (q *queue) knock() {
	select {
	case q.bell <- struct{}{}:
	default:
	}
}

// next is the first write, if it is ready; callers who went away are passed
// over. It has begun then.
func (q *queue) next() *write {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.waiting) > 0 {
		w := q.waiting[0]
		select {
		case <-w.ready:
		default:
			return nil // it will knock
		}
		q.waiting[0] = nil
		q.waiting = q.waiting[1:]
		if w.begun.CompareAndSwap(false, true) {
			return w
		}
	}
	q.waiting = nil
	return nil
}

// shut refuses who comes and tells those who wait.
func (q *queue) shut() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	for _, w := range q.waiting {
		if w.begun.CompareAndSwap(false, true) {
			w.done <- problem.New(problem.Unavailable, "store.closed")
		}
	}
	q.waiting = nil
}

// writeAll is the writer: the only goroutine that begins write transactions.
func (db *DB) writeAll() {
	defer close(db.stopped)
	defer db.queue.shut()
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
			continue
		case <-db.queue.bell:
		}
		for !db.ending() {
			w := db.queue.next()
			if w == nil {
				break
			}
			whole = db.commit(w, whole)
		}
	}
}

// sound is why no write may begin: what is answered with it is not saved.
func (db *DB) sound(whole bool) error {
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

// commit commits w and those who join it. It reports whether the database can
// still be trusted to save.
func (db *DB) commit(w *write, whole bool) bool {
	b := &batch{writes: []*write{w}}
	if err := db.sound(whole); err != nil {
		db.refuse(b, err)
		return whole
	}
	if !db.commitAll(b) {
		return false
	}
	if err := db.engine.committed(); err != nil {
		db.doubtful(unavailable("store.halted"), err)
		return false
	}
	return true
}

// batch are the writes of one commit.
type batch struct {
	writes []*write
	full   bool // nobody joins any more
	marks  bool // with a savepoint for each write
	kept   map[any]any
}

// commitAll runs the batch until it is committed or cannot be, and answers
// everyone. It reports whether the database can still be trusted to save.
func (db *DB) commitAll(b *batch) bool {
	b.marks = db.careful > 0
	db.careful = max(0, db.careful-1)
	var err error
	for n := range maxRetries {
		db.stepAside(n)
		if err = db.attempt(b); errors.Is(err, errSpoilt) {
			b.marks, db.careful = true, careful
			err = db.attempt(b)
		}
		if err == nil {
			for _, w := range b.writes {
				if left := w.left; w.own == nil && left != nil {
					db.pledge.Store(&left)
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
		db.refuse(b, fmt.Errorf("writing: %w (%w)", unavailable("store.busy"), err))
		return true
	}
	db.doubtful(unavailable("store.halted"), err)
	db.refuse(b, fmt.Errorf("writing: %w (%w)", unavailable("store.broken"), err)) // nobody can say that they are saved
	return false
}

// stepAside waits before the batch runs for the nth time again: longer each time,
// and by chance, so that two who disturb each other do not go on doing so.
func (db *DB) stepAside(n int) {
	if n == 0 {
		return
	}
	var dice [1]byte
	db.chance(dice[:])
	most := min(5*time.Millisecond<<n, 250*time.Millisecond)
	time.Sleep(most * time.Duration(dice[0]) / 255)
}

// refuse tells the batch that it is not saved, and those who wait already, so
// that nobody waits for the same again.
func (db *DB) refuse(b *batch, err error) {
	for len(b.writes) < maxBatch {
		w := db.queue.next()
		if w == nil {
			break
		}
		b.writes = append(b.writes, w)
	}
	for _, w := range b.writes {
		w.done <- err
	}
}

// errSpoilt says that a write of a batch without savepoints must be undone.
var errSpoilt = errors.New("a write of the batch is to be undone alone")

// attempt runs every write of the batch in one transaction and commits it. An
// error means that nothing of the batch is known to be saved. Savepoints cost
// more than the statements between them, so the first attempt does without; a
// write that is to be undone after it has written ends it.
func (db *DB) attempt(b *batch) error {
	limit, _ := db.engine.silence()
	ctx, alive, done := guarded(context.Background(), limit)
	defer done()
	conn, err := db.writer.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	raw, err := conn.BeginTx(ctx, db.engine.unit())
	if err != nil {
		return err
	}
	defer raw.Rollback()
	if err := db.engine.begin(raw); err != nil {
		return err
	}
	b.kept = map[any]any{}
	late := time.NewTimer(batchTime)
	defer late.Stop()
	for i := 0; i < len(b.writes); i++ {
		tx := &Tx{Now: b.writes[i].now, Chance: db.chance, raw: raw, ctx: ctx, alive: alive, engine: db.engine, kept: b.kept, line: db.engine.line(conn)}
		undo, err := db.one(tx, b, b.writes[i])
		if err != nil {
			return err
		}
		if undo && len(b.writes) == 1 && !b.marks {
			b.full = true
			return raw.Rollback()
		}
		if undo && !b.marks {
			return errSpoilt
		}
		if i == len(b.writes)-1 && !b.full {
			b.grow(db, late.C)
		}
	}
	b.full = true
	alive.again()
	begun := db.now()
	if err := db.engine.commit(raw); err != nil {
		return err
	}
	if tell := db.told.Load(); tell != nil {
		(*tell)(len(b.writes), db.now().Sub(begun))
	}
	return nil
}

// grow lets the next write join, unless the batch has lasted long enough.
func (b *batch) grow(db *DB, late <-chan time.Time) {
	select {
	case <-late:
	default:
		if len(b.writes) == maxBatch {
			break
		}
		if w := db.queue.next(); w != nil {
			b.writes = append(b.writes, w)
			return
		}
	}
	b.full = true
}

// one runs one write, under a savepoint if the batch has them, and keeps what
// it said in w.own. It reports whether the write is still to be undone. An
// error means that the whole batch cannot go on.
func (db *DB) one(tx *Tx, b *batch, w *write) (undo bool, err error) {
	if w.gone {
		w.own = errLeft
		return false, nil
	}
	if b.marks {
		if _, err := tx.raw.ExecContext(tx.ctx, "SAVEPOINT w"); err != nil {
			return false, err
		}
	}
	w.turn <- tx
	w.own = <-w.ran
	w.left = tx.pledge
	w.gone = w.own == errLeft
	if tx.failed != nil {
		if db.engine.fault(tx.failed) != ordinary || tx.ctx.Err() != nil {
			return false, tx.failed
		}
		if w.own == nil { // fn went on after a failed statement
			w.own = tx.failed
		}
	}
	undo = w.own != nil && (tx.wrote || tx.failed != nil)
	if undo {
		clear(b.kept)
	}
	if !b.marks {
		return undo, nil
	}
	if undo {
		if _, err := tx.raw.ExecContext(tx.ctx, "ROLLBACK TO w"); err != nil {
			return false, err
		}
	}
	_, err = tx.raw.ExecContext(tx.ctx, "RELEASE w")
	return false, err
}

// prove reopens the write connection after an I/O error. It ends the trouble
// only when what was acknowledged last is still there and a small write of its
// own has been committed (rel-I-X2). If something acknowledged is lost, the
// store stays read only.
func (db *DB) prove() error {
	limit, _ := db.engine.silence()
	ctx, alive, done := guarded(context.Background(), limit)
	defer done()
	if err := db.engine.fresh(ctx); err != nil {
		return err
	}
	alive.again()
	raw, err := db.writer.BeginTx(ctx, db.engine.unit())
	if err != nil {
		return err
	}
	defer raw.Rollback()
	if err := db.engine.begin(raw); err != nil {
		return err
	}
	if err := db.redeem(ctx, raw); err != nil {
		return err
	}
	if _, err := raw.ExecContext(ctx, "UPDATE store_turn SET proofs = proofs + 1"); err != nil {
		return err
	}
	alive.again()
	if err := db.engine.commit(raw); err != nil {
		return err
	}
	db.doubtful(nil, nil)
	db.signal()
	return nil
}

// Pledged is the pledge of the last write committed, or nil.
func (db *DB) Pledged() Pledge {
	if p := db.pledge.Load(); p != nil {
		return *p
	}
	return nil
}

// redeem asks the pledge of the last write committed.
func (db *DB) redeem(ctx context.Context, raw *sql.Tx) error {
	pledge := db.Pledged()
	if pledge == nil {
		return nil
	}
	tx := &Tx{Now: db.instant(), raw: raw, ctx: ctx, engine: db.engine}
	defer tx.end()
	err := pledge.Holds(tx)
	if why, lost := problem.As(err); lost {
		db.ReadOnly(why)
	}
	return err
}
