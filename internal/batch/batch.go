// Package batch files many dossiers of one organisation from one table (nộp hồ
// sơ theo bảng). A table is first looked through, row by row, and nothing is
// filed; then its right rows are filed one by one, each as a dossier of its own
// that names who filed and whose it is. A row that was filed before is not filed
// again, however often the table is sent.
package batch

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"quay20/internal/applicant"
	"quay20/internal/dossier"
	"quay20/internal/job"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/text"
)

// State is where a table or one of its rows stands.
type State string

const (
	Checked State = "checked" // a table that was looked through; nothing is filed
	Filing  State = "filing"
	Done    State = "done"

	Right   State = "right"   // a row that can be filed
	Wrong   State = "wrong"   // one that cannot
	Filed   State = "filed"   // a dossier was made of it now
	Already State = "already" // or by an earlier table
	Left    State = "left"    // right or wrong, and not filed by choice
)

// Table is one that an organisation sent (bảng hồ sơ).
type Table struct {
	ID           string           `json:"id"`
	Organisation string           `json:"organisation"` // ID
	Account      string           `json:"account"`      // who sent it
	Procedure    string           `json:"procedure"`
	Desk         string           `json:"desk"` // unit code
	Authority    string           `json:"authority"`
	Filer        applicant.Person `json:"filer"`
	Owner        applicant.Person `json:"owner"` // the organisation
	Lang         string           `json:"lang"`
	State        State            `json:"state"`
	Made         time.Time        `json:"made"`
}

// Line is a row with what was found about it.
type Line struct {
	Row
	State State  `json:"state"`
	Key   string `json:"-"`
	Code  string `json:"code,omitempty"` // of its dossier
}

// Says words what is wrong with the row, or what became of it.
func (l Line) Says(lang text.Lang) string {
	var said []string
	for _, f := range l.Faults {
		s := text.Field(lang, f)
		if f.Name != "" {
			s = header(f.Name) + ": " + s
		}
		said = append(said, s)
	}
	if l.Code != "" {
		said = append(said, text.T(lang, "batch.row."+string(l.State), "code", l.Code))
	}
	return strings.Join(said, "; ")
}

// Counts are how many rows stand where.
type Counts map[State]int

// Of is the count of a state, for pages.
func (c Counts) Of(state string) int { return c[State(state)] }

// Over is how many rows were dealt with.
func (c Counts) Over() int { return c[Filed] + c[Already] + c[Wrong] + c[Left] }

// FileTable is the kind of the jobs that file a table's rows; args are its id.
const FileTable job.Kind = "batch-file"

const (
	keepTables = 30 * 24 * time.Hour
	keepFiled  = 400 * 24 * time.Hour // as idempotency keys of kits (rel-R26)
	mostTables = 30                   // of one organisation at a time
)

// Book is the book of tables.
type Book struct {
	db       *store.DB
	law      func() *pack.Pack
	register *dossier.Register
}

// NewBook opens the book.
func NewBook(db *store.DB, law func() *pack.Pack, register *dossier.Register) *Book {
	return &Book{db, law, register}
}

func ways() []string {
	return []string{text.T(text.Vi, "batch.return.counter"), text.T(text.Vi, "batch.return.electronic")}
}

// intake makes of a row what the register takes. Faults are by column.
func (t *Table) intake(r Row) (in dossier.Intake, faults []problem.Field) {
	c := r.Cells
	in = dossier.Intake{Channel: "online", Procedure: t.Procedure, Case: c["case"], FeeCase: c["fee_case"], Request: c["request"], Plate: c["plate"], Filer: t.Filer,
		Authority: t.Authority, Lang: t.Lang, ReturnBy: "counter", Accounts: []string{"organisation/" + t.Organisation, "account/" + t.Account}}
	owner := t.Owner
	if c["owner_name"] != "" {
		owner = applicant.Person{Kind: applicant.Citizen, Name: c["owner_name"], Born: c["owner_born"], IDNumber: c["owner_id"], Phone: c["owner_phone"],
			Address: c["owner_address"], Source: applicant.Typed}
		switch applicant.Fold(c["owner_sex"]) {
		case "":
		case "nam":
			owner.Sex = applicant.Male
		case "nu":
			owner.Sex = applicant.Female
		default:
			faults = append(faults, problem.Field{Name: "owner_sex", Key: "batch.err.sex"})
		}
	} else if c["owner_id"]+c["owner_born"]+c["owner_sex"]+c["owner_phone"]+c["owner_address"] != "" {
		faults = append(faults, problem.Field{Name: "owner_name", Key: "applicant.err.name-empty"})
	}
	in.Owner = &owner
	switch applicant.Fold(c["return_by"]) {
	case "", applicant.Fold(ways()[0]):
	case applicant.Fold(ways()[1]):
		in.ReturnBy = "electronic"
	default:
		faults = append(faults, problem.Field{Name: "return_by", Key: "batch.err.return", Args: []any{"ways", strings.Join(ways(), ", ")}})
	}
	return in, faults
}

