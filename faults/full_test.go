package faults

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// small mounts a file system with room for so many bytes, or skips where that
// is not allowed.
func small(t *testing.T, bytes int64) string {
	t.Helper()
	dir := folder(t)
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", bytes)); err != nil {
		t.Skipf("no root: mounting a small file system: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

// fill leaves no byte of a file system free; its answer makes room again.
func fill(t testing.TB, dir string) (room func()) {
	t.Helper()
	name := filepath.Join(dir, "ballast")
	f, err := os.Create(name)
	must(t, err)
	defer f.Close()
	for _, size := range []int{1 << 16, 1} {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, size))
		}
	}
	return func() { must(t, os.Remove(name)) }
}

// rel-F08, rel-I-X2: the disk is full, at each place where the program writes:
// the database, the copied heads, a backup, its log, the folder for passing
// files. Nothing is acknowledged that is not stored, the pages say it, and when
// there is room again the next number follows the last.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	t.Run("database", func(t *testing.T) {
		t.Parallel()
		made := newNode(t, "")
		made.mustServe().stop() // makes its keys
		refused := 0
		var f found
		for range rounds(2, 20) {
			n := made.copyTo(t, filepath.Join(small(t, 4<<20), "node"))
			c := newClient(t, n)
			s := n.mustServe()
			before := c.refusals()
			f = c.untilFull(t, s, func() func() { return fill(t, filepath.Dir(n.dir)) })
			refused += c.refusals() - before
		}
		report(t, result{Fault: "F08", Variant: "disk of the database full", Engine: "sqlite", Rounds: rounds(2, 20), Injected: refused, Acknowledged: f.acknowledged, Lost: f.lost, Doubled: f.doubled})
	})
	t.Run("heads", func(t *testing.T) {
		t.Parallel()
		n := newNode(t, "")
		c := newClient(t, n)
		dir := small(t, 1<<20)
		n.heads = filepath.Join(dir, "witness")
		s := n.mustServe()
		waitFor(t, "a first head", func() bool { return len(c.heads(t)) > 0 })
		room := fill(t, dir)
		note := func() string {
			b, err := os.ReadFile(filepath.Join(n.witness(), "head.note"))
			must(t, err)
			return string(b)
		}
		before := note()
		for c.acknowledged() < 250 { // two heads' worth
			must(t, c.life(s.url, 5))
		}
		if c.refusals() > 0 {
			t.Errorf("the desk stops because no head can be copied: %v", c.said)
		}
		if note() != before {
			t.Errorf("a head was copied to a full disk: nothing is tried")
		}
		room()
		waitFor(t, "a head once there is room", func() bool {
			must(t, c.life(s.url, 5))
			return note() != before
		})
		s.stop()
		f := c.compare(t)
		n.mustVerify()
		report(t, result{Fault: "F08", Variant: "disk of the copied heads full", Engine: "sqlite", Rounds: 1, Injected: 1, Acknowledged: f.acknowledged, Lost: f.lost, Doubled: f.doubled})
	})
	t.Run("backup", func(t *testing.T) {
		t.Parallel()
		n := newNode(t, "")
		c := newClient(t, n)
		n.mustRun("backup", "key")
		s := n.mustServe()
		for range 5 {
			must(t, c.life(s.url, 5))
		}
		dir := small(t, 16<<10)
		file := filepath.Join(dir, "night.backup")
		room := fill(t, dir)
		if out, err := n.command("backup", file).CombinedOutput(); err == nil || !strings.Contains(string(out), file) {
			t.Errorf("a backup to a full disk: %v %s", err, out)
		}
		if left, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(left) != 1 {
			t.Errorf("a backup to a full disk leaves %v, %v", left, err)
		}
		must(t, c.life(s.url, 5)) // the desk goes on
		room()
		must(t, syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size=16777216"))
		n.mustRun("backup", file)
		s.stop()
		f := c.compare(t)
		n.mustVerify()
		report(t, result{Fault: "F08", Variant: "disk of the backup full", Engine: "sqlite", Rounds: 1, Injected: 1, Acknowledged: f.acknowledged, Lost: f.lost, Doubled: f.doubled})
	})
	t.Run("passing files", func(t *testing.T) {
		t.Parallel()
		n := newNode(t, "")
		c := newClient(t, n)
		dir := small(t, 16<<10)
		room := fill(t, dir)
		s := n.mustServe("env", "TMPDIR="+dir)
		for range 5 {
			must(t, c.life(s.url, 5))
		}
		got, err := c.send(s.url, c.intake("later"))
		must(t, err)
		if status, body := c.print(t, s.url, got.ID); status != http.StatusOK || !strings.HasPrefix(body, "%PDF-") {
			t.Errorf("a paper while the folder of passing files is full: %d %.200s", status, body)
		}
		room()
		s.stop()
		f := c.compare(t)
		n.mustVerify()
		report(t, result{Fault: "F08", Variant: "disk of passing files full", Engine: "sqlite", Rounds: 1, Injected: 1, Acknowledged: f.acknowledged, Lost: f.lost, Doubled: f.doubled})
	})
}

