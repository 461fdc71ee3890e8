package dossier

import (
	"context"
	"slices"

	"quay20/internal/applicant"
	"quay20/internal/officer"
	"quay20/internal/store"
)

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