// columnOf is the column in which a fault of the register is mended; "" is the
// row as a whole.
func columnOf(field string) string {
	of := map[string]string{"owner.name": "owner_name", "owner.born": "owner_born", "owner.sex": "owner_sex", "owner.id_number": "owner_id",
		"owner.id_kind": "owner_id", "owner.phone": "owner_phone", "owner.address": "owner_address"}
	return cmp.Or(of[field], map[bool]string{true: field}[slices.Contains(columns, field)])
}

// judge looks a row through as the register would.
func (t *Table) judge(r Row, w dossier.World) []problem.Field {
	in, faults := t.intake(r)
	faults = append(slices.Clone(r.Faults), faults...)
	u, ok := w.Law.Unit(t.Desk, pack.On(w.Now))
	if !ok {
		return append(faults, problem.Field{Key: "err.unit-unknown", Args: []any{"unit", t.Desk}})
	}
	in.Desk = u.Key
	_, _, err := dossier.File(in, w)
	if p, ok := problem.As(err); ok {
		for _, f := range p.Fields {
			faults = append(faults, problem.Field{Name: columnOf(f.Name), Key: f.Key, Args: f.Args})
		}
		if len(p.Fields) == 0 {
			faults = append(faults, problem.Field{Key: p.Key, Args: p.Args})
		}
	}
	return faults
}

// key tells a row from others of the organisation: by its own number if it has
// one, else by all that it says.
func (t *Table) key(r Row) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00%s\x00", t.Organisation, t.Procedure)
	if ref := r.Cells["ref"]; ref != "" {
		fmt.Fprintf(h, "ref\x00%s", applicant.Fold(ref))
	} else {
		for _, c := range columns {
			fmt.Fprintf(h, "%s\x00", applicant.Fold(r.Cells[c]))
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Check looks a table through and keeps it with what it found; nothing is filed.
func (b *Book) Check(ctx context.Context, t Table, rows []Row) (Table, error) {
	err := b.db.Write(ctx, func(tx *store.Tx) error {
		w := dossier.World{Now: tx.Now, Law: b.law()}
		id := make([]byte, 12)
		tx.Chance(id)
		t.ID, t.State, t.Made = hex.EncodeToString(id), Checked, tx.Now
		if err := b.forget(tx, t.Organisation); err != nil {
			return err
		}
		if err := t.insert(tx); err != nil {
			return err
		}
		seen := map[string]int{}
		for _, r := range rows {
			l := Line{Row: r, State: Right, Key: t.key(r)}
			l.Faults = t.judge(r, w)
			if first := seen[l.Key]; first != 0 {
				l.Faults = append(l.Faults, problem.Field{Name: "ref", Key: "batch.err.twice", Args: []any{"row", first}})
			}
			seen[l.Key] = r.N
			code, err := filed(tx, t.Organisation, l.Key)
			switch {
			case err != nil:
				return err
			case code != "":
				l.State, l.Code, l.Faults = Already, code, nil
			case len(l.Faults) > 0:
				l.State = Wrong
			}
			if err := l.insert(tx, t.ID); err != nil {
				return err
			}
		}
		return nil
	})
	return t, err
}

func (t Table) insert(tx *store.Tx) error {
	body, err := json.Marshal(t)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO batch (id, organisation, state, made, body) VALUES ($1, $2, $3, $4, $5)`, t.ID, t.Organisation, t.State, t.Made, string(body))
	if err != nil {
		return fmt.Errorf("keeping a table: %w", err)
	}
	return nil
}

func (l Line) insert(tx *store.Tx, table string) error {
	body, err := json.Marshal(l)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO batch_row (batch, n, key, state, body) VALUES ($1, $2, $3, $4, $5)`, table, l.N, l.Key, l.State, string(body))
	if err != nil {
		return fmt.Errorf("keeping row %d of a table: %w", l.N, err)
	}
	return nil
}

func (l Line) update(tx *store.Tx, table string) error {
	body, err := json.Marshal(l)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`UPDATE batch_row SET state = $1, body = $2 WHERE batch = $3 AND n = $4`, l.State, string(body), table, l.N)
	if err != nil {
		return fmt.Errorf("keeping row %d of a table: %w", l.N, err)
	}
	return nil
}

