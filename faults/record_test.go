package faults

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var record = flag.Bool("record", false, "keep the results in "+results+", from which docs/reliability.md is written")

// results is the file of the newest result of each fault on each engine, one a
// line.
const results = "results.jsonl"

// result is what a fault test did and found.
type result struct {
	Fault        string `json:"fault"`   // "F01"
	Variant      string `json:"variant"` // "kill -9 under load"
	Engine       string `json:"engine"`  // "sqlite"
	Rounds       int    `json:"rounds"`
	Injected     int    `json:"injected"` // faults that really happened
	Acknowledged int    `json:"acknowledged"`
	Lost         int    `json:"lost"`
	Doubled      int    `json:"doubled"`
	Remark       string `json:"remark,omitempty"`
	Date         string `json:"date"`
}

var keeping sync.Mutex // the results file

// report prints the result, fails a test that injected nothing, and keeps the
// result when the run is told to.
func report(t testing.TB, r result) {
	t.Helper()
	r.Date = time.Now().UTC().Format(time.DateOnly)
	t.Logf("%s %s on %s: %d rounds, %d faults injected, %d acknowledged, %d lost, %d doubled. %s",
		r.Fault, r.Variant, r.Engine, r.Rounds, r.Injected, r.Acknowledged, r.Lost, r.Doubled, r.Remark)
	if r.Injected == 0 {
		t.Errorf("%s: no fault was really injected, so nothing is proven", r.Fault)
	}
	if *record && !t.Failed() {
		must(t, keep(r))
	}
}

// keep replaces the line of the same fault, variant and engine.
func keep(r result) error {
	keeping.Lock()
	defer keeping.Unlock()
	all := []result{r}
	f, err := os.Open(results)
	if err == nil {
		lines := bufio.NewScanner(f)
		for lines.Scan() {
			var old result
			if err := json.Unmarshal(lines.Bytes(), &old); err != nil {
				f.Close()
				return fmt.Errorf("%s: %w", results, err)
			}
			if old.Fault != r.Fault || old.Variant != r.Variant || old.Engine != r.Engine {
				all = append(all, old)
			}
		}
		f.Close()
	}
	slices.SortFunc(all, func(a, b result) int {
		return strings.Compare(a.Fault+"\x00"+a.Variant+"\x00"+a.Engine, b.Fault+"\x00"+b.Variant+"\x00"+b.Engine)
	})
	var out strings.Builder
	for _, r := range all {
		line, err := json.Marshal(r)
		if err != nil {
			return err
		}
		fmt.Fprintf(&out, "%s\n", line)
	}
	return os.WriteFile(results, []byte(out.String()), 0o644)
}
