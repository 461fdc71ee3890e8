package backup_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"filippo.io/age"
	"pgregory.net/rapid"

	"quay20/internal/backup"
	"quay20/internal/demo"
	"quay20/internal/demo/demotest"
	"quay20/internal/dossier"
	"quay20/internal/gazette"
	"quay20/internal/journal"
	"quay20/internal/officer"
	"quay20/internal/payment"
	"quay20/internal/problem"
	"quay20/internal/store"
	"quay20/internal/store/storetest"
	"quay20/internal/text"
	"quay20/internal/upload"
	"quay20/internal/upload/uploadtest"
	"quay20/packs"
)

const mark = "demo-signins.json"

// node is a house with a few dossiers, and its recovery key.
type node struct {
	*demo.Province
	demotest.Staff
	backup.House
	db       *store.DB
	place    backup.Place
	recovery []age.Identity
	slip     dossier.Dossier // handed out before any backup
	photo    upload.Held     // a file that was sent
}

// stand makes a node on a database.
func stand(t *testing.T, address string) *node {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "data")
	n := &node{place: backup.Place{Database: address, Folder: folder, Files: filepath.Join(folder, "files"), Witness: folder + "-witness", Mark: mark}}
	clock := storetest.NewClock(storetest.Start)
	n.place.Store = store.Options{Now: clock.Now, Readers: 4}
	keys := filepath.Join(folder, "keys")
	k, err := journal.LoadKeys(keys)
	must(t, err)
	must(t, os.WriteFile(filepath.Join(keys, "tracking.key"), demotest.Key, 0o600))
	secret, _, err := backup.Recovery(keys)
	must(t, err)
	id, err := age.ParseX25519Identity(secret)
	must(t, err)
	n.recovery = []age.Identity{id}
	n.db = storetest.Open(t, address, clock)
	n.House = backup.House{DB: n.db, Keys: k, Folder: folder, Files: filepath.Join(folder, "files"), Mark: mark}
	n.Province = demotest.At(t, n.db)
	n.Staff = demotest.Hire(t, n.Province)
	n.slip = n.receive(t)
	shelf, err := upload.Open(t.Context(), n.db, n.House.Files, upload.Options{})
	must(t, err)
	n.photo, err = shelf.Put(t.Context(), upload.Sent{Owner: "filing/A", Slot: "1", Name: "a.jpg"}, uploadtest.Photo(300, 200))
	must(t, err)
	must(t, shelf.Close())
	n.copyHead(t)
	return n
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (n *node) receive(t testing.TB) dossier.Dossier {
	t.Helper()
	d, err := n.Province.Receive(context.Background(), n.Staff.Desk, "1.001456")
	must(t, err)
	return d
}

func (n *node) copyHead(t testing.TB) {
	t.Helper()
	must(t, (&journal.Witness{DB: n.db, Keys: n.House.Keys, Dir: n.place.Witness}).Copy(t.Context()))
}

// backUp writes a backup of the node to a new file.
func (n *node) backUp(t *testing.T) (string, backup.Header) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "house.backup")
	head, err := n.Make(t.Context(), path)
	must(t, err)
	return path, head
}

// prove opens the file and brings it back beside the place.
func prove(t *testing.T, path string, keys []age.Identity, place backup.Place, lossy bool) (*backup.Proof, error) {
	t.Helper()
	f, err := backup.Open(path)
	if err != nil {
		return nil, err
	}
	p, err := place.Prove(t.Context(), f, keys, lossy, check)
	if err == nil {
		t.Cleanup(func() { p.Close(context.Background()) })
	}
	return p, err
}

