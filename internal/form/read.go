package form

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"quay20/internal/applicant"
	"quay20/internal/pack"
	"quay20/internal/problem"
)

// Longest lengths where the pack says none. rel-B-W08
const (
	lineMost = 200
	textMost = 2000
	keepMost = 10_000 // of what was typed and cannot be read
)

// reading judges the answer to one question.
type reading struct {
	Question
	law    *pack.Pack
	on     pack.Date
	typed  Answers
	read   Answers // where the written form goes
	faults []problem.Field
}

func (r *reading) fault(name, key string, args ...any) {
	r.faults = append(r.faults, problem.Field{Name: name, Key: key,
		Args: append([]any{"label", Label(r.Field.Label, r.Field.LabelEn)}, args...)})
}

// refuse adds a parser's finding.
func (r *reading) refuse(name string, err error) {
	if p, ok := problem.As(err); ok {
		r.fault(name, p.Key, p.Args...)
	}
}

// keep leaves an answer as it was typed, if it is text that can be kept.
func (r *reading) keep(name string) {
	if v, err := applicant.CleanText(r.typed[name], keepMost); err == nil && v != "" {
		r.read[name] = v
	}
}

func (r *reading) judge() {
	switch r.Field.Type {
	case "files":
		return
	case "address":
		r.address()
		return
	}
	typed, err := applicant.CleanText(r.typed[r.Name], keepMost)
	switch {
	case err != nil:
		r.refuse(r.Name, err)
		return
	case typed == "" && !r.Field.Optional:
		r.fault(r.Name, r.empty())
		return
	case typed == "":
		return
	}
	value, err := r.value(typed)
	if err != nil {
		r.refuse(r.Name, err)
		r.keep(r.Name)
		return
	}
	r.read[r.Name] = value
}

// empty says how a missing answer is asked for: typed or chosen.
func (r *reading) empty() string {
	switch r.Field.Type {
	case "choice", "yes-no", "nationality":
		return "form.err.choose"
	}
	return "form.err.empty"
}

func invalid(key string, args ...any) error { return problem.New(problem.Invalid, key, args...) }

// value reads an answer by the grammar of the field's type.
func (r *reading) value(s string) (string, error) {
	f := r.Field
	switch f.Type {
	case "name":
		return applicant.CleanName(s)
	case "organisation", "line":
		return applicant.CleanLine(s, most(f.Max, lineMost))
	case "text":
		return applicant.CleanText(s, most(f.Max, textMost))
	case "phone":
		return applicant.ParsePhone(s)
	case "email":
		return applicant.ParseEmail(s)
	case "plate":
		return applicant.ParsePlate(s)
	case "tax-code":
		return applicant.ParseTaxCode(s)
	case "personal-number":
		return r.personal(s)
	case "id-number":
		id, err := applicant.ParseID(s)
		if err == nil && id.Kind == applicant.CCCD {
			return r.personal(s)
		}
		return id.Number, err
	case "passport":
		id, err := applicant.ParseIDAs(applicant.Passport, s)
		return id.Number, err
	case "birth":
		return r.birth(s)
	case "date":
		return r.date(s)
	case "number":
		return r.number(s, plainNumber)
	case "money":
		return r.number(strings.TrimSpace(strings.TrimSuffix(strings.TrimSuffix(s, "đồng"), "đ")), grouped)
	case "choice":
		return s, chosen(slices.ContainsFunc(f.Choices, func(c pack.FormChoice) bool { return c.Value == s }))
	case "yes-no":
		return s, chosen(s == Yes || s == No)
	case "nationality":
		return ParseCountry(s)
	case "mrz":
		m, err := ReadMRZ(s, r.on)
		return m.Text, err
	}
	panic("form: a field of the unknown type " + f.Type) // pack check knows all types
}

func most(own int64, usual int) int {
	if own > 0 {
		return int(own)
	}
	return usual
}

func chosen(ok bool) error {
	if ok {
		return nil
	}
	return invalid("form.err.not-listed")
}

// personal reads a personal number and refuses a birth year yet to come.
func (r *reading) personal(s string) (string, error) {
	id, err := applicant.ParseIDAs(applicant.CCCD, s)
	if err != nil {
		return "", err
	}
	if n := applicant.ReadPersonal(id.Number); n.Year > year(r.on) {
		return "", invalid("applicant.err.id-century", "digits", id.Number[3:6], "year", n.Year)
	}
	return id.Number, nil
}

