package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/text"
)

// admin is the back room (quản trị): who serves, units and the calendar, the
// papers, the journal, and how the house is.
type admin struct{ *Server }

const (
	adminPath    = "/desk/admin"
	officersPath = adminPath + "/officers"
	rolesPath    = adminPath + "/roles"
)

// adminRoutes declares the pages of administrators and procedure-control
// officers (ux A1, A2, A3, A5, A6, A7).
func (s *Server) adminRoutes() {
	if s.Roll == nil || s.Law == nil || s.Dossiers == nil || s.DB == nil {
		return
	}
	a := &admin{s}
	s.desk("GET "+adminPath, AnyOfficer, a.home)
	s.desk("GET "+rolesPath, AnyOfficer, a.roles)
	s.desk("GET "+officersPath, officer.SeeOfficers, a.officers)
	s.desk("GET "+officersPath+"/new", officer.Officers, a.newOfficer)
	s.desk("POST "+officersPath, officer.Officers, a.addOfficer)
	s.desk("GET "+officersPath+"/{id}", officer.SeeOfficers, a.officer)
	s.desk("GET "+officersPath+"/{id}/change", officer.Officers, a.askChange)
	s.desk("POST "+officersPath+"/{id}/change", officer.Officers, a.change)
	s.desk("GET "+officersPath+"/{id}/grant", officer.Officers, a.askGrant)
	s.desk("POST "+officersPath+"/{id}/grant", officer.Officers, a.grant)
	s.desk("GET "+officersPath+"/{id}/do/{act}", officer.Officers, a.askAct)
	s.desk("POST "+officersPath+"/{id}/do/{act}", officer.Officers, a.act)
	s.desk("GET "+officersPath+"/{id}/grants/{grant}/{act}", officer.Officers, a.askAct)
	s.desk("POST "+officersPath+"/{id}/grants/{grant}/{act}", officer.Officers, a.act)
	a.unitRoutes()
	a.noticeRoutes()
	a.templateRoutes()
	a.journalRoutes()
	a.healthRoutes()
	a.deviceRoutes()
}

func (a *admin) today() (*pack.Pack, pack.Date) { return a.Law.Law(), pack.On(a.Now()) }

// door is one page of the back room.
type door struct {
	Href string
	Text text.Key
	Hint text.Key
	need officer.Permission
}

var adminDoors = []door{
	{officersPath, "admin.officers", "admin.officers.hint", officer.SeeOfficers},
	{rolesPath, "admin.roles", "admin.roles.hint", AnyOfficer},
	{unitsPath, "admin.units", "admin.units.hint", officer.Units},
	{calendarPath, "admin.calendar", "admin.calendar.hint", officer.Units},
	{noticesPath, "admin.notices", "admin.notices.hint", officer.Units},
	{templatesPath, "admin.templates", "admin.templates.hint", officer.Templates},
	{journalPath, "admin.journal", "admin.journal.hint", officer.Journal},
	{devicesPath, "admin.devices", "admin.devices.hint", officer.Health},
	{adminOutboxPath, "outbox.title", "outbox.hint", officer.Health},
	{housePath, "admin.health", "admin.health.hint", officer.Health},
}

// adminHome lists the pages that the visitor may open.
type adminHome struct {
	Doors   []door
	Waiting int // grants that wait for a second administrator
}

func (a *admin) home(w http.ResponseWriter, r *http.Request, by Visitor) error {
	p := adminHome{}
	for _, d := range adminDoors {
		if by.may(d.need) == nil && a.served(d.Href) {
			p.Doors = append(p.Doors, d)
		}
	}
	if by.may(officer.Officers) == nil {
		waiting, err := a.proposed(r, by)
		if err != nil {
			return err
		}
		p.Waiting = len(waiting)
	}
	return a.render(w, r, http.StatusOK, "admin", p)
}

// rolesPage is the matrix of who may do what, as sentences.
type rolesPage struct{ Roles []roleWords }

type roleWords struct {
	Name           text.Key
	May            []text.Key
	Factor, Second bool
}

func roleList() []roleWords {
	var list []roleWords
	for _, role := range officer.Roles {
		list = append(list, roleWords{role.Word(), role.May(), officer.RolesWithSecondFactor[role], officer.RolesWithSecondPerson[role]})
	}
	return list
}

