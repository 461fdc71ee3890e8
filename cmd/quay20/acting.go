package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"quay20/internal/journal"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
)

// Acting says for which officer the console works on dossiers. The console
// itself has the rights of administrators, who see no dossier.
type Acting struct {
	As   string `help:"Login of the officer for whom this is done; the journal says so." placeholder:"LOGIN"`
	Role string `help:"In which of the officer's roles, where there are several." placeholder:"ROLE"`
	Desk string `help:"At which desk; by default the officer's unit if it is one." placeholder:"CODE"`
	Why  string `help:"Why, for the journal." default:"Làm từ dòng lệnh" placeholder:"REASON"`
}

// by is the officer's capacity for a permission. That the console took it is an
// entry of its own in the journal, before anything is done with it.
func (a *Acting) by(ctx context.Context, h *house, std Std, p officer.Permission, command string) (officer.By, error) {
	if a.As == "" {
		return officer.By{}, problem.New(problem.Invalid, "err.summary").Field("as", "cli.err.as")
	}
	o, err := h.officer(ctx, a.As)
	if err != nil {
		return officer.By{}, err
	}
	law, on := h.law.Law(), pack.On(std.Now())
	g, err := a.grant(o, p, on)
	if err != nil {
		return officer.By{}, err
	}
	by := officer.Capacity(law, o, g, on)
	by.Elevated = true
	u, _ := law.UnitByKey(g.Unit)
	if a.Desk != "" {
		desk, ok := law.Unit(a.Desk, on)
		if !ok || desk.Desk == nil || !by.Units[desk.Key] {
			return officer.By{}, problem.New(problem.Invalid, "err.summary").Field("desk", "cli.err.no-desk", "desk", a.Desk, "on", on)
		}
		u = desk
	}
	if u.Desk != nil {
		by.Desk = u.Code
	}
	return by, h.noteActing(ctx, by, a.Why, command)
}

// grant picks the grant in force that permits what is asked.
func (a *Acting) grant(o officer.Officer, p officer.Permission, on pack.Date) (officer.Grant, error) {
	var fits []officer.Grant
	for _, g := range o.Grants {
		if g.State == officer.InForce && g.Holds(on) && (a.Role == "" || string(g.Role) == a.Role) && (p == "" || officer.By{Role: g.Role}.Can(p)) {
			fits = append(fits, g)
		}
	}
	switch {
	case !o.Active || len(fits) == 0:
		return officer.Grant{}, problem.New(problem.Forbidden, "cli.err.as-may-not", "login", o.Login)
	case len(fits) > 1:
		return officer.Grant{}, problem.New(problem.Invalid, "err.summary").Field("role", "cli.err.as-role", "login", o.Login)
	}
	return fits[0], nil
}

// officer finds an officer by login.
func (h *house) officer(ctx context.Context, login string) (officer.Officer, error) {
	after := ""
	for {
		list, err := h.roll.List(ctx, officer.Console(), officer.Filter{After: after})
		if err != nil {
			return officer.Officer{}, err
		}
		for _, o := range list {
			if o.Login == login {
				return o, nil
			}
			after = o.ID
		}
		if len(list) == 0 {
			return officer.Officer{}, problem.New(problem.NotFound, "cli.err.no-officer", "login", login)
		}
	}
}

// noteActing journals that the console works for an officer.
func (h *house) noteActing(ctx context.Context, by officer.By, why, command string) error {
	facts, err := json.Marshal(map[string]string{"for": by.Officer.ID, "capacity": by.Capacity(), "command": command})
	if err != nil {
		return err
	}
	err = h.db.Write(ctx, func(tx *store.Tx) error {
		console := officer.Console()
		_, err := journal.Append(tx, journal.Entry{Officer: console.Officer.ID, Capacity: console.Capacity(), Act: "console_as", Subject: "console/" + by.Officer.ID, Reason: why, Facts: facts})
		return err
	})
	if err != nil {
		return fmt.Errorf("journaling that the console acts for %s: %w", by.Officer.Login, err)
	}
	return nil
}

// unitWords names a unit of the pack for people.
func unitWords(law *pack.Pack, k pack.UnitKey) string {
	if u, ok := law.UnitByKey(k); ok {
		return u.Name
	}
	return string(k)
}

// Vouch says who answers, besides the operator, for what begins at the console.
type Vouch struct {
	Second string `help:"The second person: an administrator's login and second-factor code of now." placeholder:"LOGIN=CODE"`
	Alone  bool   `help:"No administrator can be reached; the journal says so."`
}

// second is who vouches besides the person at the console (rel-I-J6).
func (c *Vouch) second(tx *store.Tx) (id string, err error) {
	there, err := officer.Vouchers(tx)
	switch {
	case err != nil:
		return "", err
	case c.Second != "":
		login, code, _ := strings.Cut(c.Second, "=")
		o, err := officer.Vouch(tx, login, code)
		return o.ID, err
	case there && !c.Alone:
		return "", problem.New(problem.Invalid, "err.summary").Field("second", "backup.err.second")
	}
	return "", nil
}