// check is every check that the house makes.
func check(ctx context.Context, s backup.Side) (f backup.Found, err error) {
	law, err := packs.LaiChau()
	if err != nil {
		return f, err
	}
	g, err := gazette.Open(ctx, s.DB, law)
	if err != nil {
		return f, err
	}
	register := dossier.NewRegister(s.DB, g.Law, demotest.Key)
	report, err := journal.Verify(ctx, s.DB, s.Keys, s.Witness,
		append(payment.Protected(), register.Protected(), gazette.Protected(), officer.Protected())...)
	for _, fault := range report.Faults {
		f.Faults = append(f.Faults, fault.Key)
	}
	sent, sentErr := upload.Verify(ctx, s.DB, s.Files)
	err = errors.Join(err, sentErr)
	for _, fault := range sent {
		f.Faults = append(f.Faults, fault.Key+" "+fault.Path)
	}
	f.Entries, f.Root, f.Subjects = report.Size, report.Root, report.Subjects
	return f, err
}

func install(t *testing.T, p *backup.Proof) {
	t.Helper()
	_, err := p.Install(t.Context(), func(tx *store.Tx) error {
		return p.Note(tx, backup.By{Officer: "console", Capacity: "console"}, "", "thử")
	})
	must(t, err)
}

// refused fails unless err is the problem with this key.
func refused(t *testing.T, err error, key string) {
	t.Helper()
	p, ok := problem.As(err)
	if !ok || p.Key != key {
		t.Errorf("refused with %v, want %s", err, key)
		return
	}
	if words := text.Problem(text.Vi, p); strings.Contains(words, "{") {
		t.Errorf("words with holes: %s", words)
	}
}

// A province moves from any engine to any engine: its journal has the same
// root, verify is clean, and a slip handed out before opens its dossier.
func TestBackupBringsAHouseToAnyEngine(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, from string) {
		n := stand(t, from)
		path, head := n.backUp(t)
		storetest.EachEmpty(t, func(t *testing.T, to string) {
			place := n.place
			place.Database, place.Folder = to, filepath.Join(t.TempDir(), "new", "data")
			place.Files = filepath.Join(place.Folder, "files")
			p, err := prove(t, path, n.recovery, place, false)
			must(t, err)
			if p.Root != head.Root || p.Entries == 0 || p.Subjects < 3 {
				t.Errorf("found %+v, want the root %s", p.Found, head.Root)
			}
			install(t, p)
			db := storetest.Open(t, to, storetest.NewClock(storetest.Start))
			if size, root := reach(t, db, head.Entries); size != head.Entries+1 || root != head.Root {
				t.Errorf("journal of %d entries, root over the old %s; want one more than %d and %s", size, root, head.Entries, head.Root)
			}
			keys, err := journal.LoadKeys(filepath.Join(place.Folder, "keys"))
			must(t, err)
			f, err := check(t.Context(), backup.Side{DB: db, Keys: keys, Files: place.Files, Witness: place.Witness})
			if err != nil || len(f.Faults) > 0 {
				t.Errorf("verify finds %v, %v", f.Faults, err)
			}
			key, err := os.ReadFile(filepath.Join(place.Folder, "keys", "tracking.key"))
			must(t, err)
			register := dossier.NewRegister(db, n.Law.Law, key)
			if _, err := register.Track(t.Context(), string(n.slip.Code), dossier.Key(key).Secret(n.slip.ID)); err != nil {
				t.Errorf("the old slip: %v", err)
			}
		})
	})
}

// reach is the size of a journal and the root over its first entries.
func reach(t *testing.T, db *store.DB, entries int64) (size int64, root string) {
	t.Helper()
	must(t, db.Read(t.Context(), func(tx *store.Tx) (err error) {
		if size, _, err = journal.Head(tx); err == nil {
			root, err = journal.RootAt(tx, entries)
		}
		return err
	}))
	return size, root
}

