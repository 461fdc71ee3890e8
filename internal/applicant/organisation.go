package applicant

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"quay20/internal/journal"
	"quay20/internal/notice"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/text"
)

// Company is an organisation or household business with an account of its own
// (tài khoản tổ chức): who its users are and for what they may act. What it says
// of itself is declared, as on paper; the desk compares it with the register of
// businesses.
type Company struct {
	ID          string      `json:"id"`
	Version     int64       `json:"version"`
	Opened      time.Time   `json:"opened"`
	Closed      time.Time   `json:"closed,omitzero"`
	Person      Person      `json:"person,omitzero"` // Kind Organisation or Household
	Members     []Member    `json:"members,omitempty"`
	Authorities []Authority `json:"authorities,omitempty"`
	Salt        string      `json:"salt,omitempty"`
}

// CompanyRole is what a user of an organisation may do.
type CompanyRole string

const (
	Manager CompanyRole = "manager" // quản lý: users, powers of attorney, and filing
	Filer   CompanyRole = "filer"   // người nộp: filing
)

// Member is a user of an organisation.
type Member struct {
	Account string      `json:"account"` // ID
	Name    string      `json:"name"`    // as their account was called when they joined
	Role    CompanyRole `json:"role"`
	Since   time.Time   `json:"since"`
}

// Authority is why a user may file for the organisation (giấy ủy quyền), or that
// they are its legal representative.
type Authority struct {
	ID         string    `json:"id"`
	Account    string    `json:"account"`
	Legal      bool      `json:"legal,omitempty"`      // người đại diện theo pháp luật; needs no paper
	Paper      string    `json:"paper,omitempty"`      // "12/GUQ"
	Signed     pack.Date `json:"signed,omitempty"`     // "2026-03-01"
	Procedures []string  `json:"procedures,omitempty"` // codes; none is every procedure
	From       pack.Date `json:"from"`
	To         pack.Date `json:"to,omitempty"` // the last day; "" until revoked
	By         string    `json:"by"`           // the manager's account
	Revoked    time.Time `json:"revoked,omitzero"`
}

// Holds reports whether the authority covers a procedure on a day.
func (a Authority) Holds(procedure string, on pack.Date) bool {
	return a.Revoked.IsZero() && a.From <= on && (a.To == "" || on <= a.To) && (len(a.Procedures) == 0 || slices.Contains(a.Procedures, procedure))
}

// Words is the authority as a dossier keeps it.
func (a Authority) Words(c Company) string {
	if a.Legal {
		return text.T(text.Vi, "business.authority.legal", "organisation", c.Person.Name)
	}
	return text.T(text.Vi, "business.authority.paper", "paper", a.Paper, "day", FormatBorn(a.Signed), "organisation", c.Person.Name)
}

// Owner names the organisation where dossiers keep on whose page they are listed.
func (c Company) Owner() string { return "organisation/" + c.ID }

// Member is the account's place in the organisation.
func (c Company) Member(account string) (Member, bool) {
	i := slices.IndexFunc(c.Members, func(m Member) bool { return m.Account == account })
	if i < 0 {
		return Member{}, false
	}
	return c.Members[i], true
}

// May finds the authority under which an account files for the organisation.
func (c Company) May(account, procedure string, on pack.Date) (Authority, bool) {
	if _, ok := c.Member(account); !ok {
		return Authority{}, false
	}
	for _, a := range c.Authorities {
		if a.Account == account && a.Holds(procedure, on) {
			return a, true
		}
	}
	return Authority{}, false
}

// Companies is the book of organisations (sổ tài khoản tổ chức).
type Companies struct{ db *store.DB }

// NewCompanies opens the book.
func NewCompanies(db *store.DB) *Companies { return &Companies{db} }

const (
	inviteLife    = 7 * 24 * time.Hour
	mostMembers   = 50
	mostCompanies = 20 // of one account
	mostPapers    = 200
)

func unknownCompany() error { return problem.New(problem.NotFound, "err.not-found") }

// company reads one of the account's organisations; others do not exist for it.
func company(tx *store.Tx, account, id string) (c Company, err error) {
	body, err := store.One(tx, scanBody, `SELECT o.body FROM organisation o JOIN organisation_member m ON m.organisation = o.id
		WHERE m.account = $1 AND o.id = $2`, account, id)
	if errors.Is(err, store.ErrNone) {
		return c, unknownCompany()
	}
	if err != nil {
		return c, fmt.Errorf("reading an organisation: %w", err)
	}
	return c, json.Unmarshal([]byte(body), &c)
}

