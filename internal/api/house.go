package api

import (
	"cmp"
	"strings"
	"time"

	"quay20/internal/dossier"
	"quay20/internal/journal"
	"quay20/internal/lawtime"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/store"
)

// Notice adds days to the calendar in force (thông báo).
type Notice struct {
	ID        string                `json:"id"`
	Announced pack.Date             `json:"announced"`
	Title     string                `json:"title"`
	Law       string                `json:"law,omitempty"`
	Days      []lawtime.CalendarDay `json:"days"`
	Desks     []string              `json:"desks,omitempty"`
}

// Notices are the notices applied so far, oldest first.
type Notices struct {
	Law     string   `json:"law"`
	Notices []Notice `json:"notices"`
}

func notices(c *call, _ nothing) (Notices, error) {
	all, err := c.Law.Notices(c.ctx())
	out := Notices{Law: c.law().Version(), Notices: []Notice{}}
	for _, n := range all {
		out.Notices = append(out.Notices, Notice{n.ID, n.Announced, n.Title, n.Law, n.Days, n.Desks})
	}
	return out, err
}

// Moved is a due date that a notice moved; the people concerned are to be told.
type Moved struct {
	Dossier string       `json:"dossier"`
	Code    dossier.Code `json:"code,omitempty"`
	Old     time.Time    `json:"old"`
	New     time.Time    `json:"new"`
}

// Applied says what a notice did.
type Applied struct {
	Law   string  `json:"law"`
	Moved []Moved `json:"moved"`
}

func (a Applied) keep() any { return a }

// applyNotice adds a notice to the law in force and computes every running
// dossier again; each moved date is journaled (rel-I-C5). Applying the same
// notice twice changes nothing.
func applyNotice(c *call, in Notice) (Applied, error) {
	by, err := c.session.For(officer.Law, "")
	if err != nil {
		return Applied{}, err
	}
	if err := by.Fresh(officer.Law); err != nil {
		return Applied{}, err
	}
	n := pack.Notice{ID: in.ID, Announced: in.Announced, Title: in.Title, Law: in.Law, Days: in.Days, Desks: in.Desks}
	if err := c.Law.Apply(c.ctx(), n, by); err != nil {
		return Applied{}, err
	}
	if _, err := c.Dossiers.Recompute(c.ctx(), in.ID); err != nil {
		return Applied{}, err
	}
	all, err := c.Dossiers.Moved(c.ctx(), in.ID)
	out := Applied{Law: c.law().Version(), Moved: []Moved{}}
	for _, m := range all {
		out.Moved = append(out.Moved, Moved{m.Dossier.ID, m.Dossier.Code, m.Move.Old, m.Move.New})
	}
	return out, err
}

// entriesRead bounds how many entries one request walks through for those in
// the officer's scope.
const entriesRead = 2000

// entriesAsked lists the journal, newest first, as far as the officer's scope
// reaches: what was done in its units, and everything for who sees the whole
// province.
func entriesAsked(c *call, _ nothing) (Entries, error) {
	by, err := c.session.For(officer.Journal, "")
	if err != nil {
		return Entries{}, err
	}
	f, limit, err := c.journalFilter()
	if err != nil {
		return Entries{}, err
	}
	all := c.seesAll(by)
	var found []journal.Entry
	out := Entries{}
	err = c.DB.Read(c.ctx(), func(tx *store.Tx) error {
		found, out.Before = nil, 0
		for read := 0; read < entriesRead; read += f.Limit {
			page, err := journal.List(tx, f)
			if err != nil {
				return err
			}
			for _, e := range page {
				f.Before = e.Index
				if all || by.SeesThen(placeOf(e), pack.On(e.At)) {
					found = append(found, e)
				}
				if len(found) == limit {
					break
				}
			}
			if len(found) == limit || len(page) < f.Limit {
				break
			}
		}
		if f.Before > 1 {
			out.Before = f.Before
		}
		return nil
	})
	out.Entries = c.entries(found)
	return out, err
}

func (c *call) journalFilter() (f journal.Filter, limit int, err error) {
	f = journal.Filter{Subject: c.query("subject"), Officer: c.query("officer"), Act: c.query("act"), Limit: 200}
	if f.From, err = c.instant("from"); err != nil {
		return f, 0, err
	}
	if f.To, err = c.instant("to"); err != nil {
		return f, 0, err
	}
	if f.Before, err = c.number("before", 1<<53); err != nil {
		return f, 0, err
	}
	n, err := c.number("limit", 200)
	return f, int(cmp.Or(n, 100)), err
}

// seesAll reports whether the capacity reaches over the whole province.
func (c *call) seesAll(by officer.By) bool {
	root, ok := c.law().Unit(c.law().Head().Province, c.today())
	return ok && by.Sees(root.Key)
}

// placeOf is the unit in whose name an entry was written, by code.
func placeOf(e journal.Entry) string {
	_, unit, _ := strings.Cut(e.Capacity, "@")
	return unit
}
