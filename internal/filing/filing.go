// Package filing holds what people fill in from home before they send it (hồ
// sơ đang soạn). A draft is no act: it belongs to whoever began it, is saved at
// each step, can go on on another device, and is erased when nobody touches it.
// Sending it makes a dossier of it, once.
package filing

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"quay20/internal/dossier"
	"quay20/internal/form"
	"quay20/internal/lawtime"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/upload"
)

// Owner is whose a draft is: "device/<id>" of a browser without an account,
// "account/<id>", "officer/<id>" who fills it in on behalf.
type Owner string

// Draft is one filing that is being prepared.
type Draft struct {
	ID        string
	Owner     Owner
	Procedure string
	Version   int64 // changes so far
	Begun     time.Time
	At        time.Time // last changed
	Until     time.Time // erased then
	Resume    time.Time // until when the code to go on holds; zero: none was asked for
	Dossier   string    // id of the dossier it became
	Body
}

// Body is what was filled in.
type Body struct {
	Form    string       `json:"form,omitempty"`
	From    pack.Date    `json:"from,omitempty"` // version of the form that was last seen
	Answers form.Answers `json:"answers,omitempty"`
	Codes   int          `json:"codes,omitempty"` // codes to go on that were given out
	Cosign  Cosign       `json:"cosign,omitzero"`
}

// Cosign is how far the other party's confirmation came.
type Cosign struct {
	Links int               `json:"links,omitempty"` // links given out; only the last one holds
	Tries int               `json:"tries,omitempty"` // wrong facts given at it
	Done  *dossier.Cosigned `json:"done,omitempty"`
}

// Sent reports whether the draft became a dossier.
func (d *Draft) Sent() bool { return d.Dossier != "" }

// Drafts is the book of what is being filled in (sổ tờ khai đang soạn).
type Drafts struct {
	db       *store.DB
	law      func() *pack.Pack
	register *dossier.Register
	key      []byte

	// Files: papers are attached as files, and those that are needed must be;
	// else they are brought to the desk.
	Files bool
}

// FilesOwner is whose a draft's files are on the shelf.
func FilesOwner(draft string) string { return "filing/" + draft }

// NewDrafts opens the book. key makes codes and links, so that none is stored.
func NewDrafts(db *store.DB, law func() *pack.Pack, register *dossier.Register, key []byte) *Drafts {
	return &Drafts{db: db, law: law, register: register, key: key}
}

const columns = `id, owner, procedure, version, begun_at, at, until, resume_until, dossier, body`

func scan(row store.Row) (d Draft, err error) {
	var body string
	if err = row.Scan(&d.ID, &d.Owner, &d.Procedure, &d.Version, store.At(&d.Begun), store.At(&d.At), store.At(&d.Until), store.At(&d.Resume), &d.Dossier, &body); err != nil {
		return d, err
	}
	if err = json.Unmarshal([]byte(body), &d.Body); err != nil {
		return d, fmt.Errorf("reading draft %s: %w", d.ID, err)
	}
	if d.Answers == nil {
		d.Answers = form.Answers{}
	}
	return d, nil
}

func unknown() error { return problem.New(problem.NotFound, "filing.err.unknown") }

// find is a draft of its owner; anybody else's is not there. rel-G9
func find(tx *store.Tx, owner Owner, id string) (Draft, error) {
	if owner == "" || !goodID(id) {
		return Draft{}, unknown()
	}
	d, err := store.One(tx, scan, `SELECT `+columns+` FROM filing_draft WHERE id = $1 AND owner = $2 AND until > $3`, id, string(owner), tx.Now)
	if errors.Is(err, store.ErrNone) {
		return d, unknown()
	}
	return d, err
}

