package web

import (
	"testing"

	"quay20/internal/web/webtest"
)

// TestFirstLoadIsLight opens pages as somebody who was never here, on a
// telephone, and weighs what comes over the network.
func TestFirstLoadIsLight(t *testing.T) { // ux 7, ux-C1, ux-C2, ux-C4, ux-C5, ux-C6
	_, base := browsed(t)
	b := webtest.Browser(t, base)
	for _, path := range []string{
		"/", "/tim?q=h%E1%BB%99+chi%E1%BA%BFu", "/tt/1.001456", "/tt/1.013067", "/tt/1.004222?xa=doan+ket",
		"/tt/1.001456/kiem-tra", "/tt/1.001456/chuan-bi?viec=mat&cho-ai=nguoi-lon", "/linh-vuc/xuat-nhap-canh",
	} {
		first := b.Another()
		first.Width(360)
		w := first.Weigh(path)
		t.Logf("%-50s %6d bytes, %d requests, %d of scripts, shift %.4f", path, w.Bytes, w.Requests, w.Scripts, w.Shift)
		switch {
		case w.Bytes == 0 || w.Bytes > 60_000:
			t.Errorf("%s: %d bytes, at most 60,000", path, w.Bytes)
		case w.Scripts == 0 || w.Scripts > 10<<10:
			t.Errorf("%s: %d bytes of scripts, at most 10 KB", path, w.Scripts)
		case w.Shift > 0:
			t.Errorf("%s shifts by %.4f while it loads", path, w.Shift)
		case w.Outside > 0:
			t.Errorf("%s asks %d things of other hosts", path, w.Outside)
		}
	}
}
