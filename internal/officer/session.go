package officer

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
)

// Lives of a session (rel-K54). Idleness is measured to within seenEvery, so
// that not every request writes.
const (
	idle        = 15 * time.Minute
	absolute    = 12 * time.Hour
	fresh       = 10 * time.Minute // of a proof, for sensitive acts
	seenEvery   = 20 * time.Second
	enrolLife   = 10 * time.Minute
	mostAtOnce  = 5  // sessions of one officer; a sixth ends the oldest
	tokenBytes  = 32 // 256 bits of chance
	tokenLength = 43
)

// Session is one sign-in (phiên làm việc). An officer may hold several grants;
// As picks the capacity of a request.
type Session struct {
	ID         string // SHA-256 of the token; names the session, opens nothing
	Officer    Officer
	Desk       string // unit code of the desk taken, or ""
	Client     string // address it was opened from
	Started    time.Time
	Seen       time.Time
	Elevated   bool // proved again in the last ten minutes
	MustChange bool // a start code was used: set a password, then go on
	MustEnrol  bool // a role asks for a second factor that is not there yet

	today pack.Date
	below func(root pack.UnitKey, on pack.Date) scope
}

// noEntry is the one answer to a refused sign-in, whatever was wrong (rel-K50).
func noEntry() error { return problem.New(problem.Unauthenticated, "officer.err.sign-in") }

func noSession() error { return problem.New(problem.Unauthenticated, "officer.err.session") }

// SignIn opens a session with login, password or start code, and the code of
// the second factor if there is one; the token goes into a cookie. Unknown,
// disabled and known accounts get the same answer after the same work.
func (r *Roll) SignIn(ctx context.Context, login, password, code, clientAddr string) (token string, s Session, err error) {
	login, client := cleanLogin(login), Host(clientAddr)
	o, spent, err := r.try(ctx, login, client)
	if err != nil {
		return "", Session{}, err
	}
	proof, err := r.judge(ctx, o, password, code)
	if err != nil {
		return "", Session{}, err
	}
	if !proof.good {
		return "", Session{}, noEntry()
	}
	err = r.db.Write(ctx, func(tx *store.Tx) error {
		if err := proof.use(tx, o); err != nil {
			return err
		}
		if err := giveBack(tx, spent); err != nil {
			return err
		}
		if err := makeKnown(tx, login, client); err != nil {
			return err
		}
		if err := sweep(tx); err != nil {
			return err
		}
		token, s, err = r.open(tx, Session{Officer: o.Officer, Client: client, Started: tx.Now, Elevated: !proof.start})
		if err != nil {
			return err
		}
		by := By{Officer: s.Officer, Role: self}
		return record(tx, by, "sign_in", o.ID, "", map[string]any{"second_factor": o.TOTP, "start_code": proof.start})
	})
	if err != nil {
		return "", Session{}, err
	}
	return token, s, nil
}

// attempt is an officer as they were when a try began.
type attempt struct {
	row
	at time.Time
}

// try counts one try to sign in and reads the account; an unknown one is empty.
func (r *Roll) try(ctx context.Context, login, client string) (a attempt, spent []budget, err error) {
	err = r.db.Write(ctx, func(tx *store.Tx) error {
		known, err := isKnown(tx, login, client)
		if err != nil {
			return err
		}
		spent = budgets(login, client, known)
		if err := spend(tx, spent); err != nil {
			return err
		}
		a.at = tx.Now
		a.row, err = findWhere(tx, `login = $1`, login)
		if problem.Is(err, problem.NotFound) {
			return nil
		}
		return err
	})
	return a, spent, err
}

// proof is what a try to sign in was worth.
type proof struct {
	good  bool
	start bool // with a start code
	step  int64
}

// judge checks password or start code, and the second factor.
func (r *Roll) judge(ctx context.Context, a attempt, password, code string) (p proof, err error) {
	if len(password) > 4*longest || !utf8.ValidString(password) {
		password = ""
	}
	right, err := r.hasher.matches(ctx, a.Password, password)
	if err != nil {
		return proof{}, err
	}
	p.start = !right && a.StartCode != "" && a.at.Before(a.StartUntil) &&
		subtle.ConstantTimeCompare([]byte(sealCode(password)), []byte(a.StartCode)) == 1
	step, inTime := stepOf(a.secret(), digits(code), a.at)
	p.step = step
	p.good = a.Active && (right || p.start) && (inTime || a.Secret == "")
	return p, nil
}

