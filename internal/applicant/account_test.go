package applicant_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"quay20/internal/applicant"
	"quay20/internal/journal"
	"quay20/internal/notice"
	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/store/storetest"
	"quay20/internal/text"
)

const phoneOf = "+84912345678"

// desk is the book of accounts with the outbox that codes are read in.
type desk struct {
	*testing.T
	db    *store.DB
	book  *applicant.Accounts
	box   *notice.Outbox
	clock *storetest.Clock
}

func atDesk(t *testing.T, fn func(*desk)) {
	t.Helper()
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		fn(&desk{t, db, applicant.NewAccounts(db), notice.NewOutbox(db), storetest.ClockOf(db)})
	})
}

func (d *desk) must(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

func way(kind, value string) applicant.Way { return applicant.Way{Kind: kind, Value: value} }

const client = "203.0.113.7:4711"

func (d *desk) ask(w applicant.Way) applicant.Pending {
	d.Helper()
	d.clock.Add(time.Second)
	p, err := d.book.Ask(d.Context(), w, text.Vi, client)
	d.must(err)
	return p
}

// sent is the last code that went to somebody.
func (d *desk) sent(to string) string {
	d.Helper()
	list, err := d.box.Last(d.Context(), 50)
	d.must(err)
	for _, m := range list {
		if m.To == to && m.Secret != "" {
			return m.Secret
		}
	}
	d.Fatalf("no code went to %s", to)
	return ""
}

func (d *desk) enter(w applicant.Way) (string, applicant.AccountSession) {
	d.Helper()
	p := d.ask(w)
	token, s, err := d.book.Enter(d.Context(), p.Try, d.sent(w.Value), applicant.Entry{Client: client, Lang: text.Vi})
	d.must(err)
	return token, s
}

func (d *desk) refused(err error, key string) {
	d.Helper()
	p, ok := problem.As(err)
	if !ok {
		d.Fatalf("got %v, want a refusal %s", err, key)
	}
	if p.Key == key {
		return
	}
	for _, f := range p.Fields {
		if f.Key == key {
			return
		}
	}
	d.Errorf("refused for %v, want %s", p, key)
}

// verified fails when verify would find a fault in the accounts.
func (d *desk) verified() {
	d.Helper()
	d.must(d.db.Read(d.Context(), func(tx *store.Tx) error {
		r, err := journal.Check(tx, applicant.AccountsProtected())
		if err == nil && !r.OK() {
			d.Errorf("verify: %+v", r.Faults)
		}
		return err
	}))
}

func TestFirstSignInOpensAnAccountAndTheNextFindsIt(t *testing.T) {
	atDesk(t, func(d *desk) {
		token, first := d.enter(way("phone", phoneOf))
		d.clock.Add(time.Hour)
		_, again := d.enter(way("phone", phoneOf))
		if first.Account.ID != again.Account.ID || again.Account.Phone != phoneOf {
			t := d.T
			t.Errorf("%+v, then %+v", first.Account, again.Account)
		}
		_, err := d.book.Session(d.Context(), token)
		d.refused(err, "account.err.session") // idle for an hour
		d.verified()
	})
}

// rel-B-A14, rel-K48: five wrong tries lock the code, ten minutes end it, and it
// opens nothing for another browser.
func TestCodeIsGoodForItsBrowserItsTimeAndFewTries(t *testing.T) {
	atDesk(t, func(d *desk) {
		in := applicant.Entry{Client: client}
		p := d.ask(way("phone", phoneOf))
		good := d.sent(phoneOf)
		bad := fmt.Sprintf("%06d", (len(good)+1)*7)
		other := d.ask(way("phone", "+84912345679"))
		_, _, err := d.book.Enter(d.Context(), other.Try, good, in)
		d.refused(err, "account.err.code")
		for i := range 5 {
			_, _, err := d.book.Enter(d.Context(), p.Try, bad, in)
			want := "account.err.code"
			if i == 4 {
				want = "account.err.code-over"
			}
			d.refused(err, want)
		}
		_, _, err = d.book.Enter(d.Context(), p.Try, good, in)
		d.refused(err, "account.err.code-over")
		p = d.ask(way("phone", phoneOf))
		d.clock.Add(10*time.Minute + time.Second)
		_, _, err = d.book.Enter(d.Context(), p.Try, d.sent(phoneOf), in)
		d.refused(err, "account.err.code-over")
		_, _, err = d.book.Enter(d.Context(), strings.Repeat("x", 43), good, in)
		d.refused(err, "account.err.code-over")
	})
}

// rel-K46, rel-X06: used fifty times at once, a code opens one session.
func TestCodeUsedManyTimesAtOnceOpensOneSession(t *testing.T) {
	atDesk(t, func(d *desk) {
		p := d.ask(way("phone", phoneOf))
		code := d.sent(phoneOf)
		var mu sync.Mutex
		var all sync.WaitGroup
		won := 0
		for range 50 {
			all.Go(func() {
				if _, _, err := d.book.Enter(d.Context(), p.Try, code, applicant.Entry{Client: client}); err == nil {
					mu.Lock()
					won++
					mu.Unlock()
				}
			})
		}
		all.Wait()
		if won != 1 {
			d.Errorf("%d sessions from one code", won)
		}
	})
}

// rel-K47, rel-T13: the database alone does not give a code away, and codes are six digits.
func TestDatabaseKeepsNoCode(t *testing.T) {
	atDesk(t, func(d *desk) {
		d.ask(way("phone", phoneOf))
		code := d.sent(phoneOf)
		if len(code) != 6 {
			d.Errorf("code %q", code)
		}
		d.must(d.db.Read(d.Context(), func(tx *store.Tx) error {
			row, err := store.One(tx, func(r store.Row) (s string, err error) {
				var id, sealed string
				err = r.Scan(&id, &sealed)
				return id + sealed, err
			}, `SELECT id, code FROM account_try`)
			if strings.Contains(row, code) {
				d.Error("the code is in its row")
			}
			return err
		}))
	})
}

// rel-K21, rel-K37: codes are few for one phone and one address; a browser that
// signed in before is not kept out by strangers.
func TestCodesAreFew(t *testing.T) {
	atDesk(t, func(d *desk) {
		_, s := d.enter(way("phone", phoneOf))
		if s.Account.ID == "" {
			d.Fatal("no account")
		}
		stranger := func(i int) string { return fmt.Sprintf("198.51.%d.%d:1", 100+i/200, i%200) }
		n := 0
		for ; n < 10; n++ {
			if _, err := d.book.Ask(d.Context(), way("phone", phoneOf), text.Vi, stranger(n)); err != nil {
				d.refused(err, "account.err.wait")
				break
			}
		}
		if n > 3 {
			d.Errorf("strangers had %d codes sent to one phone within ten minutes", n)
		}
		d.enter(way("phone", phoneOf)) // the owner, from where they signed in before
		sent := 0
		for i := range 200 {
			if _, err := d.book.Ask(d.Context(), way("phone", fmt.Sprintf("+8491%07d", i)), text.Vi, "192.0.2.9:1"); err != nil {
				d.refused(err, "account.err.wait")
				break
			}
			sent++
		}
		if sent > 20 {
			d.Errorf("one address had %d codes sent", sent)
		}
		d.clock.Add(time.Hour)
		if _, err := d.book.Ask(d.Context(), way("phone", "+84987654321"), text.Vi, "192.0.2.9:1"); err != nil {
			d.Errorf("an hour later: %v", err)
		}
	})
}

// rel-K50: a phone with an account and one without get the same.
func TestKnownAndUnknownPhonesLookAlike(t *testing.T) {
	atDesk(t, func(d *desk) {
		d.enter(way("phone", phoneOf))
		d.clock.Add(time.Hour)
		known, err := d.book.Ask(d.Context(), way("phone", phoneOf), text.Vi, "192.0.2.1:1")
		d.must(err)
		unknown, err := d.book.Ask(d.Context(), way("phone", "+84987654321"), text.Vi, "192.0.2.1:1")
		d.must(err)
		if len(known.Try) != len(unknown.Try) || known.Second != unknown.Second {
			d.Errorf("%+v and %+v", known, unknown)
		}
		d.sent("+84987654321")
	})
}

// rel-K53, rel-K54, rel-K55, rel-K57: sessions end by themselves, by signing
// out, and all at once; a new sign-in is a new token and ends the browser's old one.
func TestSessionsEnd(t *testing.T) {
	atDesk(t, func(d *desk) {
		ctx := d.Context()
		token, _ := d.enter(way("phone", phoneOf))
		alive := func(token string) bool { _, err := d.book.Session(ctx, token); return err == nil }
		d.clock.Add(29 * time.Minute)
		if !alive(token) {
			d.Error("over before half an hour")
		}
		for range 26 {
			d.clock.Add(29 * time.Minute)
			alive(token)
		}
		if alive(token) {
			d.Error("alive after twelve hours")
		}
		first, _ := d.enter(way("phone", phoneOf))
		p := d.ask(way("phone", phoneOf))
		second, _, err := d.book.Enter(ctx, p.Try, d.sent(phoneOf), applicant.Entry{Client: client, Old: first, Shared: true})
		d.must(err)
		if alive(first) || !alive(second) {
			d.Error("the browser's old session outlives a new sign-in")
		}
		d.clock.Add(6 * time.Minute)
		if alive(second) {
			d.Error("alive on a shared computer after six minutes")
		}
		d.clock.Add(10 * time.Minute)
		third, _ := d.enter(way("phone", phoneOf))
		fourth, _ := d.enter(way("phone", phoneOf))
		d.must(d.book.SignOut(ctx, fourth))
		if alive(fourth) || !alive(third) {
			d.Error("signing out ends this session and no other")
		}
		d.must(d.book.EndSession(ctx, third, "all"))
		if alive(third) {
			d.Error("alive after all were ended")
		}
		for _, odd := range []string{"", third[:42], third + "x", strings.Repeat("A", 43)} {
			if alive(odd) {
				d.Errorf("%q opens a session", odd)
			}
		}
	})
}

// A phone changes when both phones say so; the old one is told and other
// sessions end.
func TestPhoneChangesWhenBothConfirm(t *testing.T) {
	atDesk(t, func(d *desk) {
		ctx := d.Context()
		token, _ := d.enter(way("phone", phoneOf))
		elsewhere, _ := d.enter(way("phone", phoneOf))
		to := way("phone", "+84987654321")
		d.clock.Add(time.Second)
		p, err := d.book.AskChange(ctx, token, to, false, client)
		d.must(err)
		_, err = d.book.Change(ctx, token, p.Try, d.sent(to.Value), "000000")
		d.refused(err, "account.err.code")
		d.clock.Add(time.Second)
		a, err := d.book.Change(ctx, token, p.Try, d.sent(to.Value), d.sent(phoneOf))
		d.must(err)
		if a.Phone != to.Value || a.Person.Phone != to.Value {
			d.Errorf("the account has %s", a.Phone)
		}
		if _, err := d.book.Session(ctx, elsewhere); err == nil {
			d.Error("another session outlives the change")
		}
		told, err := d.box.Last(ctx, 1)
		d.must(err)
		if told[0].To != phoneOf || told[0].Text != "notice.way-gone" {
			d.Errorf("the old phone was not told: %+v", told[0])
		}
		_, fresh := d.enter(way("phone", phoneOf))
		if fresh.Account.ID == a.ID {
			d.Error("the old phone still opens the account")
		}
		d.verified()
	})
}

// A phone that opens another account is refused once its owner has proved it,
// and no earlier.
func TestPhoneOfAnotherAccountIsRefused(t *testing.T) {
	atDesk(t, func(d *desk) {
		ctx := d.Context()
		d.enter(way("phone", "+84987654321"))
		d.clock.Add(time.Hour)
		token, _ := d.enter(way("phone", phoneOf))
		d.clock.Add(time.Second)
		p, err := d.book.AskChange(ctx, token, way("phone", "+84987654321"), false, client)
		d.must(err)
		_, err = d.book.Change(ctx, token, p.Try, d.sent("+84987654321"), d.sent(phoneOf))
		d.refused(err, "account.err.taken.phone")
		d.verified()
	})
}

// Who lost the phone confirms by the address of the account; who has no other
// way cannot.
func TestLostPhoneIsReplacedByAnotherWay(t *testing.T) {
	atDesk(t, func(d *desk) {
		ctx := d.Context()
		token, _ := d.enter(way("phone", phoneOf))
		d.clock.Add(11 * time.Minute)
		_, err := d.book.AskChange(ctx, token, way("phone", "+84987654321"), true, client)
		d.refused(err, "account.err.prove-first")
		d.clock.Add(time.Second)
		p, err := d.book.AskChange(ctx, token, way("email", "phuong@example.vn"), false, client)
		d.must(err)
		_, err = d.book.Change(ctx, token, p.Try, d.sent("phuong@example.vn"), d.sent(phoneOf))
		d.must(err)
		byMail, s := d.enter(way("email", "phuong@example.vn"))
		if s.Account.Phone != phoneOf {
			d.Fatalf("the address opens another account: %+v", s.Account)
		}
		d.clock.Add(time.Second)
		p, err = d.book.AskChange(ctx, byMail, way("phone", "+84987654321"), true, client)
		d.must(err)
		_, err = d.book.Change(ctx, byMail, p.Try, d.sent("+84987654321"), d.sent("phuong@example.vn"))
		d.must(err)
		d.verified()
	})
}

var eid = applicant.EID{Issuer: "https://eid.example.vn", Subject: "s-1", Name: "Lò Thị Phương", Born: "1990-03-07", Sex: applicant.Female, Number: "012190001234"}

// rel-K49: an identity is known by issuer and subject; nothing else links accounts.
func TestElectronicIdentityIsItsOwnAccount(t *testing.T) {
	atDesk(t, func(d *desk) {
		ctx := d.Context()
		_, byPhone := d.enter(way("phone", phoneOf))
		token, s, err := d.book.EnterEID(ctx, eid, applicant.Entry{Client: client})
		d.must(err)
		if s.Account.ID == byPhone.Account.ID || !s.Account.Person.Checked.EID || s.Account.Person.IDNumber != eid.Number {
			d.Errorf("%+v", s.Account)
		}
		for _, other := range []applicant.EID{{Issuer: eid.Issuer, Subject: "s-2", Name: eid.Name}, {Issuer: "https://other.example.vn", Subject: eid.Subject, Name: eid.Name}} {
			if _, o, err := d.book.EnterEID(ctx, other, applicant.Entry{}); err != nil || o.Account.ID == s.Account.ID {
				d.Errorf("%+v opens the account of %+v: %v", other, eid, err)
			}
		}
		_, again, err := d.book.EnterEID(ctx, eid, applicant.Entry{Client: client})
		d.must(err)
		if again.Account.ID != s.Account.ID {
			d.Error("the identity opened a second account")
		}
		p := s.Account.Person
		if !s.Account.Vouched(p) {
			d.Error("the facts of the identity are not vouched for")
		}
		p.Name = "Lò Thị Phượng"
		if s.Account.Vouched(p) {
			d.Error("another name is vouched for")
		}
		a, err := d.book.SaveFacts(ctx, token, applicant.Person{Name: "Người Khác", IDNumber: "012190009999", IDKind: applicant.CCCD, Address: "Bản Nà Đon"})
		d.must(err)
		if a.Person.Name != eid.Name || a.Person.IDNumber != eid.Number || a.Person.Address != "Bản Nà Đon" {
			d.Errorf("what the identity vouches for was typed over: %+v", a.Person)
		}
		phone, _ := d.enter(way("phone", phoneOf))
		_, err = d.book.LinkEID(ctx, phone, eid)
		d.refused(err, "account.err.taken.eid")
		d.verified()
	})
}

// What was kept for the way back opens once, for the browser that left.
func TestWayBackFromTheProviderOpensOnce(t *testing.T) {
	atDesk(t, func(d *desk) {
		ctx := d.Context()
		try, err := d.book.Leave(ctx, "state nonce verifier", client)
		d.must(err)
		_, err = d.book.Return(ctx, strings.Repeat("A", 43))
		d.refused(err, "account.err.eid-over")
		held, err := d.book.Return(ctx, try)
		d.must(err)
		if held != "state nonce verifier" {
			d.Errorf("held %q", held)
		}
		_, err = d.book.Return(ctx, try)
		d.refused(err, "account.err.eid-over")
	})
}

// rel-R19, rel-R03: closing erases facts, ways, sessions and messages; what stays
// says nothing about the person. A consent is an answer to a dated text.
func TestClosingErasesThePerson(t *testing.T) {
	atDesk(t, func(d *desk) {
		ctx := d.Context()
		token, s := d.enter(way("phone", phoneOf))
		a, err := d.book.SaveFacts(ctx, token, applicant.Person{Name: "Lò Thị Phương", Address: "Bản Nà Đon"})
		d.must(err)
		if a.Consented("status-messages") {
			d.Error("silence counts as consent")
		}
		a, err = d.book.Consent(ctx, token, []string{"status-messages"})
		d.must(err)
		if !a.Consented("status-messages") || a.Consents[0].Text == "" || a.Consents[0].At.IsZero() {
			d.Errorf("consents %+v", a.Consents)
		}
		if a, err = d.book.Consent(ctx, token, nil); err != nil || a.Consented("status-messages") {
			d.Errorf("withdrawn: %+v, %v", a.Consents, err)
		}
		d.clock.Add(11 * time.Minute)
		d.refused(d.book.Close(ctx, token), "account.err.prove-first")
		token, _ = d.enter(way("phone", phoneOf))
		list, err := d.box.Last(ctx, 50)
		d.must(err)
		for _, m := range list {
			d.must(d.box.Deliver(ctx, m.ID))
		}
		d.must(d.book.Close(ctx, token))
		if _, err := d.book.Session(ctx, token); err == nil {
			d.Error("the session outlives the account")
		}
		d.must(d.db.Read(ctx, func(tx *store.Tx) error {
			for _, table := range []string{"account", "account_way", "account_session", "account_try", "notice"} {
				rows, err := store.All(tx, func(r store.Row) (s string, err error) { return s, r.Scan(&s) }, map[string]string{
					"account": `SELECT body FROM account`, "account_way": `SELECT value FROM account_way`, "account_session": `SELECT account FROM account_session`,
					"account_try": `SELECT value FROM account_try WHERE account <> ''`, "notice": `SELECT recipient || body FROM notice WHERE about <> ''`}[table])
				if err != nil {
					return err
				}
				for _, row := range rows {
					for _, fact := range []string{"Phương", "912345678", "Nà Đon"} {
						if strings.Contains(row, fact) {
							d.Errorf("%s still holds %s: %s", table, fact, row)
						}
					}
				}
			}
			return nil
		}))
		_, again := d.enter(way("phone", phoneOf))
		if again.Account.ID == s.Account.ID {
			d.Error("a closed account opened again")
		}
		d.verified()
	})
}

// rel-I-J2: a way in that somebody put into the database is found.
func TestForgedWayInIsFound(t *testing.T) {
	atDesk(t, func(d *desk) {
		_, s := d.enter(way("phone", phoneOf))
		d.must(d.db.Write(d.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec(`INSERT INTO account_way (kind, value, account) VALUES ('email', 'thief@example.vn', $1)`, s.Account.ID)
			return err
		}))
		d.must(d.db.Read(d.Context(), func(tx *store.Tx) error {
			r, err := journal.Check(tx, applicant.AccountsProtected())
			if err == nil && r.OK() {
				d.Error("verify finds nothing")
			}
			return err
		}))
	})
}

func TestWaysAsTyped(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]applicant.Way{
		"0912 345 678": way("phone", phoneOf), "+84912345678": way("phone", phoneOf), " Phuong@Example.VN ": way("email", "phuong@example.vn"),
	} {
		if got, err := applicant.ReadWay(typed); err != nil || got != want {
			t.Errorf("%q is %+v, %v", typed, got, err)
		}
	}
	for _, bad := range []string{"", "0213 3876 543", "+1 202 555 0100", "phuong@", "012", "a@b@c.vn"} {
		if got, err := applicant.ReadWay(bad); err == nil {
			t.Errorf("%q is %+v", bad, got)
		}
	}
}
