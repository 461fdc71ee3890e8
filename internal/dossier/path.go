package dossier

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"quay20/internal/journal"
	"quay20/internal/pack"
	"quay20/internal/store"
	"quay20/internal/text"
)

// road says from which states an act leads, and to which; with no to, the state
// stays.
type road struct{ from, to []State }

var (
	atWork  = []State{Accepted, Processing}
	waiting = []State{Processing, Supplement, Payment}
)

// roads is the state machine, stated apart from the acts so that verify does
// not believe what it is to check. "" is before the dossier was.
var roads = map[string]road{
	"receive":            {[]State{""}, []State{Filed, Accepted, Supplement, NotAccepted}},
	"file":               {[]State{""}, []State{Filed}},
	"accept":             {[]State{Filed}, []State{Accepted}},
	"request_supplement": {[]State{Filed, Accepted, Processing}, []State{Supplement}},
	"supply":             {[]State{Supplement}, []State{Accepted, Processing}},
	"answer_supplement":  {[]State{Supplement}, nil},
	"send_back":          {[]State{Supplement}, nil},
	"refuse":             {[]State{Filed, Supplement}, []State{NotAccepted}},
	"collect_fee":        {[]State{Accepted, Processing, Concluded, Returned}, nil},
	"assign":             {atWork, []State{Processing}},
	"advance":            {atWork, []State{Processing}},
	"return_step":        {atWork, []State{Processing}},
	"conclude":           {[]State{Processing}, []State{Concluded}},
	"consult":            {atWork, []State{Processing}},
	"answer_consult":     {waiting, nil},
	"transfer":           {atWork, []State{Processing}},
	"demand_payment":     {atWork, []State{Payment}},
	"settle_payment":     {[]State{Payment, Accepted, Processing, Concluded, Returned}, []State{Processing}},
	"await_agency":       {atWork, []State{Processing}},
	"agency_answered":    {[]State{Processing}, []State{Processing}},
	"extend":             {atWork, nil},
	"propose_apology":    {atWork, nil},
	"apologise":          {atWork, nil},
	"remind":             {atWork, nil},
	"hand_over":          {[]State{Concluded}, []State{Returned}},
	"correct":            {atWork, nil},
	"add_code":           {States, nil},
	"withdraw":           {[]State{Filed, Accepted, Processing, Supplement, Payment}, []State{Withdrawn}},
	"stop":               {[]State{Accepted, Processing, Supplement, Payment}, []State{Stopped}},
	"close_unanswered":   {[]State{Supplement}, []State{Stopped}},
	"mark_late":          {atWork, nil},
	"mark_unchecked":     {[]State{Filed, Supplement}, nil},
	"reopen_payment":     {States, nil},
	"confirm_payment":    {States, []State{Processing}},
	"recompute":          {[]State{Accepted, Processing, Supplement, Payment}, nil},
	"succeed":            {[]State{Filed, Accepted, Processing, Supplement, Payment, Concluded}, nil},
}

// leads reports whether the act leads from one state to the other.
func leads(act string, from, to State) bool {
	r, known := roads[act]
	if !known || !slices.Contains(r.from, from) {
		return false
	}
	if r.to == nil || act == "settle_payment" && from != Payment || act == "confirm_payment" && from == to {
		return from == to
	}
	if act == "confirm_payment" && from != Payment {
		return false
	}
	return slices.Contains(r.to, to)
}

// told is what a journal entry tells of the dossier after its act.
type told struct {
	Code    Code  `json:"code"`
	State   State `json:"state"`
	Version int64 `json:"version"`
	Step    int   `json:"at_step"`

	Desk pack.UnitKey `json:"desk"` // where it came to lie; "" in acts that do not move it
}

func tell(e journal.Entry) (t told, err error) {
	err = json.Unmarshal(e.Facts, &t)
	return t, err
}

// past looks at the acts of the dossier that was yielded last: are they a path
// of the state machine, which ends where the dossier stands (rel-I-D8), and
// which codes did they give.
func (c *checker) past(subject string, entries []journal.Entry) []journal.Fault {
	if c.at == nil {
		return nil
	}
	acts := make([]told, len(entries))
	for i, e := range entries {
		var err error
		if acts[i], err = tell(e); err != nil {
			return []journal.Fault{{Index: e.Index, Key: "dossier.fault.unreadable", Args: []any{"index", e.Index, "subject", subject}}}
		}
	}
	c.numbers.take(c.at, entries, acts)
	f := c.strays(c.at, entries, acts)
	if f.Key == "" {
		return nil
	}
	f.Args = append(f.Args, "subject", subject)
	return []journal.Fault{f}
}

