package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"quay20/internal/applicant"
	"quay20/internal/dossier"
	"quay20/internal/journal"
	"quay20/internal/lawtime"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/text"
)

const (
	noticesPath = adminPath + "/notices"
	movedPath   = "/desk/moved" // whom to tell of moved dates
)

// noticeRoutes declares the notices that change the calendar (ux A2). Those who
// keep the calendar see no person; whom to tell is for those who may view the
// dossiers.
func (a *admin) noticeRoutes() {
	a.desk("GET "+noticesPath, officer.Units, a.notices)
	a.desk("GET "+noticesPath+"/new", officer.Law, a.newNotice)
	a.desk("POST "+noticesPath+"/preview", officer.Law, a.previewNotice)
	a.desk("POST "+noticesPath, officer.Law, a.applyNotice)
	a.desk("GET "+noticesPath+"/{id}", officer.Units, a.notice)
	a.desk("POST "+noticesPath+"/{id}/recompute", officer.Law, a.recompute)
	a.desk("GET "+movedPath, officer.View, a.moves)
	a.desk("GET "+movedPath+"/{id}", officer.View, a.tell)
}

func noticeHref(id string) string { return noticesPath + "/" + url.PathEscape(id) }

// noticesPage lists the notices in force, the newest first.
type noticesPage struct {
	Rows   []noticeRow
	MayAdd bool
}

type noticeRow struct {
	ID, Title, Href, Announced, Law, Days string
	Applied                               bool // by an officer, not with the program
}

func (a *admin) notices(w http.ResponseWriter, r *http.Request, by Visitor) error {
	applied, err := a.applied(r.Context())
	if err != nil {
		return err
	}
	p := noticesPage{MayAdd: by.may(officer.Law) == nil}
	for _, n := range slices.Backward(a.Law.Law().Notices()) {
		p.Rows = append(p.Rows, a.noticeRow(visitOf(r).lang, n, applied))
	}
	return a.render(w, r, http.StatusOK, "notices", p)
}

// applied are the notices that officers added, by ID.
func (a *admin) applied(ctx context.Context) (map[string]bool, error) {
	list, err := a.Law.Notices(ctx)
	ids := map[string]bool{}
	for _, n := range list {
		ids[n.ID] = true
	}
	return ids, err
}

func (a *admin) noticeRow(lang text.Lang, n pack.Notice, applied map[string]bool) noticeRow {
	row := noticeRow{ID: n.ID, Title: n.Title, Href: noticeHref(n.ID), Announced: dayWords(n.Announced), Applied: applied[n.ID]}
	if n.Law != "" {
		row.Law = a.Law.Law().Words(n.Law)
	}
	for _, d := range n.Days {
		if row.Days != "" {
			row.Days += ", "
		}
		row.Days += dayWords(d.Date)
	}
	return row
}

// noticeForm is where a notice is written (thông báo ngày nghỉ, ngày làm bù).
type noticeForm struct {
	*Form
	ID, Announced, Title Input
	Law                  Select
	Rows                 []dayInputs
	DaysError            *Message
	More                 string // how many rows the next form has
	Desks                Checkboxes
	Count                string
}

// dayInputs are the fields of one day.
type dayInputs struct {
	Legend               string
	Date, Name, Replaces Input
	Kind                 Select
}

const (
	fewDays  = 3
	mostDays = 15
)

var dayKinds = []lawtime.DayKind{lawtime.Holiday, lawtime.Compensation, lawtime.SwapOff, lawtime.SwapWork, lawtime.Closure}

func (a *admin) newNotice(w http.ResponseWriter, r *http.Request, by Visitor) error {
	as, err := by.For(officer.Law, "")
	if err != nil {
		return err
	}
	if as.Fresh(officer.Law) != nil {
		return a.proveFirst(w, r, r.URL.Path)
	}
	f := a.blankForm(w, r)
	_, on := a.today()
	f.Set("announced", dayWords(on))
	f.Set("id", a.freshID(on))
	return a.showNoticeForm(w, r, f)
}

