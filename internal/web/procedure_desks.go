package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"quay20/internal/applicant"
	"quay20/internal/pack"
)

// deskFinder says where to file near a commune (nơi nộp gần nhà).
type deskFinder struct {
	Action string
	Hidden []Field
	Input  Input
	Now    string      // what the place asked for is called now
	Choose []ErrorItem // communes to choose from, when the name fits several
	None   string      // no such place
	Places []nearDesk
}

// nearDesk is a desk with its hours of today and when it opens next.
type nearDesk struct {
	Name, Why      string
	Address, Phone string
	Today, Next    string
}

// mostNear bounds the desks shown.
const mostNear = 5

// finder reads ?xa=, the name of a commune or district of any time.
func (rd *reading) finder(r *http.Request) deskFinder {
	name, _ := asked(r, "xa")
	if cut := []rune(name); len(cut) > 100 {
		name = string(cut[:100])
	}
	f := deskFinder{Action: r.URL.Path + "#noi-nop", Hidden: rd.keptFields("xa"),
		Input: Input{ID: "xa", Name: "xa", Value: name, Label: Label{Text: rd.say("near.label")}, Hint: &Hint{Text: rd.say("near.hint")}, Classes: "govuk-input--width-20"}}
	if name == "" {
		return f
	}
	communes, lives := rd.communes(name)
	switch {
	case len(communes) == 0:
		f.None = rd.say("near.none", "name", name)
	case len(communes) > 1:
		f.Now = rd.say("near.several", "name", name)
		for _, u := range communes {
			q := url.Values{"xa": {u.Place}}
			for _, h := range f.Hidden {
				q.Add(h.Name, h.Value)
			}
			f.Choose = append(f.Choose, ErrorItem{u.Place, r.URL.Path + "?" + q.Encode() + "#noi-nop"})
		}
	default:
		if !lives {
			f.Now = rd.say("near.now", "name", name, "place", communes[0].Place)
		}
		f.Places = rd.near(communes[0])
	}
	return f
}

// communes are today's communes that the name means; lives is set when it is
// the name of one.
func (rd *reading) communes(name string) (now []pack.Unit, lives bool) {
	for _, u := range rd.law.Localities(name, applicant.Fold) {
		if u.Holds(rd.today) { // a name that lives on means that place
			return []pack.Unit{u}, true
		}
		for _, c := range rd.law.CommunesOf(u, rd.today) {
			if !slices.ContainsFunc(now, func(x pack.Unit) bool { return x.Key == c.Key }) {
				now = append(now, c)
			}
		}
	}
	return now, false
}

// near are the desks for who lives in the commune: its own, then those of the
// province that are competent.
func (rd *reading) near(commune pack.Unit) []nearDesk {
	rules, _ := rd.law.Rules(rd.today)
	var list []nearDesk
	add := func(u pack.Unit, why string) {
		if _, open := rd.law.DeskHours(u.Key, rd.today); open && len(list) < mostNear {
			list = append(list, rd.nearDesk(u, why))
		}
	}
	if own := rd.law.Competences(rd.p.Code, commune.Code, rd.today); len(own) > 0 {
		add(commune, rd.say("near.own"))
	} else if rules.AnyDesk {
		add(commune, rd.say("near.passes"))
	}
	for _, u := range rd.law.Desks(rd.today) {
		if u.Level != pack.Commune && len(rd.law.Competences(rd.p.Code, u.Code, rd.today)) > 0 {
			add(u, rd.say("near.competent"))
		}
	}
	return list
}

