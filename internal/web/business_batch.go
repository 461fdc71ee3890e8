package web

import (
	"io"
	"net/http"
	"net/url"
	"slices"

	"quay20/internal/applicant"
	"quay20/internal/batch"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/text"
)

func (b *business) batchRoutes() {
	const at = companiesPath + "/{org}"
	b.withAccount("GET "+at+"/nop", b.askTable)
	b.declare(Route{Access: Account, Files: b.takesTables()}, "POST "+at+"/nop", b.ofHolder(b.ofCompany(b.sendTable)))
	b.withAccount("GET "+at+"/mau", b.template)
	b.withAccount("GET "+at+"/bang/{batch}", b.table)
	b.withAccount("POST "+at+"/bang/{batch}", b.ofCompany(b.fileTable))
	b.withAccount("GET "+at+"/bang/{batch}/bao-cao", b.report)
}

// takesTables reports whether a table may come as a file; without the shelf's
// limits on files it is pasted.
func (b *business) takesTables() bool { return b.Shelf != nil }

// sentTable is the file of a form, or what was pasted when there is none.
func sentTable(r *http.Request, f *Form) ([]byte, error) {
	if r.MultipartForm == nil || len(r.MultipartForm.File["file"]) == 0 {
		return []byte(f.Typed("table")), nil
	}
	head := r.MultipartForm.File["file"][0]
	if head.Size == 0 {
		return []byte(f.Typed("table")), nil
	}
	file, err := head.Open()
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, batch.MaxBytes+1))
}

// tablePage asks for a table: first the procedure, then the rows.
type tablePage struct {
	*Form
	Base      string
	Code      string // of the procedure, "" until chosen
	Name      string
	Template  string
	Procedure Select
	Desk      Select
	Rows      Textarea
	Files     bool // the table may come as a file
	Authority string
	Most      int
}

const xlsxType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

func (b *business) askTable(w http.ResponseWriter, r *http.Request, by Holder) error {
	c, err := b.company(r, by)
	if err != nil {
		return err
	}
	return b.showTableForm(w, r, by, c, b.askedForm(w, r))
}

func (b *business) showTableForm(w http.ResponseWriter, r *http.Request, by Holder, c applicant.Company, f *Form) error {
	law, on := b.Law.Law(), pack.On(b.Now())
	p := tablePage{Form: f, Base: companyPath(c), Most: batch.MaxRows, Files: b.takesTables()}
	options := []Option{{Value: "", Text: text.T(f.Lang, "business.choose")}}
	for _, proc := range law.Procedures(on) {
		if v, ok := proc.On(on); ok && v.Online() {
			if _, may := c.May(by.Account.ID, proc.Code, on); may {
				options = append(options, Option{Value: proc.Code, Text: proc.ShortName})
			}
		}
	}
	p.Procedure = f.Select("thu-tuc", "batch.procedure", options...)
	code := f.Typed("thu-tuc")
	proc, ok := law.Procedure(code)
	authority, may := c.May(by.Account.ID, code, on)
	if ok && may {
		p.Code, p.Name, p.Authority = code, proc.ShortName, authority.Words(c)
		p.Template = p.Base + "/mau?thu-tuc=" + url.QueryEscape(code)
		desks := []Option{{Value: "", Text: text.T(f.Lang, "business.choose")}}
		for _, u := range law.Desks(on) {
			if _, err := law.Route(code, u.Code, "", on); err == nil {
				desks = append(desks, Option{Value: u.Code, Text: u.Name})
			}
		}
		p.Desk = f.Select("desk", "batch.desk", desks...)
		p.Rows = f.Textarea("table", "batch.paste")
		p.Rows.Rows, p.Rows.Hint = 8, &Hint{Text: text.T(f.Lang, "batch.paste.hint")}
		off := false
		p.Rows.Spellcheck = &off
	}
	return b.render(w, r, f.Status(), "business-table", p)
}

// sendTable looks a table through; nothing is filed yet.
func (b *business) sendTable(w http.ResponseWriter, r *http.Request, by Holder, c applicant.Company, f *Form) error {
	code, on := f.Text("thu-tuc", 40), pack.On(b.Now())
	authority, may := c.May(by.Account.ID, code, on)
	if !may {
		return problem.New(problem.Illegal, "batch.err.authority")
	}
	desk := f.Need("desk", 40, "batch.err.desk")
	if who := by.Account.Person; who.Name == "" {
		f.Fault("table", "batch.err.filer")
	}
	body, err := sentTable(r, f)
	if err != nil {
		return err
	}
	rows, wrong := batch.Read(body)
	if p, ok := problem.As(wrong); ok {
		for _, x := range p.Fields {
			f.Fault(x.Name, x.Key, x.Args...)
		}
	}
	var t batch.Table
	err = f.Err()
	if err == nil {
		filer := by.Account.Person
		if filer.Kind = applicant.Citizen; filer.IDNumber == "" {
			filer.IDKind = applicant.NoPaper
		}
		t, err = b.Batches.Check(r.Context(), batch.Table{Organisation: c.ID, Account: by.Account.ID, Procedure: code, Desk: desk,
			Authority: authority.Words(c), Filer: filer, Owner: c.Person, Lang: string(f.Lang)}, rows)
	}
	if f.Refused(err) {
		return b.showTableForm(w, r, by, c, f)
	}
	if err != nil {
		return err
	}
	return b.redirect(w, r, companyPath(c)+"/bang/"+t.ID)
}

