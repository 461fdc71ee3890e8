package api_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"quay20/internal/api"
)

var update = flag.Bool("update", false, "rewrite docs/api.md")

type schema struct {
	Ref         string `json:"$ref"`
	Description string
	Type        any
	Properties  map[string]schema
	Items       *schema
	OneOf       []schema
	AllOf       []schema
	Required    []string
}

type media struct {
	Schema  *schema
	Example any
}

type document struct {
	OpenAPI    string `json:"openapi"`
	Info       struct{ Title, Version, Description string }
	Paths      map[string]map[string]described
	Components struct {
		Schemas         map[string]schema
		SecuritySchemes map[string]any
	}
}

type described struct {
	OperationID, Summary, Description string
	Security                          []map[string][]string
	Parameters                        []struct {
		Name, In, Description string
		Required              bool
		Schema                schema
	}
	RequestBody *struct{ Content map[string]media }
	Responses   map[string]struct {
		Description string
		Content     map[string]media
	}
}

var placeName = regexp.MustCompile(`\{([a-z]+)(?:\.\.\.)?\}`)

// The served description is OpenAPI 3.1, whole, and tells of every route.
func TestDescriptionIsWhole(t *testing.T) {
	lite(t, func(h *house) {
		served := h.nobody().get("/openapi.json").want(200, "")
		var doc document
		if err := json.Unmarshal(served.Body.Bytes(), &doc); err != nil {
			t.Fatal(err)
		}
		if doc.OpenAPI != "3.1.0" || doc.Info.Title == "" || doc.Info.Version == "" || doc.Components.SecuritySchemes["session"] == nil {
			t.Errorf("head of the description: %+v", doc.Info)
		}
		ids, count := map[string]bool{}, 0
		for _, r := range api.Routes() {
			path := api.Prefix + placeName.ReplaceAllString(r.Path, "{$1}")
			o, ok := doc.Paths[path][strings.ToLower(r.Method)]
			if !ok || o.OperationID != r.ID || ids[r.ID] {
				t.Errorf("%s %s is not described as %s", r.Method, path, r.ID)
				continue
			}
			ids[r.ID] = true
			count++
			checkOperation(t, doc, r, o)
		}
		for _, methods := range doc.Paths {
			count -= len(methods)
		}
		if count != 0 {
			t.Error("the description tells of operations that are not served")
		}
		for name, s := range doc.Components.Schemas {
			checkSchema(t, doc, name, s)
		}
		var asYAML map[string]any
		if err := yaml.Unmarshal(h.nobody().get("/openapi.yaml").want(200, "").Body.Bytes(), &asYAML); err != nil || asYAML["openapi"] != "3.1.0" {
			t.Errorf("openapi.yaml: %v %v", asYAML["openapi"], err)
		}
	})
}

func checkOperation(t *testing.T, doc document, r api.Route, o described) {
	t.Helper()
	if o.Summary == "" || o.Description == "" {
		t.Errorf("%s has no words", r.ID)
	}
	if (r.Access == api.Public) != (len(o.Security) == 0) {
		t.Errorf("%s: access %s, security %v", r.ID, r.Access, o.Security)
	}
	for _, m := range placeName.FindAllStringSubmatch(r.Path, -1) {
		found := false
		for _, p := range o.Parameters {
			found = found || p.In == "path" && p.Name == m[1] && p.Required && p.Description != ""
		}
		if !found {
			t.Errorf("%s: {%s} is not described", r.ID, m[1])
		}
	}
	for _, p := range o.Parameters {
		if p.Description == "" {
			t.Errorf("%s: %s has no words", r.ID, p.Name)
		}
	}
	if o.RequestBody != nil && o.RequestBody.Content["application/json"].Example == nil {
		t.Errorf("%s has no example", r.ID)
	}
	success := 0
	for status, a := range o.Responses {
		if status[0] == '2' {
			success++
		} else if status[0] > '3' && a.Content["application/problem+json"].Schema == nil {
			t.Errorf("%s: %s is no problem", r.ID, status)
		}
		for _, m := range a.Content {
			checkSchema(t, doc, r.ID, *m.Schema)
		}
	}
	if success != 1 {
		t.Errorf("%s has %d ways to succeed", r.ID, success)
	}
}

