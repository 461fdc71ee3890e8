package faults

import (
	"fmt"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// rel-F12: the machine sleeps under load and wakes again, and its steady clock
// stands elsewhere than the last time. What was under way is answered, what was
// acknowledged is there.
func TestMachineSleeps(t *testing.T) {
	t.Parallel()
	n := newNode(t, "")
	c := newClient(t, n)
	var slowest time.Duration
	var f found
	most := rounds(2, 3)
	for round := range most {
		before := []string{"unshare", "--time", fmt.Sprintf("--monotonic=%d", round*3_000_000), fmt.Sprintf("--boottime=%d", round*3_000_000)}
		if exec.Command(before[0], append(before[1:], "true")...).Run() != nil {
			before = nil // the steady clock moves only where the kernel lets it; the sleep is tried everywhere
		}
		s := n.mustServe(before...)
		stop := make(chan struct{})
		wg := c.load(s.url, 8, stop)
		time.Sleep(100 * time.Millisecond)
		syscall.Kill(-s.cmd.Process.Pid, syscall.SIGSTOP)
		time.Sleep(2 * time.Second)
		syscall.Kill(-s.cmd.Process.Pid, syscall.SIGCONT)
		woken := time.Now()
		got, err := c.send(s.url, c.intake("later"))
		if err != nil || got.status >= 300 {
			t.Errorf("after the sleep: %d «%s» %v", got.status, got.Title, err)
		}
		slowest = max(slowest, time.Since(woken))
		close(stop)
		wg.Wait()
		s.stop()
		if f = c.compare(t); f.lost > 0 || f.doubled != 0 {
			t.Fatalf("round %d: %d of %d acknowledged are lost, %d doubled", round, f.lost, f.acknowledged, f.doubled)
		}
	}
	n.mustVerify()
	report(t, result{Fault: "F12", Variant: "the machine sleeps under load; its steady clock moved", Engine: "sqlite", Rounds: most, Injected: most, Acknowledged: f.acknowledged, Lost: f.lost, Doubled: f.doubled,
		Remark: fmt.Sprintf("slowest answer after waking %.2f s", slowest.Seconds())})
}
