package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"quay20/internal/applicant"
	"quay20/internal/dossier"
	"quay20/internal/filing"
	declare "quay20/internal/form"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/text"
)

// declaredSection is one section of a form as it was filled in.
type declaredSection struct {
	Title string
	List  SummaryList
}

// readBack lists what was declared, section by section, for whoever checks it:
// the filer, the other party, the desk. change gives the address by which a
// section is changed, "" if it is not.
func readBack(f *pack.Form, law *pack.Pack, on pack.Date, lang text.Lang, a declare.Answers, change func(declare.Place) string) []declaredSection {
	var list []declaredSection
	for _, p := range declare.Places(f, a) {
		part := declaredSection{Title: in(lang, p.Section.Title, p.Section.TitleEn)}
		if p.Item > 0 {
			part.Title = text.T(lang, "filing.item", "item", in(lang, p.Section.Item, p.Section.ItemEn), "n", p.Item)
		}
		to := ""
		if change != nil {
			to = change(p)
		}
		for _, q := range declare.Questions(p, a) {
			if q.Field.Type == "files" {
				continue
			}
			label := in(lang, q.Field.Label, q.Field.LabelEn)
			row := Row{Key: Said{Text: label}, Value: Said{Text: answerWords(q, law, on, lang, a)}}
			if row.Value.Text == "" {
				row.Value.Text = text.T(lang, map[bool]string{true: "filing.not-declared", false: "filing.not-yet"}[q.Field.Optional])
			}
			if to != "" {
				row.Actions = &Actions{Items: []Action{{Href: to + "?sua#" + fieldID(q.Inputs()[0]), Text: text.T(lang, "action.change"), VisuallyHiddenText: label}}}
			}
			part.List.Rows = append(part.List.Rows, row)
		}
		list = append(list, part)
	}
	return list
}

// answerWords is an answer as people read it.
func answerWords(q declare.Question, law *pack.Pack, on pack.Date, lang text.Lang, a declare.Answers) string {
	v := a[q.Name]
	switch q.Field.Type {
	case "address":
		return declare.AddressLine(law, on, a, q.Name)
	case "choice":
		for _, c := range q.Field.Choices {
			if c.Value == v {
				return in(lang, c.Text, c.TextEn)
			}
		}
	case "yes-no":
		if v != "" {
			return text.T(lang, map[string]string{declare.Yes: "filing.yes", declare.No: "filing.no"}[v])
		}
	case "nationality":
		if c, ok := declare.CountryName(v); ok {
			return in(lang, c.Vi, c.En)
		}
	case "birth", "date":
		return applicant.FormatBorn(v)
	case "phone":
		return applicant.FormatPhone(v)
	case "plate":
		return applicant.FormatPlate(v)
	case "personal-number":
		return sayID(v)
	case "money":
		if n, err := strconv.ParseInt(v, 10, 64); err == nil {
			return sayMoney(lang, n)
		}
	}
	return v
}

// private are the types whose answers are masked until an officer asks for them
// with a reason. rel-R09
var private = []string{"id-number", "personal-number", "passport", "phone", "mrz", "email"}

// declared is the form that was filled in at home, as the desk reads it.
func (v *casefile) declared(reveal bool) (list []declaredSection, filled string) {
	d := v.Dossier.Declared
	if d == nil {
		return nil, ""
	}
	on := pack.On(v.FiledAt)
	f, ok := declare.Stored(v.world.Law, v.Procedure, d.Form, d.From, on)
	if !ok {
		return nil, ""
	}
	a := declare.Answers(d.Answers)
	if !reveal {
		a = declare.Answers{}
		for name, value := range d.Answers {
			a[name] = value
		}
		for _, q := range declare.All(f, a) {
			if q.Field.Class == "sensitive" || slices.Contains(private, q.Field.Type) {
				a[q.Name] = applicant.Mask(a[q.Name])
			}
		}
	}
	filled = v.say("filing.filled." + d.By)
	if d.Helper != "" {
		filled += ": " + d.Helper
	}
	if d.Cosigned != nil {
		filled += ". " + v.say("filing.cosign.done", "when", sayHour(v.lang, d.Cosigned.At))
	}
	return readBack(f, v.world.Law, on, v.lang, a, nil), filled
}