func (b *business) template(w http.ResponseWriter, r *http.Request, by Holder) error {
	if _, err := b.company(r, by); err != nil {
		return err
	}
	code := r.URL.Query().Get("thu-tuc")
	proc, ok := b.Law.Law().Procedure(code)
	if !ok {
		return problem.New(problem.NotFound, "err.not-found")
	}
	var cases, fees []string
	if v, ok := proc.On(pack.On(b.Now())); ok {
		for _, c := range v.Cases {
			if (c.Channel == "" || c.Channel == "online") && !slices.Contains(cases, c.Name) {
				cases = append(cases, c.Name)
				for _, x := range proc.Fee(pack.Ask{Case: c.Name, Channel: "online", On: pack.On(b.Now())}).Choices {
					if !slices.Contains(fees, x) {
						fees = append(fees, x)
					}
				}
			}
		}
	}
	body, err := batch.Template(code, proc.ShortName, cases, fees)
	if err != nil {
		return err
	}
	return b.paper(w, r, "mau-"+code+".xlsx", xlsxType, body, true)
}

// reportPage tells of a table row by row.
type reportPage struct {
	*Form
	Base, ID, Procedure string
	State               batch.State
	Counts              batch.Counts
	All                 int
	Lines               []reportLine
	Report              string
	Again               string
}

type reportLine struct {
	N               int
	Who, Says, Code string
	Tag             Tag
}

var rowColours = map[batch.State]string{batch.Right: "blue", batch.Wrong: "red", batch.Filed: "green", batch.Already: "grey"}

func (b *business) table(w http.ResponseWriter, r *http.Request, by Holder) error {
	return b.showTable(w, r, by, b.blankForm(w, r))
}

func (b *business) showTable(w http.ResponseWriter, r *http.Request, by Holder, f *Form) error {
	c, err := b.company(r, by)
	if err != nil {
		return err
	}
	t, lines, err := b.Batches.Find(r.Context(), c.ID, r.PathValue("batch"))
	if err != nil {
		return err
	}
	at := companyPath(c) + "/bang/" + t.ID
	p := reportPage{Form: f, Base: companyPath(c), ID: t.ID, Procedure: b.procedureName(t.Procedure), State: t.State, Counts: batch.Count(lines), All: len(lines),
		Report: at + "/bao-cao", Again: companyPath(c) + "/nop?thu-tuc=" + url.QueryEscape(t.Procedure)}
	for _, l := range lines {
		who := l.Cells["owner_name"]
		if who == "" {
			who = c.Person.Name
		}
		p.Lines = append(p.Lines, reportLine{N: l.N, Who: who, Says: l.Says(f.Lang), Code: l.Code,
			Tag: Tag{Text: text.T(f.Lang, "batch.row.state."+string(l.State)), Classes: tagClass(rowColours[l.State])}})
	}
	// What is wrong comes first.
	slices.SortStableFunc(p.Lines, func(x, y reportLine) int {
		wrong := text.T(f.Lang, "batch.row.state.wrong")
		return btoi(y.Tag.Text == wrong) - btoi(x.Tag.Text == wrong)
	})
	if t.State == batch.Filing {
		w.Header().Set("Refresh", "3")
	}
	return b.render(w, r, f.Status(), "business-report", p)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (b *business) fileTable(w http.ResponseWriter, r *http.Request, by Holder, c applicant.Company, f *Form) error {
	id := r.PathValue("batch")
	t, _, err := b.Batches.Find(r.Context(), c.ID, id)
	if err != nil {
		return err
	}
	if _, may := c.May(by.Account.ID, t.Procedure, pack.On(b.Now())); !may {
		return problem.New(problem.Illegal, "batch.err.authority")
	}
	err = f.Err()
	if err == nil {
		err = b.Batches.File(r.Context(), c.ID, id, f.Choice("which", "all", "right") == "right")
	}
	if f.Refused(err) {
		return b.showTable(w, r, by, f)
	}
	if err != nil {
		return err
	}
	return b.redirect(w, r, companyPath(c)+"/bang/"+id)
}

func (b *business) report(w http.ResponseWriter, r *http.Request, by Holder) error {
	c, err := b.company(r, by)
	if err != nil {
		return err
	}
	t, lines, err := b.Batches.Find(r.Context(), c.ID, r.PathValue("batch"))
	if err != nil {
		return err
	}
	body, err := batch.Report(lines, visitOf(r).lang)
	if err != nil {
		return err
	}
	return b.paper(w, r, "bao-cao-"+t.ID[:8]+".xlsx", xlsxType, body, true)
}
