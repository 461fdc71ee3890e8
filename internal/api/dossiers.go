package api

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"quay20/internal/applicant"
	"quay20/internal/dossier"
	"quay20/internal/journal"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/text"
)

// Unit names a unit of the organisation.
type Unit struct {
	Code string       `json:"code"`
	Name string       `json:"name"`
	Key  pack.UnitKey `json:"key"`
}

func (c *call) unit(key pack.UnitKey) *Unit {
	if key == "" {
		return nil
	}
	u, _ := c.law().UnitByKey(key)
	return &Unit{u.Code, u.Name, key}
}

// unitAsked turns a unit's code of today into its key.
func (c *call) unitAsked(field, code string) (pack.UnitKey, error) {
	if code == "" {
		return "", nil
	}
	u, ok := c.law().Unit(code, c.today())
	if !ok {
		return "", problem.New(problem.Invalid, "err.summary").Field(field, "err.unit-unknown", "unit", code)
	}
	return u.Key, nil
}

// Received is what the desk says after a dossier came in.
type Received struct {
	ID          string         `json:"id"`
	Code        dossier.Code   `json:"code,omitempty"`
	State       dossier.State  `json:"state"`
	National    int            `json:"national_state"`
	Version     int64          `json:"version"`
	FiledAt     time.Time      `json:"filed_at"`
	ReceivedAt  time.Time      `json:"received_at,omitzero"`
	DueAt       time.Time      `json:"due_at,omitzero"`
	Provisional bool           `json:"provisional,omitempty"`
	Fee         dossier.Fee    `json:"fee"`
	Slips       []dossier.Slip `json:"slips"`
}

func (c *call) received(d dossier.Dossier) Received {
	c.w.Header().Set("Location", Prefix+"/dossiers/"+d.ID)
	c.w.Header().Set("ETag", tag(d.Version))
	return Received{
		ID: d.ID, Code: d.Code, State: d.State, National: d.State.National(), Version: d.Version, FiledAt: d.FiledAt,
		ReceivedAt: d.ReceivedAt, DueAt: d.Clock.Due, Provisional: d.Clock.Provisional, Fee: d.Fee, Slips: d.Slips,
	}
}

// receive writes a walk-in down at the desk that the session has taken.
func receive(c *call, in dossier.Intake) (Received, error) {
	by, err := c.session.For(officer.Receive, "")
	if err != nil {
		return Received{}, err
	}
	d, err := c.Dossiers.Receive(c.ctx(), in, by, c.key)
	if err != nil {
		return Received{}, err
	}
	return c.received(d), nil
}

// Online is a dossier that came in through a portal, for one desk.
type Online struct {
	Desk   string         `json:"desk"`
	Intake dossier.Intake `json:"intake"`
}

// file writes down what a portal sent. The officer or program that brings it
// must receive at that desk; its own keys do not meet those of others.
func fileOnline(c *call, in Online) (Received, error) {
	key, err := c.unitAsked("desk", in.Desk)
	if err != nil {
		return Received{}, err
	}
	by, err := c.session.For(officer.Receive, key)
	if err != nil {
		return Received{}, err
	}
	d, err := c.Dossiers.File(c.ctx(), in.Intake, in.Desk, by.Officer.ID+"/"+c.key)
	if err != nil {
		return Received{}, err
	}
	return c.received(d), nil
}

