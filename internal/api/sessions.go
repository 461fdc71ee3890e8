package api

import (
	"time"

	"quay20/internal/officer"
	"quay20/internal/pack"
)

// SignIn is what an officer proves themselves with.
type SignIn struct {
	Login    string `json:"login"`
	Password string `json:"password" secret:"true"`
	Code     string `json:"code,omitempty" secret:"true"`
}

// Token is a session's token: whoever has it is the officer.
type Token struct {
	Token string `json:"token"`
	Me    Me     `json:"me"`
}

// Capacity is a role that the officer holds today, and where.
type Capacity struct {
	Role officer.Role `json:"role"`
	Unit *Unit        `json:"unit"`
	To   pack.Date    `json:"to,omitempty"`
}

// Me is the officer of the session.
type Me struct {
	Officer    string     `json:"officer"`
	Login      string     `json:"login"`
	Name       string     `json:"name"`
	Title      string     `json:"title,omitempty"`
	Unit       *Unit      `json:"unit"`
	Desk       string     `json:"desk,omitempty"`
	Capacities []Capacity `json:"capacities"`
	Started    time.Time  `json:"started"`
	Elevated   bool       `json:"elevated"`
	MustChange bool       `json:"must_change_password"`
	MustEnrol  bool       `json:"must_enrol_second_factor"`
}

func (c *call) me(s officer.Session) Me {
	m := Me{
		Officer: s.Officer.ID, Login: s.Officer.Login, Name: s.Officer.Name, Title: s.Officer.Title, Unit: c.unit(s.Officer.Unit),
		Desk: s.Desk, Started: s.Started, Elevated: s.Elevated, MustChange: s.MustChange, MustEnrol: s.MustEnrol,
	}
	for _, g := range s.Capacities() {
		m.Capacities = append(m.Capacities, Capacity{g.Role, c.unit(g.Unit), g.To})
	}
	return m
}

func signIn(c *call, in SignIn) (Token, error) {
	token, s, err := c.Roll.SignIn(c.ctx(), in.Login, in.Password, in.Code, c.client().String())
	if err != nil {
		return Token{}, err
	}
	return Token{token, c.me(s)}, nil
}

func signOut(c *call, _ nothing) (nothing, error) {
	return nothing{}, c.Roll.SignOut(c.ctx(), c.token)
}

func whoAmI(c *call, _ nothing) (Me, error) { return c.me(c.session), nil }

// Desk is the desk to take; "" leaves it.
type Desk struct {
	Desk string `json:"desk"`
}

func takeDesk(c *call, in Desk) (Me, error) {
	s, err := c.Roll.TakeDesk(c.ctx(), c.token, in.Desk)
	if err != nil {
		return Me{}, err
	}
	return c.me(s), nil
}

// Proof is the code of the second factor, or the password where there is none.
type Proof struct {
	Proof string `json:"proof" secret:"true"`
}

func elevate(c *call, in Proof) (Token, error) {
	return c.renewed(c.Roll.Elevate(c.ctx(), c.token, in.Proof))
}

// Password is a change of one's own password.
type Password struct {
	Current string `json:"current" secret:"true"`
	New     string `json:"new" secret:"true"`
}

func setPassword(c *call, in Password) (Token, error) {
	return c.renewed(c.Roll.SetPassword(c.ctx(), c.token, in.Current, in.New))
}

// Factor is a second factor that waits for its first code.
type Factor struct {
	Secret string `json:"secret"`
	URL    string `json:"url"`
}

func enrol(c *call, _ nothing) (Factor, error) {
	e, err := c.Roll.EnrolTOTP(c.ctx(), c.token)
	return Factor{e.Secret, e.URL}, err
}

// Code is a code of the second factor.
type Code struct {
	Code string `json:"code" secret:"true"`
}

func confirmFactor(c *call, in Code) (Token, error) {
	return c.renewed(c.Roll.ConfirmTOTP(c.ctx(), c.token, in.Code))
}

// renewed shows a session under its new token; the old one is dead.
func (c *call) renewed(token string, s officer.Session, err error) (Token, error) {
	if err != nil {
		return Token{}, err
	}
	return Token{token, c.me(s)}, nil
}

// OfficerFacts is an officer on the roll.
type OfficerFacts struct {
	ID        string       `json:"id"`
	Login     string       `json:"login"`
	Person    string       `json:"person"`
	Name      string       `json:"name"`
	Title     string       `json:"title,omitempty"`
	Unit      *Unit        `json:"unit"`
	Active    bool         `json:"active"`
	Factor    bool         `json:"second_factor"`
	Created   time.Time    `json:"created"`
	Version   int64        `json:"version"`
	Grants    []GrantFacts `json:"grants"`
	StartCode string       `json:"start_code,omitempty"`
}

// keep leaves the start code out: it is shown once.
func (o OfficerFacts) keep() any { o.StartCode = ""; return o }

// GrantFacts is a role that an officer holds or that waits for a second person.
type GrantFacts struct {
	ID     string             `json:"id"`
	Role   officer.Role       `json:"role"`
	Unit   *Unit              `json:"unit"`
	From   pack.Date          `json:"from"`
	To     pack.Date          `json:"to,omitempty"`
	Reason string             `json:"reason"`
	State  officer.GrantState `json:"state"`
}

func (g GrantFacts) keep() any { return g }

func (c *call) grant(g officer.Grant) GrantFacts {
	return GrantFacts{g.ID, g.Role, c.unit(g.Unit), g.From, g.To, g.Reason, g.State}
}

