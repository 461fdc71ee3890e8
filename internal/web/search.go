package web

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"quay20/internal/applicant"
	"quay20/internal/catalogue"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/text"
)

const findPath = "/tim"

// SearchBox is part "search-box": one box that finds an errand.
type SearchBox struct{ Query string }

// searchPage is C2.
type searchPage struct {
	Search   SearchBox
	Title    string
	Away     *Matter  // what was asked for is another agency's
	Unsure   bool     // it may be ours as well
	Found    []Errand // procedures, best first
	Services []Matter // of the police, no procedures
	Forms    []Errand // by the number of a form
	Others   []Matter // other agencies' that may be meant
	Places   []string // what became of the places named
	None     string   // what was not found, as a sentence
	Perhaps  []Errand // instead
}

// Matter is what people look for and what is no procedure.
type Matter struct {
	Name, Agency, Advice string
	Why                  string
}

// How much a search shows.
const (
	mostFound     = 20
	mostBeside    = 5 // procedures beside another agency's errand
	mostSuggested = 6
)

// search is C2: procedures however they are typed, best first, each with why it
// was found. What belongs to another agency is said first.
func (c *citizen) search(w http.ResponseWriter, r *http.Request) error {
	q, err := c.asksFor(r)
	if err != nil {
		return err
	}
	page := searchPage{Search: SearchBox{q}, Title: c.say(r, "public.search.title")}
	if q != "" {
		page.Title = c.say(r, "public.search.title-for", "q", q)
		c.group(&page, r, q)
	}
	if page.Away == nil && len(page.Found)+len(page.Services)+len(page.Forms)+len(page.Others) == 0 {
		page.Perhaps = c.perhaps(r, q)
		if q != "" {
			page.None = c.say(r, "search.none", "q", q)
		}
	}
	return c.renderShared(w, r, "search", page)
}

// longestAsked is how many characters of a question are looked at.
const longestAsked = 200

// asksFor is what was typed into the search box, cut where it is very long.
func (c *citizen) asksFor(r *http.Request) (string, error) {
	q, strange := asked(r, "q")
	if strange {
		return "", problem.New(problem.Invalid, "form.strange")
	}
	if cut := []rune(q); len(cut) > longestAsked {
		q = string(cut[:longestAsked])
	}
	return q, nil
}

// nearly is from what share of the best finding's score on one is as good.
const nearly = 0.7

// group puts what was found into the groups of the page.
func (c *citizen) group(page *searchPage, r *http.Request, q string) {
	lang := visitOf(r).lang
	law, on := c.today()
	ix := c.found.at(law, on)
	hits := near(ix.Answer(q, mostFound))
	for i, hit := range hits {
		switch hit.Kind {
		case catalogue.Procedure:
			if p, ok := law.Procedure(hit.Code); ok && (page.Away == nil || len(page.Found) < mostBeside) {
				page.Found = append(page.Found, c.finding(lang, law, p, on, hit))
			}
		case catalogue.Service:
			page.Services = append(page.Services, matter(law, on, hit))
		case catalogue.Elsewhere:
			if m := matter(law, on, hit); i == 0 {
				page.Away = &m
			} else {
				page.Others = append(page.Others, m)
			}
		}
	}
	page.Unsure = slices.ContainsFunc(hits, func(h catalogue.Hit) bool {
		return h.Kind != catalogue.Elsewhere && h.Score > nearly*hits[0].Score
	})
	page.Forms = c.forms(lang, law, on, q)
	page.Places = c.places(r, law, on, ix.Places(q))
}

// finding is a procedure with its field and why it was found.
func (c *citizen) finding(lang text.Lang, law *pack.Pack, p *pack.Procedure, on pack.Date, hit catalogue.Hit) Errand {
	e := c.errand(lang, p, on)
	e.Why = text.T(lang, hit.Why.Text(), "words", hit.Words)
	field, _ := law.Field(p.Field)
	e.Field = field.Name
	return e
}

func matter(law *pack.Pack, on pack.Date, hit catalogue.Hit) Matter {
	m, _ := law.Matter(hit.Code)
	agency, _ := m.On(on)
	return Matter{Name: m.Name, Agency: agency.Name, Advice: m.Advice}
}

