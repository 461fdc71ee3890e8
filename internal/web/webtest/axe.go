package webtest

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
)

var axeSource = sync.OnceValues(func() (string, error) {
	dir, err := root()
	if err != nil {
		return "", err
	}
	source, err := os.ReadFile(filepath.Join(dir, "node_modules", "axe-core", "axe.min.js"))
	return string(source), err
})

// axeRun lists what axe finds against WCAG 2.0 to 2.2, levels A and AA.
const axeRun = `axe.run(document, {
	runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
	resultTypes: ["violations"],
}).then(found => found.violations.flatMap(v => v.nodes.map(n =>
	v.id + " (" + v.help + "): " + n.target.join(" ") + " " + n.html.slice(0, 200))))`

// Axe fails the test for each barrier that axe finds on the page as it is now.
func (p *Page) Axe() {
	p.t.Helper()
	for _, barrier := range p.Barriers() {
		p.t.Errorf("barrier on %s: %s", p.Address(), barrier)
	}
}

// Barriers lists what axe finds on the page as it is now.
func (p *Page) Barriers() []string {
	p.t.Helper()
	source, err := axeSource()
	if err != nil {
		p.t.Fatalf("reading axe, which `make assets` installs: %v", err)
	}
	if p.noJS { // axe needs the page's clock; the page is loaded and its own scripts stay unrun
		p.scripts(true)
		defer p.scripts(false)
	}
	var b strings.Builder
	b.WriteString("(async () => { if (!window.axe) {")
	b.WriteString(source)
	b.WriteString("\n} return await ")
	b.WriteString(axeRun)
	b.WriteString("})()")
	return Eval[[]string](p, b.String())
}
