package web

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"quay20/internal/filing"
	declare "quay20/internal/form"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/text"
	"quay20/internal/upload"
)

// fromHome are the pages by which people file from home (ux C11 to C16). They
// need no account: a draft belongs to the browser that began it, until its code
// opens it on another one.
type fromHome struct {
	*Server
	guessing *guessing
}

func (s *Server) filingRoutes() {
	if s.Filing == nil || s.Law == nil {
		return
	}
	h := &fromHome{Server: s, guessing: newGuessing()}
	if s.Shelf != nil && s.Filing.Files {
		s.paperRoutes("/nop/{ma}/giay-to", h.paperPlace)
	}
	if s.Accounts != nil {
		s.withAccount("GET "+claimPath, h.askTake)
		s.withAccount("POST "+claimPath, h.take)
		h.accountHooks()
	}
	s.public("GET /nop", h.by(h.mine))
	s.public("GET /en/temporary-residence", h.by(h.residence))
	s.public("GET /nop/{ma}/dong/{cau}", h.by(h.rows))
	s.public("POST /nop/{ma}/dong/{cau}", h.by(h.addRows))
	s.public("GET /nop/tiep", h.by(h.resume))
	s.public("POST /nop/tiep", h.by(h.goOn))
	s.public("GET /nop/{ma}", h.by(h.start))
	s.public("POST /nop/{ma}", h.by(h.begin))
	s.public("POST /nop/{ma}/ma-tiep", h.by(h.giveCode))
	s.public("GET /nop/{ma}/xoa", h.by(h.askDrop))
	s.public("POST /nop/{ma}/xoa", h.by(h.drop))
	s.public("GET /nop/{ma}/kiem-tra", h.by(h.check))
	s.public("POST /nop/{ma}/gui", h.by(h.send))
	s.public("GET /nop/{ma}/da-gui", h.by(h.sent))
	s.public("GET /nop/{ma}/dong-ky", h.by(h.party))
	s.public("POST /nop/{ma}/dong-ky", h.by(h.giveLink))
	s.public("GET /nop/{ma}/dong-ky/{secret}", h.by(h.linked))
	s.public("POST /nop/{ma}/dong-ky/{secret}", h.by(h.confirm))
	s.public("GET /nop/{ma}/{cau}", h.by(h.question))
	s.public("POST /nop/{ma}/{cau}", h.by(h.answer))
	s.public("POST /nop/{ma}/bo/{cau}", h.by(h.remove))
}

// deviceLife is how long a browser keeps the name to which its drafts belong.
const deviceLife = 60 * 24 * time.Hour

func (s *Server) deviceMAC(id string) string {
	m := hmac.New(sha256.New, s.Secret)
	m.Write([]byte("device\x00" + id))
	return hex.EncodeToString(m.Sum(nil)[:16])
}

// by finds out whose drafts a request may see: the account that is signed in,
// else the browser; "" if it has none yet.
func (h *fromHome) by(page func(w http.ResponseWriter, r *http.Request, by filing.Owner) error) publicHandler {
	return func(w http.ResponseWriter, r *http.Request) error {
		by, err := h.filer(r)
		if err != nil {
			return err
		}
		return page(w, r, by)
	}
}

func (s *Server) filer(r *http.Request) (filing.Owner, error) {
	holder, err := s.holder(r)
	if err != nil {
		return "", err
	}
	if holder != nil {
		return filing.Owner(holder.Account.Owner()), nil
	}
	return s.device(r), nil
}

// device is the browser as an owner of drafts.
func (s *Server) device(r *http.Request) filing.Owner {
	id, mac, ok := strings.Cut(lone(r, deviceCookie), ".") // rel-A13
	if !ok || !hmac.Equal([]byte(mac), []byte(s.deviceMAC(id))) {
		return ""
	}
	return filing.Owner("device/" + id)
}

// named is an owner for who is about to begin a draft: a browser without a name
// gets one.
func (h *fromHome) named(w http.ResponseWriter, by filing.Owner) filing.Owner {
	if by != "" {
		return by
	}
	id := random(16)
	http.SetCookie(w, cookie(deviceCookie, id+"."+h.deviceMAC(id), int(deviceLife/time.Second)))
	return filing.Owner("device/" + id)
}

// sheet is a draft with the form it is filled in on, as pages show it.
type sheet struct {
	filing.Draft
	form *pack.Form
	proc *pack.Procedure
	law  *pack.Pack
	on   pack.Date
	lang text.Lang
}

