package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const report = `{"Action":"run","Package":"quay20/internal/store","Test":"TestA"}
{"Action":"pass","Package":"quay20/internal/store","Test":"TestA","Elapsed":0.1}
{"Action":"output","Package":"quay20/internal/store","Test":"TestB/postgres","Output":"    b_test.go:7: set TEST_POSTGRES\n"}
{"Action":"skip","Package":"quay20/internal/store","Test":"TestB/postgres","Elapsed":0}
{"Action":"pass","Package":"quay20/internal/store","Elapsed":0.2}
`

func counted(t *testing.T, lines string) (*tally, *bytes.Buffer) {
	t.Helper()
	var out bytes.Buffer
	c := newTally(false, &out)
	for line := range strings.Lines(lines) {
		c.take(line)
	}
	return c, &out
}

func TestClosingLineStandsAlone(t *testing.T) {
	c, out := counted(t, report)
	if !c.close(nil, false) {
		t.Error("a skip failed a run that is not strict")
	}
	if !strings.HasSuffix(out.String(), "\n1 passed, 0 failed, 1 skipped\n") {
		t.Errorf("closing line missing in:\n%s", out)
	}
	if !strings.Contains(out.String(), "skipped: internal/store.TestB/postgres: b_test.go:7: set TEST_POSTGRES") {
		t.Errorf("skip or its reason missing in:\n%s", out)
	}
}

func TestStrictRunAllowsOnlyListedSkips(t *testing.T) {
	for allowed, want := range map[string]bool{
		"internal/store.TestB/postgres": true,
		"internal/store.TestB":          true,
		"internal/store.Test":           false,
		"internal/journal.TestB":        false,
	} {
		c, _ := counted(t, report)
		if got := c.close([]string{allowed}, true); got != want {
			t.Errorf("with %s allowed the run is good: %v, want %v", allowed, got, want)
		}
	}
}

func TestFailureShowsItsWords(t *testing.T) {
	c, out := counted(t, `{"Action":"output","Package":"quay20/x","Test":"TestC","Output":"    c_test.go:3: wrong\n"}
{"Action":"fail","Package":"quay20/x","Test":"TestC","Elapsed":0}
{"Action":"fail","Package":"quay20/x","Elapsed":0}
`)
	if c.close(nil, false) {
		t.Error("a failed test left the run good")
	}
	if !strings.Contains(out.String(), "c_test.go:3: wrong") || !strings.Contains(out.String(), "0 passed, 1 failed, 0 skipped") {
		t.Errorf("report lacks the failure:\n%s", out)
	}
}

func TestPackageThatDoesNotBuildFailsTheRun(t *testing.T) {
	c, out := counted(t, `{"ImportPath":"quay20/x [quay20/x.test]","Action":"build-output","Output":"x.go:1: syntax error\n"}
{"Action":"fail","Package":"quay20/x","Elapsed":0,"FailedBuild":"quay20/x [quay20/x.test]"}
`)
	if c.close(nil, false) {
		t.Error("a broken build left the run good")
	}
	if !strings.Contains(out.String(), "syntax error") {
		t.Errorf("report lacks the compiler's words:\n%s", out)
	}
}

func TestMaySkipWantsThreeColumns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "may-skip")
	for content, ok := range map[string]bool{
		"# note\n\ninternal/x.TestD\tGPU\tno machine has one\n": true,
		"internal/x.TestD\n": false,
	} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := readMaySkip(path); (err == nil) != ok {
			t.Errorf("%q: error %v", content, err)
		}
	}
}
