package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"quay20/internal/applicant"
	"quay20/internal/backup"
	"quay20/internal/batch"
	"quay20/internal/catalogue"
	"quay20/internal/dossier"
	"quay20/internal/filing"
	"quay20/internal/gazette"
	"quay20/internal/journal"
	"quay20/internal/neighbour/clamav"
	"quay20/internal/notice"
	"quay20/internal/officer"
	"quay20/internal/payment"
	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/text"
	"quay20/internal/upload"
	"quay20/packs"
)

// house is an open node: database, law and the books of all rooms.
type house struct {
	db        *store.DB
	law       *gazette.Gazette
	roll      *officer.Roll
	accounts  *applicant.Accounts
	outbox    *notice.Outbox
	companies *applicant.Companies
	batches   *batch.Book
	ledger    *payment.Ledger
	register  *dossier.Register
	filing    *filing.Drafts
	shelf     *upload.Shelf
	keys      journal.Keys
	folder    string
	files     string // folder of the files that people sent
	witness   string
	secret    []byte          // signs form tokens
	nightly   *backup.Nightly // nil if no backups were asked for
	trial     bool            // messages are shown at this machine instead of sent
}

// make opens the node that lies at p; database and keys are made at first use.
// It refuses a database that is not the one its copied heads speak of.
func (p *Place) make(ctx context.Context, now func() time.Time) (*house, error) {
	h, err := p.begin(ctx, now)
	if err != nil {
		return nil, err
	}
	if err := journal.Extends(ctx, h.db, h.keys, h.witness); err != nil {
		h.db.Close()
		return nil, err
	}
	return h, nil
}

// stand opens the node to be served. One that lost entries which its copied
// heads prove is served for reading only and says so (rel-I-J7).
func (p *Place) stand(ctx context.Context, std Std, lang text.Lang) (*house, error) {
	h, err := p.begin(ctx, std.Now)
	if err != nil {
		return nil, err
	}
	if err = journal.Extends(ctx, h.db, h.keys, h.witness); err != nil {
		why, lost := journal.Lost(err)
		if !lost {
			h.db.Close()
			return nil, err
		}
		h.db.ReadOnly(why)
		fmt.Fprintln(std.Err, text.Problem(lang, why))
		fmt.Fprintln(std.Err, text.T(lang, "cli.read-only"))
	}
	return h, nil
}

// open opens a node that is there already; a wrong --data makes none.
func (p *Place) open(ctx context.Context, now func() time.Time) (*house, error) {
	if err := p.exists(ctx, now); err != nil {
		return nil, err
	}
	return p.make(ctx, now)
}

// look is open for a command that wants to see a damaged node too.
func (p *Place) look(ctx context.Context, now func() time.Time) (*house, error) {
	if err := p.exists(ctx, now); err != nil {
		return nil, err
	}
	return p.begin(ctx, now)
}

// exists refuses a place without keys.
func (p *Place) exists(ctx context.Context, now func() time.Time) error {
	if keyed, err := p.keyed(); keyed || err != nil {
		return err
	}
	if err := p.widowed(ctx, store.Options{Now: now}); err != nil {
		return err
	}
	return problem.New(problem.NotFound, "cli.err.no-node", "data", p.folder())
}

