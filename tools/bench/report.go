package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// what was measured: by how many connections, or how many intakes to a commit,
// with how many dossiers stored, on which engine.
type what struct {
	Name   string
	N      int
	Size   int64
	Engine string
}

func (w what) String() string { return fmt.Sprintf("%s, %d, %s at %d", w.Name, w.N, w.Engine, w.Size) }

// result is one measurement.
type result struct {
	Rate     float64 // answered a second
	P50, P99 time.Duration
	CPU      time.Duration // of the target, for each answer
	Refused  int64         // answers that were no success
	Peak     int64         // memory of the target at most, in bytes
}

// results are the measurements of all rounds, in the order they were first
// made. They are kept in a file, so that a run that was cut short goes on.
type results struct {
	plan  plan
	file  string
	order []what
	made  map[what][]result
	sizes map[what]int64 // bytes, of tables
}

// kept is the form of results in their file.
type kept struct {
	Version string
	Made    []keptOne
	Tables  []keptTable
}

type keptOne struct {
	What    what
	Results []result
}

type keptTable struct {
	What  what
	Bytes int64
}

// takeUpResults begins with what an earlier run of the same version left.
func takeUpResults(file string, on bool) (*results, error) {
	r := &results{made: map[what][]result{}, sizes: map[what]int64{}}
	if !on {
		return r, nil
	}
	r.file = file
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	if err != nil {
		return nil, err
	}
	var k kept
	if err := json.Unmarshal(b, &k); err != nil {
		return nil, fmt.Errorf("%s: %w; delete it to begin anew", file, err)
	}
	if k.Version != version() {
		return r, nil
	}
	fmt.Fprintf(os.Stderr, "going on with the results in %s; delete it to begin anew\n", file)
	for _, one := range k.Made {
		r.order = append(r.order, one.What)
		r.made[one.What] = one.Results
	}
	for _, t := range k.Tables {
		r.sizes[t.What] = t.Bytes
	}
	return r, nil
}

func (r *results) save() {
	if r.file == "" {
		return
	}
	k := kept{Version: version()}
	for _, w := range r.order {
		k.Made = append(k.Made, keptOne{w, r.made[w]})
	}
	for w, bytes := range r.sizes {
		k.Tables = append(k.Tables, keptTable{w, bytes})
	}
	b, err := json.MarshalIndent(k, "", " ")
	if err == nil {
		err = os.WriteFile(r.file, b, 0o600)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "keeping the results:", err)
	}
}

// wants reports whether any of the names is to be measured.
func (r *results) wants(names ...string) bool {
	return slices.ContainsFunc(names, r.plan.only.MatchString)
}

// lacks reports whether another round is to be measured.
func (r *results) lacks(w what) bool {
	return len(r.made[w]) < r.plan.rounds && r.wants(w.Name)
}

// complete reports whether an earlier run has measured all rounds on an engine.
func (r *results) complete(engine string) bool {
	w := what{"200 officers at work", 200, r.plan.postgres, engine}
	return len(r.made[w]) >= r.plan.rounds
}

func (r *results) add(w what, one result) {
	if r.made[w] == nil {
		r.order = append(r.order, w)
	}
	r.made[w] = append(r.made[w], one)
	fmt.Fprintf(os.Stderr, "  %-10s %9d  %-44s %4d  %7.0f/s  p50 %6.1f ms  p99 %6.1f ms  cpu %.3f ms  peak %4d MiB  refused %d\n",
		w.Engine, w.Size, w.Name, w.N, one.Rate, ms(one.P50), ms(one.P99), ms(one.CPU), one.Peak>>20, one.Refused)
	r.save()
}

// measure puts one load on a child, if it is wanted.
func (r *results) measure(ctx context.Context, c *child, w what, write request) {
	if !r.lacks(w) {
		return
	}
	ended, peak := c.profiled(r.plan.profile, w), c.peak()
	one := c.load(ctx, w.N, r.plan.each, write)
	one.Peak = peak()
	ended()
	r.add(w, one)
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// middle is the median of all rounds, figure by figure.
func (r *results) middle(w what) result {
	all := r.made[w]
	if len(all) == 0 {
		return result{}
	}
	return result{
		Rate: median(all, func(o result) float64 { return o.Rate }), P50: median(all, func(o result) time.Duration { return o.P50 }),
		P99: median(all, func(o result) time.Duration { return o.P99 }), CPU: median(all, func(o result) time.Duration { return o.CPU }),
		Peak: median(all, func(o result) int64 { return o.Peak }), Refused: median(all, func(o result) int64 { return o.Refused }),
	}
}

func median[T cmp.Ordered](all []result, figure func(result) T) T {
	var list []T
	for _, one := range all {
		list = append(list, figure(one))
	}
	slices.Sort(list)
	return list[len(list)/2]
}

// against says which baseline a line is compared with.
func against(w what) what {
	switch {
	case w.Name == "intake" && w.Engine == "SQLite":
		return what{"SQLite alone, same rows, so many intakes a commit", 1, 0, "SQLite"}
	case w.Name == whileBackup:
		w.Name = "intake"
		return w
	case w.Name == "tracking":
		return what{"bare handler, a look", 32, 0, ""}
	case w.Name == "procedure page":
		return what{"static file of the same size", 32, 0, ""}
	case strings.HasPrefix(w.Name, "start"):
		return what{"start of a program that says hello", 1, 0, ""}
	}
	w.Name += ", SQL alone"
	return w
}

// tables writes the figures as Markdown, for people and for docs/performance.md.
func (r *results) tables(at time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, measured %s on %s/%s, %d cores, %s, load %s at the end; medians of %d rounds of %v.\n\n",
		version(), at.Format(time.DateOnly), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), loadOfMachine(), r.plan.rounds, r.plan.each)
	b.WriteString("| What | stored | connections, or intakes a commit | a second | p50 ms | p99 ms | CPU ms each | peak MiB | beside its baseline |\n|---|--:|--:|--:|--:|--:|--:|--:|---|\n")
	for _, w := range r.order {
		m := r.middle(w)
		ratio := ""
		if base := r.middle(against(w)); base.Rate > 0 {
			ratio = fmt.Sprintf("%.2f × %s", m.Rate/base.Rate, against(w).Name)
			if w.Name == whileBackup {
				ratio += fmt.Sprintf(", p99 %.2f ×", float64(m.P99)/float64(base.P99))
			}
		}
		if w.Name == broughtBack {
			ratio = fmt.Sprintf("%.0f s for a million", 1e6/m.Rate)
		}
		name := w.Name
		if w.Engine == "PostgreSQL" {
			name += " (PostgreSQL)"
		}
		if m.Refused > 0 {
			name += fmt.Sprintf(", %d refused", m.Refused)
		}
		fmt.Fprintf(&b, "| %s | %s | %d | %.0f | %.1f | %.1f | %.3f | %s | %s |\n", name, thousands(w.Size), w.N, m.Rate, ms(m.P50), ms(m.P99), ms(m.CPU), mib(m.Peak), ratio)
	}
	r.growth(&b)
	r.bytes(&b)
	return b.String()
}

