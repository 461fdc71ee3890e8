package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"quay20/internal/store"
)

// patient keeps writers at work until stop is closed, also while the house
// refuses: each waits a moment then.
func (c *client) patient(url string, writers int, stop <-chan struct{}) *sync.WaitGroup {
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for {
				before := c.acknowledged()
				err := c.life(url, rand.IntN(4))
				wait := time.Duration(0)
				if err != nil || c.acknowledged() == before {
					wait = 50 * time.Millisecond
				}
				select {
				case <-stop:
					return
				case <-time.After(wait):
				}
			}
		})
	}
	return &wg
}

// more waits until so many further acts are acknowledged.
func (c *client) more(n int) {
	c.n.t.Helper()
	for before, tries := c.acknowledged(), 0; c.acknowledged() < before+n; tries++ {
		if tries == 3000 {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.n.t.Fatalf("no %d further acts were acknowledged within half a minute: %v", n, c.said)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// kept is what a second machine has, as page A7 tells it.
func (n *node) kept() store.Copy {
	n.t.Helper()
	db, err := store.Open(context.Background(), n.database, store.Options{Now: time.Now, AsIs: true})
	must(n.t, err)
	defer db.Close()
	v, err := db.Vitals(context.Background())
	must(n.t, err)
	return v.Copy
}

// rel-F17, rel-I-D1, rel-I-D5, rel-I-D6: the primary's machine dies under load, its synchronous
// standby is promoted, and the program finds it by the hosts in its address.
// Nothing that was answered is lost, no number is issued twice. A wait for the
// standby that somebody breaks off is not answered as saved.
func TestFailoverToASynchronousStandby(t *testing.T) {
	t.Parallel()
	a := newCluster(t)
	networks := map[*cluster]*proxy{a: newProxy(t, a.port)} // from a primary to its standby
	b := a.standby("standby", networks[a].port(), true)
	networks[b] = newProxy(t, b.port)
	n := newNode(t, a.house(a.port, b.port))
	if kept := n.kept(); kept != store.AtOnce {
		t.Errorf("with a synchronous standby a copy is kept %s", kept)
	}
	c := newClient(t, n)
	s := n.mustServe()
	most := rounds(2, 5)
	slowest, broken := time.Duration(0), 0
	for round := range most {
		stop := make(chan struct{})
		wg := c.patient(s.url, 8, stop)
		c.more(100)
		networks[a].set(0, true) // what is sent now the standby never gets
		broken += brokenOff(t, a)
		a.kill()
		died := time.Now()
		networks[a].reset()
		b.promote()
		for from := c.acknowledged(); c.acknowledged() == from; {
			time.Sleep(2 * time.Millisecond)
			if time.Since(died) > time.Minute {
				t.Fatalf("round %d: nothing is acknowledged a minute after the promotion: %v\n%s", round, c.said, s.log)
			}
		}
		slowest = max(slowest, time.Since(died))
		c.more(100)
		if kept := n.kept(); kept != store.NoCopy {
			t.Errorf("alone, a copy is kept %s", kept)
		}
		close(stop)
		wg.Wait()
		if f := c.compare(t); f.lost > 0 || f.doubled != 0 {
			t.Fatalf("round %d: %d of %d acknowledged are lost, %d doubled", round, f.lost, f.acknowledged, f.doubled)
		}
		networks[a].set(0, false)
		a.follow(b, "standby", networks[b].port(), true)
		a, b = b, a
	}
	c.settle(t, s.url)
	s.stop()
	f := c.compare(t)
	n.mustVerify()
	if broken == 0 {
		t.Error("no wait for the standby was broken off")
	}
	report(t, result{Fault: "F17", Variant: "primary killed, synchronous standby", Engine: "postgres", Rounds: most, Injected: most,
		Acknowledged: f.acknowledged, Lost: f.lost, Doubled: f.doubled,
		Remark: fmt.Sprintf("longest outage %.2f s; %d waits for the standby broken off", slowest.Seconds(), broken)})
}

// brokenOff waits until commits wait for the standby and breaks the wait off.
// The server answers such a commit with success and a warning although the
// standby does not have it; it dies with the primary.
func brokenOff(t *testing.T, primary *cluster) (n int) {
	t.Helper()
	primary.until("a commit waits for the standby", "SELECT COUNT(*) > 0 FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
	got, err := primary.ask("quay20", "SELECT COUNT(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")
	must(t, err)
	time.Sleep(300 * time.Millisecond) // a wrong answer would come now
	return int(got.(int64))
}

// rel-F17, rel-I-J7: the primary's machine dies, its asynchronous standby lacks what was
// answered last. The program says beforehand that this may be (RPO > 0), finds
// it out by what it acknowledged, takes no act, also after a start of its own,
// and issues no number again.
func TestFailoverToAnAsynchronousStandby(t *testing.T) {
	t.Parallel()
	most := rounds(1, 5)
	var killed, lost, acknowledged int
	for range most {
		a := newCluster(t)
		network := newProxy(t, a.port)
		b := a.standby("standby", network.port(), false)
		n := newNode(t, a.house(a.port, b.port))
		if kept := n.kept(); kept != store.Later {
			t.Errorf("with an asynchronous standby a copy is kept %s", kept)
		}
		c := newClient(t, n)
		s := n.mustServe()
		n.leaders()
		stop := make(chan struct{})
		wg := c.patient(s.url, 8, stop)
		c.more(100)
		network.set(0, true) // what is sent now the standby never gets
		c.more(20)
		a.kill()
		network.reset()
		told := c.acknowledged()
		b.promote()
		killed++
		refusedWith(t, c, s.url, "journal.lost")
		time.Sleep(time.Second)
		close(stop)
		wg.Wait()
		if more := c.acknowledged() - told; more > 8 { // answers that were under way at the kill
			t.Errorf("%d acts are acknowledged on a standby that lacks some", more)
		}
		f := c.compare(t)
		lost, acknowledged = lost+f.lost, acknowledged+f.acknowledged
		if f.lost == 0 || f.doubled != 0 {
			t.Errorf("%d of %d acknowledged are lost, %d doubled: the standby was to lack some", f.lost, f.acknowledged, f.doubled)
		}
		s.kill() // nobody may find out by luck: the program forgets what it knew
		if ok, said := n.verify(); ok {
			t.Errorf("quay20 verify finds nothing: %s", said)
		}
		s = n.mustServe()
		refusedWith(t, c, s.url, "journal.behind")
		res, err := http.Get(s.url + "/tra-cuu")
		must(t, err)
		res.Body.Close()
		if res.StatusCode != http.StatusOK {
			t.Errorf("looking up answers %d", res.StatusCode)
		}
		s.stop()
		n.acceptLoss()
		s = n.mustServe()
		if got, err := c.send(s.url, c.intake("later")); err != nil || got.status >= 300 {
			t.Errorf("after the loss was accepted: %d %s %v", got.status, got.Title, err)
		}
		s.stop()
		n.mustVerify()
	}
	report(t, result{Fault: "F17", Variant: "primary killed, asynchronous standby", Engine: "postgres", Rounds: most, Injected: killed,
		Acknowledged: acknowledged, Lost: lost, Remark: "what is lost the standby never had; each time no act was taken until two persons accepted the loss"})
}

// do runs a command of the program.
func (n *node) do(args ...string) string {
	n.t.Helper()
	out, err := n.command(args...).CombinedOutput()
	if err != nil {
		n.t.Fatalf("quay20 %v: %v\n%s", args, err, out)
	}
	return string(out)
}

// leaders puts two people on the roll who may accept a loss.
func (n *node) leaders() {
	n.t.Helper()
	for login, person := range map[string]string{"lan": "112-307", "son": "112-308"} {
		n.do("user", "add", login, "--person", person, "--name", "Lò Thị Thử", "--unit", "12")
		n.do("user", "grant", login, "leader", "12", "--reason", "Phân công")
	}
}

// refusedWith waits until an act is refused for a reason.
func refusedWith(t *testing.T, c *client, url, code string) {
	t.Helper()
	var got answered
	for range 300 {
		got, _ = c.send(url, c.intake("later"))
		if got.Code == code && got.status == http.StatusServiceUnavailable {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Errorf("an act is answered %d %s, not refused with %s", got.status, got.Title, code)
}

// acceptLoss is what two leaders do at the console when no copy has what is
// lost.
func (n *node) acceptLoss() {
	n.t.Helper()
	n.do("accept-loss", "--as", "lan", "--second", "son", "--reason", "Máy chủ hỏng", "--same-day")
}