// print asks for the control slip of a dossier.
func (c *client) print(t testing.TB, url, id string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, url+"/api/v1/dossiers/"+id+"/control", nil)
	must(t, err)
	req.Header.Set("Authorization", "Bearer "+c.n.people.desk)
	req.Header.Set("Idempotency-Key", c.key())
	res, err := c.http.Do(req)
	must(t, err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	must(t, err)
	return res.StatusCode, string(b)
}

// refusals counts the answers that were no success.
func (c *client) refusals() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, times := range c.refused {
		n += times
	}
	return n
}

// untilFull works until the disk takes nothing more, looks at what people are
// told meanwhile, makes room and works on.
func (c *client) untilFull(t testing.TB, s *server, full func() (room func())) found {
	t.Helper()
	for range 5 {
		must(t, c.life(s.url, 5))
	}
	room := full()
	waitFor(t, "a full disk", func() bool {
		got, err := c.send(s.url, c.intake("cash"))
		must(t, err)
		return got.status == http.StatusServiceUnavailable && got.header.Get("Retry-After") != ""
	})
	c.reads(t, s, "máy chủ không ghi được xuống đĩa")
	room()
	waitFor(t, "saving again", func() bool {
		got, err := c.send(s.url, c.intake("cash"))
		return err == nil && got.status < 300
	})
	for range 5 {
		must(t, c.life(s.url, 5))
	}
	c.settle(t, s.url)
	s.stop()
	c.n.mustVerify() // that numbers follow each other, compare says too
	return c.compare(t)
}

// rel-F08, rel-I-X2: no file may grow any more, which needs no rights to bring
// about.
func TestFileSizeLimit(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("prlimit"); err != nil {
		t.Fatal("prlimit of util-linux is needed")
	}
	n := newNode(t, "")
	c := newClient(t, n)
	s := n.mustServe()
	limit := func(to string) {
		if out, err := exec.Command("prlimit", "--pid", fmt.Sprint(s.cmd.Process.Pid), "--fsize="+to+":").CombinedOutput(); err != nil {
			t.Fatalf("prlimit: %v %s", err, out)
		}
	}
	f := c.untilFull(t, s, func() func() {
		limit("65536")
		return func() { limit("unlimited") }
	})
	report(t, result{Fault: "F08", Variant: "no file may grow (RLIMIT_FSIZE)", Engine: "sqlite", Rounds: 1, Injected: c.refusals(), Acknowledged: f.acknowledged, Lost: f.lost, Doubled: f.doubled})
}

// rel-F08: where the log goes there is no room: the desk works on.
func TestLogFull(t *testing.T) {
	t.Parallel()
	n := newNode(t, "")
	c := newClient(t, n)
	s := n.mustServe("sh", "-c", `exec "$@" 2>/dev/full`, "sh")
	for range 10 {
		must(t, c.life(s.url, 5))
	}
	if c.refusals() > 0 || c.acknowledged() < 10 {
		t.Errorf("%d acts acknowledged, refused %v", c.acknowledged(), c.said)
	}
	if log := s.log.String(); log != "" {
		t.Errorf("the log went elsewhere: %s", log)
	}
	s.stop()
	f := c.compare(t)
	n.mustVerify()
	report(t, result{Fault: "F08", Variant: "no room for the log", Engine: "sqlite", Rounds: 1, Injected: 1, Acknowledged: f.acknowledged, Lost: f.lost, Doubled: f.doubled})
}
