package api

import (
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"quay20/internal/officer"
	"quay20/internal/problem"
)

// Access says who may call an operation at all.
type Access string

const (
	Public   Access = "public"    // anybody
	SignedIn Access = "signed-in" // every officer with a session, for their own affairs
	Granted  Access = "granted"   // who holds the permission in some capacity
)

// keyUse says what becomes of an operation's Idempotency-Key.
type keyUse int

const (
	noKey   keyUse = iota // a read, or an act that is the same when done twice
	roomKey               // the room keeps it in the transaction of the act
	ownKey                // kept here, around the act
)

// operation is one declared operation. The table of all operations is the
// function half of the authorisation matrix (rel-K60, rel-I-P1); the rooms
// judge the object half.
type operation struct {
	ID, Method, Path string // "receiveDossier", "POST", "/dossiers"
	Access           Access
	Permission       officer.Permission // for Granted
	Key              keyUse
	Summary, About   string
	Laws             []string // articles that the operation carries out
	Query            []parameter
	Headers          []parameter
	Status           int      // of success; 200 if 0
	Media            string   // of the answer; JSON if ""
	Answers          []string // response headers
	Example          any      // of the body

	in, out reflect.Type
	run     func(*call) error
}

// parameter is one query parameter or header.
type parameter struct {
	Name, About, Example string
	Required             bool
	Integer              bool
	Enum                 []string
}

// nothing stands for a body or an answer that is not there.
type nothing struct{}

// file is an answer that is no JSON.
type file struct {
	name string
	body []byte
}

// op joins an operation to the function that carries it out.
func op[In, Out any](o operation, do func(*call, In) (Out, error)) operation {
	o.in, o.out = reflect.TypeFor[In](), reflect.TypeFor[Out]()
	if w, ok := any(*new(Out)).(interface{ of() reflect.Type }); ok {
		o.out = w.of()
	}
	o.run = func(c *call) error {
		var in In
		if o.in != reflect.TypeFor[nothing]() {
			b, err := c.body()
			if err != nil {
				return err
			}
			if err := decode(b, &in); err != nil {
				return err
			}
		}
		if o.Key != ownKey {
			out, err := do(c, in)
			if err != nil {
				return err
			}
			return c.answer(out)
		}
		return c.once(in, func() (any, error) { return do(c, in) })
	}
	return o
}

// written is an answer of type T that is JSON already.
type written[T any] []byte

func (written[T]) of() reflect.Type { return reflect.TypeFor[T]() }
func (w written[T]) json() []byte   { return w }

// check panics on an operation that could not be served as declared.
func (o operation) check() {
	switch {
	case o.run == nil, o.ID == "", o.Summary == "", o.Access == "":
		panic("api: operation " + o.Method + " " + o.Path + " is not whole")
	case o.Access == Granted && len(officer.Matrix[o.Permission]) == 0:
		panic("api: operation " + o.ID + " asks for the permission " + string(o.Permission) + ", which no role holds")
	}
}

func (o operation) media() string {
	if o.Media == "" {
		return "application/json"
	}
	return o.Media
}

func (o operation) status() int {
	switch {
	case o.Status != 0:
		return o.Status
	case o.out == reflect.TypeFor[nothing]():
		return http.StatusNoContent
	}
	return http.StatusOK
}

// answer writes what the operation found or did.
func (c *call) answer(out any) error {
	switch out := out.(type) {
	case nothing:
		c.w.WriteHeader(http.StatusNoContent)
		return nil
	case interface{ json() []byte }:
		send(c.w, c.op.status(), c.op.media(), out.json())
		return nil
	case file:
		c.w.Header().Set("Content-Disposition", `attachment; filename="`+out.name+`"`)
		send(c.w, c.op.status(), c.op.media(), out.body)
		return nil
	}
	b, err := marshal(out)
	if err != nil {
		return err
	}
	send(c.w, c.op.status(), c.op.media(), b)
	return nil
}

// queryNames refuses names that the operation does not know, and one name
// given twice (rel-B-A05, rel-K82).
func (c *call) queryNames() error {
	if c.r.URL.RawQuery == "" {
		return nil
	}
	values, err := url.ParseQuery(c.r.URL.RawQuery)
	if err != nil {
		return problem.New(problem.Malformed, "api.err.query")
	}
	for name, v := range values {
		if !slices.ContainsFunc(c.op.Query, func(p parameter) bool { return p.Name == name }) {
			return problem.New(problem.Malformed, unexpected, "field", name).Field(name, unexpected, "field", name)
		}
		if !readable(v[0]) {
			return problem.New(problem.Malformed, "api.err.query")
		}
		if len(v) > 1 {
			return problem.New(problem.Malformed, "api.err.twice", "field", name).Field(name, "api.err.twice", "field", name)
		}
	}
	return nil
}

func (c *call) query(name string) string { return c.r.URL.Query().Get(name) }

// number reads a whole number from 1 to most; 0 if it was left out (rel-K11).
func (c *call) number(name string, most int64) (int64, error) {
	s := c.query(name)
	if s == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 1 || n > most {
		return 0, problem.New(problem.Invalid, "err.summary").Field(name, "api.err.number", "most", most)
	}
	return n, nil
}

// instant reads an instant with its offset; zero if it was left out.
func (c *call) instant(name string) (time.Time, error) {
	s := c.query(name)
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, problem.New(problem.Invalid, "err.summary").Field(name, "api.err.instant")
	}
	return t, nil
}

// ref is the dossier that the path names.
func (c *call) ref() string { return strings.TrimSpace(c.r.PathValue("ref")) }

// tag is the ETag of a version.
func tag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// matching is the version that If-Match asks for; 0 for "*".
func (c *call) matching() (int64, error) {
	s := c.r.Header.Values("If-Match")
	if len(s) == 0 {
		return 0, refusal{http.StatusPreconditionRequired, "api.err.if-match"}
	}
	if len(s) == 1 && s[0] == "*" {
		return 0, nil
	}
	n, err := strconv.ParseInt(strings.Trim(s[0], `"`), 10, 64)
	if err != nil || len(s) != 1 || n < 1 || s[0] != tag(n) {
		return 0, problem.New(problem.Malformed, "api.err.if-match")
	}
	return n, nil
}

// Route is an operation as tests and docs walk it.
type Route struct {
	ID, Method, Path, Summary string
	Access                    Access
	Permission                officer.Permission
	Keyed                     bool // takes an Idempotency-Key
	Laws                      []string
}

// Routes is the table of everything that is served, the description aside.
func Routes() []Route {
	var list []Route
	for _, o := range operations() {
		list = append(list, Route{o.ID, o.Method, o.Path, o.Summary, o.Access, o.Permission, o.Key != noKey, o.Laws})
	}
	return list
}