// strays says where the acts leave the path; no Key if they do not.
func (r *Register) strays(d *Dossier, entries []journal.Entry, acts []told) journal.Fault {
	wrong := func(index int64, key string, args ...any) journal.Fault {
		return journal.Fault{Index: index, Key: key, Args: args}
	}
	var at told
	for i, e := range entries {
		next := acts[i]
		switch {
		case next.Version != at.Version+1:
			return wrong(e.Index, "dossier.fault.order", "index", e.Index, "act", next.Version, "after", at.Version)
		case !leads(e.Act, at.State, next.State):
			return wrong(e.Index, "dossier.fault.state", "index", e.Index, "act", text.Key("act."+e.Act), "from", stateWord(at.State), "to", stateWord(next.State))
		case !steps(e.Act, at, next):
			return wrong(e.Index, "dossier.fault.step", "index", e.Index, "act", text.Key("act."+e.Act), "from", at.Step, "to", next.Step)
		}
		at = next
	}
	last := len(World{Law: r.law()}.version(d).Process) - 1
	switch {
	case at.State != d.State || at.Version != d.Version || at.Step != d.Step:
		return wrong(0, "dossier.fault.end", "act", at.Version, "state", stateWord(at.State), "have", d.Version, "stands", stateWord(d.State))
	case d.Result != nil && last >= 0 && d.Step != last:
		return wrong(0, "dossier.fault.concluded", "step", d.Step, "steps", last+1)
	}
	return journal.Fault{}
}

// stateWord words a state; before the first act there is none.
func stateWord(s State) any {
	if s == "" {
		return "–"
	}
	return text.Key("state." + string(s))
}

// steps reports whether the act may move the dossier between these steps of
// its internal process.
func steps(act string, from, to told) bool {
	switch act {
	case "advance":
		return to.Step == from.Step+1
	case "return_step":
		return to.Step == from.Step-1
	case "conclude":
		return to.Step >= from.Step
	case "receive", "accept", "correct":
		return to.Step <= 1 || act == "correct" && to.Step == from.Step
	case "supply":
		return to.Step == from.Step || to.State == Accepted && to.Step <= 1
	}
	return to.Step == from.Step
}

// numbers follows the series of dossier codes while all dossiers pass: their
// numbers are exactly 1…n, given in that order. rel-I-D6, rel-I-D7
type numbers struct {
	all      []*daybook
	next     map[Code]*daybook // by the code that is to be given next
	early    map[Code]given    // codes that passed before those below them
	doubtful bool              // the table of codes differs from the dossiers
}

// daybook is one agency's numbers of a day, with the grammar of that day.
type daybook struct {
	agency string
	day    pack.Date
	last   int64
	on     time.Time
	code   func(agency string, day time.Time, n int64) Code

	count  int64 // 1…count passed
	before given // where the last of them was given
	strays bool
}

// given is when and where in the journal a number was given.
type given struct {
	index    int64
	at, said time.Time // the entry's time, and the program's own at that moment
}

// wrongAfter says whether its place in the journal or its time is wrong after
// the number before.
func (g given) wrongAfter(before given) (order, clock bool) {
	return g.index <= before.index, g.said.Before(before.said) && g.at.Equal(g.said) // unless the clock was put back meanwhile
}

func (r *Register) numbers(tx *store.Tx) (numbers, error) {
	n := numbers{next: map[Code]*daybook{}, early: map[Code]given{}}
	var err error
	n.all, err = store.All(tx, func(row store.Row) (*daybook, error) {
		var s daybook
		err := row.Scan(&s.agency, &s.day, &s.last)
		s.agency = strings.TrimPrefix(s.agency, "code/")
		return &s, err
	}, `SELECT series, period, last FROM dossier_number WHERE series >= 'code/' AND series < 'code0' ORDER BY series, period`)
	if err != nil {
		return n, fmt.Errorf("reading number series: %w", err)
	}
	for _, s := range n.all {
		rules, _ := r.law().Rules(s.day)
		if s.on, err = time.ParseInLocation(time.DateOnly, s.day, pack.Zone); err == nil {
			s.code = grammars[rules.CodeGrammar]
		}
		if s.code != nil {
			n.next[s.code(s.agency, s.on, 1)] = s
		}
	}
	return n, nil
}

// take passes the codes that a dossier's acts gave.
func (n *numbers) take(d *Dossier, entries []journal.Entry, acts []told) {
	for i, t := range acts {
		if i > 0 && t.Code == acts[i-1].Code {
			continue
		}
		for _, c := range d.Codes {
			if c.Code == t.Code {
				n.pass(t.Code, given{entries[i].Index, entries[i].At, c.At})
				break
			}
		}
	}
}

