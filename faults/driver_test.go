// Package faults hurts the real program and looks at what is left: the binary
// as a child process, its API as the only way in, and a client that writes down
// each answer as it comes. What the client was told must be there afterwards.
package faults

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"

	"quay20/internal/demo"
	"quay20/internal/dossier"
	"quay20/internal/gazette"
	"quay20/internal/journal"
	"quay20/internal/officer"
	"quay20/internal/payment"
	"quay20/internal/store"
	"quay20/packs"
)

var (
	long = flag.Bool("long", false, "as many rounds as the long run makes")
	few  = flag.Int("rounds", 0, "at most so many rounds, while working on a test")
)

// rounds is how often a fault is made in this run.
func rounds(short, inLongRun int) int {
	if *few > 0 {
		return min(*few, short)
	}
	if *long {
		return inLongRun
	}
	return short
}

// program builds the binary under test once.
var program = sync.OnceValues(func() (string, error) {
	path := filepath.Join(scratch, "quay20")
	out, err := exec.Command("go", "build", "-o", path, "quay20/cmd/quay20").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building quay20: %w\n%s", err, out)
	}
	return path, nil
})

var scratch string // this run's folder

// memory is a folder in memory where the machine has one with room: a killed
// process leaves its files there as it does on a disk, only sooner.
func memory() string {
	var fs syscall.Statfs_t
	if syscall.Statfs("/dev/shm", &fs) == nil && fs.Bavail*uint64(fs.Bsize) > 1<<30 {
		return "/dev/shm"
	}
	return ""
}

// folder is a new one of a test, gone with it.
func folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp(scratch, "test-")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func TestMain(m *testing.M) {
	if mode := os.Getenv(writerMode); mode != "" {
		fmt.Fprintln(os.Stderr, writer(mode, os.Getenv(writerPath)))
		os.Exit(1)
	}
	if os.Getenv(sift) != "" {
		fmt.Fprintln(os.Stderr, becomeSifted(os.Args[1:]))
		os.Exit(1)
	}
	flag.Parse()
	var err error
	if scratch, err = os.MkdirTemp(memory(), "quay20-faults-"); err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(scratch)
	os.Exit(code)
}

// node is a data folder with the officers that the clients act as.
type node struct {
	t        testing.TB
	dir      string
	database string // "" is SQLite in dir
	heads    string // folder of the copied heads; "" is beside dir
	files    string // folder of what people sent; "" is in dir
	people
}

// people are signed in; their tokens live as long as the tests need.
type people struct {
	desk, processor string // tokens: quầy 20, and who decides on passports
	intake          dossier.Intake
}

// newNode makes an empty province on a database: a receptionist at quầy 20 and a
// processor of the passport unit, signed in.
func newNode(t testing.TB, database string) *node {
	t.Helper()
	return newNodeAt(t, database, time.Now, func(*demo.Province, officer.By) {})
}

// newNodeAt makes it at a time, with what the receptionist does in it then.
func newNodeAt(t testing.TB, database string, now func() time.Time, then func(*demo.Province, officer.By)) *node {
	t.Helper()
	n := &node{t: t, dir: filepath.Join(folder(t), "node"), database: database}
	must(t, os.MkdirAll(n.dir, 0o700))
	if database == "" {
		database = filepath.Join(n.dir, "quay20.db")
	}
	_, err := journal.LoadKeys(filepath.Join(n.dir, "keys")) // a database that has a journal gets no new ones
	must(t, err)
	ctx := context.Background()
	db, err := store.Open(ctx, database, store.Options{Now: now})
	must(t, err)
	defer db.Close()
	law, err := packs.LaiChau()
	must(t, err)
	g, err := gazette.Open(ctx, db, law)
	must(t, err)
	clock := demo.NewClock(now())
	clock.Follow(now)
	p := &demo.Province{
		DB: db, Law: g, Roll: officer.NewRoll(db, g.Law, officer.Options{Work: officer.Work{Memory: 64, Passes: 1}}),
		Register: dossier.NewRegister(db, g.Law, make(dossier.Key, 32)), Ledger: payment.NewLedger(db), Clock: clock,
	}
	must(t, p.Open(ctx))
	var by officer.By
	by, n.people.desk = signIn(t, p, "quay", officer.Receptionist, "12-Q20")
	_, n.people.processor = signIn(t, p, "giai-quyet", officer.Processor, "12-PA08")
	n.intake = p.Intake(passport)
	then(p, by)
	return n
}