// secret is the officer's, or one that nobody has, for the same work.
func (a attempt) secret() string {
	if a.Secret == "" {
		return "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	}
	return a.Secret
}

func digits(code string) string { return strings.ReplaceAll(strings.TrimSpace(code), " ", "") }

// use uses up what the proof rests on; it refuses if another try was quicker
// or the account has changed since.
func (p proof) use(tx *store.Tx, a attempt) error {
	version, err := store.One(tx, number, `SELECT version FROM officer WHERE id = $1`, a.ID)
	if err != nil {
		return fmt.Errorf("reading officer %s: %w", a.ID, err)
	}
	if version != a.Version {
		return noEntry()
	}
	if a.Secret != "" {
		won, err := useStep(tx, a.ID, p.step)
		if err != nil {
			return err
		}
		if !won {
			return noEntry()
		}
	}
	if !p.start {
		return nil
	}
	n, err := tx.Exec(`UPDATE officer SET start_code = '', version = version + 1 WHERE id = $1 AND start_code = $2`, a.ID, a.StartCode)
	if err != nil {
		return fmt.Errorf("using up a start code: %w", err)
	}
	if n == 0 {
		return noEntry()
	}
	return nil
}

// open makes a session; nothing else does (rel-K38). Who calls it has judged a
// proof.
func (r *Roll) open(tx *store.Tx, s Session) (token string, _ Session, err error) {
	random := make([]byte, tokenBytes)
	rand.Read(random)
	token = base64.RawURLEncoding.EncodeToString(random)
	var elevated time.Time
	if s.Elevated {
		elevated = tx.Now.Add(fresh)
	}
	if _, err := tx.Exec(`DELETE FROM officer_session WHERE officer = $1 AND id NOT IN (
		SELECT id FROM officer_session WHERE officer = $2 ORDER BY started DESC, id LIMIT $3)`,
		s.Officer.ID, s.Officer.ID, mostAtOnce-1); err != nil {
		return "", Session{}, fmt.Errorf("ending old sessions: %w", err)
	}
	if _, err := tx.Exec(`
		INSERT INTO officer_session (id, officer, started, seen, elevated, desk, client)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		idOf(token), s.Officer.ID, s.Started, tx.Now, elevated, s.Desk, cut(s.Client, 64)); err != nil {
		return "", Session{}, fmt.Errorf("opening a session: %w", err)
	}
	s, err = r.session(tx, idOf(token))
	return token, s, err
}

func cut(s string, most int) string {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "")
	}
	return s
}

func idOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// Session is the session of a token, as of now: ended sessions, disabled
// accounts and revoked grants show at once, on every node (rel-K64). A token
// that opens nothing, is cut or is made up is Unauthenticated (rel-B-A13).
func (r *Roll) Session(ctx context.Context, token string) (s Session, err error) {
	if len(token) != tokenLength {
		return Session{}, noSession()
	}
	var now time.Time
	err = r.db.Read(ctx, func(tx *store.Tx) error {
		now = tx.Now
		s, err = r.session(tx, idOf(token))
		return err
	})
	if err != nil {
		return Session{}, err
	}
	if now.Sub(s.Seen) < seenEvery {
		return s, nil
	}
	err = r.db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE officer_session SET seen = $1 WHERE id = $2 AND seen < $3`, tx.Now, s.ID, tx.Now)
		return err
	})
	if err != nil && !problem.Is(err, problem.Unavailable) { // what can be read is read while nothing can be saved (rel-I-X2)
		return Session{}, fmt.Errorf("keeping a session awake: %w", err)
	}
	return s, nil
}

// sessionRow is a session with what the account says about it now.
type sessionRow struct {
	Session
	elevated time.Time
	version  int64
	active   bool
}

const sessionColumns = `s.id, s.officer, s.started, s.seen, s.elevated, s.desk, s.client, o.version, o.active, o.must_change`

func scanSession(r store.Row) (s sessionRow, err error) {
	err = r.Scan(&s.ID, &s.Officer.ID, store.At(&s.Started), store.At(&s.Seen), store.At(&s.elevated),
		&s.Desk, &s.Client, &s.version, &s.active, &s.MustChange)
	return s, err
}

