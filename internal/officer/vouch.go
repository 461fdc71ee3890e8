package officer

import (
	"fmt"

	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
)

// Vouch names an administrator as the second person of an act that begins at
// the console, such as a restore: their second factor's code of now proves that
// they know of it. The code is used up. rel-I-J6
func Vouch(tx *store.Tx, login, code string) (Officer, error) {
	wrong := problem.New(problem.Forbidden, "officer.err.vouch", "login", login)
	o, err := findWhere(tx, `login = $1`, cleanLogin(login))
	if problem.Is(err, problem.NotFound) {
		return Officer{}, wrong
	}
	if err != nil {
		return Officer{}, err
	}
	if !o.administers(pack.On(tx.Now)) || o.Secret == "" {
		return Officer{}, wrong
	}
	step, inTime := stepOf(o.Secret, digits(code), tx.Now)
	if !inTime {
		return Officer{}, wrong
	}
	won, err := useStep(tx, o.ID, step)
	if err == nil && !won {
		err = wrong
	}
	return o.Officer, err
}

// Vouchers reports whether there is anybody who could vouch.
func Vouchers(tx *store.Tx) (bool, error) {
	all, err := store.All(tx, scanRow, `SELECT `+columns+` FROM officer WHERE active AND totp <> ''
		AND id IN (SELECT officer FROM officer_grant WHERE role = $1)`, Administrator)
	if err != nil {
		return false, fmt.Errorf("looking for administrators: %w", err)
	}
	for _, o := range all {
		grants, err := grantsOf(tx, o.ID)
		if err != nil {
			return false, err
		}
		if o.Grants = living(grants); o.administers(pack.On(tx.Now)) {
			return true, nil
		}
	}
	return false, nil
}

func (o Officer) administers(on pack.Date) bool {
	for _, g := range o.Grants {
		if g.Role == Administrator && g.Holds(on) {
			return o.Active
		}
	}
	return false
}

// EndAllSessions ends everybody's sessions: a restored house must not let in
// whose session was ended since.
func EndAllSessions(tx *store.Tx) error {
	if _, err := tx.Exec(`DELETE FROM officer_session`); err != nil {
		return fmt.Errorf("ending all sessions: %w", err)
	}
	return nil
}
