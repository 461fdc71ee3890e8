package backup_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"quay20/internal/backup"
	"quay20/internal/journal"
	"quay20/internal/lawtime"
	"quay20/internal/store"
	"quay20/internal/store/storetest"
)

// nightly is the work of every night at a node, at one o'clock.
func (n *node) nightly(t *testing.T, name, dir string) *backup.Nightly {
	t.Helper()
	return &backup.Nightly{House: n.House, Name: name, Dir: dir, Time: time.Hour, Days: 35, Months: 12, Store: n.place.Store, Check: check}
}

func (n *node) state(t *testing.T) (s backup.State) {
	t.Helper()
	must(t, n.db.Read(t.Context(), func(tx *store.Tx) (err error) {
		s, err = backup.Last(tx)
		return err
	}))
	return s
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	must(t, err)
	return names
}

// The first night, a night that passed while nobody served, and never twice.
func TestEveryNightHasItsBackupAndDrill(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		n := stand(t, address)
		clock := storetest.ClockOf(n.db)
		dir := filepath.Join(t.TempDir(), "kept")
		night := n.nightly(t, "a", dir)
		turn := func(want bool) {
			t.Helper()
			did, err := night.Turn(t.Context())
			must(t, err)
			if did != want {
				t.Errorf("at %v it did %v, want %v", clock.Now(), did, want)
			}
		}
		if p, _ := n.state(t).Trouble(clock.Now()); p == nil || p.Key != "backup.trouble.never" {
			t.Errorf("before the first night: %v", p)
		}
		turn(true)
		turn(false)
		s := n.state(t)
		if s.Made == nil || s.Good == nil || s.Good.File != s.Made.File || s.Good.Entries < 10 || s.Good.Rows < 10 {
			t.Errorf("the first night: %+v %+v", s.Made, s.Good)
		}
		if p, _ := s.Trouble(clock.Now()); p != nil {
			t.Errorf("after the first night: %v", p)
		}
		if due := night.Due(clock.Now()).In(lawtime.Zone); due.Format("2006-01-02 15:04") != "2026-03-03 01:00" {
			t.Errorf("the next one is due at %v", due)
		}
		clock.Set(storetest.Start.Add(time.Hour))
		turn(false) // the same night
		clock.Set(storetest.Start.Add(30 * time.Hour))
		if p, _ := n.state(t).Trouble(clock.Now()); p == nil || p.Key != "backup.trouble.old" {
			t.Errorf("a night was left out: %v", p)
		}
		turn(true) // late, after a stop
		if have := files(t, dir); len(have) != 2 {
			t.Errorf("kept %v, want two", have)
		}
		for _, left := range []string{n.place.Folder + "/drill-*", dir + "/.quay20-*"} {
			if names, err := filepath.Glob(left); err != nil || len(names) > 0 {
				t.Errorf("left behind: %v, %v", names, err)
			}
		}
	})
}

// Of several nodes one does the night's work; when it dies another does.
func TestOneNodeDoesTheNightsWork(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		n := stand(t, address)
		dir := t.TempDir()
		var all sync.WaitGroup
		did := make([]bool, 4)
		for i := range did {
			all.Go(func() {
				var err error
				if did[i], err = n.nightly(t, fmt.Sprint("node", i), dir).Turn(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if have := files(t, dir); len(have) != 1 || len(slices.DeleteFunc(did, func(d bool) bool { return !d })) != 1 {
			t.Errorf("backups %v, done by %v", have, did)
		}
		clock := storetest.ClockOf(n.db)
		clock.Set(storetest.Start.Add(24 * time.Hour))
		stopped, stop := context.WithCancel(t.Context())
		dying := n.nightly(t, "dying", dir)
		dying.Check = func(ctx context.Context, s backup.Side) (backup.Found, error) {
			stop()
			return backup.Found{}, ctx.Err()
		}
		dying.Turn(stopped)
		if did, err := n.nightly(t, "other", dir).Turn(t.Context()); did || err != nil {
			t.Errorf("beside the one at work: %v, %v", did, err)
		}
		clock.Add(4 * time.Hour)
		if did, err := n.nightly(t, "other", dir).Turn(t.Context()); !did || err != nil {
			t.Errorf("after the one that died: %v, %v", did, err)
		}
	})
}

// A backup that is written but cannot be brought back is trouble, is tried
// again, and deletes nothing.
func TestFailedNightIsTroubleAndIsTriedAgain(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		n := stand(t, address)
		clock := storetest.ClockOf(n.db)
		dir := t.TempDir()
		night := n.nightly(t, "a", dir)
		_, err := night.Turn(t.Context())
		must(t, err)
		clock.Set(storetest.Start.AddDate(0, 0, 1))
		night.Check = func(ctx context.Context, s backup.Side) (backup.Found, error) {
			return backup.Found{Faults: []string{"sai"}}, nil
		}
		_, err = night.Turn(t.Context())
		refused(t, err, "backup.err.faults")
		p, since := n.state(t).Trouble(clock.Now())
		if p == nil || p.Key != "backup.err.faults" || !since.Equal(clock.Now()) {
			t.Errorf("after a bad drill: %v since %v", p, since)
		}
		night.Check = check
		if did, _ := night.Turn(t.Context()); did {
			t.Error("tried again at once")
		}
		clock.Add(time.Hour)
		if did, err := night.Turn(t.Context()); !did || err != nil {
			t.Errorf("an hour later: %v, %v", did, err)
		}
		if p, _ := n.state(t).Trouble(clock.Now()); p != nil {
			t.Errorf("after a good drill: %v", p)
		}
		night.Dir = filepath.Join(n.place.Folder, "keys", "journal.key", "x")
		clock.Add(24 * time.Hour)
		_, err = night.Turn(t.Context())
		refused(t, err, "backup.err.write")
		if p, _ := n.state(t).Trouble(clock.Now()); p == nil || p.Key != "backup.err.write" {
			t.Errorf("after a disk that takes nothing: %v", p)
		}
	})
}

