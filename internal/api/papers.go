package api

import (
	"time"

	"quay20/internal/applicant"
	"quay20/internal/dossier"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/slip"
	"quay20/internal/store"
	"quay20/internal/text"
)

// Slips are the papers issued for a dossier.
type Slips struct {
	Slips []dossier.Slip `json:"slips"`
}

func slips(c *call, _ nothing) (Slips, error) {
	_, d, err := c.viewer(officer.View, c.ref())
	return Slips{d.Slips}, err
}

// print makes the PDF of an issued slip; every print is counted, and all but
// the first carry the reprint mark.
func print(c *call, _ nothing) (file, error) {
	by, d, err := c.viewer(officer.View, c.ref())
	if err != nil {
		return file{}, err
	}
	kind := c.r.PathValue("kind")
	f, err := c.Dossiers.Print(c.ctx(), d.ID, kind, c.r.PathValue("number"), by, c.Origin)
	if err != nil {
		return file{}, err
	}
	return paper(kind, f)
}

func paper(kind string, f slip.Facts) (file, error) {
	body, err := slip.PDF(f)
	return file{kind + ".pdf", body}, err
}

// control makes the control slip, a view of the journal. law: tt-01-2018-vpcp/1
func control(c *call, _ nothing) (file, error) {
	by, d, err := c.viewer(officer.View, c.ref())
	if err != nil {
		return file{}, err
	}
	names, err := c.namesIn(d)
	if err != nil {
		return file{}, err
	}
	f, err := c.Dossiers.Control(c.ctx(), d.ID, by, func(id string) string { return names[id] })
	if err != nil {
		return file{}, err
	}
	return paper("control", f)
}

// namesIn are the names of the officers in a dossier's history.
func (c *call) namesIn(d dossier.Dossier) (map[string]string, error) {
	entries, err := c.Dossiers.Entries(c.ctx(), d)
	if err != nil {
		return nil, err
	}
	ids := map[string]bool{d.Assignee: true}
	for _, e := range entries {
		ids[e.Officer] = true
	}
	return c.names(ids)
}

// names are the names of officers, for papers.
func (c *call) names(ids map[string]bool) (map[string]string, error) {
	names := map[string]string{}
	err := c.DB.Read(c.ctx(), func(tx *store.Tx) error {
		for id := range ids {
			o, err := officer.Find(tx, id)
			if problem.Is(err, problem.NotFound) {
				continue
			}
			if err != nil {
				return err
			}
			names[id] = o.Name
		}
		return nil
	})
	return names, err
}

// register is the dossier register of a desk in a period as Excel (sổ theo
// dõi hồ sơ). law: tt-03-2025-vpcp/phu-luc-1
func register(c *call, _ nothing) (file, error) {
	desk, err := c.unitAsked("desk", c.query("desk"))
	if err != nil {
		return file{}, err
	}
	from, to, err := c.period()
	if err != nil {
		return file{}, err
	}
	by, err := c.session.For(officer.Register, desk)
	if err != nil {
		return file{}, err
	}
	start, _ := time.ParseInLocation(time.DateOnly, from, pack.Zone)
	end, _ := time.ParseInLocation(time.DateOnly, to, pack.Zone)
	all, err := c.Dossiers.Received(c.ctx(), by, desk, start, end.AddDate(0, 0, 1))
	if err != nil {
		return file{}, err
	}
	return c.book(desk, from, to, all)
}

// period is the query's from and to; both are needed.
func (c *call) period() (from, to pack.Date, err error) {
	p := problem.New(problem.Invalid, "err.summary")
	if blank(c.query("desk")) {
		p.Field("desk", "err.required", "field", "key:field.unit")
	}
	for _, name := range []string{"from", "to"} {
		if _, err := time.Parse(time.DateOnly, c.query(name)); err != nil {
			p.Field(name, "api.err.day")
		}
	}
	return c.query("from"), c.query("to"), p.Or()
}

func (c *call) book(desk pack.UnitKey, from, to pack.Date, all []dossier.Dossier) (file, error) {
	template, ok := c.law().Slip("register", "", to)
	if !ok {
		return file{}, problem.New(problem.NotFound, "err.slip-unknown")
	}
	u, _ := c.law().UnitByKey(desk)
	ids := map[string]bool{}
	for _, d := range all {
		if d.HandedOver != nil {
			ids[d.HandedOver.By] = true
		}
	}
	names, err := c.names(ids)
	if err != nil {
		return file{}, err
	}
	rows := make([]slip.BookRow, len(all))
	for i, d := range all {
		rows[i] = c.bookRow(d, names)
	}
	body, err := slip.Register(slip.Book{
		Template: template, From: from, To: to, At: c.Now(),
		Issuer: slip.Issuer{Agency: c.law().Head().Police, Unit: u.Name, Place: c.law().Head().Place, Address: u.Address, Phone: u.Phone},
	}, rows)
	return file{"register.xlsx", body}, err
}

func (c *call) bookRow(d dossier.Dossier, names map[string]string) slip.BookRow {
	who := d.Person()
	lead, _ := c.law().UnitByKey(d.Competent)
	row := slip.BookRow{
		Code: string(d.Code), Procedure: d.Procedure, Sets: d.Sets, Owner: who.Name, Address: who.Address, Phone: applicant.FormatPhone(who.Phone),
		Lead: lead.Name, ReceivedAt: d.ReceivedAt, DueAt: d.Clock.Due, ResultWay: text.T(text.Vi, "return."+d.ReturnBy),
	}
	if p, ok := c.law().Procedure(d.Procedure); ok {
		row.Procedure = p.Name
	}
	if h := d.HandedOver; h != nil {
		row.ReturnedAt, row.ReturnedBy, row.TakenBy = h.At, names[h.By], h.To
	}
	return row
}

const (
	pdf  = "application/pdf"
	xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)
