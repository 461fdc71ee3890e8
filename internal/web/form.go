package web

import (
	"io"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"quay20/internal/problem"
	"quay20/internal/text"
)

// Form is a form on its way: what was typed, what is wrong with it, and what
// makes sending it twice harmless. A page embeds *Form; reading a value that
// breaks a rule notes a fault, and Err tells all of them at once.
type Form struct {
	Key    string // idempotency key of this rendering; the handler passes it to the room
	Token  string // for the part "hidden"
	Lang   text.Lang
	values url.Values
	faults *problem.Problem
	kept   bool // comes back after a new sign-in: show it, do not act
}

const (
	keyField  = "_key"
	keptField = "_kept" // set when a form returns after a new sign-in
)

// blankForm begins a form that nobody has filled in yet.
func (s *Server) blankForm(w http.ResponseWriter, r *http.Request) *Form {
	return &Form{Key: random(16), Token: s.formToken(w, r), Lang: visitOf(r).lang, values: url.Values{}, faults: noFaults()}
}

// askedForm reads a question put in the address, as searches and filters are.
func (s *Server) askedForm(w http.ResponseWriter, r *http.Request) *Form {
	f := s.blankForm(w, r)
	f.values = r.URL.Query()
	return f
}

// postedForm reads what was sent.
func (s *Server) postedForm(w http.ResponseWriter, r *http.Request) (*Form, error) {
	f := s.blankForm(w, r)
	f.values = r.PostForm
	f.kept = f.values.Get(keptField) != ""
	if sent := f.values.Get(keyField); sent != "" {
		if !keyShape.MatchString(sent) { // rel-A16
			return nil, problem.New(problem.Malformed, "web.malformed")
		}
		f.Key = sent
	}
	return f, nil
}

var keyShape = regexp.MustCompile(`^[A-Za-z0-9_-]{16,64}$`)

func noFaults() *problem.Problem { return problem.New(problem.Invalid, "err.summary") }

// parseBody reads a form's body within its caps, before anything else looks
// at it (rel-A03, rel-A04, rel-W13).
func parseBody(w http.ResponseWriter, r *http.Request) error {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return problem.New(problem.Unsupported, "web.unsupported")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyCap))
	if tooLong(err) {
		return problem.New(problem.TooLarge, "web.too-large", "kb", bodyCap>>10)
	}
	if err != nil || strings.Count(string(body), "&") >= fieldCap {
		return problem.New(problem.Malformed, "web.malformed")
	}
	if r.PostForm, err = url.ParseQuery(string(body)); err != nil {
		return problem.New(problem.Malformed, "web.malformed")
	}
	r.Form = r.PostForm
	return nil
}

// Set puts a value into a blank form.
func (f *Form) Set(name string, values ...string) { f.values[name] = values }

// Typed is what was typed into name, as it was typed.
func (f *Form) Typed(name string) string { return f.values.Get(name) }

// Fault notes that name is wrong, for the reason in the text under key.
func (f *Form) Fault(name, key string, args ...any) { f.faults.Field(name, key, args...) }

// Text reads one line of at most limit characters, trimmed, in NFC (rel-G10).
func (f *Form) Text(name string, limit int) string { return f.words(name, limit, false) }

// Lines reads a text of several lines.
func (f *Form) Lines(name string, limit int) string { return f.words(name, limit, true) }

// Need is Text that must not be empty; key says what to type there (rel-W01).
func (f *Form) Need(name string, limit int, key string) string {
	v := f.Text(name, limit)
	if v == "" && !f.faulty(name) {
		f.Fault(name, key)
	}
	return v
}

func (f *Form) words(name string, limit int, lines bool) string {
	v, clean := tidy(f.values.Get(name), lines)
	switch n := letters(v); {
	case len(f.values[name]) > 1 || !clean:
		f.Fault(name, "form.strange")
	case n > limit || len(v) > 16*limit:
		f.Fault(name, "form.too-long", "max", limit, "have", n)
	default:
		return v
	}
	return ""
}

// Choice reads one of the allowed values, "" if none was chosen.
func (f *Form) Choice(name string, allowed ...string) string {
	v := f.values.Get(name)
	if v != "" && !slices.Contains(allowed, v) {
		f.Fault(name, "form.choose")
		return ""
	}
	return v
}