// Dossier is what an officer in whose scope it lies sees of a dossier.
type Dossier struct {
	ID          string                      `json:"id"`
	Code        dossier.Code                `json:"code,omitempty"`
	Codes       []dossier.KnownCode         `json:"codes"`
	State       dossier.State               `json:"state"`
	National    int                         `json:"national_state"`
	Version     int64                       `json:"version"`
	Channel     string                      `json:"channel"`
	Procedure   string                      `json:"procedure"`
	Title       string                      `json:"title"`
	LawFrom     pack.Date                   `json:"law_from"`
	Case        string                      `json:"case,omitempty"`
	Request     string                      `json:"request,omitempty"`
	Plate       string                      `json:"plate,omitempty"`
	Filer       applicant.Person            `json:"filer"`
	Owner       *applicant.Person           `json:"owner,omitempty"`
	Authority   string                      `json:"authority,omitempty"`
	Assisted    string                      `json:"assisted,omitempty"`
	Desk        *Unit                       `json:"desk"`
	Support     *Unit                       `json:"support,omitempty"`
	Competent   *Unit                       `json:"competent"`
	Holder      *Unit                       `json:"holder"`
	Step        int                         `json:"step"`
	StepName    string                      `json:"step_name,omitempty"`
	Assignee    string                      `json:"assignee,omitempty"`
	FiledAt     time.Time                   `json:"filed_at"`
	ReceivedAt  time.Time                   `json:"received_at,omitzero"`
	AcceptedAt  time.Time                   `json:"accepted_at,omitzero"`
	DueAt       time.Time                   `json:"due_at,omitzero"`
	PromisedAt  time.Time                   `json:"promised_at,omitzero"`
	Provisional bool                        `json:"provisional,omitempty"`
	Paused      bool                        `json:"paused,omitempty"`
	Late        bool                        `json:"late,omitempty"`
	LeftMinutes *int                        `json:"left_minutes,omitempty"`
	Pauses      []dossier.Pause             `json:"pauses"`
	Extension   *dossier.Extension          `json:"extension,omitempty"`
	Papers      []dossier.Paper             `json:"papers"`
	Sets        int                         `json:"sets"`
	ReturnBy    string                      `json:"return_by"`
	ReturnTo    string                      `json:"return_to,omitempty"`
	Fee         dossier.Fee                 `json:"fee"`
	Supplements []dossier.SupplementRequest `json:"supplements"`
	Obligations []dossier.Obligation        `json:"obligations"`
	Consults    []dossier.Consult           `json:"consults"`
	Proposal    *dossier.Proposal           `json:"proposal,omitempty"`
	Apologies   []dossier.Apology           `json:"apologies"`
	Refusal     *dossier.Refusal            `json:"refusal,omitempty"`
	Result      *dossier.Result             `json:"result,omitempty"`
	HandedOver  *dossier.HandedOver         `json:"handed_over,omitempty"`
	End         *dossier.End                `json:"end,omitempty"`
	Slips       []dossier.Slip              `json:"slips"`
	Moves       []dossier.Move              `json:"moves"`
	Successions []dossier.Succession        `json:"successions"`
	Allowed     []string                    `json:"allowed"`
}

func (c *call) dossier(d dossier.Dossier, by officer.By, w dossier.World) Dossier {
	v := Dossier{
		ID: d.ID, Code: d.Code, Codes: d.Codes, State: d.State, National: d.State.National(), Version: d.Version, Channel: d.Channel,
		Procedure: d.Procedure, LawFrom: d.LawFrom, Case: d.Case, Request: d.Request, Plate: d.Plate, Filer: d.Filer, Owner: d.Owner,
		Authority: d.Authority, Assisted: d.Assisted, Desk: c.unit(d.Desk), Support: c.unit(d.Support), Competent: c.unit(d.Competent),
		Holder: c.unit(d.Holder), Step: d.Step, StepName: w.StepOf(&d).Action, Assignee: d.Assignee, FiledAt: d.FiledAt,
		ReceivedAt: d.ReceivedAt, AcceptedAt: d.AcceptedAt, DueAt: d.Clock.Due, PromisedAt: d.Promise(), Provisional: d.Clock.Provisional,
		Paused: d.Paused(), Pauses: d.Clock.Pauses, Extension: d.Clock.Extension, Papers: d.Papers, Sets: d.Sets, ReturnBy: d.ReturnBy,
		ReturnTo: d.ReturnTo, Fee: d.Fee, Supplements: d.Supplements, Obligations: d.Obligations, Consults: d.Consults, Proposal: d.Proposal,
		Apologies: d.Apologies, Refusal: d.Refusal, Result: d.Result, HandedOver: d.HandedOver, End: d.End, Slips: d.Slips, Moves: d.Moves, Successions: d.Successions,
		Allowed: dossier.Allowed(&d, by, w), Late: d.Grade(w.Now) == "late",
	}
	if p, ok := w.Law.Procedure(d.Procedure); ok {
		v.Title = p.Name
	}
	if left, ok := d.Left(w.Law, w.Now); ok {
		v.LeftMinutes = &left.Minutes
	}
	c.w.Header().Set("ETag", tag(d.Version))
	return v
}

// viewer is the first capacity of the officer that may do p and in whose scope
// the dossier lies. What lies outside all of them is unknown (rel-G9, rel-B-A06).
func (c *call) viewer(p officer.Permission, ref string) (officer.By, dossier.Dossier, error) {
	first, err := c.session.For(p, "")
	if err != nil {
		return officer.By{}, dossier.Dossier{}, err
	}
	d, err := c.Dossiers.Find(c.ctx(), ref, first)
	if !problem.Is(err, problem.NotFound) {
		return first, d, err
	}
	for _, g := range c.session.Capacities() {
		by, fault := c.session.As(g.Role, g.Unit)
		if fault != nil || !by.Can(p) || by.Role == first.Role && by.Unit == first.Unit {
			continue
		}
		if d, fault := c.Dossiers.Find(c.ctx(), ref, by); fault == nil {
			return by, d, nil
		}
	}
	return first, d, err
}

