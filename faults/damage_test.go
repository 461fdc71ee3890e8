package faults

import (
	"bytes"
	"database/sql"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"quay20/internal/journal"
	"quay20/internal/store"
)

// rel-F04, rel-I-J7: the tail of the write-ahead log or of the database is cut,
// overwritten, or one bit of it flips. SQLite opens what is left and calls it
// whole; the start of the program must not. Every loss or change of an entry at
// or below the last copied head is reported at start; what was written after
// that head is the remainder that nothing proves, and is counted here.
func TestDamagedTails(t *testing.T) {
	t.Parallel()
	n := newNode(t, "")
	c := newClient(t, n)
	s := n.mustServe()
	stop := make(chan struct{})
	wg := c.load(s.url, 8, stop)
	for len(c.heads(t)) < 5 || c.acknowledged() < 300 {
		time.Sleep(20 * time.Millisecond)
	}
	for before := c.acknowledged(); c.acknowledged() < before+30; { // what no head covers yet
		time.Sleep(2 * time.Millisecond)
	}
	s.kill() // most of it still stands in the log alone, as after a crash
	close(stop)
	wg.Wait()
	whole := n.entries(t, n.dir)
	proven := c.heads(t)[len(c.heads(t))-1]
	most := rounds(60, 300)
	var lost, reported, refused, unproven, harmless, served int
	for round := range most {
		copied := n.copyTo(t, filepath.Join(folder(t), "node"))
		how := spoil(t, copied, round)
		said := copied.openAt(t)
		left, err := copied.entriesLeft()
		switch {
		case err != nil:
			refused++ // it does not open, and says so
			if said == nil {
				t.Errorf("round %d (%s): the program opens it, the comparison cannot: %v", round, how, err)
			}
		case missing(whole, left, proven) > 0:
			lost++
			if said == nil {
				t.Errorf("round %d (%s): %d proven entries are gone and nothing is said", round, how, missing(whole, left, proven))
				continue
			}
			reported++
			if served < 12 {
				served++
				copied.servesReadOnly(c, how)
			}
		case missing(whole, left, int64(len(whole))) > 0:
			unproven++
		default:
			harmless++
		}
		os.RemoveAll(filepath.Dir(copied.dir))
	}
	if lost == 0 || served == 0 {
		t.Errorf("no copy lost a proven entry: nothing is tried")
	}
	report(t, result{Fault: "F04", Variant: "damaged tails of log and database", Engine: "sqlite", Rounds: most, Injected: most, Acknowledged: c.acknowledged(), Lost: lost - reported,
		Remark: fmt.Sprintf("%d lost proven entries, %d of them reported at start; %d did not open; %d lost only entries after the last head (%d of %d proven); %d lost nothing; %d served and asked",
			lost, reported, refused, unproven, proven, len(whole), harmless, served)})
}

// heads are the sizes of the heads copied so far.
func (c *client) heads(t testing.TB) (sizes []int64) {
	t.Helper()
	logs, err := filepath.Glob(filepath.Join(c.n.witness(), "heads-*.log"))
	must(t, err)
	for _, name := range logs {
		b, err := os.ReadFile(name)
		must(t, err)
		for _, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
			var size int64
			if parts := strings.SplitN(line, `\n`, 3); len(parts) == 3 {
				fmt.Sscan(parts[1], &size)
			}
			if size > 0 {
				sizes = append(sizes, size)
			}
		}
	}
	return sizes
}

// spoil damages the end of the copy's log or database and says how.
func spoil(t testing.TB, n *node, round int) string {
	t.Helper()
	os.Remove(n.file() + "-shm")
	name := n.file() + "-wal"
	if round%4 == 3 {
		name = n.file()
	}
	b, err := os.ReadFile(name)
	must(t, err)
	if len(b) == 0 {
		t.Fatalf("%s is empty: there is nothing to damage", name)
	}
	end := len(b)
	if name != n.file() {
		end = liveLog(b)
	}
	at := rand.IntN(end)
	if rand.IntN(2) == 0 { // rather near the end
		at = end - 1 - rand.IntN(1+rand.IntN(end))
	}
	how := ""
	switch round % 3 {
	case 0:
		how = fmt.Sprintf("cut by %d bytes", len(b)-at)
		b = b[:at]
	case 1:
		end := min(end, at+1+rand.IntN(4096))
		how = fmt.Sprintf("%d bytes overwritten", end-at)
		for i := at; i < end; i++ {
			b[i] = byte(rand.IntN(256))
		}
	case 2:
		how = "one bit flipped"
		b[at] ^= 1 << rand.IntN(8)
	}
	must(t, os.WriteFile(name, b, 0o600))
	return fmt.Sprintf("%s: %s at %d of %d", filepath.Base(name), how, at, len(b))
}

