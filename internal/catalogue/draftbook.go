package catalogue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"quay20/internal/gazette"
	"quay20/internal/journal"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
)

// Drafts is the book of procedures on their way to publication (sổ soạn thảo
// thủ tục).
type Drafts struct {
	db  *store.DB
	law *gazette.Gazette
}

// NewDrafts opens the book.
func NewDrafts(db *store.DB, law *gazette.Gazette) *Drafts { return &Drafts{db, law} }

// The acts of a draft's life, as in the journal.
const (
	actBegin   = "draft_procedure"
	actJoin    = "join_procedure"
	actAsk     = "ask_procedure"
	actApprove = "approve_procedure"
	actReturn  = "return_procedure"
	actDrop    = "drop_procedure"
	actPublish = "publish_procedure"
)

// holdTime is how long nobody else writes in a draft after it was opened or
// saved by one who does.
const holdTime = 5 * time.Minute

// maxBody is far above any real procedure.
const maxBody = 512 << 10

const draftColumns = `id, n, procedure, kind, state, source, body, trail, version, saved, holder, until`

func scanDraft(row store.Row) (d Draft, err error) {
	if err := row.Scan(&d.ID, &d.n, &d.Procedure, &d.Kind, &d.State, &d.Source, &d.body, &d.trail, &d.Version, store.At(&d.Saved), &d.Holder, store.At(&d.Until)); err != nil {
		return d, err
	}
	if err := json.Unmarshal([]byte(d.body), &d.Body); err != nil {
		return d, err
	}
	return d, json.Unmarshal([]byte(d.trail), &d.Trail)
}

func findDraft(tx *store.Tx, id string) (Draft, error) {
	d, err := store.One(tx, scanDraft, `SELECT `+draftColumns+` FROM catalogue_draft WHERE id = $1`, id)
	if errors.Is(err, store.ErrNone) {
		return d, problem.New(problem.NotFound, "err.not-found")
	}
	if err != nil {
		return d, fmt.Errorf("reading draft %s: %w", id, err)
	}
	return d, nil
}

// Find reads one draft.
func (b *Drafts) Find(ctx context.Context, id string) (d Draft, err error) {
	err = b.db.Read(ctx, func(tx *store.Tx) (err error) {
		d, err = findDraft(tx, id)
		return err
	})
	return d, err
}

// List is the drafts in the given states, the latest first.
func (b *Drafts) List(ctx context.Context, states ...State) (all []Draft, err error) {
	err = b.db.Read(ctx, func(tx *store.Tx) error {
		all = nil
		for _, state := range states {
			some, err := store.All(tx, scanDraft, `SELECT `+draftColumns+` FROM catalogue_draft WHERE state = $1 ORDER BY n DESC LIMIT 500`, state)
			if err != nil {
				return fmt.Errorf("listing drafts: %w", err)
			}
			all = append(all, some...)
		}
		return nil
	})
	slices.SortStableFunc(all, func(a, b Draft) int { return int(b.n - a.n) })
	return all, err
}

// Begin starts a draft: of a change or the end of a procedure in force, from
// what it says on the day of effect, or of a whole new one.
func (b *Drafts) Begin(ctx context.Context, procedure string, kind Purpose, on pack.Date, by officer.By) (d Draft, err error) {
	if err := may(by, officer.Draft, actBegin); err != nil {
		return d, err
	}
	law := b.law.Law()
	p, known := law.Procedure(procedure)
	var content Content
	switch kind {
	case NewProcedure:
		if known {
			return d, problem.New(problem.Conflict, "pack.err.publish-known", "code", procedure).Field("code", "pack.err.publish-known", "code", procedure)
		}
		if !codeFit(procedure) {
			return d, problem.New(problem.Invalid, "publish.err.code").Field("code", "publish.err.code")
		}
	case NewVersion, End:
		if !known {
			return d, problem.New(problem.NotFound, "err.not-found")
		}
		if _, ok := p.On(on); !ok {
			return d, problem.New(problem.Illegal, "publish.err.not-in-force", "name", p.ShortName, "day", dayTyped(on))
		}
		content = ContentOf(p, on)
	default:
		return d, problem.New(problem.Invalid, "err.not-found")
	}
	body := Begin(content)
	if kind == NewProcedure {
		body.Items = Items{FeeStatus: "none_listed", Counter: true, Steps: typed(usualSteps(content)),
			Cases: []CaseItem{{Name: "Thông thường", Unit: "working_day"}}, Papers: []PaperItem{{PopulationDB: "no", Mandatory: true, Originals: "1"}},
			Agencies: []AgencyItem{{Level: string(pack.Commune)}}}
	}
	body.Items.From = dayTyped(on)
	err = b.db.Write(ctx, func(tx *store.Tx) (err error) {
		d, err = insertDraft(tx, Draft{Procedure: procedure, Kind: kind, Body: body}, by)
		return err
	})
	return d, err
}

