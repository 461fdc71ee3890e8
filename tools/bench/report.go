package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// results are the measurements of all rounds, in the order they were first made.
type results struct {
	order []what
	made  map[what][]result
}

// what was measured: by how many connections, or how many intakes to a commit.
type what struct {
	name string
	n    int
}

func (r *results) add(name string, n int, one result) {
	if r.made == nil {
		r.made = map[what][]result{}
	}
	w := what{name, n}
	if r.made[w] == nil {
		r.order = append(r.order, w)
	}
	r.made[w] = append(r.made[w], one)
	fmt.Fprintf(os.Stderr, "  %-30s %4d  %7.0f/s  p50 %6.1f ms  p99 %6.1f ms  cpu %.3f ms  refused %d\n",
		name, n, one.rate, ms(one.p50), ms(one.p99), ms(one.cpu), one.refused)
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// middle is the median of all rounds, figure by figure.
func (r *results) middle(w what) result {
	all := r.made[w]
	if len(all) == 0 {
		return result{}
	}
	var m result
	var rates []float64
	var p50, p99, cpu []time.Duration
	for _, one := range all {
		rates, p50, p99, cpu = append(rates, one.rate), append(p50, one.p50), append(p99, one.p99), append(cpu, one.cpu)
		m.refused += one.refused
	}
	slices.Sort(rates)
	for _, d := range [][]time.Duration{p50, p99, cpu} {
		slices.Sort(d)
	}
	at := len(all) / 2
	m.rate, m.p50, m.p99, m.cpu = rates[at], p50[at], p99[at], cpu[at]
	return m
}

// against says which baseline a line is compared with.
func against(w what) what {
	switch {
	case w.name == "intake over HTTP, SQLite":
		return what{"SQLite alone, same rows", 1}
	case w.name == "tracking over HTTP":
		return what{"bare handler, a look", 32}
	}
	return what{}
}

// table writes the figures as Markdown, for people and for docs/performance.md.
func (r *results) table(at time.Time) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Measured %s, %s/%s, %d cores, %s, load %s at the end; medians of %d rounds.\n\n",
		at.Format(time.DateOnly), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), loadOfMachine(), len(r.made[r.order[0]]))
	b.WriteString("| What | connections, or intakes a commit | a second | p50 ms | p99 ms | CPU ms each | ratio |\n|---|--:|--:|--:|--:|--:|---|\n")
	for _, w := range r.order {
		m := r.middle(w)
		ratio := ""
		if base := r.middle(against(w)); base.rate > 0 {
			ratio = fmt.Sprintf("%.2f × %s (%d)", m.rate/base.rate, against(w).name, against(w).n)
		}
		fmt.Fprintf(&b, "| %s | %d | %.0f | %.1f | %.1f | %.3f | %s |\n", w.name, w.n, m.rate, ms(m.p50), ms(m.p99), ms(m.cpu), ratio)
		if m.refused > 0 {
			fmt.Fprintf(&b, "| … of these refused | | %d | | | | |\n", m.refused)
		}
	}
	return b.String()
}

func loadOfMachine() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(b))[:3], " ")
}

// ownCPU is the processor time that this program has used.
func ownCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

const (
	begin = "<!-- bench: written by make bench -->\n"
	end   = "<!-- bench ends -->"
)

// rewrite puts the table between the marks of a page.
func rewrite(page, table string) error {
	b, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	head, rest, ok := bytes.Cut(b, []byte(begin))
	_, tail, ok2 := bytes.Cut(rest, []byte(end))
	if !ok || !ok2 {
		return fmt.Errorf("%s has no marks for the table", page)
	}
	return os.WriteFile(page, slices.Concat(head, []byte(begin), []byte(table), []byte(end), tail), 0o644)
}
