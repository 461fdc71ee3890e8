package api

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"quay20/internal/applicant"
	"quay20/internal/pack"
	"quay20/internal/problem"
)

// unexpected is the code of a field that nobody asked for.
const unexpected = "api.err.unknown-field"

// depthMost is how deep a body may nest.
const depthMost = 32

// reading is strict: unknown and doubled names, other letter cases, broken
// UTF-8 and lone surrogates are refused (rel-K12).
var reading = json.JoinOptions(json.RejectUnknownMembers(true), json.MatchCaseInsensitiveNames(false))

// writing shows instants in Viet Nam's time and escapes what HTML would read.
var writing = json.JoinOptions(
	jsontext.EscapeForHTML(true), json.Deterministic(true),
	json.WithMarshalers(json.MarshalToFunc(func(e *jsontext.Encoder, t time.Time) error {
		return e.WriteToken(jsontext.String(stamp(t)))
	})),
)

func marshal(v any) ([]byte, error) { return json.Marshal(v, writing) }

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(pack.Zone).Format(time.RFC3339)
}

// body reads the request's JSON, which must say that it is JSON and be no
// longer than bodyCap (rel-B-A03, rel-B-A04).
func (c *call) body() ([]byte, error) {
	media, parameters, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	charset := strings.ToLower(parameters["charset"])
	if err != nil || media != "application/json" || charset != "" && charset != "utf-8" {
		return nil, problem.New(problem.Unsupported, "api.err.content-type")
	}
	if c.r.Header.Get("Content-Encoding") != "" {
		return nil, problem.New(problem.Unsupported, "api.err.content-type")
	}
	if c.r.ContentLength > bodyCap {
		return nil, problem.New(problem.TooLarge, "api.err.too-large", "kb", bodyCap>>10)
	}
	b, err := io.ReadAll(http.MaxBytesReader(c.w, c.r.Body, bodyCap))
	var over *http.MaxBytesError
	if err != nil && !errors.As(err, &over) {
		return nil, problem.New(problem.Malformed, "api.err.body")
	}
	return b, err
}

// decode reads b into the struct that into points to and brings its texts to
// the form in which they are stored.
func decode(b []byte, into any) error {
	if deep(b) {
		return problem.New(problem.Malformed, "api.err.depth", "most", depthMost)
	}
	if err := json.Unmarshal(b, into, reading); err != nil {
		return unreadable(err)
	}
	return tidy(into)
}

// deep reports whether brackets nest more than depthMost deep. It is asked
// before anything is built.
func deep(b []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			quoted = !quoted
		case '\\':
			if quoted {
				i++
			}
		case '{', '[':
			if !quoted {
				depth++
			}
		case '}', ']':
			if !quoted {
				depth--
			}
		}
		if depth > depthMost {
			return true
		}
	}
	return false
}

// unreadable names where and what: broken form 400, wrong type 422 (rel-B-A01,
// rel-B-A02).
func unreadable(err error) error {
	var form *jsontext.SyntacticError
	var sense *json.SemanticError
	switch {
	case errors.As(err, &form) && errors.Is(err, jsontext.ErrDuplicateName):
		return named(problem.Malformed, form.JSONPointer, "api.err.twice")
	case errors.As(err, &form):
		return problem.New(problem.Malformed, "api.err.json", "at", form.ByteOffset)
	case errors.As(err, &sense) && errors.Is(err, json.ErrUnknownName):
		return named(problem.Malformed, sense.JSONPointer, unexpected)
	case errors.As(err, &sense):
		p := problem.New(problem.Invalid, "err.summary")
		return p.Field(dotted(sense.JSONPointer), "api.err.type", "kind", "key:api.kind."+kindOf(sense.GoType))
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return problem.New(problem.Malformed, "api.err.json", "at", 0)
	}
	return fmt.Errorf("reading a body: %w", err)
}

func named(kind problem.Kind, at jsontext.Pointer, key string) error {
	name := dotted(at)
	return problem.New(kind, key, "field", name).Field(name, key, "field", name)
}

// dotted writes a place as problems name fields: "papers.0.name".
func dotted(at jsontext.Pointer) string {
	var parts []string
	for token := range at.Tokens() {
		parts = append(parts, token)
	}
	return strings.ToValidUTF8(strings.Join(parts, "."), "�")
}

// kindOf names what a field wants, for text keys.
func kindOf(t reflect.Type) string {
	switch {
	case t == nil:
		return "other"
	case t == reflect.TypeFor[time.Time]():
		return "instant"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return kindOf(t.Elem())
	case reflect.Int, reflect.Int64:
		return "integer"
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Slice:
		return "list"
	case reflect.Struct:
		return "object"
	}
	return "other"
}

// textMost is the longest text of any field; rooms are stricter (rel-B-W08).
const textMost = 10_000

// tidy brings every text of a decoded body to NFC and refuses control and
// direction signs (rel-G10). Persons tidy themselves; secrets are left alone.
func tidy(into any) error {
	p := problem.New(problem.Invalid, "err.summary")
	tidyValue(reflect.ValueOf(into), "", p)
	return p.Or()
}

var (
	person  = reflect.TypeFor[applicant.Person]()
	instant = reflect.TypeFor[time.Time]()
)

func tidyValue(v reflect.Value, at string, p *problem.Problem) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			tidyValue(v.Elem(), at, p)
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return
		}
		for i := range v.Len() {
			tidyValue(v.Index(i), join(at, strconv.Itoa(i)), p)
		}
	case reflect.Struct:
		if v.Type() == person || v.Type() == instant {
			return
		}
		for i := range v.NumField() {
			f := v.Type().Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if f.IsExported() && name != "-" && f.Tag.Get("secret") == "" {
				tidyValue(v.Field(i), join(at, name), p)
			}
		}
	case reflect.String:
		tidyText(v, at, p)
	}
}

func tidyText(v reflect.Value, at string, p *problem.Problem) {
	s := v.String()
	if plain(s) {
		return
	}
	clean, err := applicant.CleanText(s, textMost)
	if q, ok := problem.As(err); ok {
		p.Field(at, q.Key, q.Args...)
		return
	}
	v.SetString(clean)
}

// plain reports a short word that needs no tidying.
func plain(s string) bool {
	if len(s) > 100 {
		return false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

func join(at, name string) string {
	if at == "" {
		return name
	}
	return at + "." + name
}
