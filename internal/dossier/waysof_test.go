package dossier

import (
	"context"
	"errors"
	"slices"
	"strings"

	"quay20/internal/officer"
	"quay20/internal/store"
)

// WaysOf makes one dossier of an intake twice, in writes that are undone: with
// everything done in the turn, and with what can be done ahead of it. Each way
// is the body, the facts of the papers, and what the journal was told.
func (r *Register) WaysOf(ctx context.Context, in Intake, by officer.By) (ways [2]string, papers int, err error) {
	undo := errors.New("undone")
	judge := func(w World) (Dossier, Effect, error) { return Receive(in, by, w) }
	var a ahead
	err = r.db.Write(ctx, func(tx *store.Tx) error {
		a = r.ahead(World{tx.Now, r.law()}, by, judge)
		return nil
	})
	if err = errors.Join(err, a.err); err != nil {
		return ways, 0, err
	}
	for i := range ways {
		err := r.db.Write(ctx, func(tx *store.Tx) error {
			d, e := a.copy()
			if i == 0 {
				if d, e, err = judge(a.w); err != nil {
					return err
				}
				d.ID, d.Salt, d.TokenHash = a.d.ID, a.d.Salt, a.d.TokenHash
			}
			papers = len(e.papers)
			if err := r.settle(tx, &d, e, by, a.w, "receive", nil); err != nil {
				return err
			}
			facts, err := store.All(tx, column, `SELECT facts FROM dossier_slip WHERE dossier = $1 ORDER BY kind`, d.ID)
			if err != nil {
				return err
			}
			told, err := store.All(tx, column, `SELECT facts || state FROM journal_entry WHERE subject = $1`, d.Subject())
			if err != nil {
				return err
			}
			ways[i] = strings.Join(slices.Concat([]string{d.body()}, facts, told), "\n")
			return undo
		})
		if !errors.Is(err, undo) {
			return ways, papers, err
		}
	}
	return ways, papers, nil
}