func (r *Roll) session(tx *store.Tx, id string) (Session, error) {
	s, err := store.One(tx, scanSession, `SELECT `+sessionColumns+`
		FROM officer_session s JOIN officer o ON o.id = s.officer WHERE s.id = $1`, id)
	if errors.Is(err, store.ErrNone) {
		return Session{}, noSession()
	}
	if err != nil {
		return Session{}, fmt.Errorf("reading a session: %w", err)
	}
	if !s.active || !s.alive(tx.Now) {
		return Session{}, noSession()
	}
	if s.Officer, err = r.officer(tx, s.Officer.ID, s.version); err != nil {
		return Session{}, err
	}
	s.today, s.below = pack.On(tx.Now), r.scopes.at
	s.Elevated = tx.Now.Before(s.elevated)
	s.MustEnrol = !s.Officer.TOTP && s.Officer.needsFactor(s.today)
	return s.Session, nil
}

func (s Session) alive(now time.Time) bool {
	return now.Sub(s.Seen) < idle && now.Sub(s.Started) < absolute
}

// officer reads an officer of this version, from memory if it is still the one.
func (r *Roll) officer(tx *store.Tx, id string, version int64) (Officer, error) {
	r.mu.Lock()
	o := r.kept[id]
	r.mu.Unlock()
	if o.Version == version {
		return o, nil
	}
	o, err := Find(tx, id)
	if err != nil {
		return Officer{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept[id] = o
	return o, nil
}

// SignOut ends the session of a token; one already ended stays ended.
func (r *Roll) SignOut(ctx context.Context, token string) error {
	return r.db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(`DELETE FROM officer_session WHERE id = $1`, idOf(token))
		return err
	})
}

// Sessions lists the officer's own sessions, newest first (rel-K57).
func (r *Roll) Sessions(ctx context.Context, token string) (list []Session, err error) {
	err = r.db.Read(ctx, func(tx *store.Tx) error {
		own, err := r.session(tx, idOf(token))
		if err != nil {
			return err
		}
		all, err := store.All(tx, scanSession, `SELECT `+sessionColumns+`
			FROM officer_session s JOIN officer o ON o.id = s.officer
			WHERE s.officer = $1 ORDER BY s.started DESC, s.id`, own.Officer.ID)
		for _, s := range all {
			if s.alive(tx.Now) {
				s.Officer = own.Officer
				list = append(list, s.Session)
			}
		}
		return err
	})
	return list, err
}

// CountSessions is how many sessions of all officers are alive.
func CountSessions(tx *store.Tx) (n int, err error) {
	n, err = store.One(tx, func(r store.Row) (n int, err error) { return n, r.Scan(&n) },
		`SELECT COUNT(*) FROM officer_session WHERE seen >= $1 AND started >= $2`, tx.Now.Add(-idle), tx.Now.Add(-absolute))
	if err != nil {
		return 0, fmt.Errorf("counting sessions: %w", err)
	}
	return n, nil
}

// Seat is a session that has a desk open (quầy đang mở).
type Seat struct {
	Session
	Name string // of the officer
}

// Seats lists the open desks in an administrator's scope, by desk.
func (r *Roll) Seats(ctx context.Context, by By) (seats []Seat, err error) {
	if !by.Can(Health) {
		return nil, by.Require(Health, "")
	}
	err = r.db.Read(ctx, func(tx *store.Tx) error {
		seats = nil
		all, err := store.All(tx, scanSession, `SELECT `+sessionColumns+`
			FROM officer_session s JOIN officer o ON o.id = s.officer
			WHERE s.desk <> '' ORDER BY s.desk, s.started, s.id`)
		if err != nil {
			return fmt.Errorf("reading the open desks: %w", err)
		}
		for _, s := range all {
			if !s.active || !s.alive(tx.Now) || !by.SeesCode(s.Desk) {
				continue
			}
			o, err := r.officer(tx, s.Officer.ID, s.version)
			if err != nil {
				return err
			}
			seats = append(seats, Seat{s.Session, o.Name})
		}
		return nil
	})
	return seats, err
}

// End ends one of the officer's own sessions, by its ID.
func (r *Roll) End(ctx context.Context, token, id string) error {
	return r.db.Write(ctx, func(tx *store.Tx) error {
		own, err := r.session(tx, idOf(token))
		if err != nil {
			return err
		}
		if !printable(id, 64, 64) {
			return problem.New(problem.NotFound, "err.not-found")
		}
		n, err := tx.Exec(`DELETE FROM officer_session WHERE id = $1 AND officer = $2`, id, own.Officer.ID)
		if err == nil && n == 0 {
			return problem.New(problem.NotFound, "err.not-found")
		}
		return err
	})
}

