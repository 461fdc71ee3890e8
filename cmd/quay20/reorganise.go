package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"quay20/internal/dossier"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/text"
)

// Reorganise passes on what lies with units that ended.
type Reorganise struct {
	On     string `required:"" help:"First day of the new organisation." placeholder:"YYYY-MM-DD"`
	From   string `help:"Only this unit that ended: its code on the day before, or code@first-day." placeholder:"UNIT"`
	To     string `help:"Who took over from it: the code on that day." placeholder:"UNIT"`
	DryRun bool   `help:"Say what would move and what cannot; move nothing."`
	Reason string `help:"Why, for the journal and for the people concerned; by default what the pack says of the day." placeholder:"REASON"`
	Vouch
}

func (c *Reorganise) Help() string {
	return `Examples:
  quay20 reorganise --on 2025-07-01 --dry-run --data /srv/quay20
  quay20 reorganise --on 2025-07-01 --second quantri=123456 --data /srv/quay20
  quay20 reorganise --from 105 --to 12-PC06 --on 2025-03-01 --alone --reason "Quyết định của Giám đốc Công an tỉnh" --data /srv/quay20

Open dossiers of the units that ended before the day go to who took over, by the pack's dated organisation: each with an entry of its own in the journal; code, papers and due date stay. Officers go to the desk's heir with their roles and must sign in anew; intakes put aside go with them. Closed dossiers, journal and register keep the old unit. Run it while the server runs or not, first with --dry-run; run again after a crash it goes on, and a second time it finds nothing to do. What cannot be moved is listed with its reason; exit status 1 says that there is something left.`
}

func (c *Reorganise) Run(ctx context.Context, std Std, place *Place, lang text.Lang) error {
	h, err := place.open(ctx, std.Now)
	if err != nil {
		return err
	}
	defer h.db.Close()
	order := dossier.Reorganisation{On: c.On, From: c.From, To: c.To, Reason: c.Reason}
	plan, err := h.register.Plan(ctx, h.roll, order)
	if err != nil {
		return err
	}
	if err := c.print(std.Out, lang, plan); err != nil {
		return err
	}
	switch {
	case plan.Empty():
		fmt.Fprintln(std.Out, text.T(lang, "reorganise.nothing", "on", c.On))
	case c.DryRun:
		fmt.Fprintln(std.Out, text.T(lang, "reorganise.dry-run"))
	default:
		if plan, err = h.register.Reorganise(ctx, h.roll, order, officer.Console(), c.second); err != nil {
			return err
		}
		done := text.T(lang, "reorganise.done", "dossiers", plan.Dossiers, "officers", plan.Officers, "drafts", plan.Drafts)
		if err := h.say(ctx, std, done); err != nil {
			return err
		}
	}
	if len(plan.Stuck) > 0 {
		return exitCode(1)
	}
	return nil
}

// print lists what goes where, by unit that ended, and what cannot go.
func (c *Reorganise) print(out io.Writer, lang text.Lang, plan dossier.Plan) error {
	var of pack.UnitKey
	for _, s := range plan.Shares {
		if s.From.Key != of {
			of = s.From.Key
			fmt.Fprintln(out, unitLine(s.From))
		}
		var parts []string
		for _, part := range []struct {
			key string
			n   int
		}{{"desk", s.Desk}, {"decide", s.Decide}, {"hold", s.Hold}, {"answer", s.Answer}, {"officers", s.Officers}, {"drafts", s.Drafts}} {
			if part.n > 0 {
				parts = append(parts, text.T(lang, "reorganise.share."+part.key, "n", part.n))
			}
		}
		fmt.Fprintf(out, "  → %s: %s\n", unitLine(s.To), strings.Join(parts, ", "))
	}
	for _, s := range plan.Stuck {
		fmt.Fprintln(out, text.T(lang, "reorganise.stuck", "what", text.Key("reorganise.what."+s.What), "name", s.Name, "why", text.Problem(lang, s.Why)))
	}
	_, err := fmt.Fprintln(out, text.T(lang, "reorganise.total", "dossiers", plan.Dossiers, "officers", plan.Officers, "drafts", plan.Drafts, "stuck", len(plan.Stuck)))
	return err
}

// unitLine names a unit so that two bearers of one code are told apart.
func unitLine(u pack.Unit) string { return string(u.Key) + " " + u.Name }
