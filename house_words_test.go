package quay20_test

import (
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"quay20/internal/text"
)

// built lists the beginnings and ends of text keys that are put together where
// the tests cannot see it, because neither a Go literal nor a template holds
// them. A beginning that Go or a template joins to something ("state." + x,
// printf "state.%s") is found by itself.
var built = struct{ beginnings, ends []string }{
	ends: []string{".title", ".subject"}, // web: a problem's key and its heading; notice: a message and its heading as mail
}

var (
	keyShape    = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]*(\.[a-z0-9_-]+)+$`)
	beginShape  = regexp.MustCompile(`^([a-z0-9][a-z0-9_-]*\.)+([a-z0-9_-]*%[a-z].*)?$`)
	quoted      = regexp.MustCompile("[\"'`]([a-z0-9._%-]+)[\"'`]")
	wordCall    = regexp.MustCompile("\\bt\\s+(?:\"([^\"%]+)\"|`([^`%]+)`)")
	keyArgument = map[string]int{"text.T": 1, "text.Key": 0, "problem.New": 1}
)

// literals are all the quoted texts of programs and pages.
func literals(t *testing.T) (found, beginnings map[string]string) {
	t.Helper()
	found, beginnings = map[string]string{}, map[string]string{}
	add := func(word, at string) {
		word = strings.TrimPrefix(word, "key:") // how lawtime, which knows no text, marks a key among its arguments
		if found[word] == "" {
			found[word] = at
		}
		if b := beginShape.FindString(word); b != "" {
			b, _, _ = strings.Cut(b, "%")
			beginnings[b] = at
		}
	}
	for _, s := range sources() {
		if s.test {
			continue
		}
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				if word, err := strconv.Unquote(lit.Value); err == nil {
					add(word, s.at(lit))
				}
			}
			return true
		})
	}
	for _, name := range files(".html", ".js") {
		for i, line := range lines(t, name) {
			for _, m := range quoted.FindAllStringSubmatch(line, -1) {
				add(m[1], name+":"+strconv.Itoa(i+1))
			}
		}
	}
	return found, beginnings
}

func TestEveryWordIsUsed(t *testing.T) {
	t.Parallel()
	found, beginnings := literals(t)
	for _, b := range built.beginnings {
		beginnings[b] = "declared"
	}
	for _, key := range text.Keys() {
		used := found[key] != "" || slices.ContainsFunc(built.ends, func(end string) bool {
			stem, ok := strings.CutSuffix(key, end)
			return ok && found[stem] != ""
		})
		for b := range beginnings {
			used = used || strings.HasPrefix(key, b)
		}
		if !used {
			t.Errorf("text %s is used nowhere", key)
		}
	}
}

func TestEveryKeyUsedHasItsWords(t *testing.T) {
	t.Parallel()
	missing := func(key, at string) {
		if keyShape.MatchString(key) && !text.Has(key) {
			t.Errorf("%s: text %s is in no words file", at, key)
		}
	}
	for _, s := range sources() {
		if !s.test {
			keysCalled(s, missing)
		}
	}
	for _, name := range files(".html") {
		for i, line := range lines(t, name) {
			for _, m := range wordCall.FindAllStringSubmatch(line, -1) {
				missing(m[1]+m[2], name+":"+strconv.Itoa(i+1))
			}
		}
	}
}

// keysCalled reports each literal that stands where a text key is wanted:
// text.T, text.Key, problem.New, and the Field method of a Problem.
func keysCalled(s source, report func(key, at string)) {
	ast.Inspect(s.syntax, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		selector, ok := call.Fun.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		position, ok := 0, false
		if x, isName := selector.X.(*ast.Ident); isName {
			position, ok = keyArgument[x.Name+"."+selector.Sel.Name], keyArgument[x.Name+"."+selector.Sel.Name] > 0 || x.Name == "text" && selector.Sel.Name == "Key"
		}
		if !ok && selector.Sel.Name == "Field" && len(call.Args) >= 2 {
			position, ok = 1, true
		}
		if !ok || len(call.Args) <= position {
			return true
		}
		if lit, isLit := call.Args[position].(*ast.BasicLit); isLit && lit.Kind == token.STRING {
			if key, err := strconv.Unquote(lit.Value); err == nil {
				report(key, s.at(lit))
			}
		}
		return true
	})
}

var (
	citation   = regexp.MustCompile(`\blaw:\s+"?([a-z]+-[0-9]+-[0-9]{4}(?:-[a-z0-9]+)*)(?:/[0-9a-zA-Z.]+)?`)
	citedValue = regexp.MustCompile(`^([a-z]+-[0-9]+-[0-9]{4}(?:-[a-z0-9]+)*)/[0-9a-zA-Z.]+$`)
	actID      = regexp.MustCompile(`^\s*(?:-\s+)?id:\s*"?([a-z]+-[0-9]+-[0-9]{4}(?:-[a-z0-9]+)*)"?\s*(?:#.*)?$`)
)

// instruments lists the legal instruments that the packs define.
func instruments(t *testing.T) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	names, err := filepath.Glob("packs/*/acts/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		for _, line := range lines(t, name) {
			if m := actID.FindStringSubmatch(line); m != nil {
				found[m[1]] = true
			}
		}
	}
	return found
}

