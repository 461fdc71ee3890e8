package web

import (
	"testing"

	"quay20/internal/web/webtest"
)

func TestZZDbg(t *testing.T) {
	_, p := atBrowser(t, commune)
	p.Goto(intakePath + "?procedure=" + residence)
	webtest.Eval[bool](p, `(document.getElementById("papers").focus(), addEventListener("keydown", e => { window.seen = (window.seen||"") + " " + e.key + ":" + e.target.id + ":" + e.defaultPrevented + ":" + e.ctrlKey + e.altKey }), true)`)
	p.Press("*")
	t.Log(webtest.Eval[string](p, `window.seen + " | " + [...document.querySelectorAll("[data-checklist] input[type=checkbox]")].map(b => b.checked).join() + " active " + document.activeElement.id + " " + document.activeElement.closest("[data-checklist]")`))
}
