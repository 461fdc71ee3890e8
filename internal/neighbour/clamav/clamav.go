// Package clamav asks ClamAV's daemon whether a file holds malware (quét mã
// độc). The daemon runs beside the house or on another machine of the inner
// network; it is the operator who names it, never a user.
package clamav

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	"quay20/internal/problem"
)

// Daemon is a clamd at an address.
type Daemon struct{ network, address string }

// At reads an address: "tcp://127.0.0.1:3310", "unix:///run/clamav/clamd.ctl".
func At(address string) (*Daemon, error) {
	u, err := url.Parse(address)
	switch {
	case err == nil && u.Scheme == "tcp" && u.Port() != "" && u.Path == "":
		return &Daemon{"tcp", u.Host}, nil
	case err == nil && u.Scheme == "unix" && u.Host == "" && u.Path != "":
		return &Daemon{"unix", u.Path}, nil
	}
	return nil, problem.New(problem.Invalid, "err.summary").Field("clamav", "upload.err.clamav", "address", address)
}

const (
	scanTime = time.Minute // for one file
	chunk    = 64 << 10
	longest  = 4 << 10 // of an answer
)

// Scan gives the name of what was found in a file, "" if nothing. A daemon that
// does not answer, or answers anything but OK or FOUND, is an error: the file
// stays unscanned.
func (d *Daemon) Scan(ctx context.Context, body []byte) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, scanTime)
	defer cancel()
	var dialer net.Dialer
	c, err := dialer.DialContext(ctx, d.network, d.address)
	if err != nil {
		return "", away(err)
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.Close() })()
	if err := stream(c, body); err != nil {
		return "", away(err)
	}
	answer, err := io.ReadAll(io.LimitReader(c, longest))
	if err != nil {
		return "", away(err)
	}
	return read(string(answer))
}

func away(err error) error {
	return fmt.Errorf("%w (%w)", problem.New(problem.Unavailable, "upload.err.scanner"), err)
}

// stream sends a file as INSTREAM wants it: its length before each part, and a
// length of nothing at the end.
func stream(w io.Writer, body []byte) error {
	var b bytes.Buffer
	b.WriteString("zINSTREAM\x00")
	for part := range chunks(body) {
		binary.Write(&b, binary.BigEndian, uint32(len(part)))
		b.Write(part)
	}
	binary.Write(&b, binary.BigEndian, uint32(0))
	_, err := w.Write(b.Bytes())
	return err
}

func chunks(body []byte) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(body) > 0 {
			n := min(chunk, len(body))
			if !yield(body[:n]) {
				return
			}
			body = body[n:]
		}
	}
}

// read understands "stream: OK" and "stream: Eicar-Signature FOUND".
func read(answer string) (string, error) {
	answer = strings.TrimRight(answer, "\x00\r\n ")
	said, ok := strings.CutPrefix(answer, "stream: ")
	if ok && said == "OK" {
		return "", nil
	}
	if virus, found := strings.CutSuffix(said, " FOUND"); ok && found && virus != "" {
		return virus, nil
	}
	return "", away(fmt.Errorf("it answered %.100q", answer))
}