func scanText(r store.Row) (s string, err error) { return s, r.Scan(&s) }

// filed is the code of the dossier that a row became before, "" if none.
func filed(tx *store.Tx, organisation, key string) (string, error) {
	code, err := store.One(tx, scanText, `SELECT code FROM batch_filed WHERE organisation = $1 AND key = $2`, organisation, key)
	if errors.Is(err, store.ErrNone) {
		return "", nil
	}
	return code, err
}

// Find gives a table of an organisation with all its rows.
func (b *Book) Find(ctx context.Context, organisation, id string) (t Table, lines []Line, err error) {
	err = b.db.Read(ctx, func(tx *store.Tx) error {
		t, lines, err = find(tx, organisation, id)
		return err
	})
	return t, lines, err
}

func find(tx *store.Tx, organisation, id string) (t Table, lines []Line, err error) {
	t, err = store.One(tx, scanTable, `SELECT state, body FROM batch WHERE id = $1 AND organisation = $2`, id, organisation)
	if errors.Is(err, store.ErrNone) {
		return t, nil, problem.New(problem.NotFound, "err.not-found")
	}
	if err != nil {
		return t, nil, fmt.Errorf("reading a table: %w", err)
	}
	lines, err = store.All(tx, scanLine, `SELECT key, state, body FROM batch_row WHERE batch = $1 ORDER BY n`, id)
	if err != nil {
		return t, nil, fmt.Errorf("reading the rows of a table: %w", err)
	}
	return t, lines, nil
}

func scanTable(r store.Row) (t Table, err error) {
	var state State
	var body string
	if err = r.Scan(&state, &body); err == nil {
		err = json.Unmarshal([]byte(body), &t)
	}
	t.State = state
	return t, err
}

func scanLine(r store.Row) (l Line, err error) {
	var key, body string
	var state State
	if err = r.Scan(&key, &state, &body); err == nil {
		err = json.Unmarshal([]byte(body), &l)
	}
	l.Key, l.State = key, state
	return l, err
}

// Of lists the tables of an organisation, newest first.
func (b *Book) Of(ctx context.Context, organisation string) (list []Table, err error) {
	err = b.db.Read(ctx, func(tx *store.Tx) error {
		list, err = store.All(tx, scanTable, `SELECT state, body FROM batch WHERE organisation = $1 ORDER BY made DESC, id LIMIT $2`, organisation, mostTables)
		return err
	})
	return list, err
}

// Count says how many rows stand where.
func Count(lines []Line) Counts {
	c := Counts{}
	for _, l := range lines {
		c[l.State]++
	}
	return c
}

// File begins to file a table that was looked through: all of it, or with
// onlyRight its right rows. One with a wrong row is refused otherwise.
func (b *Book) File(ctx context.Context, organisation, id string, onlyRight bool) error {
	return b.db.Write(ctx, func(tx *store.Tx) error {
		t, lines, err := find(tx, organisation, id)
		if err != nil {
			return err
		}
		counts := Count(lines)
		switch {
		case t.State != Checked:
			return nil // sent twice: it is on its way
		case counts[Right] == 0:
			return problem.New(problem.Illegal, "batch.err.none-right")
		case counts[Wrong] > 0 && !onlyRight:
			return problem.New(problem.Illegal, "batch.err.wrong-rows", "n", counts[Wrong])
		}
		if _, err := tx.Exec(`UPDATE batch SET state = $1 WHERE id = $2`, Filing, id); err != nil {
			return fmt.Errorf("filing a table: %w", err)
		}
		return job.Enqueue(tx, FileTable, [2]string{organisation, id})
	})
}

