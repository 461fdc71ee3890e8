package quay20_test

import (
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

// importing lists where files that ship import a package that they must not.
func importing(shunned ...string) (at []string) {
	for _, s := range sources() {
		if s.test || s.room == "tools" {
			continue
		}
		for imported, line := range s.imports() {
			if slices.Contains(shunned, imported) {
				at = append(at, line+" imports "+imported)
			}
		}
	}
	return at
}

// rel-K05: what ships starts no other program.
func TestNoOtherProgramIsStarted(t *testing.T) {
	t.Parallel()
	for _, at := range importing("os/exec", "plugin") {
		t.Error(at)
	}
}

// rel-K69: nothing rests on broken or home-made cryptography.
func TestOnlyStandardCryptography(t *testing.T) {
	t.Parallel()
	for _, at := range importing("crypto/md5", "crypto/sha1", "crypto/des", "crypto/rc4", "crypto/dsa") {
		t.Error(at)
	}
}

// rel-K71: chance that must not be guessed comes from crypto/rand; the demo
// invents people with a seed, so that it invents the same ones again.
func TestOnlyTheDemoUsesGuessableChance(t *testing.T) {
	t.Parallel()
	for _, at := range importing("math/rand", "math/rand/v2") {
		if !strings.HasPrefix(at, "internal/demo/") && !strings.HasPrefix(at, "faults/") { // faults break things at random
			t.Error(at)
		}
	}
}

// rel-K71: only quay20 simulate opens a store whose chance can be repeated, or
// shares commits; serving cannot come to either.
func TestOnlyTheSimulationRepeatsChance(t *testing.T) {
	t.Parallel()
	for text, where := range map[string][]string{
		"Chance: chance":   {"cmd/quay20/simulate.go"},
		"demo.Chance(":     {"cmd/quay20/simulate.go"},
		"beginWith(":       {"cmd/quay20/house.go", "cmd/quay20/simulate.go"},
		".Together(ctx":    {"internal/demo/build.go", "internal/demo/simulate.go"},
		"store.Options{":   {"cmd/quay20/backup.go", "cmd/quay20/house.go", "cmd/quay20/restore.go", "cmd/quay20/simulate.go"},
		"Options.Chance =": nil,
	} {
		found := shipping(t, text)
		for file := range found {
			if !slices.Contains(where, file) {
				t.Errorf("%s holds %q", file, text)
			}
		}
		if len(found) != len(where) {
			t.Errorf("%q stands in %v, want %v", text, found, where)
		}
	}
}

// shipping lists the files that ship and hold a text, with how often.
func shipping(t *testing.T, text string) map[string]int {
	found := map[string]int{}
	for _, s := range sources() {
		if s.test || s.room == "tools" {
			continue
		}
		b, err := os.ReadFile(s.path)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(b), text); n > 0 {
			found[s.path] = n
		}
	}
	return found
}

// rel-K38: every way in ends in the one function that writes a session.
func TestOneFunctionMakesASession(t *testing.T) {
	t.Parallel()
	for table, file := range map[string]string{"officer_session": "internal/officer/session.go", "account_session": "internal/applicant/account_session.go"} {
		if found := shipping(t, "INSERT INTO "+table+" "); len(found) != 1 || found[file] != 1 {
			t.Errorf("sessions are made in %v", found)
		}
	}
}

// rel-K02: HTML that no template escapes is made in one reviewed file of the web room.
func TestUnescapedHTMLIsMadeInOneFile(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"template.HTML(", "template.JS(", "template.URL(", "template.HTMLAttr(", "template.CSS("} {
		for file := range shipping(t, kind) {
			if path.Dir(file) != "internal/web" {
				t.Errorf("%s makes %s)", file, kind)
			}
		}
	}
}
