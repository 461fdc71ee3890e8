package main

import (
	"context"
	"encoding/json"
	"fmt"

	"quay20/internal/journal"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/text"
)

// AcceptLoss lets a node work again whose lost entries nobody can bring back.
type AcceptLoss struct {
	As      string `required:"" help:"Login of the administrator or leader who accepts." placeholder:"LOGIN"`
	Second  string `required:"" help:"Login of another one who was there and agrees." placeholder:"LOGIN"`
	Reason  string `required:"" help:"What happened and why no copy can be restored; it stands in the journal." placeholder:"TEXT"`
	SameDay bool   `help:"Do not wait for the next day: every slip of the lost part was collected, or nobody got one."`
}

func (c *AcceptLoss) Help() string {
	return `Example:
  quay20 accept-loss --data /srv/quay20 --as quantri --second lanhdao --reason "Đĩa hỏng đêm 20/11, bản sao lưu cũng hỏng"

A node that lost entries which a copied head proves is served for reading only. Restoring a copy that has them is the remedy; this command is for when there is none. Stop the server first.

Dossier codes of the lost part stand on slips that people hold, and each desk counts its codes day by day, so the loss is accepted on a later day than that of the last copied head: no code is given twice. Receipt numbers are counted by the year: compare the receipt books before taking cash again.

The copied heads are moved to a folder lost-… in the witness folder; keep it. The journal and quay20 verify name the loss for ever. Entries that are there but damaged cannot be accepted.`
}

func (c *AcceptLoss) Run(ctx context.Context, std Std, place *Place, lang text.Lang) error {
	h, err := place.look(ctx, std.Now)
	if err != nil {
		return err
	}
	defer h.db.Close()
	why, lost := journal.Lost(journal.Extends(ctx, h.db, h.keys, h.witness))
	switch {
	case !lost:
		return problem.New(problem.Conflict, "cli.err.nothing-lost")
	case why.Key == "journal.spoilt":
		return why
	}
	proven, err := journal.ProvenBy(ctx, h.db, h.keys, h.witness)
	if err != nil {
		return err
	}
	if pack.On(proven.At) >= pack.On(std.Now()) && !c.SameDay {
		return problem.New(problem.Conflict, "cli.err.loss-today", "at", stamp(proven.At))
	}
	by, second, err := c.persons(ctx, h, std)
	if err != nil {
		return err
	}
	if err := c.note(ctx, h, proven, by, second); err != nil {
		return err
	}
	folder, err := journal.SetAside(h.witness, std.Now())
	if err != nil {
		return err
	}
	if err := h.copies().Copy(ctx); err != nil {
		return err
	}
	_, err = fmt.Fprintln(std.Out, text.T(lang, "cli.loss-accepted", "size", proven.Size, "copied", proven.Copied, "folder", folder))
	return err
}

// persons are the two who accept: two people, not two accounts of one, who both
// look after the house. rel-I-J8
func (c *AcceptLoss) persons(ctx context.Context, h *house, std Std) (by, second officer.Officer, err error) {
	for _, p := range []struct {
		login string
		o     *officer.Officer
	}{{c.As, &by}, {c.Second, &second}} {
		if *p.o, err = h.officer(ctx, p.login); err != nil {
			return by, second, err
		}
		keeps := false
		for _, g := range p.o.Grants {
			keeps = keeps || g.State == officer.InForce && g.Holds(pack.On(std.Now())) && officer.By{Role: g.Role}.Can(officer.Health)
		}
		if !keeps || !p.o.Active {
			return by, second, problem.New(problem.Forbidden, "cli.err.as-may-not", "login", p.login)
		}
	}
	if by.Person == second.Person {
		return by, second, problem.New(problem.Invalid, "err.summary").Field("second", "cli.err.second")
	}
	return by, second, nil
}

// acceptedLoss is what the journal keeps of it.
type acceptedLoss struct {
	By     string `json:"by"`
	Second string `json:"second"`
	Size   int64  `json:"entries_left"`
	Copied int64  `json:"entries_proven_before"`
}

const acceptLoss = "accept_loss"

func (c *AcceptLoss) note(ctx context.Context, h *house, proven journal.Proven, by, second officer.Officer) error {
	facts, err := json.Marshal(acceptedLoss{by.ID, second.ID, proven.Size, proven.Copied})
	if err != nil {
		return err
	}
	console := officer.Console()
	err = h.db.Write(ctx, func(tx *store.Tx) error {
		_, err := journal.Append(tx, journal.Entry{
			Officer: console.Officer.ID, Capacity: console.Capacity(), Act: acceptLoss, Subject: "node/loss", Reason: c.Reason, Facts: facts,
		})
		return err
	})
	if err != nil {
		return fmt.Errorf("journaling the accepted loss: %w", err)
	}
	return nil
}

// losses words the losses that were ever accepted, for verify.
func (h *house) losses(ctx context.Context, lang text.Lang) (said []string, err error) {
	err = h.db.Read(ctx, func(tx *store.Tx) error {
		entries, err := journal.Of(tx, "node/loss")
		for _, e := range entries {
			var l acceptedLoss
			if err := json.Unmarshal(e.Facts, &l); err != nil {
				return fmt.Errorf("reading entry %d: %w", e.Index, err)
			}
			said = append(said, text.T(lang, "cli.loss", "entry", e.Index, "at", stamp(e.At), "size", l.Size, "copied", l.Copied, "by", l.By, "second", l.Second, "reason", e.Reason))
		}
		return err
	})
	return said, err
}
