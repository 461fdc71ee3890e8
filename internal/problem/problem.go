// Package problem is the one error a person may see. It says what went wrong
// and where, by text keys; package text words it. Every other error in quay20
// is ours: it is logged once at the edge and shown as a number.
package problem

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kind sorts problems by what the person can do about them; it decides the
// HTTP status. See reliability rule G1.
type Kind string

const (
	Malformed       Kind = "malformed"       // broken form or JSON: 400
	Unauthenticated Kind = "unauthenticated" // not signed in: 401
	Forbidden       Kind = "forbidden"       // signed in, not allowed: 403
	NotFound        Kind = "not-found"       // unknown, or its existence is private: 404
	Conflict        Kind = "conflict"        // idempotency key reused, duplicate: 409
	Illegal         Kind = "illegal"         // law or state forbids the act now: 409
	Stale           Kind = "stale"           // somebody else changed it meanwhile: 412
	TooLarge        Kind = "too-large"       // 413
	Unsupported     Kind = "unsupported"     // wrong content type: 415
	Invalid         Kind = "invalid"         // well-formed but impossible: 422
	TooMany         Kind = "too-many"        // throttled: 429, with Retry
	Unavailable     Kind = "unavailable"     // overloaded or stopped: 503, with Retry
)

var status = map[Kind]int{
	Malformed: 400, Unauthenticated: 401, Forbidden: 403, NotFound: 404,
	Conflict: 409, Illegal: 409, Stale: 412, TooLarge: 413, Unsupported: 415,
	Invalid: 422, TooMany: 429, Unavailable: 503,
}

// Field is one fault of one input field.
type Field struct {
	Name string // "phone", as the form or JSON names it
	Key  string // text key, "err.phone"
	Args []any  // alternating name, value for the text's {placeholders}
}

// Problem is an error for people: kind, text key, article, field → text key.
type Problem struct {
	Kind    Kind
	Key     string        // text key, "err.not-found"
	Args    []any         // alternating name, value
	Law     string        // "nd-118-2025/17.2": the article that says so, if any
	Fields  []Field       // every faulty field at once, in form order
	Allowed []string      // for Illegal: the acts allowed now, by name
	Retry   time.Duration // for TooMany and Unavailable
}

// New makes a problem; args alternate placeholder name and value.
func New(kind Kind, key string, args ...any) *Problem {
	return &Problem{Kind: kind, Key: key, Args: args}
}

// Error is for logs and tests; people read text.Problem.
func (p *Problem) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", p.Kind, p.Key)
	if len(p.Args) > 0 {
		fmt.Fprintf(&b, " %v", p.Args)
	}
	for _, f := range p.Fields {
		fmt.Fprintf(&b, "; %s: %s", f.Name, f.Key)
		if len(f.Args) > 0 {
			fmt.Fprintf(&b, " %v", f.Args)
		}
	}
	return b.String()
}

// Status is the HTTP status of the problem (reliability G1).
func (p *Problem) Status() int { return status[p.Kind] }

// Field adds a faulty field and returns p.
func (p *Problem) Field(name, key string, args ...any) *Problem {
	p.Fields = append(p.Fields, Field{name, key, args})
	return p
}

// By names the article the problem rests on and returns p.
func (p *Problem) By(law string) *Problem { p.Law = law; return p }

// Or returns nil as an error when no field was added, else p. It lets a check
// gather every fault first:
//
//	p := problem.New(problem.Invalid, "err.summary")
//	…p.Field(…)…
//	return p.Or()
func (p *Problem) Or() error {
	if len(p.Fields) == 0 {
		return nil
	}
	return p
}

// As finds the Problem in err, if there is one.
func As(err error) (*Problem, bool) {
	var p *Problem
	ok := errors.As(err, &p)
	return p, ok
}

// Is reports whether err is a Problem of this kind.
func Is(err error, kind Kind) bool {
	p, ok := As(err)
	return ok && p.Kind == kind
}