// forms are the procedures that ask for a form whose number was typed: "CT07".
func (c *citizen) forms(lang text.Lang, law *pack.Pack, on pack.Date, q string) []Errand {
	var list []Errand
	for _, p := range law.Procedures(on) {
		v, _ := p.On(on)
		for _, paper := range v.Components {
			number, _, _ := strings.Cut(paper.Form, " (")
			if e := (Errand{Name: p.ShortName, Href: "/tt/" + url.PathEscape(p.Code), Field: paper.Form + ": " + paper.Name}); names(q, number) && !slices.Contains(list, e) {
				list = append(list, e)
			}
		}
	}
	return list[:min(len(list), mostBeside)]
}

// names reports whether a question holds the number of a form, which has
// letters and digits: "CT07", "NA17".
func names(q, number string) bool {
	number = applicant.Fold(number)
	return strings.ContainsAny(number, "0123456789") && strings.IndexFunc(number, func(r rune) bool { return r >= 'a' && r <= 'z' }) == 0 &&
		slices.Contains(strings.Fields(applicant.Fold(q)), number)
}

// places say what became of abolished districts and merged communes.
func (c *citizen) places(r *http.Request, law *pack.Pack, on pack.Date, named []pack.UnitKey) (said []string) {
	for _, key := range named {
		was, _ := law.UnitByKey(key)
		if was.Holds(on) {
			continue
		}
		now, ok := law.Heir(key, on)
		if !ok || now.Place == was.Place {
			continue
		}
		if s := c.say(r, "search.place", "was", was.Place, "now", now.Name); !slices.Contains(said, s) {
			said = append(said, s)
		}
	}
	return said
}

// perhaps are procedures whose names are written most like a question that
// found none, then those that most people come for.
func (c *citizen) perhaps(r *http.Request, q string) []Errand {
	law, on := c.today()
	var list []Errand
	for _, hit := range c.found.at(law, on).Alike(q, mostBeside) {
		if p, ok := law.Procedure(hit.Code); ok {
			list = append(list, c.errand(visitOf(r).lang, p, on))
		}
	}
	for _, e := range c.commonErrands(r, mostBeside) {
		if len(list) < mostBeside && !slices.ContainsFunc(list, func(have Errand) bool { return have.Code == e.Code }) {
			list = append(list, e)
		}
	}
	return list
}

// near leaves out findings by words that are far behind the best one: they
// share a common word and nothing else.
func near(hits []catalogue.Hit) []catalogue.Hit {
	const share = 0.3
	byWords := func(h catalogue.Hit) bool { return h.Why == catalogue.ByName || h.Why == catalogue.ByKeyword }
	at := slices.IndexFunc(hits, byWords)
	if at < 0 {
		return hits
	}
	least := share * hits[at].Score
	return slices.DeleteFunc(hits, func(h catalogue.Hit) bool { return byWords(h) && h.Score < least })
}

// suggestion is what the search box offers while somebody types.
type suggestion struct {
	Name string `json:"name"`
	Href string `json:"href"`
	Note string `json:"note,omitempty"`
}

// suggest answers the search box's script with what fits so far. Without it the
// box is sent like any form.
func (c *citizen) suggest(w http.ResponseWriter, r *http.Request) error {
	q, err := c.asksFor(r)
	if err != nil {
		return err
	}
	lang := visitOf(r).lang
	law, on := c.today()
	found := []suggestion{}
	for _, hit := range near(c.found.at(law, on).Answer(q, mostSuggested)) {
		if p, ok := law.Procedure(hit.Code); ok {
			e := c.finding(lang, law, p, on, hit)
			found = append(found, suggestion{e.Name, e.Href, e.Field})
			continue
		}
		m := matter(law, on, hit)
		found = append(found, suggestion{m.Name, findPath + "?q=" + url.QueryEscape(m.Name), text.T(lang, "catalogue.kind."+string(hit.Kind), "agency", m.Agency)})
	}
	body, err := json.Marshal(found)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "private, max-age=60")
	return send(w, r, http.StatusOK, body)
}
