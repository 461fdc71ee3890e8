// Bench measures what the program does per second, beside what the machine can
// do at most, in the same run: dossiers received over HTTP with everything on
// (law time, checklist, number, slip, journal, commit to disk), a citizen's
// look, a bare handler of net/http, and SQLite alone writing the same rows.
//
//	go run ./tools/bench            three rounds; rewrites the table of docs/performance.md
//	go run ./tools/bench -short     one round, under a minute, prints only
//	go run ./tools/bench -short -profile cpu.prof
//
// It talks to itself over the loopback only, in a folder that it removes. With
// TEST_POSTGRES it measures on PostgreSQL too. Load, program and database share
// the machine, so only the ratios and the CPU milliseconds say much.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	short := flag.Bool("short", false, "one round of short measurements")
	profile := flag.String("profile", "", "write CPU profiles of the program under load to this file and a number: intake 1, tracking 2, …")
	dir := flag.String("dir", "", "folder for the databases; a temporary one if left out")
	serve := flag.String("serve", "", "be the program under load, with its data in this folder")
	database := flag.String("database", "", "with -serve: the database")
	bare := flag.Bool("bare", false, "with -serve: be the bare handler")
	size := flag.Int64("fill", 0, "fill a database with about this many dossiers, in -dir, and end")
	history := flag.Int64("history", 1_000_000, "with -fill: so many of the newest dossiers have journal, papers and receipts too")
	flag.Parse()
	var err error
	switch {
	case *serve != "" && *bare:
		err = serveBare(*serve)
	case *serve != "":
		err = serveProgram(*serve, *database)
	case *size > 0:
		err = fillOne(*dir, *database, *size, *history)
	default:
		err = bench(*short, *dir, *profile)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// ready is what a child says once it takes requests.
type ready struct {
	Address string
	Token   string
	Body    string // an intake with marks for what differs
	Version string
}

// child is a program under load: this program again, started with -serve.
type child struct {
	ready
	cmd *exec.Cmd
	in  io.WriteCloser

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
	c.in.Close()
	return c.cmd.Wait()
}

// profiled has the child write its next profile, "cpu.prof.1", until ended.
func (c *child) profiled(name string, wanted bool) (ended func()) {
	if name == "" || !wanted {
		return func() {}
	}
	c.profiles++
	fmt.Fprintf(c.in, "profile %s.%d\n", name, c.profiles)
	return func() { fmt.Fprintln(c.in, "stop") }
}

// cpu is the processor time the child has used.
func (c *child) cpu() time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.cmd.Process.Pid))
	if err != nil {
		return 0 // not Linux: the column shows 0
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	f := strings.Fields(rest)
	var user, system int64
	fmt.Sscan(f[11], &user)
	fmt.Sscan(f[12], &system)
	return time.Duration(user+system) * 10 * time.Millisecond
}

// plan says how long everything takes.
type plan struct {
	rounds  int
	each    time.Duration
	profile string
	dir     string
}

func bench(short bool, dir, profile string) error {
	p := plan{rounds: 3, each: 8 * time.Second, profile: profile}
	if short {
		p.rounds, p.each = 1, 4*time.Second
	}
	var err error
	if p.dir, err = os.MkdirTemp(dir, "quay20-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(p.dir)
	ctx, done := context.WithTimeout(context.Background(), 10*time.Minute)
	defer done()
	all, err := measure(ctx, p)
	if err != nil {
		return err
	}
	table := all.table(time.Now())
	fmt.Print(table)
	if short {
		return nil
	}
	return rewrite("docs/performance.md", table)
}

// measure runs every measurement in turn, round after round, so that a slow
// hour of the machine touches all of them.
func measure(ctx context.Context, p plan) (results, error) {
	var all results
	fmt.Fprintln(os.Stderr, "starting the programs under load")
	program, err := start(filepath.Join(p.dir, "lite"))
	if err != nil {
		return all, err
	}
	defer program.stop()
	bare, err := start(filepath.Join(p.dir, "bare"), "-bare")
	if err != nil {
		return all, err
	}
	defer bare.stop()
	citizens, err := firstDossiers(program)
	if err != nil {
		return all, err
	}
	for round := range p.rounds {
		fmt.Fprintf(os.Stderr, "round %d of %d\n", round+1, p.rounds)
		for _, n := range []int{32, 256} {
			ended := program.profiled(p.profile, n == 256)
			all.add("intake over HTTP, SQLite", n, program.load(ctx, n, p.each, program.intake()))
			ended()
			all.add("bare handler, same bodies", n, bare.load(ctx, n, p.each/2, bare.intake()))
		}
		ended := program.profiled(p.profile, true)
		all.add("tracking over HTTP", 32, program.load(ctx, 32, p.each/2, citizens.look()))
		ended()
		all.add("bare handler, a look", 32, bare.load(ctx, 32, p.each/2, citizens.look()))
	}
	if err := program.stop(); err != nil {
		return all, fmt.Errorf("ending the program under load: %w", err)
	}
	for round := range p.rounds {
		for _, group := range []int{1, 32, 256} {
			r, err := raw(ctx, filepath.Join(p.dir, "lite", "quay20.db"), filepath.Join(p.dir, fmt.Sprintf("raw-%d-%d.db", group, round)), group, p.each/2)
			if err != nil {
				return all, err
			}
			all.add("SQLite alone, same rows", group, r)
		}
	}
	return all, measurePostgres(ctx, p, &all)
}

// measurePostgres does the same on PostgreSQL, if there is one.
func measurePostgres(ctx context.Context, p plan, all *results) error {
	server := os.Getenv("TEST_POSTGRES")
	if server == "" {
		return nil
	}
	address, drop, err := emptyDatabase(ctx, server)
	if err != nil {
		return err
	}
	defer drop()
	program, err := start(filepath.Join(p.dir, "postgres"), "-database", address)
	if err != nil {
		return err
	}
	defer program.stop()
	for range p.rounds {
		for _, n := range []int{32, 256} {
			all.add("intake over HTTP, PostgreSQL", n, program.load(ctx, n, p.each, program.intake()))
		}
	}
	return nil
}