// Choices reads any of the allowed values, each once.
func (f *Form) Choices(name string, allowed ...string) []string {
	var chosen []string
	for _, v := range f.values[name] {
		if !slices.Contains(allowed, v) {
			f.Fault(name, "form.choose")
			return nil
		}
		if !slices.Contains(chosen, v) {
			chosen = append(chosen, v)
		}
	}
	return chosen
}

// Flag reads a single tick box.
func (f *Form) Flag(name string) bool { return f.values.Get(name) != "" }

// Secret reads a password or one-time code exactly as typed; it is never shown again.
func (f *Form) Secret(name string) string {
	v := f.values.Get(name)
	f.values.Del(name)
	if len(v) > 1000 {
		f.Fault(name, "form.too-long", "max", 1000, "have", len(v))
		return ""
	}
	return v
}

// Int reads a whole number between low and high; an empty field is low.
func (f *Form) Int(name string, low, high int) int {
	v := f.Text(name, 20)
	if v == "" {
		return low
	}
	n, err := strconv.Atoi(v)
	if err != nil || n < low || n > high {
		f.Fault(name, "form.number", "low", low, "high", high)
		return low
	}
	return n
}

// Money reads whole đồng: "15000", "15.000" or "15 000 đồng".
func (f *Form) Money(name string) int64 {
	v := strings.TrimSpace(strings.TrimSuffix(f.Text(name, 30), "đồng"))
	if v == "" {
		return 0
	}
	n, err := strconv.ParseInt(strings.NewReplacer(".", "", " ", "").Replace(v), 10, 64)
	if err != nil || n < 0 || !moneyShape.MatchString(v) {
		f.Fault(name, "form.money")
		return 0
	}
	return n
}

var moneyShape = regexp.MustCompile(`^(\d+|\d{1,3}([. ]\d{3})+)$`)

// Date reads a day typed as 25/11/1990 or picked as 1990-11-25; zero if empty (rel-W03).
func (f *Form) Date(name string) time.Time {
	v := f.Text(name, 20)
	if v == "" {
		return time.Time{}
	}
	for _, layout := range []string{"2/1/2006", "2-1-2006", "2.1.2006", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, v, vietnam); err == nil {
			return t
		}
	}
	f.Fault(name, "form.date")
	return time.Time{}
}

// Next is where to go afterwards: the field "next" if it is a place of ours.
func (f *Form) Next(otherwise string) string { return inside(f.values.Get("next"), otherwise) }

func (f *Form) faulty(name string) bool {
	return slices.ContainsFunc(f.faults.Fields, func(x problem.Field) bool { return x.Name == name })
}

// Err is everything that is wrong so far, or nil. A handler asks it before it
// acts. A form that came back after a new sign-in always has an Err, so that
// it is shown again and nothing is done unseen (rel-W07).
func (f *Form) Err() error {
	if f.kept {
		f.kept = false
		return &problem.Problem{Kind: problem.Invalid, Key: "web.kept"}
	}
	return f.faults.Or()
}

// Refused reports whether err is a Problem of the kind that the form is shown
// again with, and notes it. The handler then renders its page with Status.
func (f *Form) Refused(err error) bool {
	p, ok := problem.As(err)
	if !ok || !slices.Contains(shownOnForm, p.Kind) {
		return false
	}
	if p != f.faults {
		merged := *p
		merged.Fields = append(slices.Clone(f.faults.Fields), p.Fields...)
		f.faults = &merged
	}
	if p.Kind != problem.Unavailable {
		f.Key = random(16) // nothing was done, the corrected form is a new request
	}
	return true
}

var shownOnForm = []problem.Kind{problem.Invalid, problem.Conflict, problem.Illegal, problem.Stale, problem.NotFound,
	problem.TooMany, problem.Unavailable}

// Status is the status of the page that shows the form.
func (f *Form) Status() int {
	if f.clean() {
		return http.StatusOK
	}
	return f.faults.Status()
}

func (f *Form) clean() bool { return len(f.faults.Fields) == 0 && f.faults.Key == "err.summary" }

// Problem is what the form was refused for, or nil.
func (f *Form) Problem() *problem.Problem {
	if f.clean() {
		return nil
	}
	return f.faults
}

