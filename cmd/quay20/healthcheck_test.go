package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// certified writes a certificate of its own making for a name.
func certified(t *testing.T, dir, name string, ends time.Time) (cert, key string) {
	t.Helper()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: ends.Add(-48 * time.Hour), NotAfter: ends}
	der, err := x509.CreateCertificate(rand.Reader, c, c, secret.Public(), secret)
	must(t, err)
	b, err := x509.MarshalPKCS8PrivateKey(secret)
	must(t, err)
	cert, key = filepath.Join(dir, name+".pem"), filepath.Join(dir, name+".key")
	must(t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644))
	must(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: b}), 0o600))
	return cert, key
}

// A program that serves https itself is asked by its own certificate, and by
// no other; the figures tell when the certificate ends.
func TestHealthIsAskedThroughTheOwnCertificate(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	dir, ends := t.TempDir(), time.Now().Add(24*time.Hour).Truncate(time.Second)
	cert, key := certified(t, dir, "motcua.example.vn", ends)
	other, _ := certified(t, dir, "khac.example.vn", ends)
	h, err := (&Place{Data: filepath.Join(dir, "node")}).make(ctx, time.Now)
	must(t, err)
	defer h.db.Close()
	c := &Listener{Listen: freeAddress(t), Metrics: freeAddress(t), Origin: "https://motcua.example.vn", TLSCert: cert, TLSKey: key}
	ready, ended := make(chan struct{}), make(chan error, 1)
	log := slog.New(slog.DiscardHandler)
	go func() {
		ended <- c.serve(ctx, Std{Out: io.Discard, Err: io.Discard, Now: time.Now}, h, log, func(string) error { close(ready); return nil })
	}()
	select {
	case <-ready:
	case err := <-ended:
		t.Fatal(err)
	}
	var said strings.Builder
	for file, well := range map[string]bool{cert: true, other: false, key: false, "": false} {
		err := (&Healthcheck{Listen: c.Listen, TLSCert: file}).Run(ctx, Std{Out: &said})
		if (err == nil) != well {
			t.Errorf("asked with %q: %v", filepath.Base(file), err)
		}
	}
	if said.String() != "ok\n" {
		t.Errorf("it says %q", &said)
	}
	figures := string(fetch(t, "http://"+c.Metrics+"/metrics"))
	if m := regexp.MustCompile(`(?m)^quay20_certificate_end_timestamp_seconds (.*)$`).FindStringSubmatch(figures); m == nil {
		t.Error("no figure tells when the certificate ends")
	} else if at, err := strconv.ParseFloat(m[1], 64); err != nil || at != seconds(ends) {
		t.Errorf("the certificate ends at %s, want %v", m[1], seconds(ends))
	}
	stop()
	must(t, <-ended)
}
