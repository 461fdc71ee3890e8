package officer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"quay20/internal/journal"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
)

// Roll is the book of all officers (danh sách cán bộ), of what they were
// granted and of who is signed in.
type Roll struct {
	db     *store.DB
	scopes scopes
	hasher *hasher

	mu   sync.Mutex // guards kept
	kept map[string]Officer
}

// Options are what a Roll may be told apart from its law.
type Options struct {
	Work Work // of one password check; zero is DefaultWork
}

// NewRoll opens the roll; law gives the law in force.
func NewRoll(db *store.DB, law func() *pack.Pack, o Options) *Roll {
	return &Roll{db: db, scopes: scopes{law: law}, hasher: newHasher(o.Work, db.Chance), kept: map[string]Officer{}}
}

// row is an officer as the table keeps them, with what proves who they are.
type row struct {
	Officer
	Password   string
	StartCode  string
	StartUntil time.Time
	MustChange bool
	Secret     string // of the second factor
}

const columns = `id, login, person, name, title, unit, active, password, start_code, start_until, must_change, totp, created, version`

func scanRow(r store.Row) (o row, err error) {
	err = r.Scan(&o.ID, &o.Login, &o.Person, &o.Name, &o.Title, &o.Unit, &o.Active, &o.Password,
		&o.StartCode, store.At(&o.StartUntil), &o.MustChange, &o.Secret, store.At(&o.Created), &o.Version)
	o.TOTP = o.Secret != ""
	return o, err
}

// grantRow is a grant with its whole story.
type grantRow struct {
	Grant
	Officer    string
	ProposedAt time.Time
	SettledBy  string
	SettledAt  time.Time
	RevokedBy  string
	RevokedAt  time.Time
}

const grantColumns = `id, officer, role, unit, from_day, to_day, reason, state, proposed_by, proposed_at, settled_by, settled_at, revoked_by, revoked_at, former`

func scanGrant(r store.Row) (g grantRow, err error) {
	err = r.Scan(&g.ID, &g.Officer, &g.Role, &g.Unit, &g.From, &g.To, &g.Reason, &g.State, &g.ProposedBy,
		store.At(&g.ProposedAt), &g.SettledBy, store.At(&g.SettledAt), &g.RevokedBy, store.At(&g.RevokedAt), &g.Former)
	return g, err
}

// find reads an officer with their living grants. An unknown one is NotFound.
func find(tx *store.Tx, id string) (row, error) {
	if !printable(id, 1, 40) {
		return row{}, problem.New(problem.NotFound, "officer.err.unknown")
	}
	return findWhere(tx, `id = $1`, id)
}

func findWhere(tx *store.Tx, where, arg string) (row, error) {
	o, err := store.One(tx, scanRow, `SELECT `+columns+` FROM officer WHERE `+where, arg)
	if errors.Is(err, store.ErrNone) {
		return row{}, problem.New(problem.NotFound, "officer.err.unknown")
	}
	if err != nil {
		return row{}, fmt.Errorf("reading an officer: %w", err)
	}
	grants, err := grantsOf(tx, o.ID)
	o.Grants = living(grants)
	return o, err
}

func grantsOf(tx *store.Tx, officer string) ([]grantRow, error) {
	grants, err := store.All(tx, scanGrant, `SELECT `+grantColumns+` FROM officer_grant WHERE officer = $1 ORDER BY id`, officer)
	if err != nil {
		return nil, fmt.Errorf("reading the grants of %s: %w", officer, err)
	}
	return grants, nil
}

func living(grants []grantRow) []Grant {
	var alive []Grant
	for _, g := range grants {
		if g.State == Proposed || g.State == InForce {
			alive = append(alive, g.Grant)
		}
	}
	return alive
}

// Find reads one officer, whoever asks; pages ask through List. It serves the
// rooms that name officers by ID.
func Find(tx *store.Tx, id string) (Officer, error) {
	o, err := find(tx, id)
	return o.Officer, err
}

// state is what the journal keeps the hash of: every column of an officer and
// every grant, secrets too.
func state(o row, grants []grantRow) (string, error) {
	o.Grants = nil
	b, err := json.Marshal(struct {
		Officer row
		Grants  []grantRow
	}{o, grants})
	if err != nil {
		return "", fmt.Errorf("writing out officer %s: %w", o.ID, err)
	}
	return string(b), nil
}