// Summary is the error summary on top of the page, nil when all is well. A
// field's fault links to the field; a problem of the whole stands alone.
func (f *Form) Summary() *ErrorSummary {
	if f.clean() {
		return nil
	}
	sum := &ErrorSummary{TitleText: text.T(f.Lang, "err.summary")}
	if f.faults.Key != "err.summary" {
		sum.TitleText = text.T(f.Lang, titleKey(f.faults))
		sum.ErrorList = append(sum.ErrorList, ErrorItem{Text: text.Problem(f.Lang, f.faults)})
	}
	for _, x := range f.faults.Fields {
		sum.ErrorList = append(sum.ErrorList, ErrorItem{Text: text.Field(f.Lang, x), Href: "#" + fieldID(x.Name)})
	}
	return sum
}

func (f *Form) message(name string) *Message {
	for _, x := range f.faults.Fields {
		if x.Name == name {
			return &Message{Text: text.Field(f.Lang, x)}
		}
	}
	return nil
}

// fieldID is the id of a field's input: its name, with what a fragment cannot carry replaced.
func fieldID(name string) string {
	return strings.NewReplacer(" ", "-", "[", "-", "]", "").Replace(name)
}

// Input makes the text field name with what was typed and what is wrong;
// label is a text key.
func (f *Form) Input(name, label string) Input {
	return Input{ID: fieldID(name), Name: name, Value: f.Typed(name), Label: Label{Text: text.T(f.Lang, label)}, ErrorMessage: f.message(name)}
}

// Textarea is Input for several lines.
func (f *Form) Textarea(name, label string) Textarea {
	return Textarea{ID: fieldID(name), Name: name, Value: f.Typed(name), Label: Label{Text: text.T(f.Lang, label)}, ErrorMessage: f.message(name)}
}

// Select makes a drop-down list with the typed value selected.
func (f *Form) Select(name, label string, items ...Option) Select {
	return Select{ID: fieldID(name), Name: name, Value: f.Typed(name), Label: Label{Text: text.T(f.Lang, label)}, Items: items, ErrorMessage: f.message(name)}
}

// Radios makes a group of which one is chosen; legend is a text key.
func (f *Form) Radios(name, legend string, items ...Choice) Radios {
	return Radios{IDPrefix: fieldID(name), Name: name, Value: f.Typed(name), Items: items, ErrorMessage: f.message(name),
		Fieldset: &Fieldset{Legend: &Legend{Text: text.T(f.Lang, legend)}}}
}

// Checkboxes makes a group of which any are ticked; legend is a text key.
func (f *Form) Checkboxes(name, legend string, items ...Choice) Checkboxes {
	return Checkboxes{IDPrefix: fieldID(name), Name: name, Values: f.values[name], Items: items, ErrorMessage: f.message(name),
		Fieldset: &Fieldset{Legend: &Legend{Text: text.T(f.Lang, legend)}}}
}

// tidy trims v, takes invisible fillers out and composes it; clean is false
// when v holds what no keyboard types: control characters, direction
// overrides, broken encoding (rel-G10, rel-W01).
func tidy(v string, lines bool) (tidied string, clean bool) {
	if !utf8.ValidString(v) {
		return "", false
	}
	v = strings.Map(func(r rune) rune {
		if slices.Contains(fillers, r) {
			return -1
		}
		return r
	}, strings.ReplaceAll(v, "\r\n", "\n"))
	v = norm.NFC.String(strings.TrimSpace(v))
	clean = !strings.ContainsFunc(v, func(r rune) bool {
		return forbidden(r) && !(lines && (r == '\n' || r == '\t'))
	})
	return v, clean
}

var fillers = []rune{'\u200b', '\u2060', '\ufeff', '\u00ad'}

// forbidden characters never belong into a field or an address: controls,
// direction overrides and isolates, line separators, the replacement character.
func forbidden(r rune) bool {
	return unicode.IsControl(r) || r == utf8.RuneError || r == '\u2028' || r == '\u2029' ||
		r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}

// letters counts what a person counts: characters with their marks.
func letters(s string) int {
	n := 0
	for _, r := range s {
		if !unicode.Is(unicode.Mn, r) {
			n++
		}
	}
	return n
}
