package national_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"quay20/internal/catalogue/national"
	"quay20/internal/problem"
)

// FuzzRead: no input makes the reader fall over or lose a line; whatever it read
// can be counted and linted.
func FuzzRead(f *testing.F) {
	body, err := os.ReadFile(own)
	if err != nil {
		f.Fatal(err)
	}
	for _, line := range bytes.SplitAfter(body, []byte("\n")) {
		f.Add(line)
	}
	f.Add([]byte("\ufeff{}\n\r\n \n{\"cach_thuc_thuc_hien\": \"Trực tuyến1 Ngày9,9,9 USD((((\"}"))
	f.Add([]byte("{\"ma_thu_tuc\": \"\xff\"}"))
	law := laichau(f)
	f.Fuzz(func(t *testing.T, in []byte) {
		drafts, err := national.Read(bytes.NewReader(in), law, today)
		if err != nil {
			t.Fatalf("a small file is refused: %v", err)
		}
		lines := 0
		for i, line := range bytes.Split(in, []byte("\n")) {
			if i == 0 {
				line = bytes.TrimPrefix(line, []byte("\ufeff"))
			}
			if len(bytes.TrimSpace(line)) > 0 {
				lines++
			}
		}
		if len(drafts) != lines {
			t.Fatalf("%d drafts of %d lines", len(drafts), lines)
		}
		for _, c := range national.Tally(drafts) {
			if c.Read+c.Text+c.Absent != lines || c.Doubt > c.Read {
				t.Errorf("%s counts %+v of %d", c.Field, c, lines)
			}
		}
	})
}

// Records whose cells are cut, doubled and mixed up are read, counted, linted and
// laid over the law without falling over, and no two limits or base fees of one
// case and channel get into a draft that was read.
func TestSpoiledRecords(t *testing.T) {
	t.Parallel()
	law := laichau(t)
	body, err := os.ReadFile(own)
	if err != nil {
		t.Fatal(err)
	}
	var records []map[string]any
	for line := range bytes.Lines(body) {
		var r map[string]any
		if json.Unmarshal(line, &r) == nil && len(r) > 3 {
			records = append(records, r)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		var file bytes.Buffer
		n := rapid.IntRange(1, 3).Draw(t, "records")
		for range n {
			spoiled := map[string]any{}
			for key, v := range rapid.SampledFrom(records).Draw(t, "record") {
				cell := []rune(fmt.Sprint(v))
				other := []rune(fmt.Sprint(rapid.SampledFrom(records).Draw(t, "other")[key]))
				cut, from := rapid.IntRange(0, len(cell)).Draw(t, "cut"), rapid.IntRange(0, len(other)).Draw(t, "from")
				switch rapid.IntRange(0, 4).Draw(t, "how") {
				case 0:
					cell = cell[:cut]
				case 1:
					cell = append(cell[:cut:cut], other[from:]...)
				case 2:
					cell = append(cell, cell...)
				}
				spoiled[key] = string(cell)
			}
			line, err := json.Marshal(spoiled)
			if err != nil {
				t.Fatal(err)
			}
			file.Write(append(line, '\n'))
		}
		drafts, err := national.Read(&file, law, today)
		if err != nil || len(drafts) != n {
			t.Fatalf("%d drafts of %d lines, %v", len(drafts), n, err)
		}
		found := national.Lint(drafts, law, today)
		for i := range drafts {
			d := &drafts[i]
			seen := map[string]bool{}
			for _, c := range d.Version().Cases {
				if key := c.Name + "/" + c.Channel; seen[key] {
					t.Errorf("two limits of %s: %v", key, cases(d))
				} else {
					seen[key] = true
				}
			}
			if imported := d.Imported(law, today, found); len(imported.Procedure.Versions) != 1 {
				t.Errorf("the import has %d versions", len(imported.Procedure.Versions))
			}
			if _, _, err := d.Files(law, "2026-12-01"); err != nil {
				if _, fits := problem.As(err); !fits {
					t.Error(err)
				}
			}
		}
	})
}

// A table that is written by its grammar is read back as it was meant.
func TestTableIsReadBack(t *testing.T) {
	t.Parallel()
	law := laichau(t)
	channels := []string{"Trực tiếp", "Trực tuyến", "Dịch vụ bưu chính"}
	units := map[string]string{"Giờ làm việc": "hour", "Ngày làm việc": "working_day", "Ngày": "day", "Tháng": "month"}
	rapid.Check(t, func(t *rapid.T) {
		var table strings.Builder
		table.WriteString("Hình thức nộpThời gianPhí, lệ phíMô tả")
		unit := rapid.SampledFrom([]string{"Giờ làm việc", "Ngày làm việc", "Ngày", "Tháng"}).Draw(t, "unit")
		n := rapid.IntRange(1, 90).Draw(t, "n")
		fee := rapid.Int64Range(1, 9_999).Draw(t, "fee") * 1000
		said := rapid.SampledFrom([]string{"", "Nộp tại quầy.", fmt.Sprintf("Không quá %02d %s, kể từ ngày nhận đủ hồ sơ.", n, strings.ToLower(unit))}).Draw(t, "said")
		for _, c := range channels[:rapid.IntRange(1, 3).Draw(t, "channels")] {
			fmt.Fprintf(&table, "%s%d %s%s Việt Nam Đồng(%s đồng/lần)%s", c, n, unit, grouped(fee, ","), grouped(fee, "."), said)
		}
		record, _ := json.Marshal(map[string]string{"ma_thu_tuc": "9.910001", "cach_thuc_thuc_hien": table.String()})
		drafts, err := national.Read(bytes.NewReader(record), law, today)
		if err != nil || len(drafts) != 1 {
			t.Fatal(err, len(drafts))
		}
		d := &drafts[0]
		if d.Marks["limits"].State != national.Typed || len(d.Version().Cases) != 1 || d.Version().Cases[0].Limit.String() != fmt.Sprint(n, " ", units[unit]) {
			t.Errorf("%s: %v %v", table.String(), d.Marks["limits"], cases(d))
		}
		if len(d.Procedure.Fees) != 1 || *d.Procedure.Fees[0].Amount != fee {
			t.Errorf("%s: %v", table.String(), fees(d))
		}
	})
}

func grouped(n int64, sep string) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + sep + s[i:]
	}
	return s
}

// A file beyond the bounds is refused whole and says which bound; a line beyond
// its bound is a marked draft.
func TestBounds(t *testing.T) {
	t.Parallel()
	law := laichau(t)
	refused := func(in io.Reader, key string) {
		t.Helper()
		_, err := national.Read(in, law, today)
		if p, ok := problem.As(err); !ok || p.Kind != problem.TooLarge || p.Key != key {
			t.Errorf("the answer is %v, want %s", err, key)
		}
	}
	refused(strings.NewReader(strings.Repeat("[]\n", national.MaxRecords+1)), "national.err.records")
	refused(io.LimitReader(zeros{}, national.MaxFile+2), "national.err.file")

	long := `{"ma_thu_tuc": "` + strings.Repeat("9", national.MaxLine) + `"}` + "\n" + `{"ma_thu_tuc": "9.900001"}`
	drafts, err := national.Read(strings.NewReader(long), law, today)
	if err != nil || len(drafts) != 2 {
		t.Fatalf("%d drafts, %v", len(drafts), err)
	}
	if drafts[0].Broken != "national.broken.long" || drafts[1].Broken != "" || drafts[1].Line != 2 {
		t.Errorf("line 1 is %q, line %d is %q", drafts[0].Broken, drafts[1].Line, drafts[1].Broken)
	}
}

// zeros is an endless file of one line.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }
