package dossier

import (
	"encoding/json"
	"fmt"
	"slices"
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
	"mark_unchecked":     {[]State{Filed}, nil},
	"reopen_payment":     {States, nil},
	"recompute":          {[]State{Accepted, Processing, Supplement, Payment}, nil},
	"succeed":            {[]State{Filed, Accepted, Processing, Supplement, Payment, Concluded}, nil},
}

// leads reports whether the act leads from one state to the other.
func leads(act string, from, to State) bool {
	r, known := roads[act]
	if !known || !slices.Contains(r.from, from) {
		return false
	}
	if r.to == nil || act == "settle_payment" && from != Payment {
		return from == to
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

// Paths lists, for verify, the dossiers whose acts in the journal are no path
// of the state machine, or do not end where the dossier stands. rel-I-D8
func (r *Register) Paths(tx *store.Tx) ([]journal.Fault, error) {
	var wrong []journal.Fault
	for after := ""; ; {
		list, err := store.All(tx, scan, `SELECT body FROM dossier WHERE id > $1 ORDER BY id LIMIT 200`, after)
		if err != nil {
			return nil, fmt.Errorf("reading dossiers to follow their paths: %w", err)
		}
		if len(list) == 0 {
			return wrong, nil
		}
		subjects := make([]string, len(list))
		for i := range list {
			subjects[i] = list[i].Subject()
		}
		of, err := journal.OfAll(tx, subjects)
		if err != nil {
			return nil, err
		}
		for _, d := range list {
			after = d.ID
			if f := r.strays(&d, of[d.Subject()]); f.Key != "" {
				f.Args = append(f.Args, "subject", d.Subject())
				wrong = append(wrong, f)
			}
		}
	}
}

// strays says where the acts leave the path; no Key if they do not.
func (r *Register) strays(d *Dossier, entries []journal.Entry) journal.Fault {
	wrong := func(index int64, key string, args ...any) journal.Fault {
		return journal.Fault{Index: index, Key: key, Args: args}
	}
	var at told
	for _, e := range entries {
		next, err := tell(e)
		switch {
		case err != nil:
			return wrong(e.Index, "dossier.fault.unreadable", "index", e.Index)
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

// Gaps lists, for verify, the series of dossier codes whose numbers are not
// exactly 1…n, or were not given in that order. rel-I-D6, rel-I-D7
func (r *Register) Gaps(tx *store.Tx) ([]journal.Fault, error) {
	type series struct {
		name, day string
		last      int64
	}
	list, err := store.All(tx, func(row store.Row) (s series, err error) {
		err = row.Scan(&s.name, &s.day, &s.last)
		return s, err
	}, `SELECT series, period, last FROM dossier_number WHERE series >= 'code/' AND series < 'code0' ORDER BY series, period`)
	if err != nil {
		return nil, fmt.Errorf("reading number series: %w", err)
	}
	var gaps []journal.Fault
	for _, s := range list {
		found, err := r.missed(tx, s.name[len("code/"):], s.day, s.last)
		if err != nil {
			return nil, err
		}
		gaps = append(gaps, found...)
	}
	return gaps, nil
}

// given is when and where in the journal a number was given.
type given struct {
	index    int64
	at, said time.Time // the entry's time, and the program's own at that moment
}

// missed walks the numbers of one agency and day.
func (r *Register) missed(tx *store.Tx, agency string, day pack.Date, last int64) ([]journal.Fault, error) {
	on, err := time.ParseInLocation(time.DateOnly, day, pack.Zone)
	rules, _ := r.law().Rules(day)
	grammar, known := grammars[rules.CodeGrammar]
	if err != nil || !known {
		return []journal.Fault{{Key: "dossier.fault.grammar", Args: []any{"agency", agency, "day", day}}}, nil
	}
	var gaps []journal.Fault
	missed := func(index int64, key string, args ...any) {
		gaps = append(gaps, journal.Fault{Index: index, Key: key, Args: args})
	}
	var before given
	var of map[Code]given
	for n := int64(1); n <= last; n++ {
		if (n-1)%givenAtOnce == 0 {
			var codes []Code
			for m := n; m < n+givenAtOnce && m <= last; m++ {
				codes = append(codes, grammar(agency, on, m))
			}
			if of, err = givenAt(tx, codes); err != nil {
				return nil, err
			}
		}
		code := grammar(agency, on, n)
		g := of[code]
		switch {
		case g.index == 0:
			missed(0, "dossier.fault.nobody", "code", code, "last", last)
			continue
		case g.index <= before.index:
			missed(g.index, "dossier.fault.given-order", "code", code, "index", g.index, "before", before.index)
		case g.said.Before(before.said) && g.at.Equal(g.said): // unless the clock was put back meanwhile
			missed(g.index, "dossier.fault.given-time", "code", code, "at", store.Time(g.said), "before", store.Time(before.said))
		}
		before = g
	}
	if one, err := givenAt(tx, []Code{grammar(agency, on, last+1)}); err != nil || len(one) > 0 {
		missed(0, "dossier.fault.beyond", "agency", agency, "day", day, "last", last)
		return gaps, err
	}
	return gaps, nil
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
