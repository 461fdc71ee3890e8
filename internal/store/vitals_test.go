package store_test

import (
	"strings"
	"testing"

	"quay20/internal/store"
	"quay20/internal/store/storetest"
)

func TestVitalsNameTheEngineItsSizeAndWhatKeepsAnsweredWrites(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		v, err := db.Vitals(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(v.Engine, "SQLite 3.") && !strings.HasPrefix(v.Engine, "PostgreSQL ") {
			t.Errorf("engine %q", v.Engine)
		}
		if v.Copy != store.NoCopy { // the server of the tests has no standby; rel-F17 has
			t.Errorf("a copy is kept %s", v.Copy)
		}
		if v.Bytes <= 0 || len(v.Settings) != 3 {
			t.Errorf("size %d, settings %v", v.Bytes, v.Settings)
		}
	})
}