// Writers go on meanwhile, and what the backup holds is one instant of theirs.
func TestBackupIsOneInstantAmongWriters(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		n := stand(t, address)
		stop, began := make(chan struct{}), make(chan struct{}, 1)
		received := 0
		var writer sync.WaitGroup
		writer.Go(func() {
			for {
				if _, err := n.Province.Receive(context.Background(), n.Staff.Desk, "1.001456"); err != nil {
					t.Error(err)
					return
				}
				received++
				select {
				case began <- struct{}{}:
				default:
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
		<-began
		for range 3 {
			path, head := n.backUp(t)
			place := n.place
			place.Database, place.Folder, place.Witness = filepath.Join(t.TempDir(), "x.db"), filepath.Join(t.TempDir(), "x"), t.TempDir()
			p, err := prove(t, path, n.recovery, place, false)
			if err != nil {
				t.Error(err)
				break
			}
			if _, root := reach(t, n.db, head.Entries); root != p.Found.Root {
				t.Errorf("root %s over %d entries, the house says %s", p.Found.Root, head.Entries, root)
			}
		}
		close(stop)
		writer.Wait()
		if received < 2 {
			t.Errorf("only %d dossiers were received meanwhile", received)
		}
	})
}

// rel-F27, rel-T05: each way in which a backup can be the wrong one has its
// name, and nothing is replaced.
func TestWrongBackupsAreNamedAndReplaceNothing(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		n := stand(t, address)
		path, _ := n.backUp(t)
		other := stand(t, filepath.Join(t.TempDir(), "other.db"))
		foreign, _ := other.backUp(t)
		whole, err := os.ReadFile(path)
		must(t, err)
		spoilt := func(b []byte) string {
			name := filepath.Join(t.TempDir(), "spoilt.backup")
			must(t, os.WriteFile(name, b, 0o600))
			return name
		}
		flipped := func(at int) string {
			b := bytes.Clone(whole)
			b[at] ^= 0x10
			return spoilt(b)
		}
		strange, err := age.GenerateX25519Identity()
		must(t, err)
		n.receive(t)
		n.copyHead(t)
		before := picture(t, n)
		for name, c := range map[string]struct {
			path string
			keys []age.Identity
			want string
		}{
			"cut short":         {spoilt(whole[:len(whole)-1]), n.recovery, "backup.err.short"},
			"cut in the page":   {spoilt(whole[:1000]), n.recovery, "backup.err.short"},
			"longer":            {spoilt(append(bytes.Clone(whole), 0)), n.recovery, "backup.err.altered"},
			"content altered":   {flipped(len(whole) - 100), n.recovery, "backup.err.altered"},
			"page altered":      {flipped(60), n.recovery, "backup.err.altered"},
			"filling altered":   {flipped(4000), n.recovery, "backup.err.altered"},
			"title altered":     {flipped(2), n.recovery, "backup.err.not"},
			"not finished":      {spoilt(append(make([]byte, 4096), whole[4096:]...)), n.recovery, "backup.err.unfinished"},
			"something else":    {spoilt([]byte("SQLite format 3")), n.recovery, "backup.err.not"},
			"not there":         {filepath.Join(t.TempDir(), "none"), n.recovery, "backup.err.read"},
			"wrong key":         {path, []age.Identity{strange}, "backup.err.key"},
			"another province":  {foreign, other.recovery, "backup.err.other"},
			"older than copies": {path, n.recovery, "backup.err.older"},
		} {
			t.Run(name, func(t *testing.T) {
				_, err := prove(t, c.path, c.keys, n.place, false)
				refused(t, err, c.want)
			})
		}
		if after := picture(t, n); after != before {
			t.Errorf("the place was touched:\n%s\nwas\n%s", after, before)
		}
	})
}

// picture is the place as it stands: its files, its copied heads, its rows.
func picture(t *testing.T, n *node) string {
	t.Helper()
	var b strings.Builder
	for _, root := range []string{n.place.Folder, n.place.Witness} {
		must(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			content, err := os.ReadFile(path)
			fmt.Fprintf(&b, "%s %x\n", path, sha256.Sum256(content))
			return err
		}))
	}
	must(t, n.db.Read(t.Context(), func(tx *store.Tx) error {
		sums, err := backup.Sums(tx)
		fmt.Fprintln(&b, sums)
		return err
	}))
	if !strings.Contains(n.place.Database, "://") {
		beside, err := filepath.Glob(n.place.Database + "*")
		must(t, err)
		fmt.Fprintln(&b, len(beside), "files of the database")
	}
	return b.String()
}

