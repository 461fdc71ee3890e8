package officer_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"quay20/internal/officer"
	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/store/storetest"
)

// rel-K85: when the roll cannot be read nobody is let in, and the answer is
// that the service is away, not that they are wrong.
func TestNobodyIsLetInWithoutTheRoll(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		clock := storetest.NewClock(storetest.Start)
		db, err := store.Open(t.Context(), address, store.Options{Now: clock.Now, Readers: 1})
		if err != nil {
			t.Fatal(err)
		}
		h := &house{T: t, db: db, clock: clock, secrets: map[string]string{}}
		h.roll = h.another()
		_, token := h.add(h.first(), "minh", officer.Receptionist, quay20)
		if _, err := h.roll.Session(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		if s, err := h.roll.Session(t.Context(), token); err == nil || problem.Is(err, problem.Unauthenticated) {
			t.Errorf("a session without the roll: %+v, %v", s, err)
		}
		if token, _, err := h.roll.SignIn(t.Context(), "minh", good, "", here); err == nil || problem.Is(err, problem.Unauthenticated) {
			t.Errorf("signed in without the roll: %q, %v", token, err)
		}
	})
}

// rel-K70, rel-T24: the costly hash of passwords is made for few at a time; the
// rest of a herd is asked to come again, and nobody gets a wrong answer.
func TestHerdOfSignInsIsBounded(t *testing.T) {
	each(t, func(h *house) {
		slow := officer.NewRoll(h.db, law, officer.Options{Work: officer.Work{Memory: 16 << 10, Passes: 2}})
		var herd sync.WaitGroup
		var away, other atomic.Int64
		for i := range 200 {
			herd.Go(func() {
				_, _, err := slow.SignIn(h.Context(), fmt.Sprint("nobody", i), "sai mật khẩu rồi", "", fmt.Sprintf("10.%d.1.7:50123", i))
				switch {
				case problem.Is(err, problem.Unavailable):
					away.Add(1)
				case !problem.Is(err, problem.Unauthenticated) && !problem.Is(err, problem.TooMany):
					other.Add(1)
				}
			})
		}
		herd.Wait()
		if other.Load() > 0 {
			h.Errorf("%d were answered otherwise", other.Load())
		}
		h.Log(away.Load(), "were asked to come again")
	})
}
