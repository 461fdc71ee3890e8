// Package webtest is a person at a screen: a real browser that opens our pages,
// types, clicks and reads, for tests. It counts keys and clicks, because an
// officer's hands are counted in the goals of the desk, looks at pages with
// axe, and can do all of it with scripts turned off.
//
// Where TEST_CHROMIUM names no browser the test is skipped; `make test` finds
// or installs one.
package webtest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is how long one step may take on a busy machine.
const patience = 60 * time.Second

// Page is one browser window with its own cookies.
type Page struct {
	t      testing.TB
	ctx    context.Context
	base   string
	keys   int
	clicks int
	noJS   bool

	mu         sync.Mutex
	complaints []string // guarded by mu
}

// Browser opens a browser for this test. Addresses given to Goto are taken
// below base, "http://127.0.0.1:4123". When the test ends, whatever the pages'
// content security policy refused and every script error fails it, unless
// Complaints has taken them.
func Browser(t testing.TB, base string) *Page {
	t.Helper()
	path := os.Getenv("TEST_CHROMIUM")
	if path == "" {
		t.Skip("set TEST_CHROMIUM to the path of a Chromium, or use make test")
	}
	allocator, stop := chromedp.NewExecAllocator(context.Background(), flags(path)...)
	t.Cleanup(stop)
	return open(t, allocator, base)
}

// Another opens a second window of the same browser that shares nothing with
// the first: another person.
func (p *Page) Another() *Page {
	p.t.Helper()
	return open(p.t, p.ctx, p.base, chromedp.WithNewBrowserContext())
}

func open(t testing.TB, parent context.Context, base string, opts ...chromedp.ContextOption) *Page {
	t.Helper()
	ctx, cancel := chromedp.NewContext(parent, opts...)
	t.Cleanup(cancel)
	p := &Page{t: t, ctx: ctx, base: strings.TrimSuffix(base, "/")}
	// The first step starts the browser; a limit on it would end the browser with it.
	if err := chromedp.Do(ctx, chromedp.EmulateViewport(1280, 800)); err != nil {
		t.Fatalf("starting the browser: %v", err)
	}
	if err := chromedp.Listen(ctx, p.hear); err != nil {
		t.Fatalf("listening to the browser: %v", err)
	}
	for _, enable := range []cdp.Command[cdp.Empty, cdp.Empty]{log.Enable, runtime.Enable} {
		if _, err := chromedp.Call(ctx, enable, cdp.Empty{}); err != nil {
			t.Fatalf("listening to the browser: %v", err)
		}
	}
	t.Cleanup(func() {
		for _, complaint := range p.Complaints() {
			t.Errorf("the browser complains: %s", complaint)
		}
	})
	return p
}

// flags keep the browser quiet: no window, no network of its own, nothing to
// update. Root, as in CI, has no sandbox.
func flags(path string) []chromedp.ExecAllocatorOption {
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("lang", "vi"),
	)
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	return options
}

// hear keeps what the browser complains about.
func (p *Page) hear(event any) {
	var complaint string
	switch e := event.(type) {
	case *log.EventEntryAdded:
		if e.Entry.Source == log.EntrySourceSecurity || strings.Contains(e.Entry.Text, "Content Security Policy") {
			complaint = e.Entry.Text
		}
	case *runtime.EventExceptionThrown:
		complaint = "script error: " + thrown(e.ExceptionDetails)
	}
	if complaint == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.complaints = append(p.complaints, complaint)
}

func thrown(d *runtime.ExceptionDetails) string {
	if d.Exception != nil && d.Exception.Description != "" {
		return d.Exception.Description
	}
	return d.Text
}

// Complaints takes what the pages' policy refused and their script errors.
func (p *Page) Complaints() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	taken := p.complaints
	p.complaints = nil
	return taken
}

// NoJS turns scripts off for the pages opened from now on.
func (p *Page) NoJS() {
	p.t.Helper()
	p.noJS = true
	p.scripts(false)
}

