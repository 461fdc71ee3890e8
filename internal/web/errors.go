package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"quay20/internal/problem"
	"quay20/internal/text"
)

// refusal is a status of the protocol that no room knows.
type refusal struct {
	status int
	key    string
}

func (e refusal) Error() string { return e.key }

// errorPage is the page of everything that went otherwise (X1 to X5).
type errorPage struct {
	Title     string
	Sentences []string
	Ref       string // told to the hotline
	SignIn    *SignIn
	Again     *keptPage // what was sent, to be sent again
	Home      string
}

// Summary makes no list; the page is the message itself.
func (errorPage) Summary() *ErrorSummary { return nil }

// fail turns an error into its page, and logs once what is our own fault.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	var r2 refusal
	p, ok := problem.As(err)
	switch {
	case errors.As(err, &r2):
		s.showError(w, r, r2.status, errorPage{Title: s.say(r, r2.key+".title"), Sentences: []string{s.say(r, r2.key)}})
	case ok:
		s.showProblem(w, r, p)
	case tooLong(err):
		s.showProblem(w, r, problem.New(problem.TooLarge, "web.too-large", "kb", bodyCap>>10))
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil:
		visitOf(r).status = 499 // the visitor went away; only the log sees this
	default:
		v := visitOf(r)
		s.Log.ErrorContext(r.Context(), "request broke", "ref", v.ref, "route", v.pattern, "err", err)
		s.showFault(w, r)
	}
}

func (s *Server) say(r *http.Request, key string, args ...any) string {
	return text.T(visitOf(r).lang, key, args...)
}

// showFault is X2: what happened is not the visitor's to understand, what to
// do is.
func (s *Server) showFault(w http.ResponseWriter, r *http.Request) {
	s.showError(w, r, http.StatusInternalServerError, errorPage{
		Title: s.say(r, "web.fault.title"), Ref: visitOf(r).ref,
		Sentences: []string{s.say(r, "web.fault"), s.say(r, "web.fault.next")},
	})
}

func (s *Server) showProblem(w http.ResponseWriter, r *http.Request, p *problem.Problem) {
	lang := visitOf(r).lang
	page := errorPage{Title: s.say(r, titleKey(p)), Sentences: []string{text.Problem(lang, p)}}
	for _, f := range p.Fields {
		page.Sentences = append(page.Sentences, text.Field(lang, f))
	}
	retryAfter(w, p)
	if p.Retry > 0 {
		if p.Kind == problem.TooMany {
			page.Sentences = append(page.Sentences, s.say(r, "web.retry", "wait", sayWait(lang, p.Retry)))
		}
	}
	if p.Kind == problem.Unauthenticated && s.served(SignInPath) {
		page.SignIn = s.signInAgain(w, r)
	}
	if p.Kind == problem.Unavailable && r.Method == http.MethodPost {
		page.Again = s.sentAgain(w, r)
	}
	s.showError(w, r, p.Status(), page)
}

// sentAgain keeps a form that the house was too busy to look at: it can be sent
// again as it is, under its key, so that it is done once (rel-F14). A form with
// a secret in it is typed again.
func (s *Server) sentAgain(w http.ResponseWriter, r *http.Request) *keptPage {
	for _, name := range secretFields {
		if name != tokenField && r.PostForm.Has(name) {
			return nil
		}
	}
	return &keptPage{Form: s.blankForm(w, r), Action: r.URL.RequestURI(), Fields: fieldsOf(r.PostForm)}
}

// fieldsOf are the fields of a form that may travel, by name.
func fieldsOf(v url.Values) (fields []Field) {
	for name, values := range keepable(v) {
		for _, v := range values {
			fields = append(fields, Field{name, v})
		}
	}
	slices.SortStableFunc(fields, func(a, b Field) int { return strings.Compare(a.Name, b.Name) })
	return fields
}

// retryAfter tells programs when to come again.
func retryAfter(w http.ResponseWriter, p *problem.Problem) {
	if p != nil && p.Retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int((p.Retry+time.Second-1)/time.Second)))
	}
}

// titleKey names the heading: a page not found is not a fault of the reader.
func titleKey(p *problem.Problem) string {
	if key := p.Key + ".title"; text.Has(key) {
		return key
	}
	return "web." + string(p.Kind) + ".title"
}