// passport is what everybody here asks for: an ordinary passport.
const passport = "1.001456"

func signIn(t testing.TB, p *demo.Province, login string, role officer.Role, unit string) (officer.By, string) {
	t.Helper()
	ctx := context.Background()
	by, code, err := p.Hire(ctx, login, "Lò Thị Thử", "Đại úy", role, unit)
	must(t, err)
	token, _, err := p.Roll.SignIn(ctx, login, code, "", "127.0.0.1:1")
	must(t, err)
	token, _, err = p.Roll.SetPassword(ctx, token, "", "một câu dài chỉ để thử hỏng hóc")
	must(t, err)
	if role == officer.Receptionist {
		_, err = p.Roll.TakeDesk(ctx, token, unit)
		must(t, err)
	}
	return by, token
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// copyTo is the node with a copy of its folders, as after somebody copied a
// stopped machine.
func (n *node) copyTo(t testing.TB, dir string) *node {
	t.Helper()
	c := *n
	c.t, c.dir = t, dir
	must(t, os.CopyFS(c.dir, os.DirFS(n.dir)))
	must(t, filepath.WalkDir(filepath.Join(c.dir, "keys"), func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			err = os.Chmod(path, 0o600)
		}
		return err
	}))
	if _, err := os.Stat(n.witness()); err == nil {
		must(t, os.CopyFS(c.witness(), os.DirFS(n.witness())))
	}
	return &c
}

func (n *node) file() string    { return filepath.Join(n.dir, "quay20.db") }
func (n *node) witness() string { return cmp.Or(n.heads, n.dir+"-witness") }

// command is the program on the node's data.
func (n *node) command(args ...string) *exec.Cmd {
	path, err := program()
	must(n.t, err)
	args = append(args, "--data", n.dir, "--witness", n.witness())
	if n.database != "" {
		args = append(args, "--database", n.database)
	}
	if n.files != "" {
		args = append(args, "--files", n.files)
	}
	return exec.Command(path, args...)
}

// server is the program while it serves.
type server struct {
	cmd     *exec.Cmd
	url     string
	said    *words // on standard output
	log     *words // on standard error
	exited  chan struct{}
	started time.Time
	up      time.Duration // from the start to the first answer
}

// words are what a program says, readable while it speaks.
type words struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (w *words) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(b)
}

func (w *words) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}

var address = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)

// serve starts the program and waits for its first answer. before is put in
// front of the command line: strace, prlimit.
func (n *node) serve(before ...string) (*server, error) {
	cmd := n.command("serve", "--listen", "127.0.0.1:0")
	if len(before) > 0 {
		own := append(before, cmd.Args...)
		cmd = exec.Command(own[0], own[1:]...)
	}
	return serving(cmd, func() (wait func(), err error) { return func() { cmd.Wait() }, cmd.Start() })
}

// serving waits for the first answer of a program that start starts.
func serving(cmd *exec.Cmd, start func() (wait func(), err error)) (*server, error) {
	s := &server{cmd: cmd, log: &words{}, said: &words{}, exited: make(chan struct{}), started: time.Now()}
	cmd.Stderr = s.log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	wait, err := start()
	if err != nil {
		return nil, err
	}
	found := make(chan string, 1)
	go func() {
		defer close(s.exited)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			fmt.Fprintln(s.said, lines.Text())
			if at := address.FindString(lines.Text()); at != "" && len(found) == 0 {
				found <- at
			}
		}
		wait()
	}()
	select {
	case s.url = <-found:
	case <-s.exited:
		return s, fmt.Errorf("it ended at start, %v:\n%s%s", cmd.ProcessState, s.said, s.log)
	case <-time.After(2 * time.Minute):
		s.kill()
		return s, fmt.Errorf("it did not start within two minutes:\n%s%s", s.said, s.log)
	}
	for range 200 {
		res, err := http.Get(s.url + "/healthz")
		if err == nil {
			res.Body.Close()
			s.up = time.Since(s.started)
			return s, nil
		}
		select {
		case <-s.exited:
			return s, fmt.Errorf("it ended before its first answer:\n%s%s", s.said, s.log)
		case <-time.After(50 * time.Millisecond):
		}
	}
	s.kill()
	return s, errors.New("it gave no answer within ten seconds")
}

