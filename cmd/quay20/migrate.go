package main

import (
	"context"
	"fmt"

	"quay20/internal/text"
)

// Migrate brings the database to this version and goes away.
type Migrate struct{}

func (c *Migrate) Help() string {
	return `Examples:
  quay20 migrate --data /srv/quay20
  quay20 migrate --database postgres://quay20@db/quay20

Every start does the same; this command is for doing it before the start, with the rights that a change of tables needs. Two at once do no harm: one waits for the other.`
}

func (c *Migrate) Run(ctx context.Context, std Std, place *Place, lang text.Lang) error {
	h, err := place.make(ctx, std.Now)
	if err != nil {
		return err
	}
	defer h.db.Close()
	_, err = fmt.Fprintln(std.Out, text.T(lang, "cli.migrated", "engine", h.db.Engine()))
	return err
}
