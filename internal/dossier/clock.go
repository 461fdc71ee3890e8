package dossier

import (
	"fmt"
	"time"

	"quay20/internal/lawtime"
	"quay20/internal/pack"
)

// reckon computes the dossier's due date and proof from its facts under a law.
// A dossier whose case has no limit gets no date.
func (d *Dossier) reckon(law *pack.Pack) (lawtime.Answer, error) {
	v := version(law, d)
	if c, ok := v.Case(d.Case, d.Channel); ok && !v.Limited(c) {
		return lawtime.Answer{Start: d.ReceivedAt}, nil
	}
	q, err := law.Question(d.Procedure, d.LawFrom, d.Case, d.Channel, unitCode(law, d.DeskAt(d.ReceivedAt)), d.ReceivedAt)
	if err != nil {
		return lawtime.Answer{}, fmt.Errorf("putting the question of dossier %s: %w", d.ID, err)
	}
	rules, _ := law.Rules(pack.On(d.ReceivedAt))
	for _, p := range d.Clock.Pauses {
		if p.To.IsZero() {
			continue // still open: the date stands until the clock goes on
		}
		q.Pauses = append(q.Pauses, lawtime.Pause{From: p.From, To: p.To, Kind: p.Kind, Document: p.Document, Resume: resume(rules, p.Kind), Law: rules.Laws[resumeRule[p.Kind]]})
	}
	if e := d.Clock.Extension; e != nil {
		ceiling := lawtime.Limit{}
		if v.Extension != nil {
			ceiling = v.Extension.Ceiling
		}
		q.Extension = &lawtime.Extension{Limit: e.Limit, Ceiling: ceiling, Reason: e.Reason, Approver: unitName(law, d.Competent), Law: e.Law, At: e.At}
	}
	for i, at := range d.Clock.Legs {
		if i < len(q.Legs) {
			q.Legs[i].Finished = &at
		}
	}
	return lawtime.Due(q)
}

// unitName is the unit that answers for the dossier's extension: the proof is
// shown to the citizen, so it names no officer.
func unitName(law *pack.Pack, key pack.UnitKey) string {
	u, _ := law.UnitByKey(key)
	return u.Name
}

// resumeRule is the rule, by its name in the pack, on which a resume rests.
var resumeRule = map[string]string{"supplement": "supplement_resume", "financial": "financial_resume", "inter-agency": "agency_resume"}

// resume says how the clock goes on after a pause of that kind, by the rules in
// force at receipt.
func resume(r pack.Rules, kind string) lawtime.Resume {
	switch kind {
	case "supplement":
		return r.SupplementResume
	case "financial":
		return r.FinancialResume
	}
	return r.AgencyResume
}

// setClock computes the clock anew and stores its outcome.
func (d *Dossier) setClock(law *pack.Pack) error {
	if d.ReceivedAt.IsZero() {
		return nil
	}
	a, err := d.reckon(law)
	if err != nil {
		return err
	}
	d.Clock.Start, d.Clock.Due, d.Clock.Provisional = utc(a.Start), utc(a.Due), a.Provisional
	return nil
}

// utc keeps stored instants in one zone, and the zero time zero.
func utc(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC()
}

// Proof explains the due date step by step under the law given.
func (d *Dossier) Proof(law *pack.Pack) (lawtime.Answer, error) {
	if d.ReceivedAt.IsZero() {
		return lawtime.Answer{}, nil
	}
	return d.reckon(law)
}

// Left is the working time that remains until the promise, on the desk's clock.
func (d *Dossier) Left(law *pack.Pack, at time.Time) (lawtime.Left, bool) {
	due := d.Clock.Due
	if due.IsZero() || !d.Running() {
		return lawtime.Left{}, false
	}
	clock, ok := law.Clock(d.Desk, nil, pack.On(at))
	if !ok {
		return lawtime.Left{}, false
	}
	return lawtime.Remaining(clock, at, due), true
}

// CheckUntil is when a dossier that was sent, online or by post, or an answer
// to a supplement request, must have been looked at; zero if it does not wait for that.
func (w World) CheckUntil(d *Dossier) time.Time {
	if s := d.Answered(); s != nil {
		return w.after(d, s.Sent, w.rules(d).OnlineCheck)
	}
	switch {
	case d.State != Filed:
		return time.Time{}
	case d.Channel == "online":
		return w.after(d, d.FiledAt, w.rules(d).OnlineCheck)
	}
	return w.after(d, d.FiledAt, w.rules(d).PaperSupplement)
}

// timer is the next instant at which the sweep has something to do.
func (d *Dossier) timer(w World) time.Time {
	switch {
	case (d.State == Filed || d.Answered() != nil) && !d.CheckLate:
		if until := w.CheckUntil(d); !until.IsZero() {
			return until.Add(time.Millisecond) // late is after, not at
		}
	case d.State == Supplement && d.Answered() == nil:
		if s := d.Waiting(); s != nil {
			return s.Until
		}
	case d.Running() && d.LateSince.IsZero() && !d.Clock.Due.IsZero():
		return dayAfter(d.Clock.Due)
	}
	return time.Time{}
}

// dayAfter is the first instant of the day after t in Viet Nam: dates are
// graded by day.
func dayAfter(t time.Time) time.Time {
	t = t.In(pack.Zone)
	return time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, pack.Zone).UTC()
}

// risk is the instant from which the dossier is at risk: four fifths of its
// time have passed.
func (d *Dossier) risk() time.Time {
	if !d.Running() || d.Clock.Due.IsZero() {
		return time.Time{}
	}
	span := d.Clock.Due.Sub(d.Clock.Start)
	return d.Clock.Start.Add(span / 5 * 4).Truncate(time.Millisecond)
}

// LastDay reports whether the clock is to be stopped on the day the dossier is
// due, or later. The journal marks such a stop, so that it can be counted
// (dừng tính hạn ngày cuối). rel-T02
func (d *Dossier) LastDay(at time.Time) bool {
	return !d.Clock.Due.IsZero() && pack.On(d.Clock.Due) <= pack.On(at)
}

// stoppedLate reports whether the clock was stopped just now, on the last day.
func (d *Dossier) stoppedLate(now time.Time) bool {
	n := len(d.Clock.Pauses)
	return d.Paused() && d.Clock.Pauses[n-1].From.Equal(now) && d.LastDay(now)
}