// codeFit reports whether a code can name a procedure in addresses and files.
func codeFit(code string) bool {
	return len(code) >= 3 && len(code) <= 30 && code[0] != '.' && !strings.Contains(code, "..") &&
		!strings.ContainsFunc(code, func(r rune) bool {
			return r != '.' && r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
		})
}

func insertDraft(tx *store.Tx, d Draft, by officer.By) (Draft, error) {
	n, err := store.One(tx, func(r store.Row) (n int64, err error) { return n, r.Scan(&n) }, `SELECT COALESCE(MAX(n), 0) + 1 FROM catalogue_draft`)
	if err != nil {
		return d, fmt.Errorf("numbering a draft: %w", err)
	}
	d.n, d.ID, d.State, d.Version, d.Saved = n, fmt.Sprintf("SD-%04d", n), Drafting, 1, tx.Now
	d.Trail = []Mark{mark(tx, actBegin, by, "")}
	if err := d.write(); err != nil {
		return d, err
	}
	if _, err := tx.Exec(`INSERT INTO catalogue_draft (`+draftColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		d.ID, d.n, d.Procedure, d.Kind, d.State, d.Source, d.body, d.trail, d.Version, d.Saved, "", ""); err != nil {
		return d, fmt.Errorf("storing draft %s: %w", d.ID, err)
	}
	return d, d.record(tx, actBegin, by, "")
}

func mark(tx *store.Tx, act string, by officer.By, reason string) Mark {
	return Mark{Act: act, Officer: by.Officer.ID, Person: by.Officer.Person, Name: by.Officer.Name, At: tx.Now, Reason: reason}
}

// write makes the texts that are stored of body and trail.
func (d *Draft) write() error {
	b, err := json.Marshal(d.Body)
	if err != nil {
		return fmt.Errorf("writing draft %s: %w", d.ID, err)
	}
	if len(b) > maxBody {
		return problem.New(problem.Invalid, "publish.err.too-long")
	}
	t, err := json.Marshal(d.Trail)
	if err != nil {
		return fmt.Errorf("writing draft %s: %w", d.ID, err)
	}
	d.body, d.trail = string(b), string(t)
	return nil
}

// canonical is the draft as the journal commits to it. While it is drafted, what
// is typed is not part of it: it changes every few seconds and promises nothing.
func (d Draft) canonical() string {
	said := fmt.Sprintf("%s %d %s %s %s %q %s", d.ID, d.n, d.Procedure, d.Kind, d.State, d.Source, d.trail)
	if d.State != Drafting {
		said += fmt.Sprintf(" %d %s %s", d.Version, store.Time(d.Saved), d.body)
	}
	return said
}

func (d Draft) record(tx *store.Tx, act string, by officer.By, reason string) error {
	facts, err := json.Marshal(map[string]any{"procedure": d.Procedure, "kind": d.Kind, "from": d.Items.From})
	if err != nil {
		return fmt.Errorf("writing draft %s: %w", d.ID, err)
	}
	_, err = journal.Append(tx, journal.Entry{Officer: by.Officer.ID, Capacity: by.Capacity(), Act: act, Subject: "draft/" + d.ID,
		Reason: reason, Law: "nd-63-2010/8", Facts: facts, State: journal.StateOf(d.canonical())})
	return err
}

