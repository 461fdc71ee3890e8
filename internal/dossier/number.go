package dossier

import (
	"fmt"
	"strings"
	"time"

	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
)

// grammars are the national grammars of dossier codes, by the name under which
// the pack dates them. law: tt-01-2018-vpcp/19
var grammars = map[string]func(agency string, day time.Time, n int64) Code{
	"2018": func(agency string, day time.Time, n int64) Code {
		return Code(fmt.Sprintf("%s-%s-%04d", agency, day.Format("060102"), n))
	},
	"2025": func(agency string, day time.Time, n int64) Code {
		return Code(fmt.Sprintf("%s-%s-%07d", agency, day.Format("20060102"), n))
	},
}

// mint gives the dossier the next code of its desk's agency and day. A number
// is used only if the write commits, so the series has no gaps.
func mint(tx *store.Tx, d *Dossier, w World) error {
	on := pack.On(w.Now)
	agency, ok := w.Law.AgencyCode(d.Desk, on)
	rules, _ := w.Law.Rules(on)
	grammar, known := grammars[rules.CodeGrammar]
	if !ok || !known {
		return problem.New(problem.Illegal, "err.no-agency-code", "desk", d.Desk)
	}
	n, err := next(tx, "code/"+agency.Code, on)
	if err != nil {
		return err
	}
	d.Code = grammar(agency.Code, w.Now.In(pack.Zone), n)
	d.Codes = append([]KnownCode{{d.Code, "quay20", w.Now}}, d.Codes...)
	return nil
}

// next is the following number of a series in a period, from 1.
func next(tx *store.Tx, series, period string) (int64, error) {
	n, err := store.One(tx, number, `INSERT INTO dossier_number (series, period, last) VALUES ($1, $2, 1)
		ON CONFLICT (series, period) DO UPDATE SET last = dossier_number.last + 1 RETURNING last`, series, period)
	if err != nil {
		return 0, fmt.Errorf("taking a number of series %s: %w", series, err)
	}
	return n, nil
}

func number(row store.Row) (n int64, err error) { err = row.Scan(&n); return n, err }

// mints reports whether the code is one that a desk of ours gives today or may
// give later: taken in from outside, it would stand in the way of our own series.
func (w World) mints(c Code) bool {
	on := pack.On(w.Now)
	for _, desk := range w.Law.Desks(on) {
		agency, ok := w.Law.AgencyCode(desk.Key, on)
		rest, found := strings.CutPrefix(string(c), agency.Code+"-")
		day, n, two := strings.Cut(rest, "-")
		if ok && found && two && (len(day) == 6 || len(day) == 8) && digits(day) && digits(n) {
			return true
		}
	}
	return false
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
