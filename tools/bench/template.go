package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"quay20/internal/applicant"
	"quay20/internal/demo"
	"quay20/internal/dossier"
	"quay20/internal/gazette"
	"quay20/internal/journal"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/payment"
	"quay20/internal/store"
	"quay20/packs"
)

// A template is one dossier that lived through the real acts of a demo
// province, with everything that the program wrote about it. A copy of it has
// another id, code, person and numbers, and happened some whole weeks earlier.
type template struct {
	at      time.Time // of the first act
	state   dossier.State
	settled bool // nothing will happen by itself any more: it may have happened weeks ago
	people  [2]person
	owner   bool // there is a second person
	first   [2]string
	plate   string
	agency  string // of its code; "" if it has none
	mintAt  time.Time
	numbers []number
	hashed  []text // what is hashed: slips, receipts, the dossier itself
	rows    []row  // all but journal and search terms
	entries []entry
}

// number is one that the dossier took from a series.
type number struct {
	series, period string // as in dossier_number; a series of receipts has no period
	at             time.Time
	value          int64
}

// entry is one line of the journal.
type entry struct {
	at    time.Time
	cells []text // officer … state
}

// row is one row of any other table.
type row struct {
	table string
	cells []any // text, pressed, or the value itself
	at    time.Time
}

// pressed is a text that the store presses.
type pressed text

// text is a stored text in pieces: what every copy has alike, and slots.
type text []piece

type piece struct {
	slot slot
	text string    // as it stands in the template
	at   time.Time // of an instant, a day, a year
	n    int       // which person, number or hash
}

type slot int

const (
	alike slot = iota
	instant
	day
	year
	yearShort
	theID
	theToken   // hash of the token of the slip's QR
	theMark    // as much of it as its index keeps
	theCode    // "H35.20.90-20261027-0000001"
	theName    // of person n
	theNumber  // identity number of person n
	thePhone   // nine digits of person n
	phoneSlip  // "0300 000 111", as on slips
	theSerial  // number n, bare
	theSerial7 // number n with seven digits
	salt
	hashOf // of hashed text n
	chance // 64 hexadecimal digits that nobody can recompute: an earlier state, a request
	newKey // an idempotency key
)

