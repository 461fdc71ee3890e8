// Package job is work for later (việc chờ): a slip to render, a message to
// send. A job is enqueued in the transaction that wants it, so it exists if
// and only if that transaction does, and is worked on after the commit.
//
// Legal deadlines are no jobs: they are found by looking at the dossiers as of
// a time, so that a queue that stands still makes nobody late.
package job

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"quay20/internal/store"
)

// Kind says what a job is about, "slip-render". Kinds are stable: jobs of the
// release before are still in the database.
type Kind string

const (
	atOnce   = 4                // jobs that one node works on at the same time
	lease    = 10 * time.Minute // a job of a node that died is taken up after this
	maxTries = 12               // then a person must look: about a day
	lookAt   = time.Second      // for jobs whose time has come, or of other programs
)

// Enqueue adds a job to be done after tx commits. args is kept as JSON.
func Enqueue(tx *store.Tx, kind Kind, args any) error {
	b, err := json.Marshal(args)
	if err != nil {
		return fmt.Errorf("job %s: %w", kind, err)
	}
	_, err = tx.Exec(`
		INSERT INTO job (id, kind, args, made, due, lease, tries, failure, given_up)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		newID(tx), kind, string(b), tx.Now, tx.Now, "", 0, "", false)
	if err != nil {
		return fmt.Errorf("job %s: enqueueing: %w", kind, err)
	}
	return nil
}

// newID sorts by time, so that older jobs come first.
func newID(tx *store.Tx) string {
	b := make([]byte, 10)
	tx.Chance(b)
	return fmt.Sprintf("%012x-%s", tx.Now.UnixMilli(), hex.EncodeToString(b))
}

// Job is one job as an administrator sees it.
type Job struct {
	ID      string
	Kind    Kind
	Args    json.RawMessage
	Made    time.Time // when it was enqueued
	Due     time.Time // when it is tried next
	Tries   int
	Failure string // what the last try said
	GivenUp bool   // it is not tried again by itself
}

const columns = "id, kind, args, made, due, tries, failure, given_up"

func scan(r store.Row) (j Job, err error) {
	var args string
	err = r.Scan(&j.ID, &j.Kind, &args, store.At(&j.Made), store.At(&j.Due), &j.Tries, &j.Failure, &j.GivenUp)
	j.Args = json.RawMessage(args)
	return j, err
}

// Waiting gives the jobs that are not done, those that were given up first,
// for the page that watches over the system.
func Waiting(tx *store.Tx, limit int) ([]Job, error) {
	all, err := store.All(tx, scan, "SELECT "+columns+" FROM job ORDER BY given_up DESC, due, id LIMIT $1", limit)
	if err != nil {
		return nil, fmt.Errorf("reading jobs: %w", err)
	}
	return all, nil
}

// Counts says how many jobs are not done: those that will be tried, and those
// that wait for a person.
func Counts(tx *store.Tx) (open, givenUp int, err error) {
	_, err = store.One(tx, func(r store.Row) (struct{}, error) { return struct{}{}, r.Scan(&open, &givenUp) }, `
		SELECT COALESCE(SUM(CASE WHEN given_up THEN 0 ELSE 1 END), 0), COALESCE(SUM(CASE WHEN given_up THEN 1 ELSE 0 END), 0) FROM job`)
	if err != nil {
		return 0, 0, fmt.Errorf("counting jobs: %w", err)
	}
	return open, givenUp, nil
}

// Again puts a job that was given up back into the queue.
func Again(tx *store.Tx, id string) error {
	n, err := tx.Exec("UPDATE job SET given_up = $1, tries = 0, due = $2, lease = '' WHERE id = $3", false, tx.Now, id)
	if err == nil && n == 0 {
		err = store.ErrNone
	}
	if err != nil {
		return fmt.Errorf("job %s: trying again: %w", id, err)
	}
	return nil
}

// Queue works on the jobs of the kinds it handles.
type Queue struct {
	db       *store.DB
	handlers map[Kind]func(context.Context, json.RawMessage) error
	kinds    []Kind // of handlers
	first    int    // with which kind the next look begins; Run's alone
}

// New makes a queue on db; Handle gives it kinds, Run sets it going.
func New(db *store.DB) (*Queue, error) {
	if db == nil {
		return nil, errors.New("job.New: no database")
	}
	return &Queue{db: db, handlers: map[Kind]func(context.Context, json.RawMessage) error{}}, nil
}

// Handle says what to do with jobs of a kind, before Run. A job may be worked
// on more than once, when a node dies between the work and its record: fn does
// the same thing twice without harm. When fn fails it is tried again, later
// and later, and at last left for a person.
func (q *Queue) Handle(kind Kind, fn func(ctx context.Context, args json.RawMessage) error) {
	if q.handlers[kind] == nil {
		q.kinds = append(q.kinds, kind)
	}
	q.handlers[kind] = fn
}

// Run works until ctx ends, then lets the jobs under way end. It returns nil.
func (q *Queue) Run(ctx context.Context) error {
	commits, stop := q.db.Watch()
	defer stop()
	look := time.NewTicker(lookAt)
	defer look.Stop()
	free := make(chan struct{}, atOnce) // one for each worker under way
	ended := make(chan struct{}, 1)     // a worker ended since the last look
	var workers sync.WaitGroup
	defer workers.Wait()
	for {
		for _, j := range q.take(ctx, atOnce-len(free)) {
			free <- struct{}{}
			workers.Go(func() {
				q.work(ctx, j)
				<-free
				select {
				case ended <- struct{}{}:
				default:
				}
			})
		}
		select {
		case <-ctx.Done():
			return nil
		case <-commits:
		case <-ended:
		case <-look.C:
		}
	}
}

// take claims jobs whose time has come. It looks before it writes, so that an
// empty queue costs no commit.
func (q *Queue) take(ctx context.Context, most int) (taken []Job) {
	if most <= 0 || ctx.Err() != nil || len(q.kinds) == 0 {
		return nil
	}
	var ready []string
	err := q.db.Read(ctx, func(tx *store.Tx) (err error) {
		ready, err = q.ready(tx, most)
		return err
	})
	if err == nil && len(ready) > 0 {
		err = q.db.Write(ctx, func(tx *store.Tx) (err error) {
			taken, err = q.claim(tx, ready)
			return err
		})
	}
	if err != nil && ctx.Err() == nil {
		slog.ErrorContext(ctx, "taking jobs", "error", err)
	}
	if err != nil {
		return nil
	}
	return taken
}

// ready gives the ids of jobs that nobody works on. It begins with another
// kind each time, so that no kind waits for the end of another's heap.
func (q *Queue) ready(tx *store.Tx, most int) (ids []string, err error) {
	q.first++
	for i := range q.kinds {
		kind := q.kinds[(q.first+i)%len(q.kinds)]
		some, err := store.All(tx, func(r store.Row) (id string, err error) { return id, r.Scan(&id) }, `
			SELECT id FROM job WHERE kind = $1 AND given_up = $2 AND due <= $3 AND lease < $3
			ORDER BY due, id LIMIT $4`, kind, false, tx.Now, most)
		if err != nil {
			return nil, fmt.Errorf("looking for jobs: %w", err)
		}
		if ids = append(ids, some...); len(ids) >= most {
			return ids[:most], nil
		}
	}
	return ids, nil
}

// claim leases the jobs that are still ready.
func (q *Queue) claim(tx *store.Tx, ids []string) (taken []Job, err error) {
	for _, id := range ids {
		j, err := store.One(tx, scan, `
			UPDATE job SET lease = $1, tries = tries + 1
			WHERE id = $2 AND lease < $3 AND NOT given_up RETURNING `+columns, tx.Now.Add(lease), id, tx.Now)
		if errors.Is(err, store.ErrNone) { // another node was quicker
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("claiming job %s: %w", id, err)
		}
		taken = append(taken, j)
	}
	return taken, nil
}

// work does a job and writes down what came of it, also when ctx ends.
func (q *Queue) work(ctx context.Context, j Job) {
	failed := q.try(ctx, j)
	err := q.db.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		if failed == nil {
			_, err := tx.Exec("DELETE FROM job WHERE id = $1", j.ID)
			return err
		}
		_, err := tx.Exec("UPDATE job SET lease = '', due = $1, failure = $2, given_up = $3 WHERE id = $4",
			tx.Now.Add(pause(j.Tries)), strings.ToValidUTF8(failed.Error(), "?"), j.Tries >= maxTries, j.ID)
		return err
	})
	if failed != nil {
		slog.ErrorContext(ctx, "job failed", "kind", j.Kind, "job", j.ID, "try", j.Tries, "error", failed)
	}
	if err != nil { // it is taken up again when its lease ends
		slog.ErrorContext(ctx, "recording a job", "kind", j.Kind, "job", j.ID, "error", err)
	}
}

func (q *Queue) try(ctx context.Context, j Job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return q.handlers[j.Kind](ctx, j.Args)
}

// pause before the next try: 1, 4, 15 seconds … at most six hours.
func pause(tries int) time.Duration {
	p := time.Second
	for range min(tries-1, 10) {
		p *= 4
	}
	return min(p, 6*time.Hour)
}
