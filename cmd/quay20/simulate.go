package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"quay20/internal/demo"
	"quay20/internal/dossier"
	"quay20/internal/journal"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/text"
	"quay20/packs"
)

// Simulate plays a year of the province into an empty place.
type Simulate struct {
	From     string `help:"First day of the year that is played." placeholder:"YYYY-MM-DD"`
	To       string `help:"Last day." placeholder:"YYYY-MM-DD"`
	Dossiers int    `default:"16661" help:"Dossiers that are accepted; refused ones and drafts come on top."`
	Seed     uint64 `default:"1" help:"Which year is played: the same number gives the same journal, on either database."`
	Check    bool   `help:"Play nothing: count what lies there and verify it."`
	Until    string `help:"Play nothing: let the time of a simulated place go on to the morning of this day." placeholder:"YYYY-MM-DD"`
}

func (c *Simulate) Help() string {
	return `Examples:
  quay20 simulate --from 2022-01-01 --to 2022-10-31 --dossiers 16661 --seed 1 --data var/y2022
  quay20 simulate --check --data var/y2022
  quay20 demo --data var/y2022             look at it, on the day after
  quay20 simulate --until 2025-03-01 --data var/y2022    and three years later

Officers serve, people come, papers are missing, dates are kept and missed: all through the same acts as the desk, in a time of its own that does not depend on the clock of the machine. The place must be empty and is marked as a demo. At the end the dossiers are counted three ways (journal, register, what each desk sees) and everything is verified; exit status 1 means that something differs.`
}

func (c *Simulate) Run(ctx context.Context, std Std, place *Place, lang text.Lang) error {
	if err := place.inDemo(&std); err != nil {
		return err
	}
	if c.Check {
		h, err := place.open(ctx, std.Now)
		if err != nil {
			return err
		}
		defer h.db.Close()
		return h.prove(ctx, std.Out, lang)
	}
	if c.Until != "" {
		return c.goOn(ctx, std, place, lang)
	}
	began := std.Now()
	clock := demo.NewClock(began)
	h, err := c.place(ctx, place, clock)
	if err != nil {
		return err
	}
	defer h.db.Close()
	said, copies := began, h.copies()
	province := &demo.Province{DB: h.db, Law: h.law, Register: h.register, Ledger: h.ledger, Clock: clock,
		Roll: officer.NewRoll(h.db, h.law.Law, officer.Options{Work: openWork})}
	played, err := province.Simulate(ctx, demo.Year{
		Seed: c.Seed, From: c.From, To: c.To, Dossiers: c.Dossiers,
		Tell: func(done, total int) {
			copies.Copy(ctx) // what fails is tried again at the end
			if now := std.Now(); now.Sub(said) >= 5*time.Second {
				said = now
				fmt.Fprintln(std.Out, text.T(lang, "simulate.progress", "day", pack.On(clock.Now()), "done", done, "total", total))
			}
		},
	})
	if err != nil {
		return fmt.Errorf("simulating: %w", err)
	}
	if err := copies.Copy(ctx); err != nil {
		return err
	}
	if err := place.keepSignIns(played.SignIns); err != nil {
		return err
	}
	if err := place.keepClock(nextMorning(h.law.Law(), c.To).Sub(std.Now())); err != nil {
		return err
	}
	fmt.Fprintln(std.Out, text.T(lang, "simulate.played", "seconds", fmt.Sprintf("%.0f", std.Now().Sub(began).Seconds())))
	if err := c.table(std.Out, lang, played); err != nil {
		return err
	}
	return h.prove(ctx, std.Out, lang)
}

// goOn lets the time of a simulated place pass until a morning, and the sweep do
// what it would have done meanwhile.
func (c *Simulate) goOn(ctx context.Context, std Std, place *Place, lang text.Lang) error {
	day, err := time.ParseInLocation(time.DateOnly, c.Until, pack.Zone)
	morning := day.Add(8 * time.Hour)
	wrong := problem.New(problem.Invalid, "err.summary")
	switch {
	case err != nil:
		return wrong.Field("until", "simulate.err.date", "value", c.Until)
	case !place.played():
		return problem.New(problem.NotFound, "simulate.err.not-played", "data", place.folder())
	case !morning.After(std.Now()):
		return wrong.Field("until", "simulate.err.past", "now", pack.On(std.Now()))
	}
	off, err := place.clockOff()
	if err != nil {
		return err
	}
	was := std.Now
	gone := morning.Sub(was())
	if err := place.keepClock(off + gone); err != nil {
		return err
	}
	std.Now = func() time.Time { return was().Add(gone) }
	h, err := place.open(ctx, std.Now)
	if err != nil {
		return err
	}
	defer h.db.Close()
	if _, err := h.register.Sweep(ctx); err != nil {
		return err
	}
	return h.say(ctx, std, text.T(lang, "simulate.gone-on", "day", c.Until))
}

// openWork is what a sign-in costs where everybody knows the password.
var openWork = officer.Work{Memory: 64, Passes: 1}

