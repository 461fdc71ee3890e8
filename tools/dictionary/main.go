// Dictionary makes the words that pressed texts share (see store.Words) from
// what dossiers of demo provinces, and one of each procedure, look like. It
// writes files that are not there yet: a dictionary that a release has used
// never changes.
//
//	go run ./tools/dictionary -papers 3 -entries 4     writes internal/store/words/3.zdict and 4.zdict
package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"quay20/internal/demo"
	"quay20/internal/dossier"
	"quay20/internal/gazette"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/payment"
	"quay20/internal/store"
	"quay20/packs"
)

func main() {
	papers := flag.String("papers", "", "name of the new dictionary of dossiers and papers, one character")
	entries := flag.String("entries", "", "name of the new dictionary of journal entries, one character")
	flag.Parse()
	if err := run(context.Background(), *papers, *entries); err != nil {
		fmt.Fprintln(os.Stderr, "dictionary:", err)
		os.Exit(1)
	}
}

// until is when the demo provinces end; the same always, so that the same
// program makes the same words.
var until = time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)

func run(ctx context.Context, papers, entries string) error {
	dir, err := os.MkdirTemp("", "quay20-dictionary-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var documents, lines [][]byte
	for seed := range 3 {
		d, l, err := province(ctx, filepath.Join(dir, fmt.Sprint(seed, ".db")), uint64(seed+101))
		if err != nil {
			return err
		}
		documents, lines = append(documents, d...), append(lines, l...)
	}
	for _, one := range []struct {
		name    string
		samples [][]byte
		size    int
		level   zstd.EncoderLevel
	}{{papers, documents, 112 << 10, zstd.SpeedDefault}, {entries, lines, 16 << 10, zstd.SpeedFastest}} {
		if one.name == "" {
			continue
		}
		if err := write(one.name, one.samples, one.size, one.level); err != nil {
			return err
		}
	}
	return nil
}

// write makes one dictionary.
func write(name string, samples [][]byte, size int, level zstd.EncoderLevel) error {
	text, err := zstd.BuildDict(zstd.BuildDictOptions{
		ID: uint32(name[0]), Contents: samples, History: history(samples, size), Offsets: [3]int{1, 4, 8}, Level: level,
	})
	if err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join("internal", "store", "words", name+".zdict"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	fmt.Printf("%s: %d bytes from %d samples\n", f.Name(), len(text), len(samples))
	return errors.Join(err, f.Close())
}

// province plays a demo province, receives every procedure once more, and gives
// what stands in its tables, hashes taken out as the store takes them out.
func province(ctx context.Context, path string, seed uint64) (documents, lines [][]byte, err error) {
	clock := demo.NewClock(until)
	db, err := store.Open(ctx, path, store.Options{Now: clock.Now})
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	law, err := packs.LaiChau()
	if err != nil {
		return nil, nil, err
	}
	g, err := gazette.Open(ctx, db, law)
	if err != nil {
		return nil, nil, err
	}
	p := &demo.Province{
		DB: db, Law: g, Roll: officer.NewRoll(db, g.Law, officer.Options{}),
		Register: dossier.NewRegister(db, g.Law, dossier.Key(bytes.Repeat([]byte{1}, 32))), Ledger: payment.NewLedger(db), Clock: clock,
	}
	ins, err := p.Build(ctx, demo.Plan{Seed: seed, Until: until})
	if err != nil {
		return nil, nil, err
	}
	if err := receiveAll(ctx, p, ins); err != nil {
		return nil, nil, err
	}
	err = db.Read(ctx, func(tx *store.Tx) error {
		for _, from := range []struct {
			query string
			into  *[][]byte
		}{
			{`SELECT body FROM dossier ORDER BY id`, &documents}, {`SELECT facts FROM dossier_slip ORDER BY dossier, kind, number`, &documents},
			{`SELECT facts FROM journal_entry ORDER BY n`, &lines},
		} {
			all, err := store.All(tx, func(r store.Row) (s string, err error) { return s, r.Scan(store.Plain(&s)) }, from.query)
			if err != nil {
				return err
			}
			for _, s := range all {
				*from.into = append(*from.into, hashes.ReplaceAll([]byte(s), []byte{1}))
			}
		}
		return nil
	})
	return documents, lines, err
}

var hashes = regexp.MustCompile(`[0-9a-f]{64}`)

// receiveAll receives every procedure at a desk that takes it.
func receiveAll(ctx context.Context, p *demo.Province, ins []demo.SignIn) error {
	got := 0
	for _, in := range ins {
		role, unit, _ := strings.Cut(in.Roles[0], "@")
		if officer.Role(role) != officer.Receptionist {
			continue
		}
		by, err := p.As(ctx, in.ID, officer.Receptionist, unit)
		if err != nil {
			return err
		}
		for _, proc := range p.Law.Law().Procedures(pack.On(until)) {
			if _, err := p.Receive(ctx, by, proc.Code); err == nil { // others are not taken at this desk
				got++
			}
		}
	}
	if got == 0 {
		return errors.New("no procedure could be received")
	}
	return nil
}

// history is what matches are looked for in: strings that return, the more
// often the nearer, behind them whole documents of every shape.
func history(samples [][]byte, size int) []byte {
	type word struct {
		text  string
		worth int
	}
	var typical []byte
	seen := map[string]bool{}
	count := map[string]int{}
	for _, s := range samples {
		if k := shape(s); !seen[k] {
			seen[k] = true
			typical = append(typical, s...)
		}
		for _, w := range quoted.FindAllString(string(s), -1) {
			count[w]++
		}
	}
	typical = typical[max(0, len(typical)-size/2):]
	var all []word
	for text, n := range count {
		if n > 1 && len(text) >= 8 && !bytes.Contains(typical, []byte(text)) {
			all = append(all, word{text, n * len(text)})
		}
	}
	slices.SortFunc(all, func(a, b word) int { return cmp.Or(b.worth-a.worth, strings.Compare(a.text, b.text)) })
	var words []string
	for _, w := range all {
		if size -= len(w.text); size < len(typical) {
			break
		}
		words = append(words, w.text)
	}
	slices.Reverse(words)
	return append([]byte(strings.Join(words, "")), typical...)
}

var (
	quoted = regexp.MustCompile(`"(?:[^"\\]|\\.)*"`)
	member = regexp.MustCompile(`"(\w+)":`)
)

// shape is which members a document has.
func shape(s []byte) string {
	var names []string
	for _, m := range member.FindAllSubmatch(s, -1) {
		names = append(names, string(m[1]))
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), " ")
}
