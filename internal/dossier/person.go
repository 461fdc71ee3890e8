package dossier

import (
	"context"
	"fmt"
	"slices"

	"quay20/internal/applicant"
	"quay20/internal/officer"
	"quay20/internal/store"
)

// ownedTerm is how a dossier is found by an account: no word that people search
// by begins so.
func ownedTerm(owner string) string { return "@" + owner }

// Listed is a dossier on its account's page, with the token that opens its own.
type Listed struct {
	Dossier
	Token string
}

// OfAccount gives the dossiers that are listed on an account's page, newest
// first. Whoever asks has judged whose page it is.
func (r *Register) OfAccount(ctx context.Context, owner string, most int) (list []Listed, err error) {
	err = r.db.Read(ctx, func(tx *store.Tx) error {
		found, err := store.All(tx, scan, `SELECT d.body FROM (SELECT dossier FROM dossier_term WHERE term = $1 ORDER BY dossier DESC LIMIT $2) t
			JOIN dossier d ON d.id = t.dossier ORDER BY d.id DESC`, ownedTerm(owner), most)
		list = nil
		for _, d := range found {
			list = append(list, Listed{d, r.key.of(d.ID, d.TokenHash).Token(d.ID)})
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the dossiers of %s: %w", owner, err)
	}
	return list, nil
}

// mostOfPerson bounds the dossiers of one person that are looked through.
const mostOfPerson = 300

// OfPerson gives the ids of the dossiers, within the officer's scope, of the
// people of d: whoever files and whoever it is for. Without a number nobody can
// be told apart, and it is d alone.
func (r *Register) OfPerson(ctx context.Context, d Dossier, by officer.By) (ids []string, err error) {
	err = r.db.Read(ctx, func(tx *store.Tx) error {
		ids = []string{d.ID}
		for _, number := range []string{d.Filer.IDNumber, d.Person().IDNumber} {
			if number == "" {
				continue
			}
			found, err := byTerms(tx, by, []string{applicant.Fold(number)}, mostOfPerson)
			if err != nil {
				return err
			}
			for _, o := range found {
				if (o.Filer.IDNumber == number || o.Person().IDNumber == number) && !slices.Contains(ids, o.ID) {
					ids = append(ids, o.ID)
				}
			}
		}
		return nil
	})
	return ids, err
}