// Protected is the roll as verify compares it with the journal, and the
// capacity of every entry as it compares it with the roll.
func Protected() journal.Protected {
	return journal.Protected{Prefix: "officer/", Entry: capacities, Each: func(tx *store.Tx, yield func(subject, state string) error) error {
		officers, err := store.All(tx, scanRow, `SELECT `+columns+` FROM officer ORDER BY id`)
		if err != nil {
			return fmt.Errorf("reading the roll: %w", err)
		}
		all, err := store.All(tx, scanGrant, `SELECT `+grantColumns+` FROM officer_grant ORDER BY officer, id`)
		if err != nil {
			return fmt.Errorf("reading the grants: %w", err)
		}
		of := map[string][]grantRow{}
		for _, g := range all {
			of[g.Officer] = append(of[g.Officer], g)
		}
		for _, o := range officers {
			canonical, err := state(o, of[o.ID])
			if err != nil {
				return err
			}
			delete(of, o.ID)
			if err := yield("officer/"+o.ID, canonical); err != nil {
				return err
			}
		}
		for id := range of {
			if err := yield("officer/"+id, ""); err != nil {
				return err
			}
		}
		return nil
	}}
}

// record writes down an act on an officer with the state that it left behind.
func record(tx *store.Tx, by By, act, id, reason string, facts map[string]any) error {
	o, err := store.One(tx, scanRow, `SELECT `+columns+` FROM officer WHERE id = $1`, id)
	if err != nil {
		return fmt.Errorf("reading officer %s: %w", id, err)
	}
	grants, err := grantsOf(tx, id)
	if err != nil {
		return err
	}
	canonical, err := state(o, grants)
	if err != nil {
		return err
	}
	e := journal.Entry{
		Officer: by.Officer.ID, Capacity: by.Capacity(), Desk: by.Desk,
		Act: act, Subject: "officer/" + id, Reason: reason, State: journal.StateOf(canonical),
	}
	if facts != nil {
		if e.Facts, err = json.Marshal(facts); err != nil {
			return fmt.Errorf("writing the facts of %s: %w", act, err)
		}
	}
	_, err = journal.Append(tx, e)
	return err
}

// New is what an administrator writes about a new officer.
type New struct {
	Login  string
	Person string // badge number
	Name   string
	Title  string
	Unit   pack.UnitKey // where they will serve
}

var logins = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{1,39}$`)

func (n New) clean() New {
	n.Login = cleanLogin(n.Login)
	n.Person = strings.ToUpper(cleanText(n.Person))
	n.Name, n.Title = cleanText(n.Name), cleanText(n.Title)
	return n
}

// cleanLogin is the login as the roll keeps it; "" if it can be none.
func cleanLogin(login string) string {
	login = strings.ToLower(strings.TrimSpace(login))
	if !logins.MatchString(login) {
		return ""
	}
	return login
}

func cleanText(s string) string { return strings.Join(strings.Fields(norm.NFC.String(s)), " ") }

func (r *Roll) check(n New, by By, on pack.Date) error {
	p := problem.New(problem.Invalid, "err.summary")
	if n.Login == "" {
		p.Field("login", "officer.err.login")
	}
	if !printable(n.Person, 1, 40) {
		p.Field("person", "officer.err.person")
	}
	if !printable(n.Name, 1, 100) {
		p.Field("name", "officer.err.name")
	}
	if !printable(n.Title, 0, 100) {
		p.Field("title", "officer.err.title")
	}
	if !r.scopes.stands(n.Unit, on) || !by.Sees(n.Unit) {
		p.Field("unit", "officer.err.unit")
	}
	return p.Or()
}

// printable reports whether s has from least to most characters, none of them
// a control or direction sign (rel-G10).
func printable(s string, least, most int) bool {
	n := utf8.RuneCountInString(s)
	return utf8.ValidString(s) && n >= least && n <= most &&
		!strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) })
}

// keeps refuses whoever may not change this officer's account: other roles, and
// administrators whose scope does not hold all that the officer may do.
func keeps(by By, o Officer, on pack.Date) error {
	if err := by.Require(Officers, o.Unit); err != nil {
		return err
	}
	for _, g := range o.Grants {
		if (g.Holds(on) || g.State == Proposed) && !by.Sees(g.Unit) {
			return problem.New(problem.Forbidden, "officer.err.wider", "name", o.Name)
		}
	}
	return by.Fresh(Officers)
}

// nextID takes the next number of a kind, "CB-0012".
func nextID(tx *store.Tx, kind string) (string, error) {
	n, err := store.One(tx, number, `
		INSERT INTO officer_count (kind, n) VALUES ($1, 1)
		ON CONFLICT (kind) DO UPDATE SET n = officer_count.n + 1 RETURNING n`, kind)
	return fmt.Sprintf("%s-%04d", kind, n), err
}

// Add enters an officer. The start code is shown once, serves one sign-in
// within 24 hours, and must then be changed for a password (rel-K44).
func (r *Roll) Add(ctx context.Context, by By, n New) (o Officer, code string, err error) {
	n = n.clean()
	code, sealed := startCode(r.db.Chance)
	err = r.db.Write(ctx, func(tx *store.Tx) error {
		on := pack.On(tx.Now)
		if !by.Can(Officers) {
			return by.Require(Officers, n.Unit)
		}
		if err := by.Fresh(Officers); err != nil {
			return err
		}
		if err := r.check(n, by, on); err != nil {
			return err
		}
		o, err = insert(tx, n, sealed)
		if err != nil {
			return err
		}
		return record(tx, by, "add_officer", o.ID, "", map[string]any{"unit": n.Unit})
	})
	if err != nil {
		return Officer{}, "", err
	}
	return o, code, nil
}

const startLife = 24 * time.Hour // of a start code

func insert(tx *store.Tx, n New, startCode string) (Officer, error) {
	id, err := nextID(tx, "CB")
	if err != nil {
		return Officer{}, fmt.Errorf("numbering an officer: %w", err)
	}
	added, err := tx.Exec(`
		INSERT INTO officer (`+columns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, '', $8, $9, $10, '', $11, 1)
		ON CONFLICT (login) DO NOTHING`,
		id, n.Login, n.Person, n.Name, n.Title, n.Unit, true, startCode, tx.Now.Add(startLife), true, tx.Now)
	if err != nil {
		return Officer{}, fmt.Errorf("entering an officer: %w", err)
	}
	if added == 0 {
		return Officer{}, problem.New(problem.Conflict, "err.summary").Field("login", "officer.err.login-taken")
	}
	o, err := find(tx, id)
	return o.Officer, err
}

