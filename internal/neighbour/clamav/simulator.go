package clamav

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// Simulator stands in for a clamd where there is none: it speaks the same
// protocol and finds one thing, the harmless text by which scanners are tried.
type Simulator struct{ Most int } // bytes of one stream that it takes

// known is the text that every scanner finds, in two halves so that no scanner
// finds it here.
var known = []byte("EICAR-STANDARD-" + "ANTIVIRUS-TEST-FILE")

const simulatorWait = 30 * time.Second

// Serve answers on l until ctx ends.
func (s Simulator) Serve(ctx context.Context, l net.Listener) error {
	defer context.AfterFunc(ctx, func() { l.Close() })()
	for {
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) && ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		go func() {
			defer c.Close()
			stop := time.AfterFunc(simulatorWait, func() { c.Close() })
			defer stop.Stop()
			if answer := s.answer(bufio.NewReader(c)); answer != "" {
				io.WriteString(c, answer+"\x00")
			}
		}()
	}
}

// answer is what the daemon says to one request; "" is nothing.
func (s Simulator) answer(r *bufio.Reader) string {
	command, err := r.ReadString(0)
	switch {
	case err != nil:
		return ""
	case command == "zPING\x00":
		return "PONG"
	case command != "zINSTREAM\x00":
		return "UNKNOWN COMMAND"
	}
	var body bytes.Buffer
	for {
		var n uint32
		if binary.Read(r, binary.BigEndian, &n) != nil {
			return ""
		}
		if n == 0 {
			break
		}
		if body.Len()+int(n) > s.Most {
			return "INSTREAM size limit exceeded. ERROR"
		}
		if _, err := io.CopyN(&body, r, int64(n)); err != nil {
			return ""
		}
	}
	if bytes.Contains(body.Bytes(), known) {
		return fmt.Sprintf("stream: %s FOUND", "Eicar-Signature")
	}
	return "stream: OK"
}
