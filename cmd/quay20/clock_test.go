package main

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"quay20/internal/journal"
	"quay20/internal/store"
)

// rel-I-C7: a step of the wall clock is told from time that passed, and noted.
func TestJumpOfTheWallClockIsJournaled(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	wall, passed := time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC), time.Duration(0)
	now := func() time.Time { return wall }
	h, err := (&Place{Data: t.TempDir()}).make(ctx, now)
	if err != nil {
		t.Fatal(err)
	}
	defer h.db.Close()
	look := h.clockWatch(now, func() time.Duration { return passed }, slog.New(slog.DiscardHandler))
	jumps := func() (n int) {
		err := h.db.Read(ctx, func(tx *store.Tx) error {
			list, err := journal.List(tx, journal.Filter{Act: "clock_jumped", Limit: 10})
			n = len(list)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, step := range []struct {
		wall, passed time.Duration
		jumps        int
	}{{time.Hour, time.Hour, 0}, {time.Minute, 0, 0}, {24 * time.Hour, time.Minute, 1}, {-24 * time.Hour, time.Minute, 2}, {time.Minute, time.Minute, 2}} {
		wall, passed = wall.Add(step.wall), passed+step.passed
		if err := look(ctx); err != nil {
			t.Fatal(err)
		}
		if n := jumps(); n != step.jumps {
			t.Errorf("wall %s, passed %s: %d jumps noted, want %d", step.wall, step.passed, n, step.jumps)
		}
	}
}

// rel-K72: pages are served without TLS only on this machine.
func TestPlainHTTPOnlyOnThisMachine(t *testing.T) {
	t.Parallel()
	for origin, good := range map[string]bool{
		"https://motcua.example.vn": true, "http://127.0.0.1:8020": true, "http://localhost:8020": true, "http://[::1]:8020": true,
		"http://10.0.0.5:8020": false, "http://motcua.example.vn": false, "ftp://motcua.example.vn": false, "motcua.example.vn": false,
	} {
		if err := checkOrigin(origin); (err == nil) != good {
			t.Errorf("%s: %v", origin, err)
		}
	}
}
