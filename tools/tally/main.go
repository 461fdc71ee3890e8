// Tally runs the tests and counts them. It shows what failed and what was
// skipped, and closes with the line "N passed, N failed, N skipped".
//
//	go run ./tools/tally ./...
//	go run ./tools/tally -race ./internal/store,./internal/journal ./...
//	go run ./tools/tally -may-skip .ci/may-skip ./...
//
// With -may-skip a skipped test fails the run unless the file names it: a test
// that silently stopped running proves nothing.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

func main() {
	race := flag.String("race", "", "packages to test with the race detector, separated by commas")
	maySkip := flag.String("may-skip", "", "file of the tests that may be skipped; any other skip fails")
	verbose := flag.Bool("v", false, "show what passing tests print, too")
	flag.Parse()
	patterns := flag.Args()
	if len(patterns) == 0 {
		patterns = []string{"./..."}
	}
	t := newTally(*verbose, os.Stdout)
	if err := t.all(patterns, *race); err != nil {
		fmt.Fprintln(os.Stderr, "tally:", err)
		os.Exit(2)
	}
	allowed, err := readMaySkip(*maySkip)
	if err != nil {
		fmt.Fprintln(os.Stderr, "tally:", err)
		os.Exit(2)
	}
	if !t.close(allowed, *maySkip != "") {
		os.Exit(1)
	}
}

// event is one line of go test -json.
type event struct {
	Action      string
	Package     string
	ImportPath  string
	Test        string
	Elapsed     float64
	Output      string
	FailedBuild string
}

// skip is a test that did not run, and what it said about it.
type skip struct{ test, reason string }

type tally struct {
	verbose        bool
	out            io.Writer
	passed, failed int
	skips          []skip
	output         map[string][]string // what a running test has printed
	broken         bool                // a package failed outside its tests, or did not build
	failedIn       map[string]bool
	started        time.Time
}

func newTally(verbose bool, out io.Writer) *tally {
	return &tally{verbose: verbose, out: out, output: map[string][]string{}, failedIn: map[string]bool{}, started: time.Now()}
}

// all tests the packages of the patterns, those in race with the detector.
func (t *tally) all(patterns []string, race string) error {
	packages, err := list(patterns)
	if err != nil {
		return err
	}
	var raced []string
	if race != "" {
		if raced, err = list(strings.Split(race, ",")); err != nil {
			return err
		}
		raced = slices.DeleteFunc(raced, func(p string) bool { return !slices.Contains(packages, p) })
		packages = slices.DeleteFunc(packages, func(p string) bool { return slices.Contains(raced, p) })
	}
	if len(packages) > 0 {
		if err := t.test(packages); err != nil {
			return err
		}
	}
	if len(raced) > 0 {
		fmt.Fprintln(t.out, "with the race detector:")
		return t.test(append([]string{"-race"}, raced...))
	}
	return nil
}

func list(patterns []string) ([]string, error) {
	cmd := exec.Command("go", append([]string{"list", "-e"}, patterns...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("listing packages: %w", err)
	}
	return strings.Fields(string(out)), nil
}

// test runs go test and takes in what it reports.
func (t *tally) test(args []string) error {
	cmd := exec.Command("go", append([]string{"test", "-json", "-vet=off", "-timeout=15m"}, args...)...)
	cmd.Stderr = os.Stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting go test: %w", err)
	}
	lines := bufio.NewReader(pipe)
	for {
		line, err := lines.ReadString('\n')
		t.take(line)
		if err != nil {
			break
		}
	}
	if err := cmd.Wait(); err != nil && t.failed == 0 {
		t.broken = true
	}
	return nil
}

// take takes in one line of go test -json.
func (t *tally) take(line string) {
	var e event
	if json.Unmarshal([]byte(line), &e) != nil {
		if strings.TrimSpace(line) != "" {
			fmt.Fprint(t.out, line)
		}
		return
	}
	name := e.Package + "\t" + e.Test
	switch e.Action {
	case "build-output":
		fmt.Fprint(t.out, e.Output)
	case "output":
		if strings.HasPrefix(e.Output, "=== ") { // a test begins, waits or goes on
			return
		}
		t.output[name] = append(t.output[name], e.Output)
	case "pass", "fail", "skip":
		if e.Test == "" {
			t.ended(e)
		} else {
			t.judged(e)
		}
		delete(t.output, name)
	}
}

// judged counts one test and shows the words of one that failed.
func (t *tally) judged(e event) {
	said := t.output[e.Package+"\t"+e.Test]
	switch e.Action {
	case "pass":
		t.passed++
	case "skip":
		t.skips = append(t.skips, skip{short(e.Package) + "." + e.Test, reason(said)})
	case "fail":
		t.failed++
		t.failedIn[e.Package] = true
	}
	if e.Action == "fail" || t.verbose {
		fmt.Fprint(t.out, strings.Join(said, ""))
	}
}

// ended reports one package.
func (t *tally) ended(e event) {
	if e.Action == "fail" && !t.failedIn[e.Package] { // it did not build, panicked or timed out
		t.broken = true
		for name, said := range t.output {
			if strings.HasPrefix(name, e.Package+"\t") {
				fmt.Fprint(t.out, strings.Join(said, ""))
			}
		}
	}
	if e.Action != "skip" { // a package without tests is no skipped test
		fmt.Fprintf(t.out, "%-5s %-40s %6.1f s\n", map[string]string{"pass": "ok", "fail": "FAIL"}[e.Action], short(e.Package), e.Elapsed)
	}
}

func short(pkg string) string {
	if _, rest, ok := strings.Cut(pkg, "/"); ok {
		return rest
	}
	return pkg
}

// reason is what a skipped test said, without go test's own lines.
func reason(said []string) string {
	var words []string
	for _, line := range said {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "---") {
			continue
		}
		words = append(words, line)
	}
	return strings.Join(words, " ")
}

// close prints what was skipped and the closing line, and reports whether
// the run is good.
func (t *tally) close(allowed []string, strict bool) bool {
	good := t.failed == 0 && !t.broken
	for _, s := range t.skips {
		mark := "skipped"
		if strict && !slices.ContainsFunc(allowed, func(name string) bool { return covers(name, s.test) }) {
			mark = "SKIPPED, which .ci/may-skip does not allow"
			good = false
		}
		fmt.Fprintf(t.out, "%s: %s: %s\n", mark, s.test, s.reason)
	}
	if t.broken {
		fmt.Fprintln(t.out, "a package did not build, or failed outside its tests: see above")
	}
	fmt.Fprintf(t.out, "tests took %s\n", time.Since(t.started).Round(time.Second))
	fmt.Fprintf(t.out, "%d passed, %d failed, %d skipped\n", t.passed, t.failed, len(t.skips))
	return good
}

// covers reports whether an allowed name is the test or one that it is part of.
func covers(allowed, test string) bool {
	return test == allowed || strings.HasPrefix(test, allowed+"/")
}

// readMaySkip reads the names in the first of three columns, separated by tabs:
// test, missing thing, reason. Each line must have all three.
func readMaySkip(path string) ([]string, error) {
	if path == "" {
		return nil, nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the tests that may be skipped: %w", err)
	}
	var names []string
	for i, line := range strings.Split(string(b), "\n") {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		columns := strings.Split(line, "\t")
		if len(columns) != 3 {
			return nil, fmt.Errorf("%s:%d: want test, missing thing and reason separated by tabs", path, i+1)
		}
		names = append(names, columns[0])
	}
	return names, nil
}