func (a *admin) roles(w http.ResponseWriter, r *http.Request, _ Visitor) error {
	return a.render(w, r, http.StatusOK, "roles", rolesPage{roleList()})
}

// officersPage is A1.
type officersPage struct {
	*Form
	Unit, Role Select
	Waiting    []waitingGrant
	Rows       []officerRow
	Next       string // the page after, "" at the end
	Narrowed   bool
	MayAdd     bool
}

// officerRow is one line of A1.
type officerRow struct {
	Name, Title, ID, Href, Unit string
	Roles                       []string
	Tags                        []Tag
}

// waitingGrant is a role that a second administrator has to judge (rel-T27).
type waitingGrant struct{ Text, Href string }

const officersAtOnce = 50

func (a *admin) officers(w http.ResponseWriter, r *http.Request, by Visitor) error {
	as, err := by.For(officer.SeeOfficers, "")
	if err != nil {
		return err
	}
	f := a.askedForm(w, r)
	law, on := a.today()
	roles := []Option{{Text: a.say(r, "admin.all-roles")}}
	for _, role := range officer.Roles {
		roles = append(roles, Option{Value: string(role), Text: a.say(r, string(role.Word()))})
	}
	ask := officer.Filter{
		Unit: pack.UnitKey(f.Text("unit", 40)), Role: officer.Role(f.Text("role", 40)), After: f.Text("after", 40), Limit: officersAtOnce + 1,
	}
	list, err := a.Roll.List(r.Context(), as, ask)
	if err != nil {
		return err
	}
	p := officersPage{
		Form: f, Unit: f.Select("unit", "admin.unit", unitOptions(law, as, on, a.say(r, "admin.all-units"))...), Role: f.Select("role", "admin.role", roles...),
		MayAdd: by.may(officer.Officers) == nil, Narrowed: ask.Unit != "" || ask.Role != "",
	}
	if len(list) > officersAtOnce {
		list = list[:officersAtOnce]
		q := url.Values{"unit": {string(ask.Unit)}, "role": {string(ask.Role)}, "after": {list[len(list)-1].ID}}
		p.Next = officersPath + "?" + q.Encode()
	}
	for _, o := range list {
		p.Rows = append(p.Rows, a.officerRow(f.Lang, o))
	}
	if p.MayAdd && ask.After == "" {
		if p.Waiting, err = a.proposed(r, by); err != nil {
			return err
		}
	}
	return a.render(w, r, f.Status(), "officers", p)
}

func (a *admin) officerRow(lang text.Lang, o officer.Officer) officerRow {
	law, on := a.today()
	row := officerRow{Name: o.Name, Title: o.Title, ID: o.ID, Href: officerHref(o.ID), Unit: unitName(law, o.Unit), Tags: officerTags(lang, o)}
	for _, g := range o.Grants {
		if g.State == officer.Proposed || g.Holds(on) || g.From > on {
			row.Roles = append(row.Roles, grantWords(lang, law, g))
		}
	}
	return row
}

func officerTags(lang text.Lang, o officer.Officer) []Tag {
	var tags []Tag
	tag := func(is bool, key, colour string) {
		if is {
			tags = append(tags, Tag{Text: text.T(lang, key), Classes: tagClass(colour)})
		}
	}
	tag(!o.Active, "admin.tag.disabled", "red")
	tag(slices.ContainsFunc(o.Grants, func(g officer.Grant) bool { return g.State == officer.Proposed }), "admin.tag.proposed", "amber")
	tag(o.TOTP, "admin.tag.factor", "green")
	return tags
}

func officerHref(id string) string { return officersPath + "/" + url.PathEscape(id) }

// proposed are the grants in the visitor's scope that wait for a second
// administrator.
func (a *admin) proposed(r *http.Request, by Visitor) ([]waitingGrant, error) {
	as, err := by.For(officer.Officers, "")
	if err != nil {
		return nil, err
	}
	list, err := a.Roll.List(r.Context(), as, officer.Filter{Limit: 5000})
	var waiting []waitingGrant
	for _, o := range list {
		for _, g := range o.Grants {
			if g.State == officer.Proposed {
				waiting = append(waiting, waitingGrant{o.Name + ": " + grantWords(visitOf(r).lang, a.Law.Law(), g), officerHref(o.ID)})
			}
		}
	}
	return waiting, err
}