func (p *Page) scripts(on bool) {
	p.t.Helper()
	params := emulation.SetScriptExecutionDisabledParams{Value: !on}
	if _, err := chromedp.Call(p.ctx, emulation.SetScriptExecutionDisabled, params); err != nil {
		p.t.Fatalf("turning scripts on or off: %v", err)
	}
}

// Width makes the window so many pixels wide, 360 for a telephone.
func (p *Page) Width(pixels int) {
	p.t.Helper()
	p.do(fmt.Sprintf("making the window %d wide", pixels), chromedp.EmulateViewport(int64(pixels), 800))
}

// Goto opens an address below base, "/tra-cuu", waits until it is loaded and
// returns its HTTP status.
func (p *Page) Goto(address string) int {
	p.t.Helper()
	return p.follow("opening "+address, chromedp.Navigate(p.base+address))
}

// Address is where the page is, without base: "/desk?state=received".
func (p *Page) Address() string {
	p.t.Helper()
	return strings.TrimPrefix(read(p, "asking the address", chromedp.Location()), p.base)
}

// Click clicks what the selector finds and stays on the page.
func (p *Page) Click(selector string) {
	p.t.Helper()
	p.clicks++
	p.do("clicking "+selector, chromedp.Click(selector))
}

// Follow clicks what the selector finds, waits for the page that it leads to
// and returns its HTTP status.
func (p *Page) Follow(selector string) int {
	p.t.Helper()
	p.clicks++
	return p.follow("following "+selector, chromedp.Click(selector))
}

// Text is the text of what the selector finds first, spaces made single.
func (p *Page) Text(selector string) string {
	p.t.Helper()
	text := read(p, "reading "+selector, chromedp.Text(selector))
	return strings.Join(strings.Fields(text), " ")
}

// Value is what stands in the input that the selector finds.
func (p *Page) Value(selector string) string {
	p.t.Helper()
	return read(p, "reading "+selector, chromedp.Value(selector))
}

// Wait waits until what the selector finds can be seen.
func (p *Page) Wait(selector string) {
	p.t.Helper()
	p.do("waiting for "+selector, chromedp.WaitVisible(selector))
}

// Has reports whether the selector finds anything on the page as it is now.
func (p *Page) Has(selector string) bool {
	p.t.Helper()
	return Eval[bool](p, fmt.Sprintf("document.querySelector(%q) !== null", selector))
}

// Scrolls reports whether the page is wider than the window, which no page may be.
func (p *Page) Scrolls() bool {
	p.t.Helper()
	return Eval[bool](p, "document.documentElement.scrollWidth > document.documentElement.clientWidth")
}

// Screenshot is a picture (PNG) of the whole page at this width.
func (p *Page) Screenshot(width int) []byte {
	p.t.Helper()
	p.Width(width)
	return read(p, "taking a picture", chromedp.FullScreenshot(100))
}

// Eval evaluates an expression in the page, also when its own scripts are off.
func Eval[T any](p *Page, expression string) T {
	p.t.Helper()
	return read(p, fmt.Sprintf("evaluating %.80s", expression), chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

func (p *Page) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		p.fail(what, err)
	}
}

func (p *Page) follow(what string, steps ...chromedp.Action[chromedp.Void]) int {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	response, err := chromedp.RunResponse(ctx, steps...)
	if err != nil {
		p.fail(what, err)
	}
	if response == nil {
		return 0
	}
	return int(response.Status)
}

func read[T any](p *Page, what string, action chromedp.Action[T]) T {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		p.fail(what, err)
	}
	return value
}

// fail ends the test with what was tried, where, and what the page said.
func (p *Page) fail(what string, err error) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, 2*time.Second)
	defer cancel()
	address, _ := chromedp.Run(ctx, chromedp.Location())
	said, _ := chromedp.Run(ctx, chromedp.TextContent("body"))
	said = strings.Join(strings.Fields(said), " ")
	p.t.Fatalf("%s at %s: %v\nthe page says: %.600s", what, address, err, said)
}

// root is the folder of go.mod, above the folder of the test.
func root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("no go.mod above the folder of the test")
		}
		dir = parent
	}
}