// read takes every dossier out of a demo province. db is the same database as
// the province's own store.
func read(ctx context.Context, p *demo.Province, db *sql.DB) ([]*template, error) {
	canonical := map[string]string{}
	err := p.DB.Read(ctx, func(tx *store.Tx) error {
		for _, one := range append(payment.Protected(), p.Register.Protected()) {
			if err := one.Each(tx, func(subject, state string) error { canonical[subject] = state; return nil }); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	lines := map[string][]journal.Entry{}
	err = p.DB.Read(ctx, func(tx *store.Tx) error {
		all, err := journal.List(tx, journal.Filter{Limit: math.MaxInt})
		for _, e := range slices.Backward(all) {
			lines[e.Subject] = append(lines[e.Subject], e)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	ids, err := column(ctx, db, `SELECT id FROM dossier ORDER BY id`)
	if err != nil {
		return nil, err
	}
	var all []*template
	for _, id := range ids {
		t, err := readOne(ctx, db, id, canonical, lines)
		if err != nil {
			return nil, fmt.Errorf("dossier %s: %w", id, err)
		}
		all = append(all, t)
	}
	return all, nil
}

// tables besides the journal and the search terms that hold rows of a dossier.
var tables = []struct{ name, of string }{
	{"dossier", "id"}, {"dossier_code", "dossier"}, {"dossier_unit", "dossier"}, {"dossier_slip", "dossier"},
	{"dossier_request", "dossier"}, {"dossier_move", "dossier"}, {"payment_receipt", "dossier"},
}

// compiler turns stored texts of one dossier into pieces.
type compiler struct {
	t       *template
	literal map[string][]piece
	hashes  map[string]int // hash → hashed text
	find    *regexp.Regexp
	book    *number // of the slip being compiled
}

func readOne(ctx context.Context, db *sql.DB, id string, canonical map[string]string, lines map[string][]journal.Entry) (*template, error) {
	var d dossier.Dossier
	if err := json.Unmarshal([]byte(canonical["dossier/"+id]), &d); err != nil {
		return nil, err
	}
	t := &template{at: d.FiledAt, state: d.State, plate: d.Plate}
	t.settled = d.State.Final() || d.State == dossier.Concluded || !d.LateSince.IsZero()
	c := &compiler{t: t, literal: map[string][]piece{id: {{slot: theID}}, d.Salt: {{slot: salt}}, d.TokenHash: {{slot: theToken}}, d.TokenHash[:32]: {{slot: theMark}}}, hashes: map[string]int{}}
	for i, who := range []*applicant.Person{&d.Filer, d.Owner} {
		if who == nil {
			continue
		}
		t.owner = i == 1
		c.person(i, *who)
	}
	if d.Code != "" {
		if err := c.code(d); err != nil {
			return nil, err
		}
	}
	read := map[string][]map[string]any{}
	for _, in := range tables {
		rows, err := records(ctx, db, `SELECT * FROM `+in.name+` WHERE `+in.of+` = ?`, id)
		if err != nil {
			return nil, err
		}
		read[in.name] = rows
	}
	for _, s := range d.Slips {
		n, _, _ := strings.Cut(s.Number, "/")
		value, err := strconv.ParseInt(n, 10, 64)
		if err != nil {
			return nil, err
		}
		t.numbers = append(t.numbers, number{"slip/" + s.Kind + "/" + string(d.Desk), string(pack.On(s.At)[:4]), s.At, value})
		c.literal[s.Number] = []piece{{slot: theSerial, n: len(t.numbers) - 1, text: n}, {text: s.Number[len(n):]}}
	}
	for _, r := range read["payment_receipt"] {
		if err := c.receipt(r); err != nil {
			return nil, err
		}
	}
	c.ready()
	for _, r := range read["dossier_slip"] { // before the dossier, which has their hashes
		c.book = c.bookOf(r)
		c.hash(r["facts"].(string))
		c.book = nil
	}
	for _, r := range read["payment_receipt"] {
		c.hash(canonical["receipt/"+r["number"].(string)])
	}
	c.hash(canonical["dossier/"+id])
	return t, c.all(ctx, db, id, read, lines)
}

func (c *compiler) person(i int, who applicant.Person) {
	p := person{who.Name, who.IDNumber, strings.TrimPrefix(who.Phone, "+84")}
	c.t.people[i], c.t.first[i] = p, p.number[:min(6, len(p.number))]
	c.literal[p.name] = []piece{{slot: theName, n: i, text: p.name}}
	if p.number != "" {
		c.literal[p.number] = []piece{{slot: theNumber, n: i, text: p.number}}
	}
	if len(p.phone) == 9 {
		c.literal["+84"+p.phone] = []piece{{text: "+84"}, {slot: thePhone, n: i, text: p.phone}}
		spaced := "0" + p.phone[:3] + " " + p.phone[3:6] + " " + p.phone[6:]
		c.literal[spaced] = []piece{{slot: phoneSlip, n: i, text: spaced}}
	}
}

// code finds agency, day and number of the dossier's code.
func (c *compiler) code(d dossier.Dossier) error {
	parts := strings.Split(string(d.Code), "-")
	if len(parts) != 3 || len(parts[2]) != 7 || len(d.Codes) != 1 {
		return fmt.Errorf("code %s is of a grammar that the filler does not know", d.Code)
	}
	value, err := strconv.ParseInt(parts[2], 10, 64)
	at := d.Codes[0].At
	c.t.agency, c.t.mintAt = parts[0], at
	c.t.numbers = append(c.t.numbers, number{"code/" + parts[0], string(pack.On(at)), at, value})
	c.literal[string(d.Code)] = []piece{{slot: theCode, text: string(d.Code)}}
	return err
}

// receipt finds the series and number of a cash receipt, "12-Q20-26-0000001".
func (c *compiler) receipt(r map[string]any) error {
	name, series := r["number"].(string), r["series"].(string)
	desk, at := strings.TrimSuffix(series, series[len(series)-2:]), r["taken"].(string)
	taken, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return err
	}
	value := r["serial"].(int64)
	if name != fmt.Sprintf("%s-%07d", series, value) {
		return fmt.Errorf("receipt %s is of a grammar that the filler does not know", name)
	}
	c.t.numbers = append(c.t.numbers, number{"receipt/" + desk, "", taken, value})
	yy := piece{slot: yearShort, at: taken, text: series[len(desk):]}
	c.literal[series] = []piece{{text: desk}, yy}
	c.literal[name] = []piece{{text: desk}, yy, {text: "-"}, {slot: theSerial7, n: len(c.t.numbers) - 1, text: name[len(series)+1:]}}
	c.literal[fmt.Sprintf(`"Serial":%d`, value)] = []piece{{text: `"Serial":`}, {slot: theSerial, n: len(c.t.numbers) - 1, text: fmt.Sprint(value)}}
	for _, name := range []string{"Day", "CancelDay"} {
		if on, err := time.ParseInLocation(time.DateOnly, r[map[string]string{"Day": "day", "CancelDay": "cancel_day"}[name]].(string), pack.Zone); err == nil {
			c.literal[`"`+name+`":"`+on.Format(time.DateOnly)+`"`] = []piece{{text: `"` + name + `":"`}, {slot: day, at: on, text: on.Format(time.DateOnly)}, {text: `"`}}
		}
	}
	c.literal[r["salt"].(string)] = []piece{{slot: salt, n: 1 + len(c.t.numbers)}}
	return nil
}

// ready makes one expression that finds every slot of a text.
func (c *compiler) ready() {
	words := []string{`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+07:00)`, `"serial":"\d+"`, `"book":"\d{4}"`, `\b[0-9a-f]{64}\b`}
	var literal []string
	for l := range c.literal {
		literal = append(literal, l)
	}
	slices.SortFunc(literal, func(a, b string) int { return len(b) - len(a) })
	for _, l := range literal {
		l := regexp.QuoteMeta(l)
		if strings.ContainsAny(l[:1], "0123456789") { // "1/TNHS" is not within "11/TNHS"
			l = `\b` + l + `\b`
		}
		words = append(words, l)
	}
	c.find = regexp.MustCompile(strings.Join(words, "|"))
}

func (c *compiler) compile(s string) text {
	var out text
	end := 0
	for _, m := range c.find.FindAllStringIndex(s, -1) {
		if m[0] > end {
			out = append(out, piece{text: s[end:m[0]]})
		}
		out = append(out, c.slot(s[m[0]:m[1]])...)
		end = m[1]
	}
	if end < len(s) {
		out = append(out, piece{text: s[end:]})
	}
	return out
}

// slot says what a found part of a text stands for.
func (c *compiler) slot(s string) []piece {
	if p, ok := c.literal[s]; ok {
		return slices.Clone(p)
	}
	if n, ok := c.hashes[s]; ok {
		return []piece{{slot: hashOf, n: n, text: s}}
	}
	if len(s) == 64 && !strings.Contains(s, "-") {
		return []piece{{slot: chance, text: s}}
	}
	if at, err := time.Parse(time.RFC3339, s); err == nil && !at.IsZero() {
		return []piece{{slot: instant, at: at, text: s}}
	}
	name, value, _ := strings.Cut(s, `:"`) // or the zero time
	value = strings.TrimSuffix(value, `"`)
	switch {
	case c.book == nil:
		return []piece{{text: s}}
	case name == `"book"`:
		return []piece{{text: name + `:"`}, {slot: year, at: c.book.at, text: value}, {text: `"`}}
	}
	n := slices.IndexFunc(c.t.numbers, func(n number) bool { return n == *c.book })
	return []piece{{text: name + `:"`}, {slot: theSerial, n: n, text: value}, {text: `"`}}
}

// hash compiles a text whose hash others carry.
func (c *compiler) hash(s string) {
	h := sha256.Sum256([]byte(s))
	c.t.hashed = append(c.t.hashed, c.compile(s))
	c.hashes[hex.EncodeToString(h[:])] = len(c.t.hashed) - 1
}

// all compiles every row of the dossier and its journal.
func (c *compiler) all(ctx context.Context, db *sql.DB, id string, read map[string][]map[string]any, lines map[string][]journal.Entry) error {
	for _, in := range tables {
		names, err := columnsOf(ctx, db, in.name)
		if err != nil {
			return err
		}
		for _, r := range read[in.name] {
			c.book = nil
			if in.name == "dossier_slip" {
				c.book = c.bookOf(r)
			}
			out := row{table: in.name}
			if at, err := time.Parse(time.RFC3339, fmt.Sprint(r["at"])); err == nil {
				out.at = at
			}
			for _, name := range names {
				out.cells = append(out.cells, c.cell(in.name, name, r))
			}
			c.t.rows = append(c.t.rows, out)
		}
	}
	c.book = nil
	said := lines["dossier/"+id]
	for _, r := range read["payment_receipt"] {
		said = append(said[:len(said):len(said)], lines["receipt/"+r["number"].(string)]...)
	}
	slices.SortFunc(said, func(a, b journal.Entry) int { return cmp.Compare(a.Index, b.Index) })
	for _, e := range said {
		line := entry{at: e.At}
		for _, s := range []string{e.Officer, e.Capacity, e.Desk, e.Act, e.Subject, e.Reason, e.Law, string(e.Facts), e.State} {
			line.cells = append(line.cells, c.compile(s))
		}
		c.t.entries = append(c.t.entries, line)
	}
	if len(c.t.entries) == 0 {
		return errors.New("the journal says nothing of it")
	}
	return nil
}

func (c *compiler) bookOf(r map[string]any) *number {
	for _, p := range c.literal[r["number"].(string)] {
		if p.slot == theSerial {
			return &c.t.numbers[p.n]
		}
	}
	return nil
}

func (c *compiler) cell(table, name string, r map[string]any) any {
	switch v := r[name].(type) {
	case int64:
		if table == "payment_receipt" && name == "serial" {
			return text{c.literal[r["number"].(string)][3]}
		}
		return v
	case string:
		switch {
		case table == "dossier_request" && name == "key":
			return text{{slot: newKey, text: v}}
		case table == "payment_receipt" && (name == "day" || name == "cancel_day") && v != "":
			at, _ := time.ParseInLocation(time.DateOnly, v, pack.Zone)
			return text{{slot: day, at: at, text: v}}
		}
		if table == "dossier" && name == "body" || table == "dossier_slip" && name == "facts" {
			return pressed(c.compile(v))
		}
		return c.compile(v)
	}
	return r[name]
}

// records reads whole rows, by column, what is pressed as it was.
func records(ctx context.Context, db *sql.DB, query string, args ...any) (all []map[string]any, err error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		values, places := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			places[i] = &values[i]
		}
		if err := rows.Scan(places...); err != nil {
			return nil, err
		}
		one := map[string]any{}
		for i, name := range names {
			one[name] = values[i]
			switch v := values[i].(type) {
			case string:
				one[name], err = store.Unpress(v)
			case []byte:
				one[name], err = store.Unpress(string(v))
			}
			if err != nil {
				return nil, err
			}
		}
		all = append(all, one)
	}
	return all, rows.Err()
}

func columnsOf(ctx context.Context, db *sql.DB, table string) ([]string, error) {
	return column(ctx, db, `SELECT name FROM pragma_table_info('`+table+`') ORDER BY cid`)
}

// templates builds demo provinces of several seeds, all ending now, and reads
// every dossier out of them.
func templates(ctx context.Context, dir string, seeds int, now time.Time) ([]*template, []demo.SignIn, error) {
	all, ins, failed := make([][]*template, seeds), make([][]demo.SignIn, seeds), make([]error, seeds)
	var wg sync.WaitGroup
	turns := make(chan int)
	for range 2 {
		wg.Go(func() {
			for i := range turns {
				all[i], ins[i], failed[i] = oneProvince(ctx, filepath.Join(dir, fmt.Sprintf("province-%s-%d", now.Format(time.DateOnly), i)), uint64(i+2), now)
			}
		})
	}
	for i := range seeds {
		turns <- i
	}
	close(turns)
	wg.Wait()
	return slices.Concat(all...), ins[0], errors.Join(failed...)
}

// oneProvince builds a province, or finds one that an earlier run has built.
func oneProvince(ctx context.Context, dir string, seed uint64, now time.Time) ([]*template, []demo.SignIn, error) {
	if _, err := os.Stat(dir); err != nil {
		if err := buildProvince(ctx, dir+".new", seed, now); err != nil {
			return nil, nil, err
		}
		if err := os.Rename(dir+".new", dir); err != nil {
			return nil, nil, err
		}
	}
	path := filepath.Join(dir, "quay20.db")
	p, err := openProvince(ctx, path, demo.NewClock(now))
	if err != nil {
		return nil, nil, err
	}
	defer p.DB.Close()
	db, err := openLite(path)
	if err != nil {
		return nil, nil, err
	}
	defer db.Close()
	all, err := read(ctx, p, db)
	if err != nil {
		return nil, nil, err
	}
	ins, err := readSignIns(dir)
	return all, ins, err
}

func buildProvince(ctx context.Context, dir string, seed uint64, now time.Time) error {
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o700)); err != nil {
		return err
	}
	p, err := openProvince(ctx, filepath.Join(dir, "quay20.db"), demo.NewClock(now))
	if err != nil {
		return err
	}
	ins, err := p.Build(ctx, demo.Plan{Seed: seed, Until: now})
	return errors.Join(err, p.DB.Close(), keepSignIns(dir, ins))
}

// openProvince opens the books of a province on a database, with a clock that
// stands.
func openProvince(ctx context.Context, database string, clock *demo.Clock) (*demo.Province, error) {
	db, err := store.Open(ctx, database, store.Options{Now: clock.Now})
	if err != nil {
		return nil, err
	}
	law, err := packs.LaiChau()
	if err != nil {
		return nil, err
	}
	g, err := gazette.Open(ctx, db, law)
	if err != nil {
		return nil, err
	}
	return &demo.Province{
		DB: db, Law: g, Roll: officer.NewRoll(db, g.Law, officer.Options{}),
		Register: dossier.NewRegister(db, g.Law, trackingKey), Ledger: payment.NewLedger(db), Clock: clock,
	}, nil
}
