// Package store is the one door to the database (kho dữ liệu): Read, Write and
// the Tx that every SQL function of the rooms takes. It keeps everything in
// one SQLite file, or in PostgreSQL when a province outgrows one machine; a
// room writes one SQL text and cannot tell which.
//
// What Write has answered with nil is on the disk. Writes that wait at the
// same time share one commit, each undoing itself alone when it fails; see
// docs/adr/0001-group-commit.md.
package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"quay20/internal/problem"
)

// ErrNone is what One answers when there is no row.
var ErrNone = errors.New("no such row")

// readOnlyRetry is what a caller is told to wait for a person to mend it.
const readOnlyRetry = 5 * time.Minute

// closingTime is how long Close waits for what is under way (rel-I-X6).
const closingTime = 10 * time.Second

// Options says what the store cannot know by itself.
type Options struct {
	Now     func() time.Time // the clock; required. Only cmd and tests have one
	Readers int              // reads at the same time; 0 lets the store choose
	AsIs    bool             // only to look: nothing is migrated or made

	// Rehearse, if set, is asked before migrations change a database that an
	// earlier release left; old is that database. Its error stops the upgrade
	// and leaves the database as it was.
	Rehearse func(ctx context.Context, old *DB) error

	Migrations fs.FS        // nil for those of this release; tests of upgrades have others
	Chance     func([]byte) // fills names, salts and codes with chance; nil is crypto/rand. Only the simulation has one of its own
}

// DB is an open database. All its methods may be used at the same time.
type DB struct {
	engine engine
	now    func() time.Time
	chance func([]byte)
	writer *sql.DB // one connection: the writer's
	reader *sql.DB

	maxWait time.Duration // for a turn, or for a connection to read

	queue   queue
	pledge  atomic.Pointer[Pledge] // of the last write committed
	careful int                    // batches to come that take savepoints; the writer's own
	closing chan struct{}          // closed when Close begins
	stopped chan struct{}          // closed when the writer has ended
	told    atomic.Pointer[func(writes int, took time.Duration)]

	mu       sync.Mutex // guards the rest, and Add of reads
	closed   bool
	reads    sync.WaitGroup
	watchers map[chan struct{}]struct{}
	trouble  Trouble
	readOnly bool    // until the next start
	damage   Trouble // what could not be read, until the next start
}

// Trouble is why nothing can be saved at the moment; Why is nil when all is
// well. Reads go on.
type Trouble struct {
	Why   *problem.Problem
	Since time.Time
}

// Trouble says whether writes are saved, for those who watch over the house
// and for the head of every desk's page (rel-I-X2).
func (db *DB) Trouble() Trouble {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.trouble
}

// ReadOnly answers every later Write with why, until the program is started
// again; reads go on (rel-I-J7).
func (db *DB) ReadOnly(why *problem.Problem) {
	why.Retry = readOnlyRetry
	since := db.instant()
	db.mu.Lock()
	defer db.mu.Unlock()
	slog.Error("the database is served for reading only", "error", why)
	db.readOnly = true
	db.trouble = Trouble{why, since}
}

// doubtful notes that nothing is saved until the database has proved itself;
// nil ends it.
func (db *DB) doubtful(why *problem.Problem, cause error) {
	since := db.instant()
	db.mu.Lock()
	defer db.mu.Unlock()
	if corrupt(cause) {
		db.noteDamage(since)
	}
	switch {
	case db.readOnly:
	case why == nil:
		slog.Info("the database saves again", "since", db.trouble.Since)
		db.trouble = Trouble{}
	case db.trouble.Why == nil:
		slog.Error("the database does not save", "error", cause)
		db.trouble = Trouble{why, since}
	}
}

// refused is why writes are refused until the next start, or nil.
func (db *DB) refused() *problem.Problem {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.readOnly {
		return db.trouble.Why
	}
	return nil
}

// engine is what differs between SQLite and PostgreSQL.
type engine interface {
	name() string
	query(text string) string                             // $1 in the engine's own words
	begin(tx *sql.Tx) error                               // first statement of a batch
	commit(tx *sql.Tx) error                              // nil only if it is saved as safely as asked
	silence() (write, read time.Duration)                 // after which a connection is given up; 0 is never
	committed() error                                     // after a commit: what must be done now and then
	fault(err error) fault                                // what an error of the engine means
	unit() *sql.TxOptions                                 // how a batch of writes begins
	snapshot() *sql.TxOptions                             // how a read begins
	turn(ctx context.Context) (release func(), err error) // to make or migrate the database
	fresh(ctx context.Context) error                      // drops the write connection after an I/O error
	line(writer *sql.Conn) sender                         // nil if sending statements together is no gain
	pools() (writer, reader *sql.DB)
	vital() vital
	columns() string // the question for Tables
	explain(err error) error
	close() error
}

