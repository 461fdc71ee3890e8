package journal_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"quay20/internal/journal"
	"quay20/internal/store"
	"quay20/internal/store/storetest"
)

// column of the journal, with the key that finds one row.
type column struct{ table, key, name string }

var mutable = func() (all []column) {
	for _, name := range []string{"n", "at", "officer", "capacity", "desk", "act", "subject", "reason", "law", "facts", "state"} {
		all = append(all, column{"journal_entry", "n", name})
	}
	return append(all,
		column{"journal_hash", "i", "i"}, column{"journal_hash", "i", "hash"},
		column{"journal_head", "one", "size"}, column{"journal_head", "one", "at"}, column{"journal_head", "one", "edge"})
}()

func someEntry(t *rapid.T) journal.Entry {
	word := rapid.StringOfN(rapid.RuneFrom([]rune("abcắệđ 09-/\n\"")), 0, 12, -1)
	facts, err := json.Marshal(map[string]string{"a": word.Draw(t, "fact")})
	if err != nil {
		t.Fatal(err)
	}
	return journal.Entry{
		Officer: word.Draw(t, "officer"), Capacity: word.Draw(t, "capacity"), Desk: word.Draw(t, "desk"),
		Act: "act" + word.Draw(t, "act"), Subject: "subject/" + word.Draw(t, "subject"),
		Reason: word.Draw(t, "reason"), Law: word.Draw(t, "law"), Facts: facts, State: word.Draw(t, "state"),
	}
}

// rel-I-J9: any single byte of any row, on both engines, by two verifiers.
func TestAnyChangedByteIsFound(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		k := keysOf(t)
		fill(t, db, 3)
		dir := witnessed(t, db, k)
		unlock(t, db)
		rapid.Check(t, func(r *rapid.T) {
			for range rapid.IntRange(0, 2).Draw(r, "more entries") {
				write(t, db, someEntry(r))
			}
			c := rapid.SampledFrom(mutable).Draw(r, "column")
			key, before := someRow(t, r, db, c)
			after := mutate(r, before)
			set(t, db, c, key, after)
			if c.name == c.key {
				key = after.(int64)
			}
			if report := verify(t, db, k, dir); report.OK() {
				r.Errorf("%v of row %v: %#v became %#v and was not found", c, key, before, after)
			}
			if err := second(t, db, k.Public(), dir); err == nil {
				r.Errorf("the second verifier did not find %v of row %v: %#v became %#v", c, key, before, after)
			}
			set(t, db, c, key, before)
			if report := verify(t, db, k, dir); !report.OK() {
				r.Fatalf("put right again: %s", found(report))
			}
		})
	})
}

// someRow picks a row and gives its key and its value in column c.
func someRow(t *testing.T, r *rapid.T, db *store.DB, c column) (key int64, value any) {
	err := db.Read(t.Context(), func(tx *store.Tx) error {
		type pair struct {
			key   int64
			value any
		}
		all, err := store.All(tx, func(row store.Row) (p pair, err error) { return p, row.Scan(&p.key, &p.value) },
			fmt.Sprintf("SELECT %s, %s FROM %s ORDER BY 1", c.key, c.name, c.table))
		if err != nil {
			return err
		}
		p := rapid.SampledFrom(all).Draw(r, "row")
		key, value = p.key, p.value
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return key, value
}

// mutate changes one byte: of a text one ASCII character, of an empty text its
// length, of a number one bit high enough to hit no other row.
func mutate(r *rapid.T, v any) any {
	if n, is := v.(int64); is {
		return n ^ 1<<rapid.IntRange(20, 40).Draw(r, "bit")
	}
	if b, is := v.([]byte); is {
		b = bytes.Clone(b)
		b[rapid.IntRange(0, len(b)-1).Draw(r, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(r, "bit")
		return b
	}
	b := []byte(v.(string))
	at := []int{}
	for i, c := range b {
		if c < 0x80 {
			at = append(at, i)
		}
	}
	if len(at) == 0 {
		return string(b) + "x"
	}
	i := rapid.SampledFrom(at).Draw(r, "byte")
	b[i] = b[i]%126 + 1
	return string(b)
}

func set(t *testing.T, db *store.DB, c column, key int64, v any) {
	err := db.Write(t.Context(), func(tx *store.Tx) error {
		if b, is := v.([]byte); is {
			_, err := tx.Exec(fmt.Sprintf("UPDATE %s SET %s = x'%x' WHERE %s = $1", c.table, c.name, b, c.key), key)
			return err
		}
		_, err := tx.Exec(fmt.Sprintf("UPDATE %s SET %s = $1 WHERE %s = $2", c.table, c.name, c.key), v, key)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
