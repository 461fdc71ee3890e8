package faults

import (
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"quay20/internal/demo"
	"quay20/internal/dossier"
	"quay20/internal/gazette"
	"quay20/internal/journal"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/payment"
	"quay20/internal/store"
	"quay20/packs"
)

// rel-F10, rel-I-C7, rel-I-J5: the wall clock steps there and back while the
// desk works. No promised date moves, no entry of the journal is earlier than
// the one before, numbers follow each other, and the real program finds all of
// it whole. The machine's own clock is never touched: the books are given one.
func TestClockSteps(t *testing.T) {
	t.Parallel()
	at := func(s string) time.Time {
		when, err := time.ParseInLocation("2006-01-02 15:04:05", s, pack.Zone)
		must(t, err)
		return when
	}
	steps := []struct {
		name     string
		from, to time.Time
	}{
		{"an hour ahead", at("2026-09-08 09:00:00"), at("2026-09-08 10:00:00")},
		{"an hour back", at("2026-09-08 14:00:00"), at("2026-09-08 13:00:00")},
		{"a day ahead", at("2026-09-10 09:00:00"), at("2026-09-11 09:00:00")},
		{"a day back", at("2026-09-15 09:00:00"), at("2026-09-14 09:00:00")},
		{"a second back at midnight of UTC", at("2027-01-01 07:00:00"), at("2027-01-01 06:59:59")},
		{"into Tết night", at("2027-02-05 16:59:00"), at("2027-02-06 00:00:30")},
		{"back out of Tết night", at("2027-02-06 00:01:00"), at("2027-02-05 16:00:00")},
		{"a year ahead", at("2027-03-02 09:00:00"), at("2028-03-01 09:00:00")},
		{"a year back", at("2027-03-03 09:00:00"), at("2026-03-03 09:00:00")},
		{"to 29 February", at("2027-03-01 09:00:00"), at("2028-02-29 09:00:00")},
		{"a year back from 29 February", at("2028-02-29 10:00:00"), at("2027-02-28 10:00:00")},
	}
	injected, dossiers := 0, 0
	for round := range rounds(len(steps), 40) {
		step := steps[round%len(steps)]
		p, n := provinceAt(t, step.from)
		clock := p.Clock.(*demo.Clock)
		desk, _, err := p.Hire(t.Context(), "quay", "Lò Thị Thử", "Đại úy", officer.Receptionist, "12-Q20")
		must(t, err)
		processor, _, err := p.Hire(t.Context(), "giai-quyet", "Vàng Văn Sơn", "Đại úy", officer.Processor, "12-PA08")
		must(t, err)
		promised := map[string]time.Time{}
		receive := func() dossier.Dossier {
			d, err := p.Receive(t.Context(), desk, passport)
			if err != nil {
				t.Fatalf("%s: receiving at %s: %v", step.name, clock.Now(), err)
			}
			promised[d.ID] = d.Clock.Due
			dossiers++
			return d
		}
		first, second := receive(), receive()
		clock.Set(step.to)
		injected++
		receive()
		if _, err = p.Do(t.Context(), processor, first, &dossier.Advance{}); err != nil {
			t.Errorf("%s: an act after the step: %v", step.name, err)
		}
		clock.Set(step.from.Add(time.Duration(1+round) * time.Minute))
		injected++
		receive()
		if _, err = p.Do(t.Context(), processor, second, &dossier.Advance{}); err != nil {
			t.Errorf("%s: an act after the step back: %v", step.name, err)
		}
		for id, due := range promised {
			d, err := p.Register.Find(t.Context(), id, desk)
			must(t, err)
			if !d.Clock.Due.Equal(due) {
				t.Errorf("%s: the promised %s became %s", step.name, due, d.Clock.Due)
			}
		}
		must(t, p.DB.Close())
		db, err := n.look()
		must(t, err)
		if back := entriesBack(t, db); back > 0 {
			t.Errorf("%s: %d entries of the journal are earlier than the one before", step.name, back)
		}
		if gaps := count(t, db, `SELECT COALESCE(SUM(last), 0) FROM dossier_number WHERE series LIKE 'code/%'`) - count(t, db, `SELECT COUNT(*) FROM dossier_code`); gaps != 0 {
			t.Errorf("%s: %d more numbers were taken than dossiers have codes", step.name, gaps)
		}
		db.Close()
		n.mustVerify()
		if t.Failed() {
			t.FailNow()
		}
	}
	report(t, result{Fault: "F10", Variant: "steps of the wall clock, there and back", Engine: "sqlite", Rounds: rounds(len(steps), 40), Injected: injected, Acknowledged: dossiers})
}

// provinceAt is an empty province in this process, whose clock stands where it
// is set.
func provinceAt(t *testing.T, at time.Time) (*demo.Province, *node) {
	t.Helper()
	n := &node{t: t, dir: filepath.Join(folder(t), "node")}
	keys, err := journal.LoadKeys(filepath.Join(n.dir, "keys"))
	must(t, err)
	clock := demo.NewClock(at)
	db, err := store.Open(t.Context(), n.file(), store.Options{Now: clock.Now})
	must(t, err)
	law, err := packs.LaiChau()
	must(t, err)
	g, err := gazette.Open(t.Context(), db, law)
	must(t, err)
	p := &demo.Province{
		DB: db, Law: g, Roll: officer.NewRoll(db, g.Law, officer.Options{Work: officer.Work{Memory: 64, Passes: 1}}),
		Register: dossier.NewRegister(db, g.Law, make(dossier.Key, 32)), Ledger: payment.NewLedger(db), Clock: clock,
	}
	must(t, p.Open(t.Context()))
	must(t, (&journal.Witness{DB: db, Keys: keys, Dir: n.witness()}).Copy(t.Context()))
	return p, n
}

// entriesBack counts the entries that are earlier than the one before.
func entriesBack(t testing.TB, db *sql.DB) int {
	t.Helper()
	return count(t, db, `SELECT COUNT(*) FROM journal_entry AS e JOIN journal_entry AS b ON b.n = e.n - 1 WHERE e.at < b.at`)
}
