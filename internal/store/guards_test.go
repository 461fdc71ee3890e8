package store_test

import (
	"context"
	"slices"
	"testing"

	"quay20/internal/store"
	"quay20/internal/store/storetest"
)

// rel-I-J4: whoever takes the refusal to change the past away is told of.
func TestGuardsThatAreGoneAreMissed(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		missing := func() (names []string) {
			t.Helper()
			if err := db.Read(ctx, func(tx *store.Tx) (err error) { names, err = store.Unguarded(tx); return err }); err != nil {
				t.Fatal(err)
			}
			return names
		}
		if names := missing(); len(names) > 0 {
			t.Fatalf("a new database lacks %v", names)
		}
		changes := map[string]string{
			"DROP TRIGGER journal_entry_delete": "journal_entry_delete",
			"DROP TRIGGER journal_head_update":  "journal_head_update",
			"DROP TRIGGER journal_hash_replace": "journal_hash_replace",
		}
		if db.Engine() == "postgres" {
			changes = map[string]string{
				"DROP TRIGGER journal_entry_change ON journal_entry":                  "journal_entry_change",
				"ALTER TABLE journal_head DISABLE TRIGGER journal_head_update":        "journal_head_update",
				"ALTER TABLE journal_hash ENABLE REPLICA TRIGGER journal_hash_change": "journal_hash_change",
			}
		}
		var want []string
		for change, name := range changes {
			want = append(want, name)
			if err := db.Write(ctx, func(tx *store.Tx) error { _, err := tx.Exec(change); return err }); err != nil {
				t.Fatal(err)
			}
		}
		slices.Sort(want)
		if names := missing(); !slices.Equal(names, want) {
			t.Errorf("missed %v, want %v", names, want)
		}
		soft := []string{
			"DROP TRIGGER journal_hash_delete",
			"CREATE TRIGGER journal_hash_delete BEFORE DELETE ON journal_hash BEGIN SELECT 1; END",
		}
		if db.Engine() == "postgres" {
			soft = []string{"CREATE OR REPLACE FUNCTION journal_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$"}
		}
		for _, change := range soft {
			if err := db.Write(ctx, func(tx *store.Tx) error { _, err := tx.Exec(change); return err }); err != nil {
				t.Fatal(err)
			}
		}
		if names := missing(); len(names) <= len(want) {
			t.Errorf("a guard that refuses nothing passes: missed %v", names)
		}
	})
}