func (c *call) officer(o officer.Officer) OfficerFacts {
	f := OfficerFacts{
		ID: o.ID, Login: o.Login, Person: o.Person, Name: o.Name, Title: o.Title, Unit: c.unit(o.Unit), Active: o.Active,
		Factor: o.TOTP, Created: o.Created, Version: o.Version,
	}
	for _, g := range o.Grants {
		f.Grants = append(f.Grants, c.grant(g))
	}
	return f
}

// Officers is a part of the roll.
type Officers struct {
	Officers []OfficerFacts `json:"officers"`
}

func officers(c *call, _ nothing) (Officers, error) {
	unit, err := c.unitAsked("unit", c.query("unit"))
	if err != nil {
		return Officers{}, err
	}
	limit, err := c.number("limit", 200)
	if err != nil {
		return Officers{}, err
	}
	by, err := c.session.For(officer.SeeOfficers, unit)
	if err != nil {
		return Officers{}, err
	}
	all, err := c.Roll.List(c.ctx(), by, officer.Filter{Unit: unit, Role: officer.Role(c.query("role")), After: c.query("after"), Limit: int(limit)})
	out := Officers{Officers: []OfficerFacts{}}
	for _, o := range all {
		out.Officers = append(out.Officers, c.officer(o))
	}
	return out, err
}

// NewOfficer is what an administrator writes about a new officer.
type NewOfficer struct {
	Login  string `json:"login"`
	Person string `json:"person"`
	Name   string `json:"name"`
	Title  string `json:"title,omitempty"`
	Unit   string `json:"unit"`
}

func addOfficer(c *call, in NewOfficer) (OfficerFacts, error) {
	by, err := c.session.For(officer.Officers, "")
	if err != nil {
		return OfficerFacts{}, err
	}
	unit, err := c.unitAsked("unit", in.Unit)
	if err != nil {
		return OfficerFacts{}, err
	}
	o, code, err := c.Roll.Add(c.ctx(), by, officer.New{Login: in.Login, Person: in.Person, Name: in.Name, Title: in.Title, Unit: unit})
	if err != nil {
		return OfficerFacts{}, err
	}
	f := c.officer(o)
	f.StartCode = code
	return f, nil
}

// NewGrant is a role to grant.
type NewGrant struct {
	Role   officer.Role `json:"role"`
	Unit   string       `json:"unit"`
	From   pack.Date    `json:"from,omitempty"`
	To     pack.Date    `json:"to,omitempty"`
	Reason string       `json:"reason"`
}

func addGrant(c *call, in NewGrant) (GrantFacts, error) {
	by, err := c.session.For(officer.Officers, "")
	if err != nil {
		return GrantFacts{}, err
	}
	unit, err := c.unitAsked("unit", in.Unit)
	if err != nil {
		return GrantFacts{}, err
	}
	g, err := c.Roll.Grant(c.ctx(), by, c.r.PathValue("id"), officer.Grant{Role: in.Role, Unit: unit, From: in.From, To: in.To, Reason: in.Reason})
	if err != nil {
		return GrantFacts{}, err
	}
	return c.grant(g), nil
}

// Reason is why something is done, in the officer's words.
type Reason struct {
	Reason string `json:"reason"`
}

func confirmGrant(c *call, _ nothing) (nothing, error) {
	by, err := c.session.For(officer.Officers, "")
	if err != nil {
		return nothing{}, err
	}
	return nothing{}, c.Roll.Confirm(c.ctx(), by, c.r.PathValue("id"))
}

func declineGrant(c *call, in Reason) (nothing, error) {
	by, err := c.session.For(officer.Officers, "")
	if err != nil {
		return nothing{}, err
	}
	return nothing{}, c.Roll.Decline(c.ctx(), by, c.r.PathValue("id"), in.Reason)
}

func revokeGrant(c *call, in Reason) (nothing, error) {
	by, err := c.session.For(officer.Officers, "")
	if err != nil {
		return nothing{}, err
	}
	return nothing{}, c.Roll.Revoke(c.ctx(), by, c.r.PathValue("id"), in.Reason)
}

func disableOfficer(c *call, in Reason) (nothing, error) {
	by, err := c.session.For(officer.Officers, "")
	if err != nil {
		return nothing{}, err
	}
	return nothing{}, c.Roll.Disable(c.ctx(), by, c.r.PathValue("id"), in.Reason)
}

// StartCode serves one sign-in within 24 hours.
type StartCode struct {
	StartCode string `json:"start_code"`
}

func enableOfficer(c *call, in Reason) (StartCode, error) {
	return c.startCode(func(by officer.By) (string, error) { return c.Roll.Enable(c.ctx(), by, c.r.PathValue("id"), in.Reason) })
}

func resetPassword(c *call, _ nothing) (StartCode, error) {
	return c.startCode(func(by officer.By) (string, error) { return c.Roll.ResetPassword(c.ctx(), by, c.r.PathValue("id")) })
}

func resetFactor(c *call, _ nothing) (StartCode, error) {
	return c.startCode(func(by officer.By) (string, error) { return c.Roll.ResetFactor(c.ctx(), by, c.r.PathValue("id")) })
}

func (c *call) startCode(get func(officer.By) (string, error)) (StartCode, error) {
	by, err := c.session.For(officer.Officers, "")
	if err != nil {
		return StartCode{}, err
	}
	code, err := get(by)
	return StartCode{code}, err
}