func mib(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprint(n >> 20)
}

func thousands(n int64) string {
	if n == 0 {
		return ""
	}
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// growth says how the processor time grows with what is stored: 0 not at all,
// 1 as fast as the database.
func (r *results) growth(b *strings.Builder) {
	if len(r.plan.sizes) < 2 {
		return
	}
	small, large := r.plan.sizes[0], r.plan.sizes[len(r.plan.sizes)-1]
	fmt.Fprintf(b, "\n| Growth from %s to %s | CPU ms each | | exponent |\n|---|--:|--:|--:|\n", thousands(small), thousands(large))
	for _, w := range r.order {
		if w.Size != small || strings.HasSuffix(w.Name, "SQL alone") {
			continue
		}
		first := r.middle(w)
		w.Size = large
		if last := r.middle(w); first.CPU > 0 && last.CPU > 0 {
			fmt.Fprintf(b, "| %s (%d) | %.3f | %.3f | %.2f |\n", w.Name, w.N, ms(first.CPU), ms(last.CPU),
				math.Log(float64(last.CPU)/float64(first.CPU))/math.Log(float64(large)/float64(small)))
		}
	}
}

// bytes says what a dossier takes on the disk, table by table.
func (r *results) bytes(b *strings.Builder) {
	for _, engine := range []string{"SQLite", "PostgreSQL"} {
		var names []string
		var sizes []int64
		for w := range r.sizes {
			if w.Engine == engine && !slices.Contains(names, w.Name) {
				names = append(names, w.Name)
			}
			if w.Engine == engine && !slices.Contains(sizes, w.Size) {
				sizes = append(sizes, w.Size)
			}
		}
		if len(sizes) == 0 {
			continue
		}
		slices.Sort(sizes)
		of := func(name string, size int64) float64 {
			return float64(r.sizes[what{name, 0, size, engine}]) / float64(size)
		}
		slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(of(b, sizes[0]), of(a, sizes[0])), cmp.Compare(a, b)) })
		fmt.Fprintf(b, "\n| Bytes a dossier, %s |", engine)
		for _, size := range sizes {
			fmt.Fprintf(b, " of %s |", thousands(size))
		}
		b.WriteString("\n|---|" + strings.Repeat("--:|", len(sizes)) + "\n")
		line := func(name string, bytes func(int64) float64) {
			fmt.Fprintf(b, "| %s |", name)
			for _, size := range sizes {
				fmt.Fprintf(b, " %.0f |", bytes(size))
			}
			b.WriteString("\n")
		}
		for _, name := range names {
			if of(name, sizes[0]) >= 20 {
				line(name, func(size int64) float64 { return of(name, size) })
			}
		}
		line("**all tables and indexes**", func(size int64) (sum float64) {
			for _, name := range names {
				sum += of(name, size)
			}
			return sum
		})
	}
}

// version names what is measured: the release, or the commit since.
func version() string {
	out, err := exec.Command("git", "describe", "--tags", "--always").Output()
	if err != nil {
		return "unknown version"
	}
	return strings.TrimSpace(string(out))
}

const (
	begin = "<!-- bench: written by make bench, one part a version -->\n"
	end   = "<!-- bench ends -->"
)

// rewrite puts the tables of a version between the marks of a page: over those
// of the same version, or above all others.
func rewrite(page, version, tables string) error {
	b, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	head, rest, ok := bytes.Cut(b, []byte(begin))
	old, tail, ok2 := bytes.Cut(rest, []byte(end))
	if !ok || !ok2 {
		return fmt.Errorf("%s has no marks for the tables", page)
	}
	mine := "### " + version + "\n\n"
	parts := []string{mine + tables + "\n"}
	for _, part := range strings.SplitAfter("\n"+string(old), "\n### ")[1:] {
		part = "### " + strings.TrimSuffix(part, "\n### ")
		if !strings.HasPrefix(part, mine) {
			parts = append(parts, strings.TrimRight(part, "\n")+"\n\n")
		}
	}
	return os.WriteFile(page, slices.Concat(head, []byte(begin), []byte(strings.Join(parts, "")), []byte(end), tail), 0o644)
}
