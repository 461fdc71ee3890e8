package backup_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"quay20/internal/store/storetest"
	"quay20/internal/upload"
)

// rel-I-D10, rel-F10: the files that people sent are in the backup, a restore
// brings them back as they were, and one that is missing or changed is named.
func TestFilesComeBackWithTheirHouse(t *testing.T) {
	t.Parallel()
	storetest.EachAddress(t, func(t *testing.T, address string) {
		n := stand(t, address)
		path, _ := n.backUp(t)
		bytes := filepath.Join(n.House.Files, filepath.FromSlash(n.photo.Path()))
		kept, err := os.ReadFile(bytes)
		must(t, err)

		proof, err := prove(t, path, n.recovery, n.place, false)
		must(t, err)
		if got, err := os.ReadFile(filepath.Join(proof.Side.Files, filepath.FromSlash(n.photo.Path()))); err != nil || string(got) != string(kept) {
			t.Errorf("beside: %d bytes, %v", len(got), err)
		}
		must(t, proof.Close(t.Context()))

		for why, spoil := range map[string]func() error{
			"upload.fault.changed": func() error { return os.WriteFile(bytes, append(kept, 'x'), 0o600) },
			"upload.fault.missing": func() error { return os.Remove(bytes) },
		} {
			must(t, os.WriteFile(bytes, kept, 0o600))
			must(t, spoil())
			faults, err := upload.Verify(t.Context(), n.db, n.House.Files)
			if err != nil || len(faults) != 1 || faults[0] != (upload.Fault{Key: why, Path: n.photo.Path()}) {
				t.Errorf("%v, %v, want %s", faults, err, why)
			}
			spoilt, _ := n.backUp(t) // it is written all the same, and not believed
			if _, err := prove(t, spoilt, n.recovery, n.place, false); err == nil || !strings.Contains(err.Error(), why) {
				t.Errorf("a backup of it: %v, want %s", err, why)
			}
		}

		// onto a place that has lost them, with its folder of files elsewhere
		n.place.Files = filepath.Join(t.TempDir(), "shared")
		proof, err = prove(t, path, n.recovery, n.place, false)
		must(t, err)
		must(t, n.db.Close())
		install(t, proof)
		if got, err := os.ReadFile(filepath.Join(n.place.Files, filepath.FromSlash(n.photo.Path()))); err != nil || string(got) != string(kept) {
			t.Errorf("in place: %d bytes, %v", len(got), err)
		}
		db := storetest.Open(t, address, storetest.NewClock(storetest.Start))
		shelf, err := upload.Open(t.Context(), db, n.place.Files, upload.Options{})
		must(t, err)
		defer shelf.Close()
		if _, body, err := shelf.Look(t.Context(), n.photo.Owner, n.photo.ID); err != nil || string(body) != string(kept) {
			t.Error(err)
		}
	})
}