// liveLog is where the frames of this turn of the log end; what follows was
// folded into the database long ago.
func liveLog(b []byte) int {
	const header, frame = 32, 24
	page := int(binary.BigEndian.Uint32(b[8:]))
	end := header
	for end+frame+page <= len(b) && bytes.Equal(b[16:24], b[end+8:end+16]) {
		end += frame + page
	}
	return end
}

// openAt does what the program does at start and gives what it refuses with.
func (n *node) openAt(t testing.TB) error {
	t.Helper()
	db, err := store.Open(t.Context(), n.file(), store.Options{Now: time.Now})
	if err != nil {
		return err
	}
	defer db.Close()
	keys, err := journal.LoadKeys(filepath.Join(n.dir, "keys"))
	must(t, err)
	return journal.Extends(t.Context(), db, keys, n.witness())
}

const entryColumns = `n || ' ' || at || ' ' || officer || ' ' || capacity || ' ' || desk || ' ' || act || ' ' || subject || ' ' || reason || ' ' || law || ' ' || facts || ' ' || state`

// entries are the journal's entries of a whole copy, by number.
func (n *node) entries(t testing.TB, dir string) map[int64]string {
	t.Helper()
	copied := n.copyTo(t, filepath.Join(folder(t), "node"))
	all, err := copied.entriesLeft()
	must(t, err)
	return all
}