// sheet finds the draft of a request.
func (h *fromHome) sheet(r *http.Request, by filing.Owner) (*sheet, error) {
	d, err := h.Filing.Find(r.Context(), by, r.PathValue("ma"))
	if err != nil {
		return nil, err
	}
	return h.open(r, d)
}

func (h *fromHome) open(r *http.Request, d filing.Draft) (*sheet, error) {
	law, on := h.Law.Law(), pack.On(h.Now())
	s := &sheet{Draft: d, law: law, on: on, lang: visitOf(r).lang}
	s.proc, _ = law.Procedure(d.Procedure)
	if d.Sent() {
		return s, nil
	}
	f, ok := declare.Of(law, d.Procedure, on)
	if !ok {
		return nil, problem.New(problem.Illegal, "filing.err.not-online", "procedure", s.proc.ShortName)
	}
	s.form = f
	return s, nil
}

func (s *sheet) href(parts ...string) string {
	return "/nop/" + strings.Join(append([]string{s.ID}, parts...), "/")
}

func (s *sheet) say(key string, args ...any) string { return text.T(s.lang, key, args...) }

// in picks the words of the page's language.
func in(lang text.Lang, vi, en string) string {
	if lang == text.En {
		return cmp.Or(en, vi)
	}
	return vi
}

func (s *sheet) title(sec *pack.FormSection) string { return s.both(sec.Title, sec.TitleEn) }

// both is a label in the page's language, or in both where a form is for
// foreigners and their hosts.
func (s *sheet) both(vi, en string) string {
	if s.form.Bilingual && en != "" && vi != en {
		return vi + " / " + en
	}
	return in(s.lang, vi, en)
}

// sections are those that the filer answers, as far as they are asked now.
func (s *sheet) sections() []*pack.FormSection {
	var list []*pack.FormSection
	for i := range s.form.Sections {
		sec := &s.form.Sections[i]
		if declare.Shown(sec, s.Answers) && (s.form.Cosign == nil || s.form.Cosign.Section != sec.ID) {
			list = append(list, sec)
		}
	}
	return list
}

// Statuses of a task.
const (
	todo  = "todo"
	doing = "doing"
	done  = "done"
	wait  = "locked"
)

// status says how far a section is.
func (s *sheet) status(sec *pack.FormSection) string {
	_, faults := declare.CheckSection(sec, s.law, s.on, s.Answers)
	any := len(declare.Within(sec, s.Answers)) > 0
	switch {
	case len(faults) == 0 && (any || sec.Most > 0 && sec.Least == 0):
		return done
	case any:
		return doing
	}
	return todo
}

// startPage is C11.
type startPage struct {
	*Form
	Crumbs   Breadcrumbs
	Name     string
	Code     string
	Href     string
	Box      Box
	Papers   []paperLine
	Sections []string
	Cosign   string
	Mine     []myDraft
}

// start is C11 for a procedure's code and C12 for a draft.
func (h *fromHome) start(w http.ResponseWriter, r *http.Request, by filing.Owner) error {
	if filing.IsID(r.PathValue("ma")) {
		return h.tasks(w, r, by)
	}
	return h.showStart(w, r, by, h.blankForm(w, r))
}