// mustServe is serve for a node that must come up.
func (n *node) mustServe(before ...string) *server {
	n.t.Helper()
	s, err := n.serve(before...)
	if err != nil {
		n.t.Fatal(err)
	}
	return s
}

// kill is kill -9 for the program and whatever stands before it.
func (s *server) kill() {
	syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
	<-s.exited
}

// stop asks it to end and waits.
func (s *server) stop() {
	syscall.Kill(-s.cmd.Process.Pid, syscall.SIGTERM)
	select {
	case <-s.exited:
	case <-time.After(30 * time.Second):
		s.kill()
	}
}

// ack is one answer of success, as the client writes it down.
type ack struct {
	Key  string `json:"key"`
	Act  string `json:"act"`
	ID   string `json:"id"` // of the dossier
	Code string `json:"code,omitempty"`
}

// asked is one request with what it takes to send it again.
type asked struct {
	key, act, path, token string
	seen                  string // the version acted upon, for If-Match
	body                  []byte
}

// client is the desk: writers that send acts, and the file of what they were
// told.
type client struct {
	n    *node
	http *http.Client
	file *os.File

	mu      sync.Mutex // guards the rest
	acks    map[string]ack
	order   []string         // keys in the order of their answers
	unsure  map[string]asked // sent, and no answer came
	refused map[int]int      // answers that were no success, by status
	said    map[string]int   // …and by code
	people  int
}

