package faults

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// harms are what each call may meet.
var harms = []struct {
	name string
	verdict
}{
	{"EIO", verdict{kind: fail, errno: syscall.EIO}},
	{"ENOSPC", verdict{kind: fail, errno: syscall.ENOSPC}},
	{"SIGKILL", verdict{kind: end}},
}

// nth lets one call of many meet something.
type nth struct {
	of   func(call) bool // the calls that count
	n    int64           // which of them
	v    verdict
	seen atomic.Int64
	met  atomic.Pointer[call]
}

func (d *nth) decide(c call) verdict {
	if !d.of(c) || d.seen.Add(1) != d.n {
		return verdict{}
	}
	d.met.Store(&c)
	return d.v
}

// changing tells the calls that a program makes to change something, below a
// folder or towards whoever asked it.
func changing(folder string) func(call) bool {
	return func(c call) bool {
		switch c.name {
		case "read", "pread64":
			return false
		case "write":
			return strings.HasPrefix(c.path, folder) || strings.HasPrefix(c.path, "socket:")
		}
		return strings.HasPrefix(c.path, folder)
	}
}

// rel-F06, rel-F13, rel-I-D2, rel-I-D4: an error or the end at each single call
// of the kernel, of an intake and of an act at the desk in full (in the long
// run), of the commands of the house at a sample of their calls; a fresh copy
// of the house each time. What was acknowledged stands, nothing is half done,
// and asking again reaches success.
func TestEverySystemCall(t *testing.T) {
	t.Parallel()
	mayTrace(t)
	made := newNode(t, "")
	c := newClient(t, made)
	s := made.mustServe()
	for range 8 {
		must(t, c.life(s.url, 5))
	}
	got, err := c.send(s.url, c.intake("later"))
	must(t, err)
	s.stop()
	made.mustRun("backup", "key")
	made.mustRun("backup", filepath.Join(filepath.Dir(made.dir), "whole.backup"))
	for _, at := range []struct {
		name string
		ask  func(c *client) asked
	}{
		{"intake", func(c *client) asked { return c.intake("cash") }},
		{"act", func(c *client) asked {
			a := c.act(got.ID, "collect_fee", c.n.people.desk, map[string]any{})
			a.seen = got.header.Get("ETag")
			return a
		}},
	} {
		t.Run(at.name, func(t *testing.T) { t.Parallel(); c.atEachCall(t, at.name, at.ask) })
	}
	notice := filepath.Join(folder(t), "bao.yaml")
	must(t, os.WriteFile(notice, fmt.Appendf(nil, "id: bao-so-9\nannounced: %[1]s\ntitle: Đóng cửa vì bão số 9\nlaw: nd-118-2025\ndays:\n  - {date: %[2]s, kind: closure, name: Bão số 9}\n",
		time.Now().Format(time.DateOnly), nextWeekday().Format(time.DateOnly)), 0o600))
	for _, run := range []struct {
		name        string
		old         bool // on the house of an earlier release
		args, again []string
	}{
		{name: "migrate", old: true, args: []string{"migrate"}},
		{name: "backup", args: []string{"backup", "DIR/new.backup"}, again: []string{"backup", "DIR/again.backup"}},
		{name: "restore", args: []string{"restore", "DIR/whole.backup", "--reason", "Thử", "--alone"},
			again: []string{"restore", "DIR/whole.backup", "--reason", "Thử", "--alone", "--lossy"}}, // which only the first try may be lost to
		{name: "pack apply", args: []string{"pack", "apply", notice}},
		{name: "key change", args: []string{"backup", "key"}},
	} {
		t.Run(strings.ReplaceAll(run.name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			whole, acks := made, c
			if run.old {
				whole = oldNode(t)
				acks = newClient(t, whole)
				acks.adopt(t)
			}
			if run.again == nil {
				run.again = run.args
			}
			acks.atSomeCalls(t, whole, run.name, run.args, run.again)
		})
	}
}

// nextWeekday is a working day soon, for a closure that moves dates.
func nextWeekday() time.Time {
	day := time.Now().AddDate(0, 0, 2)
	for day.Weekday() == time.Saturday || day.Weekday() == time.Sunday {
		day = day.AddDate(0, 0, 1)
	}
	return day
}

