package faults

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// serveTraced is serve with somebody who decides about the program's calls of
// the kernel.
func (n *node) serveTraced(decide func(call) verdict) (*server, *traced, error) {
	cmd := n.command("serve", "--listen", "127.0.0.1:0")
	var p *traced
	s, err := serving(cmd, func() (wait func(), err error) {
		p, wait, err = trace(cmd, decide)
		return wait, err
	})
	return s, p, err
}

// ofDatabase reports whether a call is about the node's database.
func (n *node) ofDatabase(c call) bool {
	return c.path == n.file() || c.path == n.file()+"-wal"
}

// page is what somebody with a token sees.
func page(t testing.TB, url, token string) (status int, body string, header http.Header) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, url, nil)
	must(t, err)
	req.Header.Set("Cookie", "__Host-quay20="+token)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Errorf("GET %s: %v", url, err)
		return 0, "", nil
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	must(t, err)
	return res.StatusCode, string(b), res.Header
}

// rel-F05, rel-I-X2: the disk refuses to sync or to write under load. Nothing
// that is asked while it refuses is answered with success, the answers say what
// to do, desk pages go on and say it at their head, and when the disk is well
// again the program saves again by itself, having lost nothing.
func TestDiskErrors(t *testing.T) {
	t.Parallel()
	mayTrace(t)
	n := newNode(t, "")
	c := newClient(t, n)
	s, p, err := n.serveTraced(nil)
	must(t, err)
	kinds := []struct {
		call  string
		errno syscall.Errno
	}{{"fsync", syscall.EIO}, {"pwrite64", syscall.ENOSPC}, {"pwrite64", syscall.EIO}, {"fsync", syscall.ENOSPC}}
	var injected atomic.Int64
	most, met := rounds(12, 60), map[string]int{}
	for round := range most {
		kind := kinds[round%len(kinds)]
		before := injected.Load()
		stop := make(chan struct{})
		wg := c.load(s.url, 4, stop)
		time.Sleep(time.Duration(20+rand.IntN(80)) * time.Millisecond)
		p.judge(func(made call) verdict {
			if made.name != kind.call || !n.ofDatabase(made) {
				return verdict{}
			}
			injected.Add(1)
			return verdict{kind: fail, errno: kind.errno}
		})
		waitFor(t, "a call to fail", func() bool { return injected.Load() > before })
		close(stop)
		wg.Wait()
		for range 4 { // each asked after the error
			a := c.intake("later")
			got, err := c.send(s.url, a)
			if err != nil || got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" || got.Title == "" {
				t.Errorf("round %d: %s on %s: asked while the disk refuses, answered %d «%s» %v; want 503 with Retry-After", round, kind.errno, kind.call, got.status, got.Title, err)
			}
		}
		c.reads(t, s, "máy chủ không ghi được xuống đĩa")
		p.judge(nil)
		waitFor(t, "saving again", func() bool {
			got, err := c.send(s.url, c.intake("later"))
			return err == nil && got.status < 300
		})
		met[kind.call+" "+kind.errno.Error()]++
		c.settle(t, s.url)
		if f := c.compare(t); f.lost > 0 || f.doubled != 0 {
			t.Fatalf("round %d: %d of %d acknowledged are lost, %d doubled", round, f.lost, f.acknowledged, f.doubled)
		}
		if t.Failed() {
			t.FailNow()
		}
	}
	if _, body, _ := page(t, s.url+"/desk", n.people.desk); strings.Contains(body, "không ghi được xuống đĩa") {
		t.Errorf("the disk is well and the desk is told that it is not")
	}
	s.stop()
	f := c.compare(t)
	n.mustVerify()
	report(t, result{Fault: "F05", Variant: "write and sync refuse", Engine: "sqlite", Rounds: most, Injected: int(injected.Load()),
		Acknowledged: f.acknowledged, Lost: f.lost, Doubled: f.doubled, Remark: fmt.Sprintf("%v", met)})
}

