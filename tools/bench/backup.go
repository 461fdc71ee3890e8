package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

const (
	whileBackup = "intake while a backup is written"
	broughtBack = "backup brought back and verified, dossiers"
)

// backups measures what a backup costs those who work meanwhile, as long as it
// takes, and how long it takes to bring it back aside and to verify all of it
// (rel-L09).
func backups(ctx context.Context, p plan, all *results) error {
	for _, n := range p.sizes {
		if n > p.history {
			continue // the older ones have no journal
		}
		dir := filepath.Join(p.dir, fmt.Sprintf("sqlite-%d", n))
		if err := all.backup(ctx, place{engine: "SQLite", size: n, dir: dir, database: filepath.Join(dir, "quay20.db")}); err != nil {
			return err
		}
	}
	return nil
}

func (r *results) backup(ctx context.Context, at place) error {
	during, back := what{whileBackup, 32, at.size, at.engine}, what{broughtBack, 1, at.size, at.engine}
	if !r.lacks(during) && !r.lacks(back) {
		return nil
	}
	dir, err := os.MkdirTemp(filepath.Dir(at.dir), "backup-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	quay, _, err := programs(ctx, dir)
	if err != nil {
		return err
	}
	file := filepath.Join(dir, "house.backup")
	if _, err := os.Stat(filepath.Join(keysOf(at.dir), "backup.pub")); err != nil {
		if _, err := run(ctx, quay, "backup", "key", "--data", at.dir); err != nil {
			return err
		}
	}
	c, err := start(at.dir, "-database", at.database, "-officers", "200")
	if err != nil {
		return err
	}
	defer c.stop()
	written, stop := context.WithCancel(ctx)
	defer stop()
	failed := make(chan error, 1)
	go func() {
		defer stop()
		_, err := run(ctx, quay, "backup", "write", file, "--data", at.dir)
		failed <- err
	}()
	peak := c.peak()
	one := c.load(written, during.N, time.Hour, c.intake())
	one.Peak = peak()
	if err := <-failed; err != nil {
		return err
	}
	r.add(during, one)
	begun := time.Now()
	drill, err := run(ctx, quay, "drill", file, "--data", at.dir)
	if err != nil {
		return err
	}
	took := time.Since(begun)
	r.add(back, result{
		Rate: float64(at.size) / took.Seconds(), P50: took, P99: took,
		CPU:  (drill.UserTime() + drill.SystemTime()) / time.Duration(at.size),
		Peak: drill.SysUsage().(*syscall.Rusage).Maxrss << 10,
	})
	return nil
}

// run runs a command of the program to its end.
func run(ctx context.Context, quay string, args ...string) (*os.ProcessState, error) {
	cmd := exec.CommandContext(ctx, quay, args...)
	said, err := cmd.CombinedOutput()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("quay20 %s: %.2000s", args[0], said), err)
	}
	return cmd.ProcessState, nil
}
