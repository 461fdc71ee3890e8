package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"

	"quay20/internal/demo"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/text"
)

// UserCmd keeps the roll of officers from the console.
type UserCmd struct {
	First UserFirst `cmd:"" help:"Print a one-time code for the first administrator, while there is no officer."`
	List  UserList  `cmd:"" help:"List officers with their roles."`
	Add   UserAdd   `cmd:"" help:"Put an officer on the roll; prints the start code for the first sign-in."`
	Grant UserGrant `cmd:"" help:"Give an officer a role."`
	Reset UserReset `cmd:"" help:"Give a start code for a forgotten password or a lost second factor."`
	Code  UserCode  `cmd:"" help:"Print a demo officer's second-factor code."`
}

// UserFirst makes the code of the first administrator.
type UserFirst struct{}

func (c *UserFirst) Help() string {
	return `Example:
  quay20 user first --data /srv/quay20

Type the code at /desk/first. A new call makes a new code and the old one void.`
}

func (c *UserFirst) Run(ctx context.Context, std Std, place *Place, lang text.Lang) error {
	h, err := place.make(ctx, std.Now)
	if err != nil {
		return err
	}
	defer h.db.Close()
	code, err := h.roll.First(ctx)
	if err != nil {
		return err
	}
	if code == "" {
		return problem.New(problem.Conflict, "cli.err.not-first")
	}
	return h.say(ctx, std, code)
}

// UserList lists the roll.
type UserList struct {
	JSON bool `name:"json" help:"Print JSON."`
}

func (c *UserList) Help() string {
	return `Example:
  quay20 user list --data var/demo`
}

func (c *UserList) Run(ctx context.Context, std Std, place *Place, lang text.Lang) error {
	h, err := place.open(ctx, std.Now)
	if err != nil {
		return err
	}
	defer h.db.Close()
	list, err := h.roll.List(ctx, officer.Console(), officer.Filter{Limit: 100_000})
	if err != nil {
		return err
	}
	if c.JSON {
		return writeJSON(std.Out, list)
	}
	w := tabwriter.NewWriter(std.Out, 2, 0, 2, ' ', 0)
	for _, o := range list {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", o.ID, o.Login, o.Name, grantWords(lang, h.law.Law(), o.Grants), activeWords(lang, o.Active))
	}
	return w.Flush()
}

func activeWords(lang text.Lang, active bool) string {
	if active {
		return ""
	}
	return text.T(lang, "cli.user.disabled")
}

func grantWords(lang text.Lang, law *pack.Pack, grants []officer.Grant) string {
	words := make([]string, len(grants))
	for i, g := range grants {
		u, _ := law.UnitByKey(g.Unit)
		words[i] = text.T(lang, string(g.Role.Word())) + " " + u.Code
		if g.State == officer.Proposed {
			words[i] += " (" + text.T(lang, "officer.grant."+string(g.State)) + ")"
		}
	}
	return strings.Join(words, ", ")
}

// UserAdd puts an officer on the roll.
type UserAdd struct {
	Login  string `arg:"" help:"What they type to sign in."`
	Person string `required:"" help:"Badge number: the same on every account of one person." placeholder:"NUMBER"`
	Name   string `required:"" help:"Full name, with marks." placeholder:"NAME"`
	Title  string `help:"Rank or title: Đại úy." placeholder:"TITLE"`
	Unit   string `required:"" help:"Code of the unit in which they serve." placeholder:"CODE"`
}

func (c *UserAdd) Help() string {
	return `Example:
  quay20 user add minh --person 112-305 --name "Lò Thị Minh" --title "Thượng úy" --unit 12-PC06
  quay20 user grant minh receptionist 12-Q20 --reason "Phân công ngày 02/3"

The start code is valid for a day and opens nothing but the page for a password of one's own.`
}

func (c *UserAdd) Run(ctx context.Context, std Std, place *Place, lang text.Lang) error {
	h, err := place.open(ctx, std.Now)
	if err != nil {
		return err
	}
	defer h.db.Close()
	unit, err := h.unit(std, c.Unit)
	if err != nil {
		return err
	}
	o, code, err := h.roll.Add(ctx, officer.Console(), officer.New{Login: c.Login, Person: c.Person, Name: c.Name, Title: c.Title, Unit: unit})
	if err != nil {
		return err
	}
	return h.say(ctx, std, text.T(lang, "cli.user.added", "id", o.ID, "login", o.Login, "code", code))
}

