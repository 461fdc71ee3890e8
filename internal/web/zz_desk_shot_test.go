package web

import (
	"context"
	"os"
	"testing"
)

func TestZZDeskShots(t *testing.T) {
	out := os.Getenv("ZZDESK")
	if out == "" {
		t.Skip()
	}
	b, p := atBrowser(t, counter20)
	d := b.concluded()
	b.p.Receive(context.Background(), b.by, passport)
	shot := func(name string) {
		for _, w := range []int{360, 1366} {
			n := "-360"
			if w == 1366 {
				n = "-1366"
			}
			os.WriteFile(out+"/"+name+n+".png", p.Screenshot(w), 0o644)
		}
		p.Width(1366)
	}
	p.Width(1366)
	for name, a := range map[string]string{"desk": "/desk", "take": takePath, "intake": intakePath, "return": "/desk/return", "handover": "/desk/dossiers/" + string(d.Code) + "/hand-over", "fee": "/desk/dossiers/" + string(d.Code) + "/fee", "printed": "/desk/dossiers/" + string(d.Code) + "/printed", "eod": "/desk/end-of-day", "account": accountPath, "search": "/desk/search", "register": "/desk/register"} {
		p.Goto(a)
		shot(name)
	}
	p.Goto(intakePath)
	p.Scan(cardQR)
	p.Wait(`[id="filer.name"][value="LÒ THỊ PÂNG"]`)
	p.Type("hc")
	p.Enter("Enter")
	p.Press("*")
	shot("intake-hc")
	p.Enter("Ctrl+Enter")
	shot("intake-faults")
}
