package faults

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"quay20/internal/demo"
	"quay20/internal/officer"
	"quay20/internal/pack"
)

// beside is a second node on the same database: its own folder with the same
// keys, as docs/runbook/postgresql.md has it.
func (n *node) beside() *node {
	n.t.Helper()
	b := n.copyTo(n.t, filepath.Join(folder(n.t), "node"))
	b.files = filepath.Join(n.dir, "files") // nodes share what people sent
	return b
}

// rel-F16, rel-I-D1, rel-I-D5, rel-I-D6, rel-I-D7: two nodes over one database take dossiers at the
// same time; one is killed with -9, or stopped in the middle of its turn and
// woken long after. The other one goes on; numbers have no gap, nothing is lost
// or done twice.
func TestTwoNodesOneDiesOrSleeps(t *testing.T) {
	t.Parallel()
	p := newCluster(t)
	a := newNode(t, p.house(p.port))
	b := a.beside()
	b.database += "&application_name=second"
	c := newClient(t, a)
	first, second := a.mustServe(), b.mustServe()
	stop := make(chan struct{})
	works := func(s *server) func() { return c.patient(s.url, 6, stop).Wait }
	waits := []func(){works(first), works(second)}
	most := rounds(1, 10)
	killed, slept := 0, 0
	slowest := time.Duration(0)
	for range most {
		c.more(100)
		first.kill()
		killed++
		c.more(50)
		first = a.mustServe()
		waits = append(waits, works(first))
		c.more(50)

		p.stopInItsTurn(t, second, "second")
		slept++
		asleep := time.Now()
		c.more(50) // the first goes on once the server takes the turn from the second
		slowest = max(slowest, time.Since(asleep))
		signal(t, syscall.SIGCONT, -second.cmd.Process.Pid)
		c.more(50)
		if got, err := c.send(second.url, c.intake("cash")); err != nil || got.status >= 500 && got.status != 503 {
			t.Errorf("woken, the second answers %d %s %v", got.status, got.Title, err)
		}
	}
	close(stop)
	for _, wait := range waits {
		wait()
	}
	c.settle(t, first.url)
	first.stop()
	second.stop()
	f := c.compare(t)
	a.mustVerify()
	b.mustVerify()
	report(t, result{Fault: "F16", Variant: "two nodes, one killed or stopped in its turn", Engine: "postgres", Rounds: most, Injected: killed + slept,
		Acknowledged: f.acknowledged, Lost: f.lost, Doubled: f.doubled,
		Remark: fmt.Sprintf("%d killed, %d stopped; longest until the other went on %.2f s", killed, slept, slowest.Seconds())})
}

// stopInItsTurn stops a node while it holds the turn, so that the others cannot
// write.
func (c *cluster) stopInItsTurn(t *testing.T, s *server, name string) {
	t.Helper()
	for range 500 {
		signal(t, syscall.SIGSTOP, -s.cmd.Process.Pid)
		held, err := c.ask("quay20", `SELECT COUNT(*) > 0 FROM pg_stat_activity a WHERE state = 'idle in transaction' AND application_name = '`+name+`'
			AND EXISTS (SELECT 1 FROM pg_locks l WHERE l.pid = a.pid AND l.relation = 'store_turn'::regclass AND l.granted)`)
		must(t, err)
		if held == true {
			return
		}
		signal(t, syscall.SIGCONT, -s.cmd.Process.Pid)
		time.Sleep(3 * time.Millisecond)
	}
	t.Fatal("the node was never met in its turn")
}

// rel-I-X3, rel-K20: three nodes over one database start at once; each overdue dossier
// is noted late once, and a notice that one of them takes in moves each date
// once.
func TestSweepsAndJobsRunOnceOnThreeNodes(t *testing.T) {
	t.Parallel()
	p := newCluster(t)
	const overdue, running = 12, 4
	longAgo := time.Now().AddDate(0, 0, -60)
	n := newNodeAt(t, p.house(p.port), func() time.Time { return longAgo }, func(p *demo.Province, by officer.By) {
		for range overdue {
			_, err := p.Receive(context.Background(), by, passport)
			must(t, err)
		}
	})
	nodes := []*node{n, n.beside(), n.beside()}
	var starting sync.WaitGroup
	servers := make([]*server, len(nodes))
	for i, n := range nodes {
		starting.Go(func() {
			var err error
			if servers[i], err = n.serve(); err != nil {
				t.Error(err)
			}
		})
	}
	starting.Wait()
	p.until("every overdue dossier is noted", fmt.Sprintf("SELECT COUNT(*) >= %d FROM journal_entry WHERE act = 'mark_late'", overdue))
	c, in := newClient(t, n), filepath.Join(folder(t), "in.json")
	for range running { // nobody is signed in any more
		must(t, os.WriteFile(in, c.intake("cash").body, 0o600))
		n.do("dossier", "receive", in, "--as", "quay")
	}
	n.do("pack", "apply", closure(t)) // moves the dates, and asks for a job that does it too
	p.until("every job is done", "SELECT COUNT(*) = 0 FROM job")
	time.Sleep(2 * time.Second) // for those who would do it again
	for _, s := range servers {
		s.stop()
	}
	once := func(act string, want int) {
		t.Helper()
		got, err := p.ask("quay20", "SELECT COUNT(*)::text || ' for ' || COUNT(DISTINCT subject) FROM journal_entry WHERE act = '"+act+"'")
		must(t, err)
		if want := fmt.Sprintf("%d for %d", want, want); got != want {
			t.Errorf("%s entries: %s dossiers, want %s", act, got, want)
		}
	}
	once("mark_late", overdue)
	once("recompute", running)
	n.mustVerify()
}

// closure is the file of a notice that closes the desks on the next two working
// days.
func closure(t *testing.T) (path string) {
	t.Helper()
	day := time.Now().In(pack.Zone)
	notice := fmt.Sprintf("id: %[1]s-bao\nannounced: %[1]s\ntitle: Đóng cửa vì bão\nlaw: nd-118-2025\ndays:\n", day.Format(time.DateOnly))
	for n := 0; n < 2; {
		day = day.AddDate(0, 0, 1)
		if w := day.Weekday(); w != time.Saturday && w != time.Sunday {
			notice += fmt.Sprintf("  - {date: %s, kind: closure, name: Bão}\n", day.Format(time.DateOnly))
			n++
		}
	}
	path = filepath.Join(folder(t), "bao.yaml")
	must(t, os.WriteFile(path, []byte(notice), 0o600))
	return path
}
