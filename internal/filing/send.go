package filing

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"quay20/internal/applicant"
	"quay20/internal/dossier"
	"quay20/internal/form"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/upload"
)

// Slots are the papers that go with a draft.
func (s *Drafts) Slots(d *Draft, on pack.Date) []form.Slot {
	f, err := s.form(d.Procedure, on)
	if err != nil {
		return nil
	}
	p, _ := s.law().Procedure(d.Procedure)
	v, _ := p.On(on)
	return form.Slots(f, v, d.Answers)
}

// Held are the files attached to a draft, by slot.
func (s *Drafts) Held(ctx context.Context, d *Draft) (held map[string][]upload.File, err error) {
	err = s.db.Read(ctx, func(tx *store.Tx) error {
		held, err = attached(tx, d.ID)
		return err
	})
	return held, err
}

// attached are the files of a draft by slot; what a scanner found a virus in
// does not count.
func attached(tx *store.Tx, id string) (map[string][]upload.File, error) {
	all, err := upload.Of(tx, FilesOwner(id))
	held := map[string][]upload.File{}
	for _, h := range all {
		if h.State != upload.Infected {
			held[h.Slot] = append(held[h.Slot], h.File)
		}
	}
	return held, err
}

// Open is the refusal of a second dossier for the same matter. Link is set if
// the same owner filed the first one.
type Open struct {
	*problem.Problem
	Draft string // the owner's draft that became the open dossier, or ""
}

func (o *Open) Unwrap() error { return o.Problem }

// Send makes a dossier of a draft, as it was when it had the version. Sending
// again gives the same dossier. lang is what the filer reads.
func (s *Drafts) Send(ctx context.Context, owner Owner, id string, version int64, lang string) (dossier.Sent, error) {
	var d Draft
	var in dossier.Intake
	var desk string
	err := s.db.Read(ctx, func(tx *store.Tx) (err error) {
		if d, err = find(tx, owner, id); err != nil || d.Sent() {
			return err
		}
		if d.Version != version {
			return problem.New(problem.Stale, "filing.err.stale")
		}
		in, desk, err = s.intake(tx, &d, lang)
		return err
	})
	if err != nil {
		return dossier.Sent{}, err
	}
	if d.Sent() {
		return s.register.Sent(ctx, d.Dossier)
	}
	made, err := s.register.FileWith(ctx, in, desk, "filing/"+d.ID, func(tx *store.Tx, made dossier.Dossier) error {
		return s.settle(tx, &d, made)
	})
	var open *dossier.Open
	if errors.As(err, &open) {
		return dossier.Sent{}, s.open(ctx, owner, open)
	}
	if err != nil {
		return dossier.Sent{}, err
	}
	return s.register.Sent(ctx, made.ID)
}

// settle ends a draft in the transaction in which its dossier is made: the
// answers are with the dossier now and no longer here.
func (s *Drafts) settle(tx *store.Tx, d *Draft, made dossier.Dossier) error {
	rules, _ := s.law().Filing(pack.On(tx.Now))
	n, err := tx.Exec(`UPDATE filing_draft SET dossier = $1, body = '{}', resume = '', resume_until = '', version = $2, at = $3, until = $4
		WHERE id = $5 AND version = $6 AND owner = $7 AND dossier = ''`,
		made.ID, d.Version+1, tx.Now, after(tx.Now, rules.DraftLife), d.ID, d.Version, string(d.Owner))
	if err != nil {
		return fmt.Errorf("ending draft %s: %w", d.ID, err)
	}
	if n == 0 {
		done, err := find(tx, d.Owner, d.ID)
		if err != nil {
			return err
		}
		if done.Dossier != made.ID {
			return problem.New(problem.Stale, "filing.err.stale")
		}
		return nil
	}
	_, err = upload.Hand(tx, FilesOwner(d.ID), made.FilesOwner())
	return err
}