// Protected lets verify compare the drafts with the journal.
func Protected() journal.Protected {
	return journal.Protected{Prefix: "draft/", Each: func(tx *store.Tx, yield func(subject, state string) error) error {
		all, err := store.All(tx, scanDraft, `SELECT `+draftColumns+` FROM catalogue_draft ORDER BY n`)
		if err != nil {
			return fmt.Errorf("reading drafts: %w", err)
		}
		for _, d := range all {
			if err := yield("draft/"+d.ID, d.canonical()); err != nil {
				return err
			}
		}
		return nil
	}}
}

func may(by officer.By, p officer.Permission, act string) error {
	if !by.Can(p) {
		return problem.New(problem.Forbidden, "err.not-permitted", "act", "key:act."+act)
	}
	return by.Fresh(p)
}

// Imported is a procedure that a program read from somewhere.
type Imported struct {
	Source    string         // "dvcqg/1.012575", always the same for the same record
	On        pack.Date      // the first day on which it should hold; "" for an officer to say
	Procedure pack.Procedure // with exactly one version, its fees and who decides
	Unread    []Unread       // sentences that were not read with certainty
}

// Import makes a draft of what a program read: of a change if the law has the
// procedure, else of a new one. The same source again replaces a draft that
// nobody has written in since and touches no other. The second result is false
// if nothing changed.
func (b *Drafts) Import(ctx context.Context, in Imported, by officer.By) (d Draft, changed bool, err error) {
	if err := may(by, officer.Law, actBegin); err != nil {
		return d, false, err
	}
	if in.Source == "" || len(in.Procedure.Versions) != 1 || !codeFit(in.Procedure.Code) {
		return d, false, problem.New(problem.Invalid, "publish.err.code").Field("code", "publish.err.code")
	}
	kind := NewProcedure
	if known, ok := b.law.Law().Procedure(in.Procedure.Code); ok {
		kind = NewVersion
		in.Procedure.Name, in.Procedure.ShortName, in.Procedure.Field = known.Name, known.ShortName, known.Field
	}
	content := Content{From: in.On, Procedure: in.Procedure, Version: in.Procedure.Versions[0], Fees: in.Procedure.Fees, Competence: in.Procedure.Competence}
	body := Begin(content)
	body.Items.From, body.Unread = dayTyped(in.On), in.Unread
	err = b.db.Write(ctx, func(tx *store.Tx) error {
		d, changed = Draft{}, false
		old, err := store.All(tx, scanDraft, `SELECT `+draftColumns+` FROM catalogue_draft WHERE source = $1 ORDER BY n`, in.Source)
		if err != nil {
			return fmt.Errorf("looking for drafts of %s: %w", in.Source, err)
		}
		if len(old) == 0 {
			d, err = insertDraft(tx, Draft{Procedure: in.Procedure.Code, Kind: kind, Source: in.Source, Body: body}, by)
			changed = true
			return err
		}
		d = old[len(old)-1]
		if d.State != Drafting || d.Version > 1 {
			return nil
		}
		was := d.body
		d.Body = body
		if err := d.write(); err != nil || d.body == was {
			return err
		}
		changed = true
		_, err = tx.Exec(`UPDATE catalogue_draft SET body = $1, saved = $2 WHERE id = $3`, d.body, tx.Now, d.ID)
		return err
	})
	return d, changed, err
}

// Taken is a draft as it was saved by somebody else since one's page was made,
// or is being written in by somebody else now.
type Taken struct{ Draft Draft }

func (t Taken) Error() string { return "draft " + t.Draft.ID + " is written in by " + t.Draft.Holder }

// Open takes the draft for writing: nobody else writes in it for some minutes.
// If somebody else does, it is only read and mine is false.
func (b *Drafts) Open(ctx context.Context, id string, by officer.By) (d Draft, mine bool, err error) {
	err = b.db.Write(ctx, func(tx *store.Tx) (err error) {
		mine = false
		if d, err = findDraft(tx, id); err != nil {
			return err
		}
		if d.State != Drafting || !by.Can(officer.Draft) || d.held(by, tx.Now) {
			return nil
		}
		mine, d.Holder, d.Until = true, by.Officer.ID, tx.Now.Add(holdTime)
		_, err = tx.Exec(`UPDATE catalogue_draft SET holder = $1, until = $2 WHERE id = $3`, d.Holder, d.Until, d.ID)
		return err
	})
	return d, mine, err
}