// checkPage is C15.
type checkPage struct {
	*Form
	Name     string
	Back     BackLink
	Sections []declaredSection
	Papers   []Task
	Fee      string
	Action   string
	Version  int64
	Existing *Button // the dossier of this matter that is open already
}

func (h *fromHome) check(w http.ResponseWriter, r *http.Request, by filing.Owner) error {
	s, err := h.sheet(r, by)
	if err != nil {
		return err
	}
	if s.Sent() {
		return h.redirect(w, r, s.href("da-gui"))
	}
	return h.showCheck(w, r, s, h.blankForm(w, r), nil)
}

func (h *fromHome) showCheck(w http.ResponseWriter, r *http.Request, s *sheet, f *Form, existing *Button) error {
	page := checkPage{Form: f, Name: s.proc.ShortName, Back: BackLink{Href: s.href()}, Action: s.href("gui"), Version: s.Version, Existing: existing}
	page.Sections = readBack(s.form, s.law, s.on, s.lang, s.Answers, func(p declare.Place) string {
		if s.form.Cosign != nil && s.form.Cosign.Section == p.Section.ID {
			return ""
		}
		return s.href(p.Name())
	})
	page.Fee = h.fee(s)
	var err error
	if page.Papers, err = h.papers(r.Context(), s); err != nil {
		return err
	}
	return h.render(w, r, f.Status(), "filing-check", page)
}

// fee is what the dossier will cost, with the rule that says so.
func (h *fromHome) fee(s *sheet) string {
	facts := declare.Facts(s.form, s.law, s.on, s.Answers)
	kase := facts["fee_case"]
	if kase == "" {
		kase = facts["case"]
	}
	got := s.proc.Fee(pack.Ask{Case: kase, Channel: "online", On: s.on})
	switch {
	case got.Rule == nil && len(got.Choices) == 0:
		return s.say("filing.start.fee.none")
	case got.Rule == nil || !got.Known:
		return s.say("filing.fee.desk")
	}
	return s.say("filing.fee", "amount", sayMoney(s.lang, got.Amount), "basis", got.Rule.Basis)
}

// send makes the dossier. Everything that is missing is named at once, each
// fault with the page where it is put right.
func (h *fromHome) send(w http.ResponseWriter, r *http.Request, by filing.Owner) error {
	s, err := h.sheet(r, by)
	if err != nil {
		return err
	}
	f, err := h.postedForm(w, r)
	if err != nil {
		return err
	}
	if s.Sent() { // pressed twice, or again after a cut line: the first receipt. rel-B-W06
		return h.redirect(w, r, s.href("da-gui"))
	}
	version, bad := strconv.ParseInt(f.Typed("_version"), 10, 64)
	if bad != nil {
		return problem.New(problem.Malformed, "web.malformed")
	}
	if err = f.Err(); err == nil {
		_, err = h.Filing.Send(r.Context(), by, s.ID, version, string(s.lang))
	}
	if err == nil {
		return h.redirect(w, r, s.href("da-gui"))
	}
	var existing *Button
	if o, ok := isOpen(err); ok && o.Draft != "" {
		existing = &Button{Text: s.say("filing.open.see"), Href: "/nop/" + o.Draft + "/da-gui"}
	}
	if p, ok := problem.As(err); ok {
		named := *p
		named.Fields = nil
		for _, x := range p.Fields {
			named.Fields = append(named.Fields, problem.Field{Name: x.Name, Key: x.Key, Args: localised(s.lang, x.Args)})
		}
		err = &named
	}
	if !f.Refused(err) {
		return err
	}
	again, err2 := h.sheet(r, by)
	if err2 != nil {
		return err2
	}
	return h.showCheck(w, r, again, f, existing)
}