func (h *fromHome) showStart(w http.ResponseWriter, r *http.Request, by filing.Owner, f *Form) error {
	law, on := h.Law.Law(), pack.On(h.Now())
	lang := visitOf(r).lang
	code := r.PathValue("ma")
	p, ok := law.Procedure(code)
	if !ok {
		return problem.New(problem.NotFound, "err.procedure-unknown")
	}
	whole, ok := declare.Of(law, code, on)
	if !ok {
		return problem.New(problem.Illegal, "filing.err.not-online", "procedure", p.ShortName)
	}
	v, _ := p.On(on)
	page := startPage{Form: f, Name: p.ShortName, Code: code, Href: "/tt/" + url.PathEscape(code),
		Crumbs: Breadcrumbs{Items: []Crumb{{Text: h.say(r, "nav.home"), Href: "/"}, {Text: p.ShortName, Href: "/tt/" + url.PathEscape(code)}, {Text: h.say(r, "filing.start.crumb")}}}}
	fee := h.say(r, "filing.start.fee.case")
	if got := p.Fee(pack.Ask{Channel: "online", On: on}); len(got.Choices) == 0 {
		switch {
		case got.Rule == nil:
			fee = h.say(r, "filing.start.fee.none")
		case got.Known && got.Currency != "USD":
			fee = sayMoney(lang, got.Amount)
		}
	}
	limit := ""
	if c, ok := v.Case("", "online"); ok {
		limit = limitWords(lang, v, c)
	}
	page.Box = Box{Facts: []Fact{
		{Question: h.say(r, "filing.start.minutes"), Answer: h.say(r, "filing.start.minutes.n", "n", whole.Minutes), Note: h.say(r, "filing.start.saved")},
		{Question: h.say(r, "procedure.cost"), Answer: fee},
		{Question: h.say(r, "procedure.time"), Answer: limit},
		{Question: h.say(r, "filing.start.identity"), Answer: h.say(r, "filing.start.identity.how")},
	}}
	for _, slot := range declare.Slots(whole, v, declare.Answers{}) {
		if slot.Declared {
			continue
		}
		line := paperLine{Name: slot.Paper.Name, Note: slot.Paper.Note}
		if !slot.Needed {
			line.How = h.say(r, "filing.paper.optional")
		}
		page.Papers = append(page.Papers, line)
	}
	for i := range whole.Sections {
		page.Sections = append(page.Sections, in(lang, whole.Sections[i].Title, whole.Sections[i].TitleEn))
	}
	if c := whole.Cosign; c != nil {
		page.Cosign = in(lang, c.Title, c.TitleEn)
	}
	mine, err := h.drafts(r, by, code)
	if err != nil {
		return err
	}
	page.Mine = mine
	return h.render(w, r, f.Status(), "filing-start", page)
}

// myDraft is one draft in a list.
type myDraft struct {
	Name, Href, When, Until string
	Sent                    bool
}

// drafts are the filer's own, of one procedure or of all.
func (h *fromHome) drafts(r *http.Request, by filing.Owner, procedure string) ([]myDraft, error) {

	if by == "" {
		return nil, nil
	}
	all, err := h.Filing.Own(r.Context(), by)
	if err != nil {
		return nil, err
	}
	lang := visitOf(r).lang
	var list []myDraft
	for _, d := range all {
		if procedure != "" && (d.Procedure != procedure || d.Sent()) {
			continue
		}
		m := myDraft{Name: d.Procedure, Href: "/nop/" + d.ID, Sent: d.Sent(), When: sayHour(lang, d.At), Until: sayDate(lang, d.Until)}
		if p, ok := h.Law.Law().Procedure(d.Procedure); ok {
			m.Name = p.ShortName
		}
		if d.Sent() {
			m.Href += "/da-gui"
		}
		list = append(list, m)
	}
	return list, nil
}

// begin begins a draft and opens its first page.
func (h *fromHome) begin(w http.ResponseWriter, r *http.Request, by filing.Owner) error {
	f, err := h.postedForm(w, r)
	if err != nil {
		return err
	}
	if err := f.Err(); err != nil {
		return err
	}
	d, err := h.Filing.Begin(r.Context(), h.named(w, by), r.PathValue("ma"))
	if f.Refused(err) && !problem.Is(err, problem.NotFound) && !problem.Is(err, problem.Invalid) && !problem.Is(err, problem.Illegal) {
		return h.showStart(w, r, by, f)
	}
	if err != nil {
		return err
	}
	return h.redirect(w, r, "/nop/"+d.ID)
}

// minePage lists what was begun and sent on this device.
type minePage struct {
	Open, Sent []myDraft
	Top        []Errand
}

func (h *fromHome) mine(w http.ResponseWriter, r *http.Request, by filing.Owner) error {
	list, err := h.drafts(r, by, "")
	if err != nil {
		return err
	}
	var page minePage
	for _, d := range list {
		if d.Sent {
			page.Sent = append(page.Sent, d)
		} else {
			page.Open = append(page.Open, d)
		}
	}
	law, on := h.Law.Law(), pack.On(h.Now())
	c := &citizen{Server: h.Server}
	for _, p := range common(law, on, 12) {
		if _, ok := declare.Of(law, p.Code, on); ok {
			e := c.errand(visitOf(r).lang, p, on)
			e.Href = "/nop/" + url.PathEscape(p.Code)
			page.Top = append(page.Top, e)
		}
	}
	return h.render(w, r, http.StatusOK, "filing-mine", page)
}

// Task is one line of a task list.
type Task struct {
	Name, Href, Hint, Status string
	Tag                      *Tag
}

