package main

import (
	"bufio"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestTableComparesWithTheBaseline(t *testing.T) {
	r := results{made: map[what][]result{}, plan: plan{only: regexp.MustCompile("")}}
	for _, rate := range []float64{30, 90, 60} {
		r.add(what{"intake", 32, 0, "SQLite"}, result{Rate: rate, P99: time.Millisecond})
	}
	r.add(against(what{"intake", 32, 0, "SQLite"}), result{Rate: 40})
	table := r.tables(time.Date(2026, 5, 8, 0, 0, 0, 0, time.UTC))
	if !strings.Contains(table, "| intake |  | 32 | 60 | 0.0 | 1.0 | 0.000 |  | 1.50 × SQLite alone") || !strings.Contains(table, "2026-05-08") {
		t.Errorf("table:\n%s", table)
	}
}

func TestGrowthIsAnExponent(t *testing.T) {
	r := results{made: map[what][]result{}, plan: plan{only: regexp.MustCompile(""), sizes: []int64{1000, 10_000}}}
	r.add(what{"search", 4, 1000, "SQLite"}, result{CPU: time.Millisecond})
	r.add(what{"search", 4, 10_000, "SQLite"}, result{CPU: 10 * time.Millisecond})
	if table := r.tables(time.Time{}); !strings.Contains(table, "| search (4) | 1.000 | 10.000 | 1.00 |") {
		t.Errorf("table:\n%s", table)
	}
}

// A version's tables replace those of the same version only, the newest first.
func TestRewriteTouchesOnlyItsOwnVersion(t *testing.T) {
	page := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(page, []byte("a\n"+begin+end+"\nz\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, part := range [][2]string{{"v1", "one\n"}, {"v2", "two\n"}, {"v2", "two again\n"}} {
		if err := rewrite(page, part[0], part[1]); err != nil {
			t.Fatal(err)
		}
	}
	want := "a\n" + begin + "### v2\n\ntwo again\n\n### v1\n\none\n\n" + end + "\nz\n"
	if b, err := os.ReadFile(page); err != nil || string(b) != want {
		t.Errorf("page is %q, %v, want %q", b, err, want)
	}
}

func TestAnUnfinishedRunGoesOn(t *testing.T) {
	t.Chdir("../..") // where the version is
	file := filepath.Join(t.TempDir(), "results.json")
	w := what{"search", 4, 1000, "SQLite"}
	for round := range 3 {
		r, err := takeUpResults(file, true)
		if err != nil {
			t.Fatal(err)
		}
		r.plan = plan{rounds: 2, only: regexp.MustCompile("")}
		if lacks := r.lacks(w); lacks != (round < 2) {
			t.Fatalf("after %d rounds of 2: lacks another is %v", round, lacks)
		}
		r.add(w, result{Rate: 1})
	}
}

func TestAnswersAreReadOneAfterAnother(t *testing.T) {
	in := bufio.NewReader(strings.NewReader("HTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 429 Too Many\r\ncontent-length: 0\r\n\r\n"))
	for _, want := range []int{201, 429} {
		if got, err := readAnswer(in); err != nil || got != want {
			t.Errorf("status %d, %v, want %d", got, err, want)
		}
	}
}