// mustRun runs a command of the program that must succeed.
func (n *node) mustRun(args ...string) {
	n.t.Helper()
	if out, err := n.command(args...).CombinedOutput(); err != nil {
		n.t.Fatalf("quay20 %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// adopt takes what stands in the node for acknowledged.
func (c *client) adopt(t testing.TB) {
	t.Helper()
	db, err := c.n.look()
	must(t, err)
	defer db.Close()
	each(t, db, `SELECT r.key || ' ' || r.dossier, k.code FROM dossier_request AS r JOIN dossier_code AS k ON k.dossier = r.dossier`, func(asked, code string) {
		key, id, _ := strings.Cut(asked, " ")
		c.acks[key] = ack{Key: key, ID: id, Code: code}
	})
}

// fresh is a copy of the folder in which a node stands, and the client with all
// that it was told so far.
func (c *client) fresh(t testing.TB, whole *node) (*node, *client) {
	t.Helper()
	dir := folder(t)
	n := whole.copyTo(t, filepath.Join(dir, "node"))
	if b, err := os.ReadFile(filepath.Join(filepath.Dir(whole.dir), "whole.backup")); err == nil {
		must(t, os.WriteFile(filepath.Join(dir, "whole.backup"), b, 0o600))
	}
	own := newClient(t, n)
	own.people = c.people + 1
	for key, a := range c.acks {
		own.acks[key] = a
	}
	return n, own
}

// atEachCall sends one request again and again, each time with something else
// happening at another call, until there is no further call.
func (c *client) atEachCall(t *testing.T, name string, ask func(*client) asked) {
	injected, swept, acknowledged, met := 0, 0, 0, map[string]int{}
	step := int64(15)
	if *long {
		step = 1
	}
	for first, harm := range harms {
		for i := 1 + int64(first)*step/3; ; i += step {
			n, own := c.fresh(t, c.n)
			s, p, err := n.serveTraced(nil)
			must(t, err)
			at := &nth{of: changing(filepath.Dir(n.dir)), n: i, v: harm.verdict}
			p.judge(at.decide)
			a := ask(own)
			got, err := own.send(s.url, a)
			p.judge(nil)
			hit := at.met.Load()
			if hit != nil {
				injected++
				met[harm.name+" "+hit.name]++
			}
			switch {
			case harm.kind == end && hit != nil:
				s.kill()
				s = n.mustServe()
			case err == nil && got.status >= 300 && (got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == ""):
				t.Errorf("%s at call %d (%v): answered %d «%s», want success or 503 with Retry-After", harm.name, i, hit, got.status, got.Title)
			}
			waitFor(t, "success by asking again", func() bool {
				again, err := own.send(s.url, a)
				if err == nil && again.status >= 300 && again.status != http.StatusServiceUnavailable {
					t.Fatalf("%s at call %d (%v): answered %d «%s» %v; asked again %d «%s»\n%s", harm.name, i, hit, got.status, got.Title, err, again.status, again.Title, s.log)
				}
				return err == nil && again.status < 300
			})
			s.stop()
			acknowledged += len(own.acks)
			if f := own.compare(t); f.lost > 0 || f.doubled != 0 {
				t.Errorf("%s at call %d (%v): %d lost, %d doubled", harm.name, i, hit, f.lost, f.doubled)
			}
			n.mustVerify()
			os.RemoveAll(filepath.Dir(n.dir))
			if hit == nil {
				swept++
				break
			}
			if t.Failed() {
				t.FailNow()
			}
		}
	}
	report(t, result{Fault: "F06", Variant: name + ", each call", Engine: "sqlite", Rounds: injected + swept, Injected: injected, Acknowledged: acknowledged, Remark: sorted(met)})
}

// atSomeCalls runs a command with something happening at a sample of its calls.
func (c *client) atSomeCalls(t *testing.T, whole *node, name string, args, again []string) {
	in := func(n *node, args []string) []string {
		args = slices.Clone(args)
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "DIR", filepath.Dir(n.dir))
		}
		return args
	}
	try := func(n *node, at *nth) (syscall.WaitStatus, string) {
		cmd := n.command(in(n, args)...)
		said := &words{}
		cmd.Stdout, cmd.Stderr = said, said
		p, wait, err := trace(cmd, at.decide)
		must(t, err)
		wait()
		return p.status, said.String()
	}
	n, own := c.fresh(t, whole)
	all := &nth{of: changing(filepath.Dir(n.dir))}
	if status, said := try(n, all); status.ExitStatus() != 0 {
		t.Fatalf("%s with nothing happening: %s", name, said)
	}
	n.mustVerify()
	want := own.compare(t)
	calls := int(all.seen.Load())
	most := min(rounds(6, 60), calls*len(harms))
	injected, acknowledged, met := 0, 0, map[string]int{}
	for round := range most {
		n, own := c.fresh(t, whole)
		harm := harms[round%len(harms)]
		at := &nth{of: changing(filepath.Dir(n.dir)), n: 1 + int64(round*calls/most), v: harm.verdict}
		status, said := try(n, at)
		if hit := at.met.Load(); hit != nil {
			injected++
			met[harm.name+" "+hit.name]++
		}
		if out, err := n.command(in(n, again)...).CombinedOutput(); err != nil {
			t.Errorf("%s, %s at call %d of %d (%v) ended with %v %s; again: %v %s", name, harm.name, at.n, calls, at.met.Load(), status, said, err, out)
		}
		if f := own.compare(t); f != want {
			t.Errorf("%s, %s at call %d (%v): found %+v, want %+v as with nothing happening", name, harm.name, at.n, at.met.Load(), f, want)
		}
		n.mustVerify()
		acknowledged += len(own.acks)
		os.RemoveAll(filepath.Dir(n.dir))
	}
	report(t, result{Fault: "F06", Variant: name + ", a sample of its calls", Engine: "sqlite", Rounds: most, Injected: injected, Acknowledged: acknowledged,
		Remark: fmt.Sprintf("%d calls in all; %s", calls, sorted(met))})
}

// sorted says how often what happened.
func sorted(met map[string]int) string {
	return strings.TrimSuffix(strings.TrimPrefix(fmt.Sprint(met), "map["), "]")
}
