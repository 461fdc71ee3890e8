package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/net/html"

	"quay20/internal/text"
)

// fixture is one example of govuk-frontend: options and the HTML they give.
type fixture struct {
	Name    string
	Options json.RawMessage
	HTML    string
}

func fixtures(t *testing.T, component string) []fixture {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("../../node_modules/govuk-frontend/dist/govuk/components", component, "fixtures.json"))
	if os.IsNotExist(err) {
		t.Skip("govuk-frontend is not installed; run npm ci")
	}
	if err != nil {
		t.Fatal(err)
	}
	var all struct{ Fixtures []fixture }
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	return all.Fixtures
}

// TestPartsAreGovukMarkup renders each part with every fixture whose options
// our struct knows, and compares the trees. A fixture with an option that we
// do not offer is not ours; the number of those that are may not sink.
func TestPartsAreGovukMarkup(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		part string
		into func() any
		want int
		skip []string
	}{
		{"button", func() any { return &Button{} }, 30, nil},
		{"input", func() any { return &Input{} }, 26, nil},
		{"textarea", func() any { return &Textarea{} }, 14, nil},
		{"radios", func() any { return &Radios{} }, 18, nil},
		{"checkboxes", func() any { return &Checkboxes{} }, 18, nil},
		{"select", func() any { return &Select{} }, 10, []string{"without values", "without values with selected value"}},
		{"error-summary", func() any { return &ErrorSummary{} }, 5, nil},
		{"details", func() any { return &Details{} }, 5, nil},
		{"summary-list", func() any { return &SummaryList{} }, 12, nil},
		{"table", func() any { return &Table{} }, 12, nil},
		{"pagination", func() any { return &Pagination{} }, 9, []string{"with empty items"}},
		{"tag", func() any { return &Tag{} }, 9, nil},
		{"inset-text", func() any { return &Inset{} }, 4, nil},
		{"breadcrumbs", func() any { return &Breadcrumbs{} }, 5, nil},
		{"back-link", func() any { return &BackLink{} }, 4, nil},
		{"panel", func() any { return &Panel{} }, 3, []string{"interruption with custom classes", "interruption, no actions", "interruption, no actions items"}},
		{"skip-link", func() any { return &SkipLink{} }, 5, nil},
		{"notification-banner", func() any { return &Banner{} }, 8, nil},
	} {
		t.Run(c.part, func(t *testing.T) {
			t.Parallel()
			done := 0
			for _, f := range fixtures(t, c.part) {
				data := c.into()
				if !knows(f.Options, data) || slices.Contains(c.skip, f.Name) {
					continue
				}
				done++
				kit, err := testPages(t).find("kit", text.En)
				if err != nil {
					t.Fatal(err)
				}
				var b bytes.Buffer
				if err := kit.ExecuteTemplate(&b, c.part, data); err != nil {
					t.Fatalf("%s: %v", f.Name, err)
				}
				if got, want := tree(t, b.String()), tree(t, f.HTML); got != want {
					t.Errorf("%s\noptions %s\n got %s\nwant %s", f.Name, f.Options, got, want)
				}
			}
			if done < c.want {
				t.Errorf("%d fixtures of %s compared, want at least %d", done, c.part, c.want)
			}
		})
	}
}

// knows reports whether data took every option.
func knows(options json.RawMessage, data any) bool {
	options = numberValue.ReplaceAll(options, []byte(`"value": "$1"`)) // a form's values are text
	d := json.NewDecoder(bytes.NewReader(options))
	d.DisallowUnknownFields()
	return d.Decode(data) == nil
}

var loadTestPages = sync.OnceValues(func() (*pages, error) {
	st, err := loadStatic(embedded)
	if err != nil {
		return nil, err
	}
	return loadPages(embedded, st)
})

func testPages(t *testing.T) *pages {
	t.Helper()
	p, err := loadTestPages()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var numberValue = regexp.MustCompile(`"value": (\d+)`)

// tree is HTML with attributes in order and whitespace between words only.
func tree(t *testing.T, src string) string {
	t.Helper()
	var b strings.Builder
	z := html.NewTokenizer(strings.NewReader(src))
	for {
		switch kind := z.Next(); kind {
		case html.ErrorToken:
			if z.Err() != io.EOF {
				t.Fatal(z.Err())
			}
			return b.String()
		case html.TextToken:
			if words := strings.Join(strings.Fields(z.Token().Data), " "); words != "" {
				b.WriteString(words + "\n")
			}
		case html.EndTagToken:
			fmt.Fprintf(&b, "</%s>\n", z.Token().Data)
		default:
			tok := z.Token()
			slices.SortFunc(tok.Attr, func(a, b html.Attribute) int { return strings.Compare(a.Key, b.Key) })
			fmt.Fprintf(&b, "<%s", tok.Data)
			for _, a := range tok.Attr {
				fmt.Fprintf(&b, " %s=%q", a.Key, strings.Join(strings.Fields(a.Val), " "))
			}
			b.WriteString(">\n")
		}
	}
}

func TestEveryPartStandsOnTheKitPageWithoutLooseKeys(t *testing.T) {
	t.Parallel()
	for _, lang := range []text.Lang{text.Vi, text.En} {
		s := testServer(t, nil)
		body := get(t, s, "/_kit?fault&lang="+string(lang)).Body.String()
		if strings.Contains(body, "[kit.") || strings.Contains(body, "[web.") || strings.Contains(body, "ZgotmplZ") {
			t.Errorf("kit page in %s has a loose key or an unsafe value", lang)
		}
		for _, class := range []string{"q-status", "q-progress", "q-timeline", "q-checklist", "q-identity", "q-box", "q-badge", "q-keys"} {
			if !strings.Contains(body, class) {
				t.Errorf("kit page lacks %s", class)
			}
		}
	}
}
