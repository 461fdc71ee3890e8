package faults

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// rel-F14: a stranger holds the database: a program that copies the file, or an
// administrator with a LOCK TABLE. A short lock only makes the desk wait. Under a
// long one each act is refused within a bounded time, as 503 with Retry-After,
// and is not done afterwards by itself; then all goes on.
func TestStrangerHoldsTheLock(t *testing.T) {
	t.Parallel()
	for engine, open := range map[string]func(*testing.T) (n *node, lock func() (release func())){
		"sqlite":   lockedLite,
		"postgres": lockedPostgres,
	} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			n, lock := open(t)
			c := newClient(t, n)
			s := n.mustServe()
			stop := make(chan struct{})
			wg := c.patient(s.url, 4, stop)
			longest, turnedAway, locks := time.Duration(0), 0, 0
			for round := range rounds(2, 5) {
				c.more(20)
				held := []time.Duration{time.Second, 7 * time.Second, 3 * time.Second, 10 * time.Second, 2 * time.Second}[round]
				release := lock()
				locks++
				var desk sync.WaitGroup
				var mu sync.Mutex
				var refused []string
				for range 8 {
					a := c.intake("later")
					desk.Go(func() {
						begun := time.Now()
						got, err := c.send(s.url, a)
						mu.Lock()
						defer mu.Unlock()
						longest = max(longest, time.Since(begun))
						switch {
						case err != nil:
							t.Errorf("a lock of %v: no answer: %v", held, err)
						case got.status < 300:
						case got.status == http.StatusServiceUnavailable && got.header.Get("Retry-After") != "" && slices.Contains([]string{"store.busy", "store.queue", "store.silent"}, got.Code):
							turnedAway++
							refused = append(refused, a.key)
						default:
							t.Errorf("a lock of %v: an act is answered %d %s %q", held, got.status, got.Code, got.header.Get("Retry-After"))
						}
					})
				}
				time.Sleep(held)
				if held > 6*time.Second { // longer than anybody waits
					desk.Wait()
				}
				release()
				desk.Wait()
				if held <= 3*time.Second && len(refused) > 0 {
					t.Errorf("a lock of %v: %d acts are refused", held, len(refused))
				}
				c.more(20)
				n.mustLack(refused)
			}
			close(stop)
			wg.Wait()
			c.settle(t, s.url)
			s.stop()
			f := c.compare(t)
			n.mustVerify()
			if turnedAway == 0 {
				t.Error("nobody was turned away: the lock held nothing up")
			}
			if longest > 15*time.Second {
				t.Errorf("somebody waited %v", longest)
			}
			report(t, result{Fault: "F14", Variant: "a stranger holds the lock", Engine: engine, Rounds: locks, Injected: locks,
				Acknowledged: f.acknowledged, Lost: f.lost, Doubled: f.doubled,
				Remark: fmt.Sprintf("%d acts turned away with 503 and not done by themselves; longest wait %.1f s", turnedAway, longest.Seconds())})
		})
	}
}

// mustLack fails the test if an act that was refused was done nevertheless.
func (n *node) mustLack(keys []string) {
	n.t.Helper()
	db, err := n.look()
	must(n.t, err)
	defer db.Close()
	each(n.t, db, `SELECT key, dossier FROM dossier_request`, func(key, _ string) {
		if slices.Contains(keys, key) {
			n.t.Errorf("the act under key %s was refused as not saved, and is there", key)
		}
	})
}

func lockedLite(t *testing.T) (*node, func() func()) {
	n := newNode(t, "")
	return n, func() func() {
		db, err := sql.Open("sqlite", "file:"+n.file()+"?_txlock=immediate&_pragma=busy_timeout(5000)")
		must(t, err)
		held, err := db.Begin()
		must(t, err)
		return func() { held.Rollback(); db.Close() }
	}
}

func lockedPostgres(t *testing.T) (*node, func() func()) {
	p := newCluster(t)
	n := newNode(t, p.house(p.port))
	return n, func() func() {
		conn, err := pgx.Connect(context.Background(), strings.Replace(p.admin("quay20"), "connect_timeout=2", "", 1))
		must(t, err)
		_, err = conn.Exec(context.Background(), "BEGIN")
		must(t, err)
		_, err = conn.Exec(context.Background(), "LOCK TABLE dossier IN ACCESS EXCLUSIVE MODE")
		must(t, err)
		return func() { conn.Close(context.Background()) }
	}
}