// unitName is the unit's name, also after its end.
func unitName(law *pack.Pack, key pack.UnitKey) string {
	if u, ok := law.UnitByKey(key); ok {
		return u.Name
	}
	return string(key)
}

// unitOptions are the units of the day in the scope, with all as the first.
func unitOptions(law *pack.Pack, as officer.By, on pack.Date, all string) []Option {
	options := []Option{{Text: all}}
	for _, u := range law.Units(on) {
		if as.Sees(u.Key) {
			options = append(options, Option{Value: string(u.Key), Text: u.Name + " (" + u.Code + ")"})
		}
	}
	return options
}

// grantWords says what a grant gives: "Cán bộ thu phí tại Quầy 20, từ 01/03/2026
// đến hết 15/03/2026".
func grantWords(lang text.Lang, law *pack.Pack, g officer.Grant) string {
	key := "admin.grant.open"
	if g.To != "" {
		key = "admin.grant.until"
	}
	return text.T(lang, key, "role", g.Role.Word(), "unit", unitName(law, g.Unit), "from", dayWords(g.From), "to", dayWords(g.To))
}

// reached finds an officer in any capacity of the visitor that holds p over
// them (rel-K61).
func (a *admin) reached(ctx context.Context, by Visitor, p officer.Permission, id string) (officer.Officer, officer.By, error) {
	_, last := by.For(p, "")
	for _, as := range by.capacities() {
		if !as.Can(p) {
			continue
		}
		o, err := a.Roll.Officer(ctx, as, id)
		if err == nil {
			return o, as, nil
		}
		last = err
	}
	return officer.Officer{}, officer.By{}, last
}

// officerPage is one officer of A1.
type officerPage struct {
	Done    string
	Officer officer.Officer
	Unit    string
	Tags    []Tag
	Grants  []grantLine
	May     bool // change the account
	Own     bool // it is the visitor's own, which another administrator keeps
	Acts    []Action
}

// grantLine is one role of an officer with what can be done about it.
type grantLine struct {
	Text, Reason, State, By string
	Proposed, Coming        bool
	Actions                 []Action
}

func (a *admin) officer(w http.ResponseWriter, r *http.Request, by Visitor) error {
	o, as, err := a.reached(r.Context(), by, officer.SeeOfficers, r.PathValue("id"))
	if err != nil {
		return err
	}
	lang, law := visitOf(r).lang, a.Law.Law()
	p := officerPage{Officer: o, Unit: unitName(law, o.Unit), Tags: officerTags(lang, o), May: as.Can(officer.Officers), Own: by.Officer.SamePerson(o)}
	if done := r.URL.Query().Get("done"); slices.Contains(officerDone, done) {
		p.Done = a.say(r, "admin.done."+done)
	}
	for _, g := range o.Grants {
		p.Grants = append(p.Grants, a.grantLine(r, o, g, p.May))
	}
	if p.May {
		p.Acts = a.actsOn(r, o, p.Own)
	}
	return a.render(w, r, http.StatusOK, "officer", p)
}

// officerDone are what was just done, as the address of the page says it.
var officerDone = []string{"changed", "granted", "proposed", "confirm", "decline", "revoke", "disable", "end-sessions"}

func (a *admin) grantLine(r *http.Request, o officer.Officer, g officer.Grant, may bool) grantLine {
	_, on := a.today()
	line := grantLine{Text: grantWords(visitOf(r).lang, a.Law.Law(), g), Reason: g.Reason, State: a.say(r, "officer.grant."+string(g.State)),
		Proposed: g.State == officer.Proposed, Coming: g.State == officer.InForce && g.From > on}
	if g.ProposedBy != "" {
		line.By = a.officerName(r.Context(), visitOf(r).lang, g.ProposedBy)
	}
	if !may {
		return line
	}
	acts := []string{"revoke"}
	if line.Proposed {
		acts = []string{"confirm", "decline"}
	}
	me := visitOf(r).by.Officer
	for _, act := range acts {
		if act == "confirm" && (me.SamePerson(o) || me.ID == g.ProposedBy) {
			continue // a second person confirms
		}
		line.Actions = append(line.Actions, Action{Href: officerHref(o.ID) + "/grants/" + g.ID + "/" + act,
			Text: a.say(r, "admin.act."+act), VisuallyHiddenText: line.Text})
	}
	return line
}

