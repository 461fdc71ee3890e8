package dossier

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"quay20/internal/applicant"
	"quay20/internal/journal"
	"quay20/internal/lawtime"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/slip"
	"quay20/internal/store"
	"quay20/internal/text"
)

// series is the mark behind the number of a slip, "12/HDHS".
var series = map[string]string{
	"receipt": "TNHS", "supplement": "HDHS", "rejection": "TCHS", "apology": "XLHS", "stop": "TBDG", "return": "TKQ", "control": "KSHS",
}

// issue makes a paper for the dossier: numbered in its desk's series of the
// year, its facts frozen and given as JSON. A kind without a form in force is
// not issued. written are papers made ahead.
func (r *Register) issue(tx *store.Tx, d *Dossier, kind string, by officer.By, w World, written map[string]slip.Facts) (Slip, string, error) {
	on := pack.On(w.Now)
	f, made := written[kind]
	if !made {
		template, ok := w.Law.Slip(kind, w.field(d), on)
		if !ok {
			return Slip{}, "", nil
		}
		f = r.facts(d, template, by, w)
	}
	f.Code = string(d.Code)
	if f.Fee != nil {
		f.Fee.Receipt = d.Fee.Receipt
	}
	year := on[:4]
	n, err := next(tx, "slip/"+kind+"/"+string(d.Desk), year)
	if err != nil {
		return Slip{}, "", err
	}
	s := Slip{Kind: kind, Number: fmt.Sprintf("%d/%s", n, series[kind]), At: w.Now}
	f.Number, f.Book, f.Serial = s.Number, year, fmt.Sprint(n)
	if kind == "receipt" {
		for i := range d.Slips {
			if d.Slips[i].Kind == "receipt" && d.Slips[i].Voided == "" {
				d.Slips[i].Voided = s.Number
				f.Replaces = d.Slips[i].Number
			}
		}
	}
	facts := factsJSON(f)
	s.Hash = hash(facts)
	d.Slips = append(d.Slips, s)
	return s, facts, nil
}

func factsJSON(f slip.Facts) string {
	b, err := json.Marshal(f)
	if err != nil {
		panic("the facts of a slip cannot be written as JSON: " + err.Error())
	}
	return string(b)
}

func insertSlip(tx *store.Tx, id string, s Slip, facts string) error {
	err := tx.Later(1, errRow, `INSERT INTO dossier_slip (dossier, kind, number, facts, prints) VALUES ($1, $2, $3, $4, 0)`, id, s.Kind, s.Number, store.Press(store.Papers, facts))
	if err != nil {
		return fmt.Errorf("storing slip %s of dossier %s: %w", s.Number, id, err)
	}
	return nil
}

// field is the field of procedures the dossier belongs to.
func (w World) field(d *Dossier) string {
	if p, ok := w.Law.Procedure(d.Procedure); ok {
		return p.Field
	}
	return ""
}

// facts are what a paper says about the dossier now. The secret and the QR are
// left out: they are added when the paper is printed.
func (r *Register) facts(d *Dossier, template pack.SlipTemplate, by officer.By, w World) slip.Facts {
	desk, _ := w.Law.UnitByKey(d.Desk)
	agency, _ := w.Law.Unit("12", pack.On(w.Now))
	proc, _ := w.Law.Procedure(d.Procedure)
	f := slip.Facts{
		Template: template, At: w.Now, Printed: time.Time{},
		Issuer: slip.Issuer{Agency: strings.ToUpper(agency.Name), Unit: desk.Name, Place: "Lai Châu", Address: desk.Address, Phone: desk.Phone},
		Code:   string(d.Code), Channel: d.Channel,
		Applicant: person(d.Filer), Authority: d.Authority,
		ProcedureCode: d.Procedure, Request: d.Request, Sets: d.Sets,
		ReceivedAt: d.ReceivedAt, DueAt: d.Clock.Due, ResultPlace: desk.Name, ResultWay: text.T(text.Vi, "return."+d.ReturnBy),
		Officer: by.Officer.Name,
	}
	if f.ReceivedAt.IsZero() {
		f.ReceivedAt = d.FiledAt
	}
	if proc != nil {
		f.Procedure = proc.Name
		if f.Request == "" {
			f.Request = proc.Name
		}
	}
	if d.ReturnTo != "" {
		f.ResultPlace = d.ReturnTo
	}
	if d.Owner != nil {
		o := person(*d.Owner)
		f.Owner = &o
	}
	for _, c := range d.Codes {
		if c.Code != d.Code {
			f.Codes = append(f.Codes, string(c.Code))
		}
	}
	f.Limit = limitWords(w.version(d), d)
	f.Stages = stages(d, w)
	if d.Fee.Known && d.Fee.Amount > 0 {
		f.Fee = &slip.Fee{Amount: d.Fee.Amount, Receipt: d.Fee.Receipt, Basis: d.Fee.Basis, Reduced: d.Fee.Kind == "reduction", Until: d.Fee.Until, Per: d.Fee.Per, Count: d.Fee.Count}
	}
	f.DueAfterFee = d.feeFirst(w)
	d.kindFacts(&f, template.Kind, by, w)
	return f
}

