package faults

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// rel-F01, rel-I-D1, rel-I-D2, rel-I-D3, rel-I-D4: kill -9 under load, again and
// again on one data folder. Everything answered is there, nothing twice, no
// number is missing, and a lost answer can be asked for by its key.
func TestKillUnderLoad(t *testing.T) {
	t.Parallel()
	n := newNode(t, "")
	c := newClient(t, n)
	most := rounds(40, 200)
	kills, slowest := 0, time.Duration(0)
	var f found
	for round := range most {
		s := n.mustServe()
		slowest = max(slowest, s.up)
		c.settle(t, s.url)
		stop := make(chan struct{})
		wg := c.load(s.url, []int{8, 8, 8, 16, 64}[round%5], stop)
		time.Sleep(time.Duration(50+rand.IntN(251)) * time.Millisecond)
		s.kill()
		kills++
		close(stop)
		wg.Wait()
		c.http.CloseIdleConnections()
		if f = c.compare(t); f.lost > 0 || f.doubled != 0 {
			t.Fatalf("round %d: %d of %d acknowledged are lost, %d doubled", round, f.lost, f.acknowledged, f.doubled)
		}
		if round%50 == 49 {
			n.mustVerify()
		}
		if t.Failed() {
			t.FailNow()
		}
	}
	s := n.mustServe()
	c.settle(t, s.url)
	s.stop()
	f = c.compare(t)
	n.mustVerify()
	acts := c.acts()
	for _, act := range []string{"receive", "collect_fee", "advance", "request_supplement", "supply"} {
		if acts[act] == 0 {
			t.Errorf("no %s was ever acknowledged: %v %v", act, acts, c.said)
		}
	}
	report(t, result{Fault: "F01", Variant: "kill -9 under load", Engine: "sqlite", Rounds: most, Injected: kills,
		Acknowledged: f.acknowledged, Lost: f.lost, Doubled: f.doubled, Remark: fmt.Sprintf("slowest restart to first answer %.2f s", slowest.Seconds())})
}
