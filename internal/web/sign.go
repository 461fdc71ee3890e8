package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"quay20/internal/dossier"
	"quay20/internal/officer"
	"quay20/internal/problem"
	"quay20/internal/text"
)

// signs is the permission that only those hold who sign: approvers and leaders.
const signs = officer.Apologise

const signPath = "/desk/sign"

func (o *office) signRoutes() {
	o.desk("GET "+signPath, signs, o.toSign)
	o.desk("POST "+signPath+"/{ref}", signs, o.sign)
	o.desk("POST "+signPath+"/{ref}/return", signs, o.sendBack)
}

// signPage is L2: one dossier after the other, the result on the left, what it
// rests on on the right.
type signPage struct {
	*Form
	Empty      string
	Place      string // "2 trong 5 hồ sơ chờ ký"
	Identity   Identity
	Href       string
	Action     string
	Back       string // where the form that sends back goes
	Version    int64
	Final      bool // signing ends the work with a result
	Pieces     []piece
	Reason     Textarea
	Previous   string
	Next       string
	Prove      string
	Said       string
	Papers     Table
	Proof      []proofLine
	Timeline   Timeline
	Keys       Keys
	CanReturn  bool
	NotAllowed string
}

// toSign is L2.
func (o *office) toSign(w http.ResponseWriter, r *http.Request, by Visitor) error {
	return o.showSign(w, r, by, o.blankForm(w, r), r.URL.Query().Get("at"))
}

// waiting lists what waits for the visitor's signature and which of it is at.
func (o *office) waiting(r *http.Request, by Visitor, at string) (list []dossier.Dossier, i int, err error) {
	as, _, err := by.seat("", signs)
	if err != nil {
		return nil, 0, err
	}
	page, err := o.Dossiers.List(r.Context(), as, dossier.Filter{Queue: dossier.ToSign, Limit: 200})
	if err != nil {
		return nil, 0, err
	}
	i = slices.IndexFunc(page.Dossiers, func(d dossier.Dossier) bool { return at != "" && (string(d.Code) == at || d.ID == at) })
	return page.Dossiers, max(i, 0), nil
}

// signHref is the place of a dossier in the queue to sign.
func signHref(d *dossier.Dossier) string {
	return signPath + "?at=" + url.QueryEscape(cmp.Or(string(d.Code), d.ID))
}

func (o *office) showSign(w http.ResponseWriter, r *http.Request, by Visitor, f *Form, at string) error {
	list, i, err := o.waiting(r, by, at)
	if err != nil {
		return err
	}
	p := signPage{Form: f, Said: doneWords(f.Lang, r.URL.Query().Get("done"))}
	if len(list) == 0 {
		p.Empty = o.say(r, "work.sign.empty", "clock", sayClock(f.Lang, o.Now()))
		return o.render(w, r, f.Status(), "sign", p)
	}
	d := list[i]
	v, err := o.find(r, by, officer.Conclude, d.ID)
	if err != nil {
		return err
	}
	if v.Dossier, err = o.Dossiers.View(r.Context(), d.ID, v.by, text.T(text.Vi, "work.why.queue", "queue", text.Key("work.queue.to_sign"))); err != nil {
		return err
	}
	entries, err := o.Dossiers.Entries(r.Context(), v.Dossier)
	if err != nil {
		return err
	}
	act := v.signing()
	p.Place = v.say("work.sign.place", "n", i+1, "all", len(list))
	p.Identity, p.Href, p.Version, p.Final = v.identity(), dossierHref(&d), v.Version, act == "conclude"
	p.Action = signPath + "/" + url.PathEscape(d.ID)
	p.Back, p.CanReturn = p.Action+"/return", slices.Contains(v.allowed(), "return_step")
	p.Papers, p.Timeline = v.papers(), v.timeline(entries)
	p.Proof = tracked{o.Dossiers.Public(v.Dossier, v.world), v.lang, v.world.Law, v.world.Now}.proof()
	if i > 0 {
		p.Previous = signHref(&list[i-1])
	}
	if i+1 < len(list) {
		p.Next = signHref(&list[i+1])
	}
	if act == "" {
		p.NotAllowed = o.whyNot(&v)
	} else {
		if f.Typed("version") == "" {
			forms[act].begin(&v, f)
		}
		p.Pieces = forms[act].pieces(&v, f)
	}
	if v.by.Fresh(officer.Conclude) != nil {
		p.Prove = provePath(signHref(&d))
	}
	p.Reason = f.Textarea("reason", "work.sign.return.reason")
	p.Reason.Rows = 2
	p.Keys.Keys = []KeyHelp{{"Ctrl+Enter", v.say("work.sign.button")}, {"Ctrl+Shift+Enter", v.say("work.sign.return")}, {"j k", v.say("work.sign.move")}}
	return o.render(w, r, f.Status(), "sign", p)
}

