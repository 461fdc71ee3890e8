package dossier

import (
	"cmp"
	"fmt"
	"slices"

	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
)

// Succeed passes the dossier on from units that ended to who took over
// (chuyển cho đơn vị kế thừa). Two persons ordered it for all dossiers at once;
// the program carries it out for each. law: nq-190-2025-qh15
type Succeed struct {
	Before  pack.Date    `json:"before"`           // units whose last day came before this one
	Of      pack.UnitKey `json:"of,omitempty"`     // this one only; "" all of them
	To      pack.UnitKey `json:"to,omitempty"`     // its heir, instead of the pack's
	Reason  string       `json:"reason"`           // for units of which the pack does not say why they ended
	Ordered string       `json:"ordered"`          // who ordered it, by id
	Second  string       `json:"second,omitempty"` // who vouched for it
}

func (*Succeed) Name() string { return "succeed" }

func (a *Succeed) Allowed(d *Dossier, by officer.By, w World) error {
	if err := system(a.Name(), by); err != nil {
		return err
	}
	if ended := a.ended(w); d.State.Final() || !slices.ContainsFunc(d.parts(w), func(p part) bool { return ended(p.unit) }) {
		return d.illegal(a.Name())
	}
	return nil
}

// Check refuses a dossier of which some part has nobody to go to: it is passed
// on whole or not at all.
func (a *Succeed) Check(d *Dossier, by officer.By, w World) error {
	if _, stuck := a.passages(d, w); stuck != nil {
		return stuck
	}
	return nil
}

func (a *Succeed) Apply(d *Dossier, by officer.By, w World) Effect {
	passages, _ := a.passages(d, w)
	s := Succession{At: w.Now, Why: a.Reason, Passages: passages}
	if why, ok := w.Law.Why(passages[0].From); ok {
		s.Why, s.Law = why.Title, why.Law
	}
	facts := map[string]any{"passed": passages, "ordered": a.Ordered, "second": a.Second}
	for _, p := range passages {
		d.through(p.From)
		switch p.Part {
		case "desk":
			d.Desk = p.To
			facts["desk"] = p.To
		case "competent":
			d.Competent = p.To
		case "holder":
			d.succeedHolder(p, w)
			facts["unit"] = p.To
		case "consult":
			d.Asked().Unit = p.To
			d.through(p.To)
		}
	}
	d.Successions = append(d.Successions, s)
	return Effect{Reason: s.Why, Law: s.Law, Facts: facts}
}

// succeedHolder hands the dossier to the heir of its holder. Who works on it
// goes on with it if the unit's officers went there too.
func (d *Dossier) succeedHolder(p Passage, w World) {
	d.Holder, d.HeldSince = p.To, w.Now
	if follows, ok := w.Law.Heir(p.From, pack.On(w.Now)); !ok || follows.Key != p.To {
		d.Assignee = ""
	}
}

// ended reports whether a unit is one of those whose end is carried out.
func (a *Succeed) ended(w World) func(pack.UnitKey) bool {
	return func(key pack.UnitKey) bool {
		u, ok := w.Law.UnitByKey(key)
		return ok && u.To != "" && u.To < min(a.Before, pack.On(w.Now)) && (a.Of == "" || a.Of == key)
	}
}

// part is what a unit has to do with an open dossier.
type part struct {
	name string
	unit pack.UnitKey
	desk bool // the papers lie there, whoever is competent
}

// parts are the units that have yet to do something for the dossier.
func (d *Dossier) parts(w World) []part {
	list := []part{{"desk", d.Desk, true}, {"competent", d.Competent, false}, {"holder", d.Holder, d.Holder == d.Desk && w.StepOf(d).AtDesk()}}
	if c := d.Asked(); c != nil {
		list = append(list, part{"consult", c.Unit, false})
	}
	return list
}

// passages says where each part goes, or why one cannot.
func (a *Succeed) passages(d *Dossier, w World) (list []Passage, stuck *problem.Problem) {
	ended, on := a.ended(w), pack.On(w.Now)
	for _, p := range d.parts(w) {
		if !ended(p.unit) {
			continue
		}
		heir, ok := w.Law.Heir(cmp.Or(a.To, p.unit), on)
		if a.To == "" && !p.desk {
			heir, ok = w.Law.Decides(p.unit, d.Procedure, on)
		}
		old, _ := w.Law.UnitByKey(p.unit)
		switch {
		case !ok:
			return nil, problem.New(problem.Invalid, "reorganise.stuck.nobody", "unit", old.Name, "procedure", d.Procedure)
		case p.name == "desk" && heir.Desk == nil:
			return nil, problem.New(problem.Invalid, "reorganise.stuck.no-desk", "unit", old.Name, "heir", heir.Name)
		}
		list = append(list, Passage{p.name, p.unit, heir.Key})
	}
	return list, nil
}

// formerDesks are the desks at which the dossier lay before.
func (d *Dossier) formerDesks() []string {
	var desks []string
	for _, s := range d.Successions {
		if p, ok := s.Passed("desk"); ok {
			desks = append(desks, string(p.From))
		}
	}
	return desks
}

// notePassed keeps the list of desks that dossiers were passed on from in step
// with the dossier.
func notePassed(tx *store.Tx, d *Dossier) error {
	for _, desk := range d.formerDesks() {
		if _, err := tx.Exec(`INSERT INTO dossier_passed (desk, dossier) VALUES ($1, $2) ON CONFLICT DO NOTHING`, desk, d.ID); err != nil {
			return fmt.Errorf("noting that %s was passed on: %w", d.ID, err)
		}
	}
	return nil
}
