package filing

import (
	"context"
	"crypto/subtle"
	"errors"
	"maps"
	"slices"
	"strings"

	"quay20/internal/dossier"
	"quay20/internal/form"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
)

// triesMost is how often the other party may give facts that do not fit, before
// a new link is needed. rel-K21
const triesMost = 5

// first are the answers of the party that files: all but those of the section
// that the other party answers.
func first(f *pack.Form, a form.Answers) form.Answers {
	own := maps.Clone(a)
	if f.Cosign == nil {
		return own
	}
	if s, ok := f.Section(f.Cosign.Section); ok {
		for name := range form.Within(s, a) {
			delete(own, name)
		}
	}
	return own
}

// Link gives out the secret of a link by which the other party confirms; an
// earlier link ends.
func (s *Drafts) Link(ctx context.Context, owner Owner, id string) (Draft, string, error) {
	d, err := s.change(ctx, owner, id, func(tx *store.Tx, d *Draft) error {
		f, err := s.form(d.Procedure, pack.On(tx.Now))
		if err != nil {
			return err
		}
		if f.Cosign == nil {
			return unknown()
		}
		if _, faults := s.judge(f, d, pack.On(tx.Now)); len(faults) > 0 { // what is confirmed is whole
			return problem.New(problem.Illegal, "filing.err.unfinished")
		}
		d.Cosign.Links++
		d.Cosign.Tries = 0
		return nil
	})
	return d, s.Secret(&d), err
}

// Secret is that of the last link; "" if none was given out.
func (s *Drafts) Secret(d *Draft) string {
	if d.Cosign.Links == 0 {
		return ""
	}
	return letters.EncodeToString(s.derive("cosign", d.ID, d.Cosign.Links)[:16])
}

// judge checks what the party that files declared.
func (s *Drafts) judge(f *pack.Form, d *Draft, on pack.Date) (form.Answers, []problem.Field) {
	return form.Check(s.without(f), s.law(), on, d.Answers)
}

// without is the form as the party that files fills it in.
func (s *Drafts) without(f *pack.Form) *pack.Form {
	if f.Cosign == nil {
		return f
	}
	own := *f
	own.Sections = slices.DeleteFunc(slices.Clone(f.Sections), func(sec pack.FormSection) bool { return sec.ID == f.Cosign.Section })
	return &own
}

// linked is the draft that a link leads to.
func (s *Drafts) linked(tx *store.Tx, id, secret string) (Draft, *pack.Form, error) {
	if !goodID(id) {
		return Draft{}, nil, unknown()
	}
	d, err := store.One(tx, scan, `SELECT `+columns+` FROM filing_draft WHERE id = $1 AND until > $2 AND dossier = ''`, id, tx.Now)
	if errors.Is(err, store.ErrNone) {
		return d, nil, unknown()
	}
	if err != nil {
		return d, nil, err
	}
	good := s.Secret(&d)
	if good == "" || subtle.ConstantTimeCompare([]byte(good), []byte(strings.ToUpper(secret))) == 0 {
		return Draft{}, nil, unknown()
	}
	if d.Cosign.Tries >= triesMost {
		return Draft{}, nil, problem.New(problem.TooMany, "filing.err.link-used")
	}
	f, err := s.form(d.Procedure, pack.On(tx.Now))
	if err == nil && f.Cosign == nil {
		err = unknown()
	}
	return d, f, err
}

// Linked is the draft behind a link, for the other party to read.
func (s *Drafts) Linked(ctx context.Context, id, secret string) (Draft, error) {
	var d Draft
	err := s.db.Read(ctx, func(tx *store.Tx) (err error) {
		d, _, err = s.linked(tx, id, secret)
		return err
	})
	return d, err
}

// Confirm takes the other party's confirmation of exactly the version that was
// shown, with facts of their own; the number must be the one that was declared.
func (s *Drafts) Confirm(ctx context.Context, id, secret string, version int64, typed form.Answers) ([]problem.Field, error) {
	var faults []problem.Field
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		faults = nil
		d, f, err := s.linked(tx, id, secret)
		if err != nil {
			return err
		}
		if d.Version != version {
			return problem.New(problem.Stale, "filing.err.stale")
		}
		on := pack.On(tx.Now)
		sec, _ := f.Section(f.Cosign.Section)
		p := form.Place{Section: sec}
		read, wrong := form.CheckPlace(p, s.law(), on, form.Put(p, d.Answers, typed))
		if faults = wrong; len(faults) > 0 {
			return nil
		}
		if read[f.Cosign.Proof] != d.Answers[f.Cosign.Number] {
			d.Cosign.Tries++
			faults = []problem.Field{{Name: f.Cosign.Proof, Key: "filing.err.not-party"}}
			return s.store(tx, &d)
		}
		own := first(f, d.Answers)
		d.Answers = form.Put(p, own, read)
		d.Cosign.Done = &dossier.Cosigned{At: tx.Now, Of: hash(encode(own))}
		return s.store(tx, &d)
	})
	return faults, err
}
