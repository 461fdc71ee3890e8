package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"quay20/internal/demo"
	"quay20/internal/journal"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/store"
)

const week = 7 * 24 * time.Hour

// firstWeek is when the filled weeks begin: since then units and the grammar of
// codes have been the same.
var firstWeek = time.Date(2025, 9, 22, 0, 0, 0, 0, pack.Zone)

// placed is a template some weeks earlier, so many times over. Its copies take
// the numbers that follow base in each series.
type placed struct {
	t     *template
	back  time.Duration
	n     int
	first int64 // ordinal of the first copy
	base  []int64
}

// moment is one entry of the journal of all copies of one placed template.
type moment struct {
	at time.Time
	p  *placed
	i  int // which entry
}

// filler multiplies templates into a database. Everything is as the program
// writes it, but for two things that nobody could tell: the state hashes of
// entries that are not a dossier's last, and the hashes of idempotent requests,
// are chance.
type filler struct {
	sink       sink
	remembered time.Time // idempotency keys from then on
	history    int64     // the first ordinal with journal, papers, receipts and requests; before it only what lists and searches read
	moments    []moment
	numbers    map[[2]string]int64 // series and period → last
	tree       edge
	size       int64
	at         string
	total      int64

	b []byte // scratch
}

// plan places the templates over the weeks until about n dossiers are there,
// and hands out the numbers in the order of time.
func (f *filler) plan(all []*template, n int64, now time.Time) {
	weeks := int(now.Sub(firstWeek)/week) - 4 // the demo's dossiers begin four weeks back
	weight := func(t *template, back int) float64 {
		switch {
		case back == 0:
			return 4 // the newest weeks have no later ones to fill them up
		case t.state.Final():
			return 1
		case t.settled:
			return 0.05 // results that nobody fetches, dossiers that were forgotten
		}
		return 0
	}
	var sum float64
	for _, t := range all {
		for back := range weeks + 1 {
			sum += weight(t, back)
		}
	}
	var places []*placed
	var due float64 // copies owed by rounding
	for back := weeks; back >= 0; back-- {
		for _, t := range all {
			due += weight(t, back) * float64(n) / sum
			if copies := int(due); copies > 0 {
				places = append(places, &placed{t: t, back: time.Duration(back) * week, n: copies})
				due -= float64(copies)
			}
		}
	}
	slices.SortStableFunc(places, func(a, b *placed) int { return a.t.at.Add(-a.back).Compare(b.t.at.Add(-b.back)) })
	type take struct {
		at time.Time
		p  *placed
		i  int
	}
	var takes []take
	for _, p := range places {
		p.first = f.total
		f.total += int64(p.n)
		p.base = make([]int64, len(p.t.numbers))
		for i, n := range p.t.numbers {
			takes = append(takes, take{n.at.Add(-p.back), p, i})
		}
		for i, e := range p.t.entries {
			f.moments = append(f.moments, moment{e.at.Add(-p.back), p, i})
		}
	}
	slices.SortStableFunc(f.moments, func(a, b moment) int { return a.at.Compare(b.at) })
	slices.SortStableFunc(takes, func(a, b take) int { return a.at.Compare(b.at) })
	for _, k := range takes {
		series := k.p.t.numbers[k.i].in(k.p.back)
		k.p.base[k.i] = f.numbers[series]
		f.numbers[series] += int64(k.p.n)
	}
}

// in is the series and period of a number that was taken so much earlier.
func (n number) in(back time.Duration) [2]string {
	at := n.at.Add(-back).In(pack.Zone)
	switch {
	case n.period == "":
		return [2]string{n.series + at.Format("06"), ""}
	case len(n.period) == 4:
		return [2]string{n.series, at.Format("2006")}
	}
	return [2]string{n.series, at.Format(time.DateOnly)}
}

