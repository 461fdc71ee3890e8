package quay20_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the documents that tests keep, then read the difference")

// promised finds an ID in prose, "rel-I-C3", "K61", and in a name, "TestRelIC3".
var promised = regexp.MustCompile(`\b(?:rel-)?(I-[A-Z]\d{1,2}|B-[A-Z]\d\d|[KTF]\d\d)\b|Rel(I[A-Z]\d{1,2}|B[A-Z]\d\d|[KTF]\d\d)`)

// idsIn lists the IDs that a text names, in the one spelling.
func idsIn(text string) []string {
	var ids []string
	for _, m := range promised.FindAllStringSubmatch(text, -1) {
		id := m[1]
		if id == "" {
			id = m[2]
			if id[0] == 'I' || id[0] == 'B' {
				id = id[:1] + "-" + id[1:]
			}
		}
		ids = append(ids, id)
	}
	return ids
}

// provers maps each ID to the tests that name it: "dossier.TestX", or the file
// where the ID stands outside a test function.
func provers(t *testing.T) map[string]map[string]bool {
	found := map[string]map[string]bool{}
	note := func(ids []string, test string) {
		for _, id := range ids {
			if found[id] == nil {
				found[id] = map[string]bool{}
			}
			found[id][test] = true
		}
	}
	for _, s := range sources() {
		if s.test && !strings.HasPrefix(s.path, "reliability_") {
			provenIn(t, s, note)
		}
	}
	for _, script := range files(".txtar") {
		text, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}
		note(idsIn(string(text)), script)
	}
	return found
}

// provenIn notes the IDs of one Go file, test by test.
func provenIn(t *testing.T, s source, note func(ids []string, test string)) {
	text, err := os.ReadFile(s.path)
	if err != nil {
		t.Fatal(err)
	}
	rest := slices.Clone(text)
	for _, decl := range s.syntax.Decls {
		f, ok := decl.(*ast.FuncDecl)
		if !ok || !strings.HasPrefix(f.Name.Name, "Test") && !strings.HasPrefix(f.Name.Name, "Fuzz") {
			continue
		}
		from := f.Pos()
		if f.Doc != nil {
			from = f.Doc.Pos()
		}
		a, b := s.fset.Position(from).Offset, s.fset.Position(f.End()).Offset
		note(idsIn(string(text[a:b])), path.Join(path.Dir(s.path), f.Name.Name))
		for i := a; i < b; i++ {
			rest[i] = ' '
		}
	}
	note(idsIn(string(rest)), s.path)
}

// Each promise has a test that names it, or an honest reason why not, and the
// document says so.
func TestReliabilityIsProvenOrSaysWhyNot(t *testing.T) {
	found := provers(t)
	for _, p := range promises {
		_, excused := unproven[p.id]
		switch tested := len(found[p.id]) > 0; {
		case !tested && !excused:
			t.Errorf("%s (%s): no test names it, and unproven gives no reason", p.id, p.means)
		case tested && excused:
			t.Errorf("%s: a test names it (%s); take its reason out of unproven", p.id, slices.Sorted(maps.Keys(found[p.id]))[0])
		}
	}
	for id := range unproven {
		if !slices.ContainsFunc(promises, func(p struct{ id, means string }) bool { return p.id == id }) {
			t.Errorf("unproven gives a reason for %s, which is no promise", id)
		}
	}
	const name = "docs/reliability.md"
	want := reliability(found)
	if *update {
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if have, err := os.ReadFile(name); err != nil || string(have) != want {
		t.Errorf("%s is out of date (%v); run go test . -run Reliability -update and read the difference", name, err)
	}
}

// reliability is the document.
func reliability(found map[string]map[string]bool) string {
	var b strings.Builder
	b.WriteString(`# What is promised, and what proves it

For whoever decides whether to trust the house: each promise under a stable ID, with the tests that name it, or the reason why none does yet. A test keeps this page: ` + "`go test . -run Reliability -update`" + `.

Promises about money (I-M, B-H), queues (I-Q, B-E), field kits (I-S, B-S), messages, surveys and figures (I-N, I-V, I-F), uploads (B-U) and imports (B-C) come with their rooms.
`)
	proven := 0
	for _, p := range promises {
		if len(found[p.id]) > 0 {
			proven++
		}
	}
	fmt.Fprintf(&b, "\n%d of %d promises are named by tests.\n", proven, len(promises))
	heading := ""
	for _, p := range promises {
		if h := chapter(p.id); h != heading {
			heading = h
			fmt.Fprintf(&b, "\n## %s\n\n| ID | Promise | Proven by |\n|---|---|---|\n", h)
		}
		fmt.Fprintf(&b, "| %s | %s | %s |\n", p.id, p.means, proof(found[p.id], unproven[p.id]))
	}
	b.WriteString(faultTable())
	return b.String()
}

// faultTable shows the newest results of the fault tests.
func faultTable() string {
	var b strings.Builder
	b.WriteString("\n## What the faults found\n\nThe newest results that were kept, by `make faults` (the long run) or `go test ./faults -record`. *Injected* counts faults that really happened, *lost* acknowledged acts that were not found again, or, where a disk loses them by itself, losses that nobody was told of.\n\n| Fault | What | Engine | Rounds | Injected | Acknowledged | Lost | Doubled | Date | Remark |\n|---|---|---|---|---|---|---|---|---|---|\n")
	text, err := os.ReadFile("faults/results.jsonl")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		var r struct {
			Fault, Variant, Engine, Remark, Date          string
			Rounds, Injected, Acknowledged, Lost, Doubled int
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			return fmt.Sprintf("faults/results.jsonl: %v", err)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %d | %d | %d | %d | %d | %s | %s |\n", r.Fault, r.Variant, r.Engine, r.Rounds, r.Injected, r.Acknowledged, r.Lost, r.Doubled, r.Date, r.Remark)
	}
	return b.String()
}

// proof lists tests room by room, or says the reason.
func proof(tests map[string]bool, reason string) string {
	if len(tests) == 0 {
		return "*not yet:* " + reason
	}
	rooms := map[string][]string{}
	for _, test := range slices.Sorted(maps.Keys(tests)) {
		room := strings.TrimPrefix(path.Dir(test), "internal/")
		rooms[room] = append(rooms[room], "`"+path.Base(test)+"`")
	}
	var parts []string
	for _, room := range slices.Sorted(maps.Keys(rooms)) {
		where := room + ": "
		if room == "." {
			where = "house: "
		}
		parts = append(parts, where+strings.Join(rooms[room], " "))
	}
	return strings.Join(parts, "<br>")
}

// chapter is the heading under which an ID stands.
func chapter(id string) string {
	switch {
	case strings.HasPrefix(id, "I-D"):
		return "Dossier and numbers"
	case strings.HasPrefix(id, "I-J"):
		return "Journal"
	case strings.HasPrefix(id, "I-C"):
		return "Clock and due date"
	case strings.HasPrefix(id, "I-P"):
		return "Permission and privacy"
	case strings.HasPrefix(id, "I-X"):
		return "System"
	case strings.HasPrefix(id, "B-"):
		return "Bad input"
	case strings.HasPrefix(id, "K"):
		return "Security checks"
	case strings.HasPrefix(id, "F"):
		return "Faults"
	}
	return "Threats"
}
