package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"quay20/internal/applicant"
	"quay20/internal/dossier"
	"quay20/internal/officer"
	"quay20/internal/store"
)

// known is a stored dossier that somebody looks for.
type known struct {
	id, code, unit     string
	name, number, rare string
	phone, plate       string
}

// sample reads some dossiers from anywhere in the database.
func sample(ctx context.Context, db *sql.DB, n int) ([]known, error) {
	var first, last string
	if err := db.QueryRowContext(ctx, `SELECT MIN(id), MAX(id) FROM dossier`).Scan(&first, &last); err != nil {
		return nil, err
	}
	from, err := crockford.DecodeString(first)
	if err != nil {
		return nil, err
	}
	to, err := crockford.DecodeString(last)
	if err != nil {
		return nil, err
	}
	early, late := sixBytes(from), sixBytes(to)
	var all []known
	for tries := 0; len(all) < n && tries < 20*n; tries++ {
		b := make([]byte, 16)
		at := early + rand.Int64N(max(1, late-early))
		for i := range 6 {
			b[i] = byte(at >> (8 * (5 - i)))
		}
		var id, unit, body string
		err := db.QueryRowContext(ctx, `SELECT d.id, d.holder, d.body FROM dossier d WHERE d.id >= $1 ORDER BY d.id LIMIT 1`, crockford.EncodeToString(b)).Scan(&id, &unit, &body)
		if err != nil {
			return nil, err
		}
		if body, err = store.Unpress(body); err != nil {
			return nil, err
		}
		var d dossier.Dossier
		if err := json.Unmarshal([]byte(body), &d); err != nil {
			return nil, err
		}
		if d.Code == "" {
			continue
		}
		words := strings.Fields(applicant.Fold(d.Filer.Name))
		all = append(all, known{id: d.ID, code: string(d.Code), unit: unit, name: strings.Join(words, " "), number: d.Filer.IDNumber,
			phone: "0" + strings.TrimPrefix(d.Filer.Phone, "+84"), plate: d.Plate, rare: words[len(words)-1]})
	}
	return all, nil
}

func sixBytes(b []byte) (n int64) {
	for _, v := range b[:6] {
		n = n<<8 | int64(v)
	}
	return n
}

// head begins a request of an officer.
func (c *child) head(b *bytes.Buffer, method, path, token string) {
	fmt.Fprintf(b, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, path, c.Address)
	switch {
	case token == "":
	case strings.HasPrefix(path, "/api/"):
		fmt.Fprintf(b, "Authorization: Bearer %s\r\n", token)
	default:
		fmt.Fprintf(b, "Cookie: __Host-quay20=%s\r\n", token)
	}
}

func (c *child) get(b *bytes.Buffer, path, token string) {
	c.head(b, "GET", path, token)
	b.WriteString("\r\n")
}