// fault sorts the engine's errors by what the writer must do.
type fault int

const (
	ordinary fault = iota // the write's own: a constraint, a wrong statement
	conflict              // run the whole batch again
	busy                  // another program holds the database
	broken                // the disk or the connection: nothing more is sure
)

// Open opens and migrates the database: "postgres://…", or the path of an
// SQLite file, made if it is missing. It refuses an engine or a setting that
// could lose an answered write, naming the remedy (rel-I-X1).
func Open(ctx context.Context, database string, o Options) (*DB, error) {
	if o.Now == nil {
		return nil, errors.New("opening the store: Options.Now is required")
	}
	if o.Readers <= 0 {
		o.Readers = max(4, 2*runtime.NumCPU())
	}
	open := openLite
	if isPostgres(database) {
		open = openPostgres
	}
	e, err := open(ctx, database, o.Readers)
	if err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	db := start(e, o)
	if err := db.ready(ctx, o); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the database: %w", e.explain(err)), db.Close())
	}
	return db, nil
}

func isPostgres(database string) bool {
	return strings.HasPrefix(database, "postgres://") || strings.HasPrefix(database, "postgresql://")
}

// ready brings the database to the form that o asks for. Programs that open
// one database take turns, so that only one makes or migrates it.
func (db *DB) ready(ctx context.Context, o Options) error {
	if !o.AsIs {
		release, err := db.engine.turn(ctx)
		if err != nil {
			return err
		}
		defer release()
		if err := db.upgrade(ctx, o); err != nil {
			return err
		}
	}
	return db.reader.PingContext(ctx)
}

func start(e engine, o Options) *DB {
	if o.Chance == nil {
		o.Chance = func(b []byte) { rand.Read(b) } // never fails
	}
	db := &DB{
		engine:  e,
		now:     o.Now,
		chance:  o.Chance,
		maxWait: maxWait,
		queue:   queue{bell: make(chan struct{}, 1)},
		closing: make(chan struct{}),
		stopped: make(chan struct{}),

		watchers: map[chan struct{}]struct{}{},
	}
	db.writer, db.reader = e.pools()
	go db.writeAll()
	return db
}

// Engine is "sqlite" or "postgres".
func (db *DB) Engine() string { return db.engine.name() }

// Chance fills b with chance that nobody guesses, except in a simulated
// province, where the same seed gives the same.
func (db *DB) Chance(b []byte) { db.chance(b) }

// Read runs fn on one consistent snapshot of the database. fn cannot write,
// and ends early when ctx does.
func (db *DB) Read(ctx context.Context, fn func(*Tx) error) error {
	if s := db.shared(ctx); s != nil {
		return s.read(fn)
	}
	if !db.enter() {
		return problem.New(problem.Unavailable, "store.closed")
	}
	defer db.reads.Done()
	within, alive, done := guarded(ctx, db.maxWait)
	defer done()
	raw, err := db.reader.BeginTx(within, db.engine.snapshot())
	if err != nil {
		return db.unread(ctx, within, err)
	}
	defer raw.Rollback()
	_, limit := db.engine.silence()
	alive.set(limit)
	tx := &Tx{Now: db.instant(), Chance: db.chance, raw: raw, ctx: within, alive: alive, engine: db.engine}
	defer tx.end()
	if err = fn(tx); err != nil && tx.failed != nil && errors.Is(err, tx.failed) {
		return db.unread(ctx, within, err)
	}
	return err
}

// Glance is Read for a single query, which sees one snapshot by itself: it
// saves beginning and ending a transaction. A second statement is refused.
func (db *DB) Glance(ctx context.Context, fn func(*Tx) error) error {
	if s := db.shared(ctx); s != nil {
		return s.read(fn)
	}
	if !db.enter() {
		return problem.New(problem.Unavailable, "store.closed")
	}
	defer db.reads.Done()
	limit, _ := db.engine.silence()
	within, alive, done := guarded(ctx, limit)
	defer done()
	tx := &Tx{Now: db.instant(), Chance: db.chance, raw: db.reader, ctx: within, alive: alive, engine: db.engine, glance: true}
	defer tx.end()
	err := fn(tx)
	if err != nil && errors.Is(err, tx.failed) && tx.failed != errMore {
		return db.unread(ctx, within, err)
	}
	return err
}

