package gazette

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"quay20/internal/journal"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
)

// Publish adds a publication to the law in force in the caller's transaction, as
// a journaled act: all of it or nothing. It obeys the same rules as a file of
// the pack. The caller refreshes the gazette once the transaction is written.
// law: nd-63-2010/15
func (g *Gazette) Publish(tx *store.Tx, pub pack.Publication, by officer.By) error {
	if !by.Can(officer.Publish) {
		return problem.New(problem.Forbidden, "err.not-permitted", "act", "key:act.publish_procedure")
	}
	if err := by.Fresh(officer.Publish); err != nil {
		return err
	}
	all, err := read(tx)
	if err != nil {
		return err
	}
	law, err := g.with(all)
	if err != nil {
		return err
	}
	if p, ok := law.Procedure(pub.Code); ok && pub.Version != nil {
		if _, twice := p.VersionFrom(pub.From); twice {
			return problem.New(problem.Conflict, "pack.err.publish-overlap", "from", pub.From, "other", pub.From)
		}
	}
	faults, err := law.Check(pub)
	if err != nil {
		return err
	}
	if len(faults) > 0 {
		return problem.New(problem.Invalid, faults[0].What, faults[0].Args...)
	}
	body, err := json.Marshal(pub)
	if err != nil {
		return fmt.Errorf("writing publication %s: %w", pub.ID(), err)
	}
	seq := len(all.publications) + 1
	if _, err := tx.Exec(`INSERT INTO gazette_publication (id, seq, body, published) VALUES ($1, $2, $3, $4)`, pub.ID(), seq, string(body), tx.Now); err != nil {
		return fmt.Errorf("storing publication %s: %w", pub.ID(), err)
	}
	facts, err := json.Marshal(map[string]any{"procedure": pub.Code, "from": pub.From, "decision": pub.Decision, "signed": pub.Signed})
	if err != nil {
		return fmt.Errorf("writing publication %s: %w", pub.ID(), err)
	}
	_, err = journal.Append(tx, journal.Entry{
		Officer: by.Officer.ID, Capacity: by.Capacity(), Act: "publish_procedure", Subject: "publication/" + pub.ID(),
		Law: "nd-63-2010/15", Facts: facts, State: journal.StateOf(state(seq, store.Time(tx.Now), string(body))),
	})
	return err
}

// Publications lists what was published, oldest first.
func (g *Gazette) Publications(ctx context.Context) ([]pack.Publication, error) {
	var all []pack.Publication
	err := g.db.Read(ctx, func(tx *store.Tx) (err error) {
		all, err = published(tx)
		return err
	})
	return all, err
}

// Files are the files of every procedure that was published, by their place in
// the pack, as the law now says them: what the next release embeds.
func (g *Gazette) Files(ctx context.Context) (map[string][]byte, error) {
	all, err := g.Publications(ctx)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, pub := range all {
		one, err := g.Law().Files(pub.Code)
		if err != nil {
			return nil, err
		}
		maps.Copy(files, one)
	}
	return files, nil
}

func published(tx *store.Tx) ([]pack.Publication, error) {
	all, err := store.All(tx, func(row store.Row) (p pack.Publication, err error) {
		var body string
		if err := row.Scan(&body); err != nil {
			return p, err
		}
		return p, json.Unmarshal([]byte(body), &p)
	}, `SELECT body FROM gazette_publication ORDER BY seq`)
	if err != nil {
		return nil, fmt.Errorf("reading publications: %w", err)
	}
	return all, nil
}