func sayWait(lang text.Lang, d time.Duration) string {
	if d < time.Minute {
		return text.T(lang, "say.seconds", "n", int((d+time.Second-1)/time.Second))
	}
	return text.T(lang, "say.minutes", "n", int((d+time.Minute-1)/time.Minute))
}

// showError writes an error page; if even that breaks, plain words.
func (s *Server) showError(w http.ResponseWriter, r *http.Request, status int, page errorPage) {
	w.Header().Set("Cache-Control", "no-store")
	page.Home = "/"
	if visitOf(r).by != nil {
		page.Home = "/desk"
	}
	if err := s.render(w, r, status, "error", page); err != nil {
		s.Log.ErrorContext(r.Context(), "error page broke", "ref", visitOf(r).ref, "err", err)
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		send(w, r, http.StatusInternalServerError, []byte(strings.Join(append([]string{page.Title}, page.Sentences...), "\n")))
	}
}

// SignInPath is where officers sign in (ux O1). Its GET and POST belong to the
// sign-in page; the form's fields are those of part "sign-in".
const SignInPath = "/desk/sign-in"

// SignIn is part "sign-in": the form to sign in, with what was being sent when
// the session ended, so that nothing typed is lost (X5, rel-W07).
type SignIn struct {
	*Form
	Login, Password, Code Input
	Next                  string
	Kept                  string // the interrupted form, URL-encoded
}

// signInForm makes the sign-in form around f.
func (s *Server) signInForm(f *Form) *SignIn {
	in := &SignIn{Form: f, Login: f.Input("login", "signin.login"), Password: f.Input("password", "signin.password"),
		Code: f.Input("code", "signin.code"), Next: inside(f.Typed("next"), "/desk"), Kept: f.Typed("kept")}
	for _, i := range []*Input{&in.Login, &in.Password, &in.Code} {
		i.Classes = "govuk-input--width-20"
	}
	off := false
	in.Login.Autocomplete, in.Login.Autocapitalize, in.Login.Spellcheck, in.Login.Focus = "username", "none", &off, true
	in.Password.Type, in.Password.Autocomplete, in.Password.Value = "password", "current-password", ""
	in.Code.Inputmode, in.Code.Autocomplete, in.Code.Value = "numeric", "one-time-code", ""
	in.Code.Hint = &Hint{Text: text.T(f.Lang, "signin.code.hint")}
	return in
}

// signInAgain prepares signing in from a page that needs it: back to the page,
// or with the interrupted form in hand.
func (s *Server) signInAgain(w http.ResponseWriter, r *http.Request) *SignIn {
	f := s.blankForm(w, r)
	next := r.URL.Path
	if r.Method == http.MethodGet && r.URL.RawQuery != "" {
		next += "?" + r.URL.RawQuery
	}
	f.Set("next", next)
	if r.Method == http.MethodPost {
		f.Set("kept", keepable(r.PostForm).Encode())
	}
	return s.signInForm(f)
}

// keepable is a form without what must not travel: tokens and secrets.
func keepable(v url.Values) url.Values {
	out := url.Values{}
	for name, values := range v {
		if !slices.Contains(secretFields, name) {
			out[name] = values
		}
	}
	return out
}

var secretFields = []string{tokenField, keptField, "password", "code", "second", "current", "password_again", "proof"}

// keptPage returns an interrupted form to its page with one button.
type keptPage struct {
	*Form
	Action string
	Fields []Field
}

// afterSignIn goes on once the session is new: to the page asked for, or back
// to the interrupted form with everything typed. The sign-in page calls it
// after setSession; f is the sign-in form that was sent.
func (s *Server) afterSignIn(w http.ResponseWriter, r *http.Request, f *Form, token string) error {
	next := f.Next("/desk")
	kept, err := url.ParseQuery(f.Typed("kept"))
	if err != nil || len(kept) == 0 {
		return s.redirect(w, r, next)
	}
	s.forgetSession(r, token)
	page := keptPage{Form: s.blankForm(w, r), Action: next, Fields: append([]Field{{keptField, "1"}}, fieldsOf(kept)...)}
	return s.render(w, r, http.StatusOK, "kept", page)
}

// forgetSession makes the rest of this request speak with the new session's
// token, which the browser has only from now on.
func (s *Server) forgetSession(r *http.Request, token string) {
	rest := r.Cookies()
	r.Header.Del("Cookie")
	for _, c := range rest {
		if c.Name != cookieName("") {
			r.AddCookie(c)
		}
	}
	r.AddCookie(&http.Cookie{Name: cookieName(""), Value: token})
}
