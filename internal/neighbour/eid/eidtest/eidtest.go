// Package eidtest starts a real provider of electronic identities for tests:
// oidc-provider in a process of its own (tools/eid), and walks through it as a
// citizen's browser does.
package eidtest

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// How the provider knows us.
const (
	ClientID = "quay20"
	Secret   = "only-for-trials"
	Number   = "national_id"
	Level    = "level-2"
)

// Provider is a provider that runs.
type Provider struct {
	Issuer   string
	redirect string
	port     string
	process  *exec.Cmd
}

// Start starts a provider that sends citizens back to redirect, until the test
// ends. Where npm's packages or node are not here the test is skipped; make test
// installs them.
func Start(t testing.TB, redirect string) *Provider {
	t.Helper()
	p := &Provider{redirect: redirect, port: freePort(t)}
	p.start(t)
	t.Cleanup(func() { p.Stop() })
	return p
}

// Stop ends the process.
func (p *Provider) Stop() {
	if p.process != nil {
		p.process.Process.Signal(syscall.SIGTERM)
		p.process.Wait()
		p.process = nil
	}
}

// Restart starts it anew at the same address, with new keys and no memory.
func (p *Provider) Restart(t testing.TB) {
	t.Helper()
	p.Stop()
	p.start(t)
}

func (p *Provider) start(t testing.TB) {
	t.Helper()
	root := rootOf(t)
	node, err := exec.LookPath("node")
	if _, missing := os.Stat(filepath.Join(root, "node_modules/oidc-provider")); err != nil || missing != nil {
		t.Skip("no node, or no node_modules/oidc-provider: run make assets")
	}
	p.process = exec.Command(node, "tools/eid/provider.mjs", "--port", p.port, "--redirect", p.redirect)
	p.process.Dir = root
	out, err := p.process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaints strings.Builder
	p.process.Stderr = &complaints
	if err := p.process.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() || !strings.HasPrefix(lines.Text(), "ready ") {
		p.process.Wait()
		t.Fatalf("the provider did not start: %s", complaints.String())
	}
	p.Issuer = strings.TrimPrefix(lines.Text(), "ready ")
}

func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
}

func rootOf(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above this test")
		}
		dir = filepath.Dir(dir)
	}
}

// SignIn goes to address as a browser, signs in as one of the provider's people,
// "eid-phuong", and gives the address that the provider sends back to.
func SignIn(t testing.TB, address, person string) *url.URL {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	back := (*url.URL)(nil)
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	browser := &http.Client{Jar: jar, Transport: transport, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if r.URL.Query().Has("state") && !strings.HasPrefix(r.URL.Path, "/auth") {
			back = r.URL
			return http.ErrUseLastResponse
		}
		return nil
	}}
	page, err := browser.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	page.Body.Close()
	if back != nil { // refused before anybody signed in
		return back
	}
	answer, err := browser.PostForm(page.Request.URL.String(), url.Values{"person": {person}})
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if back == nil {
		t.Fatalf("the provider does not send back: %s from %s", answer.Status, answer.Request.URL)
	}
	return back
}