// Change corrects who the officer is; version is the one that was read.
func (r *Roll) Change(ctx context.Context, by By, id string, version int64, n New) (o Officer, err error) {
	n = n.clean()
	err = r.db.Write(ctx, func(tx *store.Tx) error {
		old, err := r.keptBy(tx, by, id)
		if err != nil {
			return err
		}
		n.Login = old.Login
		if err := r.check(n, by, pack.On(tx.Now)); err != nil {
			return err
		}
		if old.Officer.SamePerson(by.Officer) && n.Person != old.Person {
			return problem.New(problem.Forbidden, "officer.err.own-account")
		}
		changed, err := tx.Exec(`
			UPDATE officer SET person = $1, name = $2, title = $3, unit = $4, version = version + 1
			WHERE id = $5 AND version = $6`, n.Person, n.Name, n.Title, n.Unit, id, version)
		if err != nil {
			return fmt.Errorf("changing officer %s: %w", id, err)
		}
		if changed == 0 {
			return problem.New(problem.Stale, "officer.err.stale")
		}
		if err := record(tx, by, "change_officer", id, "", map[string]any{"unit": n.Unit, "person_changed": n.Person != old.Person}); err != nil {
			return err
		}
		o, err = Find(tx, id)
		return err
	})
	return o, err
}

// keptBy reads an officer whose account by may keep.
func (r *Roll) keptBy(tx *store.Tx, by By, id string) (row, error) {
	if !by.Can(Officers) {
		return row{}, by.Require(Officers, "")
	}
	o, err := find(tx, id)
	if err != nil {
		return row{}, err
	}
	return o, keeps(by, o.Officer, pack.On(tx.Now))
}

// touch marks an officer as changed, so that the next request reads them anew.
func touch(tx *store.Tx, id string) error {
	_, err := tx.Exec(`UPDATE officer SET version = version + 1 WHERE id = $1`, id)
	return err
}

// Disable closes an account at once: its sessions end with it (rel-K56).
func (r *Roll) Disable(ctx context.Context, by By, id, reason string) error {
	return r.db.Write(ctx, func(tx *store.Tx) error {
		return r.setActive(tx, by, id, "disable_officer", reason, false)
	})
}

// Enable opens a closed account again, with a start code for a new password.
func (r *Roll) Enable(ctx context.Context, by By, id, reason string) (code string, err error) {
	code, sealed := startCode(r.db.Chance)
	err = r.db.Write(ctx, func(tx *store.Tx) error {
		if err := r.setActive(tx, by, id, "enable_officer", reason, true); err != nil {
			return err
		}
		return r.reset(tx, by, id, "reset_password", sealed)
	})
	if err != nil {
		return "", err
	}
	return code, nil
}

func (r *Roll) setActive(tx *store.Tx, by By, id, act, reason string, active bool) error {
	reason = cleanText(reason)
	o, err := r.keptBy(tx, by, id)
	if err != nil {
		return err
	}
	if !printable(reason, 1, 500) {
		return needReason()
	}
	if err := by.notOwn(o.Officer); err != nil {
		return err
	}
	if _, err := tx.Exec(`UPDATE officer SET active = $1, version = version + 1 WHERE id = $2`, active, id); err != nil {
		return fmt.Errorf("changing officer %s: %w", id, err)
	}
	if err := endSessions(tx, id, ""); err != nil {
		return err
	}
	return record(tx, by, act, id, reason, nil)
}

