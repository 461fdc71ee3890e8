package api

import (
	"fmt"
	"net/http"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"quay20/internal/dossier"
	"quay20/internal/officer"
)

// documents are the description of the API in both spellings.
type documents struct{ json, yaml []byte }

// describe writes the operations down as OpenAPI 3.1. The document is made
// from the same table that is served, so neither can lack what the other has.
func describe(all []operation) documents {
	d := description{huma.NewMapRegistry("#/components/schemas/", schemaName)}
	doc := &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title: "quay20", Version: "1",
			Description: "The one-stop desk of the provincial police for programs. Everything the desk can do, under the same rules: see docs/access.md for who may do what. " +
				"Instants are RFC 3339; answers are in +07:00. Money is whole đồng. Texts are NFC. Unknown fields are refused. " +
				"Every change carries an Idempotency-Key: the same key with the same body gives the first answer and changes nothing.",
		},
		Servers:    []*huma.Server{{URL: "/"}},
		Components: &huma.Components{Schemas: d.registry, SecuritySchemes: map[string]*huma.SecurityScheme{"session": {Type: "http", Scheme: "bearer", Description: "Token of a session (signIn)."}}},
	}
	d.registry.Schema(reflect.TypeFor[Problem](), true, "Problem")
	for _, o := range all {
		doc.AddOperation(d.operation(o))
	}
	d.explain()
	body, err := doc.MarshalJSON()
	if err != nil {
		panic("the description cannot be written as JSON: " + err.Error())
	}
	yaml, err := doc.YAML()
	if err != nil {
		panic("the description cannot be written as YAML: " + err.Error())
	}
	return documents{body, yaml}
}

// schemaName names a schema after its type; types of other rooms carry the
// room's name before theirs: "DossierFee".
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	room := path.Base(t.PkgPath())
	if t.Name() == "" || room == "api" || room == "." {
		return name
	}
	return strings.ToUpper(room[:1]) + room[1:] + name
}

type description struct{ registry huma.Registry }

var inPath = regexp.MustCompile(`\{([a-z]+)(\.\.\.)?\}`)

func (d description) operation(o operation) *huma.Operation {
	op := &huma.Operation{
		OperationID: o.ID, Method: o.Method, Path: Prefix + inPath.ReplaceAllString(o.Path, "{$1}"), Summary: o.Summary,
		Description: d.about(o), Tags: []string{strings.Split(o.Path, "/")[1]}, Parameters: d.parameters(o), Responses: map[string]*huma.Response{},
	}
	if o.Access != Public {
		op.Security = []map[string][]string{{"session": {}}}
	}
	if o.in != reflect.TypeFor[nothing]() {
		op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": {Schema: d.body(o), Example: o.Example}}}
	}
	d.responses(o, op)
	return op
}

func (d description) about(o operation) string {
	parts := []string{o.About}
	switch o.Access {
	case Public:
		parts = append(parts, "Anybody may call it.")
	case SignedIn:
		parts = append(parts, "Every signed-in officer may call it.")
	case Granted:
		parts = append(parts, fmt.Sprintf("Permission: %s (%s).", o.Permission, roles(o.Permission)))
	}
	if len(o.Laws) > 0 {
		parts = append(parts, "Law: "+strings.Join(o.Laws, ", ")+".")
	}
	return strings.TrimSpace(strings.Join(parts, " "))
}

func roles(p officer.Permission) string {
	var names []string
	for _, r := range officer.Matrix[p] {
		names = append(names, string(r))
	}
	return strings.Join(names, ", ")
}

func (d description) parameters(o operation) []*huma.Param {
	var list []*huma.Param
	for _, m := range inPath.FindAllStringSubmatch(o.Path, -1) {
		about := pathWords[m[1]]
		list = append(list, &huma.Param{Name: m[1], In: "path", Required: true, Description: about[0], Example: about[1], Schema: &huma.Schema{Type: "string"}})
	}
	for _, p := range o.Query {
		list = append(list, p.describe("query"))
	}
	for _, p := range o.Headers {
		list = append(list, p.describe("header"))
	}
	if o.Key != noKey {
		list = append(list, parameter{
			Name: "Idempotency-Key", Required: true, Example: "b3f6a2d4-0c1e-4a77-9a56-2b1f0c9d8e7f",
			About: "Names this request, 1 to 150 visible ASCII characters; remembered for at least 30 days. Another body under the same key gets 409.",
		}.describe("header"))
	}
	return list
}

