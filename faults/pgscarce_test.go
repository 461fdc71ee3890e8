package faults

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// rel-F09: the program may open 64 files only, and hundreds of connections come
// that are never used; or it has little memory, and many large requests come at
// once. It keeps people waiting or turns them away, neither ends nor loses
// anything, and works again when they are gone.
func TestFewDescriptorsAndLittleMemory(t *testing.T) {
	t.Parallel()
	for engine, database := range map[string]func(t *testing.T) string{
		"sqlite":   func(*testing.T) string { return "" },
		"postgres": func(t *testing.T) string { p := newCluster(t); return p.house(p.port) },
	} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			n := newNode(t, database(t))
			c := newClient(t, n)
			most := rounds(1, 5)
			injected, peak := 0, 0
			for range most {
				fewDescriptors(t, c)
				peak = max(peak, littleMemory(t, c))
				injected += 2
			}
			f := c.compare(t)
			n.mustVerify()
			report(t, result{Fault: "F09", Variant: "64 descriptors; 200 requests of 20 MB at once", Engine: engine, Rounds: most, Injected: injected,
				Acknowledged: f.acknowledged, Lost: f.lost, Doubled: f.doubled, Remark: fmt.Sprintf("at most %d MB of memory, with GOMEMLIMIT=128MiB", peak)})
		})
	}
}

// fewDescriptors opens far more connections than the program may have files.
func fewDescriptors(t *testing.T, c *client) {
	t.Helper()
	s := c.n.mustServe("prlimit", "--nofile=64:64")
	defer s.stop()
	if got, err := c.send(s.url, c.intake("later")); err != nil || got.status >= 300 {
		t.Fatalf("before: %d %s %v", got.status, got.Title, err)
	}
	var idle []net.Conn
	for range 300 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		must(t, err)
		idle = append(idle, conn)
	}
	stop := make(chan struct{})
	fresh := *c.http
	fresh.Timeout = 5 * time.Second
	fresh.Transport = &http.Transport{DisableKeepAlives: true}
	old := c.http
	c.http = &fresh
	wg := c.patient(s.url, 8, stop)
	time.Sleep(3 * time.Second)
	used, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.cmd.Process.Pid))
	must(t, err)
	if len(used) < 60 {
		t.Errorf("the program has %d files open: it lacked none", len(used))
	}
	s.mustLive(t)
	for _, conn := range idle {
		conn.Close()
	}
	c.more(50)
	close(stop)
	wg.Wait()
	c.http = old
	c.settle(t, s.url)
	if broke := c.statuses(http.StatusInternalServerError); broke > 0 {
		t.Errorf("%d answers were 500: %v\n%s", broke, c.said, lines(s.log.String(), "request broke"))
	}
}

// littleMemory sends far more at once than a small machine has memory, and looks
// at the most that the program ever had. A limit of the system would only end
// it: nobody can be turned away by a program that gets no page.
func littleMemory(t *testing.T, c *client) (peak int) {
	t.Helper()
	s := c.n.mustServe("env", "GOMEMLIMIT=128MiB")
	defer s.stop()
	stop := make(chan struct{})
	wg := c.patient(s.url, 16, stop)
	c.more(20)
	var large sync.WaitGroup
	for range 200 {
		large.Go(func() {
			req, err := http.NewRequest(http.MethodPost, s.url+"/api/v1/dossiers", io.LimitReader(endless{}, 20<<20))
			must(t, err)
			req.Header.Set("Authorization", "Bearer "+c.n.people.desk)
			req.Header.Set("Idempotency-Key", c.key())
			req.Header.Set("Content-Type", "application/json")
			if res, err := c.http.Do(req); err == nil {
				io.Copy(io.Discard, res.Body)
				res.Body.Close()
				if res.StatusCode < 400 || res.StatusCode == 500 {
					t.Errorf("20 MB of nothing are answered %d", res.StatusCode)
				}
			}
		})
	}
	large.Wait()
	c.more(50)
	s.mustLive(t)
	close(stop)
	wg.Wait()
	c.settle(t, s.url)
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	must(t, err)
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	fmt.Sscan(rest, &peak)
	if peak >>= 10; peak == 0 || peak > 256 {
		t.Errorf("the program had %d MB, more than a small machine", peak)
	}
	return peak
}

// mustLive fails the test if the program has ended.
func (s *server) mustLive(t *testing.T) {
	t.Helper()
	select {
	case <-s.exited:
		log := s.log.String()
		t.Fatalf("it ended: %v\n%s", s.cmd.ProcessState, log[:min(len(log), 3000)])
	default:
	}
}

// endless is a JSON text that goes on and on.
type endless struct{}

func (endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = '['
	}
	return len(b), nil
}