// place makes the empty place: its chance and the key of its slips come from
// the seed, so that the journal does too. Nothing else opens a store like this.
func (c *Simulate) place(ctx context.Context, place *Place, clock *demo.Clock) (h *house, err error) {
	law, err := packs.LaiChau()
	if err != nil {
		return nil, fmt.Errorf("reading the law: %w", err)
	}
	if err := (demo.Year{From: c.From, To: c.To, Dossiers: c.Dossiers}).Check(law); err != nil {
		return nil, err
	}
	taken := problem.New(problem.Conflict, "simulate.err.not-empty", "data", place.folder())
	if there, _ := os.ReadDir(place.folder()); len(there) > 0 {
		return nil, taken
	}
	defer func() {
		if err != nil { // what was made here so far
			os.RemoveAll(place.folder())
		}
	}()
	keys := filepath.Join(place.folder(), "keys")
	if err := os.MkdirAll(keys, 0o700); err != nil {
		return nil, fmt.Errorf("making the data folder: %w", err)
	}
	chance, key := demo.Chance(c.Seed), make([]byte, 32)
	chance(key)
	if err := writeKey(filepath.Join(keys, "tracking.key"), key); err != nil {
		return nil, fmt.Errorf("keeping the key of the slips: %w", err)
	}
	if err := place.keepSignIns(nil); err != nil { // marks the folder before anybody is in it
		return nil, err
	}
	if h, err = place.beginWith(ctx, store.Options{Now: clock.Now, Chance: chance}); err != nil {
		return nil, err
	}
	used, err := h.used(ctx)
	if err == nil && used { // a database that other nodes use
		err = taken
	}
	if err == nil {
		err = journal.Extends(ctx, h.db, h.keys, h.witness)
	}
	if err != nil {
		h.db.Close()
		return nil, err
	}
	return h, nil
}

// table prints what came of the year.
func (c *Simulate) table(out io.Writer, lang text.Lang, p demo.Played) error {
	w := tabwriter.NewWriter(out, 2, 0, 2, ' ', 0)
	row := func(key string, n int) { fmt.Fprintf(w, "  %s\t%d\n", text.T(lang, "simulate."+key), n) }
	row("accepted", c.Dossiers)
	for _, level := range []pack.Level{pack.Commune, pack.District, pack.Counter, pack.Department} {
		row("level."+string(level), p.Levels[level])
	}
	row("refused", p.Count.Sum(func(x dossier.Cell) bool { return x.State == dossier.NotAccepted }))
	row("incomplete", p.Count.Sum(func(x dossier.Cell) bool { return x.Day == "" && x.State != dossier.NotAccepted }))
	row("drafts", p.Drafts)
	for _, s := range dossier.States {
		n := p.Count.Sum(func(x dossier.Cell) bool { return x.State == s })
		fmt.Fprintf(w, "    %s\t%d\n", text.T(lang, "state."+string(s)), n)
	}
	row("supplements", p.Supplements)
	row("late", p.Acts["mark_late"])
	row("unchecked", p.Acts["mark_unchecked"])
	row("apologies", p.Acts["apologise"])
	row("closed", p.Acts["close_unanswered"])
	row("moved", p.Acts["recompute"])
	row("receipts", p.Acts["take_cash"])
	row("cancelled", p.Acts["cancel_receipt"])
	row("counts", p.Acts["count_cash"])
	row("mistakes", p.Refused)
	row("officers", len(p.SignIns))
	row("offices", p.Offices)
	row("entries", int(p.Entries))
	fmt.Fprintf(w, "  %s\t%s\n", text.T(lang, "simulate.root"), p.Root)
	return w.Flush()
}

// prove counts the dossiers three ways and makes every check of verify.
func (h *house) prove(ctx context.Context, out io.Writer, lang text.Lang) error {
	count, err := h.register.Recount(ctx, h.roll)
	if err != nil {
		return err
	}
	differ := count.Differences()
	for _, d := range differ {
		fmt.Fprintln(out, text.T(lang, "recount.differs", "by", text.T(lang, "recount."+d.By), "name", d.Name, "journal", d.Journal, "register", d.Register, "desks", d.Desks))
	}
	if len(differ) == 0 {
		all := func(dossier.Cell) bool { return true }
		fmt.Fprintln(out, text.T(lang, "recount.equal", "n", count.Journal.Sum(all)))
	}
	v, err := h.verdict(ctx, lang)
	if err != nil {
		return err
	}
	if err := (&Verify{}).print(Std{Out: out}, lang, v); err != nil {
		return err
	}
	if len(differ) > 0 || !v.OK {
		return exitCode(1)
	}
	return nil
}

// clockFile stands in the folder of a simulated place and says how far its time
// is from the machine's: such a place lives on in its own.
const clockFile = "demo-clock"

func (p *Place) keepClock(off time.Duration) error {
	if err := os.WriteFile(filepath.Join(p.folder(), clockFile), []byte(off.String()+"\n"), 0o600); err != nil {
		return fmt.Errorf("keeping the clock of the simulation: %w", err)
	}
	return nil
}

// clock is the time of the place: the machine's, or a simulated place's own.
func (p *Place) clock(now func() time.Time) (func() time.Time, error) {
	off, err := p.clockOff()
	if err != nil || off == 0 {
		return now, err
	}
	return func() time.Time { return now().Add(off) }, nil
}

// clockOff is how far the time of a simulated place is from the machine's.
func (p *Place) clockOff() (time.Duration, error) {
	if !p.played() {
		return 0, nil
	}
	b, err := os.ReadFile(filepath.Join(p.folder(), clockFile))
	if err != nil {
		return 0, fmt.Errorf("reading the clock of the simulation: %w", err)
	}
	off, err := time.ParseDuration(strings.TrimSpace(string(b)))
	if err != nil {
		return 0, fmt.Errorf("reading the clock of the simulation: %w", err)
	}
	return off, nil
}

// played reports whether a simulated year lies in the place.
func (p *Place) played() bool {
	_, err := os.Stat(filepath.Join(p.folder(), clockFile))
	return err == nil && p.isDemo()
}

// nextMorning is eight o'clock on the first working day after a day.
func nextMorning(law *pack.Pack, d pack.Date) time.Time {
	t, _ := time.ParseInLocation(time.DateOnly, d, pack.Zone)
	for t = t.AddDate(0, 0, 1); !law.Calendar().Counting(pack.On(t)); {
		t = t.AddDate(0, 0, 1)
	}
	return t.Add(8 * time.Hour)
}
