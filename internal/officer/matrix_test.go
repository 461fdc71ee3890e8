package officer_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/text"
)

var update = flag.Bool("update", false, "rewrite docs/access.md")

// rel-K59: the matrix is published as it is. Run with -update after a change
// and read the difference.
func TestAccessDocumentIsTheMatrix(t *testing.T) {
	const path = "../../docs/access.md"
	want := document()
	if *update {
		if err := os.MkdirAll("../../docs", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s differs from officer.Matrix; run go test ./internal/officer -update and read the diff", path)
	}
}

func document() string {
	var b strings.Builder
	b.WriteString("# Who may do what\n\n" +
		"Made from `officer.Matrix` by its test; do not edit. What is not listed nobody may do. Every permission\n" +
		"holds only for the unit of the grant and the units below it. ⚿ asks for a fresh proof (the code or the\n" +
		"password again) unless given in the last ten minutes; ○ has a bound, told below. The program itself may do everything; its acts are\n" +
		"in the journal without an officer. The console may do what administrators may.\n\n| |")
	for _, r := range officer.Roles {
		fmt.Fprintf(&b, " %s |", text.T(text.En, string(r.Word())))
	}
	b.WriteString("\n|---|" + strings.Repeat(":-:|", len(officer.Roles)) + "\n")
	for _, p := range officer.Permissions {
		mark := ""
		if officer.FreshProof[p] {
			mark = " ⚿"
		}
		fmt.Fprintf(&b, "| `%s` %s%s |", p, text.T(text.En, "officer.can."+string(p)), mark)
		for _, r := range officer.Roles {
			cell := " "
			if slices.Contains(officer.Matrix[p], r) {
				cell = " ● "
				if _, bound := officer.Bounds[p][r]; bound {
					cell = " ○ "
				}
			}
			b.WriteString(cell + "|")
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
	for _, line := range []struct {
		says  string
		roles map[officer.Role]bool
	}{
		{"Second factor required (until it is enrolled they can do nothing else)", officer.RolesWithSecondFactor},
		{"Grants wait for a second administrator, a different person", officer.RolesWithSecondPerson},
	} {
		var names []string
		for _, r := range officer.Roles {
			if line.roles[r] {
				names = append(names, text.T(text.En, string(r.Word())))
			}
		}
		fmt.Fprintf(&b, "- %s: %s.\n", line.says, strings.Join(names, ", "))
	}
	for _, p := range officer.Permissions {
		for _, r := range officer.Roles {
			if bound, ok := officer.Bounds[p][r]; ok {
				fmt.Fprintf(&b, "- ○ `%s`, %s: %s.\n", p, text.T(text.En, string(r.Word())), text.T(text.En, string(bound)))
			}
		}
	}
	b.WriteString("- Nobody grants a role to themselves, resets, enables or disables their own account.\n" +
		"- Cancelling a receipt takes two persons: one asks, another, who neither took the money nor asked, approves\n" +
		"  with the paper in hand.\n\n## In words\n")
	for _, r := range officer.Roles {
		fmt.Fprintf(&b, "\n**%s** (%s): ", text.T(text.Vi, string(r.Word())), r)
		var words []string
		for _, k := range r.May() {
			words = append(words, text.T(text.Vi, string(k)))
		}
		b.WriteString(strings.Join(words, "; ") + ".\n")
	}
	return b.String()
}

// rel-K60
func TestMatrixIsCompleteAndDeniesWhatItDoesNotName(t *testing.T) {
	if len(officer.Permissions) != len(officer.Matrix) {
		t.Errorf("%d permissions in order, %d in the matrix", len(officer.Permissions), len(officer.Matrix))
	}
	for _, p := range officer.Permissions {
		if len(officer.Matrix[p]) == 0 {
			t.Errorf("nobody may %s", p)
		}
		if !text.Has("officer.can." + string(p)) {
			t.Errorf("%s has no words", p)
		}
		for _, r := range officer.Matrix[p] {
			if !slices.Contains(officer.Roles, r) {
				t.Errorf("%s is given to %q, which is no role", p, r)
			}
		}
	}
	for _, r := range officer.Roles {
		by := officer.By{Role: r, Unit: quay20, Units: map[pack.UnitKey]bool{quay20: true}}
		for _, p := range append(slices.Clone(officer.Permissions), "fly", "") {
			err := by.Require(p, quay20)
			if may := slices.Contains(officer.Matrix[p], r); by.Can(p) != may || (err == nil) != may {
				t.Errorf("%s may %s: %v, %v; the matrix says %v", r, p, by.Can(p), err, may)
			}
			if err := by.Require(p, doanKet); !problem.Is(err, problem.NotFound) && by.Can(p) {
				t.Errorf("%s may %s outside the scope: %v", r, p, err)
			}
		}
	}
	writes := []officer.Permission{
		officer.Receive, officer.Advance, officer.Assign, officer.Conclude, officer.Apologise,
		officer.Cash, officer.ApproveCancel, officer.Officers, officer.Law,
	}
	for _, p := range writes {
		if (officer.By{Role: officer.Inspector}).Can(p) {
			t.Errorf("an inspector, who only reads, may %s", p)
		}
	}
	for _, p := range []officer.Permission{officer.Search, officer.View} {
		if (officer.By{Role: officer.Administrator}).Can(p) {
			t.Errorf("an administrator, who keeps the house, may %s dossiers", p)
		}
	}
}