// signing is the act that the visitor's signature is: the last approval ends
// the work, an earlier one passes it on; "" when it is not theirs to sign.
func (v *casefile) signing() string {
	may := v.allowed()
	for _, name := range []string{"conclude", "advance"} {
		if slices.Contains(may, name) {
			v.choose(name)
			return name
		}
	}
	return ""
}

// whyNot says why the visitor cannot sign the dossier.
func (o *office) whyNot(v *casefile) string {
	err := (&dossier.Conclude{}).Allowed(&v.Dossier, v.by, v.world)
	if p, ok := problem.As(err); ok && p.Key != "err.steps-left" {
		return text.Problem(v.lang, p)
	}
	if p, ok := problem.As((&dossier.Advance{}).Allowed(&v.Dossier, v.by, v.world)); ok {
		return text.Problem(v.lang, p)
	}
	return ""
}

// sign is the signature: Conclude at the last approval, Advance before it. It
// needs a fresh proof of who signs (rel-K58).
func (o *office) sign(w http.ResponseWriter, r *http.Request, by Visitor) error {
	return o.signed(w, r, by, officer.Conclude, func(v *casefile, f *Form) dossier.Act {
		if name := v.signing(); name != "" {
			return forms[name].read(v, f)
		}
		return &dossier.Conclude{Outcome: "granted"} // refused by the register, which says why
	})
}

// sendBack returns the dossier to the step before, with a reason.
func (o *office) sendBack(w http.ResponseWriter, r *http.Request, by Visitor) error {
	return o.signed(w, r, by, officer.ReturnStep, func(v *casefile, f *Form) dossier.Act {
		v.choose("return_step")
		return &dossier.ReturnStep{Reason: f.Lines("reason", mostWords)}
	})
}

// signed does an act of the queue to sign and goes on to the next dossier.
func (o *office) signed(w http.ResponseWriter, r *http.Request, by Visitor, p officer.Permission, read func(*casefile, *Form) dossier.Act) error {
	v, err := o.find(r, by, p, r.PathValue("ref"))
	if err != nil {
		return err
	}
	list, i, err := o.waiting(r, by, v.ID)
	if err != nil {
		return err
	}
	f, err := o.postedForm(w, r)
	if err != nil {
		return err
	}
	version, err := strconv.ParseInt(f.Typed("version"), 10, 64)
	if err != nil || version < 1 {
		return problem.New(problem.Malformed, "web.malformed")
	}
	act := read(&v, f)
	if err = f.Err(); err == nil {
		if v.by.Fresh(p) != nil {
			err = problem.New(problem.Illegal, "officer.err.prove-again")
		} else {
			err = o.doSeen(r, &v, act, f.Key, version)
		}
	}
	if f.Refused(err) {
		return o.showSign(w, r, by, f, v.ID)
	}
	if err != nil {
		return err
	}
	to := signPath + "?done=" + act.Name()
	if i+1 < len(list) {
		to = signHref(&list[i+1]) + "&done=" + act.Name()
	}
	return o.redirect(w, r, to)
}
