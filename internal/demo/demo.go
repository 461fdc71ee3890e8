// Package demo makes the province in miniature: officers, people and dossiers
// that never existed, through the same acts as the desk. make run shows it, and
// tests begin from it.
package demo

import (
	"context"
	"fmt"
	"sync"
	"time"

	"quay20/internal/applicant"
	"quay20/internal/dossier"
	"quay20/internal/filing"
	"quay20/internal/gazette"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/payment"
	"quay20/internal/store"
)

// Clock is a clock that can be set, and let go to follow another one.
type Clock struct {
	mu   sync.Mutex // guards the rest
	at   time.Time
	live func() time.Time
}

// NewClock makes a clock that stands at an instant.
func NewClock(at time.Time) *Clock { return &Clock{at: at} }

// Now is the instant the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.live != nil {
		return c.live()
	}
	return c.at
}

// Set moves a standing clock.
func (c *Clock) Set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

// Follow lets the clock run with now from here on.
func (c *Clock) Follow(now func() time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.live = now
}

// Setter is a clock that the province may move.
type Setter interface {
	Now() time.Time
	Set(time.Time)
}

// Province is a node with its books, ready for acts.
type Province struct {
	DB       *store.DB
	Law      *gazette.Gazette
	Roll     *officer.Roll
	Register *dossier.Register
	Ledger   *payment.Ledger
	Filing   *filing.Drafts // nil: nobody files from home
	Clock    Setter

	people int // how many have been invented
	badges int
	admin  officer.By
	keys   int

	adminCode string // start code of the first administrator
}

// Hire puts a generated officer on the roll in one role for a unit of today,
// and gives the capacity in which it acts at its desk.
func (p *Province) Hire(ctx context.Context, login, name, title string, role officer.Role, unit string) (officer.By, string, error) {
	law, on := p.Law.Law(), pack.On(p.Clock.Now())
	u, ok := law.Unit(unit, on)
	if !ok {
		return officer.By{}, "", fmt.Errorf("hiring %s: no unit %s on %s", login, unit, on)
	}
	p.badges++
	o, code, err := p.Roll.Add(ctx, officer.Console(), officer.New{Login: login, Person: fmt.Sprintf("900-%03d", p.badges), Name: name, Title: title, Unit: u.Key})
	if err != nil {
		return officer.By{}, "", fmt.Errorf("hiring %s: %w", login, err)
	}
	if err := p.Promote(ctx, o.ID, role, u.Key); err != nil {
		return officer.By{}, "", err
	}
	by, err := p.As(ctx, o.ID, role, unit)
	return by, code, err
}

// Promote gives an officer one more role.
func (p *Province) Promote(ctx context.Context, id string, role officer.Role, unit pack.UnitKey) error {
	g, err := p.Roll.Grant(ctx, officer.Console(), id, officer.Grant{Role: role, Unit: unit, Reason: "Tỉnh mẫu"})
	if err != nil {
		return fmt.Errorf("granting %s to %s: %w", role, id, err)
	}
	if g.State == officer.Proposed {
		if err := p.Roll.Confirm(ctx, p.admin, g.ID); err != nil {
			return fmt.Errorf("confirming %s for %s: %w", role, id, err)
		}
	}
	return nil
}

// As is an officer acting in a role for a unit, at the desk of that unit if it
// is one.
func (p *Province) As(ctx context.Context, id string, role officer.Role, unit string) (officer.By, error) {
	law, on := p.Law.Law(), pack.On(p.Clock.Now())
	u, ok := law.Unit(unit, on)
	if !ok {
		return officer.By{}, fmt.Errorf("no unit %s on %s", unit, on)
	}
	o, err := p.Roll.Officer(ctx, officer.Console(), id)
	if err != nil {
		return officer.By{}, err
	}
	by := officer.Capacity(law, o, officer.Grant{Role: role, Unit: u.Key}, on)
	by.Elevated = true
	if u.Desk != nil {
		by.Desk = unit
	}
	return by, nil
}

// Intake is a walk-in with every paper in hand for a procedure, by an invented
// person.
func (p *Province) Intake(procedure string) dossier.Intake {
	in := dossier.Intake{Procedure: procedure, Channel: "counter", Filer: p.Person(), ReturnBy: "counter", Pay: "cash"}
	on := pack.On(p.Clock.Now())
	proc, ok := p.Law.Law().Procedure(procedure)
	if !ok {
		return in
	}
	v, ok := proc.On(on)
	if !ok {
		return in
	}
	if cases := dossier.Cases(v, in.Channel); len(cases) > 0 {
		in.Case = cases[0].Name
	}
	if fees := proc.FeeCases(in.Channel, on); len(fees) > 1 {
		in.FeeCase = fees[0]
	}
	in.Papers = papersOf(v, in.Case)
	return in
}

// papersOf are the papers that a case must have, all in hand.
func papersOf(v *pack.Version, kase string) (papers []dossier.Paper) {
	for _, c := range v.Components {
		if c.Mandatory && (c.Case == "" || c.Case == kase) {
			papers = append(papers, dossier.Paper{Name: c.Name, Present: true})
		}
	}
	return papers
}