func (rd *reading) nearDesk(u pack.Unit, why string) nearDesk {
	d := nearDesk{Name: u.Name, Why: why, Address: u.Address, Phone: u.Phone}
	now := rd.Now().In(pack.Zone)
	if o, ok := rd.law.Opening(u.Key, rd.today); ok {
		switch {
		case o.Off != nil:
			d.Today = rd.say("near.today.off", "day", sayDate(rd.lang, now), "name", o.Off.Name)
		case len(o.Windows) == 0:
			d.Today = rd.say("near.today.closed", "day", sayDate(rd.lang, now))
		default:
			d.Today = rd.say("near.today", "day", sayDate(rd.lang, now), "hours", windows(o.Windows))
		}
	}
	d.Today = capital(d.Today)
	next, ok := rd.law.NextOpening(u.Key, now)
	switch {
	case !ok:
	case !next.After(now):
		d.Next = rd.say("near.open")
	case pack.On(next) == rd.today:
		d.Next = rd.say("near.opens.today", "clock", sayClock(rd.lang, next))
	default:
		d.Next = rd.say("near.opens", "when", sayHour(rd.lang, next))
	}
	return d
}

// paceWords is how long the procedure really took in the last year; "" if too
// few dossiers tell.
func (rd *reading) paceWords() string {
	pace, ok := rd.Dossiers.Pace(rd.p.Code)
	if !ok {
		return ""
	}
	return rd.say("procedure.pace", "half", rd.workWords(pace.Half), "most", rd.workWords(pace.Most), "n", pace.N)
}

// workWords rounds working time up: to an hour under a day of eight hours, then
// to half a day.
func (rd *reading) workWords(d time.Duration) string {
	const day = 8 * time.Hour
	if d < day {
		return amountWords(rd.lang, max(1, int((d+time.Hour-1)/time.Hour)), "hour")
	}
	halves := int((d + day/2 - 1) / (day / 2))
	if halves%2 == 0 {
		return amountWords(rd.lang, halves/2, "working_day")
	}
	return rd.say("procedure.pace.half", "n", halves/2)
}

// feeRules say by which text the fee is, until when, and what it is then: one
// sentence for each rule that applies to the own case.
func (rd *reading) feeRules(chosen pack.Case) []string {
	var said []string
	for _, ch := range rd.v.Channels {
		ask := rd.feeAsk(chosen, ch.Kind)
		names := []string{ask.Case}
		if f := rd.p.Fee(ask); len(f.Choices) > 0 {
			names = f.Choices
		}
		for _, name := range names {
			ask.Case = name
			if s := rd.feeRule(rd.p.Fee(ask), len(names) == 1); s != "" && !slices.Contains(said, s) {
				said = append(said, s)
			}
		}
	}
	return said
}

// feeAsk is the question for the fee of the own case by a way of filing.
func (rd *reading) feeAsk(chosen pack.Case, channel string) pack.Ask {
	return pack.Ask{Case: cmp.Or(rd.askedBy, chosen.Name), Channel: channel, Level: rd.level(), On: rd.on}
}

// level is the only level that decides on the day; "" if there are several.
func (rd *reading) level() pack.Level {
	var level pack.Level
	for _, row := range rd.p.Competence {
		switch {
		case !row.Holds(rd.on):
		case level == "":
			level = row.Level
		case level != row.Level:
			return ""
		}
	}
	return level
}

func (rd *reading) feeRule(f pack.Fee, next bool) string {
	if f.Rule == nil || f.Rule.Basis == "" {
		return ""
	}
	args := []any{"basis", rd.instrument(f.Rule.Basis), "until", dayWords(f.Until)}
	var said []string
	switch {
	case f.Rule.Kind == "reduction":
		said = append(said, rd.say("procedure.rule.reduced", args...))
	case f.Until != "":
		said = append(said, rd.say("procedure.rule.until", args...))
	default:
		said = append(said, rd.say("procedure.rule", args...))
	}
	if next && f.Next != nil && f.Next.Known {
		said = append(said, rd.say("procedure.rule.then", "fee", sayFee(rd.lang, *f.Next)))
	}
	return strings.Join(said, " ")
}

// instrument is a legal text by its kind and number.
func (rd *reading) instrument(number string) string {
	if act, ok := rd.law.InstrumentByNumber(number); ok {
		return act.Type + " " + act.Number
	}
	return number
}