// put stores a changed organisation, its members and the act.
func (c *Company) put(tx *store.Tx, act string, facts map[string]any) error {
	was := c.Version
	c.Version++
	b, err := json.Marshal(c)
	if err != nil {
		return err
	}
	n, err := tx.Exec(`UPDATE organisation SET version = $1, body = $2 WHERE id = $3 AND version = $4`, c.Version, string(b), c.ID, was)
	if err != nil {
		return fmt.Errorf("storing organisation %s: %w", c.ID, err)
	}
	if n == 0 {
		return problem.New(problem.Stale, "account.err.stale")
	}
	if _, err := tx.Exec(`DELETE FROM organisation_member WHERE organisation = $1`, c.ID); err != nil {
		return fmt.Errorf("storing the members of %s: %w", c.ID, err)
	}
	for _, m := range c.Members {
		if _, err := tx.Exec(`INSERT INTO organisation_member (account, organisation) VALUES ($1, $2)`, m.Account, c.ID); err != nil {
			return fmt.Errorf("storing the members of %s: %w", c.ID, err)
		}
	}
	return enter(tx, act, c.Owner(), facts, string(b))
}

// change reads, changes and stores one of the organisations of a session's
// account. With managing the account must be a manager who proved who they are a
// moment ago.
func (b *Companies) change(ctx context.Context, token, id, act string, managing bool, fn func(*store.Tx, AccountSession, *Company) error) (c Company, err error) {
	err = b.db.Write(ctx, func(tx *store.Tx) error {
		s, err := session(tx, tokenHash(token))
		if err != nil {
			return err
		}
		if c, err = company(tx, s.Account.ID, id); err != nil {
			return err
		}
		if managing {
			if err := c.managed(s, tx.Now); err != nil {
				return err
			}
		}
		if err := fn(tx, s, &c); err != nil {
			return err
		}
		return c.put(tx, act, nil)
	})
	return c, err
}

// managed refuses who is no manager, or proved who they are too long ago.
func (c Company) managed(s AccountSession, now time.Time) error {
	if m, _ := c.Member(s.Account.ID); m.Role != Manager {
		return problem.New(problem.Illegal, "business.err.manager")
	}
	if !s.Fresh(now) {
		return proveFirst()
	}
	return nil
}

// Found opens an organisation; who does is its first manager.
func (b *Companies) Found(ctx context.Context, token string, p Person) (c Company, err error) {
	err = b.db.Write(ctx, func(tx *store.Tx) error {
		s, err := session(tx, tokenHash(token))
		if err != nil {
			return err
		}
		p.Source = Typed
		faults, _ := p.Check("", pack.On(tx.Now))
		if p.Kind == Citizen {
			faults = append(faults, problem.Field{Name: "kind", Key: "applicant.err.kind"})
		}
		if p.TaxCode == "" && !slices.ContainsFunc(faults, func(f problem.Field) bool { return f.Name == "tax_code" }) {
			faults = append(faults, problem.Field{Name: "tax_code", Key: "business.err.tax-code-empty"})
		}
		if len(faults) > 0 {
			return &problem.Problem{Kind: problem.Invalid, Key: "err.summary", Fields: faults}
		}
		n, err := store.One(tx, func(r store.Row) (n int64, err error) { return n, r.Scan(&n) }, `SELECT COUNT(*) FROM organisation_member WHERE account = $1`, s.Account.ID)
		if err != nil {
			return err
		}
		if n >= mostCompanies {
			return problem.New(problem.Illegal, "business.err.many", "most", mostCompanies)
		}
		salt := make([]byte, 16)
		tx.Chance(salt)
		c = Company{ID: newID(tx), Opened: tx.Now, Person: p, Salt: letters.EncodeToString(salt),
			Members: []Member{{s.Account.ID, s.Account.Named(), Manager, tx.Now}}}
		if _, err := tx.Exec(`INSERT INTO organisation (id, version, body) VALUES ($1, 0, '')`, c.ID); err != nil {
			return fmt.Errorf("opening an organisation: %w", err)
		}
		return c.put(tx, "found_organisation", nil)
	})
	return c, err
}

// Of lists the organisations of an account.
func (b *Companies) Of(ctx context.Context, account string) (list []Company, err error) {
	err = b.db.Read(ctx, func(tx *store.Tx) error {
		list, err = companiesOf(tx, account)
		return err
	})
	return list, err
}

func companiesOf(tx *store.Tx, account string) ([]Company, error) {
	list, err := store.All(tx, func(r store.Row) (c Company, err error) {
		var body string
		if err = r.Scan(&body); err == nil {
			err = json.Unmarshal([]byte(body), &c)
		}
		return c, err
	}, `SELECT o.body FROM organisation o JOIN organisation_member m ON m.organisation = o.id WHERE m.account = $1 ORDER BY o.id`, account)
	if err != nil {
		return nil, fmt.Errorf("reading the organisations of an account: %w", err)
	}
	return list, nil
}