// freshID suggests a name that no notice has: "2026-03-04-tb-1".
func (a *admin) freshID(on pack.Date) string {
	known := a.Law.Law().Notices()
	for i := 1; ; i++ {
		id := on + "-tb-" + strconv.Itoa(i)
		if !slices.ContainsFunc(known, func(n pack.Notice) bool { return n.ID == id }) {
			return id
		}
	}
}

func (a *admin) showNoticeForm(w http.ResponseWriter, r *http.Request, f *Form) error {
	law, on := a.today()
	rows := rowCount(f)
	p := noticeForm{
		Form: f, ID: f.Input("id", "admin.notice.id"), Announced: f.Input("announced", "admin.notice.announced"), Title: f.Input("title", "admin.notice.title"),
		Law: f.Select("law", "admin.notice.law", lawOptions(law, a.say(r, "admin.notice.no-law"))...), DaysError: f.message("days"), Count: strconv.Itoa(rows),
	}
	p.ID.Hint, p.ID.Classes = &Hint{Text: a.say(r, "admin.notice.id.hint")}, "govuk-input--width-20"
	p.Announced.Hint, p.Announced.Classes = &Hint{Text: a.say(r, "admin.notice.announced.hint")}, "govuk-input--width-10"
	p.Title.Hint, p.Title.Classes = &Hint{Text: a.say(r, "admin.notice.title.hint")}, "govuk-!-width-two-thirds"
	if rows < mostDays {
		p.More = strconv.Itoa(min(rows+3, mostDays))
	}
	kinds := []Option{{Text: a.say(r, "admin.notice.choose-kind")}}
	for _, k := range dayKinds {
		kinds = append(kinds, Option{Value: string(k), Text: a.say(r, "admin.day."+string(k))})
	}
	for i := range rows {
		n := strconv.Itoa(i + 1)
		row := dayInputs{Legend: a.say(r, "admin.notice.day-n", "n", n), Date: f.Input("date"+n, "admin.notice.date"), Kind: f.Select("kind"+n, "admin.notice.kind", kinds...),
			Name: f.Input("name"+n, "admin.notice.name"), Replaces: f.Input("replaces"+n, "admin.notice.replaces")}
		row.Date.Classes, row.Replaces.Classes = "govuk-input--width-10", "govuk-input--width-10"
		p.Rows = append(p.Rows, row)
	}
	var desks []Choice
	for _, d := range law.Desks(on) {
		desks = append(desks, Choice{Value: d.Code, Text: d.Name})
	}
	p.Desks = f.Checkboxes("desks", "admin.notice.desks", desks...)
	p.Desks.Classes, p.Desks.Hint = "govuk-checkboxes--small", &Hint{Text: a.say(r, "admin.notice.desks.hint")}
	return a.render(w, r, f.Status(), "notice-form", p)
}

// lawOptions are the texts that a notice may rest on, by their words.
func lawOptions(law *pack.Pack, none string) []Option {
	options := []Option{{Text: none}}
	for _, act := range law.Instruments() {
		options = append(options, Option{Value: act.ID, Text: law.Words(act.ID)})
	}
	slices.SortStableFunc(options[1:], func(x, y Option) int { return cmp.Compare(x.Text, y.Text) })
	return options
}

func rowCount(f *Form) int {
	n, err := strconv.Atoi(f.Typed("rows"))
	if err != nil {
		n = fewDays
	}
	return min(max(n, fewDays), mostDays)
}

