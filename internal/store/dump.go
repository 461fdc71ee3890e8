package store

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
)

// Table is one of our tables as any database can make it again.
type Table struct {
	Name    string   `json:"name"`
	Columns []Column `json:"columns"` // by name
}

// Column is a column of a Table. Kind is what it holds, in the words of the
// migrations: TEXT, BIGINT or BOOLEAN.
type Column struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
	key  int    // place in the primary key, from 1
}

// kinds are the types that both engines keep alike.
var kinds = []string{"TEXT", "BIGINT", "BOOLEAN"}

// columns of SQLite are asked for with the words in which they were made.
// INTEGER is what it calls a BIGINT in whose order the table lies.
func (e *lite) columns() string {
	return `SELECT m.name, c.name, CASE c.type WHEN 'INTEGER' THEN 'BIGINT' ELSE c.type END, c.pk FROM sqlite_master m, pragma_table_info(m.name) c
		WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite~_%' ESCAPE '~'`
}

func (e *postgres) columns() string {
	return `SELECT t.relname::text, c.attname::text, UPPER(format_type(c.atttypid, c.atttypmod)),
			COALESCE(array_position(i.indkey::int2[], c.attnum), -1) + 1
		FROM pg_class t JOIN pg_attribute c ON c.attrelid = t.oid AND c.attnum > 0 AND NOT c.attisdropped
		LEFT JOIN pg_index i ON i.indrelid = t.oid AND i.indisprimary
		WHERE t.relnamespace = current_schema()::regnamespace AND t.relkind IN ('r', 'p') AND NOT t.relispartition`
}

// gooseTable is the list of migrations that ran; a database makes its own.
const gooseTable = "goose_db_version"

// Tables lists all tables of the database by name, but for the list of
// migrations, which Applied tells. It refuses what another engine could not
// keep alike.
func Tables(tx *Tx) ([]Table, error) {
	type line struct {
		table string
		Column
	}
	lines, err := All(tx, func(r Row) (l line, err error) {
		return l, r.Scan(&l.table, &l.Name, &l.Kind, &l.key)
	}, tx.engine.columns())
	if err != nil {
		return nil, fmt.Errorf("listing the tables: %w", err)
	}
	slices.SortFunc(lines, func(a, b line) int {
		return cmp.Or(strings.Compare(a.table, b.table), strings.Compare(a.Name, b.Name))
	})
	var all []Table
	for _, l := range lines {
		if l.table == gooseTable {
			continue
		}
		if !slices.Contains(kinds, l.Kind) {
			return nil, fmt.Errorf("table %s: column %s is %s; only %v are alike in both engines", l.table, l.Name, l.Kind, kinds)
		}
		if len(all) == 0 || all[len(all)-1].Name != l.table {
			all = append(all, Table{Name: l.table})
		}
		t := &all[len(all)-1]
		t.Columns = append(t.Columns, l.Column)
	}
	return all, nil
}

// names lists the table's columns; key those of its primary key in order, all
// if it has none.
func (t Table) names() (names, key []string) {
	var primary []Column
	for _, c := range t.Columns {
		names = append(names, c.Name)
		if c.key > 0 {
			primary = append(primary, c)
		}
	}
	slices.SortFunc(primary, func(a, b Column) int { return cmp.Compare(a.key, b.key) })
	for _, c := range primary {
		key = append(key, c.Name)
	}
	if key == nil {
		key = names
	}
	return names, key
}

// Rows gives the rows of a table that Tables listed, in the order of its key:
// for each column a string, int64, bool or nil. The slice is used again for
// the next row. Rows that equal tables have are equal on both engines.
func Rows(tx *Tx, t Table) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		names, key := t.names()
		values, into := make([]any, len(names)), make([]any, len(names))
		for i := range values {
			into[i] = &values[i]
		}
		stopped := false
		err := tx.each(fmt.Sprintf("SELECT %s FROM %s ORDER BY %s", strings.Join(names, ", "), t.Name, strings.Join(key, ", ")), nil,
			func(r Row) (bool, error) {
				if err := r.Scan(into...); err != nil {
					return false, err
				}
				for i, c := range t.Columns {
					v, ok := c.own(t.Name, values[i])
					if !ok {
						return false, fmt.Errorf("column %s holds %T, not %s", c.Name, v, c.Kind)
					}
					values[i] = v
				}
				stopped = !yield(values, nil)
				return !stopped, nil
			})
		if err != nil && !stopped {
			yield(nil, fmt.Errorf("reading table %s: %w", t.Name, err))
		}
	}
}

// Count is the number of rows of a table that Tables listed.
func Count(tx *Tx, t Table) (int64, error) {
	n, err := One(tx, func(r Row) (n int64, err error) { return n, r.Scan(&n) }, "SELECT COUNT(*) FROM "+t.Name)
	if err != nil {
		return 0, fmt.Errorf("counting the rows of %s: %w", t.Name, err)
	}
	return n, nil
}

// own gives a value in the form that both engines have alike, if it is of the
// column's kind: SQLite would keep anything anywhere, and truth as a number.
func (c Column) own(table string, v any) (any, bool) {
	switch v := v.(type) {
	case []byte:
		if !pressedColumns[table+"."+c.Name] || len(v) < 3 || v[0] != pressedMark || v[1]&isBytes == 0 {
			return v, false
		}
		return Pressed{bytes: v}.String(), true
	case nil:
		return v, true
	case string:
		return v, c.Kind == "TEXT"
	case int64:
		if c.Kind == "BOOLEAN" && (v == 0 || v == 1) {
			return v == 1, true
		}
		return v, c.Kind == "BIGINT"
	case bool:
		return v, c.Kind == "BOOLEAN"
	}
	return v, false
}

// Applied lists the migrations that ran on the database.
func Applied(tx *Tx) ([]int64, error) {
	versions, err := All(tx, func(r Row) (n int64, err error) { return n, r.Scan(&n) },
		"SELECT version_id FROM "+gooseTable+" WHERE is_applied AND version_id > 0 ORDER BY version_id")
	if err != nil {
		return nil, fmt.Errorf("listing the migrations that ran: %w", err)
	}
	return versions, nil
}
