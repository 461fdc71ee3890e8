package web

import (
	"net/http"
	"slices"
	"time"

	"quay20/internal/applicant"
	"quay20/internal/dossier"
	"quay20/internal/lawtime"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/slip"
	"quay20/internal/text"
)

// counter is the counter officer's side of the house (quầy): taking a desk,
// receiving, printing, handing over, cash, the end of the day.
type counter struct {
	*Server
	found shelf
}

// takePath is where a desk is taken (mở quầy).
const takePath = "/desk/take"

// counterRoutes declares the pages of the counter officer.
func (s *Server) counterRoutes() {
	if s.Dossiers == nil || s.Law == nil || s.Roll == nil || s.Ledger == nil {
		return
	}
	c := &counter{Server: s}
	s.desk("GET /desk", AnyOfficer, c.home)
	s.desk("GET "+takePath, officer.TakeDesk, c.chooseDesk)
	s.desk("POST "+takePath, officer.TakeDesk, c.take)
	s.desk("POST "+takePath+"/test-slip", officer.TakeDesk, c.testSlip)
	s.desk("POST "+takePath+"/test-scan", officer.TakeDesk, c.testScan)
	c.intakeRoutes()
	c.printingRoutes()
	c.returnRoutes()
	c.feeRoutes()
	c.bankRoutes()
	c.findRoutes()
	c.endOfDayRoutes()
}

func (c *counter) today() (*pack.Pack, pack.Date) { return c.Law.Law(), pack.On(c.Now()) }

// at is the capacity in which the officer does p at the desk taken.
func (c *counter) at(by Visitor, p officer.Permission) (officer.By, error) {
	law, on := c.today()
	unit := pack.UnitKey("")
	if u, ok := law.Unit(by.Desk, on); ok && by.Desk != "" {
		unit = u.Key
	}
	return by.For(p, unit)
}

// atDesk is at for what needs a desk taken.
func (c *counter) atDesk(by Visitor, p officer.Permission) (officer.By, error) {
	as, err := c.at(by, p)
	if err == nil && as.Desk == "" {
		err = problem.New(problem.Illegal, "desk.err.take-first")
	}
	return as, err
}

// needDesk leads to taking a desk when a page is opened without one.
func (c *counter) needDesk(w http.ResponseWriter, r *http.Request, err error) error {
	if p, ok := problem.As(err); ok && p.Key == "desk.err.take-first" && r.Method == http.MethodGet {
		return c.redirect(w, r, takePath)
	}
	return err
}

// takePage is O1 after the sign-in: which desk, and do printer and reader work.
type takePage struct {
	*Form
	Desk    Radios
	None    bool
	Moved   string // where the officer serves since their unit ended
	Signed  bool   // the day before this was just signed off
	Scan    Input
	Scanned *scanTest
}

// scanTest is what the card reader sent, without showing whose card it was.
type scanTest struct {
	Good bool
	Text string
}

func (c *counter) chooseDesk(w http.ResponseWriter, r *http.Request, by Visitor) error {
	f := c.blankForm(w, r)
	return c.showTake(w, r, by, f, nil)
}

func (c *counter) showTake(w http.ResponseWriter, r *http.Request, by Visitor, f *Form, scanned *scanTest) error {
	desks := c.desksOf(by)
	if by.Desk != "" && f.Typed("desk") == "" {
		f.Set("desk", by.Desk)
	} else if len(desks) == 1 {
		f.Set("desk", desks[0].Code)
	}
	p := takePage{Form: f, None: len(desks) == 0, Moved: c.moved(f.Lang, by), Signed: r.URL.Query().Has("signed") && by.Desk == "", Scanned: scanned, Scan: f.Input("scan", "desk.test.scan")}
	var items []Choice
	for _, d := range desks {
		items = append(items, Choice{Value: d.Code, Text: d.Name, Hint: &Hint{Text: d.Code}})
	}
	p.Desk = f.Radios("desk", "desk.take.which", items...)
	p.Desk.Classes = "govuk-radios--small"
	p.Scan.Value, p.Scan.Scan, p.Scan.Autocomplete = "", true, "off"
	return c.render(w, r, f.Status(), "take", p)
}

// desksOf are the desks that the officer may take today, by name.
func (c *counter) desksOf(by Visitor) []pack.Unit {
	law, on := c.today()
	return slices.DeleteFunc(law.Desks(on), func(u pack.Unit) bool {
		_, err := by.For(officer.TakeDesk, u.Key)
		return err != nil
	})
}

func (c *counter) deskName(code string) string {
	law, on := c.today()
	u, _ := law.Unit(code, on)
	return u.Name
}