// write writes every moment in the order of time; a dossier's rows come with
// its first entry.
func (f *filler) write(ctx context.Context, tell func(done int64)) error {
	var done int64
	for _, m := range f.moments {
		for j := range m.p.n {
			c := f.copyOf(m.p, j)
			if m.i == 0 {
				if err := f.rows(c); err != nil {
					return err
				}
				if done++; done%20_000 == 0 {
					tell(done)
				}
			}
			if c.ordinal >= f.history {
				if err := f.entry(c, m); err != nil {
					return err
				}
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return f.finish()
}

// copied is one dossier to be written.
type copied struct {
	*placed
	j       int64
	ordinal int64
	id      string
	people  [2]person
	hashes  []string // of the hashed texts, once asked for
	chance  *rand.Rand
}

var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// copyOf makes the j-th copy; the same one every time.
func (f *filler) copyOf(p *placed, j int) *copied {
	c := &copied{placed: p, j: int64(j), ordinal: p.first + int64(j)}
	r := rand.New(rand.NewPCG(uint64(c.ordinal), 20))
	b := binary.BigEndian.AppendUint64(nil, uint64(p.t.at.Add(-p.back).UnixMilli())<<16)[:6]
	b = binary.BigEndian.AppendUint64(b, r.Uint64())
	b = binary.BigEndian.AppendUint16(b, uint16(r.Uint32()))
	c.id = crockford.EncodeToString(b)
	c.people[0] = invent(r, p.t.first[0])
	if p.t.owner {
		c.people[1] = invent(r, p.t.first[1])
	}
	c.chance = r
	return c
}

func (c *copied) number(n int) int64 { return c.base[n] + c.j + 1 }

func (c *copied) code() string {
	for n, of := range c.t.numbers {
		if strings.HasPrefix(of.series, "code/") {
			return fmt.Sprintf("%s-%s-%07d", c.t.agency, of.at.Add(-c.back).In(pack.Zone).Format("20060102"), c.number(n))
		}
	}
	return ""
}

// hash is the n-th hash; later hashed texts carry earlier ones.
func (c *copied) hash(n int) string {
	for len(c.hashes) <= n {
		h := sha256.Sum256(c.put(nil, c.t.hashed[len(c.hashes)]))
		c.hashes = append(c.hashes, hex.EncodeToString(h[:]))
	}
	return c.hashes[n]
}

// put writes a text for this copy.
func (c *copied) put(b []byte, t text) []byte {
	for i := range t {
		p := &t[i]
		switch p.slot {
		case alike:
			b = append(b, p.text...)
		case instant:
			b = appendInstant(b, p, c.back)
		case day:
			b = p.at.Add(-c.back).In(pack.Zone).AppendFormat(b, time.DateOnly)
		case year:
			b = p.at.Add(-c.back).In(pack.Zone).AppendFormat(b, "2006")
		case yearShort:
			b = p.at.Add(-c.back).In(pack.Zone).AppendFormat(b, "06")
		case theID:
			b = append(b, c.id...)
		case theToken:
			h := sha256.Sum256([]byte(trackingKey.Token(c.id)))
			b = hex.AppendEncode(b, h[:])
		case theMark:
			h := sha256.Sum256([]byte(trackingKey.Token(c.id)))
			b = hex.AppendEncode(b, h[:16])
		case theCode:
			b = append(b, c.code()...)
		case theName:
			b = append(b, c.people[p.n].name...)
		case theNumber:
			b = append(b, c.people[p.n].number...)
		case thePhone:
			b = append(b, c.people[p.n].phone...)
		case phoneSlip:
			phone := c.people[p.n].phone
			b = append(append(append(append(append(append(b, '0'), phone[:3]...), ' '), phone[3:6]...), ' '), phone[6:]...)
		case theSerial:
			b = strconv.AppendInt(b, c.number(p.n), 10)
		case theSerial7:
			b = fmt.Appendf(b, "%07d", c.number(p.n))
		case salt:
			h := sha256.Sum256(fmt.Appendf(nil, "salt %d %d", c.ordinal, p.n))
			b = append(b, crockford.EncodeToString(h[:16])...)
		case hashOf:
			b = append(b, c.hash(p.n)...)
		case chance:
			var h [32]byte
			for k := range 4 {
				binary.BigEndian.PutUint64(h[8*k:], c.chance.Uint64())
			}
			b = hex.AppendEncode(b, h[:])
		case newKey:
			b = fmt.Appendf(b, "%016x-%016x", c.chance.Uint64(), c.ordinal)
		}
	}
	return b
}

// appendInstant keeps the form of the template: zone and parts of a second.
func appendInstant(b []byte, p *piece, back time.Duration) []byte {
	if strings.HasSuffix(p.text, ".000Z") {
		return p.at.Add(-back).AppendFormat(b, "2006-01-02T15:04:05.000Z")
	}
	return p.at.Add(-back).AppendFormat(b, time.RFC3339Nano)
}

// rows writes all but the journal.
func (f *filler) rows(c *copied) error {
	whole := c.ordinal >= f.history
	for i := range c.t.rows {
		r := &c.t.rows[i]
		if !whole && !found[r.table] || r.table == "dossier_request" && r.at.Add(-c.back).Before(f.remembered) {
			continue
		}
		values := make([]any, len(r.cells))
		for k, v := range r.cells {
			if t, ok := v.(pressed); ok {
				f.b = c.put(f.b[:0], text(t))
				v = store.Press(store.Papers, string(f.b))
			} else if t, ok := v.(text); ok {
				f.b = c.put(f.b[:0], t)
				if len(t) == 1 && t[0].slot == theSerial7 {
					values[k] = c.number(t[0].n)
					continue
				}
				v = string(f.b)
			}
			values[k] = v
		}
		if err := f.sink.add(r.table, values); err != nil {
			return err
		}
	}
	for _, term := range c.terms() {
		if err := f.sink.add("dossier_term", []any{term, c.id}); err != nil {
			return err
		}
	}
	return nil
}

// found are the tables that lists, searches and tracking read.
var found = map[string]bool{"dossier": true, "dossier_code": true, "dossier_unit": true}

// terms are the words by which the dossier is found, as the register makes them.
func (c *copied) terms() []string {
	var list []string
	add := func(s string) {
		if s != "" && !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	for i, p := range c.people {
		if i == 1 && !c.t.owner {
			break
		}
		for _, word := range p.words() {
			add(word)
		}
		add(p.number)
		add(p.phone)
	}
	add(strings.ToLower(strings.Map(dropMarks, c.t.plate)))
	if code := c.code(); code != "" {
		squeezed := strings.ToLower(strings.Map(dropMarks, code))
		add(squeezed)
		add(squeezed[len(squeezed)-15:]) // day and number
	}
	return list
}

func dropMarks(r rune) rune {
	if strings.ContainsRune(" .-_/", r) {
		return -1
	}
	return r
}

// entry adds a line to the journal and its hashes to the tree.
func (f *filler) entry(c *copied, m moment) error {
	at := store.Time(m.at)
	if at < f.at {
		return fmt.Errorf("entry %d would be earlier than the one before", f.size+1)
	}
	n := f.size + 1
	var cells [9]string
	for i, t := range c.t.entries[m.i].cells {
		f.b = c.put(f.b[:0], t)
		cells[i] = string(f.b)
	}
	e := journal.Entry{Index: n, At: m.at, Officer: cells[0], Capacity: cells[1], Desk: cells[2], Act: cells[3], Subject: cells[4],
		Reason: cells[5], Law: cells[6], Facts: json.RawMessage(cells[7]), State: cells[8]}
	if err := f.sink.add("journal_entry", e.Columns()); err != nil {
		return err
	}
	hashes, err := tlog.StoredHashes(f.size, e.Record(), f.tree)
	if err != nil {
		return err
	}
	first := tlog.StoredHashIndex(0, f.size)
	for k, h := range hashes {
		if !journal.Keeps(k) {
			continue
		}
		if err := f.sink.add("journal_hash", []any{first + int64(k), h.String()}); err != nil {
			return err
		}
	}
	f.tree, f.size, f.at = f.tree.add(hashes), n, at
	return nil
}

// finish writes the last numbers and the head of the journal.
func (f *filler) finish() error {
	if err := f.sink.flush(); err != nil {
		return err
	}
	for k, last := range f.numbers {
		var err error
		if series, ok := strings.CutPrefix(k[0], "receipt/"); ok {
			err = f.sink.exec(`INSERT INTO payment_series (series, last) VALUES ($1, $2) ON CONFLICT (series) DO UPDATE SET last = $2`, series, last)
		} else {
			err = f.sink.exec(`INSERT INTO dossier_number (series, period, last) VALUES ($1, $2, $3) ON CONFLICT (series, period) DO UPDATE SET last = $3`, k[0], k[1], last)
		}
		if err != nil {
			return err
		}
	}
	return f.sink.exec(`UPDATE journal_head SET size = $1, at = $2, edge = $3`, f.size, f.at, f.tree.String())
}

// edge is the right edge of the journal's tree, from the largest complete
// subtree to the smallest, as journal_head keeps it.
type edge []tlog.Hash

// ReadHashes gives the last ones, which is what adding a leaf asks for.
func (e edge) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	if len(indexes) > len(e) {
		return nil, errors.New("the edge of the tree is too short")
	}
	return e[len(e)-len(indexes):], nil
}

func (e edge) add(hashes []tlog.Hash) edge {
	kept := slices.Clone(e[:len(e)-(len(hashes)-1)])
	return append(kept, hashes[len(hashes)-1])
}

func (e edge) String() string {
	words := make([]string, len(e))
	for i, h := range e {
		words[i] = h.String()
	}
	return strings.Join(words, " ")
}

// fill makes a database of about n dossiers, of which the newest history have
// everything. It begins as a demo province that was built when the filled weeks
// begin, so that its officers are those of the templates.
func fill(ctx context.Context, dir, database string, all []*template, ins []demo.SignIn, n, history int64, now time.Time, tell func(...any)) error {
	p, err := openProvince(ctx, database, demo.NewClock(firstWeek))
	if err != nil {
		return err
	}
	if ins, err = hire(ctx, p, ins); err != nil {
		return errors.Join(fmt.Errorf("hiring the officers of the templates: %w", err), p.DB.Close())
	}
	if err := p.DB.Close(); err != nil {
		return err
	}
	if err := keepSignIns(dir, ins); err != nil {
		return err
	}
	s, err := openSink(ctx, database)
	if err != nil {
		return err
	}
	f := &filler{sink: s, remembered: now.AddDate(0, 0, -30), numbers: map[[2]string]int64{}}
	if err := f.takeUp(); err != nil {
		return errors.Join(err, s.close())
	}
	f.plan(all, n, now)
	f.history = max(0, f.total-history)
	begun := time.Now()
	err = f.write(ctx, func(done int64) {
		tell(fmt.Sprintf("%d of %d dossiers, %d entries, %.0f dossiers a second", done, f.total, f.size, float64(done)/time.Since(begun).Seconds()))
	})
	if err := errors.Join(err, s.close()); err != nil {
		return err
	}
	keys, err := journal.LoadKeys(keysOf(dir))
	if err != nil {
		return err
	}
	if p, err = openProvince(ctx, database, demo.NewClock(now)); err != nil {
		return err
	}
	defer p.DB.Close()
	w := journal.Witness{DB: p.DB, Keys: keys, Dir: witnessOf(dir)}
	return w.Copy(ctx)
}

// hire puts the officers of a demo province on the roll of another one, in the
// same order, so that they get the same numbers.
func hire(ctx context.Context, p *demo.Province, demos []demo.SignIn) ([]demo.SignIn, error) {
	if err := p.Open(ctx); err != nil {
		return nil, err
	}
	demos = slices.Clone(demos)
	slices.SortFunc(demos, func(a, b demo.SignIn) int { return strings.Compare(a.ID, b.ID) })
	for i, in := range demos[1:] { // the first is the administrator, who is there
		role, unit, _ := strings.Cut(in.Roles[0], "@")
		by, code, err := p.Hire(ctx, in.Login, in.Name, "Đại úy", officer.Role(role), unit)
		if err != nil {
			return nil, err
		}
		if by.Officer.ID != in.ID {
			return nil, fmt.Errorf("%s is %s in the templates and %s here", in.Login, in.ID, by.Officer.ID)
		}
		if demos[i+1].Secret, err = settleIn(ctx, p, in.Login, code); err != nil {
			return nil, err
		}
	}
	return demos[1:], nil
}

// settleIn is an officer's first day: a password and, where the role asks for
// one, a second factor.
func settleIn(ctx context.Context, p *demo.Province, login, code string) (secret string, err error) {
	token, s, err := p.Roll.SignIn(ctx, login, code, "", "127.0.0.1:1")
	if err != nil {
		return "", err
	}
	if token, s, err = p.Roll.SetPassword(ctx, token, "", demo.Password); err != nil {
		return "", err
	}
	if s.MustEnrol {
		e, err := p.Roll.EnrolTOTP(ctx, token)
		if err != nil {
			return "", err
		}
		code, err := officer.Code(e.Secret, p.Clock.Now())
		if err != nil {
			return "", err
		}
		if token, _, err = p.Roll.ConfirmTOTP(ctx, token, code); err != nil {
			return "", err
		}
		secret = e.Secret
	}
	return secret, p.Roll.SignOut(ctx, token)
}

// takeUp goes on where the province stands: its journal and its numbers.
func (f *filler) takeUp() error {
	var tree string
	if err := f.sink.one(`SELECT size, at, edge FROM journal_head`, &f.size, &f.at, &tree); err != nil {
		return err
	}
	for _, word := range strings.Fields(tree) {
		h, err := tlog.ParseHash(word)
		if err != nil {
			return err
		}
		f.tree = append(f.tree, h)
	}
	return f.sink.each(`SELECT series, period, last FROM dossier_number UNION ALL SELECT 'receipt/' || series, '', last FROM payment_series`, func(series, period string, last int64) {
		f.numbers[[2]string{series, period}] = cmp.Or(last, 0)
	})
}

// seeds is how many demo provinces the templates come from.
const seeds = 16

// filled makes the database of a size, unless an earlier run has left it.
func filled(ctx context.Context, p plan, dir, database string, n int64) error {
	done := filepath.Join(dir, "filled")
	if _, err := os.Stat(done); err == nil {
		return nil
	}
	if err := errors.Join(os.RemoveAll(dir), os.RemoveAll(witnessOf(dir)), os.MkdirAll(dir, 0o700)); err != nil {
		return err
	}
	tell := func(s ...any) { fmt.Fprintln(os.Stderr, append([]any{time.Now().Format(time.TimeOnly)}, s...)...) }
	tell(fmt.Sprintf("filling %s with %s dossiers", dir, thousands(n)))
	now := time.Now().Truncate(24 * time.Hour) // 07:00 in Viet Nam
	all, ins, err := templates(ctx, p.dir, seeds, now)
	if err != nil {
		return err
	}
	tell(fmt.Sprintf("%d templates", len(all)))
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	if err := fill(ctx, dir, database, all, ins, n, p.history, now, tell); err != nil {
		return err
	}
	return os.WriteFile(done, nil, 0o600)
}
