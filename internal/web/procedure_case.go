package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"

	"quay20/internal/pack"
	"quay20/internal/problem"
)

// The reader's own case (trường hợp của tôi) stands in the address alone: as
// answers to the guide's questions (viec=mat), or as choices from the lists of
// the law (truong-hop, phi, giay). Nothing of it is kept here.

// readOwn reads the own case from the address.
func (rd *reading) readOwn(r *http.Request) {
	rd.kept = url.Values{}
	rd.guide = rd.p.GuideOn(rd.v)
	rd.narrow = rd.guide.Narrow(func(key string) string { v, _ := asked(r, key); return v })
	for _, g := range rd.narrow.Given {
		key := pack.Unsure
		if g.Answer != nil {
			key = g.Answer.Key
		}
		rd.kept.Set(g.Question.Key, key)
	}
	rd.asked, _ = asked(r, "truong-hop")
	rd.askedBy, _ = asked(r, "phi")
	for name, v := range map[string]string{"truong-hop": rd.asked, "phi": rd.askedBy} {
		if v != "" {
			rd.kept.Set(name, v)
		}
	}
	rd.asked, rd.askedBy = cmp.Or(rd.asked, rd.narrow.Case), cmp.Or(rd.askedBy, rd.narrow.Fee)
	if r.URL.Query().Has("chon") { // the boxes of the list were there to tick
		rd.kept.Set("chon", "1")
		var ticked []string
		for _, v := range r.URL.Query()["giay"] {
			label, _ := tidy(v, false)
			ticked = append(ticked, label)
		}
		for _, label := range rd.special() {
			if slices.Contains(ticked, label) {
				rd.narrow.Yes = append(rd.narrow.Yes, label)
				rd.kept.Add("giay", label)
			} else {
				rd.narrow.No = append(rd.narrow.No, label)
			}
		}
	}
}

// special are the cases of components that are no case of the limit: each
// reader knows whether they are theirs.
func (rd *reading) special() []string {
	var labels []string
	for _, c := range rd.v.Components {
		limit := slices.ContainsFunc(rd.v.Cases, func(x pack.Case) bool { return x.Name == c.Case })
		if c.Case != "" && !limit && !slices.Contains(labels, c.Case) {
			labels = append(labels, c.Case)
		}
	}
	return labels
}

// manyCases reports whether there is anything to choose.
func (rd *reading) manyCases() bool {
	return rd.guide != nil && len(rd.guide.Questions) > 0 || len(rd.v.Cases) > 1 || len(rd.p.FeeCases("", rd.on)) > 1 || len(rd.special()) > 0
}

// to is the address of a page of this procedure, "kiem-tra", that keeps the
// own case and the day.
func (rd *reading) to(page string, more ...string) string {
	q := url.Values{}
	for name, values := range rd.kept {
		q[name] = slices.Clone(values)
	}
	if current, ok := rd.p.On(rd.today); rd.given || !ok || current.From != rd.v.From {
		q.Set("ngay", rd.on)
	}
	for i := 0; i+1 < len(more); i += 2 {
		if q.Del(more[i]); more[i+1] != "" {
			q.Set(more[i], more[i+1])
		}
	}
	path := "/tt/" + url.PathEscape(rd.p.Code)
	if page != "" {
		path += "/" + page
	}
	if len(q) == 0 {
		return path
	}
	return path + "?" + q.Encode()
}

// keptFields are the own case and the day as hidden fields of a form.
func (rd *reading) keptFields(but ...string) []Field {
	var list []Field
	u, _ := url.Parse(rd.to(""))
	for name, values := range u.Query() {
		for _, v := range values {
			if !slices.Contains(but, name) {
				list = append(list, Field{name, v})
			}
		}
	}
	slices.SortFunc(list, func(a, b Field) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Value, b.Value)) })
	return list
}

// ownWords are the own case in words, one answer each.
func (rd *reading) ownWords() []string {
	var said []string
	for _, g := range rd.narrow.Given {
		if g.Answer != nil {
			said = append(said, g.Answer.Say)
		}
	}
	if len(rd.narrow.Given) > 0 {
		return said
	}
	if rd.kept.Has("truong-hop") && len(rd.v.Cases) > 1 {
		said = append(said, rd.chosen().Name)
	}
	if rd.kept.Has("phi") {
		said = append(said, rd.askedBy)
	}
	return append(said, rd.narrow.Yes...)
}

// openProcedure reads the procedure of the address as of ?ngay=, for the pages
// beside C4.
func (c *citizen) openProcedure(r *http.Request) (*reading, error) {
	law, today := c.today()
	on, given, err := dayAsked(r, today)
	if err != nil {
		return nil, err
	}
	p, ok := law.Procedure(r.PathValue("code"))
	if !ok {
		return nil, problem.New(problem.NotFound, "err.not-found")
	}
	v := nearest(p, on)
	rd := c.reading(r, law, p, v, today, given)
	rd.on = within(v, on)
	return rd, nil
}

// casePage is C5: one question, or the lists of cases when the guide asks none.
type casePage struct {
	*Form
	Crumbs   Breadcrumbs
	Name     string
	Back     string
	Action   string
	Hidden   []Field
	Caption  string // "Câu hỏi 1 trên 2"
	Question *Radios
	Cases    *Radios
	Fees     *Radios
	Special  *Checkboxes
	Stop     string // why the procedure does not fit
	Instead  *ErrorItem
}

