package applicant

import (
	"cmp"
	"context"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"quay20/internal/job"
	"quay20/internal/journal"
	"quay20/internal/notice"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/text"
)

// Account is a citizen's own place (tài khoản): what fills forms in, the ways to
// sign in, what they agreed to.
type Account struct {
	ID       string       `json:"id"`
	State    AccountState `json:"state"`
	Version  int64        `json:"version"`
	Opened   time.Time    `json:"opened"`
	Closed   time.Time    `json:"closed,omitzero"`
	Lang     text.Lang    `json:"lang,omitempty"`
	Phone    string       `json:"phone,omitempty"` // confirmed: codes go there
	Email    string       `json:"email,omitempty"` // confirmed, too
	EID      *EID         `json:"eid,omitempty"`
	Person   Person       `json:"person,omitzero"` // what the citizen saved to fill forms in
	Consents []Consent    `json:"consents,omitempty"`
	Salt     string       `json:"salt,omitempty"` // so that the journal's hash tells nothing once the body is gone
}

// AccountState is "open" or "closed".
type AccountState string

const (
	Open   AccountState = "open"
	Closed AccountState = "closed"
)

// EID is an electronic identity that signs in to the account (định danh điện
// tử). It is known by issuer and subject alone, never by a phone or an address
// (rel-K49).
type EID struct {
	Issuer  string    `json:"issuer"`
	Subject string    `json:"subject"`
	Name    string    `json:"name"`             // what the provider vouches for
	Born    string    `json:"born,omitempty"`   // "1990-03-07"
	Sex     Sex       `json:"sex,omitempty"`    //
	Number  string    `json:"number,omitempty"` // số định danh cá nhân, "" if it vouches for none
	Since   time.Time `json:"since"`
}

func (e EID) way() string { return e.Issuer + "#" + e.Subject }

// Owner names the account where drafts, files and dossiers keep whose they are.
func (a Account) Owner() string { return "account/" + a.ID }

// Named is how the account is called on its pages.
func (a Account) Named() string {
	return cmp.Or(a.Person.Name, FormatPhone(a.Phone), a.Email, a.ID)
}

// Vouched reports whether a person's number, name and birth are those that the
// account's electronic identity vouches for, letter for letter. A dossier says
// so of its filer (Checked.EID).
func (a Account) Vouched(p Person) bool {
	e := a.EID
	return e != nil && e.Number != "" && p.Kind == Citizen && p.IDKind == CCCD && p.IDNumber == e.Number && p.Name == e.Name &&
		(e.Born == "" || p.Born == e.Born)
}

// Accounts is the book of citizens' accounts (sổ tài khoản). Its methods are
// one transaction each.
type Accounts struct{ db *store.DB }

// NewAccounts opens the book.
func NewAccounts(db *store.DB) *Accounts { return &Accounts{db} }

// AccountClosed is the kind of the jobs that tell other rooms to let go of what
// they keep for an account; args are its Owner, "account/7K2M…".
const AccountClosed job.Kind = "account-closed"

var letters = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

func newID(tx *store.Tx) string {
	b := make([]byte, 10)
	tx.Chance(b)
	return letters.EncodeToString(b)
}

// ways are the account's ways in, by kind.
func (a Account) ways() map[string]string {
	all := map[string]string{"phone": a.Phone, "email": strings.ToLower(a.Email)}
	if a.EID != nil {
		all["eid"] = a.EID.way()
	}
	for kind, value := range all {
		if value == "" {
			delete(all, kind)
		}
	}
	return all
}

func (a Account) body() (string, error) {
	b, err := json.Marshal(a)
	return string(b), err
}

func scanBody(r store.Row) (s string, err error) { return s, r.Scan(&s) }

// findAccount reads an open account, or says that there is none.
func findAccount(tx *store.Tx, id string) (a Account, err error) {
	body, err := store.One(tx, scanBody, `SELECT body FROM account WHERE id = $1`, id)
	if errors.Is(err, store.ErrNone) {
		return a, noAccount()
	}
	if err != nil {
		return a, fmt.Errorf("reading account %s: %w", id, err)
	}
	if err := json.Unmarshal([]byte(body), &a); err != nil {
		return a, fmt.Errorf("reading account %s: %w", id, err)
	}
	if a.State != Open {
		return a, noAccount()
	}
	return a, nil
}

func noAccount() error { return problem.New(problem.NotFound, "account.err.none") }

// byWay finds the open account that a way in leads to.
func byWay(tx *store.Tx, kind, value string) (Account, error) {
	id, err := store.One(tx, scanBody, `SELECT account FROM account_way WHERE kind = $1 AND value = $2`, kind, value)
	if errors.Is(err, store.ErrNone) {
		return Account{}, noAccount()
	}
	if err != nil {
		return Account{}, fmt.Errorf("looking for an account: %w", err)
	}
	return findAccount(tx, id)
}

