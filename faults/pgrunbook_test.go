package faults

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"quay20/internal/gazette"
	"quay20/internal/officer"
	"quay20/internal/store"
	"quay20/packs"
)

const runbook = "../docs/runbook/postgresql.md"

var runbookBlock = regexp.MustCompile("(?ms)^```sh (\\S+)( dừng)?\n(.*?)^```$")

// rel-F17, rel-I-X1: the steps of docs/runbook/postgresql.md, word for word: two servers
// from nothing, a province moved from SQLite, a synchronous standby, two nodes,
// over to B, back to A, a backup. The desk takes a dossier after every step but
// those at which the document says that it stands, and none is lost.
func TestRunbookOfPostgreSQL(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(runbook)
	must(t, err)
	steps := runbookBlock.FindAllStringSubmatch(string(text), -1)
	if len(steps) < 15 || len(steps) != strings.Count(string(text), "```sh") {
		t.Fatalf("%s has %d steps that can be run and %d blocks", runbook, len(steps), strings.Count(string(text), "```sh"))
	}
	b := newBench(t)
	for i, step := range steps {
		who, stands, script := step[1], step[2] != "", step[3]
		switch who {
		case "tên":
			b.names = script
		case "máy-A", "máy-B":
			b.run(i, script, b.owner)
		case "máy-quay20":
			b.run(i, script, nil)
		case "nền":
			b.serve(i, script)
		default:
			t.Fatalf("step %d is for nobody: %q", i, who)
		}
		if len(b.urls) > 0 && !stands {
			b.works(i)
		}
	}
	for _, s := range b.stop {
		s()
	}
	b.n.database = b.database()
	f := b.c.compare(t)
	b.n.mustVerify()
	report(t, result{Fault: "F17", Variant: "the runbook, step by step", Engine: "postgres", Rounds: len(steps), Injected: 2,
		Acknowledged: f.acknowledged, Lost: f.lost, Doubled: f.doubled})
}

// bench is where the document's machines stand: all of them are this one.
type bench struct {
	t      *testing.T
	dir    string
	env    []string
	owner  *syscall.Credential // of A and B
	names  string              // the block that every other one begins with
	n      *node
	c      *client
	secret string // of the administrator's second factor
	urls   []string
	stop   []func()
}

func newBench(t *testing.T) *bench {
	t.Helper()
	bin := filepath.Dir(serverProgram(t, "postgres"))
	b := &bench{t: t, owner: unprivileged(t)}
	var err error
	b.dir, err = os.MkdirTemp(memory(), "quay20-runbook-")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(b.dir) })
	b.n = newNode(t, "")
	b.n.dir = b.move(b.n.dir)
	b.secret = b.administrator()
	b.c = newClient(t, b.n)
	for _, name := range []string{"etc", "sao", "sock"} {
		must(t, os.Mkdir(filepath.Join(b.dir, name), 0o755))
	}
	if b.owner != nil {
		for _, path := range []string{b.dir, filepath.Join(b.dir, "etc"), filepath.Join(b.dir, "sock")} {
			must(t, os.Chown(path, int(b.owner.Uid), int(b.owner.Gid)))
		}
	}
	path, err := program()
	must(t, err)
	at := func(name string) string { return filepath.Join(b.dir, name) }
	b.env = append(os.Environ(), "LC_ALL=C.UTF-8", "PATH="+filepath.Dir(path)+":"+os.Getenv("PATH"), "HOME="+b.dir, "BIN="+bin,
		"A=127.0.0.1", "B=127.0.0.1", "PORT_A="+strconv.Itoa(free(t)), "PORT_B="+strconv.Itoa(free(t)), "MANG=127.0.0.0/8", "PG_A="+at("a"), "PG_B="+at("b"),
		"SOCK="+at("sock"), "ETC="+at("etc"), "SAO="+at("sao"), "DATA="+b.n.dir, "QUAY20_FILES="+filepath.Join(b.n.dir, "files"), "DATA2="+at("node-2"), "LISTEN=127.0.0.1:"+strconv.Itoa(free(t)), "LISTEN2=127.0.0.1:"+strconv.Itoa(free(t)))
	t.Cleanup(func() { // whatever was left running
		for _, server := range []string{"a", "b"} {
			b.command(`"$BIN/pg_ctl" -D "`+at(server)+`" -m immediate stop`, b.owner).Run()
		}
	})
	return b
}

// move puts the node's folder where the document's commands may write.
func (b *bench) move(dir string) string {
	to := filepath.Join(b.dir, "node")
	must(b.t, os.Rename(dir, to))
	return to
}

func (b *bench) command(script string, owner *syscall.Credential) *exec.Cmd {
	cmd := exec.Command("bash", "-euo", "pipefail", "-c", b.names+script)
	cmd.Dir = b.dir
	code, err := officer.Code(b.secret, time.Now().Add(30*time.Second))
	must(b.t, err)
	cmd.Env = append(b.env, "CODE="+code)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: owner, Setpgid: true}
	return cmd
}

