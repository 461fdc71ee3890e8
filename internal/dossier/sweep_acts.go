package dossier

import (
	"slices"
	"time"

	"quay20/internal/officer"
	"quay20/internal/problem"
)

// CloseUnanswered closes a dossier that nobody completed in time (đóng hồ sơ).
type CloseUnanswered struct{}

func (*CloseUnanswered) Name() string { return "close_unanswered" }

func (a *CloseUnanswered) Allowed(d *Dossier, by officer.By, w World) error {
	if err := system(a.Name(), by); err != nil {
		return err
	}
	if err := d.in(a.Name(), Supplement); err != nil {
		return err
	}
	if s := d.Waiting(); s == nil || !s.Sent.IsZero() || s.Until.IsZero() || w.Now.Before(s.Until) {
		return d.illegal(a.Name())
	}
	return nil
}

func (a *CloseUnanswered) Check(*Dossier, officer.By, World) error { return nil }

func (a *CloseUnanswered) Apply(d *Dossier, by officer.By, w World) Effect {
	until := d.Waiting().Until
	d.finish(Stopped, &End{AskedBy: "deadline", Reason: "supplement", At: w.Now})
	return Effect{Facts: map[string]any{"until": until}, Slips: endSlips(w)}
}

// MarkLate notes once that the due date has passed (quá hạn).
type MarkLate struct{}

func (*MarkLate) Name() string { return "mark_late" }

func (a *MarkLate) Allowed(d *Dossier, by officer.By, w World) error {
	if err := system(a.Name(), by); err != nil {
		return err
	}
	if !d.LateSince.IsZero() || !d.Running() || d.Clock.Due.IsZero() || d.Grade(w.Now) != "late" {
		return d.illegal(a.Name())
	}
	return nil
}

func (a *MarkLate) Check(*Dossier, officer.By, World) error { return nil }

func (a *MarkLate) Apply(d *Dossier, by officer.By, w World) Effect {
	d.LateSince = w.Now
	return Effect{Facts: map[string]any{"due": d.Clock.Due, "holder": d.Holder, "apologised": len(d.Apologies) > 0}}
}

// MarkUnchecked notes once that an online dossier, or an answer from home, was
// not looked at within the hours the law gives.
type MarkUnchecked struct{}

func (*MarkUnchecked) Name() string { return "mark_unchecked" }

func (a *MarkUnchecked) Allowed(d *Dossier, by officer.By, w World) error {
	if err := system(a.Name(), by); err != nil {
		return err
	}
	if until := w.CheckUntil(d); d.CheckLate || until.IsZero() || !w.Now.After(until) {
		return d.illegal(a.Name())
	}
	return nil
}

func (a *MarkUnchecked) Check(*Dossier, officer.By, World) error { return nil }

func (a *MarkUnchecked) Apply(d *Dossier, by officer.By, w World) Effect {
	d.CheckLate = true
	return Effect{Law: w.rules(d).Laws["online_check"]}
}

// ReopenPayment asks for money again because the receipt that said it was paid
// has been cancelled by two persons (thu lại). The date that was given stands.
// rel-I-M5
type ReopenPayment struct {
	Receipt string `json:"receipt"`
}

func (*ReopenPayment) Name() string { return "reopen_payment" }

func (a *ReopenPayment) Allowed(d *Dossier, by officer.By, w World) error {
	if err := system(a.Name(), by); err != nil {
		return err
	}
	if d.Fee.Receipt == "" && !slices.ContainsFunc(d.Obligations, func(o Obligation) bool { return o.Receipt != "" }) {
		return d.illegal(a.Name())
	}
	return nil
}

func (a *ReopenPayment) Check(d *Dossier, by officer.By, w World) error {
	if !d.paidBy(a.Receipt) {
		return problem.New(problem.Invalid, "err.summary").Field("receipt", "payment.err.no-receipt")
	}
	return nil
}

func (a *ReopenPayment) Apply(d *Dossier, by officer.By, w World) Effect {
	if d.Fee.Receipt == a.Receipt {
		d.Fee.Paid, d.Fee.PaidAt, d.Fee.Receipt = false, time.Time{}, ""
		d.Fee.Revoked = append(d.Fee.Revoked, a.Receipt)
	}
	for i := range d.Obligations {
		if o := &d.Obligations[i]; o.Receipt == a.Receipt {
			o.Settled, o.Receipt = time.Time{}, ""
		}
	}
	return Effect{Reason: a.Receipt, Facts: map[string]any{"receipt": a.Receipt}}
}

// paidBy reports whether this receipt is what money of the dossier was paid by.
func (d *Dossier) paidBy(receipt string) bool {
	return receipt != "" && (d.Fee.Receipt == receipt || slices.ContainsFunc(d.Obligations, func(o Obligation) bool { return o.Receipt == receipt }))
}

// Recompute moves the due date because the calendar changed; the reason is the
// notice that changed it.
type Recompute struct {
	Notice string `json:"notice"`
}

func (*Recompute) Name() string { return "recompute" }

func (a *Recompute) Allowed(d *Dossier, by officer.By, w World) error {
	if err := system(a.Name(), by); err != nil {
		return err
	}
	return d.in(a.Name(), Accepted, Processing, Supplement, Payment)
}

func (a *Recompute) Check(d *Dossier, by officer.By, w World) error {
	if a.Notice == "" {
		return problem.New(problem.Invalid, "err.summary").Field("notice", "err.required", "field", "key:field.notice")
	}
	return nil
}

func (a *Recompute) Apply(d *Dossier, by officer.By, w World) Effect {
	old := d.Clock.Due
	if now, err := d.reckon(w.Law); err == nil {
		d.Clock.Start, d.Clock.Due, d.Clock.Provisional = now.Start.UTC(), now.Due.UTC(), now.Provisional
	}
	d.Law = w.Law.Version()
	d.Moves = append(d.Moves, Move{Notice: a.Notice, Old: old, New: d.Clock.Due, At: w.Now})
	return Effect{Reason: a.Notice, Facts: map[string]any{"old": old, "new": d.Clock.Due}, Slips: []string{"receipt"}}
}
