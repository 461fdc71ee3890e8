package officer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
)

// Grant gives an officer a role. A grant of a role in RolesWithSecondPerson is
// only proposed until another administrator confirms it (rel-T27), unless the
// roll has never had two administrators. Nobody grants anything to themselves.
func (r *Roll) Grant(ctx context.Context, by By, officer string, g Grant) (Grant, error) {
	g.Reason = cleanText(g.Reason)
	err := r.db.Write(ctx, func(tx *store.Tx) error {
		on := pack.On(tx.Now)
		o, err := r.keptBy(tx, by, officer)
		if err != nil {
			return err
		}
		if err := by.notOwn(o.Officer); err != nil {
			return err
		}
		if g.From == "" {
			g.From = on
		}
		if err := r.checkGrant(g, by, on); err != nil {
			return err
		}
		if g.State, err = firstState(tx, g.Role); err != nil {
			return err
		}
		g.ProposedBy = by.Officer.ID
		if g.ID, err = insertGrant(tx, officer, g); err != nil {
			return err
		}
		act := "grant_role"
		if g.State == Proposed {
			act = "propose_role"
		}
		return record(tx, by, act, officer, g.Reason, facts(g))
	})
	if err != nil {
		return Grant{}, err
	}
	return g, nil
}

func facts(g Grant) map[string]any {
	return map[string]any{"grant": g.ID, "role": g.Role, "unit": g.Unit, "from": g.From, "to": g.To}
}

func (r *Roll) checkGrant(g Grant, by By, on pack.Date) error {
	p := problem.New(problem.Invalid, "err.summary")
	if !slices.Contains(Roles, g.Role) {
		p.Field("role", "officer.err.role")
	}
	if !r.scopes.stands(g.Unit, max(on, g.From)) || !by.Sees(g.Unit) {
		p.Field("unit", "officer.err.unit")
	}
	if !isDate(g.From) {
		p.Field("from", "officer.err.day")
	}
	if g.To != "" && !isDate(g.To) {
		p.Field("to", "officer.err.day")
	} else if g.To != "" && g.To < max(g.From, on) {
		p.Field("to", "officer.err.to")
	}
	if !printable(g.Reason, 1, 500) {
		p.Field("reason", "officer.err.reason")
	}
	return p.Or()
}

// firstState is Proposed if the role waits for a second administrator. While
// at most one person has ever been one, there is nobody to wait for.
func firstState(tx *store.Tx, role Role) (GrantState, error) {
	if !RolesWithSecondPerson[role] {
		return InForce, nil
	}
	persons, err := store.One(tx, number, `
		SELECT COUNT(DISTINCT o.person) FROM officer_grant g JOIN officer o ON o.id = g.officer
		WHERE g.role = $1 AND g.state IN ('in_force', 'revoked')`, Administrator)
	if err != nil {
		return "", fmt.Errorf("counting administrators: %w", err)
	}
	if persons < 2 {
		return InForce, nil
	}
	return Proposed, nil
}