// officerName is the name of an officer by ID.
func (a *admin) officerName(ctx context.Context, lang text.Lang, id string) string {
	if id == officer.Console().Officer.ID {
		return text.T(lang, "admin.capacity.console")
	}
	if o, err := a.Roll.Officer(ctx, officer.Console(), id); err == nil {
		return o.Name
	}
	return id
}

// actsOn are what the visitor may do to an account.
func (a *admin) actsOn(r *http.Request, o officer.Officer, own bool) []Action {
	acts := []Action{{Href: officerHref(o.ID) + "/change", Text: a.say(r, "admin.act.change")}}
	if own {
		return acts
	}
	if o.Active {
		acts = append(acts, Action{Href: officerHref(o.ID) + "/grant", Text: a.say(r, "admin.act.grant")})
	}
	names := []string{"reset-password", "reset-factor", "end-sessions", "disable"}
	if !o.Active {
		names = []string{"enable"}
	}
	for _, name := range names {
		if name == "reset-factor" && !o.TOTP {
			continue
		}
		acts = append(acts, Action{Href: officerHref(o.ID) + "/do/" + name, Text: a.say(r, "admin.act."+name)})
	}
	return acts
}

// proveFirst sends the officer to prove themselves and then back (rel-K58).
func (s *Server) proveFirst(w http.ResponseWriter, r *http.Request, back string) error {
	return s.redirect(w, r, accountPath+"/prove?next="+url.QueryEscape(back))
}

// unproven reports whether err only asks for a fresh proof.
func unproven(err error) bool {
	p, ok := problem.As(err)
	return ok && p.Key == "officer.err.prove-again"
}

// officerForm is the form of a new officer, or of a change.
type officerForm struct {
	*Form
	Title                string
	Action, Back, Button string
	Version              string
	Login                *Input // of a new officer only
	Name, Rank, Person   Input
	Unit                 Select
}

func (a *admin) showOfficerForm(w http.ResponseWriter, r *http.Request, as officer.By, f *Form, o *officer.Officer) error {
	law, on := a.today()
	p := officerForm{
		Form: f, Title: a.say(r, "admin.new.title"), Action: officersPath, Back: officersPath, Button: a.say(r, "admin.new.button"),
		Name: f.Input("name", "admin.name"), Rank: f.Input("title", "admin.rank"), Person: f.Input("person", "admin.person"),
		Unit: f.Select("unit", "admin.serves", unitOptions(law, as, on, a.say(r, "admin.choose-unit"))...),
	}
	p.Person.Hint = &Hint{Text: a.say(r, "admin.person.hint")}
	p.Rank.Hint = &Hint{Text: a.say(r, "admin.rank.hint")}
	for _, in := range []*Input{&p.Name, &p.Rank, &p.Person} {
		in.Classes, in.Autocomplete = "govuk-input--width-20", "off"
	}
	if o == nil {
		login := f.Input("login", "admin.login")
		login.Hint, login.Classes, login.Autocapitalize, login.Autocomplete = &Hint{Text: a.say(r, "admin.login.hint")}, "govuk-input--width-20", "none", "off"
		p.Login = &login
	} else {
		p.Title, p.Action, p.Back, p.Button = a.say(r, "admin.change.title", "name", o.Name), officerHref(o.ID)+"/change", officerHref(o.ID), a.say(r, "admin.save")
		p.Version = f.Typed("version")
	}
	return a.render(w, r, f.Status(), "officer-form", p)
}

func (a *admin) newOfficer(w http.ResponseWriter, r *http.Request, by Visitor) error {
	as, err := by.For(officer.Officers, "")
	if err != nil {
		return err
	}
	if as.Fresh(officer.Officers) != nil {
		return a.proveFirst(w, r, r.URL.Path)
	}
	return a.showOfficerForm(w, r, as, a.blankForm(w, r), nil)
}

