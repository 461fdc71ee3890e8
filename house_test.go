// Package quay20_test holds the rules of the house: what may import what, who
// may reach the world, that words and citations exist, that docs are true.
package quay20_test

import (
	"bufio"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// source is one Go file of ours.
type source struct {
	path   string // "internal/store/store.go"
	room   string // "store"; "" for the rules themselves, "tools" for builders' programs
	test   bool   // a _test.go file, or a folder that helps tests
	syntax *ast.File
	fset   *token.FileSet
}

// at says where a node stands, as compilers do.
func (s source) at(n ast.Node) string {
	return s.path + ":" + strconv.Itoa(s.fset.Position(n.Pos()).Line)
}

// imports lists the paths that the file imports, with their lines.
func (s source) imports() map[string]string {
	found := map[string]string{}
	for _, spec := range s.syntax.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err == nil {
			found[name] = s.at(spec)
		}
	}
	return found
}

// names maps the name by which the file calls an imported package to its path.
func (s source) names() map[string]string {
	found := map[string]string{}
	for _, spec := range s.syntax.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		name := path.Base(p)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		found[name] = p
	}
	return found
}

// sources reads every Go file of ours once.
var sources = sync.OnceValue(func() []source {
	var all []source
	for _, name := range files(".go") {
		fset := token.NewFileSet()
		syntax, err := parser.ParseFile(fset, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			continue // the compiler says it better
		}
		test := strings.HasSuffix(name, "_test.go") || helpsTests(path.Dir(name))
		all = append(all, source{name, roomOf(name), test, syntax, fset})
	}
	return all
})

// helpsTests reports whether a folder or import path is test support.
func helpsTests(dir string) bool { return strings.HasSuffix(path.Base(dir), "test") }

// files lists our files with one of these endings, leaving out what is built.
func files(endings ...string) []string {
	var found []string
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		if entry.IsDir() {
			if slices.Contains([]string{".git", "node_modules", "var", "internal/web/static/dist"}, name) {
				return fs.SkipDir
			}
			return nil
		}
		if entry.Type().IsRegular() && slices.ContainsFunc(endings, func(e string) bool { return strings.HasSuffix(name, e) }) {
			found = append(found, name)
		}
		return nil
	})
	if err != nil {
		panic(err)
	}
	return found
}

// roomOf names the room that a file or an import path of ours lies in.
func roomOf(name string) string {
	parts := strings.Split(strings.TrimPrefix(name, "quay20/"), "/")
	switch {
	case parts[0] == "internal" && len(parts) > 1:
		return parts[1]
	case len(parts) > 1 || !strings.HasSuffix(name, ".go"):
		return parts[0]
	}
	return ""
}

var roomLine = regexp.MustCompile("^\\d+\\. `([a-z]+)` — (\\*later\\*)?")

// rooms reads the list of ARCHITECTURE.md: each room's place, and which come later.
func rooms(t *testing.T) (place map[string]int, later map[string]bool) {
	t.Helper()
	place, later = map[string]int{}, map[string]bool{}
	for _, line := range lines(t, "ARCHITECTURE.md") {
		if m := roomLine.FindStringSubmatch(line); m != nil {
			place[m[1]] = len(place) + 1
			later[m[1]] = m[2] != ""
		}
	}
	if len(place) < 10 {
		t.Fatalf("ARCHITECTURE.md lists only %d rooms", len(place))
	}
	return place, later
}

func lines(t *testing.T, name string) []string {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var all []string
	scanner := bufio.NewScanner(file)
	scanner.Buffer(nil, 16<<20)
	for scanner.Scan() {
		all = append(all, scanner.Text())
	}
	if err := scanner.Err(); err != nil {
		t.Fatalf("reading %s: %v", name, err)
	}
	return all
}

func TestEveryRoomHasItsPlace(t *testing.T) {
	t.Parallel()
	place, later := rooms(t)
	seen := map[string]bool{"": true, "tools": true, "faults": true}
	for _, s := range sources() {
		if seen[s.room] {
			continue
		}
		seen[s.room] = true
		if place[s.room] == 0 {
			t.Errorf("%s: room %s has no place in ARCHITECTURE.md", s.path, s.room)
		}
		if later[s.room] {
			t.Errorf("%s: room %s is here; ARCHITECTURE.md still says later", s.path, s.room)
		}
	}
}