func (p *Place) keyed() (bool, error) {
	_, err := os.Stat(filepath.Join(p.keys(), "journal.key"))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// widowed refuses a database whose keys are elsewhere: with new ones no slip
// that was handed out would open, and no copied head would prove anything.
func (p *Place) widowed(ctx context.Context, o store.Options) error {
	o.AsIs = true
	if _, err := os.Stat(p.database()); err != nil && !strings.Contains(p.database(), "://") {
		return nil
	}
	db, err := store.Open(ctx, p.database(), o)
	if err != nil {
		return nil // whoever opens it to work with it says why
	}
	defer db.Close()
	var size int64
	err = db.Read(ctx, func(tx *store.Tx) (err error) {
		size, _, err = journal.Head(tx)
		return err
	})
	if err != nil || size == 0 { // nothing was promised yet
		return nil
	}
	return problem.New(problem.Unavailable, "cli.err.no-keys", "keys", p.keys(), "database", p.known())
}

// known names the database without the password in its address.
func (p *Place) known() string {
	u, err := url.Parse(p.database())
	if err != nil {
		return p.folder()
	}
	return u.Redacted()
}

func (p *Place) begin(ctx context.Context, now func() time.Time) (*house, error) {
	return p.beginWith(ctx, store.Options{Now: now})
}

func (p *Place) beginWith(ctx context.Context, o store.Options) (*house, error) {
	if err := backup.Unfinished(p.folder()); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(p.folder(), 0o700); err != nil {
		return nil, fmt.Errorf("making the data folder: %w", err)
	}
	if keyed, err := p.keyed(); err != nil {
		return nil, err
	} else if !keyed {
		if err := p.widowed(ctx, o); err != nil {
			return nil, err
		}
	}
	keys, err := journal.LoadKeys(p.keys())
	if err != nil {
		return nil, err
	}
	side := backup.Side{Keys: keys, Folder: p.folder(), Files: p.files(), Witness: p.witness()}
	o.Rehearse = backup.Rehearse(p.database(), o, side, check(text.Lang(p.Lang)))
	db, err := store.Open(ctx, p.database(), o)
	if err != nil {
		return nil, err
	}
	side.DB = db
	h, err := furnish(ctx, side)
	if err == nil {
		h.shelf, err = p.shelf(ctx, db)
	}
	if err != nil {
		db.Close()
	}
	return h, err
}

// shelf opens the shelf of files.
func (p *Place) shelf(ctx context.Context, db *store.DB) (*upload.Shelf, error) {
	var o upload.Options
	if p.scanner != "" {
		daemon, err := clamav.At(p.scanner)
		if err != nil {
			return nil, err
		}
		o.Scanner = daemon
	}
	return upload.Open(ctx, db, p.files(), o)
}

// files is the folder of the files that people send.
func (p *Place) files() string {
	if p.Files != "" {
		return p.Files
	}
	return filepath.Join(p.folder(), "files")
}

// furnish gives an open database its law and its books.
func furnish(ctx context.Context, s backup.Side) (h *house, err error) {
	law, err := packs.LaiChau()
	if err != nil {
		return nil, fmt.Errorf("reading the law: %w", err)
	}
	h = &house{db: s.DB, keys: s.Keys, folder: s.Folder, files: s.Files, witness: s.Witness}
	tracking, err := secretKey(filepath.Join(s.Folder, "keys", "tracking.key"))
	if err != nil {
		return nil, err
	}
	if h.secret, err = secretKey(filepath.Join(s.Folder, "keys", "forms.key")); err != nil {
		return nil, err
	}
	if h.law, err = gazette.Open(ctx, h.db, law); err != nil {
		return nil, err
	}
	h.roll = officer.NewRoll(h.db, h.law.Law, officer.Options{})
	h.ledger = payment.NewLedger(h.db)
	h.accounts, h.outbox, h.companies = applicant.NewAccounts(h.db), notice.NewOutbox(h.db), applicant.NewCompanies(h.db)
	h.register = dossier.NewRegister(h.db, h.law.Law, tracking)
	h.batches = batch.NewBook(h.db, h.law.Law, h.register)
	h.filing = filing.NewDrafts(h.db, h.law.Law, h.register, h.secret)
	h.filing.Files = true
	return h, nil
}

// copies is what copies the journal's signed head out of the house.
func (h *house) copies() *journal.Witness {
	return &journal.Witness{DB: h.db, Keys: h.keys, Dir: h.witness}
}

// folder is where the node keeps its things.
func (p *Place) folder() string {
	if p.Data != "" {
		return p.Data
	}
	return "var/quay20"
}

func (p *Place) keys() string { return filepath.Join(p.folder(), "keys") }

func (p *Place) database() string {
	if p.Database != "" {
		return p.Database
	}
	return filepath.Join(p.folder(), "quay20.db")
}

// witness is the folder of the copied heads: outside the data folder, so that
// who replaces that folder does not replace them.
func (p *Place) witness() string {
	if p.Witness != "" {
		return p.Witness
	}
	return strings.TrimRight(filepath.Clean(p.folder()), string(filepath.Separator)) + "-witness"
}

// protected are the checks that verify makes on every room's tables.
func (h *house) protected() []journal.Protected {
	list := []journal.Protected{h.register.Protected(), gazette.Protected(), gazette.Published(), catalogue.Protected(), officer.Protected(), applicant.AccountsProtected(), applicant.CompaniesProtected()}
	return append(list, payment.Protected()...)
}

// secretKey reads 32 bytes from a file that nobody else may read, making them
// at the first start.
func secretKey(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		b = make([]byte, 32)
		rand.Read(b)
		if err = writeKey(path, b); errors.Is(err, fs.ErrExist) {
			return secretKey(path) // another program was first
		}
	}
	if err != nil {
		return nil, fmt.Errorf("reading key %s: %w", filepath.Base(path), err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		return nil, problem.New(problem.Unavailable, "journal.key.mode", "file", path, "mode", fmt.Sprintf("%04o", mode))
	}
	if len(b) == 0 || len(b)%dossier.KeySize != 0 {
		return nil, fmt.Errorf("key %s has %d bytes, want %d for each key that there was", filepath.Base(path), len(b), dossier.KeySize)
	}
	return b, nil
}

// writeKey writes the whole key under another name and then links it, so that
// a crash leaves no half key.
func writeKey(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".key-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(b)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Link(f.Name(), path)
}