// checkSchema follows every reference and wants words at every field.
func checkSchema(t *testing.T, doc document, at string, s schema) {
	t.Helper()
	if s.Ref != "" {
		name := strings.TrimPrefix(s.Ref, "#/components/schemas/")
		if _, ok := doc.Components.Schemas[name]; !ok {
			t.Errorf("%s: %s leads nowhere", at, s.Ref)
		}
	}
	for _, name := range s.Required {
		if _, ok := s.Properties[name]; !ok {
			t.Errorf("%s: required %s is no field", at, name)
		}
	}
	for name, p := range s.Properties {
		if p.Description == "" && !strings.HasPrefix(at, "actOnDossier") {
			t.Errorf("%s.%s has no words", at, name)
		}
		checkSchema(t, doc, at+"."+name, p)
	}
	for _, more := range append(append(s.OneOf, s.AllOf...), one(s.Items)...) {
		checkSchema(t, doc, at, more)
	}
}

func one(s *schema) []schema {
	if s == nil {
		return nil
	}
	return []schema{*s}
}

// docs/api.md lists every operation with who may call it.
func TestGoldenListOfOperations(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(`# The API

For programs that do the desk's work. Made from the operations by their test; do not edit: ` + "`go test ./internal/api -run Golden -update`" + `.
The whole description, with fields, examples and units, is served at ` + "`/api/v1/openapi.json`" + ` (OpenAPI 3.1) and ` + "`.yaml`" + `.

- **Who calls**: ` + "`POST /api/v1/sessions`" + ` gives a token; send it as ` + "`Authorization: Bearer TOKEN`" + `. Cookies open nothing here. Permissions are those of [access.md](access.md).
- **Changes** carry an ` + "`Idempotency-Key`" + ` (● below): the same key with the same body gives the first answer, with another body 409. Sessions, questions and searches need none.
- **Acts** carry ` + "`If-Match`" + ` with the dossier's ` + "`ETag`" + `: 412 if somebody else was quicker.
- **Refusals** are ` + "`application/problem+json`" + `: ` + "`code`" + ` is stable, ` + "`title`" + ` and ` + "`errors[].text`" + ` are in the language of ` + "`Accept-Language`" + ` (vi, en), ` + "`allowed`" + ` lists what may be done instead.
- **Bodies** are strict JSON up to 256 KiB: unknown or doubled fields, other letter cases and trailing data are refused. Money is whole đồng, instants carry their offset.

| | Operation | Key | Who | Law |
|---|---|:-:|---|---|
`)
	for _, r := range api.Routes() {
		key, who := "", string(r.Access)
		if r.Keyed {
			key = "●"
		}
		if r.Access == api.Granted {
			who = "`" + string(r.Permission) + "`"
		}
		fmt.Fprintf(&b, "| `%s %s%s` | %s | %s | %s | %s |\n", r.Method, api.Prefix, r.Path, r.Summary, key, who, strings.Join(r.Laws, ", "))
	}
	const path = "../../docs/api.md"
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil || string(have) != b.String() {
		t.Errorf("docs/api.md is not what the operations say (%v); go test ./internal/api -run Golden -update", err)
	}
}

// rel-K60: each change is declared with a key, or is one of those that are the
// same when done twice.
func TestEveryChangeHasAKey(t *testing.T) {
	t.Parallel()
	without := map[string]bool{"signIn": true, "takeDesk": true, "proveAgain": true, "setPassword": true, "enrolFactor": true, "confirmFactor": true, "computeDeadline": true, "searchDossiers": true, "track": true}
	for _, r := range api.Routes() {
		if r.Method == "POST" && r.Keyed == without[r.ID] {
			t.Errorf("%s: keyed %v", r.ID, r.Keyed)
		}
	}
}
