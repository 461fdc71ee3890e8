package national_test

import (
	"context"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"quay20/internal/catalogue"
	"quay20/internal/catalogue/national"
	"quay20/internal/gazette"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/store"
	"quay20/internal/store/storetest"
	"quay20/internal/text"
)

// over is the pack's folder with files of drafts laid over it.
func over(t *testing.T, files map[string][]byte) fs.FS {
	t.Helper()
	all := fstest.MapFS{}
	from := os.DirFS("../../../packs/laichau")
	err := fs.WalkDir(from, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		body, err := fs.ReadFile(from, name)
		all[name] = &fstest.MapFile{Data: body}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range files {
		all[name] = &fstest.MapFile{Data: body}
	}
	return all
}

// What is complete passes the check of a whole pack, and says there what the
// record says.
func TestCompleteDraftsPassThePackCheck(t *testing.T) {
	t.Parallel()
	law := laichau(t)
	drafts := read(t, own)
	all := map[string][]byte{}
	var complete []string
	for i := range drafts {
		d := &drafts[i]
		files, faults, err := d.Files(law, "2026-12-01")
		if err != nil || len(faults) > 0 || !d.Complete(law) {
			continue
		}
		if slices.Contains(complete, d.Procedure.Code) {
			continue
		}
		complete = append(complete, d.Procedure.Code)
		for name, body := range files {
			all[name] = body
		}
	}
	for _, code := range []string{"9.900024", "1.002390"} {
		if !slices.Contains(complete, code) {
			d := draft(t, drafts, code)
			_, faults, err := d.Files(law, "2026-12-01")
			t.Errorf("%s is not complete: %v %v %v", code, faults, err, d.Marks)
		}
	}
	for _, code := range []string{"9.900004", "9.900013", "9.900015"} {
		if slices.Contains(complete, code) {
			t.Errorf("%s passes for complete", code)
		}
	}
	p, faults := pack.Read(over(t, all))
	for _, f := range faults {
		t.Error(f.String(text.En))
	}
	if p == nil {
		return
	}
	known, _ := p.Procedure("1.002390")
	v, ok := known.On("2026-12-01")
	if !ok || len(v.Legs) != 2 || v.Legs[0].Limit.Amount != 4 || v.Legs[1].Unit != "external" {
		t.Errorf("1.002390 has the legs %v", v.Legs)
	}
	if was, _ := known.On("2026-11-30"); was.Legs[0].Limit.Amount != 3 {
		t.Errorf("what was in force changed: %v", was.Legs)
	}
	if fee := known.Fee(pack.Ask{Channel: "counter", On: "2026-12-01"}); fee.Amount != 200_000 || fee.Rule.Basis != "28/2026/TT-BTC" {
		t.Errorf("the fee is the same and became %+v", fee.Rule)
	}
	fresh, _ := p.Procedure("9.900024")
	if _, before := fresh.On("2026-11-30"); before || fresh.FeeStatus != "listed" {
		t.Errorf("the new procedure is in force before its day: %+v", fresh)
	}
}

// An ended discount does not become a rule of the pack; a running one does.
func TestEndedDiscountIsLeftOut(t *testing.T) {
	t.Parallel()
	d := draft(t, read(t, own), "9.900005")
	pub := d.Publication(laichau(t), "2026-12-01")
	var reductions []string
	for _, f := range pub.Fees {
		if f.Kind == "reduction" {
			reductions = append(reductions, f.From+".."+f.To)
		}
	}
	want(t, "reductions", reductions, []string{"2026-12-01..2026-12-31"})
}

// The book of drafts takes imports up; importing again changes nothing.
func TestImportsBecomeDraftsOfTheBook(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		law, err := gazette.Open(ctx, db, laichau(t))
		if err != nil {
			t.Fatal(err)
		}
		book := catalogue.NewDrafts(db, law)
		drafts := read(t, own)
		found := national.Lint(drafts, law.Law(), today)
		put := func(code string) (catalogue.Draft, bool) {
			t.Helper()
			d, changed, err := book.Import(ctx, draft(t, drafts, code).Imported(law.Law(), today, found), officer.Console())
			if err != nil {
				t.Fatal(err)
			}
			return d, changed
		}
		d, changed := put("9.900004")
		if !changed || d.Kind != catalogue.NewProcedure || d.Source != "dvcqg/9.900004" {
			t.Errorf("the draft is %s from %s, changed %v", d.Kind, d.Source, changed)
		}
		if !slices.ContainsFunc(d.Unread, func(u catalogue.Unread) bool {
			return u.Item == catalogue.ItemLimit && strings.Contains(u.Text, "03 ngày làm việc") && u.Why == "national.doubt.limits"
		}) {
			t.Errorf("the contradiction is not among %v", d.Unread)
		}
		if _, again := put("9.900004"); again {
			t.Error("the same record again changed the draft")
		}
		if d, _ := put("1.002390"); d.Kind != catalogue.NewVersion || len(d.Items.Cases) != 1 || d.Items.Cases[0].Amount != "6" {
			t.Errorf("a change of what the law knows is %s with %+v", d.Kind, d.Items.Cases)
		}
		if d, _ := put("9.900006"); !slices.ContainsFunc(d.Unread, func(u catalogue.Unread) bool { return strings.Contains(u.Text, "9.900002") }) {
			t.Errorf("the page of another procedure is not among %v", d.Unread)
		}
	})
}