// EndAll ends every session of an officer: their own, or by an administrator.
func (r *Roll) EndAll(ctx context.Context, by By, officer string) error {
	return r.db.Write(ctx, func(tx *store.Tx) error {
		if by.Officer.ID != officer {
			if _, err := r.keptBy(tx, by, officer); err != nil {
				return err
			}
		}
		if err := endSessions(tx, officer, ""); err != nil {
			return err
		}
		return record(tx, by, "end_sessions", officer, "", nil)
	})
}

// endSessions ends the officer's sessions, except one.
func endSessions(tx *store.Tx, officer, except string) error {
	if _, err := tx.Exec(`DELETE FROM officer_session WHERE officer = $1 AND id <> $2`, officer, except); err != nil {
		return fmt.Errorf("ending the sessions of %s: %w", officer, err)
	}
	return nil
}

// TakeDesk opens a desk for the session (mở quầy); "" leaves it.
func (r *Roll) TakeDesk(ctx context.Context, token, desk string) (s Session, err error) {
	err = r.db.Write(ctx, func(tx *store.Tx) error {
		if s, err = r.session(tx, idOf(token)); err != nil {
			return err
		}
		by, act := By{Officer: s.Officer, Role: self, Desk: s.Desk}, "leave_desk"
		if desk != "" {
			unit, ok := r.scopes.desk(desk, s.today)
			if !ok {
				return problem.New(problem.NotFound, "officer.err.desk")
			}
			if by, err = s.For(TakeDesk, unit.Key); err != nil {
				return err
			}
			by.Desk, act = desk, "take_desk"
		}
		if _, err := tx.Exec(`UPDATE officer_session SET desk = $1, seen = $2 WHERE id = $3`, desk, tx.Now, s.ID); err != nil {
			return fmt.Errorf("taking desk %s: %w", desk, err)
		}
		s.Desk = desk
		return record(tx, by, act, s.Officer.ID, "", nil)
	})
	return s, err
}

// ready refuses every act until the password is the officer's own and the
// second factor that a role asks for is enrolled.
func (s Session) ready() error {
	switch {
	case s.MustChange:
		return problem.New(problem.Forbidden, "officer.err.password-first")
	case s.MustEnrol:
		return problem.New(problem.Forbidden, "officer.err.factor-first")
	}
	return nil
}

// Capacities are the grants that hold today; a page offers them.
func (s Session) Capacities() []Grant {
	var now []Grant
	for _, g := range s.Officer.Grants {
		if g.Holds(s.today) {
			now = append(now, g)
		}
	}
	return now
}

func (s Session) by(g Grant) By {
	sc := s.below(g.Unit, s.today)
	by := By{
		Officer: s.Officer, Role: g.Role, Unit: g.Unit, Elevated: s.Elevated,
		Units: sc.units, Past: sc.past, below: s.below,
	}
	if s.Desk != "" && by.SeesCode(s.Desk) {
		by.Desk = s.Desk
	}
	return by
}

// As is the officer in this role: for the unit given, else where the desk
// taken lies, else in the first such grant.
func (s Session) As(role Role, unit pack.UnitKey) (By, error) {
	return s.pick(func(by By) bool { return by.Role == role && (unit == "" || by.Unit == unit) })
}

// For is the officer in a capacity that may do p for the unit ("" any). One who
// may do it only elsewhere learns nothing of the unit (rel-G9).
func (s Session) For(p Permission, unit pack.UnitKey) (By, error) {
	by, err := s.pick(func(by By) bool { return by.Can(p) && (unit == "" || by.Sees(unit)) })
	if err == nil || s.ready() != nil {
		return by, err
	}
	for _, g := range s.Capacities() {
		if by := s.by(g); by.Can(p) {
			return By{}, by.Require(p, unit)
		}
	}
	return By{}, By{}.Require(p, unit)
}

// pick is the first capacity that fits, the one of the desk before others.
func (s Session) pick(fits func(By) bool) (By, error) {
	if err := s.ready(); err != nil {
		return By{}, err
	}
	var first *By
	for _, g := range s.Capacities() {
		by := s.by(g)
		if !fits(by) {
			continue
		}
		if s.Desk == "" || by.Desk == s.Desk {
			return by, nil
		}
		if first == nil {
			first = &by
		}
	}
	if first == nil {
		return By{}, problem.New(problem.Forbidden, "officer.err.no-capacity")
	}
	return *first, nil
}