func needReason() error {
	return problem.New(problem.Invalid, "err.summary").Field("reason", "officer.err.reason")
}

// notOwn refuses what nobody may do to an account of their own.
func (by By) notOwn(o Officer) error {
	if by.Officer.SamePerson(o) {
		return problem.New(problem.Forbidden, "officer.err.own-account")
	}
	return nil
}

// ResetPassword gives a start code for a forgotten password, face to face. The
// second factor stays (rel-K45). Waits for wrong passwords end with it.
func (r *Roll) ResetPassword(ctx context.Context, by By, id string) (string, error) {
	code, sealed := startCode(r.db.Chance)
	err := r.db.Write(ctx, func(tx *store.Tx) error { return r.reset(tx, by, id, "reset_password", sealed) })
	if err != nil {
		return "", err
	}
	return code, nil
}

// ResetFactor gives a start code and forgets the second factor, for a lost
// telephone. The officer proves themselves to another person, who does it.
func (r *Roll) ResetFactor(ctx context.Context, by By, id string) (string, error) {
	code, sealed := startCode(r.db.Chance)
	err := r.db.Write(ctx, func(tx *store.Tx) error {
		if _, err := r.keptBy(tx, by, id); err != nil {
			return err
		}
		if _, err := tx.Exec(`UPDATE officer SET totp = '' WHERE id = $1`, id); err != nil {
			return fmt.Errorf("resetting the second factor of %s: %w", id, err)
		}
		return r.reset(tx, by, id, "reset_factor", sealed)
	})
	if err != nil {
		return "", err
	}
	return code, nil
}

// reset puts a start code in place of the password and ends what was open.
func (r *Roll) reset(tx *store.Tx, by By, id, act, startCode string) error {
	o, err := r.keptBy(tx, by, id)
	if err != nil {
		return err
	}
	if err := by.notOwn(o.Officer); err != nil {
		return err
	}
	if _, err := tx.Exec(`
		UPDATE officer SET password = '', start_code = $1, start_until = $2, must_change = $3, version = version + 1
		WHERE id = $4`, startCode, tx.Now.Add(startLife), true, id); err != nil {
		return fmt.Errorf("resetting officer %s: %w", id, err)
	}
	if err := giveBack(tx, []budget{perAccount.of(o.Login), perProof.of(id)}); err != nil {
		return err
	}
	if err := endSessions(tx, id, ""); err != nil {
		return err
	}
	return record(tx, by, act, id, "", nil)
}

// Filter chooses officers for List.
type Filter struct {
	Unit  pack.UnitKey // "" all in the scope
	Role  Role         // "" all
	After string       // ID of the last one of the page before
	Limit int          // 0 is 200
}

// List gives the officers in the scope of by, by ID.
func (r *Roll) List(ctx context.Context, by By, f Filter) ([]Officer, error) {
	if !by.Can(SeeOfficers) {
		return nil, by.Require(SeeOfficers, "")
	}
	if f.Limit <= 0 {
		f.Limit = 200
	}
	var list []Officer
	err := r.db.Read(ctx, func(tx *store.Tx) error {
		rows, err := store.All(tx, scanRow, `SELECT `+columns+` FROM officer WHERE id > $1 ORDER BY id`, f.After)
		if err != nil {
			return err
		}
		grants, err := store.All(tx, scanGrant, `SELECT `+grantColumns+` FROM officer_grant
			WHERE officer > $1 AND state IN ('proposed', 'in_force') ORDER BY officer, id`, f.After)
		if err != nil {
			return err
		}
		of := map[string][]Grant{}
		for _, g := range grants {
			of[g.Officer] = append(of[g.Officer], g.Grant)
		}
		for _, o := range rows {
			o.Grants = of[o.ID]
			if len(list) < f.Limit && f.takes(by, o.Officer) {
				list = append(list, o.Officer)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("listing the roll: %w", err)
	}
	return list, nil
}

func (f Filter) takes(by By, o Officer) bool {
	if !by.Sees(o.Unit) || f.Unit != "" && o.Unit != f.Unit {
		return false
	}
	if f.Role == "" {
		return true
	}
	for _, g := range o.Grants {
		if g.Role == f.Role {
			return true
		}
	}
	return false
}

// Officer reads one officer in the scope of by.
func (r *Roll) Officer(ctx context.Context, by By, id string) (o Officer, err error) {
	if !by.Can(SeeOfficers) {
		return Officer{}, by.Require(SeeOfficers, "")
	}
	err = r.db.Read(ctx, func(tx *store.Tx) error {
		if o, err = Find(tx, id); err != nil {
			return err
		}
		return by.Require(SeeOfficers, o.Unit)
	})
	if err != nil {
		return Officer{}, err
	}
	return o, nil
}
