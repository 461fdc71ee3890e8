package web

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"quay20/internal/slip"
	"quay20/internal/text"
	"strings"
)

// preparePage is C6: the own papers to tick, to print or to keep.
type preparePage struct {
	Crumbs  Breadcrumbs
	Name    string
	Own     []string // the own case in words
	OwnHref string   // where it is chosen
	Box     Box
	Papers  []prepareGroup
	Rules   []string // by which text the fee is
	Near    deskFinder
	PDF     string
	Save    string       // the list as a file
	Page    string       // the procedure
	Address string       // of this very list
	Message template.URL // sms: with name and address
	Version string
	Unsure  string // what to do with lists for several cases
}

type prepareGroup struct {
	Title  string
	Papers []preparePaper
}

type preparePaper struct {
	ID string
	paperLine
}

// prepare is C6 at /tt/{code}/chuan-bi. The own case stands in the address, so
// the list can be sent to somebody or opened again.
func (c *citizen) prepare(w http.ResponseWriter, r *http.Request) error {
	rd, err := c.openProcedure(r)
	if err != nil {
		return err
	}
	return c.renderShared(w, r, "prepare", rd.prepared(r))
}

// saved is the list as a file of its own: it asks nothing of the network and
// runs nothing, so it opens in a village without a signal.
func (c *citizen) saved(w http.ResponseWriter, r *http.Request) error {
	rd, err := c.openProcedure(r)
	if err != nil {
		return err
	}
	pages, err := c.pages()
	if err != nil {
		return err
	}
	tmpl, err := pages.find("saved", rd.lang)
	if err != nil {
		return err
	}
	page := savedPage{rd.prepared(r), rd.lang, ""}
	page.Saved = rd.say("prepare.saved", "at", sayHour(rd.lang, c.Now()), "address", page.Address)
	var b bytes.Buffer
	if err := tmpl.ExecuteTemplate(&b, "alone", page); err != nil {
		return fmt.Errorf("saving the list of %s: %w", rd.p.Code, err)
	}
	return c.paper(w, r, fileName("giay-to", rd.p.Code)+".html", "text/html; charset=utf-8", b.Bytes(), true)
}

// savedPage is the saved copy of C6.
type savedPage struct {
	preparePage
	Lang  text.Lang
	Saved string // when, and where the newest form is
}

func (rd *reading) prepared(r *http.Request) preparePage {
	chosen := rd.chosen()
	page := preparePage{
		Crumbs: rd.crumbs(r, "prepare.title"), Name: rd.p.ShortName, Own: rd.ownWords(), Rules: rd.feeRules(chosen), Near: rd.finder(r),
		PDF: rd.to("chuan-bi.pdf"), Save: rd.to("chuan-bi.html"), Page: rd.to(""), Address: rd.Origin + rd.to("chuan-bi"), Version: rd.inForce(),
	}
	if rd.manyCases() {
		page.OwnHref = rd.to("kiem-tra")
		if len(rd.narrow.Given) > 0 {
			page.OwnHref = rd.plain("kiem-tra")
		} else if len(page.Own) == 0 {
			page.Unsure = rd.say("prepare.unsure")
		}
	}
	page.Box = rd.box(chosen)
	n := 0
	for _, g := range rd.papers(chosen) {
		group := prepareGroup{Title: g.Title}
		for _, line := range g.Papers {
			n++
			group.Papers = append(group.Papers, preparePaper{fmt.Sprintf("giay-to-%d", n), line})
		}
		page.Papers = append(page.Papers, group)
	}
	page.Message = template.URL("sms:?&body=" + url.PathEscape(rd.say("prepare.share", "name", rd.p.ShortName)+" "+page.Address))
	return page
}

// plain is to without the own case: where it is chosen anew.
func (rd *reading) plain(page string) string {
	bare := *rd
	bare.kept = nil
	return bare.to(page)
}

// checklist is PR10 at /tt/{code}/chuan-bi.pdf: the own papers on A5.
func (c *citizen) checklist(w http.ResponseWriter, r *http.Request) error {
	rd, err := c.openProcedure(r)
	if err != nil {
		return err
	}
	rd.lang = "vi" // papers are in Vietnamese
	chosen := rd.chosen()
	head := rd.law.Head()
	list := slip.Checklist{
		Agency: strings.ToUpper(head.Police), Place: head.Place, At: c.Now(), Procedure: rd.p.Name, ProcedureCode: rd.p.Code,
		Own: rd.ownWords(), Limit: limitWords(rd.lang, rd.v, chosen), Fee: capital(rd.costWords(chosen)), FeeRules: rd.feeRules(chosen),
		Where: rd.receivers(), Version: rd.inForce(), Address: c.Origin + rd.to("chuan-bi"), Checked: capital(rd.checked()),
	}
	for _, g := range rd.papers(chosen) {
		group := slip.CheckGroup{Title: g.Title}
		for _, p := range g.Papers {
			about := []string{p.How}
			if p.Form != "" {
				about = append(about, rd.say("procedure.papers.form", "form", p.Form))
			}
			for _, note := range []string{p.Reuse, p.Note} {
				if note != "" {
					about = append(about, note)
				}
			}
			group.Papers = append(group.Papers, slip.CheckPaper{Name: p.Name, About: strings.Join(about, ". ")})
		}
		list.Groups = append(list.Groups, group)
	}
	near := rd.finder(r)
	for _, d := range near.Places {
		list.Desks = append(list.Desks, strings.Join(nonEmpty(d.Name, d.Address, d.Phone), ", "))
	}
	pdf, err := slip.Prepare(list)
	if err != nil {
		return err
	}
	return c.paper(w, r, fileName("giay-to", rd.p.Code)+".pdf", "application/pdf", pdf, false)
}

func nonEmpty(parts ...string) []string {
	var some []string
	for _, p := range parts {
		if p != "" {
			some = append(some, p)
		}
	}
	return some
}

// prepareRoutes declares the pages beside a procedure's.
func (c *citizen) prepareRoutes() {
	c.public("GET /tt/{code}/kiem-tra", c.kept(c.askCase))
	c.public("GET /tt/{code}/chuan-bi", c.kept(c.prepare))
	c.public("GET /tt/{code}/chuan-bi.pdf", c.checklist)
	c.public("GET /tt/{code}/chuan-bi.html", c.saved)
	c.public("GET /tt/{code}/{from}/thay-doi", c.kept(c.changes))
}
