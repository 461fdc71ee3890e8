package web

import (
	"fmt"
	"net/http"
	"strings"

	"quay20/internal/filing"
	declare "quay20/internal/form"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/text"
)

// rowsPage takes many items of a repeated section at once, pasted from a
// spreadsheet (ux-C33).
type rowsPage struct {
	*Form
	Title, Caption string
	Back           BackLink
	Columns        []string
	Example        string
	Box            Textarea
	Action         string
	Good           int
	Bad            []rowFault
	Agreed         string // the good rows, to be added when the operator agrees
}

// rowFault is a line that cannot be added, and why.
type rowFault struct {
	Line int
	Text string
	Why  []string
}

func (h *fromHome) rows(w http.ResponseWriter, r *http.Request, by filing.Owner) error {
	s, sec, err := h.repeated(r, by)
	if err != nil {
		return err
	}
	return h.showRows(w, r, s, sec, h.blankForm(w, r), nil)
}

// repeated finds the repeated section of a request.
func (h *fromHome) repeated(r *http.Request, by filing.Owner) (*sheet, *pack.FormSection, error) {
	s, err := h.sheet(r, by)
	if err != nil {
		return nil, nil, err
	}
	if s.Sent() {
		return nil, nil, problem.New(problem.Illegal, "filing.err.sent")
	}
	p, err := filing.At(s.form, r.PathValue("cau"), s.Answers)
	if err != nil {
		return nil, nil, err
	}
	if p.Section.Most == 0 || p.Item > 0 {
		return nil, nil, problem.New(problem.NotFound, "err.not-found")
	}
	return s, p.Section, nil
}

func (h *fromHome) showRows(w http.ResponseWriter, r *http.Request, s *sheet, sec *pack.FormSection, f *Form, rows []declare.Row) error {
	page := rowsPage{Form: f, Title: s.say("filing.rows.title", "section", strings.ToLower(s.title(sec))), Caption: s.proc.ShortName,
		Back: BackLink{Href: s.href(sec.ID)}, Action: s.href("dong", sec.ID), Box: f.Textarea("dong", "filing.rows.box")}
	page.Box.Rows, page.Box.Hint = 8, &Hint{Text: s.say("filing.rows.hint")}
	for _, c := range declare.Columns(sec) {
		page.Columns = append(page.Columns, s.label(&c))
	}
	var good, bad []string
	for _, row := range rows {
		if len(row.Faults) == 0 {
			good = append(good, row.Text)
			continue
		}
		bad = append(bad, row.Text)
		fault := rowFault{Line: row.Line, Text: row.Text}
		for _, x := range row.Faults {
			fault.Why = append(fault.Why, text.T(s.lang, x.Key, localised(s.lang, x.Args)...))
		}
		page.Bad = append(page.Bad, fault)
	}
	page.Good, page.Agreed = len(good), strings.Join(good, "\n")
	if rows != nil {
		page.Box.Value = strings.Join(bad, "\n")
	}
	return h.render(w, r, f.Status(), "filing-rows", page)
}

// addRows judges each pasted line alone. The good ones are added once the
// operator has seen what is wrong with the others. rel-G7
func (h *fromHome) addRows(w http.ResponseWriter, r *http.Request, by filing.Owner) error {
	s, sec, err := h.repeated(r, by)
	if err != nil {
		return err
	}
	f, err := h.postedForm(w, r)
	if err != nil {
		return err
	}
	agreed := f.Flag("_agreed")
	pasted := f.Typed("dong")
	if agreed {
		pasted = f.Typed("_good")
	}
	rows, err := declare.ReadRows(sec, s.law, s.on, pasted)
	if p, ok := problem.As(err); ok {
		err = problem.New(problem.Invalid, "err.summary").Field("dong", p.Key, p.Args...)
	}
	if err == nil && len(rows) == 0 {
		err = problem.New(problem.Invalid, "err.summary").Field("dong", "filing.rows.empty")
	}
	if f.Refused(err) {
		return h.showRows(w, r, s, sec, f, nil)
	}
	if err != nil {
		return err
	}
	var good []declare.Answers
	for _, row := range rows {
		if len(row.Faults) == 0 {
			good = append(good, row.Answers)
		}
	}
	if !agreed && len(good) < len(rows) {
		f.Fault("dong", "filing.rows.bad", "bad", len(rows)-len(good), "all", len(rows))
		return h.showRows(w, r, s, sec, f, rows)
	}
	if _, err = h.Filing.Add(r.Context(), by, s.ID, sec.ID, good); f.Refused(err) {
		return h.showRows(w, r, s, sec, f, nil)
	}
	if err != nil {
		return err
	}
	return h.redirect(w, r, s.href(sec.ID))
}

// residencePage is C33: where hosts declare foreign guests, in both languages.
type residencePage struct {
	*Form
	Code string
	Vi   string
	Law  string
	Mine []myDraft
}

// residence is C33's start. The procedure is the one whose form is bilingual.
func (h *fromHome) residence(w http.ResponseWriter, r *http.Request, by filing.Owner) error {
	law, on := h.Law.Law(), pack.On(h.Now())
	for _, p := range law.Procedures(on) {
		f, ok := declare.Of(law, p.Code, on)
		if !ok || !f.Bilingual {
			continue
		}
		mine, err := h.drafts(r, by, p.Code)
		if err != nil {
			return err
		}
		return h.render(w, r, http.StatusOK, "filing-residence", residencePage{Form: h.blankForm(w, r), Code: p.Code, Vi: fmt.Sprintf("/tt/%s", p.Code), Law: strings.Join(f.Basis, ", "), Mine: mine})
	}
	return problem.New(problem.NotFound, "err.not-found")
}