// guard gives a connection up that has been silent for too long: the program
// at its other end may be stopped, or the network cut.
type guard struct {
	limit time.Duration
	timer *time.Timer
}

// guarded is ctx until the limit has passed since the last sign of life; 0 is
// no limit.
func guarded(ctx context.Context, limit time.Duration) (context.Context, *guard, func()) {
	if limit == 0 {
		return ctx, nil, func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	g := &guard{limit, time.AfterFunc(limit, cancel)}
	return ctx, g, func() { g.timer.Stop(); cancel() }
}

// again lets the time begin anew: something was answered, or is asked now.
func (g *guard) again() {
	if g != nil && g.limit > 0 {
		g.timer.Reset(g.limit)
	}
}

// set changes the limit and begins anew.
func (g *guard) set(limit time.Duration) {
	g.timer.Stop()
	g.limit = limit
	g.again()
}

// ending reports whether Close has begun.
func (db *DB) ending() bool {
	select {
	case <-db.closing:
		return true
	default:
		return false
	}
}

// enter counts a read in, unless the store is closing.
func (db *DB) enter() bool {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.closed {
		return false
	}
	db.reads.Add(1)
	return true
}

// Watch gives a channel that is signalled after commits of this program, at
// least once after the last one, until stop is called. Other programs' commits
// are not seen: whoever must not miss them also looks now and then.
func (db *DB) Watch() (commits <-chan struct{}, stop func()) {
	c := make(chan struct{}, 1)
	db.mu.Lock()
	defer db.mu.Unlock()
	db.watchers[c] = struct{}{}
	return c, func() {
		db.mu.Lock()
		defer db.mu.Unlock()
		delete(db.watchers, c)
	}
}

// OnCommit has tell called after each commit to disk that writes shared: how
// many they were, and how long the disk took. tell delays the next write.
func (db *DB) OnCommit(tell func(writes int, took time.Duration)) { db.told.Store(&tell) }

func (db *DB) signal() {
	db.mu.Lock()
	defer db.mu.Unlock()
	for c := range db.watchers {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// instant is the clock's time as the database keeps it.
func (db *DB) instant() time.Time { return db.now().UTC().Truncate(time.Millisecond) }

// unread makes an error of the engine one for people when they can do
// something about it, and keeps the cause for the log. within is the read's
// context, which may have ended before the one it was asked with.
func (db *DB) unread(asked, within context.Context, err error) error {
	fault := db.engine.fault(err)
	switch {
	case asked.Err() != nil:
	case fault == broken && db.engine.name() == "sqlite": // asking again reads the same page
		return fmt.Errorf("reading: %w (%w)", db.damaged(), err)
	case fault == busy, fault == broken, within.Err() != nil:
		return fmt.Errorf("reading: %w (%w)", unavailable("store.silent"), err)
	}
	return fmt.Errorf("reading: %w", err)
}

// damaged notes that a part of the database's file cannot be read.
func (db *DB) damaged() *problem.Problem {
	since := db.instant()
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.noteDamage(since)
}

// noteDamage keeps the first time; the caller holds mu.
func (db *DB) noteDamage(since time.Time) *problem.Problem {
	if db.damage.Why == nil {
		why := problem.New(problem.Unavailable, "store.damaged")
		why.Retry = readOnlyRetry
		db.damage = Trouble{why, since}
	}
	return db.damage.Why
}

// Damage says since when a part of the embedded database cannot be read, for
// those who watch over the house. Whatever does not need that part goes on.
func (db *DB) Damage() Trouble {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.damage
}

func unavailable(key string) *problem.Problem {
	p := problem.New(problem.Unavailable, key)
	p.Retry = 5 * time.Second
	return p
}

// Close refuses new work, lets what has begun end, and closes the database. It
// gives up waiting after ten seconds, with an error (rel-I-X6).
func (db *DB) Close() error {
	db.mu.Lock()
	again := db.closed
	db.closed = true
	db.mu.Unlock()
	if again {
		return nil
	}
	close(db.closing)
	ended := make(chan error, 1)
	go func() {
		<-db.stopped
		db.reads.Wait()
		ended <- db.engine.close()
	}()
	select {
	case err := <-ended:
		return err
	case <-time.After(closingTime):
		return fmt.Errorf("closing the database: work did not end within %v", closingTime)
	}
}
