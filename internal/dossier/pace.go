package dossier

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"quay20/internal/pack"
	"quay20/internal/store"
)

// Pace is how long a procedure really took in the last year (thời gian giải
// quyết thực tế): working time from the complete dossier to its result, without
// the times in which the clock stood still because papers or money were awaited.
type Pace struct {
	N    int           // dossiers that it rests on
	Half time.Duration // half of them were done within this
	Most time.Duration // nine of ten were
}

const (
	paceYear  = 365 * 24 * time.Hour
	paceEvery = time.Hour   // how often a program looks for new results
	paceMost  = 20_000      // the newest results that a program that starts reads
	paceFew   = 5           // fewer say nothing and may tell of one person
	paceDelay = time.Minute // results younger than this may still be on their way to disk
	paceBatch = 200
)

// paces are what a program knows of the results of the last year. They are
// counted from the dossiers anew by each program that starts, so no table can
// differ from them.
type paces struct {
	sync.RWMutex // guards the rest
	learnt       time.Time
	last         result
	took         map[string][]result // by procedure, in order of time
	said         map[string]Pace
}

// result is when a dossier was done and the working time that it took.
type result struct {
	at   time.Time
	id   string
	took time.Duration
}

// Pace is how long the procedure really took in the last year; false if fewer
// than five dossiers tell.
func (r *Register) Pace(procedure string) (Pace, bool) {
	r.paces.RLock()
	defer r.paces.RUnlock()
	p, ok := r.paces.said[procedure]
	return p, ok
}

// learnPaces reads the results since the last look, if that is an hour ago.
// A program that starts reads the last year, at most so many results.
func (r *Register) learnPaces(ctx context.Context) error {
	w, err := r.World(ctx)
	if err != nil {
		return err
	}
	r.paces.RLock()
	fresh, from := w.Now.Sub(r.paces.learnt) < paceEvery && !w.Now.Before(r.paces.learnt), r.paces.last
	r.paces.RUnlock()
	if fresh {
		return nil
	}
	if from.id == "" {
		if from.at, err = r.paceStart(ctx, w.Now); err != nil {
			return err
		}
	}
	found := map[string][]result{}
	for {
		n, err := r.readResults(ctx, &from, found)
		if err != nil {
			return fmt.Errorf("learning how long procedures take: %w", err)
		}
		if n < paceBatch {
			break
		}
	}
	r.paces.learn(found, from, w.Now)
	return nil
}

// paceStart is the instant from which results are read at first.
func (r *Register) paceStart(ctx context.Context, now time.Time) (time.Time, error) {
	start := now.Add(-paceYear)
	err := r.db.Read(ctx, func(tx *store.Tx) error {
		many, err := store.All(tx, func(row store.Row) (at time.Time, err error) { return at, row.Scan(store.At(&at)) },
			`SELECT concluded_at FROM dossier WHERE concluded_at <> '' AND concluded_at >= $1 ORDER BY concluded_at DESC LIMIT 1 OFFSET $2`, start, paceMost)
		if len(many) > 0 {
			start = many[0]
		}
		return err
	})
	return start, err
}

// readResults reads the next results after from.
func (r *Register) readResults(ctx context.Context, from *result, into map[string][]result) (n int, err error) {
	law := r.law()
	err = r.db.Read(ctx, func(tx *store.Tx) error {
		list, err := store.All(tx, scan, `SELECT body FROM dossier
			WHERE concluded_at <> '' AND concluded_at >= $1 AND (concluded_at > $1 OR id > $2) AND concluded_at < $3
			ORDER BY concluded_at, id LIMIT $4`, from.at, from.id, tx.Now.Add(-paceDelay), paceBatch)
		for i := range list {
			if d := &list[i]; d.Result != nil {
				from.at, from.id = d.Result.At, d.ID
				if took, ok := d.took(law); ok {
					into[d.Procedure] = append(into[d.Procedure], result{d.Result.At, d.ID, took})
				}
			}
		}
		n = len(list)
		return err
	})
	return n, err
}

// took is the working time from the clock's start to the result, without the
// pauses.
func (d *Dossier) took(law *pack.Pack) (time.Duration, bool) {
	clock, ok := law.Clock(d.DeskAt(d.ReceivedAt), nil, pack.On(d.ReceivedAt))
	if !ok || d.Clock.Start.IsZero() {
		return 0, false
	}
	took := clock.Worked(d.Clock.Start, d.Result.At)
	for _, p := range d.Clock.Pauses {
		if !p.To.IsZero() {
			took -= clock.Worked(p.From, p.To)
		}
	}
	return max(0, took), true
}

// learn adds what was found, forgets what is older than a year and words each
// procedure's pace.
func (p *paces) learn(found map[string][]result, last result, now time.Time) {
	p.Lock()
	defer p.Unlock()
	if p.took == nil {
		p.took = map[string][]result{}
	}
	for procedure, list := range found {
		p.took[procedure] = append(p.took[procedure], list...)
	}
	p.said, p.last, p.learnt = map[string]Pace{}, last, now
	for procedure, list := range p.took {
		list = slices.DeleteFunc(list, func(r result) bool { return r.at.Before(now.Add(-paceYear)) })
		p.took[procedure] = list
		if len(list) < paceFew {
			continue
		}
		times := make([]time.Duration, len(list))
		for i, r := range list {
			times[i] = r.took
		}
		slices.Sort(times)
		p.said[procedure] = Pace{len(times), doneBy(times, 0.5), doneBy(times, 0.9)}
	}
}

// doneBy is the shortest of the sorted times within which that share was done.
func doneBy(sorted []time.Duration, share float64) time.Duration {
	return sorted[int(math.Ceil(share*float64(len(sorted))))-1]
}
