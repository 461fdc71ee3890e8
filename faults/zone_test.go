package faults

import (
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// rel-F11, rel-I-C7, rel-I-C1: the host's time zone is another, none or wrong, or
// the host has no zone files. A short year is played in each, with Tết in it;
// tables, journal, due dates and proofs are the same byte for byte.
func TestHostTimeZone(t *testing.T) {
	t.Parallel()
	path, err := program()
	must(t, err)
	want := playedIn(t, path, "Asia/Ho_Chi_Minh")
	injected := 0
	for _, zone := range []string{"UTC", "America/New_York", "Pacific/Apia", "No/Where", ""} {
		t.Run(cmp.Or(strings.ReplaceAll(zone, "/", "-"), "none"), func(t *testing.T) {
			injected++
			same(t, playedIn(t, path, zone), want)
		})
	}
	t.Run("no-zone-files", func(t *testing.T) {
		same(t, playedIn(t, path, "UTC", withoutZoneFiles(t)...), want)
		injected++
	})
	report(t, result{Fault: "F11", Variant: "time zone of the host: another, none, wrong, no zone files", Engine: "sqlite", Rounds: 6, Injected: injected})
}

// withoutZoneFiles is what stands before a command line that must run where no
// zone file can be read, here with an empty folder over each place of them.
func withoutZoneFiles(t *testing.T) []string {
	t.Helper()
	goes, err := exec.Command("go", "env", "GOROOT").Output()
	must(t, err)
	places := []string{"/usr/share/zoneinfo", "/usr/share/lib/zoneinfo", "/usr/lib/locale/TZ", "/etc/zoneinfo", filepath.Join(strings.TrimSpace(string(goes)), "lib", "time")}
	script := ""
	for _, place := range places {
		if _, err := os.Stat(place); err == nil {
			script += fmt.Sprintf("mount -t tmpfs none '%s'\n", place)
		}
	}
	before := []string{"unshare", "--mount", "sh", "-ec", script + `exec "$@"`, "sh"}
	look := append(before, "sh", "-c", "ls "+strings.Join(places, "/* ")+"/* 2>/dev/null || true")
	out, err := exec.Command(look[0], look[1:]...).CombinedOutput()
	if err != nil {
		t.Skipf("no root: hiding the zone files: %v %s", err, out)
	}
	if len(out) > 0 {
		t.Fatalf("zone files are left: %.300s", out)
	}
	return before
}

func same(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
		for i := range min(len(g), len(w)) {
			if g[i] != w[i] {
				t.Fatalf("line %d is\n%s\nwant\n%s", i+1, g[i], w[i])
			}
		}
		t.Fatalf("%d lines, want %d", len(g), len(w))
	}
}

var fleeting = regexp.MustCompile(`(?m)^.*\d+ (giây|seconds).*$`) // how long it took

// playedIn plays a short year on a host in a time zone and gives all that comes
// out: what the commands say, and the rows that the acts left.
func playedIn(t *testing.T, program, zone string, before ...string) string {
	t.Helper()
	dir := filepath.Join(folder(t), "node")
	var all strings.Builder
	run := func(args ...string) {
		args = append(append([]string{}, before...), append([]string{program}, args...)...)
		cmd := exec.Command(args[0], args[1:]...)
		cmd.Env = append(os.Environ(), "TZ="+zone)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s in %q: %v\n%s", strings.Join(args, " "), zone, err, out)
		}
		all.WriteString(strings.ReplaceAll(fleeting.ReplaceAllString(string(out), ""), dir, "DIR"))
	}
	run("simulate", "--data", dir, "--from", "2026-02-02", "--to", "2026-03-06", "--dossiers", "60", "--seed", "7")
	run("deadline", "--desk", "12-Q20", "--procedure", "1.004222", "--received", "2026-02-12T23:30:00+07:00", "--json")
	run("deadline", "--limit", "3 working_day", "--received", "2026-02-13T15:00:00+07:00")
	n := &node{t: t, dir: dir}
	db, err := n.look()
	must(t, err)
	defer db.Close()
	for _, of := range []string{
		`SELECT n, ` + entryColumns + ` FROM journal_entry ORDER BY n`,
		`SELECT id, due_at || ' ' || state || ' ' || body FROM dossier ORDER BY id`,
	} {
		each(t, db, of, func(a, b string) { fmt.Fprintln(&all, a, b) })
	}
	return all.String()
}