func newClient(t testing.TB, n *node) *client {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(folder(t), "acknowledged.jsonl"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	must(t, err)
	t.Cleanup(func() { f.Close() })
	return &client{n: n, file: f, acks: map[string]ack{}, unsure: map[string]asked{}, refused: map[int]int{}, said: map[string]int{}, people: mathrand.IntN(9000) * 100_000,
		http: &http.Client{Timeout: 60 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
}

// answered is what a send gave.
type answered struct {
	status int
	header http.Header
	ID     string `json:"id"`
	Code   string `json:"code"`
	State  string `json:"state"`
	Title  string `json:"title"`
}

// send sends one act and writes down what came of it. An error is a lost
// answer.
func (c *client) send(url string, a asked) (answered, error) {
	req, err := http.NewRequest(http.MethodPost, url+"/api/v1"+a.path, bytes.NewReader(a.body))
	if err != nil {
		return answered{}, err
	}
	req.Header.Set("Authorization", "Bearer "+a.token)
	req.Header.Set("Idempotency-Key", a.key)
	req.Header.Set("Content-Type", "application/json")
	if a.seen != "" {
		req.Header.Set("If-Match", a.seen)
	}
	c.mu.Lock()
	c.unsure[a.key] = a
	c.mu.Unlock()
	var got answered
	res, err := c.http.Do(req)
	if err != nil {
		return got, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return got, err
	}
	got.status, got.header = res.StatusCode, res.Header
	var coded struct {
		Code string `json:"code"`
	}
	if err := errors.Join(json.Unmarshal(body, &got), json.Unmarshal(body, &coded)); err != nil {
		return got, fmt.Errorf("%d %s: %w", res.StatusCode, body, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case res.StatusCode < 300:
		delete(c.unsure, a.key)
		line, _ := json.Marshal(ack{a.key, a.act, got.ID, got.Code})
		if _, err := c.file.Write(append(line, '\n')); err != nil {
			return got, err
		}
		if _, again := c.acks[a.key]; !again {
			c.order = append(c.order, a.key)
		}
		c.acks[a.key] = ack{a.key, a.act, got.ID, got.Code}
	default:
		c.refused[res.StatusCode]++
		c.said[coded.Code]++
		if res.StatusCode != http.StatusServiceUnavailable { // where nobody knows, asking again by key will tell
			delete(c.unsure, a.key)
		}
	}
	return got, nil
}

func (c *client) key() string {
	b := make([]byte, 12)
	rand.Read(b)
	return hex.EncodeToString(b)
}

// intake is a walk-in by somebody who was never here.
func (c *client) intake(pay string) asked {
	c.mu.Lock()
	c.people++
	n := c.people
	c.mu.Unlock()
	in := c.n.intake
	in.Filer.IDNumber = fmt.Sprintf("012190%06d", n%1_000_000)
	in.Filer.Name = "Lò Thị " + string(rune('A'+n/1_000_000%26)) + string(rune('a'+n%26))
	in.Pay = pay
	body, err := json.Marshal(in)
	must(c.n.t, err)
	return asked{key: c.key(), act: "receive", path: "/dossiers", token: c.n.people.desk, body: body}
}

func (c *client) act(id, act, token string, particulars any) asked {
	body, err := json.Marshal(map[string]any{"act": act, "particulars": particulars})
	must(c.n.t, err)
	return asked{key: c.key(), act: act, path: "/dossiers/" + id + "/acts", token: token, body: body}
}

// life is what one writer does: receive somebody, take the fee, ask for a
// paper, take it in, work on. It ends with the first answer that does not come.
func (c *client) life(url string, acts int) error {
	pay := []string{"cash", "later"}[mathrand.IntN(2)]
	got, err := c.send(url, c.intake(pay))
	if err != nil || got.ID == "" {
		return err
	}
	all := []asked{
		c.act(got.ID, "collect_fee", c.n.people.desk, map[string]any{}),
		c.act(got.ID, "request_supplement", c.n.people.processor, map[string]any{"items": []map[string]string{{"paper": "Tờ khai", "reason": "Thiếu chữ ký"}}}),
		c.act(got.ID, "supply", c.n.people.desk, map[string]any{}),
		c.act(got.ID, "advance", c.n.people.processor, map[string]any{}),
	}
	if pay == "cash" {
		all = all[1:]
	}
	for _, a := range all[:min(acts, len(all))] {
		a.seen = got.header.Get("ETag")
		if got, err = c.send(url, a); err != nil || got.status >= 300 {
			return err
		}
	}
	return nil
}

// load keeps so many writers at work until stop is closed or the server is gone.
func (c *client) load(url string, writers int, stop <-chan struct{}) *sync.WaitGroup {
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if c.life(url, mathrand.IntN(6)) != nil {
					return
				}
			}
		})
	}
	return &wg
}

// settle sends every request again whose answer never came, under its key: the
// first answer or a fresh one comes, never a third thing. rel-I-D4
func (c *client) settle(t testing.TB, url string) {
	t.Helper()
	c.mu.Lock()
	var again []asked
	for _, a := range c.unsure {
		again = append(again, a)
	}
	c.mu.Unlock()
	ask := make(chan asked)
	var wg sync.WaitGroup
	for range 16 { // a long fault leaves thousands
		wg.Go(func() {
			for a := range ask {
				got, err := c.send(url, a)
				if err != nil {
					t.Errorf("asking again by key for a %s: %v", a.act, err)
				} else if got.status >= 500 {
					t.Errorf("asking again by key for a %s: %d %s", a.act, got.status, got.Title)
				}
			}
		})
	}
	for _, a := range again {
		ask <- a
	}
	close(ask)
	wg.Wait()
}

func (c *client) acknowledged() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.acks)
}

// acts counts the acknowledged acts by name.
func (c *client) acts() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := map[string]int{}
	for _, a := range c.acks {
		n[a.Act]++
	}
	return n
}

// verify runs quay20 verify and gives what it found.
func (n *node) verify() (ok bool, said string) {
	out, err := n.command("verify", "--json").CombinedOutput()
	return err == nil, string(out)
}

// mustVerify fails the test unless journal, tables and numbers are whole.
func (n *node) mustVerify() {
	n.t.Helper()
	if ok, said := n.verify(); !ok {
		n.t.Errorf("quay20 verify: %s", said)
	}
}