func TestPackagesImportOnlyPackagesAboveThem(t *testing.T) {
	t.Parallel()
	place, _ := rooms(t)
	for _, s := range sources() {
		if s.test || s.room == "" || s.room == "tools" {
			continue
		}
		for imported, at := range s.imports() {
			room := roomOf(imported)
			if !strings.HasPrefix(imported, "quay20/") || room == s.room {
				continue
			}
			if place[room] == 0 || place[room] > place[s.room] {
				t.Errorf("%s: %s imports %s, which does not stand above it in ARCHITECTURE.md", at, s.room, room)
			}
		}
	}
}

func TestOnlyTestsImportTestSupport(t *testing.T) {
	t.Parallel()
	for _, s := range sources() {
		if s.test || s.room == "tools" {
			continue
		}
		for imported, at := range s.imports() {
			if strings.HasPrefix(imported, "quay20/") && helpsTests(imported) {
				t.Errorf("%s: %s helps tests and is imported by a program", at, imported)
			}
		}
	}
}

func TestOnlyStoreAndJobKnowTheDatabase(t *testing.T) {
	t.Parallel()
	for _, s := range sources() {
		if s.test || s.room == "store" || s.room == "job" || s.room == "tools" {
			continue
		}
		if at, ok := s.imports()["database/sql"]; ok {
			t.Errorf("%s: room %s imports database/sql; take a store.Tx", at, s.room)
		}
	}
}

// pure rooms may import nothing that reaches outside the program.
var pure = []string{"problem", "lawtime", "pack", "slip"}

var outside = []string{"os", "os/exec", "os/signal", "net", "net/http", "net/smtp", "net/rpc", "io/ioutil", "syscall", "log/syslog", "plugin"}

func TestPureRoomsDoNoInputOrOutput(t *testing.T) {
	t.Parallel()
	for _, s := range sources() {
		if s.test || !slices.Contains(pure, s.room) {
			continue
		}
		for imported, at := range s.imports() {
			if slices.Contains(outside, imported) {
				t.Errorf("%s: room %s is pure and imports %s", at, s.room, imported)
			}
		}
	}
}

// connects lists what opens a connection, by package and name.
var connects = map[string][]string{
	"net":        {"Dial", "DialTimeout", "DialTCP", "DialUDP", "DialIP", "DialUnix", "Dialer", "Resolver", "LookupHost", "LookupIP", "LookupAddr"},
	"crypto/tls": {"Dial", "DialWithDialer", "Dialer"},
	"net/http":   {"Get", "Head", "Post", "PostForm", "DefaultClient", "Client", "DefaultTransport", "Transport"},
	"net/smtp":   {"Dial", "SendMail"},
	"net/rpc":    {"Dial", "DialHTTP"},
	"log/syslog": {"Dial", "New"},
}

// rel-K13: no room can fetch an address that a user gave.
func TestOnlyNeighboursAndCommandsOpenConnections(t *testing.T) {
	t.Parallel()
	for _, s := range sources() {
		if s.test || slices.Contains([]string{"neighbour", "cmd", "tools"}, s.room) {
			continue
		}
		uses(s, connects, func(at, what string) {
			t.Errorf("%s: %s opens a connection; only neighbour and cmd do", at, what)
		})
	}
}

// asksClock lists what reads the clock of the machine or waits for it.
var asksClock = map[string][]string{"time": {"Now", "Since", "Until", "Local"}}

func TestOnlyCommandsAskTheClock(t *testing.T) {
	t.Parallel()
	for _, s := range sources() {
		if s.test || s.room == "cmd" || s.room == "tools" {
			continue
		}
		uses(s, asksClock, func(at, what string) {
			t.Errorf("%s: %s asks the machine's clock; take tx.Now or an argument", at, what)
		})
	}
}

// uses reports each place of the file that names one of these.
func uses(s source, forbidden map[string][]string, report func(at, what string)) {
	names := s.names()
	ast.Inspect(s.syntax, func(n ast.Node) bool {
		selector, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		if x, ok := selector.X.(*ast.Ident); ok && slices.Contains(forbidden[names[x.Name]], selector.Sel.Name) {
			report(s.at(selector), x.Name+"."+selector.Sel.Name)
		}
		return true
	})
}
