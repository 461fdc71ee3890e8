package dossier

import (
	"context"
	"fmt"

	"quay20/internal/store"
)

// Running counts the open dossiers of a procedure: those that stay under the
// version of their receipt when the procedure changes.
func (r *Register) Running(ctx context.Context, procedure string) (n int, err error) {
	err = r.db.Read(ctx, func(tx *store.Tx) error {
		n, err = store.One(tx, func(row store.Row) (n int, err error) { return n, row.Scan(&n) },
			`SELECT COUNT(*) FROM dossier WHERE ended_at = '' AND procedure = $1`, procedure)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("counting the running dossiers of %s: %w", procedure, err)
	}
	return n, nil
}
