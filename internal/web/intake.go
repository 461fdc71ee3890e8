package web

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"quay20/internal/applicant"
	"quay20/internal/dossier"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/text"
)

const (
	intakePath = "/desk/intake"
	fillPath   = intakePath + "/fill"
	draftPath  = intakePath + "/draft"
)

func (c *counter) intakeRoutes() {
	c.desk("GET "+intakePath, officer.Receive, c.intake)
	c.desk("POST "+intakePath, officer.Receive, c.receive)
	c.desk("POST "+fillPath, officer.Receive, c.fill)
	c.desk("POST "+draftPath, officer.Receive, c.saveDraft)
	c.desk("POST "+draftPath+"/drop", officer.Receive, c.dropDraft)
	c.desk("GET "+intakePath+"/procedures", officer.Receive, c.procedures)
}

// carried are the fields of an intake that may stand in an address: what the
// next person of a household shares with the one before. None is personal.
var carried = []string{"procedure", "case", "fee_case", "unit", "return_by"}

// intake is O3 with nothing typed yet, with a draft, or with what the person
// before had (thêm người cùng thủ tục).
func (c *counter) intake(w http.ResponseWriter, r *http.Request, by Visitor) error {
	as, err := c.atDesk(by, officer.Receive)
	if err != nil {
		return c.needDesk(w, r, err)
	}
	f := c.blankForm(w, r)
	if id := r.URL.Query().Get("draft"); id != "" {
		if err := c.openDraft(r, as, f, id); err != nil {
			return err
		}
	} else {
		for _, name := range carried {
			if v, strange := asked(r, name); v != "" && !strange {
				f.Set(name, v)
			}
		}
	}
	return c.showIntake(w, r, as, c.read(f, as), entryExtras{})
}

// receive is the act of O3: everything is judged at once by the register; what
// is wrong comes back with what was typed. A scan that arrives with it is
// looked at first (rel-B-Q04).
func (c *counter) receive(w http.ResponseWriter, r *http.Request, by Visitor) error {
	if r.PostForm.Get("scan") != "" {
		return c.fill(w, r, by)
	}
	as, err := c.atDesk(by, officer.Receive)
	if err != nil {
		return err
	}
	f, err := c.postedForm(w, r)
	if err != nil {
		return err
	}
	c.noteStrangers(r)
	e := c.read(f, as)
	var d dossier.Dossier
	if err = f.Err(); err == nil {
		d, err = c.Dossiers.Receive(r.Context(), e.in, as, f.Key)
	}
	if f.Refused(err) {
		return c.showIntake(w, r, as, e, entryExtras{})
	}
	if err != nil {
		return err
	}
	if id := f.Typed("draft"); id != "" {
		if err := c.Dossiers.DropDraft(r.Context(), as, id); err != nil {
			return err
		}
	}
	return c.redirect(w, r, "/desk/dossiers/"+ref(&d)+"/printed?now=1")
}

// fill is what Enter does in the form when no script runs, and what a scan and
// a choice do with one: nothing is stored, the page comes back fuller.
func (c *counter) fill(w http.ResponseWriter, r *http.Request, by Visitor) error {
	as, err := c.atDesk(by, officer.Receive)
	if err != nil {
		return err
	}
	f, err := c.postedForm(w, r)
	if err != nil {
		return err
	}
	var x entryExtras
	if to, err := c.scanInto(r, as, f, &x); err != nil || to != "" {
		if err != nil {
			return err
		}
		return c.redirect(w, r, to)
	}
	if err := c.usePerson(r, as, f); err != nil {
		return err
	}
	c.pick(f, as, &x)
	return c.showIntake(w, r, as, c.read(f, as), x)
}

// entryExtras are what one step of filling in found beside the form's values.
type entryExtras struct {
	pending  string          // a card that waits for the answer whether it replaces the person
	about    string          // whose card it is
	slip     string          // address of the dossier whose slip was scanned
	garbled  []problem.Field // must be typed, the reader did not send them
	warnings []problem.Field
	hits     []string // codes of procedures found
	searched bool
	focus    string // field that goes on
}