// kindFacts adds what only some papers say.
func (d *Dossier) kindFacts(f *slip.Facts, kind string, by officer.By, w World) {
	for _, c := range d.Papers {
		if c.Present || c.Reused {
			f.Components = append(f.Components, component(c))
		}
	}
	switch kind {
	case "supplement":
		f.Components = nil
		if s := d.Waiting(); s != nil {
			f.CompleteBy = s.Until
			for _, it := range s.Items {
				f.Components = append(f.Components, slip.Component{Name: it.Paper, Note: it.Todo})
				f.Reasons = append(f.Reasons, it.Paper+": "+it.Reason)
			}
		}
	case "rejection", "ct06", "cc03":
		if d.Refusal != nil {
			f.Reasons = d.Refusal.Reasons
			if d.Refusal.Next != "" {
				f.WhatNext = []string{d.Refusal.Next}
			}
		}
		if d.Result != nil && d.Result.Outcome == "refused" {
			f.Reasons = d.Result.Reasons
		}
	case "apology":
		if n := len(d.Apologies); n > 0 {
			a := d.Apologies[n-1]
			f.Apology = &slip.Apology{OldDue: a.OldDue, NewDue: a.NewDue, Delayer: a.Unit, Reason: a.Reason}
		} else if e := d.Clock.Extension; e != nil {
			u, _ := w.Law.UnitByKey(d.Holder)
			f.Apology = &slip.Apology{OldDue: d.Clock.Due, NewDue: d.Clock.Due, Delayer: u.Name, Reason: e.Reason}
		}
		f.Signer = slip.Signer{Title: by.Officer.Title, Name: by.Officer.Name}
	case "stop":
		if e := d.End; e != nil {
			f.Stop = &slip.Stop{
				AskedBy: text.T(text.Vi, "asked-by."+e.AskedBy), Stage: text.T(text.Vi, "state."+e.Stage),
				Decision: text.T(text.Vi, "end.decision"), PaidFate: e.Money,
			}
			f.Reasons = []string{endReason(e)}
			if d.Fee.Paid {
				f.Stop.Paid = &slip.Fee{Amount: d.Fee.Amount, Receipt: d.Fee.Receipt}
			}
		}
	case "return":
		f.DueAt = d.Promise()
		if d.Result != nil {
			f.Results = []slip.ResultPaper{{Kind: d.Result.Kind, Number: d.Result.Number}}
		}
		if h := d.HandedOver; h != nil {
			f.Taker = &slip.Person{Name: h.To, ID: h.IDNumber}
			f.Authority = h.Authority
		}
	}
}

// endReason words why a dossier ended; the law's own deadline has a fixed reason.
func endReason(e *End) string {
	if e.AskedBy == "deadline" {
		return text.T(text.Vi, "end.unanswered")
	}
	return e.Reason
}

func component(c Paper) slip.Component {
	note := c.Note
	if c.Reused {
		note = strings.TrimSpace(text.T(text.Vi, "paper.reused") + " " + note)
	}
	for _, f := range c.Files {
		note = strings.TrimPrefix(note+"; "+f.Words(text.Vi), "; ")
	}
	return slip.Component{Name: c.Name, Originals: c.Originals, Copies: c.Copies, Note: note}
}

func person(p applicant.Person) slip.Person {
	kind := ""
	if p.IDKind != "" {
		kind = text.T(text.Vi, "id-kind."+string(p.IDKind))
	}
	return slip.Person{
		Name: p.Name, Born: applicant.FormatBorn(p.Born), Address: strings.TrimPrefix(p.Village+", "+p.Address, ", "),
		Phone: applicant.FormatPhone(p.Phone), Email: p.Email, IDKind: kind, ID: p.IDNumber,
	}
}