// doer is the capacity in which the officer may do the act now; if there is
// none, one that sees the dossier, so that the refusal says why.
func (c *call) doer(act, ref string) (officer.By, error) {
	held := c.session.Capacities()
	if len(held) == 1 {
		return c.session.As(held[0].Role, held[0].Unit)
	}
	sees, d, err := c.viewer(officer.View, ref)
	if err != nil {
		return sees, err
	}
	w, err := c.Dossiers.World(c.ctx())
	if err != nil {
		return sees, err
	}
	for _, g := range held {
		by, err := c.session.As(g.Role, g.Unit)
		if err == nil && slices.Contains(dossier.Allowed(&d, by, w), act) {
			return by, nil
		}
	}
	return sees, nil
}

// show is the dossier, and the officer's look at it is journaled (rel-I-P4).
// Who has this version already gets nothing and has seen nothing.
func show(c *call, _ nothing) (Dossier, error) {
	by, d, err := c.viewer(officer.View, c.ref())
	if err != nil {
		return Dossier{}, err
	}
	if c.r.Header.Get("If-None-Match") == tag(d.Version) {
		c.w.Header().Set("ETag", tag(d.Version))
		return Dossier{}, refusal{http.StatusNotModified, ""}
	}
	why, err := c.reason(c.query("reason"), false)
	if err != nil {
		return Dossier{}, err
	}
	if d, err = c.Dossiers.View(c.ctx(), c.ref(), by, why); err != nil {
		return Dossier{}, err
	}
	w, err := c.Dossiers.World(c.ctx())
	if err != nil {
		return Dossier{}, err
	}
	return c.dossier(d, by, w), nil
}

// reason is why an officer looks, for the journal.
func (c *call) reason(s string, needed bool) (string, error) {
	why, err := applicant.CleanLine(s, 500)
	p := problem.New(problem.Invalid, "err.summary")
	if q, ok := problem.As(err); ok {
		return "", p.Field("reason", q.Key, q.Args...)
	}
	if needed && why == "" {
		return "", p.Field("reason", "err.required", "field", "key:field.reason")
	}
	return why, nil
}

// Act is one act on a dossier with its particulars.
type Act struct {
	Act         string         `json:"act"`
	Particulars jsontext.Value `json:"particulars,omitzero"`
}

// do carries out one act. The version that the caller has seen must be the
// present one (rel-G1).
func do(c *call, in Act) (Dossier, error) {
	version, err := c.matching()
	if err != nil {
		return Dossier{}, err
	}
	act, err := dossier.NewAct(in.Act)
	if err != nil {
		return Dossier{}, problem.New(problem.Invalid, "err.summary").Field("act", "err.act-unknown", "act", cut(in.Act))
	}
	if len(in.Particulars) > 0 {
		if err := decode(in.Particulars, act); err != nil {
			return Dossier{}, within(err, "particulars")
		}
	}
	by, err := c.doer(in.Act, c.ref())
	if err != nil {
		return Dossier{}, err
	}
	d, err := c.Dossiers.Do(c.ctx(), c.ref(), act, by, c.key, version)
	if err != nil {
		return Dossier{}, within(err, "particulars")
	}
	w, err := c.Dossiers.World(c.ctx())
	if err != nil {
		return Dossier{}, err
	}
	return c.dossier(d, by, w), nil
}

// within puts the name of the object before the names of its faulty fields.
func within(err error, object string) error {
	p, ok := problem.As(err)
	if !ok {
		return err
	}
	q := *p
	q.Fields = slices.Clone(p.Fields)
	for i, f := range q.Fields {
		q.Fields[i].Name = strings.TrimSuffix(object+"."+f.Name, ".")
	}
	return &q
}

// Listed is a dossier in a list.
type Listed struct {
	ID         string        `json:"id"`
	Code       dossier.Code  `json:"code,omitempty"`
	State      dossier.State `json:"state"`
	National   int           `json:"national_state"`
	Version    int64         `json:"version"`
	Procedure  string        `json:"procedure"`
	Title      string        `json:"title"`
	Person     string        `json:"person"`
	Desk       *Unit         `json:"desk"`
	Holder     *Unit         `json:"holder"`
	Assignee   string        `json:"assignee,omitempty"`
	FiledAt    time.Time     `json:"filed_at"`
	DueAt      time.Time     `json:"due_at,omitzero"`
	PromisedAt time.Time     `json:"promised_at,omitzero"`
	Paused     bool          `json:"paused,omitempty"`
}

// Dossiers is one page of a list.
type Dossiers struct {
	Dossiers []Listed  `json:"dossiers"`
	Next     string    `json:"next,omitempty"`
	Now      time.Time `json:"now,omitzero"`
}