// Begin begins a draft for a procedure. One that was begun and never filled in
// is given again, so that pressing twice makes one.
func (s *Drafts) Begin(ctx context.Context, owner Owner, procedure string) (Draft, error) {
	var d Draft
	err := s.db.Write(ctx, func(tx *store.Tx) error {
		on := pack.On(tx.Now)
		f, err := s.form(procedure, on)
		if err != nil {
			return err
		}
		list, err := own(tx, owner)
		if err != nil {
			return err
		}
		open := 0
		for _, o := range list {
			if o.Procedure == procedure && o.Version == 1 {
				d = o
				return nil
			}
			if !o.Sent() {
				open++
			}
		}
		rules, _ := s.law().Filing(on)
		if open >= rules.Drafts {
			return problem.New(problem.TooMany, "filing.err.too-many", "most", rules.Drafts)
		}
		d = Draft{ID: newID(tx.Chance), Owner: owner, Procedure: procedure, Version: 1, Begun: tx.Now, At: tx.Now,
			Until: after(tx.Now, rules.DraftLife), Body: Body{Form: f.ID, From: f.From, Answers: form.Answers{}}}
		_, err = tx.Exec(`INSERT INTO filing_draft (id, owner, procedure, version, begun_at, at, until, resume, resume_until, dossier, body)
			VALUES ($1, $2, $3, $4, $5, $6, $7, '', '', '', $8)`, d.ID, string(owner), procedure, d.Version, d.Begun, d.At, d.Until, encode(d.Body))
		if err != nil {
			return fmt.Errorf("beginning a draft: %w", err)
		}
		return nil
	})
	return d, err
}

// form is the whole form of a procedure on the day, or says why there is none.
// rel-B-W11
func (s *Drafts) form(procedure string, on pack.Date) (*pack.Form, error) {
	if f, ok := form.Of(s.law(), procedure, on); ok {
		return f, nil
	}
	p, ok := s.law().Procedure(procedure)
	if !ok {
		return nil, problem.New(problem.NotFound, "err.procedure-unknown")
	}
	if _, ok := p.On(on); !ok {
		return nil, problem.New(problem.Invalid, "err.procedure-not-in-force", "procedure", p.ShortName, "from", p.From, "to", p.To)
	}
	return nil, problem.New(problem.Illegal, "filing.err.not-online", "procedure", p.ShortName)
}

// own lists an owner's drafts, the last changed first.
func own(tx *store.Tx, owner Owner) ([]Draft, error) {
	return store.All(tx, scan, `SELECT `+columns+` FROM filing_draft WHERE owner = $1 AND until > $2 ORDER BY at DESC, id LIMIT 200`, string(owner), tx.Now)
}

// Own lists an owner's drafts, the last changed first; those that were sent too.
func (s *Drafts) Own(ctx context.Context, owner Owner) ([]Draft, error) {
	var list []Draft
	err := s.db.Read(ctx, func(tx *store.Tx) (err error) {
		list, err = own(tx, owner)
		return err
	})
	return list, err
}

// Find gives an owner's draft.
func (s *Drafts) Find(ctx context.Context, owner Owner, id string) (Draft, error) {
	var d Draft
	err := s.db.Read(ctx, func(tx *store.Tx) (err error) {
		d, err = find(tx, owner, id)
		return err
	})
	return d, err
}

