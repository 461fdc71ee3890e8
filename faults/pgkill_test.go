package faults

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// rel-F16, rel-I-D1, rel-I-D2, rel-I-D3, rel-I-D4: a server process is killed with -9, the postmaster
// too, connections are torn, transactions that are idle are ended, statements
// fail as not serializable. The program goes on by itself each time; nothing
// that was answered is lost, nothing is done twice.
func TestPostgresIsHurtUnderLoad(t *testing.T) {
	t.Parallel()
	p := newCluster(t)
	network := newProxy(t, p.port)
	n := newNode(t, p.house(network.port()))
	c := newClient(t, n)
	s := n.mustServe()
	stop := make(chan struct{})
	wg := c.patient(s.url, 8, stop)
	kinds := []struct {
		name string
		hurt func() int
	}{
		{"backend killed", func() int { return p.kill9(t, 1) }},
		{"connections reset", network.reset},
		{"idle transactions ended", func() int { return p.endIdle(t) }},
		{"not serializable", func() int { return p.spoilSerial(t) }},
		{"postmaster killed", func() int { p.kill(); time.Sleep(100 * time.Millisecond); p.start(); return 1 }},
	}
	most := rounds(10, 20)
	injected := map[string]int{}
	slowest := time.Duration(0)
	for round := range most {
		c.more(20)
		k := kinds[round%len(kinds)]
		injected[k.name] += k.hurt()
		hurt := time.Now()
		c.more(1)
		slowest = max(slowest, time.Since(hurt))
		p.until("the server has recovered", "SELECT NOT pg_is_in_recovery()") // an answer may have been under way
		time.Sleep(time.Duration(rand.IntN(100)) * time.Millisecond)
		if f := c.compareAmidst(t); f.lost > 0 {
			t.Fatalf("round %d (%s): %d of %d acknowledged are lost", round, k.name, f.lost, f.acknowledged)
		}
	}
	close(stop)
	wg.Wait()
	c.settle(t, s.url)
	s.stop()
	f := c.compare(t)
	n.mustVerify()
	total := 0
	for _, k := range kinds {
		if injected[k.name] == 0 {
			t.Errorf("%s: no fault was injected", k.name)
		}
		total += injected[k.name]
	}
	if broke := c.statuses(http.StatusInternalServerError); broke > 0 {
		t.Errorf("%d answers were 500; a database that is away is 503: %v\n%s", broke, c.said, lines(s.log.String(), "request broke"))
	}
	report(t, result{Fault: "F16", Variant: "server killed, connections torn, not serializable", Engine: "postgres", Rounds: most, Injected: total,
		Acknowledged: f.acknowledged, Lost: f.lost, Doubled: f.doubled,
		Remark: fmt.Sprintf("%v; longest until the next answer %.2f s", injected, slowest.Seconds())})
}

// kill9 kills server processes that work for the program.
func (c *cluster) kill9(t *testing.T, n int) (killed int) {
	t.Helper()
	for range 200 {
		got, err := c.ask("quay20", "SELECT string_agg(pid::text, ' ') FROM pg_stat_activity WHERE usename = 'quay20' AND state <> 'idle'")
		must(t, err)
		pids, _ := got.(string)
		for _, pid := range strings.Fields(pids) {
			var id int
			fmt.Sscan(pid, &id)
			if killed < n && syscall.Kill(id, syscall.SIGKILL) == nil {
				killed++
			}
		}
		if killed > 0 {
			return killed
		}
	}
	return 0
}

// endIdle ends a transaction of the program between two of its statements.
func (c *cluster) endIdle(t *testing.T) int {
	t.Helper()
	for range 200 {
		got, err := c.ask("quay20", `SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity
			WHERE usename = 'quay20' AND state = 'idle in transaction' AND wait_event = 'ClientRead'`)
		must(t, err)
		if n := got.(int64); n > 0 {
			return int(n)
		}
	}
	return 0
}

// spoilSerial lets the server refuse every tenth new dossier as not
// serializable for a while, as if strangers wrote meanwhile.
func (c *cluster) spoilSerial(t *testing.T) int {
	t.Helper()
	c.exec("CREATE SEQUENCE public.spoilt")
	c.exec("GRANT ALL ON SEQUENCE public.spoilt TO quay20")
	c.exec(`CREATE FUNCTION public.spoil() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		IF nextval('public.spoilt') % 10 = 0 THEN RAISE SQLSTATE '40001'; END IF; RETURN NEW; END $$`)
	c.exec(`CREATE TRIGGER spoil BEFORE INSERT ON public.dossier FOR EACH ROW EXECUTE FUNCTION public.spoil()`)
	c.until("some are refused", "SELECT last_value >= 30 FROM public.spoilt")
	c.exec("DROP TRIGGER spoil ON public.dossier")
	got, err := c.ask("quay20", "SELECT last_value / 10 FROM public.spoilt")
	must(t, err)
	c.exec("DROP FUNCTION public.spoil")
	c.exec("DROP SEQUENCE public.spoilt")
	return int(got.(int64))
}

// statuses is how many answers had a status.
func (c *client) statuses(status int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.refused[status]
}

// lines are the lines of a log that hold a word, the first few.
func lines(log, word string) string {
	all := slices.DeleteFunc(strings.Split(log, "\n"), func(l string) bool { return !strings.Contains(l, word) })
	return strings.Join(all[:min(len(all), 5)], "\n")
}

// compareAmidst looks for what is lost while work goes on: what was answered
// before it began must be there.
func (c *client) compareAmidst(t *testing.T) (f found) {
	t.Helper()
	c.mu.Lock()
	told := slices.Clone(c.order)
	c.mu.Unlock()
	db, err := c.n.look()
	must(t, err)
	defer db.Close()
	stored := map[string]bool{}
	each(t, db, `SELECT key, dossier FROM dossier_request`, func(key, _ string) { stored[key] = true })
	f.acknowledged = len(told)
	for _, key := range told {
		if !stored[key] {
			f.lost++
		}
	}
	return f
}
