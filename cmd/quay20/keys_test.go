package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"quay20/internal/demo"
	"quay20/internal/dossier"
	"quay20/internal/journal"
	"quay20/internal/officer"
	"quay20/internal/store"
)

// rel-T09, rel-I-J6, rel-F13: keys that may have been seen are changed. What
// they opened and proved so far stays so; what they sign from then on counts
// for nothing; a change that was cut short is run again.
func TestKeysAreChanged(t *testing.T) {
	t.Parallel()
	ctx, dir := context.Background(), t.TempDir()
	data := filepath.Join(dir, "node")
	clock := demo.NewClock(time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC))
	province, by := &demo.Province{Clock: clock}, officer.By{}
	receive := func() (d dossier.Dossier, h *house) {
		t.Helper()
		h, err := (&Place{Data: data}).make(ctx, clock.Now)
		must(t, err)
		province.DB, province.Law, province.Roll, province.Register, province.Ledger = h.db, h.law, h.roll, h.register, h.ledger
		if by.Officer.ID == "" {
			must(t, province.Open(ctx))
			by, _, err = province.Hire(ctx, "minh", "Lò Thị Minh", "Đại úy", officer.Receptionist, "12-Q20")
			must(t, err)
		}
		d, err = province.Receive(ctx, by, "1.001456", func(*dossier.Intake) {})
		must(t, err)
		must(t, h.copies().Copy(ctx))
		return d, h
	}
	keyOf := func(name string) []byte {
		t.Helper()
		b, err := os.ReadFile(filepath.Join(data, "keys", name))
		must(t, err)
		return b
	}
	opens := func(h *house, d dossier.Dossier, key dossier.Key) bool {
		t.Helper()
		_, byCode := h.register.Track(ctx, string(d.Code), key.Secret(d.ID))
		_, byQR := h.register.TrackToken(ctx, key.Token(d.ID))
		return byCode == nil && byQR == nil
	}

	before, h := receive()
	stolen, stolenTracking := h.keys, dossier.Key(keyOf("tracking.key"))
	must(t, h.db.Close())
	says(t, "backup", "key", "--data", data)
	kept := filepath.Join(dir, "before.backup")
	says(t, "backup", kept, "--data", data)

	if out, err := quay20(t, "keys", "change", "--data", data).CombinedOutput(); err == nil || !strings.Contains(string(out), "--reason") {
		t.Errorf("keys are changed without a reason: %v %s", err, out)
	}
	// one that was cut short before the journal's key was in place
	must(t, os.WriteFile(filepath.Join(data, "keys", "tracking.next"), []byte("half"), 0o600))
	changed := says(t, "keys", "change", "--data", data, "--reason", "Máy chủ cũ bị mất", "--alone")
	shown := says(t, "keys", "show", "--data", data)
	if !strings.Contains(shown, stolen.Public()) || !strings.Contains(shown, "quay20-journal") || strings.Count(shown, "\n") != 2 {
		t.Errorf("keys show: %s", shown)
	}
	if strings.Contains(string(keyOf("journal.key")), "PRIVATE") && strings.Count(string(keyOf("journal.key")), "PRIVATE") != 1 {
		t.Error("the earlier private half is still there")
	}

	after, h := receive()
	if h.keys.Public() == stolen.Public() || !strings.Contains(changed, h.keys.Public()) {
		t.Errorf("the journal's key is %s; said %s", h.keys.Public(), changed)
	}
	now := dossier.Key(keyOf("tracking.key"))
	switch {
	case len(now) != 2*dossier.KeySize:
		t.Errorf("tracking.key has %d bytes", len(now))
	case !opens(h, before, stolenTracking):
		t.Error("a slip from before the change does not open its dossier")
	case !opens(h, after, now):
		t.Error("a slip from after the change does not open its dossier")
	case opens(h, after, stolenTracking):
		t.Error("the stolen key opens a dossier received after the change")
	}
	must(t, h.db.Close())
	if out := says(t, "verify", "--data", data); !strings.HasPrefix(out, "Nguyên vẹn") {
		t.Errorf("verify: %s", out)
	}
	says(t, "drill", kept, "--data", data)
	later := filepath.Join(dir, "later.backup")
	says(t, "backup", later, "--data", data)
	says(t, "drill", later, "--data", data)
	says(t, "restore", later, "--data", data, "--reason", "Thử", "--alone", "--lossy")
	says(t, "restore", kept, "--data", data, "--reason", "Thử", "--alone", "--lossy")
	if out := says(t, "verify", "--data", data); !strings.HasPrefix(out, "Nguyên vẹn") {
		t.Errorf("verify after a restore from before the change: %s", out)
	}

	// Who stole the key signs a head of a past of their own.
	elsewhere := t.TempDir()
	db, err := store.Open(ctx, filepath.Join(elsewhere, "quay20.db"), store.Options{Now: clock.Now})
	must(t, err)
	defer db.Close()
	for range 200 {
		must(t, db.Write(ctx, func(tx *store.Tx) error {
			_, err := journal.Append(tx, journal.Entry{Act: "made_up", Subject: "x", Capacity: "system"})
			return err
		}))
	}
	forged := &journal.Witness{DB: db, Keys: stolen, Dir: filepath.Join(elsewhere, "witness")}
	must(t, forged.Copy(ctx))
	head, err := os.ReadFile(filepath.Join(elsewhere, "witness", "head.note"))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(data+"-witness", "head.note"), head, 0o600))
	if out, err := quay20(t, "verify", "--data", data).CombinedOutput(); err == nil || !strings.Contains(string(out), "retired") {
		t.Errorf("a head signed by the stolen key passes: %v %s", err, out)
	}
}
