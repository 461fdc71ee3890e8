package clamav_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"

	"quay20/internal/neighbour/clamav"
	"quay20/internal/problem"
	"quay20/internal/upload/uploadtest"
)

// rel-B-U11, rel-K34: over TCP and over a socket the daemon's answer arrives,
// and whatever is no clear answer is an error, never "clean".
func TestScan(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"tcp", "unix"} {
		at := "127.0.0.1:0"
		if network == "unix" {
			at = filepath.Join(t.TempDir(), "clamd.ctl")
		}
		l, err := net.Listen(network, at)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		served := make(chan error, 1)
		go func() { served <- clamav.Simulator{Most: 1 << 20}.Serve(ctx, l) }()
		d, err := clamav.At(network + "://" + l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			body  []byte
			virus string
		}{{nil, ""}, {uploadtest.PDF(1), ""}, {bytes.Repeat([]byte("a"), 200_000), ""}, {uploadtest.EICAR(), "Eicar-Signature"}, {uploadtest.Ill(), "Eicar-Signature"}} {
			if virus, err := d.Scan(t.Context(), c.body); err != nil || virus != c.virus {
				t.Errorf("%s, %d bytes: %q, %v", network, len(c.body), virus, err)
			}
		}
		if _, err := d.Scan(t.Context(), make([]byte, 2<<20)); !problem.Is(err, problem.Unavailable) { // more than it takes
			t.Error(err)
		}
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
		if _, err := d.Scan(t.Context(), nil); !problem.Is(err, problem.Unavailable) { // nobody is there
			t.Error(err)
		}
	}
}

// An answer that is cut, strange or never comes leaves the file unscanned.
func TestStrangeAnswers(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{"", "stream: ", "OK", "stream: FOUND", "stream: OKAY", "hello\x00", "stream: OK\x00stream: OK"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			c.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
			io.ReadAll(c)
			io.WriteString(c, answer)
		}()
		d, err := clamav.At("tcp://" + l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if virus, err := d.Scan(t.Context(), []byte("a")); err == nil {
			t.Errorf("%q was understood as %q", answer, virus)
		}
		l.Close()
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	d, _ := clamav.At("tcp://" + l.Addr().String())
	ctx, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer stop()
	if _, err := d.Scan(ctx, []byte("a")); !problem.Is(err, problem.Unavailable) {
		t.Error("it never answers:", err)
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "127.0.0.1:3310", "http://a:1", "tcp://a", "tcp://a:1/x", "unix://a", "unix:"} {
		if _, err := clamav.At(bad); !problem.Is(err, problem.Invalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