// Find gives one of an account's organisations.
func (b *Companies) Find(ctx context.Context, account, id string) (c Company, err error) {
	err = b.db.Read(ctx, func(tx *store.Tx) error {
		c, err = company(tx, account, id)
		return err
	})
	return c, err
}

// Invite gives the secret of a link by which the holder of a phone or address
// joins, once and within a week. They are told by message that a link will come;
// the manager hands it over.
func (b *Companies) Invite(ctx context.Context, token, id string, to Way, role CompanyRole) (secret string, err error) {
	_, err = b.change(ctx, token, id, "invite_member", true, func(tx *store.Tx, s AccountSession, c *Company) error {
		if role != Manager && role != Filer {
			return problem.New(problem.Invalid, "err.summary").Field("role", "business.err.role")
		}
		if len(c.Members) >= mostMembers {
			return problem.New(problem.Illegal, "business.err.many", "most", mostMembers)
		}
		if err := spendClient(tx, s.Client); err != nil {
			return err
		}
		secret = newToken(tx)
		if _, err := tx.Exec(`INSERT INTO organisation_invitation (id, organisation, role, recipient, invited_by, made, until) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			tokenHash(secret), c.ID, role, to.Kind+":"+to.Value, s.Account.ID, tx.Now, tx.Now.Add(inviteLife)); err != nil {
			return fmt.Errorf("keeping an invitation: %w", err)
		}
		name := []rune(c.Person.Name)
		return notice.Send(tx, notice.Message{To: to.Value, Channel: to.channel(), Text: "notice.invited", Args: []any{"organisation", string(name[:min(len(name), 30)])},
			Lang: s.Account.Lang, About: c.Owner(), UseBy: tx.Now.Add(inviteLife)})
	})
	return secret, err
}

// Join makes the account of a session a member by an invitation that was meant
// for its phone or address. It works once (rel-K46).
func (b *Companies) Join(ctx context.Context, token, secret string) (c Company, err error) {
	over := problem.New(problem.NotFound, "business.err.invitation")
	err = b.db.Write(ctx, func(tx *store.Tx) error {
		s, err := session(tx, tokenHash(token))
		if err != nil {
			return err
		}
		var id, role, recipient string
		_, err = store.One(tx, func(r store.Row) (bool, error) { return true, r.Scan(&id, &role, &recipient) },
			`DELETE FROM organisation_invitation WHERE id = $1 AND until > $2 RETURNING organisation, role, recipient`, tokenHash(secret), tx.Now)
		if errors.Is(err, store.ErrNone) {
			return over
		}
		if err != nil {
			return fmt.Errorf("taking an invitation: %w", err)
		}
		ways := s.Account.ways()
		if recipient != "phone:"+ways["phone"] && recipient != "email:"+ways["email"] {
			return over // the write is undone: it stays good for whom it was meant
		}
		body, err := store.One(tx, scanBody, `SELECT body FROM organisation WHERE id = $1`, id)
		if err != nil {
			return fmt.Errorf("reading an organisation: %w", err)
		}
		if err := json.Unmarshal([]byte(body), &c); err != nil {
			return err
		}
		if _, already := c.Member(s.Account.ID); already || !c.Closed.IsZero() {
			return over
		}
		c.Members = append(c.Members, Member{s.Account.ID, s.Account.Named(), CompanyRole(role), tx.Now})
		return c.put(tx, "join_organisation", nil)
	})
	return c, err
}

// Remove ends somebody's membership and the authorities they had. The last
// manager stays while there are others.
func (b *Companies) Remove(ctx context.Context, token, id, account string) (Company, error) {
	return b.change(ctx, token, id, "remove_member", false, func(tx *store.Tx, s AccountSession, c *Company) error {
		if account != s.Account.ID { // anybody may leave
			if err := c.managed(s, tx.Now); err != nil {
				return err
			}
		}
		return c.remove(account, tx.Now)
	})
}

func (c *Company) remove(account string, at time.Time) error {
	if _, ok := c.Member(account); !ok {
		return unknownCompany()
	}
	left := slices.DeleteFunc(slices.Clone(c.Members), func(m Member) bool { return m.Account == account })
	if len(left) > 0 && !slices.ContainsFunc(left, func(m Member) bool { return m.Role == Manager }) {
		return problem.New(problem.Illegal, "business.err.last-manager", "organisation", c.Person.Name)
	}
	c.Members = left
	for i, a := range c.Authorities {
		if a.Account == account && a.Revoked.IsZero() {
			c.Authorities[i].Revoked = at
		}
	}
	if len(left) == 0 {
		*c = Company{ID: c.ID, Version: c.Version, Opened: c.Opened, Closed: at}
	}
	return nil
}

// leaveAll takes a closing account out of its organisations; one that it leaves
// empty is closed.
func leaveAll(tx *store.Tx, a Account) error {
	list, err := companiesOf(tx, a.ID)
	if err != nil {
		return err
	}
	for _, c := range list {
		if err := c.remove(a.ID, tx.Now); err != nil {
			return err
		}
		if err := c.put(tx, "remove_member", nil); err != nil {
			return err
		}
	}
	return nil
}

// Grant lets a member file for the organisation (ủy quyền).
func (b *Companies) Grant(ctx context.Context, token, id string, a Authority) (Company, error) {
	return b.change(ctx, token, id, "grant_authority", true, func(tx *store.Tx, s AccountSession, c *Company) error {
		p := problem.New(problem.Invalid, "err.summary")
		if _, ok := c.Member(a.Account); !ok {
			p.Field("account", "business.err.member")
		}
		paper, err := line(60)(a.Paper)
		if !a.Legal && (err != nil || paper == "") {
			p.Field("paper", "business.err.paper")
		}
		for field, day := range map[string]*pack.Date{"signed": &a.Signed, "from": &a.From, "to": &a.To} {
			if *day == "" {
				continue
			}
			if *day, err = parseDay(*day); err != nil {
				q, _ := problem.As(err)
				p.Field(field, q.Key, q.Args...)
			}
		}
		switch {
		case a.From == "":
			p.Field("from", "business.err.from")
		case a.To != "" && a.To < a.From:
			p.Field("to", "business.err.to")
		}
		if !a.Legal && a.Signed == "" {
			p.Field("signed", "business.err.signed")
		}
		if len(c.Authorities) >= mostPapers {
			p.Field("paper", "business.err.many", "most", mostPapers)
		}
		if err := p.Or(); err != nil {
			return err
		}
		a.ID, a.Paper, a.By, a.Revoked = newID(tx), paper, s.Account.ID, time.Time{}
		c.Authorities = append(c.Authorities, a)
		return nil
	})
}

// Revoke ends an authority from now on; what was filed under it stands.
func (b *Companies) Revoke(ctx context.Context, token, id, authority string) (Company, error) {
	return b.change(ctx, token, id, "revoke_authority", true, func(tx *store.Tx, _ AccountSession, c *Company) error {
		i := slices.IndexFunc(c.Authorities, func(a Authority) bool { return a.ID == authority && a.Revoked.IsZero() })
		if i < 0 {
			return unknownCompany()
		}
		c.Authorities[i].Revoked = tx.Now
		return nil
	})
}

// CompaniesProtected lets verify compare every organisation, and the members
// beside it, with the last journal entry about it.
func CompaniesProtected() journal.Protected {
	return journal.Protected{Prefix: "organisation/", Each: func(tx *store.Tx, yield func(subject, state string) error) error {
		type row struct {
			id, body string
			version  int64
		}
		rows, err := store.All(tx, func(r store.Row) (x row, err error) { return x, r.Scan(&x.id, &x.version, &x.body) },
			`SELECT id, version, body FROM organisation ORDER BY id`)
		if err != nil {
			return fmt.Errorf("reading organisations to verify: %w", err)
		}
		members := map[string][]string{}
		pairs, err := store.All(tx, func(r store.Row) (p [2]string, err error) { return p, r.Scan(&p[0], &p[1]) },
			`SELECT organisation, account FROM organisation_member ORDER BY organisation, account`)
		if err != nil {
			return fmt.Errorf("reading members to verify: %w", err)
		}
		for _, p := range pairs {
			members[p[0]] = append(members[p[0]], p[1])
		}
		for _, x := range rows {
			state := x.body
			var c Company
			err := json.Unmarshal([]byte(x.body), &c)
			var want []string
			for _, m := range c.Members {
				want = append(want, m.Account)
			}
			slices.Sort(want)
			if err != nil || c.ID != x.id || c.Version != x.version || !slices.Equal(want, members[x.id]) {
				state = "columns or members differ from the body"
			}
			delete(members, x.id)
			if err := yield("organisation/"+x.id, state); err != nil {
				return err
			}
		}
		for id := range members {
			if err := yield("organisation/"+id, "members without an organisation"); err != nil {
				return err
			}
		}
		return nil
	}}
}
