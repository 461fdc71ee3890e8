package web

import (
	"net/http"

	"quay20/internal/applicant"
	"quay20/internal/dossier"
	"quay20/internal/officer"
	"quay20/internal/problem"
)

// returnRoutes are O7: handing a result to who may take it.
func (c *counter) returnRoutes() {
	c.desk("GET /desk/return", officer.HandOver, c.returnHome)
	c.desk("POST /desk/return", officer.HandOver, c.returnFind)
	c.desk("GET /desk/dossiers/{ref}/hand-over", officer.HandOver, c.handOver)
	c.desk("POST /desk/dossiers/{ref}/hand-over", officer.HandOver, c.handOverNow)
}

// returnPage asks for the slip.
type returnPage struct {
	*Form
	Scan, Code Input
	List       deskList
}

func (c *counter) returnHome(w http.ResponseWriter, r *http.Request, by Visitor) error {
	return c.showReturn(w, r, by, c.blankForm(w, r))
}

func (c *counter) showReturn(w http.ResponseWriter, r *http.Request, by Visitor, f *Form) error {
	as, err := c.at(by, officer.HandOver)
	if err != nil {
		return err
	}
	p := returnPage{Form: f, Scan: f.Input("scan", "return.scan"), Code: f.Input("code", "done.code")}
	p.Scan.Value, p.Scan.Scan, p.Scan.Focus, p.Scan.Autocomplete, p.Code.Autocomplete = "", true, true, "off", "off"
	p.Scan.ScanButton = "open"
	if p.List, err = c.deskList(r, as, dossier.Ready); err != nil {
		return err
	}
	return c.render(w, r, f.Status(), "return", p)
}

// returnFind opens the dossier of a scanned slip or of a typed code.
func (c *counter) returnFind(w http.ResponseWriter, r *http.Request, by Visitor) error {
	as, err := c.at(by, officer.HandOver)
	if err != nil {
		return err
	}
	f, err := c.postedForm(w, r)
	if err != nil {
		return err
	}
	d, field, err := c.slipOrCode(r, as, f)
	if p, ok := problem.As(err); ok && len(p.Fields) == 0 {
		f.Fault(field, p.Key, p.Args...)
		err = f.Err()
	}
	if f.Refused(err) {
		return c.showReturn(w, r, by, f)
	}
	if err != nil {
		return err
	}
	return c.redirect(w, r, "/desk/dossiers/"+ref(&d)+"/hand-over")
}

// slipOrCode finds the dossier, and names the field that found none.
func (c *counter) slipOrCode(r *http.Request, as officer.By, f *Form) (d dossier.Dossier, field string, err error) {
	if payload := f.Typed("scan"); payload != "" {
		scan, err := applicant.ParseCard(payload)
		if err == nil && !scan.Slip() {
			err = problem.New(problem.Invalid, "return.err.card")
		}
		if err != nil {
			return d, "scan", err
		}
		d, err = c.Dossiers.ByToken(r.Context(), scan.Token, as)
		return d, "scan", err
	}
	code := f.Need("code", 60, "return.err.code")
	if err := f.Err(); err != nil {
		return d, "code", err
	}
	d, err = c.Dossiers.Find(r.Context(), code, as)
	return d, "code", err
}

// handOverPage says who may take the result and asks who does.
type handOverPage struct {
	*Form
	Ref, Title  string
	Identity    Identity
	Result      string
	NotNow      string // why nothing can be handed over now
	Fee         string // address where the money is taken
	Who         Choices
	To, ID      Input
	Authority   Input
	Channel     Choices
	Masked      string
	Version     int64
	OtherOpened bool // the fields for another person
}

// handOver is O7. Looking at the dossier leaves a trace.
func (c *counter) handOver(w http.ResponseWriter, r *http.Request, by Visitor) error {
	as, err := c.at(by, officer.HandOver)
	if err != nil {
		return err
	}
	d, err := c.Dossiers.View(r.Context(), r.PathValue("ref"), as, "hand_over")
	if err != nil {
		return err
	}
	return c.showHandOver(w, r, as, c.blankForm(w, r), &d)
}