// askCase is C5 at /tt/{code}/kiem-tra: the guide's questions one a page. When
// all are answered it leads to the checklist.
func (c *citizen) askCase(w http.ResponseWriter, r *http.Request) error {
	rd, err := c.openProcedure(r)
	if err != nil {
		return err
	}
	f := &Form{Lang: rd.lang, values: r.URL.Query(), faults: noFaults()} // nothing is sent, so it needs no token
	page := casePage{Form: f, Crumbs: rd.crumbs(r, "case.title"), Name: rd.p.ShortName, Action: "/tt/" + url.PathEscape(rd.p.Code) + "/kiem-tra", Back: rd.back()}
	switch {
	case rd.narrow.Stop != nil:
		page.Stop = rd.narrow.Stop.Stop
		if other, ok := rd.law.Procedure(rd.narrow.Stop.Instead); ok {
			page.Instead = &ErrorItem{other.ShortName, "/tt/" + url.PathEscape(other.Code)}
		}
	case rd.guide != nil && rd.narrow.Next != nil:
		rd.ask(&page, r.URL.Query().Get("cau"))
	case rd.guide != nil && len(rd.guide.Questions) > 0, !rd.manyCases():
		return c.redirect(w, r, rd.to("chuan-bi"))
	default:
		rd.list(&page)
	}
	if f.Problem() != nil {
		return c.render(w, r, f.Status(), "case", page)
	}
	return c.renderShared(w, r, "case", page)
}

// back is the question before, or the procedure.
func (rd *reading) back() string {
	if n := len(rd.narrow.Given); n > 0 {
		return rd.to("kiem-tra", rd.narrow.Given[n-1].Question.Key, "")
	}
	return rd.to("")
}

// ask puts the next question; sent is the one that was just left unanswered.
func (rd *reading) ask(page *casePage, sent string) {
	q := rd.narrow.Next
	if sent == q.Key {
		page.Form.Fault(q.Key, "case.err.choose")
	}
	at := slices.IndexFunc(rd.guide.Questions, func(x pack.Question) bool { return x.Key == q.Key })
	page.Caption = rd.say("case.caption", "n", at+1, "of", len(rd.guide.Questions))
	radios := page.Form.Radios(q.Key, "case.question")
	radios.Fieldset = &Fieldset{Legend: &Legend{Text: q.Ask, Classes: "govuk-fieldset__legend--l", IsPageHeading: true}}
	if q.Hint != "" {
		radios.Hint = &Hint{Text: q.Hint}
	}
	for _, a := range q.Answers {
		radios.Items = append(radios.Items, Choice{Value: a.Key, Text: a.Say})
	}
	radios.Items = append(radios.Items, Choice{Divider: rd.say("case.or")}, Choice{Value: pack.Unsure, Text: rd.say("case.unsure")})
	page.Question = &radios
	page.Hidden = append(rd.keptFields(q.Key), Field{"cau", q.Key})
}

// list offers what the law itself distinguishes, on one page.
func (rd *reading) list(page *casePage) {
	page.Action = "/tt/" + url.PathEscape(rd.p.Code) + "/chuan-bi"
	page.Hidden = append(rd.keptFields("truong-hop", "phi", "giay", "chon"), Field{"chon", "1"})
	if len(rd.v.Cases) > 1 {
		page.Cases = rd.radios("truong-hop", "procedure.choose.case", rd.chosen().Name)
		for _, k := range rd.v.Cases {
			page.Cases.Items = append(page.Cases.Items, Choice{Value: k.Name, Text: rd.say("case.time", "case", k.Name, "time", limitWords(rd.lang, rd.v, k))})
		}
	}
	if cases := rd.p.FeeCases("", rd.on); len(cases) > 1 {
		page.Fees = rd.radios("phi", "procedure.choose.fee", rd.askedBy)
		for _, k := range cases {
			page.Fees.Items = append(page.Fees.Items, Choice{Value: k, Text: k})
		}
		page.Fees.Items = append(page.Fees.Items, Choice{Divider: rd.say("case.or")}, Choice{Value: "", Text: rd.say("case.unsure")})
	}
	if labels := rd.special(); len(labels) > 0 {
		page.Special = &Checkboxes{Name: "giay", IDPrefix: "giay", Values: rd.narrow.Yes, Fieldset: &Fieldset{Legend: &Legend{Text: rd.say("case.special"), Classes: "govuk-fieldset__legend--m"}}}
		for _, label := range labels {
			page.Special.Items = append(page.Special.Items, Choice{Value: label, Text: label})
		}
	}
}

func (rd *reading) radios(name, legend, value string) *Radios {
	return &Radios{Name: name, IDPrefix: name, Value: value, Fieldset: &Fieldset{Legend: &Legend{Text: rd.say(legend), Classes: "govuk-fieldset__legend--m"}}}
}

// crumbs lead from home over the field and the procedure to a page beside it.
func (rd *reading) crumbs(r *http.Request, key string) Breadcrumbs {
	field, _ := rd.law.Field(rd.p.Field)
	return rd.citizen.crumbs(r, Crumb{Text: field.Name, Href: "/linh-vuc/" + url.PathEscape(field.Slug)},
		Crumb{Text: rd.p.ShortName, Href: rd.to("")}, Crumb{Text: rd.say(key)})
}
