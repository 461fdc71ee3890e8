package web

import (
	"net/http"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"quay20/internal/officer"
)

// The worklist shows who keeps the procedures what is wrong in the law in force,
// with the sentence and the remedy, all or one kind; nobody else sees it.
func TestWorklistOfTheLawInForce(t *testing.T) {
	t.Parallel()
	inBureau(t, func(b *bureau) {
		b.hire("soat", "Giàng Thị Soát", officer.ProcedureControl, "12")
		w := b.get("soat", lintPath)
		if w.Code != http.StatusOK {
			t.Fatalf("the worklist answers %d", w.Code)
		}
		page, err := goquery.NewDocumentFromReader(strings.NewReader(w.Body.String()))
		if err != nil {
			t.Fatal(err)
		}
		all := page.Find("section li").Length()
		if all == 0 || page.Find("section li q").Length() != all {
			t.Errorf("%d findings, %d sentences", all, page.Find("section li q").Length())
		}
		if first := page.Find("nav[aria-label='Lọc theo loại'] a").First(); first.AttrOr("aria-current", "") != "page" {
			t.Error("the filter does not say that all is shown")
		}
		narrow := b.get("soat", lintPath+"?kind=fee-unknown").Body.String()
		some, err := goquery.NewDocumentFromReader(strings.NewReader(narrow))
		if err != nil {
			t.Fatal(err)
		}
		if n := some.Find("section li").Length(); n == 0 || n >= all {
			t.Errorf("one kind shows %d of %d findings", n, all)
		}
		some.Find("section li").Each(func(_ int, li *goquery.Selection) {
			if !strings.Contains(li.Text(), "Có thu phí nhưng chưa biết mức") {
				t.Errorf("another kind is shown: %s", li.Text())
			}
		})
		if href := some.Find("section h2 a").First().AttrOr("href", ""); !strings.HasPrefix(href, proceduresPath+"/of/") {
			t.Errorf("a procedure links to %q", href)
		}
		if w := b.get("minh", lintPath); w.Code != http.StatusForbidden {
			t.Errorf("a receptionist gets %d", w.Code)
		}
	})
}