// rel-F27: whatever byte is changed and wherever the file ends, it is refused
// by name before anything is brought back.
func TestNoDamageIsOverlooked(t *testing.T) {
	t.Parallel()
	n := stand(t, filepath.Join(t.TempDir(), "x.db"))
	path, _ := n.backUp(t)
	whole, err := os.ReadFile(path)
	must(t, err)
	injected, accepted := 0, 0
	damaged := filepath.Join(t.TempDir(), "damaged.backup")
	rapid.Check(t, func(t *rapid.T) {
		b := bytes.Clone(whole)
		if rapid.Bool().Draw(t, "cut") {
			b = b[:rapid.IntRange(0, len(b)-1).Draw(t, "length")]
		} else {
			end := rapid.SampledFrom([]int{700, 4096, len(b)}).Draw(t, "part") // the page is small beside the rest
			b[rapid.IntRange(0, end-1).Draw(t, "at")] ^= byte(rapid.IntRange(1, 255).Draw(t, "by"))
		}
		if err := os.WriteFile(damaged, b, 0o600); err != nil {
			t.Fatal(err)
		}
		injected++
		_, err := backup.Open(damaged)
		p, named := problem.As(err)
		if err == nil {
			accepted++
		}
		if !named || !strings.HasPrefix(p.Key, "backup.err.") {
			t.Fatalf("a damaged file of %d bytes: %v", len(b), err)
		}
	})
	t.Logf("damaged files: %d, accepted: %d", injected, accepted)
	if injected < 100 {
		t.Errorf("only %d files were damaged", injected)
	}
}

// A backup that lacks acts replaces them only when that is asked for; the
// journal keeps that they were, and the copied heads that knew of them stay.
func TestLossyRestoreStaysVisible(t *testing.T) {
	t.Parallel()
	storetest.EachEmpty(t, func(t *testing.T, address string) {
		clock := storetest.NewClock(storetest.Start)
		must(t, storetest.Open(t, address, clock).Close())
		n := stand(t, address)
		path, head := n.backUp(t)
		n.receive(t)
		n.copyHead(t)
		must(t, n.db.Close())
		p, err := prove(t, path, n.recovery, n.place, true)
		must(t, err)
		if p.Lacks == nil || p.Lacks.Entries < 1 {
			t.Fatalf("lacks %+v", p.Lacks)
		}
		install(t, p)
		db := storetest.Open(t, address, clock)
		if size, root := reach(t, db, head.Entries); size != head.Entries+1 || root != head.Root {
			t.Errorf("journal of %d entries, %s", size, root)
		}
		must(t, journal.Extends(t.Context(), db, n.House.Keys, n.place.Witness))
		aside, err := filepath.Glob(filepath.Join(n.place.Witness, "before_*", "head.note"))
		if len(aside) != 1 {
			t.Errorf("heads put aside: %v, %v", aside, err)
		}
		must(t, db.Read(t.Context(), func(tx *store.Tx) error {
			last, err := journal.List(tx, journal.Filter{Limit: 1})
			if err == nil && !strings.Contains(string(last[0].Facts), `"lost":`+fmt.Sprint(p.Lacks.Entries)) {
				t.Errorf("the journal says %s", last[0].Facts)
			}
			return err
		}))
	})
}

