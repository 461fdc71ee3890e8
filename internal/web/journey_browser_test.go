package web

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"quay20/internal/dossier"
	"quay20/internal/officer"
	"quay20/internal/web/webtest"
)

// TestADossierFromTheCardToTheCitizensHands walks one passport through the
// whole house in real browsers: card, slip, a supplement that stops the
// clock, an opinion of another unit, approval, hand-over, and the citizen's view at each stage; with
// scripts and without. ux 3.1
func TestADossierFromTheCardToTheCitizensHands(t *testing.T) {
	for _, scripts := range []bool{true, false} {
		t.Run(fmt.Sprintf("scripts=%v", scripts), func(t *testing.T) {
			b, base := openBureau(t)
			j := &journey{bureau: b, t: t, desk: webtest.Browser(t, base)}
			j.worker, j.other, j.chief, j.citizen = j.desk.Another(), j.desk.Another(), j.desk.Another(), j.desk.Another()
			b.hire("son", "Vàng Văn Sơn", officer.Processor, "12-PC06")
			if !scripts {
				for _, p := range []*webtest.Page{j.desk, j.worker, j.other, j.chief, j.citizen} {
					p.NoJS()
				}
			}
			j.walk()
		})
	}
}

type journey struct {
	*bureau
	t                                   *testing.T
	desk, worker, other, chief, citizen *webtest.Page
	d                                   dossier.Dossier
}

func (j *journey) walk() {
	j.receive()
	j.slip()
	j.citizenFinds()
	j.citizenReads("Đã tiếp nhận")

	j.enter(j.worker, "may")
	j.act(j.worker, "assign", nil)
	j.citizenReads("Đang giải quyết")

	before := j.fresh().Clock.Due
	j.act(j.worker, "request_supplement", func(p *webtest.Page) {
		p.Click(`[name="note-1"]`)
		p.Type("Ảnh bị mờ, không rõ mặt")
	})
	if d := j.fresh(); !d.Paused() || d.Running() {
		j.t.Error("the clock runs while papers are awaited")
	}
	j.citizenReads("Cần bổ sung")
	j.clock.Add(5 * time.Minute)
	j.act(j.desk, "supply", nil)
	if d := j.fresh(); d.Paused() || !d.Clock.Due.After(before) {
		j.t.Errorf("due %s after the supplement, %s before", d.Clock.Due, before)
	}
	j.citizenReads("Đang giải quyết")

	j.act(j.worker, "consult", func(p *webtest.Page) {
		webtest.Eval[string](p, `document.querySelector('[name="unit"]').value = "12-PC06"`)
		p.Click(`[name="question"]`)
		p.Type("Người này có thuộc diện tạm hoãn xuất cảnh không?")
	})
	j.enter(j.other, "son")
	if j.other.Goto("/desk/work?queue=to_answer"); !strings.Contains(j.other.Text("main"), j.d.Filer.Name) {
		j.t.Error("the asked unit does not see the question in its list")
	}
	j.act(j.other, "answer_consult", func(p *webtest.Page) {
		p.Click(`[name="answer"]`)
		p.Type("Không")
	})

	j.act(j.worker, "advance", nil)
	j.enter(j.chief, "chin")
	j.act(j.chief, "advance", nil) // the team
	j.act(j.chief, "advance", nil) // the department
	j.act(j.worker, "conclude", nil)
	j.citizenReads("Đã có kết quả")

	j.handOver()
	j.citizenReads("Đã trả")
	if d := j.fresh(); d.State != dossier.Returned || d.Grade(j.clock.Now()) != "early" {
		j.t.Errorf("the dossier ends %s, %s", d.State, d.Grade(j.clock.Now()))
	}
}

// receive is the walk-in: desk, card, alias, papers, telephone, fee, slip.
func (j *journey) receive() {
	p := j.desk
	j.enter(p, "minh")
	p.Goto(takePath)
	p.Follow("main form button")
	p.Goto(intakePath)
	p.Click("#scan")
	p.Scan(cardQR)
	p.Wait(`[id="filer.name"][value="LÒ THỊ PÂNG"]`)
	p.Click("#procedure")
	p.Type("hc")
	p.Enter("Enter")
	p.Wait(`[name="paper"]`)
	for i := range 3 {
		p.Click("#" + webtest.Eval[string](p, fmt.Sprintf(`document.querySelectorAll('[name="paper"]')[%d].id`, i)))
	}
	p.Click(`[id="filer.phone"]`)
	p.Type("0300123456")
	p.Click(`[name="fee_case"][value="Cấp mới"]`)
	p.Click(`[name="pay"][value="cash"]`)
	if status := p.Follow("[data-main]"); status != http.StatusOK {
		j.t.Fatalf("receiving is answered %d: %s", status, p.Text("main"))
	}
	page, err := j.p.Register.List(context.Background(), j.staff["minh"].By, dossier.Filter{Queue: dossier.OfDesk})
	j.check(err)
	if len(page.Dossiers) != 1 || page.Dossiers[0].State != dossier.Accepted || !page.Dossiers[0].Fee.Paid {
		j.t.Fatalf("received %+v", page.Dossiers)
	}
	j.d = page.Dossiers[0]
}

// slip prints the receipt: a PDF, and the journal says who printed it.
func (j *journey) slip() {
	r := j.post("minh", "/desk/dossiers/"+j.d.ID+"/slips", url.Values{"kind": {"receipt"}, "number": {j.d.Slips[0].Number}})
	if r.Code != http.StatusOK || !strings.HasPrefix(r.Body.String(), "%PDF-") {
		j.t.Errorf("the slip is answered %d, %.20q", r.Code, r.Body.String())
	}
}

// citizenFinds opens the dossier with what the slip says.
func (j *journey) citizenFinds() {
	p := j.citizen
	p.Goto("/tra-cuu")
	p.Click("#code")
	p.Type(string(j.d.Code))
	p.Press("Tab")
	p.Type(demotestSecret(j.d))
	if status := p.Enter("Enter"); status != http.StatusOK || p.Address() != "/t/"+token(j.d) {
		j.t.Fatalf("tracking leads to %s (%d)", p.Address(), status)
	}
}

func (j *journey) citizenReads(want string) {
	j.t.Helper()
	j.citizen.Goto("/t/" + token(j.d))
	if got := j.citizen.Text(".q-status__tag"); got != want {
		j.t.Errorf("the citizen reads %q, want %q", got, want)
	}
}

// act does one act on its own page.
func (j *journey) act(p *webtest.Page, name string, fill func(*webtest.Page)) {
	j.t.Helper()
	if status := p.Goto("/desk/dossiers/" + j.d.ID + "/do/" + name); status != http.StatusOK {
		j.t.Fatalf("%s: the page answers %d: %s", name, status, p.Text("main"))
	}
	if fill != nil {
		fill(p)
	}
	if status := p.Follow("main form [data-main], main form .govuk-button:not(.govuk-button--secondary)"); status != http.StatusOK {
		j.t.Fatalf("%s is answered %d: %s", name, status, p.Text("main"))
	}
}

// handOver scans the slip and gives the result out.
func (j *journey) handOver() {
	p := j.desk
	p.Goto("/desk/return")
	p.Click("#scan")
	p.Scan(j.s.Origin + "/t/" + token(j.d))
	p.Wait(`input[name="who"]`)
	p.Follow("[data-main], main form .govuk-button:not(.govuk-button--secondary)")
	p.Wait("#done")
}

func (j *journey) fresh() dossier.Dossier {
	j.t.Helper()
	d, err := j.p.Register.Find(context.Background(), j.d.ID, j.staff["minh"].By)
	j.check(err)
	return d
}
