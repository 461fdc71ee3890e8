package pack

import (
	"slices"
	"strings"

	"quay20/internal/problem"
)

// Competent says by which rule a unit may take a procedure in on the day, for
// itself or, as a counter, for a department that it serves. Otherwise its error
// is a *problem.Problem that names the rule, the date and where to go. rel-B-W11
func (p *Pack) Competent(code, unit string, on Date) (Competence, error) {
	proc, err := p.inForce(code, on)
	if err != nil {
		return Competence{}, err
	}
	u, ok := p.Unit(unit, on)
	if !ok {
		return Competence{}, unknownUnit(unit, on)
	}
	rows := p.rows(proc, u, on)
	if len(rows) == 0 {
		return Competence{}, p.notCompetent(proc, u, on)
	}
	return rows[0], nil
}

// Competences are all rules by which the unit may take the procedure in, with
// their scopes; several rows of one level differ in scope, which a person
// matches. Empty if it may not.
func (p *Pack) Competences(code, unit string, on Date) []Competence {
	proc, known := p.procs[code]
	u, ok := p.Unit(unit, on)
	if !known || !ok {
		return nil
	}
	return p.rows(proc, u, on)
}

// Receivable are the procedures in force that the desk may take in on the day:
// those it is competent for, and from the day on which any desk may receive,
// all of them.
func (p *Pack) Receivable(desk string, on Date) []*Procedure {
	u, ok := p.Unit(desk, on)
	if !ok {
		return nil
	}
	all := p.Procedures(on)
	if rules, _ := p.Rules(on); rules.AnyDesk {
		return all
	}
	return slices.DeleteFunc(all, func(proc *Procedure) bool { return len(p.rows(proc, u, on)) == 0 })
}

// inForce finds the procedure and refuses one not yet or no longer in force.
func (p *Pack) inForce(code string, on Date) (*Procedure, error) {
	proc, ok := p.procs[code]
	if !ok {
		return nil, problem.New(problem.NotFound, "pack.err.procedure", "code", code).Field("procedure", "pack.err.procedure", "code", code)
	}
	if _, ok := proc.On(on); ok {
		return proc, nil
	}
	last := proc.Versions[len(proc.Versions)-1]
	switch {
	case on < proc.Versions[0].From:
		return nil, procedureFault("pack.err.not-yet", "code", code, "name", proc.ShortName, "on", day(on), "from", day(proc.Versions[0].From))
	case len(proc.After) > 0:
		return nil, procedureFault("pack.err.replaced", "code", code, "name", proc.ShortName, "on", day(on), "to", day(last.To), "after", strings.Join(proc.After, ", "))
	default:
		return nil, procedureFault("pack.err.no-longer", "code", code, "name", proc.ShortName, "on", day(on), "to", day(last.To))
	}
}

func procedureFault(key string, args ...any) *problem.Problem {
	return problem.New(problem.Invalid, key, args...).Field("procedure", key, args...)
}

func unknownUnit(code string, on Date) *problem.Problem {
	return problem.New(problem.NotFound, "pack.err.unit", "code", code, "on", day(on))
}

// notCompetent says who is competent instead.
func (p *Pack) notCompetent(proc *Procedure, u Unit, on Date) *problem.Problem {
	var where []string
	law := ""
	for _, row := range proc.Competence {
		if !row.Holds(on) {
			continue
		}
		if !slices.Contains(where, row.Receives) {
			where = append(where, row.Receives)
		}
		law = row.Law
	}
	key, args := "pack.err.not-competent", []any{"name", proc.ShortName, "unit", u.Name, "on", day(on), "where", where}
	if len(where) == 0 {
		key = "pack.err.nobody-competent"
	}
	return problem.New(problem.Invalid, key, args...).Field("procedure", key, args...).By(law)
}

// rows are the competence rows that hold for the unit on the day, those that
// name the unit first, then the latest first.
func (p *Pack) rows(proc *Procedure, u Unit, on Date) []Competence {
	var rows []Competence
	for _, row := range proc.Competence {
		if row.Holds(on) && p.takes(row, u) {
			rows = append(rows, row)
		}
	}
	slices.SortStableFunc(rows, func(a, b Competence) int {
		if named := len(b.Units) - len(a.Units); named != 0 {
			return named
		}
		return strings.Compare(b.From, a.From)
	})
	return rows
}

