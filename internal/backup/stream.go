package backup

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"

	"quay20/internal/store"
)

// The records of a backup's content, each begun by its letter:
//
//	f name bytes      a file of the data folder
//	t table           a table: its name and columns as JSON
//	r value …         a row of the table above, a value for each column
//	e rows sha256     the table's end: how many rows, and the hash of their records
//	z                 the end of all
//
// A value is n (nothing), s and a text, i and a number, y or o (true, false).
// Lengths and numbers are varints.
const (
	recFile, recTable, recRow, recEnd, recLast = 'f', 't', 'r', 'e', 'z'

	valNone, valText, valNumber, valTrue, valFalse = 'n', 's', 'i', 'y', 'o'
)

// longest is the length of the longest value that is read.
const longest = 1 << 28

// errContent is content that Make cannot have written.
var errContent = errors.New("the content is not what a backup holds")

// Sum is what a table comes to: equal sums, equal rows.
type Sum struct {
	Table string
	Rows  int64
	Hash  string // SHA-256 of its rows, hexadecimal
}

// counter takes the sum of a table's rows.
type counter struct {
	rows int64
	hash hash.Hash
	buf  []byte
}

// add takes in a row and gives its record.
func (c *counter) add(values []any) []byte {
	b := append(c.buf[:0], recRow)
	for _, v := range values {
		switch v := v.(type) {
		case string:
			b = append(binary.AppendUvarint(append(b, valText), uint64(len(v))), v...)
		case int64:
			b = binary.AppendVarint(append(b, valNumber), v)
		case bool:
			if v {
				b = append(b, valTrue)
			} else {
				b = append(b, valFalse)
			}
		default:
			b = append(b, valNone)
		}
	}
	c.rows++
	c.hash.Write(b)
	c.buf = b
	return b
}

func (c *counter) sum(table string) Sum {
	return Sum{table, c.rows, hex.EncodeToString(c.hash.Sum(nil))}
}

// sums takes the sum of every table as it stands in tx; each record of a row
// is given to write.
func sums(tx *store.Tx, begin func(store.Table) error, write func([]byte) error, end func(Sum) error) ([]Sum, error) {
	tables, err := store.Tables(tx)
	if err != nil {
		return nil, err
	}
	var all []Sum
	for _, t := range tables {
		if err := begin(t); err != nil {
			return nil, err
		}
		c := counter{hash: sha256.New()}
		for values, err := range store.Rows(tx, t) {
			if err == nil {
				err = write(c.add(values))
			}
			if err != nil {
				return nil, err
			}
		}
		all = append(all, c.sum(t.Name))
		if err := end(all[len(all)-1]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Sums takes the sum of every table of a database.
func Sums(tx *store.Tx) ([]Sum, error) {
	return sums(tx, func(store.Table) error { return nil }, func([]byte) error { return nil }, func(Sum) error { return nil })
}

// writer writes records.
type writer struct{ *bufio.Writer }

func (w writer) text(s string) error {
	w.Write(binary.AppendUvarint(nil, uint64(len(s))))
	_, err := w.WriteString(s)
	return err
}

func (w writer) file(name string, content []byte) error {
	w.WriteByte(recFile)
	w.text(name)
	return w.text(string(content))
}

func (w writer) tables(tx *store.Tx) ([]Sum, error) {
	begin := func(t store.Table) error {
		b, err := json.Marshal(t)
		if err != nil {
			return err
		}
		w.WriteByte(recTable)
		return w.text(string(b))
	}
	row := func(b []byte) error { _, err := w.Write(b); return err }
	end := func(s Sum) error {
		sum, err := hex.DecodeString(s.Hash)
		w.WriteByte(recEnd)
		w.Write(binary.AppendUvarint(nil, uint64(s.Rows)))
		w.Write(sum)
		return err
	}
	return sums(tx, begin, row, end)
}

// reader reads records.
type reader struct{ *bufio.Reader }

func (r reader) bytes() ([]byte, error) {
	n, err := binary.ReadUvarint(r)
	if err != nil {
		return nil, err
	}
	if n > longest {
		return nil, errContent
	}
	if n < 1<<16 {
		b := make([]byte, n)
		_, err = io.ReadFull(r, b)
		return b, err
	}
	var b bytes.Buffer // grows with what is really there
	_, err = io.CopyN(&b, r, int64(n))
	return b.Bytes(), err
}

func (r reader) file() (name string, content []byte, err error) {
	b, err := r.bytes()
	if err != nil {
		return "", nil, err
	}
	content, err = r.bytes()
	return string(b), content, err
}

func (r reader) table() (t store.Table, err error) {
	b, err := r.bytes()
	if err != nil {
		return t, err
	}
	if err := json.Unmarshal(b, &t); err != nil {
		return t, fmt.Errorf("%w: %w", errContent, err)
	}
	return t, nil
}

// rows reads the rows of a table and its end, whose sum must be theirs.
func (r reader) rows(t store.Table, into *Sum) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		c := counter{hash: sha256.New()}
		values := make([]any, len(t.Columns))
		for {
			kind, err := r.ReadByte()
			if err == nil && kind == recEnd {
				err = r.end(c.sum(t.Name), into)
				if err == nil {
					return
				}
			}
			if err == nil {
				err = r.row(values)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			c.add(values)
			if !yield(values, nil) {
				return
			}
		}
	}
}

func (r reader) row(values []any) error {
	for i := range values {
		kind, err := r.ReadByte()
		if err != nil {
			return err
		}
		switch kind {
		case valNone:
			values[i] = nil
		case valTrue, valFalse:
			values[i] = kind == valTrue
		case valNumber:
			values[i], err = binary.ReadVarint(r)
		case valText:
			var b []byte
			b, err = r.bytes()
			values[i] = string(b)
		default:
			err = errContent
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r reader) end(have Sum, into *Sum) error {
	rows, err := binary.ReadUvarint(r)
	if err != nil {
		return err
	}
	hash := make([]byte, sha256.Size)
	if _, err := io.ReadFull(r, hash); err != nil {
		return err
	}
	*into = Sum{have.Table, int64(rows), hex.EncodeToString(hash)}
	if *into != have {
		return fmt.Errorf("table %s: %w", have.Table, errContent)
	}
	return nil
}