// typedOfficer reads what the form says of an officer; the roll judges it.
func typedOfficer(f *Form) officer.New {
	return officer.New{Login: f.Text("login", 100), Person: f.Text("person", 100), Name: f.Text("name", 200), Title: f.Text("title", 200), Unit: pack.UnitKey(f.Text("unit", 40))}
}

func (a *admin) addOfficer(w http.ResponseWriter, r *http.Request, by Visitor) error {
	f, err := a.postedForm(w, r)
	if err != nil {
		return err
	}
	n := typedOfficer(f)
	as, err := by.For(officer.Officers, "")
	if err != nil {
		return err
	}
	var o officer.Officer
	var code string
	if err = f.Err(); err == nil {
		o, code, err = a.Roll.Add(r.Context(), as, n)
	}
	switch {
	case unproven(err):
		return a.proveFirst(w, r, officersPath+"/new")
	case f.Refused(err):
		return a.showOfficerForm(w, r, as, f, nil)
	case err != nil:
		return err
	}
	return a.showCode(w, r, o, code)
}

// codePage shows a start code, once (rel-K44).
type codePage struct {
	Officer officer.Officer
	Code    string
	Back    string
	Until   time.Time
}

const startCodeLife = 24 * time.Hour

func (a *admin) showCode(w http.ResponseWriter, r *http.Request, o officer.Officer, code string) error {
	return a.render(w, r, http.StatusOK, "start-code", codePage{o, code, officerHref(o.ID), a.Now().Add(startCodeLife)})
}

func (a *admin) askChange(w http.ResponseWriter, r *http.Request, by Visitor) error {
	o, as, err := a.reached(r.Context(), by, officer.Officers, r.PathValue("id"))
	if err != nil {
		return err
	}
	if as.Fresh(officer.Officers) != nil {
		return a.proveFirst(w, r, r.URL.Path)
	}
	f := a.blankForm(w, r)
	f.Set("name", o.Name)
	f.Set("title", o.Title)
	f.Set("person", o.Person)
	f.Set("unit", string(o.Unit))
	f.Set("version", strconv.FormatInt(o.Version, 10))
	return a.showOfficerForm(w, r, as, f, &o)
}

func (a *admin) change(w http.ResponseWriter, r *http.Request, by Visitor) error {
	f, err := a.postedForm(w, r)
	if err != nil {
		return err
	}
	o, as, err := a.reached(r.Context(), by, officer.Officers, r.PathValue("id"))
	if err != nil {
		return err
	}
	n, version := typedOfficer(f), f.Int("version", 0, 1<<31-1)
	if err = f.Err(); err == nil {
		_, err = a.Roll.Change(r.Context(), as, o.ID, int64(version), n)
	}
	switch {
	case unproven(err):
		return a.proveFirst(w, r, r.URL.Path)
	case f.Refused(err):
		if problem.Is(err, problem.Stale) {
			f.Set("version", strconv.FormatInt(o.Version, 10)) // the summary says so; a second press is meant
		}
		return a.showOfficerForm(w, r, as, f, &o)
	case err != nil:
		return err
	}
	return a.redirect(w, r, officerHref(o.ID)+"?done=changed")
}

// grantForm gives a role, for good or as a replacement (thay thế tạm thời).
type grantForm struct {
	*Form
	Officer officer.Officer
	Back    string
	Role    Radios
	Unit    Select
	From    Input
	Length  Radios
	To      Input
	Reason  Textarea
	Roles   []roleWords
}