// insertGrant enters a grant and marks its officer as changed.
func insertGrant(tx *store.Tx, officer string, g Grant) (string, error) {
	id, err := nextID(tx, "PC")
	if err != nil {
		return "", fmt.Errorf("numbering a grant: %w", err)
	}
	if _, err := tx.Exec(`
		INSERT INTO officer_grant (`+grantColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '', '', '', '', $11)`,
		id, officer, g.Role, g.Unit, g.From, g.To, g.Reason, g.State, g.ProposedBy, tx.Now, g.Former); err != nil {
		return "", fmt.Errorf("granting a role to %s: %w", officer, err)
	}
	return id, touch(tx, officer)
}

// Confirm puts a proposed grant in force. The person who proposed it and the
// person who gains by it cannot (rel-I-J8).
func (r *Roll) Confirm(ctx context.Context, by By, grant string) error {
	return r.db.Write(ctx, func(tx *store.Tx) error {
		g, o, err := r.grantKept(tx, by, grant, Proposed)
		if err != nil {
			return err
		}
		if err := by.notOwn(o.Officer); err != nil {
			return err
		}
		first, err := person(tx, g.ProposedBy)
		if err != nil {
			return err
		}
		if err := by.Other(first); err != nil {
			return err
		}
		return settle(tx, by, g, InForce, "confirm_role", "")
	})
}

// Decline ends a proposed grant; its proposer may do it too.
func (r *Roll) Decline(ctx context.Context, by By, grant, reason string) error {
	reason = cleanText(reason)
	return r.db.Write(ctx, func(tx *store.Tx) error {
		g, _, err := r.grantKept(tx, by, grant, Proposed)
		if err != nil {
			return err
		}
		if !printable(reason, 1, 500) {
			return needReason()
		}
		return settle(tx, by, g, Declined, "decline_role", reason)
	})
}

func settle(tx *store.Tx, by By, g grantRow, to GrantState, act, reason string) error {
	changed, err := tx.Exec(`UPDATE officer_grant SET state = $1, settled_by = $2, settled_at = $3 WHERE id = $4 AND state = $5`,
		to, by.Officer.ID, tx.Now, g.ID, Proposed)
	if err != nil {
		return fmt.Errorf("settling grant %s: %w", g.ID, err)
	}
	if changed == 0 {
		return problem.New(problem.Stale, "officer.err.stale")
	}
	if err := touch(tx, g.Officer); err != nil {
		return err
	}
	return record(tx, by, act, g.Officer, reason, facts(g.Grant))
}

// Revoke ends a grant at once: the officer's next request is without it
// (rel-I-P3).
func (r *Roll) Revoke(ctx context.Context, by By, grant, reason string) error {
	reason = cleanText(reason)
	return r.db.Write(ctx, func(tx *store.Tx) error {
		g, _, err := r.grantKept(tx, by, grant, InForce)
		if err != nil {
			return err
		}
		if !printable(reason, 1, 500) {
			return needReason()
		}
		if _, err := tx.Exec(`UPDATE officer_grant SET state = $1, revoked_by = $2, revoked_at = $3 WHERE id = $4`,
			Revoked, by.Officer.ID, tx.Now, g.ID); err != nil {
			return fmt.Errorf("revoking grant %s: %w", g.ID, err)
		}
		if err := touch(tx, g.Officer); err != nil {
			return err
		}
		return record(tx, by, "revoke_role", g.Officer, reason, facts(g.Grant))
	})
}

// grantKept reads a grant in this state of an officer whose account by may keep.
func (r *Roll) grantKept(tx *store.Tx, by By, id string, in GrantState) (grantRow, row, error) {
	if !by.Can(Officers) {
		return grantRow{}, row{}, by.Require(Officers, "")
	}
	if !printable(id, 1, 40) {
		return grantRow{}, row{}, problem.New(problem.NotFound, "err.not-found")
	}
	g, err := store.One(tx, scanGrant, `SELECT `+grantColumns+` FROM officer_grant WHERE id = $1`, id)
	if errors.Is(err, store.ErrNone) {
		return grantRow{}, row{}, problem.New(problem.NotFound, "err.not-found")
	}
	if err != nil {
		return grantRow{}, row{}, fmt.Errorf("reading grant %s: %w", id, err)
	}
	o, err := r.keptBy(tx, by, g.Officer)
	if err != nil {
		return grantRow{}, row{}, err
	}
	if g.State != in {
		return grantRow{}, row{}, problem.New(problem.Stale, "officer.err.stale")
	}
	return g, o, nil
}

// person reads an officer for a comparison of persons; the program and the
// console are not on the roll and are persons of their own.
func person(tx *store.Tx, id string) (Officer, error) {
	if id == "" || id == Console().Officer.ID {
		return Officer{ID: id, Person: id}, nil
	}
	return Find(tx, id)
}

// SecondPerson refuses when by and the officer who acted first are one person,
// even with two accounts (rel-I-J8, rel-T26).
func SecondPerson(tx *store.Tx, by By, first string) error {
	o, err := person(tx, first)
	if err != nil {
		return err
	}
	return by.Other(o)
}

func isDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}
