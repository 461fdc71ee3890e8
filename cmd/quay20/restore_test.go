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
	"time"
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
		{trace: "restoring", fresh: true},
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
		if c.fresh {
			out, err := quay20(t, "verify", "--data", place).CombinedOutput()
			whole := err == nil || strings.HasPrefix(string(out), "Không có bản sao ký số nào") && strings.Count(string(out), "\n") == 2 // its head not yet copied
			if refused := err != nil && strings.Contains(string(out), "restore"); !whole && !refused && !strings.Contains(string(out), "chưa có dữ liệu") {
				t.Errorf("killed at %s, where nothing was: %s", c.trace, out)
			}
		} else {
			out, err := quay20(t, "user", "list", "--data", place).CombinedOutput()
			given := strings.Contains(string(out), "restore") || strings.Contains(string(out), "bản sao lưu cũ") // new, its heads not yet put aside
			if err != nil && !given {
				t.Errorf("killed at %s: %v\n%s", c.trace, err, out)
			}
			if err == nil && !strings.Contains(string(out), "minh") {
				t.Errorf("killed at %s: the roll is\n%s", c.trace, out)
			}
		}
		says(t, args...)
		if out := says(t, "verify", "--data", place); !strings.HasPrefix(out, "Nguyên vẹn") {
			t.Errorf("killed at %s, done again: %s", c.trace, out)
		}
		if out := says(t, "user", "list", "--data", place); strings.Contains(out, "lan") || !strings.Contains(out, "minh") {
			t.Errorf("killed at %s, done again, the roll is\n%s", c.trace, out)
		}
	}
	t.Logf("restores killed: %d", injected)
	if injected < 6 {
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
		default:
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