// typedNotice reads a notice; what the law itself refuses, the gazette says.
func (a *admin) typedNotice(f *Form) pack.Notice {
	law, on := a.today()
	n := pack.Notice{ID: f.Need("id", 60, "admin.err.notice-id"), Announced: dayTyped(f, "announced"), Title: f.Need("title", 300, "admin.err.notice-title"), Law: f.Text("law", 60)}
	if n.ID != "" && !plainID(n.ID) {
		f.Fault("id", "admin.err.notice-id")
	}
	if n.Announced == "" && !f.faulty("announced") {
		f.Fault("announced", "admin.err.day")
	}
	for i := range rowCount(f) {
		k := strconv.Itoa(i + 1)
		d := lawtime.CalendarDay{Date: dayTyped(f, "date"+k), Kind: lawtime.DayKind(f.Choice("kind"+k, kindNames()...)), Name: f.Text("name"+k, 200), Replaces: dayTyped(f, "replaces"+k)}
		switch {
		case d == lawtime.CalendarDay{}:
			continue
		case d.Date == "" && !f.faulty("date"+k):
			f.Fault("date"+k, "admin.err.day")
		case d.Kind == "" && !f.faulty("kind"+k):
			f.Fault("kind"+k, "admin.err.kind")
		}
		d.Name = cmp.Or(d.Name, n.Title)
		n.Days = append(n.Days, d)
	}
	if len(n.Days) == 0 {
		f.Fault("days", "admin.err.days")
	}
	var codes []string
	for _, d := range law.Desks(on) {
		codes = append(codes, d.Code)
	}
	n.Desks = f.Choices("desks", codes...)
	return n
}