// scanInto reads what the card reader sent. A card fills the person; another
// person's card asks first (rel-B-Q05); one of our own slips leads to its
// dossier (rel-B-Q08); anything else fills nothing (rel-B-Q01).
func (c *counter) scanInto(r *http.Request, as officer.By, f *Form, x *entryExtras) (to string, err error) {
	payload, do, pending := f.Typed("scan"), f.Typed("do"), f.Typed("pending")
	f.Set("scan", "")
	f.Set("pending", "")
	if payload == "" && (do == "replace" || do == "owner") {
		payload = pending
	}
	if payload == "" {
		return "", nil
	}
	scan, err := applicant.ParseCard(payload)
	if p, ok := problem.As(err); ok {
		f.Fault("scan", p.Key, p.Args...)
		return "", nil
	}
	if err != nil {
		return "", err
	}
	switch {
	case scan.Slip():
		return c.slipScanned(r, as, f, scan.Token, x)
	case do == "owner":
		fillPerson(f, "owner.", scan.Person)
	case do != "replace" && differs(f, scan.Person):
		x.pending, x.about = payload, scan.Person.Name
	default:
		if differs(f, scan.Person) {
			clearPerson(f, "filer.")
		}
		fillPerson(f, "filer.", scan.Person)
		x.garbled, x.warnings, x.focus = scan.Fields, scan.Warnings, "q"
		return "", c.knownPhone(r, as, f)
	}
	return "", nil
}

// slipScanned leads to the dossier of a slip: where a result waits, to handing
// it over. An intake that has begun is not left without asking.
func (c *counter) slipScanned(r *http.Request, as officer.By, f *Form, token string, x *entryExtras) (to string, err error) {
	d, err := c.Dossiers.ByToken(r.Context(), token, as)
	if problem.Is(err, problem.NotFound) {
		f.Fault("scan", "intake.err.slip")
		return "", nil
	}
	if err != nil {
		return "", err
	}
	to = "/desk/dossiers/" + ref(&d)
	if d.State == dossier.Concluded {
		to += "/hand-over"
	}
	if f.Typed("filer.name")+f.Typed("filer.id_number")+f.Typed("procedure") == "" {
		return to, nil
	}
	x.slip = to
	return "", nil
}

// differs reports whether the form holds another person than the card.
func differs(f *Form, p applicant.Person) bool {
	if number := f.Typed("filer.id_number"); number != "" {
		id, err := applicant.ParseID(number)
		return err != nil && number != p.IDNumber || err == nil && id.Number != p.IDNumber
	}
	name := f.Typed("filer.name")
	return name != "" && applicant.Fold(name) != applicant.Fold(p.Name)
}

// personFields are the fields of a person in the form, behind "filer." or "owner.".
var personFields = []string{"kind", "name", "born", "sex", "id_kind", "id_number", "old_number", "issued", "address", "village", "phone", "email",
	"tax_code", "representative", "source", "compared"}

func clearPerson(f *Form, prefix string) {
	for _, name := range personFields {
		f.Set(prefix+name, "")
	}
}

// fillPerson puts what is known of a person into the form, and leaves the rest.
func fillPerson(f *Form, prefix string, p applicant.Person) {
	for name, value := range map[string]string{
		"kind": string(p.Kind), "name": p.Name, "born": applicant.FormatBorn(p.Born), "sex": string(p.Sex), "id_kind": string(p.IDKind), "id_number": p.IDNumber,
		"old_number": p.OldNumber, "issued": p.Issued, "address": p.Address, "village": p.Village, "phone": applicant.FormatPhone(p.Phone),
		"email": p.Email, "tax_code": p.TaxCode, "representative": p.Representative, "source": string(p.Source),
	} {
		if value != "" {
			f.Set(prefix+name, value)
		}
	}
}

// knownPhone offers the number the person gave last time.
func (c *counter) knownPhone(r *http.Request, as officer.By, f *Form) error {
	if f.Typed("filer.phone") != "" {
		return nil
	}
	list, err := c.Dossiers.Earlier(r.Context(), as, f.Typed("filer.id_number"), 1)
	if err == nil && len(list) > 0 && list[0].Filer.IDNumber == f.Typed("filer.id_number") {
		f.Set("filer.phone", applicant.FormatPhone(list[0].Filer.Phone))
	}
	return err
}

// usePerson fills the person in from an earlier dossier of the same number
// (dùng người này, ux O4).
func (c *counter) usePerson(r *http.Request, as officer.By, f *Form) error {
	id := f.Typed("use")
	if id == "" {
		return nil
	}
	f.Set("use", "")
	list, err := c.Dossiers.Earlier(r.Context(), as, f.Typed("filer.id_number"), 20)
	for _, d := range list {
		if p := d.Filer; d.ID == id {
			p.Source, p.Checked = applicant.Typed, applicant.Checked{}
			fillPerson(f, "filer.", p)
		}
	}
	return err
}

