package faults

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// oldNode is a node as an earlier release left it: twelve dossiers in a
// database whose newest migration is 0012, with its keys and its copied head.
// The file was made once by that form of the database and is never made again.
func oldNode(t testing.TB) *node {
	t.Helper()
	n := &node{t: t, dir: filepath.Join(folder(t), "node")}
	if out, err := exec.Command("tar", "-xzf", "testdata/release-0012.tgz", "-C", filepath.Dir(n.dir)).CombinedOutput(); err != nil {
		t.Fatalf("unpacking the old node: %v\n%s", err, out)
	}
	return n
}
