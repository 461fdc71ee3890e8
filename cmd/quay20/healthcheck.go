package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"time"

	"quay20/internal/problem"
	"quay20/internal/web"
)

// Healthcheck asks the program that serves whether an act would be saved.
type Healthcheck struct {
	Listen  string `default:"127.0.0.1:8020" env:"QUAY20_LISTEN" help:"Address that serve listens on; 127.0.0.1:8020 if left out." placeholder:"HOST:PORT"`
	TLSCert string `name:"tls-cert" env:"QUAY20_TLS_CERT" help:"Certificate with which it serves, if it does." placeholder:"FILE"`
	Live    bool   `help:"Ask only whether it answers, as it does while nothing can be saved."`
}

func (c *Healthcheck) Help() string {
	return `Examples:
  quay20 healthcheck
  quay20 healthcheck --listen 127.0.0.1:8021 --live

For containers and scripts: status 0 if all is well, 1 with the reason if not. It asks /healthz, as a monitor elsewhere does.`
}

// healthTime is how long serve may take to say how it is.
const healthTime = 5 * time.Second

func (c *Healthcheck) Run(ctx context.Context, std Std) error {
	address, scheme := reachable(c.Listen), "http"
	client := &http.Client{Timeout: healthTime}
	if c.TLSCert != "" {
		config, err := trustOnly(c.TLSCert)
		if err != nil {
			return problem.New(problem.Invalid, "err.summary").Field("tls-cert", "cli.err.tls", "detail", err.Error())
		}
		scheme, client.Transport = "https", &http.Transport{TLSClientConfig: config}
	}
	path := "/healthz"
	if c.Live {
		path += "/live"
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+address+path, nil)
	if err != nil {
		return problem.New(problem.Invalid, "err.summary").Field("listen", "cli.err.silent", "address", c.Listen, "detail", err.Error())
	}
	answer, err := client.Do(r)
	if err != nil {
		return problem.New(problem.Unavailable, "cli.err.silent", "address", address, "detail", err.Error())
	}
	defer answer.Body.Close()
	said, err := io.ReadAll(io.LimitReader(answer.Body, 1<<10))
	if err != nil || answer.StatusCode != http.StatusOK {
		return problem.New(problem.Unavailable, "cli.err.unwell", "status", answer.StatusCode, "said", strings.TrimSpace(string(said)))
	}
	_, err = std.Out.Write(said)
	return err
}

// VersionCmd names the release.
type VersionCmd struct{}

func (c *VersionCmd) Run(std Std) error {
	_, err := fmt.Fprintln(std.Out, web.Version())
	return err
}

// reachable is where a program on the same machine reaches what listens on
// address: ":8020" and "0.0.0.0:8020" are all addresses, this machine's too.
func reachable(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// trustOnly makes a client believe the one certificate of a file, under the
// name that it bears.
func trustOnly(file string) (*tls.Config, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, fmt.Errorf("%s holds no PEM", file)
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, err
	}
	name := leaf.Subject.CommonName
	switch {
	case len(leaf.DNSNames) > 0:
		name = strings.Replace(leaf.DNSNames[0], "*", "www", 1)
	case len(leaf.IPAddresses) > 0:
		name = leaf.IPAddresses[0].String()
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return &tls.Config{RootCAs: roots, ServerName: name, MinVersion: tls.VersionTLS12}, nil
}