func (c *call) listed(all []dossier.Dossier) []Listed {
	list := make([]Listed, len(all))
	for i, d := range all {
		list[i] = Listed{
			ID: d.ID, Code: d.Code, State: d.State, National: d.State.National(), Version: d.Version, Procedure: d.Procedure,
			Person: d.Person().Name, Desk: c.unit(d.Desk), Holder: c.unit(d.Holder), Assignee: d.Assignee,
			FiledAt: d.FiledAt, DueAt: d.Clock.Due, PromisedAt: d.Promise(), Paused: d.Paused(),
		}
		if p, ok := c.law().Procedure(d.Procedure); ok {
			list[i].Title = p.ShortName
		}
	}
	return list
}

// list is one page of a work list of the officer's scope.
func list(c *call, _ nothing) (Dossiers, error) {
	unit, err := c.unitAsked("unit", c.query("unit"))
	if err != nil {
		return Dossiers{}, err
	}
	limit, err := c.number("limit", 200)
	if err != nil {
		return Dossiers{}, err
	}
	by, err := c.session.For(officer.Worklist, unit)
	if err != nil {
		return Dossiers{}, err
	}
	page, err := c.Dossiers.List(c.ctx(), by, dossier.Filter{
		Queue: dossier.Queue(c.query("queue")), Procedure: c.query("procedure"), Unit: unit,
		Assignee: c.query("assignee"), Limit: int(limit), After: c.query("after"),
	})
	if err != nil {
		return Dossiers{}, err
	}
	return Dossiers{c.listed(page.Dossiers), page.Next, page.Now}, nil
}

// Counts says how many dossiers each work list holds.
type Counts struct {
	Queues map[dossier.Queue]int `json:"queues"`
}

func counts(c *call, _ nothing) (Counts, error) {
	by, err := c.session.For(officer.Worklist, "")
	if err != nil {
		return Counts{}, err
	}
	n, err := c.Dossiers.Counts(c.ctx(), by, dossier.Queues...)
	return Counts{n}, err
}

// Search is what an officer looks for, and why. It travels in a body, because
// addresses end in logs (rel-K77).
type Search struct {
	Q      string `json:"q"`
	Reason string `json:"reason"`
	Limit  int    `json:"limit,omitempty"`
}

func search(c *call, in Search) (Dossiers, error) {
	why, err := c.reason(in.Reason, true)
	if err != nil {
		return Dossiers{}, err
	}
	by, err := c.session.For(officer.Search, "")
	if err != nil {
		return Dossiers{}, err
	}
	found, err := c.Dossiers.Search(c.ctx(), by, in.Q, why, in.Limit)
	return Dossiers{Dossiers: c.listed(found)}, err
}

// Entry is one entry of the journal.
type Entry struct {
	Index    int64          `json:"index"`
	At       time.Time      `json:"at"`
	Officer  string         `json:"officer,omitempty"`
	Capacity string         `json:"capacity"`
	Desk     string         `json:"desk,omitempty"`
	Act      string         `json:"act"`
	Text     string         `json:"text"`
	Subject  string         `json:"subject"`
	Reason   string         `json:"reason,omitempty"`
	Law      string         `json:"law,omitempty"`
	Facts    jsontext.Value `json:"facts,omitzero"`
}

// Entries is a part of the journal.
type Entries struct {
	Entries []Entry `json:"entries"`
	Before  int64   `json:"before,omitzero"`
}

func (c *call) entries(all []journal.Entry) []Entry {
	list := make([]Entry, len(all))
	for i, e := range all {
		list[i] = Entry{
			e.Index, e.At, e.Officer, e.Capacity, e.Desk, e.Act, e.Act, e.Subject, e.Reason, e.Law, jsontext.Value(e.Facts),
		}
		if key := "act." + e.Act; text.Has(key) {
			list[i].Text = text.T(c.lang, key)
		}
	}
	return list
}

// history is the dossier's acts, oldest first.
func history(c *call, _ nothing) (Entries, error) {
	_, d, err := c.viewer(officer.View, c.ref())
	if err != nil {
		return Entries{}, err
	}
	all, err := c.Dossiers.Entries(c.ctx(), d)
	return Entries{Entries: c.entries(all)}, err
}

// views are those who looked at the dossier.
func views(c *call, _ nothing) (Entries, error) {
	_, d, err := c.viewer(officer.View, c.ref())
	if err != nil {
		return Entries{}, err
	}
	all, err := c.Dossiers.Views(c.ctx(), d)
	return Entries{Entries: c.entries(all)}, err
}

// proof shows how the due date came about.
func proof(c *call, _ nothing) (Deadline, error) {
	_, d, err := c.viewer(officer.View, c.ref())
	if err != nil {
		return Deadline{}, err
	}
	a, err := d.Proof(c.law())
	if err != nil {
		return Deadline{}, refused(err)
	}
	return c.deadline(a), nil
}
