package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"quay20/internal/pack"
	"quay20/internal/problem"
)

// changesPage says in words what a version changed (có gì thay đổi).
type changesPage struct {
	Crumbs  Breadcrumbs
	Name    string
	From    string // "01/07/2026"
	Before  ErrorItem
	After   ErrorItem
	Groups  []changeGroup
	Running string // what it means for who has already filed
}

// changeGroup are the changes of one item of the procedure.
type changeGroup struct {
	Item  string // "Giấy tờ cần có"
	Lines []changeLine
}

// changeLine is one change: Sign is "+", "−" or "≠", said by Kind in words.
type changeLine struct{ Sign, Kind, Text string }

// changes is /tt/{code}/{from}/thay-doi.
func (c *citizen) changes(w http.ResponseWriter, r *http.Request) error {
	law, today := c.today()
	p, ok := law.Procedure(r.PathValue("code"))
	if !ok {
		return problem.New(problem.NotFound, "err.not-found")
	}
	at := slices.IndexFunc(p.Versions, func(v pack.Version) bool { return v.From == r.PathValue("from") })
	if at < 1 {
		return problem.New(problem.NotFound, "err.not-found")
	}
	rd := c.reading(r, law, p, &p.Versions[at], today, false)
	rd.on = rd.v.From
	before := &p.Versions[at-1]
	return c.renderShared(w, r, "changes", changesPage{
		Crumbs: rd.crumbs(r, "changes.title"), Name: p.ShortName, From: dayWords(rd.v.From),
		Before:  ErrorItem{rd.say("changes.before", "from", dayWords(before.From)), rd.href(before)},
		After:   ErrorItem{rd.say("changes.after", "from", dayWords(rd.v.From)), rd.href(rd.v)},
		Groups:  rd.changesFrom(before),
		Running: rd.say("changes.running", "day", dayWords(rd.v.From)),
	})
}

// changesFrom compares the version read with the one before it, item by item.
func (rd *reading) changesFrom(before *pack.Version) []changeGroup {
	old := *rd
	old.v, old.on, old.kept, old.asked, old.askedBy = before, before.To, url.Values{}, "", ""
	var groups []changeGroup
	for _, item := range []struct {
		key  string
		tell func(*reading) []point
	}{
		{"changes.time", (*reading).tellTimes},
		{"changes.papers", (*reading).tellPapers},
		{"changes.fee", (*reading).tellFees},
		{"changes.channels", (*reading).tellChannels},
		{"changes.conditions", func(rd *reading) []point { return plainly(rd.v.Conditions) }},
		{"changes.agency", (*reading).tellAgencies},
		{"changes.steps", func(rd *reading) []point { return plainly(rd.v.Steps) }},
		{"changes.bases", func(rd *reading) []point {
			var list []point
			for _, number := range rd.v.Bases {
				list = append(list, point{rd.instrument(number), ""})
			}
			return list
		}},
	} {
		if lines := rd.compare(item.tell(&old), item.tell(rd)); len(lines) > 0 {
			groups = append(groups, changeGroup{rd.say(item.key), lines})
		}
	}
	return groups
}

// point is a thing that a version says: what it is called, and what of it may
// change.
type point struct{ name, value string }

func plainly(list []string) []point {
	var all []point
	for _, s := range list {
		all = append(all, point{s, ""})
	}
	return all
}

// compare tells what was taken away, added, or said otherwise.
func (rd *reading) compare(before, after []point) []changeLine {
	var lines []changeLine
	find := func(list []point, name string) (point, bool) {
		i := slices.IndexFunc(list, func(s point) bool { return s.name == name })
		if i < 0 {
			return point{}, false
		}
		return list[i], true
	}
	for _, now := range after {
		was, ok := find(before, now.name)
		switch {
		case !ok:
			lines = append(lines, changeLine{"+", rd.say("changes.added"), now.words()})
		case was.value != now.value:
			lines = append(lines, changeLine{"≠", rd.say("changes.changed"), rd.say("changes.from-to", "name", now.name, "was", was.value, "now", now.value)})
		}
	}
	for _, was := range before {
		if _, ok := find(after, was.name); !ok {
			lines = append(lines, changeLine{"−", rd.say("changes.removed"), was.words()})
		}
	}
	return lines
}

func (s point) words() string {
	if s.value == "" {
		return s.name
	}
	return s.name + ": " + s.value
}

func (rd *reading) tellTimes() []point {
	var list []point
	for _, c := range rd.v.Cases {
		list = append(list, point{c.Name, limitWords(rd.lang, rd.v, c)})
	}
	return list
}

func (rd *reading) tellPapers() []point {
	var list []point
	for _, c := range rd.v.Components {
		value := rd.copies(c)
		if c.Form != "" {
			value += ", " + rd.say("procedure.papers.form", "form", c.Form)
		}
		if c.Case != "" {
			value += ", " + strings.ToLower(rd.say("procedure.papers.case", "case", c.Case))
		}
		list = append(list, point{c.Name, value})
	}
	return list
}

func (rd *reading) tellFees() []point {
	var list []point
	for _, ch := range rd.v.Channels {
		cases := rd.p.FeeCases(ch.Kind, rd.on)
		if len(cases) == 0 {
			list = append(list, point{rd.say("procedure.channel." + ch.Kind), sayFee(rd.lang, rd.p.Fee(rd.feeAsk(pack.Case{}, ch.Kind)))})
		}
		for _, name := range cases {
			fee := rd.p.Fee(pack.Ask{Case: name, Channel: ch.Kind, Level: rd.level(), On: rd.on})
			list = append(list, point{rd.say("procedure.channel."+ch.Kind) + ", " + name, sayFee(rd.lang, fee)})
		}
	}
	return list
}

func (rd *reading) tellChannels() []point {
	var list []point
	for _, ch := range rd.v.Channels {
		key := "procedure.channel." + ch.Kind
		if ch.Online != "" {
			key += "-" + ch.Online
		}
		list = append(list, point{rd.say("procedure.channel." + ch.Kind), rd.say(key)})
	}
	return list
}

func (rd *reading) tellAgencies() []point {
	var list []point
	for _, d := range rd.agency() {
		if i := slices.IndexFunc(list, func(s point) bool { return s.name == d.Who }); i >= 0 {
			list[i].value = strings.TrimPrefix(list[i].value+"; "+d.Scope, "; ")
			continue
		}
		list = append(list, point{d.Who, d.Scope})
	}
	return list
}