// Drop erases an owner's draft with its files; one that is gone stays gone.
func (s *Drafts) Drop(ctx context.Context, owner Owner, id string) error {
	return s.db.Write(ctx, func(tx *store.Tx) error {
		d, err := find(tx, owner, id)
		if problem.Is(err, problem.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		return s.erase(tx, d.ID)
	})
}

func (s *Drafts) erase(tx *store.Tx, id string) error {
	if err := upload.End(tx, FilesOwner(id)); err != nil {
		return err
	}
	if _, err := tx.Exec(`DELETE FROM filing_draft WHERE id = $1`, id); err != nil {
		return fmt.Errorf("erasing draft %s: %w", id, err)
	}
	return nil
}

// Take gives all drafts of one owner to another, as when somebody who began
// without an account signs in. It tells how many.
func (s *Drafts) Take(ctx context.Context, from, to Owner) (int, error) {
	var n int64
	err := s.db.Write(ctx, func(tx *store.Tx) (err error) {
		n, err = tx.Exec(`UPDATE filing_draft SET owner = $1 WHERE owner = $2`, string(to), string(from))
		return err
	})
	return int(n), err
}

// Forget erases all drafts of an owner that ended, such as a closed account.
func (s *Drafts) Forget(ctx context.Context, owner Owner) error {
	return s.db.Write(ctx, func(tx *store.Tx) error {
		ids, err := store.All(tx, func(row store.Row) (id string, err error) { return id, row.Scan(&id) }, `SELECT id FROM filing_draft WHERE owner = $1`, string(owner))
		if err != nil {
			return fmt.Errorf("looking for the drafts of an owner: %w", err)
		}
		for _, id := range ids {
			if err := s.erase(tx, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// bodyMost bounds one draft. rel-K19
const bodyMost = 200 << 10

// change lets do change a draft that is not sent, and stores it.
func (s *Drafts) change(ctx context.Context, owner Owner, id string, do func(tx *store.Tx, d *Draft) error) (Draft, error) {
	var d Draft
	err := s.db.Write(ctx, func(tx *store.Tx) (err error) {
		if d, err = find(tx, owner, id); err != nil {
			return err
		}
		if d.Sent() {
			return problem.New(problem.Illegal, "filing.err.sent")
		}
		if err := do(tx, &d); err != nil {
			return err
		}
		return s.store(tx, &d)
	})
	return d, err
}

// store writes a changed draft; its time to live begins anew.
func (s *Drafts) store(tx *store.Tx, d *Draft) error {
	body := encode(d.Body)
	if len(body) > bodyMost {
		return problem.New(problem.TooLarge, "filing.err.size")
	}
	rules, _ := s.law().Filing(pack.On(tx.Now))
	d.Version++
	d.At, d.Until = tx.Now, after(tx.Now, rules.DraftLife)
	resume := ""
	if !d.Resume.IsZero() {
		resume = hash(s.code(d))
	}
	n, err := tx.Exec(`UPDATE filing_draft SET version = $1, at = $2, until = $3, resume = $4, resume_until = $5, body = $6, owner = $7 WHERE id = $8 AND version = $9`,
		d.Version, d.At, d.Until, resume, store.Time(d.Resume), body, string(d.Owner), d.ID, d.Version-1)
	if err != nil {
		return fmt.Errorf("storing draft %s: %w", d.ID, err)
	}
	if n == 0 {
		return problem.New(problem.Stale, "filing.err.stale")
	}
	return nil
}

// Change is what one page of a form says.
type Change struct {
	Place   string       // "xe", "nguoi-di-cung.2"
	Answers form.Answers // as typed, by full name
	Seen    string       // mark of the page as it was shown; another one is refused
}

// Mark tells one state of a page from another, so that two tabs never
// overwrite each other unseen. rel-B-W12
func Mark(p form.Place, a form.Answers) string {
	own := form.Answers{}
	for name, v := range a {
		if strings.HasPrefix(name, p.Name()+".") {
			own[name] = v
		}
	}
	return hash(encode(own))[:16]
}

// At is the page of that name in a form: a section, or an item of a repeated
// one, of which the next after the last may be begun.
func At(f *pack.Form, name string, a form.Answers) (form.Place, error) {
	id, number, repeated := strings.Cut(name, ".")
	s, ok := f.Section(id)
	if !ok || f.Cosign != nil && f.Cosign.Section == id {
		return form.Place{}, unknown()
	}
	if !form.Shown(s, a) { // rel-B-W10
		return form.Place{}, problem.New(problem.Illegal, "filing.err.not-asked", "section", s.Title)
	}
	if !repeated {
		return form.Place{Section: s}, nil
	}
	n := 0
	if _, err := fmt.Sscanf(number, "%d", &n); err != nil || number != fmt.Sprint(n) || s.Most == 0 || n < 1 || n > min(s.Most, form.Items(s, a)+1) {
		return form.Place{}, unknown()
	}
	return form.Place{Section: s, Item: n}, nil
}

// Save keeps what a page says, also what is not yet right, and tells what is
// wrong with it. A page that was changed meanwhile is refused with the draft as
// it is now.
func (s *Drafts) Save(ctx context.Context, owner Owner, id string, c Change) (Draft, []problem.Field, error) {
	var faults []problem.Field
	d, err := s.change(ctx, owner, id, func(tx *store.Tx, d *Draft) error {
		on := pack.On(tx.Now)
		f, err := s.form(d.Procedure, on)
		if err != nil {
			return err
		}
		p, err := At(f, c.Place, d.Answers)
		if err != nil {
			return err
		}
		if c.Seen != Mark(p, d.Answers) {
			return problem.New(problem.Stale, "filing.err.stale")
		}
		typed := form.Put(p, d.Answers, c.Answers)
		var read form.Answers
		read, faults = form.CheckPlace(p, s.law(), on, typed)
		if p.Item > 0 && len(read) == 0 {
			return problem.New(problem.Invalid, "err.summary").Field(p.Name()+"."+p.Section.Fields[0].ID, "filing.err.item-empty", "item", p.Section.Item)
		}
		d.Form, d.From = f.ID, f.From
		s.answer(d, f, form.Put(p, d.Answers, read))
		return nil
	})
	return d, faults, err
}

// Fill saves a whole form at once, for programs and spreadsheets, and tells what
// is wrong with it. Questions that the form does not know are faults too.
func (s *Drafts) Fill(ctx context.Context, owner Owner, id string, answers form.Answers) (Draft, []problem.Field, error) {
	var faults []problem.Field
	d, err := s.change(ctx, owner, id, func(tx *store.Tx, d *Draft) error {
		on := pack.On(tx.Now)
		f, err := s.form(d.Procedure, on)
		if err != nil {
			return err
		}
		faults = nil
		typed := first(f, answers)
		for _, name := range slices.Sorted(maps.Keys(answers)) { // rel-B-W09, rel-B-A01
			if !form.Known(f, name) || typed[name] != answers[name] {
				faults = append(faults, problem.Field{Name: name, Key: "filing.err.unknown-question", Args: []any{"name", name}})
			}
		}
		if len(faults) > 0 {
			return problem.New(problem.Invalid, "err.summary")
		}
		read, wrong := form.Check(s.without(f), s.law(), on, typed)
		faults = wrong
		d.Form, d.From = f.ID, f.From
		s.answer(d, f, read)
		return nil
	})
	if len(faults) > 0 && err != nil {
		err = nil
	}
	return d, faults, err
}

// answer puts new answers into a draft, and drops those that nobody asks for any
// more; a change voids what the other party confirmed.
func (s *Drafts) answer(d *Draft, f *pack.Form, next form.Answers) {
	next = form.Asked(f, next)
	if d.Cosign.Done != nil && !maps.Equal(d.Answers, next) {
		d.Cosign.Done = nil
		next = first(f, next)
	}
	d.Answers = next
}

// Remove takes an item out of a repeated section.
func (s *Drafts) Remove(ctx context.Context, owner Owner, id, place, seen string) (Draft, error) {
	return s.change(ctx, owner, id, func(tx *store.Tx, d *Draft) error {
		f, err := s.form(d.Procedure, pack.On(tx.Now))
		if err != nil {
			return err
		}
		p, err := At(f, place, d.Answers)
		switch {
		case err != nil:
			return err
		case p.Item == 0 || p.Item > form.Items(p.Section, d.Answers):
			return unknown()
		case seen != Mark(p, d.Answers):
			return problem.New(problem.Stale, "filing.err.stale")
		}
		s.answer(d, f, form.Without(p.Section, p.Item, d.Answers))
		return nil
	})
}

// Code gives out a code by which another device goes on with the draft; an
// earlier one ends.
func (s *Drafts) Code(ctx context.Context, owner Owner, id string) (Draft, string, error) {
	d, err := s.change(ctx, owner, id, func(tx *store.Tx, d *Draft) error {
		rules, _ := s.law().Filing(pack.On(tx.Now))
		d.Codes++
		d.Resume = after(tx.Now, rules.ResumeLife)
		return nil
	})
	return d, s.code(&d), err
}

// ResumeCode is the code that was last given out for the draft.
func (s *Drafts) ResumeCode(d *Draft) string { return s.code(d) }

// code is 80 bits in 16 letters that are not mistaken for each other.
func (s *Drafts) code(d *Draft) string {
	return letters.EncodeToString(s.derive("resume", d.ID, d.Codes)[:10])
}

// Continue gives the draft of a code to another device. The code is used up; the
// device that had it before has it no longer.
func (s *Drafts) Continue(ctx context.Context, owner Owner, code string) (Draft, error) {
	var d Draft
	code = clean(code)
	err := s.db.Write(ctx, func(tx *store.Tx) (err error) {
		d, err = store.One(tx, scan, `SELECT `+columns+` FROM filing_draft WHERE resume = $1 AND resume <> '' AND resume_until > $2 AND until > $2`, hash(code), tx.Now)
		if errors.Is(err, store.ErrNone) {
			return problem.New(problem.NotFound, "filing.err.code")
		}
		if err != nil {
			return err
		}
		d.Owner, d.Resume = owner, time.Time{}
		return s.store(tx, &d)
	})
	return d, err
}

// clean forgives what is mistyped in a code.
func clean(code string) string {
	return strings.NewReplacer("O", "0", "I", "1", "L", "1", "-", "", " ", "").Replace(strings.ToUpper(strings.TrimSpace(code)))
}

// Sweep erases drafts whose time is over. It tells how many.
func (s *Drafts) Sweep(ctx context.Context) (int, error) {
	total := 0
	for {
		n := 0
		err := s.db.Write(ctx, func(tx *store.Tx) error {
			ids, err := store.All(tx, func(row store.Row) (id string, err error) { return id, row.Scan(&id) },
				`SELECT id FROM filing_draft WHERE until <= $1 ORDER BY until LIMIT 100`, tx.Now)
			if err != nil {
				return err
			}
			n = len(ids)
			for _, id := range ids {
				if err := s.erase(tx, id); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || n == 0 {
			return total, err
		}
		total += n
	}
}

// after is an instant plus a limit in calendar time, as periods of keeping are
// counted.
func after(t time.Time, l lawtime.Limit) time.Time {
	switch l.Unit {
	case lawtime.Month:
		return t.AddDate(0, l.Amount, 0)
	case lawtime.Hour:
		return t.Add(time.Duration(l.Amount) * time.Hour)
	}
	return t.AddDate(0, 0, l.Amount)
}

func (s *Drafts) derive(use, id string, n int) []byte {
	m := hmac.New(sha256.New, s.key)
	fmt.Fprintf(m, "filing/%s/%s/%d", use, id, n)
	return m.Sum(nil)
}

var letters = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// newID names a draft: 26 letters, 130 bits of chance.
func newID(chance func([]byte)) string {
	b := make([]byte, 17)
	chance(b)
	return letters.EncodeToString(b)[:idLength]
}

const idLength = 26

// goodID reports whether a name can be a draft's.
func goodID(id string) bool {
	return len(id) == idLength && !strings.ContainsFunc(id, func(r rune) bool { return !strings.ContainsRune("0123456789ABCDEFGHJKMNPQRSTVWXYZ", r) })
}

// IsID reports whether a name in an address can be a draft's, and not a
// procedure's code.
func IsID(id string) bool { return goodID(id) }

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func encode(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("draft cannot be written as JSON: " + err.Error())
	}
	return string(b)
}

// Add adds items to a repeated section, as read from a table.
func (s *Drafts) Add(ctx context.Context, owner Owner, id, section string, rows []form.Answers) (Draft, error) {
	return s.change(ctx, owner, id, func(tx *store.Tx, d *Draft) error {
		f, err := s.form(d.Procedure, pack.On(tx.Now))
		if err != nil {
			return err
		}
		p, err := At(f, section, d.Answers)
		if err != nil {
			return err
		}
		if n := form.Items(p.Section, d.Answers); p.Section.Most == 0 || n+len(rows) > p.Section.Most {
			return problem.New(problem.Invalid, "err.summary").Field("dong", "form.err.rows", "most", p.Section.Most)
		}
		s.answer(d, f, form.Append(p.Section, d.Answers, rows))
		return nil
	})
}