func (c *counter) take(w http.ResponseWriter, r *http.Request, by Visitor) error {
	f, err := c.postedForm(w, r)
	if err != nil {
		return err
	}
	desk := f.Need("desk", 40, "desk.err.choose")
	if err = f.Err(); err == nil {
		_, err = c.Roll.TakeDesk(r.Context(), c.sessionToken(r), desk)
	}
	if f.Refused(err) {
		return c.showTake(w, r, by, f, nil)
	}
	if err != nil {
		return err
	}
	return c.redirect(w, r, "/desk")
}

// testSlip prints a paper that can be taken for none of a dossier's.
func (c *counter) testSlip(w http.ResponseWriter, r *http.Request, by Visitor) error {
	law, on := c.today()
	template, ok := law.Slip("receipt", "", on)
	if !ok {
		return problem.New(problem.NotFound, "err.slip-unknown")
	}
	test := text.T(text.Vi, "desk.test.word")
	pdf, err := slip.PDF(slip.Facts{
		Template: template, At: c.Now(), Issuer: slip.Issuer{Agency: test, Unit: c.deskName(by.Desk), Place: law.Head().Place},
		Code: "TEST-0000", Trial: true, Procedure: text.T(text.Vi, "desk.test.letters"), Request: test,
		Applicant: slip.Person{Name: test}, ReceivedAt: c.Now(), Officer: by.Officer.Name,
	})
	if err != nil {
		return err
	}
	return c.paper(w, r, "in-thu.pdf", "application/pdf", pdf, false)
}

// testScan says whether the reader sends a whole card with Vietnamese letters.
func (c *counter) testScan(w http.ResponseWriter, r *http.Request, by Visitor) error {
	f, err := c.postedForm(w, r)
	if err != nil {
		return err
	}
	scan, err := applicant.ParseCard(f.Typed("scan"))
	f.Set("scan", "")
	result := &scanTest{}
	switch p, bad := problem.As(err); {
	case bad:
		result.Text = text.T(f.Lang, p.Key, p.Args...)
	case scan.Slip():
		result.Good, result.Text = true, text.T(f.Lang, "desk.test.slip")
	case len(scan.Fields) > 0:
		result.Text = text.T(f.Lang, "desk.test.garbled")
	default:
		result.Good, result.Text = true, text.T(f.Lang, "desk.test.card", "number", applicant.Mask(scan.Person.IDNumber))
	}
	return c.showTake(w, r, by, f, result)
}

// deskPage is O2: the home of the day.
type deskPage struct {
	*Form
	Desk    string
	Receive bool // may receive here
	Scan    Input
	Groups  []deskGroup
	Lists   []deskList
	Quiet   string
	Drafts  []draftLine
	Cash    bool
	Take    bool   // may take a desk
	Moved   string // where the officer serves since their unit ended
	Changes *lawChanges
	Tell    int // dossiers whose people are to be told of a new date
}

// deskGroup is a queue with its count.
type deskGroup struct {
	Name, Href string
	Count      many
	Class      string // "late" where haste is needed
}

// deskList shows the first dossiers of a queue.
type deskList struct {
	Title, Empty, More string
	Total              many
	Rows               []deskRow
}

// deskRow is a dossier in a list of the desk.
type deskRow struct {
	Href, Ref       string
	Name, Procedure string
	At              time.Time
	Badge           Badge
}

// deskQueues are the counts of O2, what hastens first.
var deskQueues = []struct {
	queue dossier.Queue
	class string
}{
	{dossier.Late, "late"}, {dossier.DueToday, "soon"}, {dossier.AtRisk, "soon"}, {dossier.Waiting, ""}, {dossier.OfDesk, ""}, {dossier.Mine, ""},
}

// home is O2. Who holds no capacity that lists work sees only where to go.
func (c *counter) home(w http.ResponseWriter, r *http.Request, by Visitor) error {
	if by.MustChange || by.MustEnrol {
		return c.redirect(w, r, accountPath)
	}
	if by.may(officer.TakeDesk) != nil && by.may(officer.Worklist) != nil { // nothing of the desk is theirs
		if by.may(officer.Procedures) == nil {
			return c.redirect(w, r, proceduresPath)
		}
		return c.redirect(w, r, adminPath)
	}
	p := deskPage{Form: c.blankForm(w, r), Desk: c.deskName(by.Desk)}
	p.Moved = c.moved(p.Form.Lang, by)
	p.Changes = c.lawChanges(p.Form.Lang, c.Law.Law(), by.Desk, c.Now())
	_, receives := c.atDesk(by, officer.Receive)
	_, cash := c.atDesk(by, officer.Cash)
	p.Receive, p.Cash, p.Take = receives == nil, cash == nil, by.may(officer.TakeDesk) == nil
	p.Scan = p.Form.Input("scan", "desk.scan")
	p.Scan.Scan, p.Scan.Focus, p.Scan.Autocomplete = true, true, "off"
	if as, err := c.at(by, officer.Worklist); err == nil {
		if err := c.fillHome(r, by, as, &p); err != nil {
			return err
		}
	}
	return c.render(w, r, http.StatusOK, "desk", p)
}