func TestEveryCitationIsInAPack(t *testing.T) {
	t.Parallel()
	known := instruments(t)
	if len(known) == 0 {
		t.Log("no pack defines instruments yet")
		return
	}
	check := func(id, at string) {
		if !known[id] {
			t.Errorf("%s: law %s is in no packs/*/acts", at, id)
		}
	}
	for _, name := range files(".go", ".html", ".tsv", ".yaml") {
		if strings.HasPrefix(name, "house_") || strings.Contains(name, "/testdata/") {
			continue
		}
		for i, line := range lines(t, name) {
			for _, m := range citation.FindAllStringSubmatch(line, -1) {
				check(m[1], name+":"+strconv.Itoa(i+1))
			}
		}
	}
	for _, s := range sources() {
		if s.test {
			continue
		}
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
				word, err := strconv.Unquote(lit.Value)
				if m := citedValue.FindStringSubmatch(word); err == nil && m != nil {
					check(m[1], s.at(lit))
				}
			}
			return true
		})
	}
}

var (
	machinePath = regexp.MustCompile("(?:^|[\\s\"'`(=:,])(/(?:root|home|work|tmp|Users)/[^\\s\"'`)]*)")
	climbing    = regexp.MustCompile("(?:^|[\\s\"'`(=])((?:\\.\\./)+[A-Za-z0-9_.-]+)")
	download    = regexp.MustCompile(`https?://((?:registry|proxy|sum|deb|mirror|mirrors|pypi|packages?)\.[a-z0-9.-]+)`)
)

// A file that names a folder of one machine, something beside the repository or
// a place to download from works for nobody else.
func TestNoFileNamesAMachineOrADownloadPlace(t *testing.T) {
	t.Parallel()
	names := files(".go", ".md", ".mjs", ".js", ".json", ".yaml", ".yml", ".html", ".scss", ".tsv", ".txtar", ".sql", ".sh", ".csv",
		"Makefile", ".ci/run", ".ci/may-skip", ".npmrc", ".gitignore", "go.mod")
	for _, name := range names {
		if strings.HasPrefix(name, "house_") {
			continue
		}
		for i, line := range lines(t, name) {
			at := name + ":" + strconv.Itoa(i+1)
			if m := machinePath.FindStringSubmatch(line); m != nil {
				t.Errorf("%s: names the folder %s of a machine", at, m[1])
			}
			if m := download.FindStringSubmatch(line); m != nil {
				t.Errorf("%s: names the download place %s", at, m[1])
			}
			for _, m := range climbing.FindAllStringSubmatch(line, -1) {
				if target := filepath.Join(filepath.Dir(name), m[1]); strings.HasPrefix(target, "..") {
					t.Errorf("%s: %s lies outside the repository", at, m[1])
				}
			}
		}
	}
}

var programs = []string{"make", "go", "git", "npm", "curl", "quay20", "./quay20", "var/quay20", "psql", "sqlite3"}

var (
	makeTarget = regexp.MustCompile(`^([a-z]+):`)
	goFolder   = regexp.MustCompile(`(?:^|\s)(\./[A-Za-z0-9_/.-]+)`)
)

func TestCommandsInDocsExist(t *testing.T) {
	t.Parallel()
	targets := map[string]bool{}
	for _, line := range lines(t, "Makefile") {
		if m := makeTarget.FindStringSubmatch(line); m != nil {
			targets[m[1]] = true
		}
	}
	for _, name := range []string{"README.md", "ARCHITECTURE.md"} {
		if _, err := os.Stat(name); err != nil {
			continue
		}
		for at, command := range commands(t, name) {
			words := strings.Fields(command)
			switch {
			case !slices.Contains(programs, words[0]):
				t.Errorf("%s: nobody knows the command %s", at, words[0])
			case words[0] == "make" && len(words) > 1 && !strings.Contains(words[1], "=") && !targets[words[1]]:
				t.Errorf("%s: the Makefile has no target %s", at, words[1])
			case words[0] == "go":
				for _, m := range goFolder.FindAllStringSubmatch(command, -1) {
					folder := strings.TrimSuffix(strings.TrimSuffix(m[1], "..."), "/")
					if _, err := os.Stat(folder); err != nil {
						t.Errorf("%s: there is no %s", at, m[1])
					}
				}
			}
		}
	}
}

// commands lists the commands of a doc's shell blocks by where they stand.
func commands(t *testing.T, name string) map[string]string {
	t.Helper()
	found := map[string]string{}
	inside, continued := false, false
	for i, line := range lines(t, name) {
		if fence, ok := strings.CutPrefix(line, "```"); ok {
			inside = !inside && slices.Contains([]string{"sh", "bash", "console", "shell"}, strings.TrimSpace(fence))
			continue
		}
		command := strings.TrimPrefix(strings.TrimSpace(line), "$ ")
		if inside && !continued && command != "" && command[0] != '#' {
			found[name+":"+strconv.Itoa(i+1)] = command
		}
		continued = inside && strings.HasSuffix(line, `\`)
	}
	return found
}