// open makes a new account; set gives it its first way in.
func open(tx *store.Tx, lang text.Lang, set func(*Account)) (Account, error) {
	salt := make([]byte, 16)
	tx.Chance(salt)
	a := Account{ID: newID(tx), State: Open, Opened: tx.Now, Lang: lang, Salt: letters.EncodeToString(salt)}
	set(&a)
	if _, err := tx.Exec(`INSERT INTO account (id, state, version, body) VALUES ($1, $2, 0, '')`, a.ID, a.State); err != nil {
		return a, fmt.Errorf("opening an account: %w", err)
	}
	return a, save(tx, &a, "open_account", nil)
}

// save stores a changed account, its ways in, and the act that changed it. A
// way that leads to another account is refused.
func save(tx *store.Tx, a *Account, act string, facts map[string]any) error {
	was := a.Version
	a.Version++
	body, err := a.body()
	if err != nil {
		return err
	}
	n, err := tx.Exec(`UPDATE account SET state = $1, version = $2, body = $3 WHERE id = $4 AND version = $5`, a.State, a.Version, body, a.ID, was)
	if err != nil {
		return fmt.Errorf("storing account %s: %w", a.ID, err)
	}
	if n == 0 {
		return problem.New(problem.Stale, "account.err.stale")
	}
	if _, err := tx.Exec(`DELETE FROM account_way WHERE account = $1`, a.ID); err != nil {
		return fmt.Errorf("storing the ways of account %s: %w", a.ID, err)
	}
	for kind, value := range a.ways() {
		n, err := tx.Exec(`INSERT INTO account_way (kind, value, account) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, kind, value, a.ID)
		if err != nil {
			return fmt.Errorf("storing the ways of account %s: %w", a.ID, err)
		}
		if n == 0 {
			return problem.New(problem.Conflict, "account.err.taken."+kind)
		}
	}
	return enter(tx, act, "account/"+a.ID, facts, body)
}

// enter puts an act of a citizen into the journal, without facts about them.
func enter(tx *store.Tx, act, subject string, facts map[string]any, state string) error {
	e := journal.Entry{Capacity: "system", Act: act, Subject: subject, State: journal.StateOf(state)}
	if facts != nil {
		var err error
		if e.Facts, err = json.Marshal(facts); err != nil {
			return err
		}
	}
	_, err := journal.Append(tx, e)
	return err
}

// change reads, changes and saves the account of a session.
func (b *Accounts) change(ctx context.Context, token, act string, facts map[string]any, fn func(*store.Tx, *AccountSession) error) (a Account, err error) {
	err = b.db.Write(ctx, func(tx *store.Tx) error {
		s, err := session(tx, tokenHash(token))
		if err != nil {
			return err
		}
		if err := fn(tx, &s); err != nil {
			return err
		}
		if err := save(tx, &s.Account, act, facts); err != nil {
			return err
		}
		a = s.Account
		return nil
	})
	return a, err
}

// SaveFacts keeps what fills forms in. What the electronic identity vouches for
// stays as it is; phone and e-mail are those confirmed.
func (b *Accounts) SaveFacts(ctx context.Context, token string, p Person) (Account, error) {
	return b.change(ctx, token, "save_facts", nil, func(tx *store.Tx, s *AccountSession) error {
		a := &s.Account
		p.Kind, p.Phone, p.Email, p.Checked, p.Source = Citizen, a.Phone, a.Email, Checked{}, Typed
		if a.EID != nil {
			a.EID.fill(&p)
		}
		faults, _ := p.Check("", pack.On(tx.Now))
		faults = slices.DeleteFunc(faults, func(f problem.Field) bool { // nobody must tell their number here
			return f.Key == "applicant.err.id-empty" && f.Name == "id_number" && blank(p.IDNumber)
		})
		if len(faults) > 0 {
			return &problem.Problem{Kind: problem.Invalid, Key: "err.summary", Fields: faults}
		}
		a.Person = p
		return nil
	})
}

// fill puts what the identity vouches for into a person.
func (e EID) fill(p *Person) {
	p.Kind, p.Name = Citizen, cmp.Or(e.Name, p.Name)
	p.Born, p.Sex = cmp.Or(e.Born, p.Born), cmp.Or(e.Sex, p.Sex)
	if e.Number != "" {
		p.IDKind, p.IDNumber = CCCD, e.Number
		p.Checked.EID = true
	}
}

// Consent is an answer to a question that the law leaves open (sự đồng ý).
type Consent struct {
	To   string    `json:"to"`   // "status-messages"
	Text pack.Date `json:"text"` // the day of the text that was shown
	Yes  bool      `json:"yes"`
	At   time.Time `json:"at"`
}

// Asked is a question of consent: its words are under "account.consent.<to>.<text>".
type Asked struct {
	To   string
	Text pack.Date
}

// Key is where the words of the question are.
func (q Asked) Key() string { return "account.consent." + q.To + "." + q.Text }

// Questions are what an account may be asked, each with the day its text is
// from. A changed text is a new line here; the old one stays, because consents
// were given to it. Handling a dossier rests on law and is not asked for
// (rel-R03).
var Questions = []Asked{
	{"status-messages", "2026-11-01"},
	{"survey-call", "2026-11-01"},
}

// Consented reports whether the account's last answer to the present text of a
// question was yes; no answer is no.
func (a Account) Consented(to string) bool {
	var now pack.Date
	for _, q := range Questions {
		if q.To == to {
			now = max(now, q.Text)
		}
	}
	for _, c := range slices.Backward(a.Consents) {
		if c.To == to && c.Text == now {
			return c.Yes
		}
	}
	return false
}

// Consent keeps the answers to the present questions; those not among yes are no.
func (b *Accounts) Consent(ctx context.Context, token string, yes []string) (Account, error) {
	return b.change(ctx, token, "consent", nil, func(tx *store.Tx, s *AccountSession) error {
		for _, q := range Questions {
			said := slices.Contains(yes, q.To)
			if said != s.Account.Consented(q.To) {
				s.Account.Consents = append(s.Account.Consents, Consent{q.To, q.Text, said, tx.Now})
			}
		}
		return nil
	})
}

// Close ends an account for good (đóng tài khoản). Facts, ways in and messages
// are erased and other rooms are told; what stays is that there was such an
// account, because dossiers and the journal name it. It needs a fresh proof.
func (b *Accounts) Close(ctx context.Context, token string) error {
	return b.db.Write(ctx, func(tx *store.Tx) error {
		s, err := session(tx, tokenHash(token))
		if err != nil {
			return err
		}
		if !s.Fresh(tx.Now) {
			return proveFirst()
		}
		if err := leaveAll(tx, s.Account); err != nil {
			return err
		}
		a := Account{ID: s.Account.ID, State: Closed, Version: s.Account.Version, Opened: s.Account.Opened, Closed: tx.Now}
		if err := save(tx, &a, "close_account", nil); err != nil {
			return err
		}
		for _, from := range []string{"account_session", "account_try"} {
			if _, err := tx.Exec(`DELETE FROM `+from+` WHERE account = $1`, a.ID); err != nil {
				return fmt.Errorf("closing account %s: %w", a.ID, err)
			}
		}
		if err := notice.Forget(tx, a.Owner()); err != nil {
			return err
		}
		return job.Enqueue(tx, AccountClosed, a.Owner())
	})
}

func proveFirst() error { return problem.New(problem.Forbidden, "account.err.prove-first") }

// AccountsProtected lets verify compare every account, and the ways in beside
// it, with the last journal entry about it.
func AccountsProtected() journal.Protected {
	return journal.Protected{Prefix: "account/", Each: func(tx *store.Tx, yield func(subject, state string) error) error {
		type row struct {
			id, state, body string
			version         int64
		}
		ways, err := waysOf(tx)
		if err != nil {
			return err
		}
		for after := ""; ; {
			rows, err := store.All(tx, func(r store.Row) (x row, err error) {
				return x, r.Scan(&x.id, &x.state, &x.version, &x.body)
			}, `SELECT id, state, version, body FROM account WHERE id > $1 ORDER BY id LIMIT 500`, after)
			if err != nil {
				return fmt.Errorf("reading accounts to verify: %w", err)
			}
			if len(rows) == 0 {
				break
			}
			for _, x := range rows {
				after = x.id
				state := x.body
				var a Account
				if err := json.Unmarshal([]byte(x.body), &a); err != nil || a.ID != x.id || string(a.State) != x.state || a.Version != x.version {
					state = "columns differ from the body"
				} else if !sameWays(ways[x.id], a.ways()) {
					state = "ways in differ from the body"
				}
				delete(ways, x.id)
				if err := yield("account/"+x.id, state); err != nil {
					return err
				}
			}
		}
		for id := range ways {
			if err := yield("account/"+id, "ways in without an account"); err != nil {
				return err
			}
		}
		return nil
	}}
}

func waysOf(tx *store.Tx) (map[string]map[string]string, error) {
	type way struct{ kind, value, account string }
	all, err := store.All(tx, func(r store.Row) (w way, err error) { return w, r.Scan(&w.kind, &w.value, &w.account) },
		`SELECT kind, value, account FROM account_way ORDER BY account, kind, value`)
	if err != nil {
		return nil, fmt.Errorf("reading the ways in to verify: %w", err)
	}
	of := map[string]map[string]string{}
	for _, w := range all {
		if of[w.account] == nil {
			of[w.account] = map[string]string{}
		}
		if of[w.account][w.kind] != "" { // a second of one kind is none of ours
			w.kind += "+"
		}
		of[w.account][w.kind] = w.value
	}
	return of, nil
}

func sameWays(have, want map[string]string) bool {
	if len(have) != len(want) {
		return false
	}
	for kind, value := range want {
		if have[kind] != value {
			return false
		}
	}
	return true
}