// Receive writes an intake down at the officer's desk; with may spoil it first.
func (p *Province) Receive(ctx context.Context, by officer.By, procedure string, with ...func(*dossier.Intake)) (dossier.Dossier, error) {
	in := p.Intake(procedure)
	for _, change := range with {
		change(&in)
	}
	return p.Register.Receive(ctx, in, by, p.key())
}

// Do does one act.
func (p *Province) Do(ctx context.Context, by officer.By, d dossier.Dossier, act dossier.Act) (dossier.Dossier, error) {
	return p.Register.Do(ctx, d.ID, act, by, p.key(), 0)
}

func (p *Province) key() string {
	p.keys++
	return fmt.Sprintf("demo-%06d", p.keys)
}

// names that people of the province bear; no combination is meant for anyone.
var (
	families = []string{"Lò", "Giàng", "Vàng", "Tao", "Lý", "Sùng", "Phàn", "Tẩn", "Mào", "Đèo", "Nguyễn", "Hoàng", "Chẻo", "Khoàng", "Lường"}
	middles  = []string{"Thị", "Văn", "A", "Thị Hồng", "Minh", "Xuân", "Thị Mai", "Đức"}
	givens   = []string{"Pâng", "Páo", "Phương", "Dủa", "Thắm", "Sơn", "Mẩy", "Chín", "Ngọc", "Đạt", "Ươm", "Xuyến", "Hặc", "Yến", "Sử"}
	villages = []string{"Bản Nà Đoong", "Bản Gia Khâu", "Tổ 5", "Bản Lùng Than", "Tổ 12", "Bản Mới", "Bản Sin Câu"}
)

// Person invents a citizen: a name by chance of the count, and numbers in
// ranges that are given to nobody.
func (p *Province) Person() applicant.Person {
	n := p.people
	p.people++
	year := 1960 + n*7%45
	sex, digit := applicant.Male, 0
	middle := middles[n/len(families)%len(middles)]
	if n%2 == 1 {
		sex, digit = applicant.Female, 1
	}
	if year >= 2000 {
		digit += 2
	}
	return applicant.Person{
		Kind: applicant.Citizen, Name: families[n%len(families)] + " " + middle + " " + givens[n*4%len(givens)],
		Born: fmt.Sprintf("%d-%02d-%02d", year, 1+n%12, 13+n%15), Sex: sex,
		IDKind: applicant.CCCD, IDNumber: fmt.Sprintf("012%d%02d%06d", digit, year%100, n+1),
		Address: "Phường Tân Phong, Lai Châu", Village: villages[n%len(villages)],
		Phone: fmt.Sprintf("+84300%06d", n+1), Source: applicant.Typed,
	}
}

// Open readies a province on open books. It hires the second administrator
// that grants of weight need.
func (p *Province) Open(ctx context.Context) error {
	o, code, err := p.Roll.Add(ctx, officer.Console(), officer.New{Login: "quantri", Person: "900-000", Name: "Đèo Văn Quản", Title: "Thiếu tá", Unit: p.province()})
	if err != nil {
		return fmt.Errorf("hiring the administrator: %w", err)
	}
	p.adminCode = code
	p.admin = officer.Capacity(p.Law.Law(), o, officer.Grant{Role: officer.Administrator, Unit: p.province()}, pack.On(p.Clock.Now()))
	p.admin.Elevated = true
	return nil
}

func (p *Province) province() pack.UnitKey {
	u, _ := p.Law.Law().Unit(p.Law.Law().Head().Province, pack.On(p.Clock.Now()))
	return u.Key
}

// Crew are the officers who carry a dossier through its steps.
type Crew struct{ Desk, Processor, Chief, Head officer.By }

// Work carries a dossier on by up to n steps, concluding it at the last one;
// before each it calls pause, which may move the clock.
func (p *Province) Work(ctx context.Context, d dossier.Dossier, crew Crew, n int, pause func()) (_ dossier.Dossier, err error) {
	for ; n > 0 && (d.State == dossier.Accepted || d.State == dossier.Processing); n-- {
		pause()
		w := p.world()
		if d.Assignee == "" {
			if d, err = p.Do(ctx, crew.Processor, d, &dossier.Assign{Officer: crew.Processor.Officer.ID}); err != nil {
				return d, err
			}
		}
		by := crew.Processor
		if w.StepOf(&d).Kind == "approve" {
			by = crew.Chief
		}
		act := dossier.Act(&dossier.Advance{})
		if conclude := (&dossier.Conclude{}); conclude.Allowed(&d, by, w) == nil {
			act = &dossier.Conclude{Outcome: "granted", Kind: "Giấy tờ kết quả", Number: fmt.Sprintf("%03d/KQ", p.keys)}
		}
		if d, err = p.Do(ctx, by, d, act); err != nil {
			return d, err
		}
	}
	return d, nil
}