// oldest is the greatest age that is taken for no slip of the pen.
const oldest = 130

func (r *reading) birth(s string) (string, error) {
	born, err := applicant.ParseBorn(s)
	switch {
	case err != nil:
		return "", err
	case born > r.on[:len(born)]:
		return "", invalid("applicant.err.born-future")
	case year(born) < year(r.on)-oldest:
		return "", invalid("applicant.err.born-early", "year", year(r.on)-oldest)
	}
	return born, nil
}

func (r *reading) date(s string) (string, error) {
	day, err := applicant.ParseBorn(s)
	switch {
	case err != nil:
		return "", err
	case len(day) == 4:
		return "", invalid("applicant.err.date")
	case r.Field.Past && day > r.on:
		return "", invalid("form.err.day-past", "today", applicant.FormatBorn(r.on))
	case r.Field.Future && day < r.on:
		return "", invalid("form.err.day-future", "today", applicant.FormatBorn(r.on))
	}
	return day, nil
}

var (
	plainNumber = regexp.MustCompile(`^[0-9]{1,15}$`)
	grouped     = regexp.MustCompile(`^([0-9]{1,15}|[0-9]{1,3}([. ][0-9]{3}){1,4})$`)
)

func (r *reading) number(s string, shape *regexp.Regexp) (string, error) {
	s = norm.NFKC.String(s)
	low, high := r.Field.Min, r.Field.Max
	if high == 0 {
		high = math.MaxInt64
	}
	n, err := strconv.ParseInt(strings.NewReplacer(".", "", " ", "").Replace(s), 10, 64)
	switch {
	case !shape.MatchString(s) || err != nil:
		return "", invalid("form.err.number")
	case n < low || n > high:
		return "", invalid("form.err.range", "low", low, "high", high)
	}
	return strconv.FormatInt(n, 10), nil
}

// address reads the commune of the day, or a place outside the province, and
// the village or street in it.
func (r *reading) address() {
	commune, err := applicant.CleanLine(r.typed[r.Name+Commune], lineMost)
	village, bad := applicant.CleanLine(r.typed[r.Name+Village], lineMost)
	if r.Field.Optional && err == nil && bad == nil && commune == "" && village == "" {
		return
	}
	switch {
	case err != nil:
		r.refuse(r.Name+Commune, err)
	case commune == "":
		r.fault(r.Name+Commune, "form.err.commune")
	case commune == Elsewhere && !r.Field.Local:
		r.read[r.Name+Commune] = Elsewhere
		r.elsewhere()
	default:
		r.commune(commune)
	}
	switch {
	case bad != nil:
		r.refuse(r.Name+Village, bad)
	case village == "":
		r.fault(r.Name+Village, "form.err.village")
	default:
		r.read[r.Name+Village] = village
	}
}

func (r *reading) elsewhere() {
	v, err := applicant.CleanLine(r.typed[r.Name+Else], lineMost)
	switch {
	case err != nil:
		r.refuse(r.Name+Else, err)
	case v == "":
		r.fault(r.Name+Else, "form.err.elsewhere")
	default:
		r.read[r.Name+Else] = v
	}
}

// commune reads a commune of the day by its code or name. A name from before a
// merger is refused with the names of today.
func (r *reading) commune(s string) {
	name := r.Name + Commune
	if u, ok := r.law.Unit(s, r.on); ok && u.Level == pack.Commune {
		r.read[name] = u.Code
		return
	}
	for _, u := range r.law.Communes(r.on) {
		if applicant.Fold(u.Place) == applicant.Fold(s) {
			r.read[name] = u.Code
			return
		}
	}
	r.read[name] = s
	if heirs := r.heirs(s); len(heirs) > 0 {
		r.fault(name, "form.err.commune-merged", "old", s, "new", heirs)
		return
	}
	r.fault(name, "form.err.commune-unknown", "typed", s)
}

// heirs are the communes of the day that took over from one of that name.
func (r *reading) heirs(s string) (names []string) {
	for _, old := range r.law.EndedCommunes(r.on) {
		if applicant.Fold(old.Place) != applicant.Fold(s) && old.Code != s {
			continue
		}
		for _, u := range r.law.After(old.Key) {
			if u.Level == pack.Commune && u.Holds(r.on) && !slices.Contains(names, u.Place) {
				names = append(names, u.Place)
			}
		}
	}
	return names
}

func year(date string) int {
	y, err := strconv.Atoi(date[:min(4, len(date))])
	if err != nil {
		return 0
	}
	return y
}
