package webtest

import (
	"os"
	"path/filepath"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// Choose puts a file into a file chooser, as a person who picks it.
func (p *Page) Choose(selector, name string, body []byte) {
	p.t.Helper()
	path := filepath.Join(p.t.TempDir(), name)
	if err := os.WriteFile(path, body, 0o600); err != nil {
		p.t.Fatal(err)
	}
	p.clicks++
	p.do("choosing "+name, chromedp.SetUploadFiles(selector, []string{path}))
}

// Line makes the telephone's line so slow: kilobytes a second each way, and
// milliseconds until something comes. 0 kilobytes cuts it.
func (p *Page) Line(kilobytes, latency float64) {
	p.t.Helper()
	all := network.Conditions{Latency: latency, DownloadThroughput: kilobytes * 1024, UploadThroughput: kilobytes * 1024, Offline: kilobytes == 0}
	params := network.EmulateNetworkConditionsByRuleParams{MatchedNetworkConditions: []*network.Conditions{&all}}
	if _, err := chromedp.Call(p.ctx, network.EmulateNetworkConditionsByRule, params); err != nil {
		p.t.Fatalf("changing the line: %v", err)
	}
}

// Cookie gives the browser a cookie of our host, as one that was there before.
func (p *Page) Cookie(name, value string) {
	p.t.Helper()
	secure := true
	params := network.SetCookieParams{Name: name, Value: value, URL: p.base, Path: "/", Secure: &secure}
	if _, err := chromedp.Call(p.ctx, network.SetCookie, params); err != nil {
		p.t.Fatalf("setting cookie %s: %v", name, err)
	}
}
