package dossier

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"quay20/internal/officer"
	"quay20/internal/problem"
	"quay20/internal/store"
)

// Draft is an intake that was put aside because the citizen stepped away (lưu
// tạm). It is the officer's own, at one desk, and no act: nothing is numbered
// or journaled until the dossier is received.
type Draft struct {
	ID      string
	Officer string
	Desk    string
	At      time.Time
	Version int64           // saves so far
	Body    json.RawMessage // as the page gave it
}

// draftLife is how long a draft is kept; then the citizen is not coming back.
const draftLife = 30 * 24 * time.Hour

// draftMost bounds one draft's body.
const draftMost = 200 << 10

const draftColumns = `id, officer, desk, at, version, body`

func scanDraft(row store.Row) (d Draft, err error) {
	var body string
	err = row.Scan(&d.ID, &d.Officer, &d.Desk, store.At(&d.At), &d.Version, &body)
	d.Body = json.RawMessage(body)
	return d, err
}

// SaveDraft keeps what was typed so far. An empty id begins a draft; else
// version must be the stored one, so that two open pages do not overwrite each
// other. rel-B-W12
func (r *Register) SaveDraft(ctx context.Context, by officer.By, id string, version int64, body json.RawMessage) (Draft, error) {
	d := Draft{ID: id, Officer: by.Officer.ID, Desk: by.Desk, Body: body, Version: version + 1}
	switch {
	case !by.Can(officer.Receive):
		return d, by.Require(officer.Receive, "")
	case by.Desk == "":
		return d, problem.New(problem.Illegal, "err.no-desk")
	case len(body) > draftMost || !json.Valid(body):
		return d, problem.New(problem.TooLarge, "err.draft-size")
	}
	err := r.db.Write(ctx, func(tx *store.Tx) error {
		d.At = tx.Now
		if id == "" {
			d.ID, d.Version = newID(tx.Now, tx.Chance), 1
			_, err := tx.Exec(`INSERT INTO dossier_draft (`+draftColumns+`) VALUES ($1, $2, $3, $4, $5, $6)`,
				d.ID, d.Officer, d.Desk, d.At, d.Version, string(body))
			return err
		}
		n, err := tx.Exec(`UPDATE dossier_draft SET desk = $1, at = $2, version = $3, body = $4 WHERE id = $5 AND officer = $6 AND version = $7`,
			d.Desk, d.At, d.Version, string(body), id, d.Officer, version)
		if err != nil {
			return fmt.Errorf("storing draft %s: %w", id, err)
		}
		if n == 0 {
			return problem.New(problem.Stale, "err.draft-stale")
		}
		return nil
	})
	return d, err
}

// Draft is one of the officer's own drafts.
func (r *Register) Draft(ctx context.Context, by officer.By, id string) (Draft, error) {
	var d Draft
	err := r.db.Read(ctx, func(tx *store.Tx) (err error) {
		d, err = store.One(tx, scanDraft, `SELECT `+draftColumns+` FROM dossier_draft WHERE id = $1 AND officer = $2`, id, by.Officer.ID)
		if errors.Is(err, store.ErrNone) {
			return problem.New(problem.NotFound, "err.draft-unknown")
		}
		return err
	})
	return d, err
}

// Drafts lists the officer's own drafts, the newest first.
func (r *Register) Drafts(ctx context.Context, by officer.By) ([]Draft, error) {
	var list []Draft
	err := r.db.Read(ctx, func(tx *store.Tx) (err error) {
		list, err = store.All(tx, scanDraft, `SELECT `+draftColumns+` FROM dossier_draft WHERE officer = $1 ORDER BY at DESC, id LIMIT 50`, by.Officer.ID)
		return err
	})
	return list, err
}

// DropDraft forgets one of the officer's own drafts; one that is gone already
// stays gone.
func (r *Register) DropDraft(ctx context.Context, by officer.By, id string) error {
	return r.db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(`DELETE FROM dossier_draft WHERE id = $1 AND officer = $2`, id, by.Officer.ID)
		return err
	})
}

// dropOldDrafts forgets drafts that nobody touched for a month.
func (r *Register) dropOldDrafts(ctx context.Context) error {
	return r.db.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(`DELETE FROM dossier_draft WHERE at <= $1`, tx.Now.Add(-draftLife)); err != nil {
			return fmt.Errorf("forgetting old drafts: %w", err)
		}
		return nil
	})
}

// Earlier lists the newest dossiers that a person with the identity number
// filed or owns, within the officer's scope (hồ sơ trước của người nộp).
func (r *Register) Earlier(ctx context.Context, by officer.By, number string, limit int) ([]Dossier, error) {
	if number = squeeze(number); len(number) < 6 || !by.Can(officer.Receive) {
		return nil, nil
	}
	var list []Dossier
	err := r.db.Read(ctx, func(tx *store.Tx) (err error) {
		found, err := byTerms(tx, by, []string{number}, 20)
		for _, d := range found {
			if len(list) < limit && (squeeze(d.Filer.IDNumber) == number || d.Owner != nil && squeeze(d.Owner.IDNumber) == number) {
				list = append(list, d)
			}
		}
		return err
	})
	return list, err
}