// Work files the rows of a table that still can be. May says anew for each row
// whether who sent it still may file for the organisation. Asked twice, it goes
// on where it stopped.
func (b *Book) Work(ctx context.Context, organisation, id string, may func(context.Context, Table, pack.Date) (bool, error)) error {
	var on pack.Date
	var t Table
	var lines []Line
	err := b.db.Read(ctx, func(tx *store.Tx) (err error) {
		on = pack.On(tx.Now)
		t, lines, err = find(tx, organisation, id)
		return err
	})
	if err != nil || t.State != Filing {
		return err
	}
	for _, l := range lines {
		if l.State != Right {
			continue
		}
		allowed, err := may(ctx, t, on)
		if err != nil {
			return err
		}
		if !allowed {
			l.State, l.Faults = Wrong, []problem.Field{{Key: "batch.err.authority"}}
			err = b.db.Write(ctx, func(tx *store.Tx) error { return l.update(tx, t.ID) })
		} else {
			err = b.file(ctx, t, l)
		}
		if err != nil {
			return err
		}
	}
	return b.db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE batch SET state = $1 WHERE id = $2`, Done, t.ID)
		return err
	})
}

// file makes a dossier of one row, and notes it in the same transaction.
func (b *Book) file(ctx context.Context, t Table, l Line) error {
	in, _ := t.intake(l.Row)
	noted := false
	d, err := b.register.FileWith(ctx, in, t.Desk, "batch/"+l.Key, func(tx *store.Tx, d dossier.Dossier) error {
		noted = true
		now := l
		now.State, now.Code = Filed, string(d.Code)
		if err := now.update(tx, t.ID); err != nil {
			return err
		}
		_, err := tx.Exec(`INSERT INTO batch_filed (organisation, key, code, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`, t.Organisation, l.Key, d.Code, tx.Now)
		return err
	})
	p, refused := problem.As(err)
	switch {
	case err == nil && noted:
		return nil
	case err == nil: // another table was quicker
		l.State, l.Code = Already, string(d.Code)
	case !refused || p.Kind == problem.Unavailable:
		return fmt.Errorf("filing row %d of table %s: %w", l.N, t.ID, err)
	default:
		l.State, l.Faults = Wrong, append(slices.Clone(p.Fields), problem.Field{Key: p.Key, Args: p.Args})
		for i, f := range l.Faults {
			l.Faults[i].Name = columnOf(f.Name)
		}
	}
	return b.db.Write(ctx, func(tx *store.Tx) error { return l.update(tx, t.ID) })
}

// forget lets go of the organisation's oldest tables beyond the bound.
func (b *Book) forget(tx *store.Tx, organisation string) error {
	old, err := store.All(tx, scanText, `SELECT id FROM batch WHERE organisation = $1 AND state <> $2 ORDER BY made DESC, id LIMIT 1000`, organisation, Filing)
	if err != nil {
		return fmt.Errorf("reading old tables: %w", err)
	}
	for _, id := range old[min(len(old), mostTables-1):] {
		if err := erase(tx, id); err != nil {
			return err
		}
	}
	return nil
}

func erase(tx *store.Tx, id string) error {
	for _, q := range []string{`DELETE FROM batch_row WHERE batch = $1`, `DELETE FROM batch WHERE id = $1`} {
		if _, err := tx.Exec(q, id); err != nil {
			return fmt.Errorf("erasing a table: %w", err)
		}
	}
	return nil
}

// Age erases tables after a month; the dossiers stay.
func (b *Book) Age(ctx context.Context) error {
	return b.db.Write(ctx, func(tx *store.Tx) error {
		old, err := store.All(tx, scanText, `SELECT id FROM batch WHERE made < $1 ORDER BY made LIMIT 100`, tx.Now.Add(-keepTables))
		if err != nil {
			return fmt.Errorf("reading old tables: %w", err)
		}
		for _, id := range old {
			if err := erase(tx, id); err != nil {
				return err
			}
		}
		_, err = tx.Exec(`DELETE FROM batch_filed WHERE at < $1`, tx.Now.Add(-keepFiled))
		return err
	})
}
