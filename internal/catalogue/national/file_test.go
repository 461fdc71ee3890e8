package national_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"quay20/internal/catalogue/national"
)

// TestNationalFile imports real records of the national catalogue (240, mid-2026).
// Their text is nobody's to copy, so the file stays outside the project and
// QUAY20_NATIONAL says where it lies.
func TestNationalFile(t *testing.T) {
	name := os.Getenv("QUAY20_NATIONAL")
	if name == "" {
		t.Skip("QUAY20_NATIONAL names no file of records of the national catalogue; our own records are imported by the other tests")
	}
	drafts := read(t, name)
	found := national.Lint(drafts, laichau(t), today)

	t.Run("every record", func(t *testing.T) {
		if len(drafts) != 240 {
			t.Fatalf("%d drafts of 240 records", len(drafts))
		}
		var table strings.Builder
		for _, c := range national.Tally(drafts) {
			fmt.Fprintf(&table, "%-11s read %3d (in doubt %2d)  kept as text %3d  absent %3d\n", c.Field, c.Read, c.Doubt, c.Text, c.Absent)
			if c.Read+c.Text+c.Absent != 240 {
				t.Errorf("%s counts %+v", c.Field, c)
			}
		}
		counts := map[string]int{}
		for _, f := range found {
			counts[f.Kind]++
		}
		t.Logf("what was read of 240 records:\n%s%d findings: %v", table.String(), len(found), counts)
		for field, least := range map[string]int{"code": 240, "name": 240, "channels": 240, "steps": 240, "papers": 235, "bases": 220, "limits": 190, "results": 230, "fees": 95} {
			for _, c := range national.Tally(drafts) {
				if c.Field == field && c.Read < least {
					t.Errorf("%s was read of %d records, want at least %d", field, c.Read, least)
				}
			}
		}
	})
	t.Run("1.012575", func(t *testing.T) {
		severalLimits(t, drafts, "1.012575", "Cấp chứng nhận đăng ký xe, cấp mới biển số xe", "Cấp chứng nhận đăng ký xe, cấp mới biển số xe trúng đấu giá, cấp biển số định danh")
	})
	t.Run("1.002390", func(t *testing.T) { twoAgencies(t, drafts, "1.002390") })
	t.Run("1.003290", func(t *testing.T) { extended(t, drafts, "1.003290") })
	t.Run("1.002756", func(t *testing.T) { contradiction(t, drafts, "1.002756") })
	t.Run("1.014063", func(t *testing.T) { discounts(t, drafts, "1.014063") })
	t.Run("other procedures' pages", func(t *testing.T) {
		var codes []string
		for _, f := range found {
			if f.Kind == national.OtherPage {
				codes = append(codes, f.Code)
			}
		}
		want(t, "records with another page", codes, []string{"1.014208", "2.001428", "3.000224", "3.000226", "3.000243", "3.000244", "3.000246",
			"3.000272", "3.000274", "3.000283", "3.000284", "3.000285", "3.000286", "3.000331", "3.000332"})
		// Without the page's own code the text alone gives them away.
		for i := range drafts {
			delete(drafts[i].Cells, "raw_text")
		}
		blind := national.Lint(drafts, laichau(t), today)
		for _, code := range codes {
			has(t, blind, code, national.OtherPage)
		}
	})
	t.Run("what ended", func(t *testing.T) {
		has(t, found, "1.010385", national.LevelOver)
		has(t, found, "1.014064", national.DiscountOver)
		has(t, found, "1.002390", national.ActOver) // 25/2021/TT-BTC
	})
	t.Run("others' procedures", func(t *testing.T) {
		n := 0
		for _, f := range found {
			if f.Kind == national.OtherBody {
				n++
			}
		}
		if n < 17 || n > 25 {
			t.Errorf("%d procedures of others, about 20 are known", n)
		}
		for _, code := range []string{"1.014208", "2.001428"} {
			if !slices.Contains(kinds(found, code), national.OtherBody) {
				t.Errorf("%s is of local government: %v", code, kinds(found, code))
			}
		}
	})
}
