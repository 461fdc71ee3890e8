package main

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestTableComparesWithTheBaseline(t *testing.T) {
	var r results
	for _, rate := range []float64{30, 90, 60} {
		r.add("intake over HTTP, SQLite", 32, result{rate: rate, p99: time.Millisecond})
	}
	r.add("SQLite alone, same rows", 1, result{rate: 40})
	table := r.table(time.Date(2026, 5, 8, 0, 0, 0, 0, time.UTC))
	if !strings.Contains(table, "| 60 | 0.0 | 1.0 | 0.000 | 1.50 × SQLite alone, same rows (1) |") || !strings.Contains(table, "2026-05-08") {
		t.Errorf("table:\n%s", table)
	}
}

func TestRewriteTouchesOnlyBetweenTheMarks(t *testing.T) {
	page := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(page, []byte("a\n"+begin+"old\n"+end+"\nz\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := rewrite(page, "new\n"); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(page); err != nil || string(b) != "a\n"+begin+"new\n"+end+"\nz\n" {
		t.Errorf("page is %q, %v", b, err)
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