// open tells of the open dossier only to the owner who filed it. rel-G9
func (s *Drafts) open(ctx context.Context, owner Owner, o *dossier.Open) error {
	refusal := &Open{Problem: o.Problem}
	list, err := s.Own(ctx, owner)
	if err != nil {
		return err
	}
	for _, d := range list {
		if d.Dossier == o.Dossier.ID {
			refusal.Draft = d.ID
		}
	}
	return refusal
}

// intake turns a draft into what the register takes, and names every fault.
func (s *Drafts) intake(tx *store.Tx, d *Draft, lang string) (in dossier.Intake, desk string, err error) {
	on := pack.On(tx.Now)
	f, err := s.form(d.Procedure, on)
	if err != nil {
		return in, "", err
	}
	p := problem.New(problem.Invalid, "filing.err.unfinished")
	answers, faults := s.judge(f, d, on)
	p.Fields = append(p.Fields, faults...)
	if f.Cosign != nil {
		if d.Cosign.Done == nil || d.Cosign.Done.Of != hash(encode(first(f, d.Answers))) {
			p.Field("dong-ky", "filing.err.not-cosigned")
		} else {
			answers = d.Answers
		}
	}
	proc, _ := s.law().Procedure(d.Procedure)
	v, _ := proc.On(on)
	held, err := attached(tx, d.ID)
	if err != nil {
		return in, "", err
	}
	facts := form.Facts(f, s.law(), on, answers)
	in = dossier.Intake{
		Channel: "online", Procedure: d.Procedure, Case: facts["case"], FeeCase: facts["fee_case"], Request: facts["request"], Plate: facts["plate"],
		Filer: person(facts, "filer."), Authority: facts["authority"], Lang: lang, ReturnBy: facts["return_by"], ReturnTo: facts["return_to"],
		Declared: &dossier.Declared{Form: f.ID, From: f.From, By: facts["filled"], Helper: facts["helper"], Answers: answers, Cosigned: d.Cosign.Done},
	}
	if strings.HasPrefix(string(d.Owner), "account/") || strings.HasPrefix(string(d.Owner), "organisation/") {
		in.Accounts = []string{string(d.Owner)}
	}
	if in.Request == "" {
		in.Request = proc.ShortName
	}
	if facts["owner.other"] == form.Yes {
		owner := person(facts, "owner.")
		in.Owner = &owner
	}
	for _, slot := range form.Slots(f, v, answers) {
		files := held[slot.Name()]
		switch {
		case len(files) > 0:
			in.Papers = append(in.Papers, dossier.Paper{Name: slot.Paper.Name, Present: true, Files: files})
		case slot.Declared:
			in.Papers = append(in.Papers, dossier.Paper{Name: slot.Paper.Name, Originals: 1, Present: true})
		case slot.Needed && s.Files:
			p.Field("giay-to."+slot.Name(), "filing.err.paper", "paper", slot.Paper.Name)
		}
	}
	return in, facts["desk"], p.Or()
}

// person is who the facts tell of.
func person(facts map[string]string, prefix string) applicant.Person {
	p := applicant.Person{
		Kind: applicant.Kind(facts[prefix+"kind"]), Name: facts[prefix+"name"], Born: facts[prefix+"born"], Sex: applicant.Sex(facts[prefix+"sex"]),
		IDNumber: facts[prefix+"id_number"], Address: facts[prefix+"address"], Phone: facts[prefix+"phone"], Email: facts[prefix+"email"],
		TaxCode: facts[prefix+"tax_code"], Representative: facts[prefix+"representative"], Source: applicant.Typed,
	}
	if p.Kind == "" {
		p.Kind = applicant.Citizen
	}
	if id, err := applicant.ParseID(p.IDNumber); err == nil {
		p.IDKind = id.Kind
	}
	return p
}

// Receipt is what the filer is told of the dossier that a draft became.
func (s *Drafts) Receipt(ctx context.Context, d *Draft) (dossier.Sent, error) {
	return s.register.Sent(ctx, d.Dossier)
}
