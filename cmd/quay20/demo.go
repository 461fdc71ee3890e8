package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"quay20/internal/demo"
	"quay20/internal/journal"
	"quay20/internal/officer"
	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/text"
)

// Demo serves the province in miniature.
type Demo struct {
	Listener
	Schedule
	Seed uint64 `default:"1" help:"Which province is made: the same number makes the same one."`
}

func (c *Demo) Help() string {
	return `Examples:
  quay20 demo
  quay20 demo --data var/demo --listen 127.0.0.1:8021
  quay20 user code dat --data var/demo    a second factor's code for one of its officers

The province, its people and dossiers are made up. A second start finds it as it was left; delete the data folder and the witness folder beside it for a new one.`
}

// demoFolder is where the demo lies unless --data says otherwise, so that it
// never stands in a real node's place.
const demoFolder = "var/demo"

// inDemo puts a command that is for demos into the demo's folder and time unless
// --data has said where.
func (p *Place) inDemo(std *Std) (err error) {
	if p.Data == "" {
		p.Data = demoFolder
		std.Now, err = p.clock(std.Now)
	}
	return err
}

func (c *Demo) Run(ctx context.Context, std Std, place *Place, lang text.Lang) error {
	if err := place.inDemo(&std); err != nil {
		return err
	}
	log := keepLog(slog.NewTextHandler(std.Err, c.logOptions()))
	clock := demo.NewClock(std.Now())
	place.scanner = c.ClamAV
	h, err := place.openDemo(ctx, Std{std.In, std.Out, std.Err, clock.Now}, lang)
	if err != nil {
		return err
	}
	defer h.db.Close()
	ins, err := c.made(ctx, std, place, h, clock, lang)
	if err != nil {
		return err
	}
	clock.Follow(std.Now)
	h.trial = c.onLoopback()
	if h.nightly, err = c.nightly(h, place, std, nodeName(c.Listen), lang); err != nil {
		return err
	}
	return c.Listener.serve(ctx, std, h, log, func(address string) error {
		return present(std.Out, lang, place, address, ins)
	})
}

// onLoopback reports whether the pages are reached from this machine alone.
func (c *Listener) onLoopback() bool {
	u, err := url.Parse(c.origin(c.Listen))
	return err == nil && loopback(u.Hostname())
}

// made builds the province unless it is there already.
func (c *Demo) made(ctx context.Context, std Std, place *Place, h *house, clock *demo.Clock, lang text.Lang) ([]demo.SignIn, error) {
	ins, err := place.signIns()
	if err != nil || len(ins) > 0 {
		return ins, err
	}
	used, err := h.used(ctx)
	if err == nil && used { // its making was cut short
		err = problem.New(problem.Conflict, "cli.err.demo-half", "data", place.folder(), "witness", place.witness())
	}
	if err != nil {
		return nil, err
	}
	begun, said := std.Now(), time.Time{}
	p := &demo.Province{DB: h.db, Law: h.law, Roll: h.roll, Register: h.register, Ledger: h.ledger, Filing: h.filing, Clock: clock}
	ins, err = p.Build(ctx, demo.Plan{Seed: c.Seed, Until: begun.Truncate(time.Second), Tell: func(done, total int) {
		if now := std.Now(); now.Sub(begun) > 2*time.Second && now.Sub(said) > time.Second {
			said = now
			fmt.Fprintln(std.Out, text.T(lang, "cli.demo.progress", "done", done, "total", total))
		}
	}})
	if err != nil {
		return nil, fmt.Errorf("building the demo province: %w", err)
	}
	fmt.Fprintln(std.Out, text.T(lang, "cli.demo.built", "seconds", fmt.Sprintf("%.1f", std.Now().Sub(begun).Seconds())))
	return ins, place.keepSignIns(ins)
}