// tasksPage is C12.
type tasksPage struct {
	*Form
	Name    string
	Intro   string
	Tasks   []Task
	Papers  []Task
	Code    string // by which another device goes on
	CodeHow string
	GiveURL string
	Drop    string
	Changed bool // the form changed since it was last filled in
}

func (h *fromHome) tasks(w http.ResponseWriter, r *http.Request, by filing.Owner) error {
	s, err := h.sheet(r, by)
	if err != nil {
		return err
	}
	if s.Sent() {
		return h.redirect(w, r, s.href("da-gui"))
	}
	page := tasksPage{Form: h.blankForm(w, r), Name: s.proc.ShortName, GiveURL: s.href("ma-tiep"), Drop: s.href("xoa"),
		Intro:   s.say("filing.tasks.intro", "until", sayDate(s.lang, s.Until)),
		Changed: s.Draft.Form != s.form.ID || s.From != s.form.From}
	whole := true
	for _, sec := range s.sections() {
		status := s.status(sec)
		whole = whole && status == done
		t := s.task(s.title(sec), s.href(sec.ID), status)
		if sec.Most > 0 {
			t.Hint = s.say("filing.items", "n", declare.Items(sec, s.Answers))
		}
		page.Tasks = append(page.Tasks, t)
	}
	if c := s.form.Cosign; c != nil {
		t := s.task(in(s.lang, c.Title, c.TitleEn), s.href("dong-ky"), wait)
		switch {
		case s.Cosign.Done != nil:
			t = s.task(in(s.lang, c.Title, c.TitleEn), s.href("dong-ky"), done)
		case whole:
			t = s.task(in(s.lang, c.Title, c.TitleEn), s.href("dong-ky"), todo)
		}
		whole = whole && s.Cosign.Done != nil
		page.Tasks = append(page.Tasks, t)
	}
	if page.Papers, err = h.papers(r.Context(), s); err != nil {
		return err
	}
	last := s.task(s.say("check.title"), s.href("kiem-tra"), wait)
	if whole {
		last = s.task(s.say("check.title"), s.href("kiem-tra"), todo)
	}
	page.Tasks = append(page.Tasks, last)
	if s.Resume.After(h.Now()) {
		page.Code = h.Filing.ResumeCode(&s.Draft)
		page.CodeHow = s.say("filing.code.how", "until", sayHour(s.lang, s.Resume), "address", h.Origin+"/nop/tiep")
	}
	return h.render(w, r, http.StatusOK, "filing-tasks", page)
}

// papers are the papers as tasks: attached one by one where files are taken,
// else brought to the desk.
func (h *fromHome) papers(ctx context.Context, s *sheet) ([]Task, error) {
	held, err := h.Filing.Held(ctx, &s.Draft)
	if err != nil {
		return nil, err
	}
	var list []Task
	for _, slot := range h.Filing.Slots(&s.Draft, s.on) {
		status := todo
		if len(held[slot.Name()]) > 0 || slot.Declared {
			status = done
		}
		t := s.task(slot.Paper.Name, "", status)
		switch {
		case slot.Declared:
			t.Hint = s.say("filing.paper.declared")
		case !h.Filing.Files:
			t.Hint, t.Status, t.Tag = s.say("filing.paper.bring"), "", nil
		default:
			t.Href = s.href("giay-to", slot.Name())
			switch files := held[slot.Name()]; {
			case len(files) > 0:
				t.Hint = upload.Count(s.lang, files)
			case !slot.Needed:
				t.Hint = s.say("filing.paper.optional")
			}
		}
		list = append(list, t)
	}
	return list, nil
}

// paperPlace is where the papers of a draft are attached (C14).
func (h *fromHome) paperPlace(w http.ResponseWriter, r *http.Request) (paperPlace, error) {
	by, err := h.filer(r)
	if err != nil {
		return paperPlace{}, err
	}
	s, err := h.sheet(r, by)
	if err != nil {
		return paperPlace{}, err
	}
	if s.Sent() {
		return paperPlace{}, problem.New(problem.Illegal, "filing.err.sent")
	}
	p := paperPlace{Owner: filing.FilesOwner(s.ID), Base: s.href("giay-to"), Back: s.href()}
	for _, slot := range h.Filing.Slots(&s.Draft, s.on) {
		if !slot.Declared {
			p.Papers = append(p.Papers, askedPaper{Key: slot.Name(), Name: slot.Paper.Name, Note: slot.Paper.Note, Optional: !slot.Needed,
				Portrait: strings.HasPrefix(slot.Paper.Name, "Ảnh")})
		}
	}
	return p, nil
}

