package web

import (
	"testing"

	"quay20/internal/demo/demotest"
	"quay20/internal/store"
	"quay20/internal/store/storetest"
	"quay20/internal/text"
)

// The journal keeps a unit's code; the page says its name, as of the day of the
// entry.
func TestCapacityNamesTheUnit(t *testing.T) {
	t.Parallel()
	storetest.EachAt(t, storetest.NewClock(morning), func(t *testing.T, db *store.DB) {
		law := demotest.At(t, db).Law.Law()
		for capacity, want := range map[string]string{
			"receptionist@12-Q20": "Cán bộ tiếp nhận và trả kết quả, Quầy Công an tỉnh Lai Châu",
			"receptionist@gone":   "Cán bộ tiếp nhận và trả kết quả",
			"of-a-later-release":  "of-a-later-release",
		} {
			if got := capacityWords(text.Vi, law, capacity, "2026-03-02"); got != want {
				t.Errorf("%s: %q, want %q", capacity, got, want)
			}
		}
	})
}