func (a *admin) showGrant(w http.ResponseWriter, r *http.Request, as officer.By, f *Form, o officer.Officer) error {
	law, on := a.today()
	var roles []Choice
	for _, role := range officer.Roles {
		c := Choice{Value: string(role), Text: a.say(r, string(role.Word()))}
		if officer.RolesWithSecondPerson[role] {
			c.Hint = &Hint{Text: a.say(r, "admin.grant.second")}
		}
		roles = append(roles, c)
	}
	p := grantForm{
		Form: f, Officer: o, Back: officerHref(o.ID), Roles: roleList(),
		Role: f.Radios("role", "admin.grant.role", roles...),
		Unit: f.Select("unit", "admin.grant.unit", unitOptions(law, as, on, a.say(r, "admin.choose-unit"))...),
		From: f.Input("from", "admin.grant.from"), To: f.Input("to", "admin.grant.to"),
		Length: f.Radios("length", "admin.grant.length", Choice{Value: "open", Text: a.say(r, "admin.grant.for-good")},
			Choice{Value: "replacement", Text: a.say(r, "admin.grant.replacement")}),
		Reason: f.Textarea("reason", "admin.reason"),
	}
	p.Role.Classes, p.Length.Classes = "govuk-radios--small", "govuk-radios--small"
	p.From.Hint, p.To.Hint = &Hint{Text: a.say(r, "admin.grant.from.hint")}, &Hint{Text: a.say(r, "admin.grant.to.hint")}
	p.Unit.Hint, p.Reason.Hint = &Hint{Text: a.say(r, "admin.grant.unit.hint")}, &Hint{Text: a.say(r, "admin.grant.reason.hint")}
	p.From.Classes, p.To.Classes, p.Reason.Rows = "govuk-input--width-10", "govuk-input--width-10", 2
	p.Reason.Classes = "govuk-!-width-two-thirds"
	return a.render(w, r, f.Status(), "grant", p)
}

func (a *admin) askGrant(w http.ResponseWriter, r *http.Request, by Visitor) error {
	o, as, err := a.reached(r.Context(), by, officer.Officers, r.PathValue("id"))
	if err != nil {
		return err
	}
	if as.Fresh(officer.Officers) != nil {
		return a.proveFirst(w, r, r.URL.Path)
	}
	f := a.blankForm(w, r)
	f.Set("unit", string(o.Unit))
	f.Set("from", sayDay(a.Now()))
	f.Set("length", "open")
	return a.showGrant(w, r, as, f, o)
}

func (a *admin) grant(w http.ResponseWriter, r *http.Request, by Visitor) error {
	f, err := a.postedForm(w, r)
	if err != nil {
		return err
	}
	o, as, err := a.reached(r.Context(), by, officer.Officers, r.PathValue("id"))
	if err != nil {
		return err
	}
	g := officer.Grant{Role: officer.Role(f.Text("role", 40)), Unit: pack.UnitKey(f.Text("unit", 40)), From: dayTyped(f, "from"), Reason: f.Text("reason", 600)}
	if f.Choice("length", "open", "replacement") == "replacement" {
		if g.To = dayTyped(f, "to"); g.To == "" && !f.faulty("to") {
			f.Fault("to", "admin.err.to")
		}
	}
	if err = f.Err(); err == nil {
		g, err = a.Roll.Grant(r.Context(), as, o.ID, g)
	}
	switch {
	case unproven(err):
		return a.proveFirst(w, r, r.URL.Path)
	case f.Refused(err):
		return a.showGrant(w, r, as, f, o)
	case err != nil:
		return err
	case g.State == officer.Proposed:
		return a.redirect(w, r, officerHref(o.ID)+"?done=proposed")
	}
	return a.redirect(w, r, officerHref(o.ID)+"?done=granted")
}

// dayTyped reads a date as the rooms keep it, "" if empty.
func dayTyped(f *Form, name string) pack.Date {
	at := f.Date(name)
	if at.IsZero() {
		return ""
	}
	return pack.On(at)
}

// officerAct is something done to an account or a grant after its consequence
// was read on a page of its own.
type officerAct struct {
	reason bool
	danger bool
	do     func(a *admin, ctx context.Context, as officer.By, id, grant, reason string) (code string, err error)
}

var officerActs = map[string]officerAct{
	"disable": {true, true, func(a *admin, ctx context.Context, as officer.By, id, _, reason string) (string, error) {
		return "", a.Roll.Disable(ctx, as, id, reason)
	}},
	"enable": {true, false, func(a *admin, ctx context.Context, as officer.By, id, _, reason string) (string, error) {
		return a.Roll.Enable(ctx, as, id, reason)
	}},
	"reset-password": {false, true, func(a *admin, ctx context.Context, as officer.By, id, _, _ string) (string, error) {
		return a.Roll.ResetPassword(ctx, as, id)
	}},
	"reset-factor": {false, true, func(a *admin, ctx context.Context, as officer.By, id, _, _ string) (string, error) {
		return a.Roll.ResetFactor(ctx, as, id)
	}},
	"end-sessions": {false, true, func(a *admin, ctx context.Context, as officer.By, id, _, _ string) (string, error) {
		return "", a.Roll.EndAll(ctx, as, id)
	}},
}

