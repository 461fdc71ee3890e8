package faults

import (
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// rel-F01: a restart reads no more of a large house than of a small one, so it
// is as quick after ten years as on the first day. The proof at start looks at
// the last thousand entries and at one path of hashes to each copied head.
func TestStartReadsNothingThatGrows(t *testing.T) {
	t.Parallel()
	mayTrace(t)
	read := func(dossiers string) int64 {
		n := &node{t: t, dir: filepath.Join(folder(t), "node")}
		n.mustRun("simulate", "--from", "2026-03-02", "--to", "2026-04-10", "--dossiers", dossiers, "--seed", "3")
		var reads atomic.Int64
		cmd := n.command("demo", "--listen", "127.0.0.1:0")
		s, err := serving(cmd, func() (wait func(), err error) {
			_, wait, err = trace(cmd, func(c call) verdict {
				if (c.name == "pread64" || c.name == "read") && strings.HasPrefix(c.path, filepath.Dir(n.dir)) {
					reads.Add(1)
				}
				return verdict{}
			})
			return wait, err
		})
		must(t, err)
		at := reads.Load()
		s.stop()
		n.mustVerify()
		return at
	}
	small, large := read("150"), read("400")
	t.Logf("%d reads to start a house of 150 dossiers, %d for one of 400", small, large)
	if small == 0 || large > small*3/2 {
		t.Errorf("starting reads %d times in a house of 150 dossiers, %d times in one of 400; want about the same", small, large)
	}
}
