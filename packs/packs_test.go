package packs_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"quay20/internal/pack"
	"quay20/internal/text"
	"quay20/packs"
)

var laichau = os.DirFS("laichau")

func TestLaiChauHasNoFaults(t *testing.T) {
	_, faults := pack.Read(laichau)
	for _, f := range faults {
		t.Error(f.String(text.En))
	}
}

// The built-in form must say what the YAML says; go generate ./packs makes it.
func TestEmbeddedFormEqualsYAML(t *testing.T) {
	fromYAML, faults := pack.Read(laichau)
	if len(faults) > 0 {
		t.Fatal(faults[0].String(text.En))
	}
	embedded, err := packs.LaiChau()
	if err != nil {
		t.Fatal(err)
	}
	if fromYAML.Version() != embedded.Version() {
		t.Fatalf("version is %s, YAML has %s: run go generate ./packs", embedded.Version(), fromYAML.Version())
	}
	for name, tell := range map[string]func(*pack.Pack) any{
		"head":        func(p *pack.Pack) any { return p.Head() },
		"instruments": func(p *pack.Pack) any { return p.Instruments() },
		"fields":      func(p *pack.Pack) any { return p.Fields("2026-10-01") },
		"matters":     func(p *pack.Pack) any { return p.Matters() },
		"units":       func(p *pack.Pack) any { return [][]pack.Unit{p.Units("2022-11-15"), p.Units("2026-10-01")} },
		"ends":        func(p *pack.Pack) any { return p.Reorganisations() },
		"notices":     func(p *pack.Pack) any { return p.Notices() },
		"rules":       func(p *pack.Pack) any { r, _ := p.Rules("2026-10-01"); return r },
		"slips":       func(p *pack.Pack) any { return p.Slips() },
		"procedures":  func(p *pack.Pack) any { return p.AllProcedures() },
		"forms":       func(p *pack.Pack) any { r, _ := p.Filing("2026-10-01"); return []any{p.Forms(), r} },
		"sources":     func(p *pack.Pack) any { return p.Sources() },
	} {
		if !bytes.Equal(asJSON(t, tell(fromYAML)), asJSON(t, tell(embedded))) {
			t.Errorf("%s differ: run go generate ./packs", name)
		}
	}
}

func asJSON(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// kinds joins places in a pack to their schemas, in order.
var kinds = []struct {
	place  *regexp.Regexp
	schema string
}{
	{regexp.MustCompile(`^pack\.yaml$`), "pack.json"},
	{regexp.MustCompile(`^sources\.yaml$`), "sources.json"},
	{regexp.MustCompile(`^fields\.yaml$`), "fields.json"},
	{regexp.MustCompile(`^matters\.yaml$`), "matters.json"},
	{regexp.MustCompile(`^publishing\.yaml$`), "publishing.json"},
	{regexp.MustCompile(`^acts/`), "act.json"},
	{regexp.MustCompile(`^organisation/reorganisations`), "reorganisations.json"},
	{regexp.MustCompile(`^organisation/`), "units.json"},
	{regexp.MustCompile(`^calendar/\d{4}\.yaml$`), "calendar.json"},
	{regexp.MustCompile(`^calendar/`), "notice.json"},
	{regexp.MustCompile(`^rules/`), "rules.json"},
	{regexp.MustCompile(`^slips/`), "slips.json"},
	{regexp.MustCompile(`^forms/rules\.yaml$`), "filing-rules.json"},
	{regexp.MustCompile(`^forms/`), "form.json"},
	{regexp.MustCompile(`^accounts/`), "accounts.json"},
	{regexp.MustCompile(`/procedure\.yaml$`), "procedure.json"},
	{regexp.MustCompile(`/fees\.yaml$`), "fees.json"},
	{regexp.MustCompile(`/guide\.yaml$`), "guide.json"},
	{regexp.MustCompile(`^procedures/`), "version.json"},
}

func schemas(t *testing.T) map[string]*jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	all := map[string]*jsonschema.Schema{}
	names, err := fs.Glob(os.DirFS("schema"), "*.json")
	if err != nil || len(names) == 0 {
		t.Fatal("no schemas", err)
	}
	for _, name := range names {
		all[name], err = c.Compile("schema/" + name)
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestEveryFileFitsItsSchema(t *testing.T) {
	all := schemas(t)
	err := fs.WalkDir(laichau, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(laichau, name)
		if err != nil {
			return err
		}
		validate(t, all, name, text)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func validate(t *testing.T, all map[string]*jsonschema.Schema, name string, text []byte) {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	for _, k := range kinds {
		if !k.place.MatchString(name) {
			continue
		}
		if err := all[k.schema].Validate(plain(t, doc.Content[0])); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		return
	}
	t.Errorf("%s: no schema", name)
}

// plain is a YAML node as JSON values; dates stay text.
func plain(t *testing.T, n *yaml.Node) any {
	t.Helper()
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i < len(n.Content); i += 2 {
			m[n.Content[i].Value] = plain(t, n.Content[i+1])
		}
		return m
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, item := range n.Content {
			list[i] = plain(t, item)
		}
		return list
	}
	if n.ShortTag() == "!!timestamp" {
		return n.Value
	}
	var v any
	if err := n.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// The examples of FORMAT.md are fragments that the strict schemas accept.
func TestExamplesOfFormatFitTheirSchemas(t *testing.T) {
	all := schemas(t)
	format, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	example := regexp.MustCompile("(?s)### (\\S+\\.yaml)\n\n```yaml\n(.*?)```")
	found := example.FindAllSubmatch(format, -1)
	if len(found) < 8 {
		t.Fatalf("FORMAT.md has %d examples", len(found))
	}
	for _, m := range found {
		validate(t, all, string(m[1]), m[2])
	}
}

// FORMAT.md names every schema, and every schema has its place in it.
func TestFormatNamesEverySchema(t *testing.T) {
	format, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	names, _ := fs.Glob(os.DirFS("schema"), "*.json")
	for _, name := range names {
		if name != "common.json" && !strings.Contains(string(format), "`"+path.Base(name)+"`") {
			t.Errorf("FORMAT.md does not name %s", name)
		}
	}
}

// An editor warns of what pack check would refuse.
func TestSchemasRefuseWhatTheyDoNotKnow(t *testing.T) {
	version := schemas(t)["version.json"]
	valid := map[string]any{
		"from": "2026-07-01", "cases": []any{map[string]any{"name": "Thông thường", "limit": "3 working_day"}},
		"channels": []any{map[string]any{"kind": "counter"}},
	}
	if err := version.Validate(valid); err != nil {
		t.Fatal(err)
	}
	for key, value := range map[string]any{"form": "x", "from": "01/07/2026", "cut_off": "25:00", "channels": []any{}, "supplement_end": "0 day"} {
		spoilt := map[string]any{key: value}
		for k, v := range valid {
			if k != key {
				spoilt[k] = v
			}
		}
		if version.Validate(spoilt) == nil {
			t.Errorf("%s: %v accepted", key, value)
		}
	}
}

// What every command pays before it can ask the law anything.
func BenchmarkStart(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := packs.LaiChau(); err != nil {
			b.Fatal(err)
		}
	}
}