// present prints where the demo is and who one can be.
func present(out io.Writer, lang text.Lang, place *Place, address string, ins []demo.SignIn) error {
	fmt.Fprintf(out, "\n%s\n\n", text.T(lang, "cli.demo.address", "address", address, "desk", address+"/desk"))
	fmt.Fprintln(out, text.T(lang, "cli.demo.password", "password", demo.Password))
	w := tabwriter.NewWriter(out, 2, 0, 2, ' ', 0)
	const most = 24 // a simulated province has hundreds
	more := max(0, len(ins)-most)
	for _, in := range ins[:len(ins)-more] {
		factor := ""
		if in.Secret != "" {
			factor = fmt.Sprintf("quay20 user code %s --data %s", in.Login, place.Data)
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", in.Login, in.Name, roleWords(lang, in.Roles), factor)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if more > 0 {
		fmt.Fprintln(out, text.T(lang, "simulate.more-signins", "n", more, "data", place.Data))
	}
	_, err := fmt.Fprintf(out, "\n%s\n", text.T(lang, "cli.demo.stop"))
	return err
}

// roleWords words "receptionist@12-Q20" for people.
func roleWords(lang text.Lang, roles []string) string {
	words := make([]string, len(roles))
	for i, r := range roles {
		role, unit, _ := strings.Cut(r, "@")
		words[i] = text.T(lang, string(officer.Role(role).Word())) + " " + unit
	}
	return strings.Join(words, ", ")
}

// signInsFile marks a data folder as a demo's and keeps how one signs in.
const signInsFile = "demo-signins.json"

func (p *Place) signInsPath() string { return filepath.Join(p.folder(), signInsFile) }

// isDemo reports whether the folder holds a demo.
func (p *Place) isDemo() bool {
	_, err := os.Stat(p.signInsPath())
	return err == nil
}

// signIns reads how one signs in to the demo in the folder; none if there is no
// demo, or one that is not made yet.
func (p *Place) signIns() ([]demo.SignIn, error) {
	b, err := os.ReadFile(p.signInsPath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the demo's sign-ins: %w", err)
	}
	var ins []demo.SignIn
	if err := json.Unmarshal(b, &ins); err != nil {
		return nil, fmt.Errorf("reading the demo's sign-ins: %w", err)
	}
	return ins, nil
}

// keepSignIns writes the file whole, readable by its owner alone.
func (p *Place) keepSignIns(ins []demo.SignIn) error {
	b, err := json.MarshalIndent(ins, "", "  ")
	if err != nil {
		return err
	}
	path := p.signInsPath()
	if err := os.WriteFile(path+".new", append(b, '\n'), 0o600); err != nil {
		return fmt.Errorf("keeping the demo's sign-ins: %w", err)
	}
	return os.Rename(path+".new", path)
}

// openDemo opens a demo's node or makes one; a real one is refused, because
// made-up people must never stand among real ones (rel-R14).
func (p *Place) openDemo(ctx context.Context, std Std, lang text.Lang) (*house, error) {
	if p.isDemo() {
		return p.stand(ctx, std, lang)
	}
	real := problem.New(problem.Conflict, "cli.err.not-demo", "data", p.folder())
	if p.exists(ctx, std.Now) == nil {
		return nil, real
	}
	h, err := p.make(ctx, std.Now)
	if err != nil {
		return nil, err
	}
	used, err := h.used(ctx)
	if err == nil && used { // a database that other nodes use
		err = real
	}
	if err != nil {
		h.db.Close()
		return nil, err
	}
	if err := p.keepSignIns(nil); err != nil { // marks the folder before anybody is in it
		h.db.Close()
		return nil, err
	}
	return h, nil
}

// used reports whether anything was ever done in this house.
func (h *house) used(ctx context.Context) (bool, error) {
	var used bool
	err := h.db.Read(ctx, func(tx *store.Tx) error {
		size, _, err := journal.Head(tx)
		used = size > 0
		return err
	})
	return used, err
}
