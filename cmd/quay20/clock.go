package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"quay20/internal/journal"
	"quay20/internal/store"
)

// farJump is how far the wall clock may move against the machine's steady
// clock before people must know of it (rel-I-C7).
const farJump = 120 * time.Second

// clockWatch notes in the journal when the wall clock jumps against a clock that
// never does. Legal dates stay as they were promised; entry times never go back.
func (h *house) clockWatch(wall func() time.Time, steady func() time.Duration, log *slog.Logger) func(ctx context.Context) error {
	began, since := wall().Round(0), steady()
	return func(ctx context.Context) error {
		at, passed := wall().Round(0), steady()
		far := at.Sub(began) - (passed - since)
		began, since = at, passed
		if far.Abs() < farJump {
			return nil
		}
		log.WarnContext(ctx, "clock jumped", "seconds", far.Seconds())
		facts, err := json.Marshal(map[string]any{"seconds": int(far.Seconds())})
		if err != nil {
			return err
		}
		err = h.db.Write(ctx, func(tx *store.Tx) error {
			_, err := journal.Append(tx, journal.Entry{Capacity: "system", Act: "clock_jumped", Subject: "node/clock", Facts: facts})
			return err
		})
		if err != nil {
			return fmt.Errorf("noting that the clock jumped: %w", err)
		}
		return nil
	}
}

// steadyClock tells the time that passed since it was made, whatever happens to
// the wall clock.
func steadyClock() func() time.Duration {
	began := time.Now()
	return func() time.Duration { return time.Since(began) }
}