// limitWords says the limit as law puts it: "07 ngày làm việc", one after the
// other for the legs of several agencies.
func limitWords(v *pack.Version, d *Dossier) string {
	c, _ := v.Case(d.Case, d.Channel)
	switch {
	case c.Limit != nil:
		return LimitWords(text.Vi, *c.Limit)
	case len(v.Legs) > 0:
		var legs []string
		for _, l := range v.Legs {
			legs = append(legs, LimitWords(text.Vi, l.Limit))
		}
		return strings.Join(legs, " + ")
	case c.Same:
		return text.T(text.Vi, "limit.same")
	}
	return text.T(text.Vi, "limit.none")
}

// LimitWords says a limit in words: "07 ngày làm việc".
func LimitWords(lang text.Lang, l lawtime.Limit) string {
	return text.T(lang, "limit."+string(l.Unit), "n", fmt.Sprintf("%02d", l.Amount))
}

// stages are the legs of an inter-agency dossier.
func stages(d *Dossier, w World) []slip.Stage {
	if d.ReceivedAt.IsZero() || len(w.version(d).Legs) < 2 {
		return nil
	}
	a, err := d.reckon(w.Law)
	if err != nil {
		return nil
	}
	var list []slip.Stage
	for _, l := range a.Legs {
		list = append(list, slip.Stage{Name: l.Name, ReceivedAt: utc(l.Start), DueAt: utc(l.Due)})
	}
	return list
}

// Print gives the facts of an issued slip for printing, with the secret, the
// QR's address and the reprint mark. Every print is journaled and counted.
func (r *Register) Print(ctx context.Context, ref, kind, which string, by officer.By, origin string) (slip.Facts, error) {
	var f slip.Facts
	err := r.db.Write(ctx, func(tx *store.Tx) error {
		d, err := seen(tx, ref, by)
		if err != nil {
			return err
		}
		s, ok := d.slip(kind, which)
		if !ok {
			return problem.New(problem.NotFound, "err.slip-unknown")
		}
		body, err := store.One(tx, pressed, `SELECT facts FROM dossier_slip WHERE dossier = $1 AND kind = $2 AND number = $3`, d.ID, s.Kind, s.Number)
		if err != nil {
			return fmt.Errorf("reading slip %s: %w", s.Number, err)
		}
		if hash(body) != s.Hash {
			return fmt.Errorf("slip %s of dossier %s differs from what was issued", s.Number, d.ID)
		}
		if err := json.Unmarshal([]byte(body), &f); err != nil {
			return fmt.Errorf("reading slip %s: %w", s.Number, err)
		}
		prints, err := store.One(tx, number, `UPDATE dossier_slip SET prints = prints + 1 WHERE dossier = $1 AND kind = $2 AND number = $3 RETURNING prints`, d.ID, s.Kind, s.Number)
		if err != nil {
			return fmt.Errorf("counting a print of slip %s: %w", s.Number, err)
		}
		r.dress(&f, &d, s, int(prints)-1, tx.Now, origin)
		size, root, err := journal.Head(tx)
		if err != nil {
			return err
		}
		f.Head = fmt.Sprintf("%d-%.10s", size, root)
		facts, _ := json.Marshal(map[string]any{"slip": s.Kind + " " + s.Number, "reprint": prints - 1})
		_, err = journal.Append(tx, journal.Entry{Officer: by.Officer.ID, Capacity: by.Capacity(), Desk: by.Desk, Act: "print", Subject: "print/" + d.ID, Facts: facts})
		return err
	})
	return f, err
}

// dress adds to frozen facts what belongs to one print.
func (r *Register) dress(f *slip.Facts, d *Dossier, s Slip, reprint int, at time.Time, origin string) {
	f.Reprint = reprint
	f.Void = s.Voided
	if reprint > 0 {
		f.Printed = at
		f.FeeNow = d.feeNow(f)
	}
	if s.Kind == "return" || s.Kind == "control" {
		return
	}
	own := r.key.of(d.ID, d.TokenHash)
	if f.Code != "" { // the key opens nothing without a code; the QR does
		key := own.Secret(d.ID)
		f.Secret = key[:4] + "-" + key[4:]
	}
	f.TrackURL = origin + "/t/" + own.Token(d.ID)
	f.LookupAddress = strings.TrimPrefix(strings.TrimPrefix(origin, "https://"), "http://") + "/tra-cuu"
}