// pick chooses the procedure: by the button of a finding, or by what was typed
// when only one is meant. A new procedure forgets the choices of the old one.
func (c *counter) pick(f *Form, as officer.By, x *entryExtras) {
	code, q := f.Typed("pick"), f.Text("q", 200)
	f.Set("pick", "")
	if code == "" && q != "" {
		code = c.meant(q, as.Desk, x)
	}
	if code == "" {
		return
	}
	f.Set("q", "")
	x.hits, x.searched = nil, false
	if code != f.Typed("procedure") {
		for _, name := range []string{"case", "fee_case", "unit", "paper", "decision"} {
			f.values.Del(name)
		}
	}
	f.Set("procedure", code)
	x.focus = "case"
}

// meant is the one procedure that the words mean, else "" with the findings.
func (c *counter) meant(q, desk string, x *entryExtras) string {
	law, on := c.today()
	index := c.found.at(law, on)
	if code, ok := index.Alias(q); ok {
		return code
	}
	here := receivable(law, desk, on)
	for _, hit := range index.Search(q, 40) {
		if here[hit.Code] && len(x.hits) < 9 {
			x.hits = append(x.hits, hit.Code)
		}
	}
	x.searched, x.focus = true, "q"
	if len(x.hits) == 1 {
		return x.hits[0]
	}
	return ""
}

func receivable(law *pack.Pack, desk string, on pack.Date) map[string]bool {
	here := map[string]bool{}
	for _, p := range law.Receivable(desk, on) {
		here[p.Code] = true
	}
	return here
}

