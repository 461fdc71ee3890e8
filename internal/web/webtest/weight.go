package webtest

import "net/http"

// Weight is what a page costs who opens it.
type Weight struct {
	Bytes    int     `json:"bytes"`    // over the network, compressed, headers included
	Scripts  int     `json:"scripts"`  // of these, scripts without headers
	Requests int     `json:"requests"` //
	Shift    float64 `json:"shift"`    // cumulative layout shift
	Outside  int     `json:"outside"`  // requests that went to another host
}

// Weigh opens the page and weighs it by the browser's own record. Another
// window of the browser has an empty cache: there it is the first visit.
func (p *Page) Weigh(address string) Weight {
	p.t.Helper()
	if status := p.Goto(address); status != http.StatusOK {
		p.t.Errorf("%s: %d", address, status)
	}
	return Eval[Weight](p, `(async () => {
		let shift = 0;
		const seen = new PerformanceObserver((list) => list.getEntries().forEach((e) => { shift += e.value; }));
		seen.observe({ type: "layout-shift", buffered: true });
		await document.fonts.ready;
		await new Promise((done) => setTimeout(done, 300));
		seen.takeRecords().forEach((e) => { shift += e.value; });
		const all = performance.getEntriesByType("navigation").concat(performance.getEntriesByType("resource"));
		const sum = (list, size) => list.reduce((n, e) => n + e[size], 0);
		return {
			bytes: sum(all, "transferSize"),
			scripts: sum(all.filter((e) => e.initiatorType === "script"), "encodedBodySize"),
			requests: all.length,
			shift,
			outside: all.filter((e) => new URL(e.name).origin !== location.origin).length,
		};
	})()`)
}
