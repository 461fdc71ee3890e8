package faults

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"
)

// rel-F16, rel-F20: the network to PostgreSQL is slow, then swallows everything without a
// word. No act waits without end, no connection of the pools stays taken: when
// the network is back, so is the desk, by itself.
func TestSlowAndMuteNetworkToPostgres(t *testing.T) {
	t.Parallel()
	p := newCluster(t)
	network := newProxy(t, p.port)
	n := newNode(t, p.house(network.port()))
	c := newClient(t, n)
	s := n.mustServe()
	stop := make(chan struct{})
	wg := c.patient(s.url, 16, stop)
	most := rounds(1, 5)
	longest, shed, faults := time.Duration(0), 0, 0
	var mu sync.Mutex
	for range most {
		c.more(50)
		network.set(20*time.Millisecond, false)
		faults++
		c.more(20)
		network.set(0, true)
		faults++
		var desk sync.WaitGroup
		for range 30 { // more than the pools have connections
			a := c.intake("later")
			desk.Go(func() {
				begun := time.Now()
				got, err := c.send(s.url, a)
				mu.Lock()
				defer mu.Unlock()
				longest = max(longest, time.Since(begun))
				switch {
				case err != nil:
					t.Errorf("mute: no answer: %v", err)
				case got.status == http.StatusServiceUnavailable && got.header.Get("Retry-After") != "":
					shed++
				case got.status >= 300:
					t.Errorf("mute: an act is answered %d %s", got.status, got.Code)
				}
			})
		}
		time.Sleep(2 * time.Second)
		network.set(0, false)
		desk.Wait()
		c.more(50)
		res, err := http.Get(s.url + "/thu-tuc")
		must(t, err)
		res.Body.Close()
		if res.StatusCode != http.StatusOK {
			t.Errorf("afterwards a page answers %d", res.StatusCode)
		}
	}
	close(stop)
	wg.Wait()
	c.settle(t, s.url)
	s.stop()
	f := c.compare(t)
	n.mustVerify()
	if shed == 0 {
		t.Error("nobody was turned away: the network was not mute")
	}
	if broke := c.statuses(http.StatusInternalServerError); broke > 0 {
		t.Errorf("%d answers were 500: %v\n%s", broke, c.said, lines(s.log.String(), "request broke"))
	}
	report(t, result{Fault: "F16", Variant: "slow, then mute network", Engine: "postgres", Rounds: most, Injected: faults,
		Acknowledged: f.acknowledged, Lost: f.lost, Doubled: f.doubled,
		Remark: fmt.Sprintf("%d acts turned away with 503; longest wait %.1f s", shed, longest.Seconds())})
}