// feeNow is what a reprint adds when the fee has been paid, or its receipt
// cancelled, since the slip was issued; the slip itself goes on saying what it
// said. nil if nothing changed or the slip is void.
func (d *Dossier) feeNow(f *slip.Facts) *slip.FeeNow {
	was := f.Fee
	if was == nil || was.Amount == 0 || f.Void != "" || (was.Receipt != "") == d.Fee.Paid && was.Receipt == d.Fee.Receipt {
		return nil
	}
	now := &slip.FeeNow{Paid: d.Fee.Paid, Receipt: d.Fee.Receipt, At: d.Fee.PaidAt}
	if !now.Paid && len(d.Fee.Revoked) > 0 {
		now.Receipt = d.Fee.Revoked[len(d.Fee.Revoked)-1]
	}
	return now
}

// slip finds an issued slip; with an empty number the newest of its kind.
func (d *Dossier) slip(kind, number string) (Slip, bool) {
	for i := len(d.Slips) - 1; i >= 0; i-- {
		if s := d.Slips[i]; s.Kind == kind && (number == "" || s.Number == number) {
			return s, true
		}
	}
	return Slip{}, false
}

// Control makes the control slip, a view of the journal (phiếu kiểm soát quá
// trình giải quyết hồ sơ). law: tt-01-2018-vpcp/1
func (r *Register) Control(ctx context.Context, ref string, by officer.By, name func(officerID string) string) (slip.Facts, error) {
	var f slip.Facts
	err := r.db.Write(ctx, func(tx *store.Tx) error {
		w := World{tx.Now, r.law()}
		d, err := seen(tx, ref, by)
		if err != nil {
			return err
		}
		if d.AcceptedAt.IsZero() {
			return problem.New(problem.Illegal, "err.no-control")
		}
		template, ok := w.Law.Slip("control", w.field(&d), pack.On(w.Now))
		if !ok {
			return problem.New(problem.NotFound, "err.slip-unknown")
		}
		entries, err := journal.Of(tx, d.Subject())
		if err != nil {
			return err
		}
		f = r.facts(&d, template, by, w)
		lead, _ := w.Law.UnitByKey(d.Competent)
		f.Lead = lead.Name
		f.Control = hands(entries, &d, w, name)
		return look(tx, &d, by, "control", "")
	})
	return f, err
}

// handing are the acts by which a dossier passes from hand to hand.
var handing = map[string]bool{"receive": true, "accept": true, "supply": true, "assign": true, "advance": true, "return_step": true, "transfer": true, "conclude": true, "hand_over": true, "succeed": true}

// hands are the hand-overs that the journal tells of.
func hands(entries []journal.Entry, d *Dossier, w World, name func(string) string) []slip.Hand {
	var list []slip.Hand
	giver := d.Filer.Name
	for _, e := range entries {
		if !handing[e.Act] {
			continue
		}
		var facts struct {
			Unit     pack.UnitKey `json:"unit"`
			Assignee string       `json:"assignee"`
			Grade    string       `json:"grade"`
		}
		_ = json.Unmarshal(e.Facts, &facts)
		unit, _ := w.Law.UnitByKey(facts.Unit)
		if unit.Name == "" {
			unit, _ = w.Law.UnitByKey(d.Desk)
		}
		taker := name(e.Officer)
		if facts.Assignee != "" {
			taker = name(facts.Assignee)
		}
		if e.Act == "hand_over" && d.HandedOver != nil {
			giver, taker = name(e.Officer), d.HandedOver.To
		}
		list = append(list, slip.Hand{Giver: giver, Taker: taker, Unit: unit.Name, At: e.At, Result: facts.Grade, Note: strings.TrimSpace(text.T(text.Vi, "act."+e.Act) + ". " + e.Reason)})
		giver = name(e.Officer)
	}
	return list
}

// ByToken finds the dossier whose slip the desk's scanner has read.
func (r *Register) ByToken(ctx context.Context, token string, by officer.By) (Dossier, error) {
	var d Dossier
	err := r.db.Read(ctx, func(tx *store.Tx) error {
		id, err := store.One(tx, column, `SELECT id FROM dossier WHERE token = $1`, tokenMark(hash(cleanSecret(token))))
		if errors.Is(err, store.ErrNone) {
			return unknown()
		}
		if err != nil {
			return err
		}
		d, err = seen(tx, id, by)
		return err
	})
	return d, err
}
