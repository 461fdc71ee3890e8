package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"quay20/internal/problem"
	"quay20/internal/text"
)

// refusal is a status of the protocol that no room knows.
type refusal struct {
	status int
	key    string
}

func (e refusal) Error() string { return e.key }

// Problem is the body of every refusal (RFC 9457).
type Problem struct {
	Type      string   `json:"type"`
	Title     string   `json:"title"`
	Status    int      `json:"status"`
	Code      string   `json:"code"`
	Law       string   `json:"law,omitempty"`
	Errors    []Fault  `json:"errors,omitempty"`
	Allowed   []string `json:"allowed,omitempty"`
	Reference string   `json:"reference,omitempty"`
}

// Fault is what is wrong with one field.
type Fault struct {
	Field string `json:"field"`
	Code  string `json:"code"`
	Text  string `json:"text"`
}

const problemMedia = "application/problem+json"

// fail answers with what went wrong. What is our own fault is logged once and
// shown as a reference; nothing of the request goes into the log.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	var asked refusal
	var over *http.MaxBytesError
	p, ok := problem.As(err)
	switch {
	case ok:
		s.refuse(w, r, p)
	case errors.As(err, &asked) && asked.status == http.StatusNotModified:
		w.WriteHeader(http.StatusNotModified)
	case errors.As(err, &asked):
		sendProblem(w, Problem{Type: "about:blank", Title: text.T(language(r), asked.key), Status: asked.status, Code: asked.key})
	case errors.As(err, &over):
		s.refuse(w, r, problem.New(problem.TooLarge, "api.err.too-large", "kb", bodyCap>>10))
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil:
		// the caller went away: nobody reads an answer
	default:
		ref := s.Reference(r)
		s.Log.ErrorContext(r.Context(), "request broke", "ref", ref, "route", r.Pattern, "err", err)
		s.broken(w, r, ref)
	}
}

func (s *server) broken(w http.ResponseWriter, r *http.Request, ref string) {
	sendProblem(w, Problem{
		Type: "about:blank", Title: text.T(language(r), "api.err.fault", "ref", ref),
		Status: http.StatusInternalServerError, Code: "api.err.fault", Reference: ref,
	})
}

func (s *server) refuse(w http.ResponseWriter, r *http.Request, p *problem.Problem) {
	switch {
	case p.Kind == problem.Unauthenticated:
		w.Header().Set("WWW-Authenticate", `Bearer realm="quay20"`)
	case p.Retry > 0:
		w.Header().Set("Retry-After", strconv.Itoa(int((p.Retry+time.Second-1)/time.Second)))
	}
	if p.Key == unexpected {
		s.Log.WarnContext(r.Context(), "unexpected field", "route", r.Pattern) // rel-B-W09
	}
	sendProblem(w, worded(p, language(r)))
}

// worded puts a problem into the caller's language.
func worded(p *problem.Problem, lang text.Lang) Problem {
	out := Problem{
		Type: "about:blank", Title: text.T(lang, p.Key, short(p.Args)...), Status: p.Status(), Code: p.Key,
		Law: p.Law, Allowed: p.Allowed,
	}
	for _, f := range p.Fields {
		out.Errors = append(out.Errors, Fault{cut(f.Name), f.Key, text.T(lang, f.Key, short(f.Args)...)})
	}
	return out
}

// echo is the most characters of a submitted value that an answer repeats
// (rel-G2).
const echo = 200

// short cuts arguments that hold something submitted.
func short(args []any) []any {
	out := make([]any, len(args))
	for i, a := range args {
		if s, ok := a.(string); ok {
			a = cut(s)
		}
		out[i] = a
	}
	return out
}

func cut(s string) string {
	if utf8.RuneCountInString(s) <= echo {
		return s
	}
	return string([]rune(s)[:echo-1]) + "…"
}

func sendProblem(w http.ResponseWriter, p Problem) {
	body, err := marshal(p)
	if err != nil {
		panic("a problem cannot be written as JSON: " + err.Error())
	}
	send(w, p.Status, problemMedia, body)
}

// send writes a whole answer.
func send(w http.ResponseWriter, status int, media string, body []byte) {
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body) // who went away reads no error
}
