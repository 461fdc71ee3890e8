package main

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"quay20/internal/demo"
	"quay20/internal/gazette"
	"quay20/internal/journal"
	"quay20/internal/officer"
	"quay20/internal/payment"
	"quay20/internal/store"
)

// What verify says of a real node it says of a filled one: nothing.
func TestFilledDatabasesVerify(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	now := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	all, ins, err := templates(ctx, dir, 1, now)
	if err != nil {
		t.Fatal(err)
	}
	databases := map[string]string{"sqlite": filepath.Join(dir, "sqlite", "quay20.db")}
	if server := os.Getenv("TEST_POSTGRES"); server != "" {
		address, drop, err := emptyDatabase(ctx, server)
		if err != nil {
			t.Fatal(err)
		}
		defer drop()
		databases["postgres"] = address
	}
	for name, database := range databases {
		t.Run(name, func(t *testing.T) {
			home := filepath.Join(dir, name)
			if err := os.MkdirAll(home, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := fill(ctx, home, database, all, ins, 700, 700, now, t.Log); err != nil {
				t.Fatal(err)
			}
			p, err := openProvince(ctx, database, demo.NewClock(now))
			if err != nil {
				t.Fatal(err)
			}
			defer p.DB.Close()
			checkFilled(t, p, home)
		})
	}
}

func checkFilled(t *testing.T, p *demo.Province, home string) {
	ctx := context.Background()
	keys, err := journal.LoadKeys(keysOf(home))
	if err != nil {
		t.Fatal(err)
	}
	protected := append(payment.Protected(), p.Register.Protected(), gazette.Protected(), officer.Protected())
	report, err := journal.Verify(ctx, p.DB, keys, witnessOf(home), protected...)
	if err != nil || !report.OK() || report.Copied != report.Size || report.Subjects < 1000 {
		t.Errorf("verify: %+v, %v", report, err)
	}
	err = p.DB.Read(ctx, func(tx *store.Tx) error {
		faults, err := payment.Gaps(tx)
		for _, f := range faults {
			t.Error("verify:", f)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