func (n *node) entriesLeft() (map[int64]string, error) {
	db, err := sql.Open("sqlite", n.file())
	if err != nil {
		return nil, err
	}
	defer db.Close()
	rows, err := db.Query(`SELECT n, ` + entryColumns + ` FROM journal_entry`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	all := map[int64]string{}
	for rows.Next() {
		var n int64
		var text string
		if err := rows.Scan(&n, &text); err != nil {
			return nil, err
		}
		all[n] = text
	}
	return all, rows.Err()
}

// missing counts the entries up to most that are not as they were.
func missing(whole, left map[int64]string, most int64) (n int) {
	for i := int64(1); i <= most; i++ {
		if whole[i] != left[i] {
			n++
		}
	}
	return n
}

// servesReadOnly starts the program on a copy that lost proven entries: it says
// which, refuses what must be saved with plain words, and goes on reading.
func (n *node) servesReadOnly(c *client, how string) {
	n.t.Helper()
	s, err := n.serve()
	if err != nil { // what is read at start does not open: it says so and ends
		if !strings.Contains(err.Error(), "khôi phục") {
			n.t.Errorf("%s: it does not start, without saying what to do: %v", how, err)
		}
		return
	}
	defer s.stop()
	if !strings.Contains(s.log.String(), "chỉ phục vụ để đọc") {
		n.t.Errorf("%s: it serves without saying that it is for reading only:\n%s", how, s.log)
	}
	own := &client{n: n, http: http.DefaultClient, file: c.file, acks: map[string]ack{}, unsure: map[string]asked{}, refused: map[int]int{}, said: map[string]int{}, people: 77_000_000}
	got, err := own.send(s.url, own.intake("later"))
	if err != nil || got.status != http.StatusServiceUnavailable || got.header.Get("Retry-After") == "" || !strings.HasPrefix(got.Code, "journal.") || got.Title == "" {
		n.t.Errorf("%s: an intake is answered %d %s «%s» Retry-After %q, %v; want 503 with why", how, got.status, got.Code, got.Title, got.header.Get("Retry-After"), err)
	}
	for _, page := range []string{"/", "/tra-cuu", "/thu-tuc", "/api/v1/procedures"} {
		res, err := http.Get(s.url + page)
		if err != nil || res.StatusCode != http.StatusOK {
			n.t.Errorf("%s: %s is answered %v, %v", how, page, res, err)
			continue
		}
		res.Body.Close()
	}
	if ok, said := n.verify(); ok {
		n.t.Errorf("%s: verify finds nothing: %s", how, said)
	}
}

// rel-F04, rel-I-X2: pages in the midst of the database are spoilt, longer ago
// than the start looks. Whoever needs them is told so in plain words and with
// 503, never with a fault of ours; other pages go on, the desk says it, and
// verify finds whatever any of them met.
func TestDamagedPages(t *testing.T) {
	t.Parallel()
	made := newNode(t, "")
	c := newClient(t, made)
	s := made.mustServe()
	stop := make(chan struct{})
	wg := c.load(s.url, 8, stop)
	waitFor(t, "some work", func() bool { return c.acknowledged() >= 200 })
	close(stop)
	wg.Wait()
	s.stop()
	some := c.acks[c.order[0]]
	most := rounds(6, 40)
	refused, told, found := 0, 0, 0
	for round := range most {
		n := made.copyTo(t, filepath.Join(folder(t), "node"))
		b, err := os.ReadFile(n.file())
		must(t, err)
		for spoilt := 0; spoilt < 1+round%4; {
			page := b[4096*(1+rand.IntN(len(b)/4096-1)):][:4096]
			if round%2 == 1 && !bytes.Contains(page, []byte(some.ID)) { // where a dossier is told of
				continue
			}
			spoilt++
			for i := range page {
				page[i] = byte(rand.IntN(256))
			}
		}
		must(t, os.WriteFile(n.file(), b, 0o600))
		whole, _ := n.verify() // as it is when only free pages are spoilt
		s, err := n.serve()
		if err != nil {
			refused++
			if whole {
				t.Errorf("round %d: it does not start, and verify finds nothing: %v", round, err)
			}
			if !strings.Contains(err.Error(), "khôi phục") {
				t.Errorf("round %d: it does not start, without saying what to do: %v", round, err)
			}
			continue
		}
		told503 := 0
		look := func(path, token string) {
			status, body, header := page(t, s.url+path, token)
			switch status {
			case http.StatusOK, http.StatusNotFound:
			case http.StatusServiceUnavailable:
				told503++
				if header.Get("Retry-After") == "" || !strings.Contains(body, "quay20 verify") && !strings.Contains(body, "không ghi được") && !strings.Contains(body, "không lưu được") {
					t.Errorf("round %d: %s is refused without what to do: %s", round, path, body)
				}
			default:
				t.Errorf("round %d: %s is answered %d", round, path, status)
			}
		}
		for _, path := range []string{"/", "/tra-cuu", "/desk", "/desk/register", "/api/v1/procedures"} {
			look(path, n.people.desk)
		}
		for key := range c.acks {
			look("/desk/dossiers/"+c.acks[key].ID, n.people.desk)
		}
		if told503 > 0 {
			told++
			if whole {
				t.Errorf("round %d: %d pages met damage that verify does not find", round, told503)
			}
			if status, body, _ := page(t, s.url+"/desk", n.people.desk); status == http.StatusOK && !strings.Contains(body, "không đọc được") && !strings.Contains(body, "không ghi được") && !strings.Contains(body, "chỉ còn cho đọc") {
				t.Errorf("round %d: %d pages were refused and the desk is not told; the log:\n%s", round, told503, s.log)
			}
		}
		if !whole {
			found++
		}
		s.kill()
		os.RemoveAll(filepath.Dir(n.dir))
	}
	if told == 0 {
		t.Errorf("no page met a spoilt one: nothing is tried")
	}
	report(t, result{Fault: "F04", Variant: "pages in the midst of the database spoilt", Engine: "sqlite", Rounds: most, Injected: most, Acknowledged: c.acknowledged(),
		Remark: fmt.Sprintf("%d did not start and said why; of the others verify found %d, and in %d pages met the damage and said so", refused, found, told)})
}
