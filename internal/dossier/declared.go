package dossier

import (
	"context"
	"fmt"
	"slices"
	"time"

	"quay20/internal/applicant"
	"quay20/internal/form"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
)

// Declared is an online form as it was filled in (tờ khai điện tử). It is part
// of the dossier, so the journal proves it and the desk sees what was declared.
type Declared struct {
	Form     string            `json:"form"` // "tam-tru"
	From     pack.Date         `json:"from"` // the form's version
	By       string            `json:"by"`   // "self", "helped", "officer"
	Helper   string            `json:"helper,omitempty"`
	Answers  map[string]string `json:"answers"` // by question, in their written form
	Cosigned *Cosigned         `json:"cosigned,omitempty"`
}

// Cosigned is the other party's confirmation (đồng ký): given through a link,
// with facts of their own.
type Cosigned struct {
	At time.Time `json:"at"`
	Of string    `json:"of"` // hash of the answers that were confirmed
}

// checkDeclared reads the form once more as of the day of filing: what comes in
// by any door is judged by the same grammar. rel-K15, rel-K16
func (in *Intake) checkDeclared(p *problem.Problem, w World, on pack.Date) {
	if in.Declared == nil {
		in.Object = ""
		return
	}
	d := *in.Declared
	f, ok := form.Of(w.Law, in.Procedure, on)
	if !ok || f.ID != d.Form || f.From != d.From {
		p.Field("declared", "filing.err.form-changed")
		return
	}
	answers, faults := form.Check(f, w.Law, on, d.Answers)
	p.Fields = append(p.Fields, faults...)
	if f.Cosign != nil && d.Cosigned == nil {
		p.Field("declared", "filing.err.not-cosigned")
	}
	if !slices.Contains([]string{form.Self, form.Helped, form.Officer}, d.By) {
		p.Field("declared", "err.choose", "field", "key:field.declared")
	}
	d.Answers = answers
	in.Declared = &d
	in.Object = ""
	if !f.Many {
		in.Object = object(form.Object(f, answers), in)
	}
}

// object is the thing that a dossier is about, as one key: the form's own, or
// whose dossier it is.
func object(own string, in *Intake) string {
	if own == "" && in.Owner != nil {
		own = in.Owner.IDNumber
	}
	if own == "" {
		own = in.Filer.IDNumber
	}
	return applicant.Fold(own)
}

// notOpen refuses a second open dossier of one person for the same procedure
// and object (một người, một thủ tục, một đối tượng: một hồ sơ).
func notOpen(tx *store.Tx, in Intake, d Dossier) error {
	if d.Object == "" || d.Filer.IDNumber == "" {
		return nil
	}
	list, err := store.All(tx, scan, `SELECT body FROM dossier WHERE filer = $1 AND filer <> '' AND procedure = $2
		AND state NOT IN ('not_accepted', 'withdrawn', 'stopped', 'returned', 'concluded') ORDER BY filed_at DESC LIMIT 50`, d.Filer.IDNumber, in.Procedure)
	if err != nil {
		return fmt.Errorf("looking for an open dossier: %w", err)
	}
	for _, o := range list {
		if o.Object == d.Object {
			return &Open{Dossier: o, Problem: problem.New(problem.Conflict, "filing.err.open")}
		}
	}
	return nil
}

// Open is the refusal of a second dossier with the one that is open. What it
// holds is for whoever filed that one, and nobody else. rel-G9
type Open struct {
	*problem.Problem
	Dossier Dossier
}

func (o *Open) Unwrap() error { return o.Problem }

// Sent is what whoever filed a dossier from home is told of it: the key that
// opens tracking, and each paper that the desk holds.
type Sent struct {
	Tracked
	Secret   string
	Papers   []Paper
	Declared *Declared
}

// Sent tells of a dossier that was filed from home, by its id, which nobody
// but the room that filed it knows.
func (r *Register) Sent(ctx context.Context, id string) (Sent, error) {
	var s Sent
	err := r.db.Read(ctx, func(tx *store.Tx) error {
		d, err := find(tx, id)
		if err != nil {
			return err
		}
		s = Sent{r.tracked(d, World{tx.Now, r.law()}), r.key.of(d.ID, d.TokenHash).Secret(d.ID), d.Papers, d.Declared}
		return nil
	})
	return s, err
}
