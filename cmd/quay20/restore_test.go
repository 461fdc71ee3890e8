package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"quay20/internal/problem"
	"quay20/internal/store"
)

// quay20 is one run of the program.
func quay20(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self)
	c.Args = append([]string{"quay20"}, args...)
	return c
}

func says(t *testing.T, args ...string) string {
	t.Helper()
	out, err := quay20(t, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("quay20 %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// rel-F13: a restore that is killed anywhere leaves the old house or the new one
// whole; doing it again ends it. Each round waits for another trace of its
// progress and kills it there.
func TestKilledRestoreLeavesOldOrNew(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	old := filepath.Join(dir, "old")
	says(t, "migrate", "--data", old)
	says(t, "user", "add", "minh", "--data", old, "--person", "112-305", "--name", "Lò Thị Minh", "--unit", "12-PC06")
	key := filepath.Join(dir, "key.txt")
	if err := os.WriteFile(key, []byte(says(t, "backup", "key", "--data", old)), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "night.backup")
	says(t, "backup", file, "--data", old)
	restored := "Nguyên vẹn: 4 dòng" // an officer, a key, a backup, and the restore
	says(t, "user", "add", "lan", "--data", old, "--person", "112-306", "--name", "Lò Văn Lan", "--unit", "12-PC06")
	injected := 0
	for i, c := range []struct {
		trace string // of the progress at which it is killed, below the place
		fresh bool   // where no house was
		wait  time.Duration
	}{
		{trace: "restoring"},
		{trace: "quay20.db.restoring"},
		{trace: "restoring/keys/tracking.key", wait: 50 * time.Millisecond},
		{trace: "quay20.db.before_*"},
		{trace: "../place-*-witness/before_*"},
		{trace: "restore-unfinished", fresh: true},
		{trace: "keys/tracking.key", fresh: true},
		{trace: "quay20.db", fresh: true},
	} {
		place := filepath.Join(dir, fmt.Sprintf("place-%d", i))
		if !c.fresh {
			copyFolder(t, old, place)
			copyFolder(t, old+"-witness", place+"-witness")
		}
		args := []string{"restore", file, "--data", place, "--identity", key, "--reason", "Thử", "--alone", "--lossy"}
		run := quay20(t, args...)
		if err := run.Start(); err != nil {
			t.Fatal(err)
		}
		killedAt(t, run, filepath.Join(place, c.trace), c.wait, &injected)
		out, err := quay20(t, "verify", "--data", place).CombinedOutput()
		whole := err == nil || strings.HasPrefix(string(out), "Không có bản sao ký số nào") && strings.Count(string(out), "\n") == 2 // its head not yet copied
		switch {
		case c.fresh:
			whole = whole || strings.Contains(string(out), "chưa có dữ liệu") || strings.Contains(string(out), "Chạy lại đúng lệnh quay20 restore")
		case !whole: // the new one, whose copied heads are not put aside yet
			whole = strings.Contains(string(out), "Mất phần cuối sổ") || strings.Contains(string(out), "không còn khớp với bản sao đầu sổ")
		}
		if !whole {
			t.Errorf("killed at %s: %v\n%s", c.trace, err, out)
		}
		says(t, args...)
		if out := says(t, "verify", "--data", place); !strings.HasPrefix(out, restored) {
			t.Errorf("killed at %s, done again: %s, want %s", c.trace, out, restored)
		}
	}
	t.Logf("restores killed: %d", injected)
	if injected < 5 {
		t.Errorf("only %d restores were killed", injected)
	}
}

// killedAt kills the run once a file is there, and counts it if it was not over.
func killedAt(t *testing.T, run *exec.Cmd, trace string, wait time.Duration, injected *int) {
	t.Helper()
	over := make(chan error, 1)
	go func() { over <- run.Wait() }()
	for {
		if names, _ := filepath.Glob(trace); len(names) > 0 {
			time.Sleep(wait) // a little further: another process gives no signal
			run.Process.Kill()
			<-over
			if run.ProcessState.Sys().(syscall.WaitStatus).Signaled() {
				*injected++
			}
			return
		}
		select {
		case <-over:
			return
		case <-time.After(time.Millisecond):
		}
	}
}

func copyFolder(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, name), 0o700)
		}
		in, err := os.Open(path)
		if err != nil {
			return err
		}
		defer in.Close()
		out, err := os.OpenFile(filepath.Join(to, name), os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		defer out.Close()
		_, err = io.Copy(out, in)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A start upgrades what an earlier release left only after a rehearsal: here
// the rooms would find a dossier that no entry explains.
func TestStartRehearsesTheUpgrade(t *testing.T) {
	t.Parallel()
	place := &Place{Data: filepath.Join(t.TempDir(), "node"), Lang: "vi"}
	must(t, os.MkdirAll(place.Data, 0o700))
	earlier := store.Options{Now: time.Now, Migrations: until(t, "0012")}
	change := func(statement string) (applied []int64) {
		db, err := store.Open(t.Context(), place.database(), earlier)
		must(t, err)
		must(t, db.Write(t.Context(), func(tx *store.Tx) (err error) {
			if _, err = tx.Exec(statement); err == nil {
				applied, err = store.Applied(tx)
			}
			return err
		}))
		must(t, db.Close())
		return applied
	}
	change(`INSERT INTO payment_series (series, last) VALUES ('BL26-20', 1)`)
	_, err := place.make(t.Context(), time.Now)
	if p, ok := problem.As(err); !ok || p.Key != "backup.err.rehearsal-faults" {
		t.Fatalf("a house with faults is upgraded: %v", err)
	}
	if applied := change(`DELETE FROM payment_series`); applied[len(applied)-1] != 12 {
		t.Errorf("migrations %v ran on the house itself", applied)
	}
	h, err := place.make(t.Context(), time.Now)
	must(t, err)
	must(t, h.db.Close())
	left, err := filepath.Glob(place.database() + ".rehearsal*")
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// until is the migrations of an earlier release.
func until(t *testing.T, last string) fs.FS {
	t.Helper()
	all := fstest.MapFS{}
	must(t, fs.WalkDir(store.Migrations(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Base(path)[:len(last)] > last {
			return err
		}
		b, err := fs.ReadFile(store.Migrations(), path)
		all[path] = &fstest.MapFile{Data: b}
		return err
	}))
	return all
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
