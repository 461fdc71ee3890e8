// Bench measures what the program does, beside what the machine can do at most,
// in the same run: dossiers received over HTTP with everything on (law time,
// checklist, number, slip, journal, commit to disk), a citizen's look, work
// lists, searches, two hundred officers at once, start, memory and size, on
// filled databases; and bare handlers and the database alone doing the same.
//
//	go run ./tools/bench -short                      100,000 dossiers, a few minutes, prints only
//	go run ./tools/bench -keep DIR                   1,000,000; rewrites its table in docs/performance.md
//	go run ./tools/bench -keep DIR -sizes 1000000,10000000
//	go run ./tools/bench -keep DIR -only search -profile cpu.prof
//
// With -keep the filled databases stay in DIR for the next run, and a run that
// was cut short goes on where it stopped. It talks to itself over the loopback
// only. With TEST_POSTGRES it measures on PostgreSQL too. Load, program and
// database share the machine, so only the ratios and the CPU milliseconds say
// much.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

func main() {
	var p plan
	short := flag.Bool("short", false, "one short round at 100,000 dossiers; prints only")
	sizes := flag.String("sizes", "1000000", "sizes of the filled databases, in dossiers")
	only := flag.String("only", "", "only what matches this expression; prints only")
	flag.IntVar(&p.rounds, "rounds", 3, "how often everything is measured; the table has the medians")
	flag.StringVar(&p.profile, "profile", "", "write CPU profiles of the program under load to this file and a number, and say which is which")
	flag.StringVar(&p.dir, "keep", "", "folder for filled databases and results, kept for the next run; a temporary one if left out")
	flag.Int64Var(&p.history, "history", 1_000_000, "so many of the newest dossiers have journal, papers and receipts too; older ones have what lists and searches read")
	flag.Int64Var(&p.postgres, "postgres", 100_000, "dossiers in the filled PostgreSQL database")
	serve := flag.String("serve", "", "be the program under load, with its data in this folder")
	database := flag.String("database", "", "with -serve: the database")
	officers := flag.Int("officers", 0, "with -serve: so many signed-in officers")
	bare := flag.Bool("bare", false, "with -serve: be the bare handler")
	flag.Parse()
	var err error
	switch {
	case *serve != "" && *bare:
		err = serveBare(*serve)
	case *serve != "":
		err = serveProgram(*serve, *database, *officers)
	default:
		p.only, err = regexp.Compile(*only)
		p.each, p.print = 8*time.Second, *only != ""
		if *short {
			p.rounds, p.each, p.print, *sizes = 1, 3*time.Second, true, "100000"
		}
		for _, s := range strings.Split(*sizes, ",") {
			n, bad := strconv.ParseInt(s, 10, 64)
			if bad != nil || n < 1000 {
				err = fmt.Errorf("-sizes: %q is no number of dossiers from 1000 on", s)
			}
			p.sizes = append(p.sizes, n)
		}
		if err == nil {
			err = bench(p)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// plan says what is measured and how long everything takes.
type plan struct {
	rounds   int
	each     time.Duration
	sizes    []int64
	history  int64
	postgres int64
	only     *regexp.Regexp
	print    bool // and leave docs/performance.md alone
	profile  string
	dir      string
}

func bench(p plan) error {
	if p.dir == "" {
		dir, err := os.MkdirTemp("", "quay20-bench-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		p.dir = dir
	}
	ctx := context.Background()
	all, err := takeUpResults(filepath.Join(p.dir, "results.json"), !p.print)
	if err != nil {
		return err
	}
	all.plan = p
	if err := measure(ctx, p, all); err != nil {
		return err
	}
	table := all.tables(time.Now())
	fmt.Print(table)
	if p.print {
		return nil
	}
	return rewrite("docs/performance.md", version(), table)
}

// measure runs everything in turn, round after round, so that a slow hour of
// the machine touches all of it.
func measure(ctx context.Context, p plan, all *results) error {
	if err := empty(ctx, p, all); err != nil {
		return err
	}
	for _, n := range p.sizes {
		dir := filepath.Join(p.dir, fmt.Sprintf("sqlite-%d", n))
		if err := filled(ctx, p, dir, filepath.Join(dir, "quay20.db"), n); err != nil {
			return err
		}
		if err := atSize(ctx, p, all, place{engine: "SQLite", size: n, dir: dir, database: filepath.Join(dir, "quay20.db")}); err != nil {
			return err
		}
	}
	if err := onPostgres(ctx, p, all); err != nil {
		return err
	}
	if err := starts(ctx, p, all); err != nil {
		return err
	}
	return backups(ctx, p, all)
}

// empty measures intakes and looks on a new database, where the database alone
// can be measured with the same rows.
func empty(ctx context.Context, p plan, all *results) error {
	if !all.wants("intake", "tracking", "SQLite alone", "procedure page", "static file") {
		return nil
	}
	dir, err := os.MkdirTemp(p.dir, "empty-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program, err := start(filepath.Join(dir, "lite"))
	if err != nil {
		return err
	}
	defer program.stop()
	bare, err := start(filepath.Join(dir, "bare"), "-bare")
	if err != nil {
		return err
	}
	defer bare.stop()
	citizens, err := firstDossiers(program)
	if err != nil {
		return err
	}
	if err := savePage(program, procedurePage, filepath.Join(dir, "bare", "page.html")); err != nil {
		return err
	}
	for range p.rounds {
		for _, n := range []int{32, 256} {
			all.measure(ctx, program, what{"intake", n, 0, "SQLite"}, program.intake())
			all.measure(ctx, bare, what{"bare handler, an intake's bodies", n, 0, ""}, bare.intake())
		}
		all.measure(ctx, program, what{"tracking", 32, 0, "SQLite"}, citizens.look())
		all.measure(ctx, bare, what{"bare handler, a look", 32, 0, ""}, citizens.look())
		all.measure(ctx, program, what{"procedure page", 32, 0, "SQLite"}, program.always(procedurePage, ""))
		all.measure(ctx, bare, what{"static file of the same size", 32, 0, ""}, bare.always("/page", ""))
	}
	if err := program.stop(); err != nil {
		return fmt.Errorf("ending the program under load: %w", err)
	}
	for round := range p.rounds {
		for _, group := range []int{1, 32, 256} {
			w := what{"SQLite alone, same rows, so many intakes a commit", group, 0, "SQLite"}
			if !all.lacks(w) {
				continue
			}
			r, err := raw(ctx, filepath.Join(dir, "lite", "quay20.db"), filepath.Join(dir, fmt.Sprintf("raw-%d-%d.db", group, round)), group, p.each/2)
			if err != nil {
				return err
			}
			all.add(w, r)
		}
	}
	return nil
}

// savePage keeps a page of the program as a file.
func savePage(c *child, page, file string) error {
	answer, err := http.Get("http://" + c.Address + page)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	b, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", page, answer.Status)
	}
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	return os.WriteFile(file, b, 0o600)
}

// ready is what a child says once it takes requests.
type ready struct {
	Address  string
	Officers []signedIn
	Body     string // an intake with marks for what differs
}

// token is the i-th officer's; the bare handler has none.
func (r ready) token(i int) string {
	if len(r.Officers) == 0 {
		return ""
	}
	return r.Officers[i%len(r.Officers)].Token
}

// child is a program under load: this program again, started with -serve.
type child struct {
	ready
	cmd     *exec.Cmd
	in      io.WriteCloser
	server  int // process of the PostgreSQL server, whose processor time counts too
	stopped bool

	profiles int
}

func start(dir string, args ...string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{cmd: exec.Command(self, append([]string{"-serve", dir}, args...)...)}
	c.cmd.Stderr = os.Stderr
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	if err := json.NewDecoder(out).Decode(&c.ready); err != nil {
		c.stop()
		return nil, fmt.Errorf("waiting for the program under load: %w", err)
	}
	return c, nil
}

// stop asks the child to end and waits for it.
func (c *child) stop() error {
	if c.stopped {
		return nil
	}
	c.stopped = true
	c.in.Close()
	return c.cmd.Wait()
}

// profiled has the child write its next profile, "cpu.prof.1", until ended.
func (c *child) profiled(name string, w what) (ended func()) {
	if name == "" {
		return func() {}
	}
	c.profiles++
	fmt.Fprintf(os.Stderr, "  %s.%d: %s\n", name, c.profiles, w)
	fmt.Fprintf(c.in, "profile %s.%d\n", name, c.profiles)
	return func() { fmt.Fprintln(c.in, "stop") }
}
