package journal_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"quay20/internal/journal"
	"quay20/internal/store"
)

// rel-I-J6: an entry that stays alone is copied within sixty seconds, in
// virtual time.
func TestLoneEntryIsCopiedWithinAMinute(t *testing.T) {
	t.Parallel()
	dir, k := t.TempDir(), keysOf(t)
	synctest.Test(t, func(t *testing.T) {
		db, err := store.Open(t.Context(), t.TempDir()+"/quay20.db", store.Options{Now: time.Now, Readers: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		w := &journal.Witness{DB: db, Keys: k, Dir: dir}
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan struct{})
		go func() { w.Run(ctx); close(ended) }()
		synctest.Wait()
		write(t, db, receive("1"))
		time.Sleep(55 * time.Second)
		if copied, _, err := w.Reached(); copied != 0 || err != nil {
			t.Errorf("after 55 seconds %d copied (%v), want none yet", copied, err)
		}
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if copied, _, err := w.Reached(); copied != 1 || err != nil {
			t.Errorf("after 61 seconds %d copied (%v), want the entry", copied, err)
		}
		stop()
		<-ended
	})
}