// plainID reports whether a notice's name can stand in an address and a log.
func plainID(id string) bool {
	for _, c := range id {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

func kindNames() []string {
	var names []string
	for _, k := range dayKinds {
		names = append(names, string(k))
	}
	return names
}

// previewPage shows what a notice would do before it does it.
type previewPage struct {
	*Form
	Notice noticeRow
	Days   []dayLine
	Desks  []string
	Moved  []movedLine
	Kept   []Field
}

// movedLine is a dossier whose date moves; it names no person.
type movedLine struct {
	Code, Href, Procedure, Desk string
	Old, New                    time.Time
	Earlier                     bool
}

func (a *admin) movedLines(moved []dossier.Moved, by Visitor) []movedLine {
	law := a.Law.Law()
	var lines []movedLine
	for _, m := range moved {
		d := m.Dossier
		line := movedLine{Code: cmp.Or(string(d.Code), d.ID), Procedure: d.Procedure, Desk: unitName(law, d.Desk), Old: m.Move.Old, New: m.Move.New, Earlier: m.Move.New.Before(m.Move.Old)}
		if proc, ok := law.Procedure(d.Procedure); ok {
			line.Procedure = proc.Name
		}
		if by.may(officer.View) == nil {
			line.Href = dossierHref(&d)
		}
		lines = append(lines, line)
	}
	return lines
}

func (a *admin) previewNotice(w http.ResponseWriter, r *http.Request, by Visitor) error {
	f, err := a.postedForm(w, r)
	if err != nil {
		return err
	}
	if more := f.Typed("more"); more != "" {
		f.Set("rows", more)
		return a.showNoticeForm(w, r, f)
	}
	if f.Typed("back") != "" {
		return a.showNoticeForm(w, r, f)
	}
	n := a.typedNotice(f)
	var moved []dossier.Moved
	if err = f.Err(); err == nil {
		moved, err = a.Dossiers.Preview(r.Context(), n)
	}
	if f.Refused(err) {
		return a.showNoticeForm(w, r, f)
	}
	if err != nil {
		return err
	}
	return a.showPreview(w, r, by, f, n, moved)
}

func (a *admin) showPreview(w http.ResponseWriter, r *http.Request, by Visitor, f *Form, n pack.Notice, moved []dossier.Moved) error {
	p := previewPage{Form: f, Notice: a.noticeRow(f.Lang, n, nil), Days: a.dayLines(f.Lang, n), Desks: a.deskNames(n.Desks), Moved: a.movedLines(moved, by)}
	for name, values := range r.PostForm {
		if name == tokenField || name == keyField || name == keptField || name == "more" || name == "back" {
			continue
		}
		for _, v := range values {
			p.Kept = append(p.Kept, Field{name, v})
		}
	}
	slices.SortStableFunc(p.Kept, func(x, y Field) int { return cmp.Compare(x.Name, y.Name) })
	return a.render(w, r, http.StatusOK, "notice-preview", p)
}

func (a *admin) dayLines(lang text.Lang, n pack.Notice) []dayLine {
	var lines []dayLine
	for _, d := range n.Days {
		lines = append(lines, a.dayLine(lang, a.Law.Law(), d))
	}
	return lines
}

func (a *admin) deskNames(codes []string) []string {
	law, on := a.today()
	var names []string
	for _, code := range codes {
		if u, ok := law.Unit(code, on); ok {
			code = u.Name
		}
		names = append(names, code)
	}
	return names
}

// applyNotice adds the notice to the law in force and counts the running
// dossiers again (rel-I-C5).
func (a *admin) applyNotice(w http.ResponseWriter, r *http.Request, by Visitor) error {
	f, err := a.postedForm(w, r)
	if err != nil {
		return err
	}
	as, err := by.For(officer.Law, "")
	if err != nil {
		return err
	}
	n := a.typedNotice(f)
	if err = f.Err(); err == nil {
		err = as.Fresh(officer.Law)
	}
	if unproven(err) {
		return a.proveFirst(w, r, noticesPath+"/new")
	}
	if err == nil {
		err = a.Law.Apply(r.Context(), n, as)
	}
	if f.Refused(err) {
		return a.showNoticeForm(w, r, f)
	}
	if err != nil {
		return err
	}
	if _, err := a.Dossiers.Recompute(r.Context(), n.ID); err != nil {
		return err
	}
	return a.redirect(w, r, noticeHref(n.ID)+"?done=applied")
}

// noticePage is one notice in force and what it moved.
type noticePage struct {
	*Form
	Done        string
	Notice      noticeRow
	Days        []dayLine
	Desks       []string
	By          string // who applied it
	At          time.Time
	Moved       []movedLine
	Left        int // running dossiers that it has yet to move
	MayRecount  bool
	Tell        string // where those who may view find whom to tell
	RecountHref string
}

func (a *admin) findNotice(id string) (pack.Notice, error) {
	list := a.Law.Law().Notices()
	i := slices.IndexFunc(list, func(n pack.Notice) bool { return n.ID == id })
	if i < 0 {
		return pack.Notice{}, problem.New(problem.NotFound, "err.not-found")
	}
	return list[i], nil
}

func (a *admin) notice(w http.ResponseWriter, r *http.Request, by Visitor) error {
	n, err := a.findNotice(r.PathValue("id"))
	if err != nil {
		return err
	}
	moved, err := a.Dossiers.Moved(r.Context(), n.ID)
	if err != nil {
		return err
	}
	applied, err := a.applied(r.Context())
	if err != nil {
		return err
	}
	f := a.blankForm(w, r)
	p := noticePage{Form: f, Notice: a.noticeRow(f.Lang, n, applied), Days: a.dayLines(f.Lang, n), Desks: a.deskNames(n.Desks),
		Moved: a.movedLines(moved, by), MayRecount: by.may(officer.Law) == nil, RecountHref: noticeHref(n.ID) + "/recompute"}
	if r.URL.Query().Get("done") == "applied" {
		p.Done = a.say(r, "admin.done.applied")
	}
	if by.may(officer.View) == nil {
		p.Tell = movedPath + "/" + url.PathEscape(n.ID)
	}
	if applied[n.ID] {
		if err := a.whoApplied(r.Context(), &p); err != nil {
			return err
		}
	}
	return a.render(w, r, http.StatusOK, "notice", p)
}

// whoApplied reads from the journal who applied a notice, and counts what it
// has yet to move.
func (a *admin) whoApplied(ctx context.Context, p *noticePage) error {
	err := a.DB.Read(ctx, func(tx *store.Tx) error {
		entries, err := journal.Of(tx, "notice/"+p.Notice.ID)
		if err == nil && len(entries) > 0 {
			p.By, p.At = entries[0].Officer, entries[0].At
		}
		return err
	})
	if err != nil {
		return err
	}
	p.By = a.officerName(ctx, p.Form.Lang, p.By)
	left, err := a.Dossiers.Unmoved(ctx, p.Notice.ID)
	p.Left = len(left)
	return err
}

// recompute goes on with a recount that was interrupted; what has moved
// already stays as it is.
func (a *admin) recompute(w http.ResponseWriter, r *http.Request, by Visitor) error {
	as, err := by.For(officer.Law, "")
	if err != nil {
		return err
	}
	n, err := a.findNotice(r.PathValue("id"))
	if err != nil {
		return err
	}
	if as.Fresh(officer.Law) != nil {
		return a.proveFirst(w, r, noticeHref(n.ID))
	}
	if _, err := a.Dossiers.Recompute(r.Context(), n.ID); err != nil {
		return err
	}
	return a.redirect(w, r, noticeHref(n.ID))
}

// movesPage lists the notices that moved dates of dossiers in the scope.
type movesPage struct{ Rows []moveRow }

type moveRow struct {
	Title, Href, Announced string
	Count                  int
}

// inScope keeps the moved dossiers that a capacity of the visitor may view,
// with that capacity.
func (a *admin) inScope(ctx context.Context, by Visitor, notice string) ([]dossier.Moved, []officer.By, error) {
	all, err := a.Dossiers.Moved(ctx, notice)
	if err != nil {
		return nil, nil, err
	}
	var moved []dossier.Moved
	var seenBy []officer.By
	for _, m := range all {
		for _, as := range by.capacities() {
			if as.Can(officer.View) && slices.ContainsFunc(m.Dossier.Units(), as.Sees) {
				moved, seenBy = append(moved, m), append(seenBy, as)
				break
			}
		}
	}
	return moved, seenBy, nil
}

// tellDays is how long after its announcement a notice stands on the desk.
const tellDays = 60

// toTell counts the running dossiers in the visitor's scope that a recent
// notice moved.
func (a *admin) toTell(ctx context.Context, by Visitor) (int, error) {
	applied, err := a.applied(ctx)
	if err != nil || len(applied) == 0 || by.may(officer.View) != nil {
		return 0, err
	}
	n, since := 0, pack.On(a.Now().AddDate(0, 0, -tellDays))
	for _, notice := range a.Law.Law().Notices() {
		if !applied[notice.ID] || notice.Announced < since {
			continue
		}
		moved, _, err := a.inScope(ctx, by, notice.ID)
		if err != nil {
			return 0, err
		}
		for _, m := range moved {
			if !m.Dossier.State.Final() {
				n++
			}
		}
	}
	return n, nil
}

func (a *admin) moves(w http.ResponseWriter, r *http.Request, by Visitor) error {
	applied, err := a.applied(r.Context())
	if err != nil {
		return err
	}
	var p movesPage
	for _, n := range slices.Backward(a.Law.Law().Notices()) {
		if !applied[n.ID] {
			continue
		}
		moved, _, err := a.inScope(r.Context(), by, n.ID)
		if err != nil {
			return err
		}
		if len(moved) > 0 {
			p.Rows = append(p.Rows, moveRow{n.Title, movedPath + "/" + url.PathEscape(n.ID), dayWords(n.Announced), len(moved)})
		}
	}
	return a.render(w, r, http.StatusOK, "moved", p)
}

// tellPage is the list of people to be told of a new date, to be printed.
type tellPage struct {
	Notice noticeRow
	Rows   []tellRow
}

type tellRow struct {
	movedLine
	Name, Phone string
}

// tell shows whom to tell; each look at a person is journaled (rel-I-P4).
func (a *admin) tell(w http.ResponseWriter, r *http.Request, by Visitor) error {
	n, err := a.findNotice(r.PathValue("id"))
	if err != nil {
		return err
	}
	moved, seenBy, err := a.inScope(r.Context(), by, n.ID)
	if err != nil {
		return err
	}
	p := tellPage{Notice: a.noticeRow(visitOf(r).lang, n, nil)}
	lines := a.movedLines(moved, by)
	for i, m := range moved {
		d, err := a.Dossiers.View(r.Context(), m.Dossier.ID, seenBy[i], a.say(r, "admin.tell.why", "notice", n.ID))
		if err != nil {
			return err
		}
		p.Rows = append(p.Rows, tellRow{lines[i], d.Filer.Name, applicant.FormatPhone(d.Filer.Phone)})
	}
	return a.render(w, r, http.StatusOK, "tell", p)
}