// rel-R14: made-up people and real ones never stand in one another's place.
func TestDemoAndRealAreKeptApart(t *testing.T) {
	t.Parallel()
	n := stand(t, filepath.Join(t.TempDir(), "x.db"))
	real, _ := n.backUp(t)
	signs := filepath.Join(n.place.Folder, mark)
	must(t, os.WriteFile(signs, []byte("[]"), 0o600))
	demo, _ := n.backUp(t)
	_, err := prove(t, real, n.recovery, n.place, false)
	refused(t, err, "backup.err.real")
	must(t, os.Remove(signs))
	_, err = prove(t, demo, n.recovery, n.place, false)
	refused(t, err, "backup.err.demo")
	place := n.place
	place.Folder = filepath.Join(t.TempDir(), "new")
	place.Database, place.Witness = filepath.Join(place.Folder, "x.db"), t.TempDir()
	p, err := prove(t, demo, n.recovery, place, false)
	must(t, err)
	install(t, p)
	if _, err := os.Stat(filepath.Join(place.Folder, mark)); err != nil {
		t.Errorf("the demo's mark: %v", err)
	}
}

// A backup that an older release wrote is migrated on the side; one of a newer
// release is refused.
func TestBackupsOfOtherReleases(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		n := stand(t, address)
		path, _ := n.backUp(t)
		place := n.place
		place.Folder = filepath.Join(t.TempDir(), "new")
		place.Database, place.Witness = filepath.Join(place.Folder, "x.db"), t.TempDir()
		place.Store.Migrations = with(t, "9000_more.sql", "-- +goose Up\nCREATE TABLE more (id TEXT PRIMARY KEY);\n")
		p, err := prove(t, path, n.recovery, place, false)
		must(t, err)
		install(t, p)
		newer, err := store.Open(t.Context(), place.Database, place.Store)
		must(t, err)
		must(t, newer.Read(t.Context(), func(tx *store.Tx) error {
			tables, err := store.Tables(tx)
			if !strings.Contains(fmt.Sprint(tables), "more") {
				t.Errorf("not migrated: %v", tables)
			}
			return err
		}))
		house := n.House
		house.DB = newer
		path = filepath.Join(t.TempDir(), "newer.backup")
		_, err = house.Make(t.Context(), path)
		must(t, errors.Join(err, newer.Close()))
		place = n.place
		place.Folder = filepath.Join(t.TempDir(), "older")
		place.Database = filepath.Join(place.Folder, "x.db")
		_, err = prove(t, path, n.recovery, place, false)
		refused(t, err, "backup.err.newer")
		if _, err := os.Stat(place.Folder); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the folder stays: %v", err)
		}
	})
}

// with is the migrations of this release and one more.
func with(t *testing.T, name, body string) fs.FS {
	t.Helper()
	all := fstest.MapFS{"migrations/" + name: {Data: []byte(body)}}
	must(t, fs.WalkDir(store.Migrations(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(store.Migrations(), path)
		all[path] = &fstest.MapFile{Data: b}
		return err
	}))
	return all
}

// rel-T07: who finds a backup reads nobody's name in it.
func TestBackupShowsNoName(t *testing.T) {
	t.Parallel()
	n := stand(t, filepath.Join(t.TempDir(), "x.db"))
	path, _ := n.backUp(t)
	b, err := os.ReadFile(path)
	must(t, err)
	for _, name := range []string{n.slip.Filer.Name, string(n.slip.Code), "Lò Thị Minh", "tiepnhan", string(demotest.Key)} {
		if name == "" || bytes.Contains(b, []byte(name)) {
			t.Errorf("%q stands in the file", name)
		}
	}
}

func TestBackupOverwritesNothingAndNeedsItsKey(t *testing.T) {
	t.Parallel()
	n := stand(t, filepath.Join(t.TempDir(), "x.db"))
	path, _ := n.backUp(t)
	_, err := n.Make(t.Context(), path)
	refused(t, err, "backup.err.exists")
	_, err = n.Make(t.Context(), filepath.Join(path, "no", "folder"))
	refused(t, err, "backup.err.write")
	must(t, os.Remove(filepath.Join(n.place.Folder, "keys", "backup.pub")))
	_, err = n.Make(t.Context(), path+"2")
	refused(t, err, "backup.err.no-key")
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	hidden, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*"))
	if err != nil || len(left)+len(hidden) != 1 {
		t.Errorf("left behind: %v %v", left, hidden)
	}
}