func (s *sheet) task(name, href, status string) Task {
	t := Task{Name: name, Href: href, Status: s.say("task." + status)}
	switch status {
	case wait:
		t.Href = ""
	case todo, doing:
		colour := map[string]string{todo: "blue", doing: "teal"}[status]
		t.Tag = &Tag{Text: t.Status, Classes: tagClass(colour)}
	}
	return t
}

// giveCode gives out the code by which another device goes on.
func (h *fromHome) giveCode(w http.ResponseWriter, r *http.Request, by filing.Owner) error {
	d, _, err := h.Filing.Code(r.Context(), by, r.PathValue("ma"))
	if err != nil {
		return err
	}
	return h.redirect(w, r, "/nop/"+d.ID+"#ma-tiep")
}

// resumePage asks for the code.
type resumePage struct {
	*Form
	Code Input
}

func (h *fromHome) resume(w http.ResponseWriter, r *http.Request, by filing.Owner) error {
	f := h.blankForm(w, r)
	if code, strange := asked(r, "ma"); !strange {
		f.Set("ma", code)
	}
	return h.showResume(w, r, f)
}

func (h *fromHome) showResume(w http.ResponseWriter, r *http.Request, f *Form) error {
	off := false
	page := resumePage{Form: f, Code: f.Input("ma", "filing.resume.code")}
	page.Code.Hint = &Hint{Text: h.say(r, "filing.resume.hint")}
	page.Code.Autocomplete, page.Code.Autocapitalize, page.Code.Spellcheck, page.Code.Classes = "off", "characters", &off, "govuk-input--width-20"
	w.Header().Set("Referrer-Policy", "no-referrer")
	return h.render(w, r, f.Status(), "filing-resume", page)
}

// goOn opens the draft of a code on this device. Guessing is slowed down.
// rel-K21, rel-K50
func (h *fromHome) goOn(w http.ResponseWriter, r *http.Request, by filing.Owner) error {
	f, err := h.postedForm(w, r)
	if err != nil {
		return err
	}
	code := f.Need("ma", 60, "filing.resume.empty")
	var d filing.Draft
	if err = f.Err(); err == nil {
		back, wait := h.guessing.try(h.client(r), h.Now())
		if wait > 0 {
			err = &problem.Problem{Kind: problem.TooMany, Key: "track.wait", Args: []any{"wait", sayWait(visitOf(r).lang, wait)}, Retry: wait}
		} else if d, err = h.Filing.Continue(r.Context(), h.named(w, by), code); !problem.Is(err, problem.NotFound) {
			back()
		}
	}
	if f.Refused(err) {
		return h.showResume(w, r, f)
	}
	if err != nil {
		return err
	}
	return h.redirect(w, r, "/nop/"+d.ID)
}

// dropPage asks before a draft is deleted.
type dropPage struct {
	*Form
	Name, Back, Action string
}

func (h *fromHome) askDrop(w http.ResponseWriter, r *http.Request, by filing.Owner) error {
	s, err := h.sheet(r, by)
	if err != nil {
		return err
	}
	return h.render(w, r, http.StatusOK, "filing-drop", dropPage{Form: h.blankForm(w, r), Name: s.proc.ShortName, Back: s.href(), Action: s.href("xoa")})
}

func (h *fromHome) drop(w http.ResponseWriter, r *http.Request, by filing.Owner) error {
	if err := h.Filing.Drop(r.Context(), by, r.PathValue("ma")); err != nil {
		return err
	}
	return h.redirect(w, r, "/nop")
}

// isOpen finds the refusal of a second dossier in err.
func isOpen(err error) (*filing.Open, bool) {
	var o *filing.Open
	ok := errors.As(err, &o)
	return o, ok
}

// next is the address of the section behind one, or of the list.
func (s *sheet) next(sec *pack.FormSection) string {
	list := s.sections()
	i := slices.IndexFunc(list, func(o *pack.FormSection) bool { return o.ID == sec.ID })
	if i < 0 || i+1 >= len(list) {
		return s.href()
	}
	return s.href(list[i+1].ID)
}

// before is the address of the section in front of one, or of the list.
func (s *sheet) before(sec *pack.FormSection) string {
	list := s.sections()
	i := slices.IndexFunc(list, func(o *pack.FormSection) bool { return o.ID == sec.ID })
	if i <= 0 {
		return s.href()
	}
	return s.href(list[i-1].ID)
}