// rel-R31: years of nights leave the last days, the ends of the last months,
// and nobody else's file.
func TestBackupsAreForgottenInTime(t *testing.T) {
	t.Parallel()
	n := stand(t, filepath.Join(t.TempDir(), "x.db"))
	clock := storetest.ClockOf(n.db)
	dir := t.TempDir()
	night := n.nightly(t, "a", dir)
	night.Days, night.Months = 3, 1
	other := stand(t, filepath.Join(t.TempDir(), "other.db"))
	_, err := other.Make(t.Context(), filepath.Join(dir, "quay20-20200101-010000.backup"))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "quay20-note.backup"), []byte("giữ lại"), 0o600))
	for range 12 { // from 2 March
		_, err := night.Turn(t.Context())
		must(t, err)
		clock.Add(24 * time.Hour)
	}
	if have := files(t, dir); len(have) != 2+8 { // the newest, and the seven that stay in any case
		t.Errorf("%d files are kept: %v", len(have), have)
	}
	must(t, n.db.Read(t.Context(), func(tx *store.Tx) error {
		gone, err := journal.List(tx, journal.Filter{Act: "backup_deleted"})
		if len(gone) != 4 || !strings.Contains(string(gone[3].Facts), "quay20-20260302") {
			t.Errorf("journaled %d deletions: %v", len(gone), gone)
		}
		return err
	}))
}

// rel-R31, as a rule: what is young stays, each month of the last twelve keeps
// its last one, the newest seven stay, and nothing else does.
func TestWhatStaysOfTheBackups(t *testing.T) {
	t.Parallel()
	at := func(s string) time.Time {
		d, err := time.ParseInLocation("2006-01-02", s, lawtime.Zone)
		if err != nil {
			t.Fatal(err)
		}
		return d.Add(time.Hour)
	}
	var made []time.Time
	for d := at("2024-01-01"); d.Before(at("2026-05-09")); d = d.AddDate(0, 0, 1) {
		made = append(made, d)
	}
	var stay []string
	for i, past := range backup.Past(made, at("2026-05-08"), 35, 12) {
		if !past {
			stay = append(stay, made[i].Format("2006-01-02"))
		}
	}
	var want []string
	for m := at("2025-06-01"); m.Before(at("2026-05-01")); m = m.AddDate(0, 1, 0) {
		want = append(want, m.AddDate(0, 0, -1).Format("2006-01-02")) // ends of May 2025 … March 2026
	}
	for d := at("2026-04-04"); d.Before(at("2026-05-09")); d = d.AddDate(0, 0, 1) {
		want = append(want, d.Format("2006-01-02"))
	}
	if !slices.Equal(stay, want) {
		t.Errorf("stay\n%v\nwant\n%v", stay, want)
	}
	rapid.Check(t, func(t *rapid.T) {
		now := at("2026-05-08")
		var made []time.Time
		for _, h := range rapid.SliceOfN(rapid.IntRange(-30000, 30000), 0, 60).Draw(t, "hours") {
			made = append(made, now.Add(time.Duration(h)*time.Hour))
		}
		past := backup.Past(made, now, 35, 12)
		kept := 0
		for i := range past {
			if !past[i] {
				kept++
			} else if now.Sub(made[i]) < 35*24*time.Hour {
				t.Fatalf("%v is forgotten after %v", made[i], now.Sub(made[i]))
			}
		}
		if kept < min(7, len(made)) {
			t.Fatalf("only %d of %d stay", kept, len(made))
		}
	})
}