// say prints what a change of the roll gave, a code that is shown only once
// too, and then copies the journal's head out. rel-I-J6
func (h *house) say(ctx context.Context, std Std, words string) error {
	if _, err := fmt.Fprintln(std.Out, words); err != nil {
		return err
	}
	return h.copies().Copy(ctx)
}

// unit finds a unit of today by code.
func (h *house) unit(std Std, code string) (pack.UnitKey, error) {
	on := pack.On(std.Now())
	u, ok := h.law.Law().Unit(code, on)
	if !ok {
		return "", problem.New(problem.Invalid, "err.summary").Field("unit", "cli.err.no-unit", "unit", code, "on", on)
	}
	return u.Key, nil
}

// UserGrant gives a role.
type UserGrant struct {
	Login  string `arg:"" help:"Login of the officer."`
	Role   string `arg:"" help:"receptionist, processor, approver, cashier, procedure_control, administrator, inspector or leader."`
	Unit   string `arg:"" help:"Code of the unit; its children are included."`
	Reason string `required:"" help:"Why, for the journal." placeholder:"REASON"`
	From   string `help:"First day; today if left out." placeholder:"2026-05-08"`
	To     string `help:"Last day." placeholder:"2026-05-08"`
}

func (c *UserGrant) Help() string {
	return `Example:
  quay20 user grant minh receptionist 12-Q20 --reason "Phân công ngày 02/3"

A further administrator waits for another administrator to confirm.`
}

func (c *UserGrant) Run(ctx context.Context, std Std, place *Place, lang text.Lang) error {
	h, err := place.open(ctx, std.Now)
	if err != nil {
		return err
	}
	defer h.db.Close()
	o, err := h.officer(ctx, c.Login)
	if err != nil {
		return err
	}
	unit, err := h.unit(std, c.Unit)
	if err != nil {
		return err
	}
	g, err := h.roll.Grant(ctx, officer.Console(), o.ID, officer.Grant{Role: officer.Role(c.Role), Unit: unit, From: c.From, To: c.To, Reason: c.Reason})
	if err != nil {
		return err
	}
	return h.say(ctx, std, grantWords(lang, h.law.Law(), []officer.Grant{g}))
}

// UserReset gives a new start code.
type UserReset struct {
	Login  string `arg:"" help:"Login of the officer."`
	Factor bool   `help:"Forget the second factor too: the telephone is lost."`
}

func (c *UserReset) Help() string {
	return `Examples:
  quay20 user reset minh
  quay20 user reset dat --factor

Make sure face to face who asks. All sessions of the account end.`
}

func (c *UserReset) Run(ctx context.Context, std Std, place *Place, lang text.Lang) error {
	h, err := place.open(ctx, std.Now)
	if err != nil {
		return err
	}
	defer h.db.Close()
	o, err := h.officer(ctx, c.Login)
	if err != nil {
		return err
	}
	reset := h.roll.ResetPassword
	if c.Factor {
		reset = h.roll.ResetFactor
	}
	code, err := reset(ctx, officer.Console(), o.ID)
	if err != nil {
		return err
	}
	return h.say(ctx, std, code)
}

// UserCode stands in for the telephone of a demo officer.
type UserCode struct {
	Login string `arg:"" help:"Login of the demo officer."`
}

func (c *UserCode) Help() string {
	return `Example:
  quay20 user code dat --data var/demo

A code is good for one sign-in; wait for the next one before signing in again.`
}

func (c *UserCode) Run(std Std, place *Place, lang text.Lang) error {
	if err := place.inDemo(&std); err != nil {
		return err
	}
	ins, err := place.signIns()
	if err != nil {
		return err
	}
	if len(ins) == 0 {
		return problem.New(problem.NotFound, "cli.err.no-demo", "data", place.folder())
	}
	in, ok := find(ins, c.Login)
	switch {
	case !ok:
		return problem.New(problem.NotFound, "cli.err.no-officer", "login", c.Login)
	case in.Secret == "":
		return problem.New(problem.NotFound, "cli.err.no-factor", "login", c.Login)
	}
	code, err := officer.Code(in.Secret, std.Now())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(std.Out, code)
	return err
}

func find(ins []demo.SignIn, login string) (demo.SignIn, bool) {
	for _, in := range ins {
		if in.Login == login {
			return in, true
		}
	}
	return demo.SignIn{}, false
}