// procedures answers the picker while somebody types, as JSON. Words typed
// there name procedures, not people.
func (c *counter) procedures(w http.ResponseWriter, r *http.Request, by Visitor) error {
	as, err := c.atDesk(by, officer.Receive)
	if err != nil {
		return err
	}
	q, strange := asked(r, "q")
	if strange || len([]rune(q)) > 200 {
		return problem.New(problem.Invalid, "form.strange")
	}
	var x entryExtras
	if code := c.meant(q, as.Desk, &x); code != "" && len(x.hits) == 0 {
		x.hits = []string{code}
	}
	hits := c.hitLines(visitOf(r).lang, x.hits)
	body, err := json.Marshal(slices.Clip(append([]hitLine{}, hits...)))
	if err != nil {
		return fmt.Errorf("writing the procedures found: %w", err)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	return send(w, r, http.StatusOK, body)
}

// hitLine is a procedure in the picker.
type hitLine struct {
	Code  string `json:"code"`
	Name  string `json:"name"`
	Limit string `json:"limit"`
}

func (c *counter) hitLines(lang text.Lang, codes []string) []hitLine {
	law, on := c.today()
	var lines []hitLine
	for _, code := range codes {
		p, _ := law.Procedure(code)
		line := hitLine{Code: code, Name: p.ShortName}
		if v, ok := p.On(on); ok {
			if first, ok := v.Case("", "counter"); ok {
				line.Limit = limitWords(lang, v, first)
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// entry is an intake on its way: the form, the value made of it, and the law
// it is under.
type entry struct {
	f    *Form
	in   dossier.Intake
	law  *pack.Pack
	on   pack.Date
	desk string
	proc *pack.Procedure
	v    *pack.Version
}

// read makes the intake of the form. Only fields named here are looked at
// (rel-B-W09): time, fee, state, officer are nobody's to send.
func (c *counter) read(f *Form, as officer.By) *entry {
	law, on := c.today()
	e := &entry{f: f, law: law, on: on, desk: as.Desk}
	e.in = dossier.Intake{
		Channel: f.Choice("channel", "counter", "post"), Procedure: f.Text("procedure", 40), Case: f.Text("case", 300), FeeCase: f.Text("fee_case", 300), FeeCount: int64(f.Int("fee_count", 0, 1000)),
		Request: f.Text("request", 1000), Plate: f.Text("plate", 30), Filer: readPerson(f, "filer."), Authority: f.Text("authority", 500),
		Assisted: f.Text("assisted", 500), Sets: f.Int("sets", 0, 100), ReturnBy: f.Choice("return_by", "counter", "post", "electronic"),
		ReturnTo: f.Text("return_to", 500), Pay: f.Choice("pay", "cash", "later"), Decision: f.Choice("decision", "accept", "supplement", "refuse", "hold"),
		Again: f.Text("again", 500), Unit: f.Text("unit", 40), Next: f.Text("next_step", 500),
	}
	if e.in.Channel == "" {
		e.in.Channel = "counter"
	}
	if owner := readPerson(f, "owner."); owner.Name != "" || owner.IDNumber != "" {
		e.in.Owner = &owner
	}
	e.readProcedure()
	e.readPapers()
	return e
}

func (e *entry) readProcedure() {
	proc, ok := e.law.Procedure(e.in.Procedure)
	if !ok {
		return
	}
	e.proc = proc
	if v, ok := proc.On(e.on); ok {
		e.v = v
		if cases := dossier.Cases(v, e.in.Channel); len(cases) == 1 {
			e.in.Case = cases[0].Name
		}
	}
}

func readPerson(f *Form, prefix string) applicant.Person {
	p := applicant.Person{
		Kind: applicant.Kind(f.Choice(prefix+"kind", "citizen", "organisation", "household_business")), Name: f.Text(prefix+"name", 200),
		Born: f.Text(prefix+"born", 20), Sex: applicant.Sex(f.Choice(prefix+"sex", "male", "female")),
		IDKind: applicant.IDKind(f.Choice(prefix+"id_kind", "cccd", "cmnd", "passport", "none")), IDNumber: f.Text(prefix+"id_number", 40),
		OldNumber: f.Text(prefix+"old_number", 20), Issued: f.Text(prefix+"issued", 20), Address: f.Text(prefix+"address", 300),
		Village: f.Text(prefix+"village", 200), Phone: f.Text(prefix+"phone", 30), Email: f.Text(prefix+"email", 200),
		TaxCode: f.Text(prefix+"tax_code", 30), Representative: f.Text(prefix+"representative", 200), Source: applicant.Typed,
	}
	if p.Kind == "" {
		p.Kind = applicant.Citizen
	}
	if f.Typed(prefix+"source") == string(applicant.FromQR) {
		p.Source, p.Checked.QR = applicant.FromQR, true
	}
	p.Checked.Compared = f.Flag(prefix + "compared")
	return p
}

// whys are what can be the matter with a paper, each with its canned words.
var whys = []string{"missing", "unclear", "expired", "form", "unsigned", "mismatch"}

// components are the papers the case asks for.
func (e *entry) components() []pack.Component {
	if e.v == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(e.v.Components), func(c pack.Component) bool { return c.Case != "" && c.Case != e.in.Case })
}

// paperKey names a paper in the form by its own words, so that a list that
// changed meanwhile never ticks another paper.
func paperKey(name string) string {
	h := fnv.New32a()
	h.Write([]byte(name))
	return strconv.FormatUint(uint64(h.Sum32()), 36)
}

// readPapers takes what was handed in, and what is wrong with it when the
// officer asks for a supplement or refuses.
func (e *entry) readPapers() {
	f := e.f
	for _, c := range e.components() {
		key := paperKey(c.Name)
		paper := dossier.Paper{Name: c.Name, Present: slices.Contains(f.values["paper"], key), Originals: f.Int("originals."+key, 0, 99), Copies: f.Int("copies."+key, 0, 99)}
		e.in.Papers = append(e.in.Papers, paper)
		why, note := f.Choice("why."+key, whys...), f.Text("note."+key, 500)
		if e.in.Decision == "accept" || why+note == "" {
			continue
		}
		item := dossier.Item{Paper: c.Name, Reason: note}
		if why != "" {
			item.Reason = strings.TrimSpace(text.T(text.Vi, "intake.why."+why) + " " + note)
			item.Todo = text.T(text.Vi, "intake.todo."+why)
		}
		e.in.Items = append(e.in.Items, item)
	}
	for _, line := range lines(f.Lines("extra", 2000)) {
		e.in.Papers = append(e.in.Papers, dossier.Paper{Name: line, Originals: 1, Present: true})
	}
	if e.in.Decision == "refuse" {
		e.in.Reasons = e.reasons()
	}
	if e.in.Decision != "supplement" {
		e.in.Items = nil
	}
}

// grounds are the canned reasons for not accepting a dossier.
var grounds = []string{"competence", "conditions", "invalid", "closed"}

func (e *entry) reasons() []string {
	var list []string
	for _, g := range e.f.Choices("ground", grounds...) {
		list = append(list, text.T(text.Vi, "intake.ground."+g))
	}
	for _, it := range e.in.Items {
		list = append(list, it.Paper+": "+it.Reason)
	}
	return append(list, lines(e.f.Lines("reasons", 2000))...)
}

// lines are the non-empty lines of a text.
func lines(s string) []string {
	return slices.DeleteFunc(strings.Split(s, "\n"), func(l string) bool { return strings.TrimSpace(l) == "" })
}

// entryFields are all fields the intake form has; another one is a stranger.
var entryFields = append([]string{"scan", "pending", "do", "use", "pick", "q", "channel", "procedure", "case", "fee_case", "fee_count", "request", "plate", "authority",
	"assisted", "sets", "return_by", "return_to", "pay", "decision", "again", "unit", "next_step", "paper", "extra", "ground", "reasons", "draft",
	"draft_version", tokenField, keyField, keptField}, prefixed("filer.", "owner.")...)

func prefixed(prefixes ...string) []string {
	var names []string
	for _, prefix := range prefixes {
		for _, name := range personFields {
			names = append(names, prefix+name)
		}
	}
	return names
}

// noteStrangers logs that a form carried fields it does not have, by their
// number only (rel-B-W09).
func (c *counter) noteStrangers(r *http.Request) {
	n := 0
	for name := range r.PostForm {
		stem, _, _ := strings.Cut(name, ".")
		if !slices.Contains(entryFields, name) && !slices.Contains([]string{"originals", "copies", "why", "note"}, stem) {
			n++
		}
	}
	if n > 0 {
		c.Log.WarnContext(r.Context(), "form with fields that it does not have", "ref", visitOf(r).ref, "route", visitOf(r).pattern, "fields", n)
	}
}

// draftLine is an intake put aside.
type draftLine struct {
	Href, ID, Name, Procedure string
	Draft                     dossier.Draft
}

func (c *counter) draftLines(r *http.Request, as officer.By) ([]draftLine, error) {
	list, err := c.Dossiers.Drafts(r.Context(), as)
	law, _ := c.today()
	var out []draftLine
	for _, d := range list {
		var values url.Values
		if err := json.Unmarshal(d.Body, &values); err != nil {
			return nil, fmt.Errorf("reading draft %s: %w", d.ID, err)
		}
		line := draftLine{Href: intakePath + "?draft=" + d.ID, ID: d.ID, Name: values.Get("filer.name"), Draft: d}
		if code := values.Get("procedure"); code != "" {
			line.Procedure = procedureName(law, code)
		}
		out = append(out, line)
	}
	return out, err
}

func (c *counter) openDraft(r *http.Request, as officer.By, f *Form, id string) error {
	d, err := c.Dossiers.Draft(r.Context(), as, id)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(d.Body, &f.values); err != nil {
		return fmt.Errorf("reading draft %s: %w", id, err)
	}
	f.Set("draft", d.ID)
	f.Set("draft_version", strconv.FormatInt(d.Version, 10))
	return nil
}

// saveDraft puts the intake aside (Ctrl+S). When another page saved the same
// draft meanwhile, both are kept: this one becomes a draft of its own
// (rel-B-W12).
func (c *counter) saveDraft(w http.ResponseWriter, r *http.Request, by Visitor) error {
	as, err := c.atDesk(by, officer.Receive)
	if err != nil {
		return err
	}
	f, err := c.postedForm(w, r)
	if err != nil {
		return err
	}
	values := keepable(f.values)
	for _, name := range []string{keyField, "draft", "draft_version", "scan", "pending", "do", "use", "pick"} {
		values.Del(name)
	}
	body, err := json.Marshal(values)
	if err != nil {
		return fmt.Errorf("writing a draft: %w", err)
	}
	version, _ := strconv.ParseInt(f.Typed("draft_version"), 10, 64)
	d, err := c.Dossiers.SaveDraft(r.Context(), as, f.Typed("draft"), version, body)
	if f.Refused(err) {
		x := entryExtras{slip: intakePath + "?draft=" + url.QueryEscape(f.Typed("draft"))}
		f.Set("draft", "")
		f.Set("draft_version", "")
		return c.showIntake(w, r, as, c.read(f, as), x)
	}
	if err != nil {
		return err
	}
	return c.redirect(w, r, intakePath+"?draft="+d.ID)
}

func (c *counter) dropDraft(w http.ResponseWriter, r *http.Request, by Visitor) error {
	as, err := c.at(by, officer.Receive)
	if err != nil {
		return err
	}
	if err := c.Dossiers.DropDraft(r.Context(), as, r.PostForm.Get("draft")); err != nil {
		return err
	}
	return c.redirect(w, r, "/desk")
}
