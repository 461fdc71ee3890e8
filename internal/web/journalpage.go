package web

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"quay20/internal/dossier"
	"quay20/internal/journal"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/text"
)

const journalPath = "/desk/journal"

// journalRoutes declares the journal as people read it (ux A6).
func (a *admin) journalRoutes() {
	a.desk("GET "+journalPath, officer.Journal, a.journal)
	a.desk("GET "+journalPath+"/export", officer.Journal, a.exportJournal)
}

const (
	entriesAtOnce = 50
	exportMost    = 10_000 // rows of one file, which then says that there are more
	scanMost      = 20_000
	spanMost      = 200_000 // entries looked at for one page; older ones are a click away
)

// journalPage is A6.
type journalPage struct {
	*Form
	Dossier, From, To Input
	Person            Checkboxes // every dossier of the same person
	Act, Officer      Select
	Lines             []journalLine
	Older             string // address of the entries before, "" at the first
	Newest            string // back to the newest, "" when there
	Export            string
	Bare              bool // the reader sees neither reasons nor people's dossiers
	Narrowed          bool
	Most              int
}

// journalLine is one entry in words.
type journalLine struct {
	Index                int64
	At                   time.Time
	Who, Capacity, Act   string
	Subject, SubjectHref string
	Reason, Law          string
}

// journalAsk is what the filter asks for.
type journalAsk struct {
	journal.Filter
	dossier string
}

func (a *admin) journal(w http.ResponseWriter, r *http.Request, by Visitor) error {
	as, err := by.For(officer.Journal, "")
	if err != nil {
		return err
	}
	f := a.askedForm(w, r)
	ask, err := a.journalAsked(r.Context(), f, as)
	var lines []journalLine
	var more int64
	if err == nil {
		lines, more, err = a.entries(r.Context(), f.Lang, as, ask, entriesAtOnce)
	}
	if err != nil && !f.Refused(err) {
		return err
	}
	return a.showJournal(w, r, by, as, f, lines, more)
}

func (a *admin) showJournal(w http.ResponseWriter, r *http.Request, by Visitor, as officer.By, f *Form, lines []journalLine, more int64) error {
	p := journalPage{
		Form: f, Lines: lines, Bare: !as.Can(officer.View), Most: exportMost,
		Dossier: f.Input("dossier", "admin.journal.dossier"), From: f.Input("from", "admin.journal.from"), To: f.Input("to", "admin.journal.to"),
	}
	p.Dossier.Classes, p.From.Classes, p.To.Classes = "govuk-input--width-20", "govuk-input--width-10", "govuk-input--width-10"
	officers, err := a.officerOptions(r, by)
	if err != nil {
		return err
	}
	p.Officer = f.Select("officer", "admin.journal.officer", officers...)
	p.Act = f.Select("act", "admin.journal.act", actOptions(f.Lang)...)
	q := url.Values{}
	p.Person = f.Checkboxes("person", "admin.journal.people", Choice{Value: "1", Text: a.say(r, "admin.journal.person")})
	p.Person.Classes = "govuk-checkboxes--small"
	for _, name := range []string{"dossier", "person", "officer", "act", "from", "to"} {
		if v := f.Typed(name); v != "" {
			q.Set(name, v)
			p.Narrowed = true
		}
	}
	p.Export = journalPath + "/export?" + q.Encode()
	if f.Typed("before") != "" {
		p.Newest = journalPath + "?" + q.Encode()
	}
	if more > 0 {
		q.Set("before", strconv.FormatInt(more, 10))
		p.Older = journalPath + "?" + q.Encode()
	}
	return a.render(w, r, f.Status(), "journal", p)
}

func (a *admin) officerOptions(r *http.Request, by Visitor) ([]Option, error) {
	as, err := by.For(officer.SeeOfficers, "")
	if err != nil {
		return nil, err
	}
	list, err := a.Roll.List(r.Context(), as, officer.Filter{Limit: 1000})
	options := []Option{{Text: a.say(r, "admin.journal.anybody")}, {Value: "console", Text: a.say(r, "admin.capacity.console")}}
	for _, o := range list {
		options = append(options, Option{Value: o.ID, Text: o.Name + " (" + o.ID + ")"})
	}
	return options, err
}