func (c *counter) fillHome(r *http.Request, by Visitor, as officer.By, p *deskPage) error {
	var queues []dossier.Queue
	for _, q := range deskQueues {
		queues = append(queues, q.queue)
	}
	counts, err := c.Dossiers.Counts(r.Context(), as, append(queues, dossier.Ready, dossier.Online)...)
	if err != nil {
		return err
	}
	for _, q := range deskQueues {
		g := deskGroup{Name: c.say(r, "desk.queue."+string(q.queue)), Href: "/desk/work?queue=" + string(q.queue), Count: many(counts[q.queue])}
		if g.Count > 0 {
			g.Class = q.class
		}
		p.Groups = append(p.Groups, g)
	}
	for _, q := range []dossier.Queue{dossier.Ready, dossier.Online} {
		list, err := c.deskList(r, as, q)
		if err != nil {
			return err
		}
		list.Total = many(counts[q])
		p.Lists = append(p.Lists, list)
	}
	p.Quiet = quiet(p.Form.Lang, counts)
	if p.Tell, err = (&admin{c.Server}).toTell(r.Context(), by); err != nil {
		return err
	}
	if p.Receive {
		p.Drafts, err = c.draftLines(r, as)
	}
	return err
}

// quiet is the sentence over an empty desk. Nobody queues by ticket yet, so it
// speaks of dossiers only.
func quiet(lang text.Lang, counts map[dossier.Queue]int) string {
	switch {
	case counts[dossier.Online] > 0:
		return text.T(lang, "desk.quiet.online", "n", many(counts[dossier.Online]))
	case counts[dossier.Ready] > 0:
		return text.T(lang, "desk.quiet.ready", "n", many(counts[dossier.Ready]))
	}
	return text.T(lang, "desk.quiet.none")
}

func (c *counter) deskList(r *http.Request, as officer.By, q dossier.Queue) (deskList, error) {
	page, err := c.Dossiers.List(r.Context(), as, dossier.Filter{Queue: q, Limit: 8})
	if err != nil {
		return deskList{}, err
	}
	key := "desk.list." + string(q)
	l := deskList{Title: c.say(r, key), Empty: c.say(r, key+".empty")}
	if page.Next != "" {
		l.More = "/desk/work?queue=" + string(q)
	}
	w := dossier.World{Now: c.Now(), Law: c.Law.Law()}
	for i := range page.Dossiers {
		d := &page.Dossiers[i]
		row := deskRow{Href: "/desk/dossiers/" + ref(d), Ref: ref(d), Name: d.Person().Name, Procedure: procedureName(w.Law, d.Procedure), At: d.FiledAt}
		if q == dossier.Ready {
			row.At = d.Result.At
			if as.Can(officer.HandOver) {
				row.Href += "/hand-over"
			}
		}
		if until := w.CheckUntil(d); !until.IsZero() {
			row.Badge = c.untilBadge(r, d.Desk, until)
		}
		l.Rows = append(l.Rows, row)
	}
	return l, nil
}

// ref is how a dossier is named in an address: its code, or before it has one,
// its id.
func ref(d *dossier.Dossier) string {
	if d.Code != "" {
		return string(d.Code)
	}
	return d.ID
}

func procedureName(law *pack.Pack, code string) string {
	if p, ok := law.Procedure(code); ok {
		return p.ShortName
	}
	return code
}

// untilBadge words the working time until a dossier must be answered.
func (c *counter) untilBadge(r *http.Request, desk pack.UnitKey, until time.Time) Badge {
	law, on := c.today()
	clock, ok := law.Clock(desk, nil, on)
	if !ok {
		return Badge{}
	}
	left := lawtime.Remaining(clock, c.Now(), until)
	key, args := left.Words()
	b := Badge{Shape: "●", Class: "ok", Text: c.say(r, key, args...)}
	switch {
	case left.Late:
		b.Shape, b.Class = "■", "late"
	case left.Minutes < left.FullDay/4:
		b.Shape, b.Class = "▲", "soon"
	}
	return b
}