// held reports whether somebody else writes in the draft now.
func (d Draft) held(by officer.By, now time.Time) bool {
	return d.Holder != "" && d.Holder != by.Officer.ID && now.Before(d.Until)
}

// Leave lets others write in the draft at once.
func (b *Drafts) Leave(ctx context.Context, id string, by officer.By) error {
	return b.db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE catalogue_draft SET holder = '', until = '' WHERE id = $1 AND holder = $2`, id, by.Officer.ID)
		return err
	})
}

// Save keeps the items as typed, right or wrong. version is that of the page on
// which they were typed: if somebody else saved meanwhile, or writes now, the
// error is a Taken and nothing is kept.
func (b *Drafts) Save(ctx context.Context, id string, version int64, items Items, unread []Unread, by officer.By) (d Draft, err error) {
	if err := may(by, officer.Draft, actJoin); err != nil {
		return d, err
	}
	err = b.db.Write(ctx, func(tx *store.Tx) error {
		var err error
		if d, err = findDraft(tx, id); err != nil {
			return err
		}
		if d.State != Drafting {
			return problem.New(problem.Illegal, "publish.err.state", "state", "key:publish.state."+string(d.State))
		}
		if d.Version != version || d.held(by, tx.Now) {
			return Taken{d}
		}
		d.Items, d.Unread = items, unread
		d.Version, d.Saved, d.Holder, d.Until = d.Version+1, tx.Now, by.Officer.ID, tx.Now.Add(holdTime)
		joins := !slices.ContainsFunc(d.writers(), func(o officer.Officer) bool { return o.ID == by.Officer.ID })
		if joins {
			d.Trail = append(d.Trail, mark(tx, actJoin, by, ""))
		}
		if err := d.store(tx); err != nil || !joins {
			return err
		}
		return d.record(tx, actJoin, by, "")
	})
	return d, err
}

// store writes the draft's row anew.
func (d *Draft) store(tx *store.Tx) error {
	if err := d.write(); err != nil {
		return err
	}
	if _, err := tx.Exec(`UPDATE catalogue_draft SET state = $1, body = $2, trail = $3, version = $4, saved = $5, holder = $6, until = $7 WHERE id = $8`,
		d.State, d.body, d.trail, d.Version, d.Saved, d.Holder, d.Until, d.ID); err != nil {
		return fmt.Errorf("storing draft %s: %w", d.ID, err)
	}
	return nil
}

// pass moves a draft on by one act.
func (b *Drafts) pass(ctx context.Context, id string, version int64, p officer.Permission, act string, to State, reason string, by officer.By,
	allowed func(tx *store.Tx, d *Draft) error) (d Draft, err error) {
	if err := may(by, p, act); err != nil {
		return d, err
	}
	reason = clean(reason)
	err = b.db.Write(ctx, func(tx *store.Tx) error {
		var err error
		if d, err = findDraft(tx, id); err != nil {
			return err
		}
		if d.Version != version {
			return problem.New(problem.Conflict, "publish.err.changed")
		}
		if err := allowed(tx, &d); err != nil {
			return err
		}
		d.State, d.Holder, d.Until = to, "", time.Time{}
		d.Version++
		d.Trail = append(d.Trail, mark(tx, act, by, reason))
		if err := d.store(tx); err != nil {
			return err
		}
		return d.record(tx, act, by, reason)
	})
	return d, err
}

// in refuses an act on a draft in another state.
func (d Draft) in(states ...State) error {
	if !slices.Contains(states, d.State) {
		return problem.New(problem.Illegal, "publish.err.state", "state", "key:publish.state."+string(d.State))
	}
	return nil
}

// Ask asks another person for approval. Nothing red may be left in the gate, and
// what is amber needs a reason.
func (b *Drafts) Ask(ctx context.Context, id string, version int64, reason string, by officer.By) (Draft, error) {
	return b.pass(ctx, id, version, officer.Draft, actAsk, Asked, reason, by, func(tx *store.Tx, d *Draft) error {
		if err := d.in(Drafting); err != nil {
			return err
		}
		if d.held(by, tx.Now) {
			return problem.New(problem.Conflict, "publish.err.held")
		}
		return b.passes(tx, *d, clean(reason))
	})
}

// passes refuses a draft that the gate holds back.
func (b *Drafts) passes(tx *store.Tx, d Draft, reason string) error {
	gate := d.Gate(b.law.Law(), "", pack.On(tx.Now))
	switch {
	case gate.Red() > 0:
		return problem.New(problem.Illegal, "publish.err.red", "n", gate.Red())
	case gate.Amber() > 0 && reason == "":
		return problem.New(problem.Invalid, "publish.err.amber").Field("reason", "publish.err.amber")
	}
	return nil
}

// Approve is the second person's word. Nobody approves what they wrote.
// law: nd-63-2010/15
func (b *Drafts) Approve(ctx context.Context, id string, version int64, by officer.By) (Draft, error) {
	return b.pass(ctx, id, version, officer.ApproveDraft, actApprove, Approved, "", by, func(tx *store.Tx, d *Draft) error {
		if err := d.in(Asked); err != nil {
			return err
		}
		for _, writer := range d.writers() {
			if err := by.Other(writer); err != nil {
				return err
			}
		}
		asked, _ := d.last(actAsk)
		return b.passes(tx, *d, asked.Reason)
	})
}

// Return gives a draft back to those who write it, with a reason.
func (b *Drafts) Return(ctx context.Context, id string, version int64, reason string, by officer.By) (Draft, error) {
	p := officer.ApproveDraft
	if by.Can(officer.Draft) {
		p = officer.Draft // who wrote it may take it back
	}
	return b.pass(ctx, id, version, p, actReturn, Drafting, reason, by, func(_ *store.Tx, d *Draft) error {
		if clean(reason) == "" {
			return problem.New(problem.Invalid, "publish.err.reason").Field("reason", "publish.err.reason")
		}
		return d.in(Asked, Approved)
	})
}

// Drop ends a draft that will not be published. It stays readable.
func (b *Drafts) Drop(ctx context.Context, id string, version int64, reason string, by officer.By) (Draft, error) {
	return b.pass(ctx, id, version, officer.Draft, actDrop, Dropped, reason, by, func(tx *store.Tx, d *Draft) error {
		if clean(reason) == "" {
			return problem.New(problem.Invalid, "publish.err.reason").Field("reason", "publish.err.reason")
		}
		if d.held(by, tx.Now) {
			return problem.New(problem.Conflict, "publish.err.held")
		}
		return d.in(Drafting, Asked, Approved)
	})
}

// Publish puts an approved draft into the law from its day on: all of it or
// nothing. The decision is that of the competent authority.
// law: nd-63-2010/15
func (b *Drafts) Publish(ctx context.Context, id string, version int64, decision string, signed pack.Date, by officer.By) (Draft, error) {
	decision = clean(decision)
	d, err := b.pass(ctx, id, version, officer.Publish, actPublish, Published, decision, by, func(tx *store.Tx, d *Draft) error {
		if err := d.in(Approved); err != nil {
			return err
		}
		today := pack.On(tx.Now)
		p := problem.New(problem.Invalid, "err.summary")
		if decision == "" || len(decision) > 100 {
			p.Field("decision", "publish.err.decision")
		}
		if _, ok := dayRead(signed); !ok || signed > today {
			p.Field("signed", "publish.err.signed")
		}
		if err := p.Or(); err != nil {
			return err
		}
		if gate := d.Gate(b.law.Law(), signed, today); gate.Red() > 0 {
			return problem.New(problem.Illegal, "publish.err.red", "n", gate.Red())
		}
		pub, _ := d.Publication(b.law.Law(), decision, signed)
		return b.law.Publish(tx, pub, by)
	})
	if err != nil {
		return d, err
	}
	return d, b.law.Refresh(ctx)
}