// journalActs are the acts that are not a dossier's own.
var journalActs = []string{"view", "print", "search", "register", "sign_in", "claim_roll", "take_desk", "leave_desk", "set_password", "enrol_factor",
	"add_officer", "change_officer", "disable_officer", "enable_officer", "reset_password", "reset_factor", "end_sessions",
	"propose_role", "grant_role", "confirm_role", "decline_role", "revoke_role", "follow_unit", "reorganise",
	"take_cash", "ask_cancel_receipt", "cancel_receipt", "keep_receipt", "withdraw_demand", "count_cash", "apply_notice", "export_journal", "retry_job", "clock_jumped"}

func actOptions(lang text.Lang) []Option {
	options := []Option{{Text: text.T(lang, "admin.journal.any-act")}}
	for _, act := range append(slices.Clone(dossier.ActNames()), journalActs...) {
		if slices.ContainsFunc(options, func(o Option) bool { return o.Value == act }) {
			continue
		}
		options = append(options, Option{Value: act, Text: journalAct(lang, act)})
	}
	slices.SortStableFunc(options[1:], func(x, y Option) int { return cmp.Compare(x.Text, y.Text) })
	return options
}

// journalAct names an act of the journal; one of a later release keeps its name.
func journalAct(lang text.Lang, act string) string {
	for _, key := range []string{"act." + act, "admin.act-name." + act} {
		if text.Has(key) {
			return text.T(lang, key)
		}
	}
	return act
}

// journalAsked reads the filter. A dossier outside the scope is as unknown as
// one that never was (rel-I-P2).
func (a *admin) journalAsked(ctx context.Context, f *Form, as officer.By) (journalAsk, error) {
	ask := journalAsk{dossier: f.Text("dossier", 60)}
	ask.Officer, ask.Act = f.Text("officer", 40), f.Text("act", 60)
	ask.From = f.Date("from")
	if to := f.Date("to"); !to.IsZero() {
		ask.To = to.AddDate(0, 0, 1)
	}
	ask.Before = int64(f.Int("before", 0, 1<<62))
	if err := f.Err(); err != nil || ask.dossier == "" {
		return ask, err
	}
	d, err := a.Dossiers.Find(ctx, ask.dossier, as)
	if problem.Is(err, problem.NotFound) {
		return ask, problem.New(problem.Invalid, "err.summary").Field("dossier", "err.dossier-unknown")
	}
	if err != nil {
		return ask, err
	}
	ids := []string{d.ID}
	if f.Typed("person") != "" {
		if ids, err = a.Dossiers.OfPerson(ctx, d, as); err != nil {
			return ask, err
		}
	}
	for _, id := range ids {
		for _, kind := range aboutDossiers {
			ask.Subjects = append(ask.Subjects, kind+"/"+id)
		}
	}
	return ask, nil
}

// entries gives up to most entries that the reader may see, in words, newest
// first, and the index before which the next page goes on, 0 at the end.
func (a *admin) entries(ctx context.Context, lang text.Lang, as officer.By, ask journalAsk, most int) (lines []journalLine, more int64, err error) {
	err = a.DB.Read(ctx, func(tx *store.Tx) error {
		lines, more = nil, 0
		s := &sight{tx: tx, as: as, codes: map[string]dossier.Code{}, officers: map[string]officer.Officer{}}
		filter := ask.Filter
		filter.Limit = 200
		if filter.Act != "" && filter.Officer == "" && len(filter.Subjects) == 0 { // no index leads to an act
			filter.Span = spanMost
		}
		for seen := 0; ; {
			list, err := journal.List(tx, filter)
			if err == nil {
				err = s.look(list)
			}
			if err != nil {
				return err
			}
			for _, e := range list {
				if !s.sees(e) {
					continue
				}
				if len(lines) == most {
					more = lines[most-1].Index
					return nil
				}
				lines = append(lines, a.journalLine(lang, s, e))
			}
			if len(list) < filter.Limit {
				more, err = journal.Unseen(tx, filter)
				return err
			}
			filter.Before = list[len(list)-1].Index
			if seen += len(list); seen >= scanMost*max(1, most/entriesAtOnce) {
				more = filter.Before
				return nil
			}
		}
	})
	return lines, more, err
}

