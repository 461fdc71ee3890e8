package web

import (
	"testing"
	"time"

	"quay20/internal/web/webtest"
)

func TestZZDbg(t *testing.T) {
	_, p := atBrowser(t, commune)
	p.Goto(intakePath)
	cursorAt(p, "scan")
	p.Scan(cardQR)
	p.Wait(`[id="filer.name"][value="LÒ THỊ PÂNG"]`)
	cursorAt(p, "procedure")
	p.Type("tt")
	p.Enter("Enter")
	cursorAt(p, "papers")
	t.Log(webtest.Eval[string](p, `(window.seen="", addEventListener("keydown", e => { window.seen = (window.seen||"") + " " + e.key + ":" + e.target.id + ":" + e.defaultPrevented }, false), document.readyState + " " + [...document.scripts].map(s => s.src).join())`))
	p.Press("*")
	t.Log(webtest.Eval[string](p, `window.seen + " | " + [...document.querySelectorAll("[data-checklist] input[type=checkbox]")].map(b => b.checked).join() + " active " + document.activeElement.id + location`))
	time.Sleep(time.Second)
	p.Press("*")
	t.Log(webtest.Eval[string](p, `window.seen + " | " + [...document.querySelectorAll("[data-checklist] input[type=checkbox]")].map(b => b.checked).join() + " active " + document.activeElement.id + location`))
}