func (n *numbers) pass(code Code, g given) {
	s := n.next[code]
	if s == nil {
		n.early[code] = g
		return
	}
	delete(n.next, code)
	for more := true; more; {
		order, clock := g.wrongAfter(s.before)
		s.strays = s.strays || order || clock
		s.count++
		s.before = g
		code = s.code(s.agency, s.on, s.count+1)
		g, more = n.early[code]
		delete(n.early, code)
	}
	n.next[code] = s
}

// gaps says what is wrong with the series that did not pass as they should.
func (n *numbers) gaps(tx *store.Tx) ([]journal.Fault, error) {
	var gaps []journal.Fault
	for _, s := range n.all {
		if !n.doubtful && !s.strays && s.count == s.last && s.code != nil {
			continue
		}
		found, err := s.missed(tx)
		if err != nil {
			return nil, fmt.Errorf("looking for gaps in numbers: %w", err)
		}
		gaps = append(gaps, found...)
	}
	return gaps, nil
}

// missed looks every number up.
func (s *daybook) missed(tx *store.Tx) ([]journal.Fault, error) {
	if s.code == nil {
		return []journal.Fault{{Key: "dossier.fault.grammar", Args: []any{"agency", s.agency, "day", s.day}}}, nil
	}
	var gaps []journal.Fault
	missed := func(index int64, key string, args ...any) {
		gaps = append(gaps, journal.Fault{Index: index, Key: key, Args: args})
	}
	var before given
	var of map[Code]given
	for n := int64(1); n <= s.last; n++ {
		if (n-1)%givenAtOnce == 0 {
			var codes []Code
			for m := n; m < n+givenAtOnce && m <= s.last; m++ {
				codes = append(codes, s.code(s.agency, s.on, m))
			}
			var err error
			if of, err = givenAt(tx, codes); err != nil {
				return nil, err
			}
		}
		code := s.code(s.agency, s.on, n)
		g := of[code]
		if g.index == 0 {
			missed(0, "dossier.fault.nobody", "code", code, "last", s.last)
			continue
		}
		if order, clock := g.wrongAfter(before); order {
			missed(g.index, "dossier.fault.given-order", "code", code, "index", g.index, "before", before.index)
		} else if clock {
			missed(g.index, "dossier.fault.given-time", "code", code, "at", store.Time(g.said), "before", store.Time(before.said))
		}
		before = g
	}
	one, err := givenAt(tx, []Code{s.code(s.agency, s.on, s.last+1)})
	if err != nil || len(one) > 0 {
		missed(0, "dossier.fault.beyond", "agency", s.agency, "day", s.day, "last", s.last)
	}
	return gaps, err
}

// givenAtOnce is how many codes are looked up together.
const givenAtOnce = 200

// givenAt finds the entries of the acts that gave codes to dossiers.
func givenAt(tx *store.Tx, codes []Code) (map[Code]given, error) {
	var args []any
	in := placeholders(&args, codes)
	type coded struct { // as much of a dossier as has its codes
		ID    string      `json:"id"`
		Codes []KnownCode `json:"codes"`
	}
	list, err := store.All(tx, func(row store.Row) (d coded, err error) {
		var body string
		if err = row.Scan(store.Plain(&body)); err == nil {
			err = json.Unmarshal([]byte(body), &d)
		}
		return d, err
	}, `SELECT d.body FROM dossier_code c JOIN dossier d ON d.id = c.dossier WHERE c.code IN (`+in+`)`, args...)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	found := map[Code]given{}
	entriesOf := journal.FirstOf // nearly always the act that gave the code
	for range 2 {
		var subjects []string
		for _, d := range list {
			subjects = append(subjects, (&Dossier{ID: d.ID}).Subject())
		}
		of, err := entriesOf(tx, subjects)
		if err != nil {
			return nil, err
		}
		rest := list[:0]
		for i, d := range list {
			before := len(found)
			for _, e := range of[subjects[i]] {
				t, err := tell(e)
				if _, known := found[t.Code]; err != nil || known || !slices.Contains(codes, t.Code) {
					continue
				}
				g := given{index: e.Index, at: e.At}
				for _, c := range d.Codes {
					if c.Code == t.Code {
						g.said = c.At
					}
				}
				found[t.Code] = g
			}
			if len(found) == before {
				rest = append(rest, d)
			}
		}
		if list, entriesOf = rest, journal.OfAll; len(list) == 0 {
			break
		}
	}
	return found, nil
}