// takes reports whether a row lets the unit take papers in.
func (p *Pack) takes(row Competence, u Unit) bool {
	if len(row.Units) > 0 {
		return slices.Contains(row.Units, u.Code)
	}
	switch u.Level {
	case Counter:
		return row.Level == Province && slices.Contains(u.Serves, p.department(row.Unit))
	case Department:
		return row.Level == Province && u.Code == p.department(row.Unit)
	default: // the province itself decides through its departments
		return row.Level == u.Level && u.Level != Province
	}
}

// department is the unit code of a department: "PC06" is "12-PC06" in Lai Châu.
func (p *Pack) department(short string) string { return p.all.Head.Province + "-" + short }

// Deciders are the units that may decide the procedure on the day: its
// department, and every district or commune of a level that is competent.
func (p *Pack) Deciders(code string, on Date) []Unit {
	proc, ok := p.procs[code]
	if !ok {
		return nil
	}
	return slices.DeleteFunc(p.Units(on), func(u Unit) bool {
		return u.Level == Counter || len(p.rows(proc, u, on)) == 0
	})
}

// Route is the unit that decides a dossier handed in at a desk: place of
// receipt and place of decision are two facts. A desk that is competent decides
// itself; a counter sends to the department that it serves. Since 2025-07-01
// any desk may receive for the competent unit (Rules.AnyDesk); want then names
// that unit, and may be empty when only one can decide. Before that day a desk
// that is not competent refuses. law: nd-118-2025/17
func (p *Pack) Route(code, desk, want string, on Date) (Unit, error) {
	proc, err := p.inForce(code, on)
	if err != nil {
		return Unit{}, err
	}
	u, ok := p.Unit(desk, on)
	if !ok {
		return Unit{}, unknownUnit(desk, on)
	}
	rules, _ := p.Rules(on)
	rows := p.rows(proc, u, on)
	if len(rows) == 0 && !rules.AnyDesk {
		return Unit{}, p.notCompetent(proc, u, on)
	}
	if want != "" {
		return p.wanted(proc, u, want, rules.AnyDesk, on)
	}
	if len(rows) > 0 {
		return p.decider(rows[0], u, on)
	}
	deciders := p.Deciders(code, on)
	if len(deciders) == 1 {
		return deciders[0], nil
	}
	return Unit{}, p.choose(proc, deciders, on)
}

// decider is the unit that decides by a row that lets u take papers in.
func (p *Pack) decider(row Competence, u Unit, on Date) (Unit, error) {
	if u.Level != Counter {
		return u, nil
	}
	d, ok := p.Unit(p.department(row.Unit), on)
	if !ok {
		return Unit{}, unknownUnit(p.department(row.Unit), on)
	}
	return d, nil
}

// wanted checks the deciding unit that the officer named.
func (p *Pack) wanted(proc *Procedure, desk Unit, want string, anyDesk bool, on Date) (Unit, error) {
	w, ok := p.Unit(want, on)
	if !ok {
		return Unit{}, unknownUnit(want, on)
	}
	if w.Level == Counter || len(p.rows(proc, w, on)) == 0 {
		return Unit{}, p.notCompetent(proc, w, on)
	}
	serves := desk.Key == w.Key || slices.Contains(desk.Serves, w.Code)
	if !serves && !anyDesk {
		return Unit{}, p.notCompetent(proc, desk, on)
	}
	return w, nil
}

func (p *Pack) choose(proc *Procedure, deciders []Unit, on Date) *problem.Problem {
	key, args := "pack.err.choose-unit", []any{"name", proc.ShortName, "n", len(deciders)}
	if len(deciders) == 0 {
		key, args = "pack.err.nobody-competent", []any{"name", proc.ShortName, "on", day(on)}
	}
	return problem.New(problem.Invalid, key, args...).Field("unit", key, args...)
}

// day words a date as people read it, "21/05/2022".
func day(d Date) string {
	if len(d) != 10 {
		return d
	}
	return d[8:] + "/" + d[5:7] + "/" + d[:4]
}
