package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// onPostgres does the same on PostgreSQL, if there is one.
func onPostgres(ctx context.Context, p plan, all *results) error {
	server := os.Getenv("TEST_POSTGRES")
	if server == "" || p.postgres == 0 || all.complete("PostgreSQL") {
		return nil
	}
	address, drop, err := emptyDatabase(ctx, server)
	if err != nil {
		return err
	}
	defer drop()
	dir := filepath.Join(p.dir, "postgres")
	os.RemoveAll(dir) // its database was dropped
	defer os.RemoveAll(dir)
	if err := filled(ctx, p, dir, address, p.postgres); err != nil {
		return fmt.Errorf("filling PostgreSQL: %w", err)
	}
	return atSize(ctx, p, all, place{engine: "PostgreSQL", size: p.postgres, dir: dir, database: address})
}