// sight is what a reader of the journal may see, and the names of what they see.
type sight struct {
	tx       *store.Tx
	as       officer.By
	codes    map[string]dossier.Code // of dossiers in the scope, by id
	officers map[string]officer.Officer
}

// aboutDossiers are the beginnings of subjects that name a dossier.
var aboutDossiers = []string{"dossier", "view", "print"}

// look reads what is needed to judge and to name some entries.
func (s *sight) look(list []journal.Entry) error {
	var ids []string
	for _, e := range list {
		kind, id, _ := strings.Cut(e.Subject, "/")
		if _, known := s.codes[id]; slices.Contains(aboutDossiers, kind) && !known && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
		people := []string{e.Officer}
		if kind == "officer" || kind == "search" {
			people = append(people, id)
		}
		for _, who := range people {
			if err := s.meet(who); err != nil {
				return err
			}
		}
	}
	codes, err := dossier.Within(s.tx, s.as, ids)
	for id, code := range codes {
		s.codes[id] = code
	}
	return err
}

func (s *sight) meet(id string) error {
	if _, known := s.officers[id]; known || id == "" || id == officer.Console().Officer.ID {
		return nil
	}
	o, err := officer.Find(s.tx, id)
	if problem.Is(err, problem.NotFound) {
		o, err = officer.Officer{ID: id, Name: id}, nil
	}
	s.officers[id] = o
	return err
}

// sees reports whether the entry lies in the reader's scope: its dossier, its
// officer, its unit, or else the capacity or desk it was made in (rel-I-P2).
func (s *sight) sees(e journal.Entry) bool {
	kind, id, _ := strings.Cut(e.Subject, "/")
	switch {
	case slices.Contains(aboutDossiers, kind):
		_, ok := s.codes[id]
		return ok
	case kind == "officer" || kind == "search":
		return s.as.Sees(s.officers[id].Unit)
	case kind == "register":
		return s.as.Sees(pack.UnitKey(id))
	case kind == "notice":
		return true
	}
	_, unit, _ := strings.Cut(e.Capacity, "@")
	return s.as.SeesThen(cmp.Or(unit, e.Desk), pack.On(e.At))
}

// journalLine words an entry. An administrator keeps the house and reads
// neither the words of officers about people nor their dossiers.
func (a *admin) journalLine(lang text.Lang, s *sight, e journal.Entry) journalLine {
	law := a.Law.Law()
	line := journalLine{Index: e.Index, At: e.At, Who: s.who(lang, e.Officer), Capacity: inCapacity(lang, law, e), Act: journalAct(lang, e.Act), Subject: s.subject(lang, law, e), Reason: e.Reason}
	kind, id, _ := strings.Cut(e.Subject, "/")
	about := slices.Contains(aboutDossiers, kind)
	if line.Capacity == line.Who {
		line.Capacity = ""
	}
	if about && s.as.Can(officer.View) {
		line.SubjectHref = dossierPath + url.PathEscape(cmp.Or(string(s.codes[id]), id))
	}
	if kind == "officer" {
		line.SubjectHref = officerHref(id)
	}
	if !s.as.Can(officer.View) && kind != "officer" && kind != "notice" {
		line.Reason = ""
	}
	if e.Law != "" {
		line.Law = law.Words(e.Law)
	}
	return line
}

func (s *sight) who(lang text.Lang, id string) string {
	switch {
	case id == "":
		return text.T(lang, "admin.capacity.system")
	case id == officer.Console().Officer.ID:
		return text.T(lang, "admin.capacity.console")
	}
	return s.officers[id].Name
}