// Summary leads each fault to the page where it is put right, as the check page
// has no fields of its own.
func (p checkPage) Summary() *ErrorSummary {
	sum := p.Form.Summary()
	if sum == nil {
		return nil
	}
	base := strings.TrimSuffix(p.Action, "/gui")
	offset := len(sum.ErrorList) - len(p.Form.faults.Fields)
	for i, x := range p.Form.faults.Fields {
		parts := strings.Split(x.Name, ".")
		to := parts[0]
		switch {
		case to == "giay-to" && len(parts) > 1:
			to = "giay-to/" + parts[1]
		case to == "dong-ky":
		case len(parts) > 2 && isNumber(parts[1]):
			to += "." + parts[1] + "#" + fieldID(x.Name)
		case len(parts) > 1:
			to += "#" + fieldID(x.Name)
		}
		sum.ErrorList[offset+i].Href = base + "/" + to
	}
	return sum
}

func isNumber(s string) bool { _, err := strconv.Atoi(s); return err == nil }

// sentPage is C16.
type sentPage struct {
	Panel   Panel
	Secret  string
	Facts   SummaryList
	Papers  []paperLine
	Next    []string
	Track   string
	Print   string
	Procure string
}

// sent is C16: the code, the key, what is promised, what the desk holds. Once
// the desk has answered, the address leads to the dossier's page.
func (h *fromHome) sent(w http.ResponseWriter, r *http.Request, by filing.Owner) error {
	s, err := h.sheet(r, by)
	if err != nil {
		return err
	}
	if !s.Sent() {
		return h.redirect(w, r, s.href())
	}
	got, err := h.Filing.Receipt(r.Context(), &s.Draft)
	if err != nil {
		return err
	}
	hd := w.Header()
	hd.Set("X-Robots-Tag", "noindex, nofollow, noarchive")
	hd.Set("Referrer-Policy", "no-referrer")
	if got.State != dossier.Filed {
		return h.redirect(w, r, "/t/"+got.Token)
	}
	page := sentPage{Panel: Panel{TitleText: s.say("filing.sent.title"), HTML: sayCode(string(got.Code))}, Secret: got.Secret, Track: "/t/" + got.Token}
	row := func(key, value string) {
		if value != "" {
			page.Facts.Rows = append(page.Facts.Rows, Row{Key: Said{Text: s.say(key)}, Value: Said{Text: value}})
		}
	}
	row("filing.sent.procedure", got.Title)
	row("filing.sent.at", sayHour(s.lang, got.Filed))
	row("filing.sent.desk", got.Desk.Name)
	if d := got.Declared; d != nil {
		row("filing.q.ai-khai", s.say("filing.filled."+d.By))
	}
	for _, p := range got.Papers {
		page.Papers = append(page.Papers, s.heldLine(p))
	}
	if !got.CheckBy.IsZero() {
		page.Next = append(page.Next, s.say("filing.sent.check-by", "until", sayHour(s.lang, got.CheckBy)))
	}
	page.Next = append(page.Next, s.say("filing.sent.how"), s.say("filing.sent.fee"))
	return h.render(w, r, http.StatusOK, "filing-sent", page)
}

// heldLine tells what the desk holds of a paper.
func (s *sheet) heldLine(p dossier.Paper) paperLine {
	line := paperLine{Name: p.Name, Note: p.Note}
	var files []string
	for _, f := range p.Files {
		files = append(files, f.Words(s.lang))
	}
	switch {
	case len(files) > 0:
		line.How = strings.Join(files, "; ")
	case p.Present && p.Form != "" && p.Note == "":
		line.How = s.say("filing.paper.declared")
	case p.Present:
		line.How = s.say("filing.paper.held")
	case p.Reused:
		line.How = s.say("filing.paper.reused")
	default:
		line.How = s.say("filing.paper.bring")
	}
	return line
}

// partyPage is where the filer gives the other party the link.
type partyPage struct {
	*Form
	Title, Name string
	Back        BackLink
	Ready       bool
	Done        string
	Link        string
	Action      string
}

