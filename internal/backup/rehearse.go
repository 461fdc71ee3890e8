package backup

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"quay20/internal/problem"
	"quay20/internal/store"
)

// Rehearse makes sure of an upgrade before it touches the house (diễn tập nâng
// cấp): it copies the database beside itself, migrates the copy, and compares
// the number of rows of every table before and after; then the rooms verify the
// copy. It is for store.Options.Rehearse; s is the house but for its database.
func Rehearse(database string, o store.Options, s Side, check Check) func(context.Context, *store.DB) error {
	o.Rehearse = nil
	return func(ctx context.Context, old *store.DB) (err error) {
		side := store.Beside(database, "rehearsal")
		if err := roomBeside(ctx, old, database); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, store.Remove(context.WithoutCancel(ctx), side)) }()
		var before map[string]int64
		err = old.Read(ctx, func(tx *store.Tx) (err error) {
			before, err = copyTo(ctx, tx, side, o)
			return err
		})
		if err != nil {
			return failed(ctx, err)
		}
		db, err := store.Open(ctx, side, o)
		if err != nil {
			return failed(ctx, err)
		}
		s.DB, s.Witness = db, filepath.Join(s.Folder, "none") // no head is newer than the house
		err = upgraded(ctx, s, before, check)
		return errors.Join(failed(ctx, err), db.Close())
	}
}

// roomBeside refuses to begin when the disk of an embedded database has no
// room for a second one.
func roomBeside(ctx context.Context, old *store.DB, database string) error {
	if old.Engine() != "sqlite" {
		return nil
	}
	v, err := old.Vitals(ctx)
	if err != nil {
		return err
	}
	return roomFor(filepath.Dir(database), 2*v.Bytes)
}

// copyTo copies all tables as they are in tx into a new database of the same
// form, and gives their numbers of rows.
func copyTo(ctx context.Context, tx *store.Tx, side string, o store.Options) (map[string]int64, error) {
	applied, err := store.Applied(tx)
	if err != nil {
		return nil, err
	}
	tables, err := store.Tables(tx)
	if err != nil {
		return nil, err
	}
	rows := map[string]int64{}
	err = store.Fill(ctx, side, applied, o.Migrations, func(f *store.Filling) error {
		for _, t := range tables {
			n, err := f.Table(t, store.Rows(tx, t))
			if err != nil {
				return err
			}
			rows[t.Name] = n
		}
		return nil
	})
	return rows, err
}

// upgraded compares the migrated copy with what it was.
func upgraded(ctx context.Context, s Side, before map[string]int64, check Check) error {
	var differ []string
	err := s.DB.Read(ctx, func(tx *store.Tx) error {
		tables, err := store.Tables(tx)
		if err != nil {
			return err
		}
		after := map[string]int64{}
		for _, t := range tables {
			if after[t.Name], err = store.Count(tx, t); err != nil {
				return err
			}
		}
		for name, was := range before {
			if is, there := after[name]; !there || is != was {
				differ = append(differ, fmt.Sprintf("%s (%d → %d)", name, was, is))
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(differ) > 0 {
		return problem.New(problem.Unavailable, "backup.err.rehearsal-rows", "tables", strings.Join(differ, ", "))
	}
	found, err := check(ctx, s)
	if err == nil && len(found.Faults) > 0 {
		err = problem.New(problem.Unavailable, "backup.err.rehearsal-faults", "n", len(found.Faults), "first", found.Faults[0])
	}
	return err
}

// failed words why the upgrade is not begun.
func failed(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil {
		return err
	}
	if _, ok := problem.As(err); ok {
		return err
	}
	return fmt.Errorf("%w (%w)", problem.New(problem.Unavailable, "backup.err.rehearsal", "detail", err.Error()), err)
}