// rel-F05: each sync of the database takes half a second. Who writes waits, or
// is sent away with 503 and Retry-After; nothing is lost and pages go on.
func TestSlowDisk(t *testing.T) {
	t.Parallel()
	mayTrace(t)
	n := newNode(t, "")
	c := newClient(t, n)
	s, p, err := n.serveTraced(nil)
	must(t, err)
	var slow atomic.Int64
	p.judge(func(made call) verdict {
		if made.name != "fsync" || !n.ofDatabase(made) {
			return verdict{}
		}
		slow.Add(1)
		return verdict{wait: 500 * time.Millisecond}
	})
	stop := make(chan struct{})
	wg := c.load(s.url, 16, stop)
	waitFor(t, "syncs that were slow", func() bool { return slow.Load() >= int64(rounds(6, 60)) })
	for _, path := range []string{"/", "/tra-cuu", "/desk"} {
		if status, _, _ := page(t, s.url+path, n.people.desk); status != http.StatusOK {
			t.Errorf("%s while the disk is slow: %d", path, status)
		}
	}
	close(stop)
	wg.Wait()
	p.judge(nil)
	if others := c.refusals() - c.refused[http.StatusServiceUnavailable]; others > 0 {
		t.Errorf("answered otherwise than with success or 503: %v %v", c.refused, c.said)
	}
	c.settle(t, s.url)
	s.stop()
	f := c.compare(t)
	n.mustVerify()
	report(t, result{Fault: "F05", Variant: "each sync takes half a second", Engine: "sqlite", Rounds: rounds(6, 60), Injected: int(slow.Load()), Acknowledged: f.acknowledged, Lost: f.lost, Doubled: f.doubled})
}

// reads looks at pages while nothing can be saved: they are there, and the desk
// is told why at their head.
func (c *client) reads(t testing.TB, s *server, why string) {
	t.Helper()
	for _, path := range []string{"/desk", "/desk/intake", "/desk/register"} {
		status, body, _ := page(t, s.url+path, c.n.people.desk)
		if status != http.StatusOK || !strings.Contains(body, why) {
			t.Errorf("%s while nothing is saved: %d, says «%s»: %v", path, status, why, strings.Contains(body, why))
		}
	}
	for _, path := range []string{"/", "/tra-cuu", "/api/v1/procedures"} {
		if status, _, _ := page(t, s.url+path, ""); status != http.StatusOK {
			t.Errorf("%s while nothing is saved: %d", path, status)
		}
	}
}

// waitFor waits until something is so.
func waitFor(t testing.TB, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited a minute for %s", what)
		}
	}
}

// rel-F07, rel-I-J7: a disk says that it wrote and did not. SQLite calls what is
// left whole; the start of the program, which knows the copied head, must not.
func TestLyingDisk(t *testing.T) {
	t.Parallel()
	mayTrace(t)
	made := newNode(t, "")
	made.mustServe().stop() // makes its keys
	most := rounds(12, 20)
	lies, acknowledged, lost, reported, unproven := 0, 0, 0, 0, 0
	for round := range most {
		n := made.copyTo(t, filepath.Join(folder(t), "node"))
		c := newClient(t, n)
		s, p, err := n.serveTraced(nil)
		must(t, err)
		stop := make(chan struct{})
		wg := c.load(s.url, 8, stop)
		waitFor(t, "some work", func() bool { return c.acknowledged() > 10+rand.IntN(20) })
		var told atomic.Int64
		p.judge(func(made call) verdict {
			if made.name != "pwrite64" || made.path != n.file()+"-wal" || told.Load() == 1 || rand.IntN(10) > 0 {
				return verdict{}
			}
			told.Store(1)
			return verdict{kind: lie}
		})
		waitFor(t, "a lie", func() bool { return told.Load() > 0 })
		heads := len(c.heads(t))
		for deadline := time.Now().Add(10 * time.Second); len(c.heads(t)) == heads && time.Now().Before(deadline); { // that covers what is not there
			time.Sleep(5 * time.Millisecond)
		}
		s.kill()
		close(stop)
		wg.Wait()
		lies += int(told.Load())
		acknowledged += c.acknowledged()
		proven := int64(0)
		if all := c.heads(t); len(all) > 0 {
			proven = all[len(all)-1]
		}
		said := n.openAt(t)
		left, err := n.entriesLeft()
		last := int64(0)
		for left[last+1] != "" {
			last++
		}
		switch {
		case err == nil && last >= proven:
			unproven++ // what the lie took stood after the last head
		case said == nil:
			lost++
			t.Errorf("round %d: %d of %d proven entries are left (%v), and nothing is said", round, last, proven, err)
		default:
			reported++
		}
		os.RemoveAll(filepath.Dir(n.dir))
	}
	if reported == 0 {
		t.Errorf("no round lost a proven entry: nothing is tried")
	}
	report(t, result{Fault: "F07", Variant: "disk that did not write what it said", Engine: "sqlite", Rounds: most, Injected: lies, Acknowledged: acknowledged, Lost: lost,
		Remark: fmt.Sprintf("%d rounds lost proven entries, %d of them were told at start; %d lost at most what no head proved", reported+lost, reported, unproven)})
}