func (c *counter) showHandOver(w http.ResponseWriter, r *http.Request, as officer.By, f *Form, d *dossier.Dossier) error {
	law := c.Law.Law()
	p := handOverPage{Form: f, Ref: ref(d), Version: d.Version, Masked: applicant.Mask(d.Filer.IDNumber),
		Identity: Identity{Code: ref(d), Name: d.Person().Name, Procedure: procedureName(law, d.Procedure), Tag: Tag{Text: f.say("state." + string(d.State))}}}
	p.Title = f.say("officer.hand_over")
	if d.Result != nil {
		p.Result = f.say("return.outcome."+d.Result.Outcome) + " – " + d.Result.Kind + " " + d.Result.Number
	}
	if err := (&dossier.HandOver{}).Allowed(d, as, dossier.World{Now: c.Now(), Law: law}); err != nil {
		q, ok := problem.As(err)
		if !ok {
			return err
		}
		p.NotNow = f.say(q.Key, q.Args...)
		if q.Key == "err.unpaid" {
			p.Fee = "/desk/dossiers/" + ref(d) + "/fee"
		}
	}
	items := []Choice{{Value: "filer", Text: f.say("return.who.filer") + " " + d.Filer.Name}}
	if d.Owner != nil {
		items = append(items, Choice{Value: "owner", Text: f.say("return.who.owner") + " " + d.Owner.Name})
	}
	items = append(items, Choice{Value: "other", Text: f.say("return.who.other")})
	p.Who = Choices{Radios: f.Radios("who", "return.who", items...), Focus: true}
	if p.Who.Value == "" {
		p.Who.Value = "filer"
	}
	p.To, p.ID, p.Authority = f.Input("to", "return.to"), f.Input("id_number", "intake.id-number"), f.Input("authority", "field.authority")
	p.OtherOpened = p.Who.Value == "other"
	p.Channel = Choices{Radios: f.Radios("channel", "return.channel", f.options("return.channel.", "counter", "post", "electronic")...)}
	if p.Channel.Value == "" {
		p.Channel.Value = d.ReturnBy
	}
	return c.render(w, r, f.Status(), "hand-over", p)
}

// handOverNow gives the result out (trả kết quả), then prints the proof of it.
func (c *counter) handOverNow(w http.ResponseWriter, r *http.Request, by Visitor) error {
	as, err := c.at(by, officer.HandOver)
	if err != nil {
		return err
	}
	f, err := c.postedForm(w, r)
	if err != nil {
		return err
	}
	d, err := c.Dossiers.Find(r.Context(), r.PathValue("ref"), as)
	if err != nil {
		return err
	}
	act := takes(f, &d)
	version := f.Int("version", 0, 1<<31)
	if err = f.Err(); err == nil {
		_, err = c.Dossiers.Do(r.Context(), d.ID, &act, as, f.Key, int64(version))
	}
	if f.Refused(err) {
		return c.showHandOver(w, r, as, f, &d)
	}
	if err != nil {
		return err
	}
	return c.redirect(w, r, "/desk/dossiers/"+ref(&d)+"/printed?now=1")
}

// takes reads who takes the result: the filer, the owner, or somebody with an
// authority.
func takes(f *Form, d *dossier.Dossier) dossier.HandOver {
	act := dossier.HandOver{Channel: f.Choice("channel", "counter", "post", "electronic")}
	to, id := f.Text("to", 200), f.Text("id_number", 40)
	act.Authority = f.Text("authority", 500)
	switch who := f.Choice("who", "filer", "owner", "other"); {
	case who == "owner" && d.Owner != nil:
		act.To, act.IDNumber = d.Owner.Name, d.Owner.IDNumber
	case who == "other":
		act.To, act.IDNumber = to, id
	default:
		act.To, act.IDNumber = d.Filer.Name, d.Filer.IDNumber
	}
	return act
}
