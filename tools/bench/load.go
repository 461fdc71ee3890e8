package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"quay20/internal/dossier"
)

// trackingKey is the tracking key of the program under load.
var trackingKey = dossier.Key("the bench invents every dossier!")

// request writes the n-th request of a load.
type request func(b *bytes.Buffer, n int64)

var names = []string{"Lò Thị Phương", "Giàng A Páo", "Vàng Văn Sơn", "Tẩn Thị Mẩy", "Sùng Thị Yến", "Lý Văn Chín", "Hoàng Đức Đạt", "Mào Thị Ngọc"}

// serial numbers invented persons. It begins elsewhere in every run, because on
// a kept database those of earlier runs have filed already.
var serial atomic.Int64

func init() { serial.Store(time.Now().Unix() * 1000) }

// intake is a walk-in of somebody who was never here before, at the desk of one
// of the receptionists.
func (c *child) intake() request {
	return func(b *bytes.Buffer, n int64) {
		who := serial.Add(1)
		body := strings.NewReplacer("@YY@", fmt.Sprint(60+who/1_000_000%40), "@NUMBER@", fmt.Sprintf("%06d", who%1_000_000), "@NAME@", names[who%int64(len(names))]).Replace(c.Body)
		fmt.Fprintf(b, "POST /api/v1/dossiers HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nIdempotency-Key: bench-%d\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
			c.Address, c.token(0), who, len(body), body)
	}
}

// citizens know code and key of a dossier.
type citizens struct {
	host  string
	slips [][2]string
}

// look follows one dossier by code and key.
func (z citizens) look() request {
	return func(b *bytes.Buffer, n int64) {
		s := z.slips[rand.IntN(len(z.slips))]
		body := fmt.Sprintf(`{"code":%q,"secret":%q}`, s[0], s[1])
		fmt.Fprintf(b, "POST /api/v1/track HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", z.host, len(body), body)
	}
}

// firstDossiers receives some dossiers one by one, for the citizens to follow.
func firstDossiers(c *child) (citizens, error) {
	z := citizens{host: c.Address}
	write := c.intake()
	for range 500 {
		var b bytes.Buffer
		write(&b, 0)
		r, err := http.ReadRequest(bufio.NewReader(&b))
		if err != nil {
			return z, err
		}
		r.RequestURI, r.URL.Scheme, r.URL.Host = "", "http", c.Address
		w, err := http.DefaultClient.Do(r)
		if err != nil {
			return z, err
		}
		var d struct {
			ID     string `json:"id"`
			Code   string `json:"code"`
			Detail json.RawMessage
		}
		text, _ := io.ReadAll(w.Body)
		w.Body.Close()
		if err := json.Unmarshal(text, &d); err != nil || w.StatusCode != http.StatusCreated {
			return z, fmt.Errorf("the first dossier was refused: %d %s", w.StatusCode, text)
		}
		z.slips = append(z.slips, [2]string{d.Code, trackingKey.Secret(d.ID)})
	}
	http.DefaultClient.CloseIdleConnections()
	return z, nil
}

// load keeps n connections busy, each with one request at a time, and counts
// what was answered within the time.
func (c *child) load(ctx context.Context, n int, each time.Duration, write request) result {
	ctx, stop := context.WithTimeout(ctx, each)
	defer stop()
	times := make([][]time.Duration, n)
	var refused atomic.Int64
	before, begun := c.cpu(), time.Now()
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { times[i] = c.caller(ctx, write, &refused) })
	}
	all.Wait()
	took := time.Since(begun)
	flat := slices.Concat(times...)
	slices.Sort(flat)
	r := result{Refused: refused.Load()}
	if len(flat) > 0 {
		r.Rate = float64(len(flat)) / took.Seconds()
		r.P50, r.P99 = flat[len(flat)/2], flat[len(flat)*99/100]
		r.CPU = (c.cpu() - before) / time.Duration(len(flat))
	}
	return r
}

// caller is one connection: ask, wait, ask again. It reads answers itself,
// because a full client would take half the machine.
func (c *child) caller(ctx context.Context, write request, refused *atomic.Int64) (times []time.Duration) {
	conn, err := net.Dial("tcp", c.Address)
	if err != nil {
		refused.Add(1)
		return nil
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	var b bytes.Buffer
	for n := int64(0); ctx.Err() == nil; n++ {
		b.Reset()
		write(&b, n)
		begun := time.Now()
		if _, err := conn.Write(b.Bytes()); err != nil {
			refused.Add(1)
			return times
		}
		status, err := readAnswer(in)
		if err != nil {
			refused.Add(1)
			return times
		}
		if status != http.StatusCreated && status != http.StatusOK {
			refused.Add(1)
			continue
		}
		times = append(times, time.Since(begun))
	}
	return times
}

// readAnswer reads one answer and forgets its body.
func readAnswer(in *bufio.Reader) (status int, err error) {
	status, length, err := readHead(in)
	if err == nil {
		_, err = in.Discard(length)
	}
	return status, err
}

// readWhole reads one answer and keeps its body.
func readWhole(in *bufio.Reader) (status int, body []byte, err error) {
	status, length, err := readHead(in)
	if err == nil {
		body = make([]byte, length)
		_, err = io.ReadFull(in, body)
	}
	return status, body, err
}

// readHead reads an answer up to its body, whose length it must say.
func readHead(in *bufio.Reader) (status, length int, err error) {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return 0, 0, err
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, 0, err
	}
	said := status == http.StatusSeeOther || status == http.StatusNoContent
	for {
		if line, err = in.ReadSlice('\n'); err != nil {
			return 0, 0, err
		}
		if len(line) <= 2 {
			break
		}
		if name, value, ok := bytes.Cut(line, []byte(": ")); ok && bytes.EqualFold(name, []byte("Content-Length")) {
			said = true
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, 0, err
			}
		}
	}
	if !said {
		return 0, 0, errors.New("an answer without Content-Length")
	}
	return status, length, nil
}