var grantActs = map[string]officerAct{
	"confirm": {false, false, func(a *admin, ctx context.Context, as officer.By, _, grant, _ string) (string, error) {
		return "", a.Roll.Confirm(ctx, as, grant)
	}},
	"decline": {true, true, func(a *admin, ctx context.Context, as officer.By, _, grant, reason string) (string, error) {
		return "", a.Roll.Decline(ctx, as, grant, reason)
	}},
	"revoke": {true, true, func(a *admin, ctx context.Context, as officer.By, _, grant, reason string) (string, error) {
		return "", a.Roll.Revoke(ctx, as, grant, reason)
	}},
}

// confirmPage says the consequence before something is done (ux A1).
type confirmPage struct {
	*Form
	Title, Consequence, What string
	Back, Button             string
	Danger                   bool
	Reason                   *Textarea
}

// asked is the act that the address names, the officer and the grant.
func (a *admin) asked(r *http.Request, by Visitor) (officerAct, officer.Officer, officer.By, *officer.Grant, error) {
	o, as, err := a.reached(r.Context(), by, officer.Officers, r.PathValue("id"))
	if err != nil {
		return officerAct{}, o, as, nil, err
	}
	none := problem.New(problem.NotFound, "err.not-found")
	id := r.PathValue("grant")
	if id == "" {
		act, ok := officerActs[r.PathValue("act")]
		if !ok {
			return act, o, as, nil, none
		}
		return act, o, as, nil, nil
	}
	i := slices.IndexFunc(o.Grants, func(g officer.Grant) bool { return g.ID == id })
	act, ok := grantActs[r.PathValue("act")]
	if !ok || i < 0 {
		return act, o, as, nil, none
	}
	return act, o, as, &o.Grants[i], nil
}

func (a *admin) askAct(w http.ResponseWriter, r *http.Request, by Visitor) error {
	act, o, as, g, err := a.asked(r, by)
	if err != nil {
		return err
	}
	if as.Fresh(officer.Officers) != nil {
		return a.proveFirst(w, r, r.URL.Path)
	}
	return a.showAct(w, r, a.blankForm(w, r), act, o, g)
}

func (a *admin) showAct(w http.ResponseWriter, r *http.Request, f *Form, act officerAct, o officer.Officer, g *officer.Grant) error {
	name := r.PathValue("act")
	p := confirmPage{
		Form: f, Title: a.say(r, "admin.act."+name), What: o.Name + " · " + o.ID, Back: officerHref(o.ID),
		Consequence: a.say(r, "admin.consequence."+name, "name", o.Name), Button: a.say(r, "admin.act."+name), Danger: act.danger,
	}
	if g != nil {
		p.What = o.Name + ": " + grantWords(f.Lang, a.Law.Law(), *g)
	}
	if act.reason {
		in := f.Textarea("reason", "admin.reason")
		in.Rows, in.Classes = 2, "govuk-!-width-two-thirds"
		p.Reason = &in
	}
	return a.render(w, r, f.Status(), "admin-confirm", p)
}

func (a *admin) act(w http.ResponseWriter, r *http.Request, by Visitor) error {
	f, err := a.postedForm(w, r)
	if err != nil {
		return err
	}
	act, o, as, g, err := a.asked(r, by)
	if err != nil {
		return err
	}
	reason, grant, code := f.Text("reason", 600), "", ""
	if g != nil {
		grant = g.ID
	}
	if err = f.Err(); err == nil {
		code, err = act.do(a, r.Context(), as, o.ID, grant, reason)
	}
	switch {
	case unproven(err):
		return a.proveFirst(w, r, r.URL.Path)
	case f.Refused(err):
		return a.showAct(w, r, f, act, o, g)
	case err != nil:
		return err
	case code != "":
		return a.showCode(w, r, o, code)
	}
	return a.redirect(w, r, officerHref(o.ID)+"?done="+r.PathValue("act"))
}