func (c *child) post(b *bytes.Buffer, path, token, body string, more ...string) {
	c.head(b, "POST", path, token)
	for _, h := range more {
		b.WriteString(h + "\r\n")
	}
	fmt.Fprintf(b, "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
}

// of gives the token of an officer who serves in a role, the i-th such.
func (c *child) of(role officer.Role, i int) signedIn {
	var some []signedIn
	for _, o := range c.Officers {
		if o.Role == role {
			some = append(some, o)
		}
	}
	return some[i%len(some)]
}

// busiest is the processor whose unit holds most open dossiers.
func (c *child) busiest(ctx context.Context, db *sql.DB) (best signedIn, open int, err error) {
	for _, o := range c.Officers[:len(posts)] {
		if o.Role != officer.Processor {
			continue
		}
		var n int
		err = db.QueryRowContext(ctx, `SELECT COUNT(*) FROM dossier WHERE holder = $1 AND state IN ('accepted', 'processing')`, o.Unit).Scan(&n)
		if err != nil {
			return best, open, err
		}
		if n >= open {
			best, open = o, n
		}
	}
	return best, open, nil
}

// always asks for one page.
func (c *child) always(path, token string) request {
	return func(b *bytes.Buffer, n int64) { c.get(b, path, token) }
}

// search asks for what pick says of some dossier.
func (c *child) search(all []known, token string, pick func(known) string) request {
	return func(b *bytes.Buffer, n int64) {
		q, _ := json.Marshal(map[string]any{"q": pick(all[rand.IntN(len(all))]), "reason": "Người dân quên giấy hẹn", "limit": 20})
		c.post(b, "/api/v1/dossiers/search", token, string(q))
	}
}

// scene is one job that is measured on a filled database.
type scene struct {
	name  string
	n     int
	write request
	raw   func(ctx context.Context, db *sql.DB) error // the same rows by one statement, nothing else
}

// scenes are the jobs of the desk on a filled database.
func (c *child) scenes(ctx context.Context, db *sql.DB, all []known) ([]scene, error) {
	busy, open, err := c.busiest(ctx, db)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(os.Stderr, "  the busiest unit holds %d open dossiers\n", open)
	desk := c.of(officer.Receptionist, 0)
	z := citizens{host: c.Address}
	for _, k := range all {
		z.slips = append(z.slips, [2]string{k.code, trackingKey.Secret(k.id)})
	}
	seen := slices.DeleteFunc(slices.Clone(all), func(k known) bool { return k.unit != desk.Unit })
	two := func(k known) string { w := strings.Fields(k.name); return w[0] + " " + w[len(w)-1] }
	list := `SELECT body FROM dossier WHERE holder = $1 AND state = 'processing' AND due_at > '0' ORDER BY due_at, id LIMIT 51`
	found := `SELECT d.body FROM dossier_term t JOIN dossier d ON d.id = t.dossier WHERE t.term = $1 ORDER BY t.dossier DESC LIMIT 20`
	term := func(pick func(known) string) func(context.Context, *sql.DB) error {
		return func(ctx context.Context, db *sql.DB) error {
			_, err := column(ctx, db, found, strings.ToLower(strings.Map(dropMarks, pick(all[rand.IntN(len(all))]))))
			return err
		}
	}
	return []scene{
		{"intake", 32, c.intake(), nil},
		{"intake", 256, c.intake(), nil},
		{"tracking", 32, z.look(), nil},
		{"work list, API", 32, c.always("/api/v1/dossiers?queue=unit&limit=50", busy.Token), func(ctx context.Context, db *sql.DB) error {
			_, err := column(ctx, db, list, busy.Unit)
			return err
		}},
		{"work list, page", 8, c.always("/desk/work?queue=unit", busy.Token), nil},
		{"open a dossier", 32, func(b *bytes.Buffer, n int64) {
			c.get(b, "/api/v1/dossiers/"+seen[rand.IntN(len(seen))].code, desk.Token)
		}, nil},
		{"search: code's day and number", 4, c.search(all, desk.Token, func(k known) string { return k.code[strings.IndexByte(k.code, '-')+1:] }), term(func(k known) string { return k.code[strings.IndexByte(k.code, '-')+1:] })},
		{"search: identity number", 4, c.search(all, desk.Token, func(k known) string { return k.number }), term(func(k known) string { return k.number })},
		{"search: phone", 4, c.search(all, desk.Token, func(k known) string { return k.phone }), nil},
		{"search: whole name", 4, c.search(all, desk.Token, func(k known) string { return k.name }), nil},
		{"search: family and given name", 4, c.search(all, desk.Token, two), nil},
		{"search: given name", 4, c.search(all, desk.Token, func(k known) string { return k.rare }), term(func(k known) string { return k.rare })},
		{"search: the commonest word", 4, c.search(all, desk.Token, func(known) string { return "nguyen" }), term(func(known) string { return "nguyen" })},
		{"procedures found", 32, func(b *bytes.Buffer, n int64) {
			c.get(b, "/api/v1/procedures?q="+url.QueryEscape(asking[rand.IntN(len(asking))]), "")
		}, nil},
	}, nil
}

const procedurePage = "/tt/" + procedure

// asking is what people ask the catalogue.
var asking = []string{"ho chieu", "hộ chiếu", "dang ky xe", "tam tru", "tạm trú", "can cuoc", "căn cước công dân", "xac nhan cu tru", "con dau", "bien so", "hộ chíu", "xuat nhap canh"}

// rawLoad runs a statement as n readers for a time.
func rawLoad(ctx context.Context, db *sql.DB, n int, each time.Duration, one func(context.Context, *sql.DB) error) (result, error) {
	ctx, stop := context.WithTimeout(ctx, each)
	defer stop()
	times, errs := make([][]time.Duration, n), make(chan error, n)
	begun, used := time.Now(), ownCPU()
	for i := range n {
		go func() {
			for ctx.Err() == nil {
				at := time.Now()
				if err := one(ctx, db); err != nil && ctx.Err() == nil {
					errs <- err
					return
				}
				times[i] = append(times[i], time.Since(at))
			}
			errs <- nil
		}()
	}
	for range n {
		if err := <-errs; err != nil {
			return result{}, err
		}
	}
	flat := slices.Concat(times...)
	slices.Sort(flat)
	return result{Rate: float64(len(flat)) / time.Since(begun).Seconds(), P50: flat[len(flat)/2], P99: flat[len(flat)*99/100],
		CPU: (ownCPU() - used) / time.Duration(len(flat))}, nil
}

// place is a filled database.
type place struct {
	engine        string
	size          int64
	dir, database string
}

// open opens it for the bench's own statements.
func (at place) open() (*sql.DB, error) {
	if at.engine == "PostgreSQL" {
		return sql.Open("pgx", at.database)
	}
	return openLite(at.database)
}

// atSize measures every scene on a filled database.
func atSize(ctx context.Context, p plan, all *results, at place) error {
	c, err := start(at.dir, "-database", at.database, "-officers", "200")
	if err != nil {
		return err
	}
	defer c.stop()
	db, err := at.open()
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(32)
	db.SetMaxIdleConns(32)
	if at.engine == "PostgreSQL" {
		if c.server, err = serverOf(ctx, db); err != nil {
			return err
		}
	}
	if err := all.tableBytes(ctx, db, at); err != nil {
		return err
	}
	some, err := sample(ctx, db, 2000)
	if err != nil {
		return err
	}
	scenes, err := c.scenes(ctx, db, some)
	if err != nil {
		return err
	}
	for range p.rounds {
		for _, s := range scenes {
			w := what{s.name, s.n, at.size, at.engine}
			all.measure(ctx, c, w, s.write)
			w.Name += ", SQL alone"
			if s.raw == nil || !all.lacks(w) {
				continue
			}
			r, err := rawLoad(ctx, db, s.n, p.each/2, s.raw)
			if err != nil {
				return fmt.Errorf("%s: %w", w, err)
			}
			all.add(w, r)
		}
		if w := (what{"200 officers at work", 200, at.size, at.engine}); all.lacks(w) {
			if err := all.mixed(ctx, c, w, some); err != nil {
				return err
			}
		}
	}
	return c.stop()
}

// serverOf is the process of the PostgreSQL server.
func serverOf(ctx context.Context, db *sql.DB) (int, error) {
	var backend int
	if err := db.QueryRowContext(ctx, `SELECT pg_backend_pid()`).Scan(&backend); err != nil {
		return 0, err
	}
	server, _ := stat(backend)
	return server, nil
}

// tableBytes asks how large every table and index is.
func (r *results) tableBytes(ctx context.Context, db *sql.DB, at place) error {
	if !r.wants("bytes") {
		return nil
	}
	query := `SELECT name, SUM(pgsize) FROM dbstat WHERE aggregate = TRUE GROUP BY name`
	if at.engine == "PostgreSQL" {
		query = `SELECT relname::text, pg_relation_size(oid) + CASE WHEN reltoastrelid = 0 THEN 0 ELSE pg_relation_size(reltoastrelid) END FROM pg_class WHERE relkind IN ('r', 'i') AND relnamespace = current_schema()::regnamespace`
	}
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var bytes int64
		if err := rows.Scan(&name, &bytes); err != nil {
			return err
		}
		r.sizes[what{name, 0, at.size, at.engine}] = bytes
	}
	r.save()
	return rows.Err()
}