func (s *sight) subject(lang text.Lang, law *pack.Pack, e journal.Entry) string {
	kind, id, _ := strings.Cut(e.Subject, "/")
	name := id
	switch kind {
	case "dossier", "view", "print":
		name = cmp.Or(string(s.codes[id]), id)
	case "officer", "search":
		name = s.officers[id].Name
	case "register":
		name = unitName(law, pack.UnitKey(id))
	}
	if key := "admin.subject." + kind; text.Has(key) {
		return text.T(lang, key, "name", name)
	}
	return e.Subject
}

// inCapacity words the capacity of an entry: role and unit as of its day.
func inCapacity(lang text.Lang, law *pack.Pack, e journal.Entry) string {
	role, code, _ := strings.Cut(e.Capacity, "@")
	key := "officer.role." + role
	if !text.Has(key) {
		key = "admin.capacity." + role
		if !text.Has(key) {
			return e.Capacity
		}
	}
	said := text.T(lang, key)
	if u, ok := law.Unit(code, pack.On(e.At)); ok {
		said += ", " + u.Name
	}
	return said
}

// exportJournal gives the entries of the filter as a file. It asks for a fresh
// proof and is itself written down (rel-K58).
func (a *admin) exportJournal(w http.ResponseWriter, r *http.Request, by Visitor) error {
	as, err := by.For(officer.Journal, "")
	if err != nil {
		return err
	}
	f := a.askedForm(w, r)
	if !as.Elevated {
		return a.proveFirst(w, r, r.URL.RequestURI())
	}
	ask, err := a.journalAsked(r.Context(), f, as)
	if f.Refused(err) {
		return a.showJournal(w, r, by, as, f, nil, 0)
	}
	if err != nil {
		return err
	}
	lines, more, err := a.entries(r.Context(), f.Lang, as, ask, exportMost)
	if err != nil {
		return err
	}
	facts, err := json.Marshal(map[string]any{"rows": len(lines), "dossier": ask.Subjects, "officer": ask.Officer, "act": ask.Act, "from": f.Typed("from"), "to": f.Typed("to")})
	if err != nil {
		return err
	}
	err = a.DB.Write(r.Context(), func(tx *store.Tx) error {
		_, err := journal.Append(tx, journal.Entry{Officer: as.Officer.ID, Capacity: as.Capacity(), Desk: as.Desk, Act: "export_journal", Subject: "journal/export", Facts: facts})
		return err
	})
	if err != nil {
		return err
	}
	body, err := journalCSV(f.Lang, lines, more > 0)
	if err != nil {
		return err
	}
	return a.paper(w, r, "nhat-ky-"+pack.On(a.Now())+".csv", "text/csv; charset=utf-8", body, true)
}

// journalCSV writes lines as a file that spreadsheets open with the right
// letters and without running anything in it (rel-K08).
func journalCSV(lang text.Lang, lines []journalLine, more bool) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("\ufeff")
	out := csv.NewWriter(&b)
	out.UseCRLF = true
	head := []string{}
	for _, key := range []string{"index", "at", "who", "capacity", "act", "subject", "reason", "law"} {
		head = append(head, text.T(lang, "admin.journal.col."+key))
	}
	out.Write(head)
	for _, l := range lines {
		row := []string{strconv.FormatInt(l.Index, 10), l.At.In(vietnam).Format("2006-01-02 15:04:05"), l.Who, l.Capacity, l.Act, l.Subject, l.Reason, l.Law}
		for i := range row {
			row[i] = inert(row[i])
		}
		out.Write(row)
	}
	if more {
		out.Write([]string{text.T(lang, "admin.journal.cut", "n", len(lines))})
	}
	out.Flush()
	return b.Bytes(), out.Error()
}

// inert makes a cell that no spreadsheet takes for a formula.
func inert(cell string) string {
	if strings.IndexAny(cell, "=+-@\t\r\x00") == 0 {
		return "'" + cell
	}
	return cell
}