func (p parameter) describe(in string) *huma.Param {
	s := &huma.Schema{Type: "string"}
	if p.Integer {
		s.Type = "integer"
	}
	for _, v := range p.Enum {
		s.Enum = append(s.Enum, v)
	}
	param := &huma.Param{Name: p.Name, In: in, Required: p.Required, Description: p.About, Schema: s}
	if n, err := strconv.Atoi(p.Example); err == nil && p.Integer {
		param.Example = n
	} else if p.Example != "" {
		param.Example = p.Example
	}
	return param
}

// body is the schema of what the operation takes; an act's particulars are
// those of one of the acts.
func (d description) body(o operation) *huma.Schema {
	if o.in != reflect.TypeFor[Act]() {
		return d.registry.Schema(o.in, true, o.in.Name())
	}
	s := &huma.Schema{}
	for _, name := range dossier.ActNames() {
		if slices.Contains(ofSystem, name) {
			continue
		}
		act, err := dossier.NewAct(name)
		if err != nil {
			panic("api: act " + name + " cannot be made: " + err.Error())
		}
		one := &huma.Schema{
			Type: "object", Title: name, Required: []string{"act"}, AdditionalProperties: false,
			Properties: map[string]*huma.Schema{
				"act":         {Type: "string", Enum: []any{name}, Description: "Name of the act."},
				"particulars": d.registry.Schema(reflect.TypeOf(act).Elem(), true, "Act"),
			},
		}
		s.OneOf = append(s.OneOf, one)
	}
	return s
}

// refusals are the statuses that an operation may refuse with, beside its own
// success.
func (o operation) refusals() []int {
	list := []int{400, 404, 406, 422, 500, 503}
	if o.Access != Public {
		list = append(list, 401, 403)
	}
	if o.in != reflect.TypeFor[nothing]() {
		list = append(list, 413, 415)
	}
	if o.Key != noKey {
		list = append(list, 409)
	}
	if slices.ContainsFunc(o.Headers, func(p parameter) bool { return p.Name == "If-Match" }) {
		list = append(list, 412, 428)
	}
	if o.Access == Public && (o.Path == "/sessions" || strings.HasPrefix(o.Path, "/track")) {
		list = append(list, 429)
	}
	slices.Sort(list)
	return list
}

func (d description) responses(o operation, op *huma.Operation) {
	success := &huma.Response{Description: http.StatusText(o.status()), Headers: map[string]*huma.Param{}}
	for _, h := range o.Answers {
		success.Headers[h] = &huma.Param{Description: headerWords[h], Schema: &huma.Schema{Type: "string"}}
	}
	switch {
	case o.Media != "":
		success.Content = map[string]*huma.MediaType{o.Media: {Schema: &huma.Schema{Type: "string", Format: "binary"}}}
	case o.out != reflect.TypeFor[nothing]():
		success.Content = map[string]*huma.MediaType{o.media(): {Schema: d.registry.Schema(o.out, true, o.out.Name())}}
	}
	op.Responses[strconv.Itoa(o.status())] = success
	if o.ID == "showDossier" {
		op.Responses["304"] = &huma.Response{Description: "The caller has this version."}
	}
	for _, status := range o.refusals() {
		op.Responses[strconv.Itoa(status)] = &huma.Response{
			Description: http.StatusText(status),
			Content:     map[string]*huma.MediaType{problemMedia: {Schema: d.registry.Schema(reflect.TypeFor[Problem](), true, "Problem")}},
		}
	}
}

// explain gives every field its words, and keeps as required in what callers
// send only what they must send.
func (d description) explain() {
	for name, s := range d.registry.Map() {
		if must, ok := required[name]; ok {
			s.Required = must
		} else if slices.Contains(sent, name) {
			s.Required = nil
		}
		for field, p := range s.Properties {
			w, ok := fieldWords[name+"."+field]
			if !ok {
				w = fieldWords[field]
			}
			if p.Ref != "" { // 3.1 allows words beside a reference
				s.Properties[field] = &huma.Schema{AllOf: []*huma.Schema{{Ref: p.Ref}}, Description: w}
				continue
			}
			p.Description = w
		}
	}
}