func (h *fromHome) party(w http.ResponseWriter, r *http.Request, by filing.Owner) error {
	s, err := h.sheet(r, by)
	if err != nil {
		return err
	}
	if s.Sent() {
		return h.redirect(w, r, s.href("da-gui"))
	}
	c := s.form.Cosign
	if c == nil {
		return problem.New(problem.NotFound, "err.not-found")
	}
	page := partyPage{Form: h.blankForm(w, r), Title: in(s.lang, c.Title, c.TitleEn), Name: s.proc.ShortName, Back: BackLink{Href: s.href()}, Action: s.href("dong-ky"), Ready: true}
	for _, sec := range s.sections() {
		page.Ready = page.Ready && s.status(sec) == done
	}
	if done := s.Cosign.Done; done != nil {
		page.Done = s.say("filing.cosign.done", "when", sayHour(s.lang, done.At))
	}
	if secret := h.Filing.Secret(&s.Draft); secret != "" {
		page.Link = h.Origin + s.href("dong-ky", secret)
	}
	return h.render(w, r, http.StatusOK, "filing-party", page)
}

func (h *fromHome) giveLink(w http.ResponseWriter, r *http.Request, by filing.Owner) error {
	d, _, err := h.Filing.Link(r.Context(), by, r.PathValue("ma"))
	if err != nil {
		return err
	}
	return h.redirect(w, r, "/nop/"+d.ID+"/dong-ky")
}

// linkedPage is what the other party reads and confirms.
type linkedPage struct {
	*Form
	Title, Name string
	Sections    []declaredSection
	Pieces      []piece
	Action      string
	Version     int64
	Done        string
}

func (h *fromHome) linked(w http.ResponseWriter, r *http.Request, by filing.Owner) error {
	d, err := h.Filing.Linked(r.Context(), r.PathValue("ma"), r.PathValue("secret"))
	if err != nil {
		return err
	}
	return h.showLinked(w, r, d, h.blankForm(w, r))
}

func (h *fromHome) showLinked(w http.ResponseWriter, r *http.Request, d filing.Draft, f *Form) error {
	s, err := h.open(r, d)
	if err != nil {
		return err
	}
	w.Header().Set("X-Robots-Tag", "noindex, nofollow, noarchive")
	w.Header().Set("Referrer-Policy", "no-referrer")
	c := s.form.Cosign
	sec, _ := s.form.Section(c.Section)
	page := linkedPage{Form: f, Title: in(s.lang, c.Title, c.TitleEn), Name: s.proc.ShortName, Action: s.href("dong-ky", r.PathValue("secret")), Version: s.Version}
	own := declare.Answers{}
	for name, v := range s.Answers {
		if !strings.HasPrefix(name, sec.ID+".") {
			own[name] = v
		}
	}
	for _, part := range readBack(s.form, s.law, s.on, s.lang, own, nil) {
		if part.Title != s.title(sec) {
			page.Sections = append(page.Sections, part)
		}
	}
	if s.Cosign.Done != nil {
		page.Done = s.say("filing.cosign.done", "when", sayHour(s.lang, s.Cosign.Done.At))
		return h.render(w, r, f.Status(), "filing-linked", page)
	}
	p := declare.Place{Section: sec}
	for _, q := range declare.Questions(p, declare.Put(p, own, typedAnswers(f, s.inputs(p)))) {
		page.Pieces = append(page.Pieces, s.ask(f, q)...)
	}
	return h.render(w, r, f.Status(), "filing-linked", page)
}

func (h *fromHome) confirm(w http.ResponseWriter, r *http.Request, by filing.Owner) error {
	f, err := h.postedForm(w, r)
	if err != nil {
		return err
	}
	id, secret := r.PathValue("ma"), r.PathValue("secret")
	d, err := h.Filing.Linked(r.Context(), id, secret)
	if err != nil {
		return err
	}
	s, err := h.open(r, d)
	if err != nil {
		return err
	}
	sec, _ := s.form.Section(s.form.Cosign.Section)
	version, bad := strconv.ParseInt(f.Typed("_version"), 10, 64)
	if bad != nil {
		return problem.New(problem.Malformed, "web.malformed")
	}
	faults, err := h.Filing.Confirm(r.Context(), id, secret, version, typedAnswers(f, s.inputs(declare.Place{Section: sec})))
	if err != nil && !f.Refused(err) {
		return err
	}
	s.fault(f, faults)
	if err == nil && len(faults) == 0 {
		return h.redirect(w, r, s.href("dong-ky", secret))
	}
	if d, err = h.Filing.Linked(r.Context(), id, secret); err != nil {
		return err
	}
	return h.showLinked(w, r, d, f)
}