// run runs a step to its end.
func (b *bench) run(i int, script string, owner *syscall.Credential) {
	b.t.Helper()
	cmd := b.command(script, owner)
	log, err := os.CreateTemp(b.dir, "step-") // a file, because servers that it starts keep it open
	must(b.t, err)
	defer log.Close()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(log.Name())
		for _, server := range []string{"a", "b"} {
			end, _ := os.ReadFile(filepath.Join(b.dir, server, "log"))
			said = append(said, fmt.Sprintf("\nthe end of the log of server %s:\n%s", server, end[max(0, len(end)-2000):])...)
		}
		b.t.Fatalf("step %d of %s: %v\n%s\n%s", i, runbook, err, script, said)
	}
}

// serve starts a step that goes on, and signs in at the desk, since a restore
// ends all sessions.
func (b *bench) serve(i int, script string) {
	b.t.Helper()
	cmd := b.command(strings.Replace(script, "quay20 serve", "exec quay20 serve", 1), nil)
	var log words
	cmd.Stdout, cmd.Stderr = &log, &log
	must(b.t, cmd.Start())
	ended := make(chan struct{})
	go func() { cmd.Wait(); close(ended) }()
	stop := func() {
		cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(30 * time.Second):
			cmd.Process.Kill()
		}
	}
	b.t.Cleanup(stop)
	b.stop = append(b.stop, stop)
	for range 600 {
		if url := address.FindString(log.String()); url != "" {
			if res, err := http.Get(url + "/healthz"); err == nil {
				io.Copy(io.Discard, res.Body)
				res.Body.Close()
				b.urls = append(b.urls, url)
				if len(b.urls) == 1 {
					b.signInAgain()
				}
				return
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	b.t.Fatalf("step %d of %s does not answer:\n%s", i, runbook, log.String())
}

// works takes a dossier at every node.
func (b *bench) works(i int) {
	b.t.Helper()
	for _, url := range b.urls {
		a := b.c.intake("cash")
		var got answered
		var err error
		for range 300 {
			if got, err = b.c.send(url, a); err == nil && got.status < 300 {
				break
			}
			time.Sleep(100 * time.Millisecond)
		}
		if err != nil || got.status >= 300 {
			b.t.Fatalf("after step %d of %s the desk does not work: %d %s %v", i, runbook, got.status, got.Title, err)
		}
	}
}

// database is the address that the document had written down.
func (b *bench) database() string {
	b.t.Helper()
	out, err := b.command(`. "$ETC/quay20.env"; echo "$QUAY20_DATABASE"`, nil).Output()
	must(b.t, err)
	return strings.TrimSpace(string(out))
}

// roll is the roll of officers in a database.
func (b *bench) roll(database string) (*officer.Roll, *store.DB) {
	b.t.Helper()
	db, err := store.Open(context.Background(), database, store.Options{Now: time.Now})
	must(b.t, err)
	law, err := packs.LaiChau()
	must(b.t, err)
	g, err := gazette.Open(context.Background(), db, law)
	must(b.t, err)
	return officer.NewRoll(db, g.Law, officer.Options{Work: officer.Work{Memory: 64, Passes: 1}}), db
}

// administrator gives quantri a second factor, as who vouches for a restore
// needs.
func (b *bench) administrator() (secret string) {
	b.t.Helper()
	ctx := context.Background()
	b.n.do("user", "grant", "quantri", "administrator", "12", "--reason", "Phân công")
	code := strings.TrimSpace(b.n.do("user", "reset", "quantri"))
	roll, db := b.roll(b.n.file())
	defer db.Close()
	token, _, err := roll.SignIn(ctx, "quantri", code, "", "127.0.0.1:1")
	must(b.t, err)
	token, _, err = roll.SetPassword(ctx, token, "", "một câu dài chỉ để thử hỏng hóc")
	must(b.t, err)
	e, err := roll.EnrolTOTP(ctx, token)
	must(b.t, err)
	now, err := officer.Code(e.Secret, time.Now())
	must(b.t, err)
	_, _, err = roll.ConfirmTOTP(ctx, token, now)
	must(b.t, err)
	return e.Secret
}

func (b *bench) signInAgain() {
	b.t.Helper()
	ctx := context.Background()
	roll, db := b.roll(b.database())
	defer db.Close()
	token, _, err := roll.SignIn(ctx, "quay", "một câu dài chỉ để thử hỏng hóc", "", "127.0.0.1:1")
	must(b.t, err)
	_, err = roll.TakeDesk(ctx, token, "12-Q20")
	must(b.t, err)
	b.n.people.desk = token
}
