package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"quay20/internal/text"
)

// A page cut at its nonces and packed once unpacks to itself with any nonce.
func TestPackedPageHasTheNonceOfItsAnswer(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.SampledFrom([]string{"<p>", "Đăng ký tạm trú ", "thủ tục ", "nonce=\"", "\"", strings.Repeat("hồ sơ ", 9_000)})
		parts := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
			return strings.Join(rapid.SliceOfN(word, 0, 30).Draw(t, "words"), "")
		}), 1, 4).Draw(t, "parts")
		p := newSharedPage(strings.Join(parts, random(16)), "none", "")
		p.parts = parts
		p.pack()
		nonce := random(16)
		z, err := gzip.NewReader(bytes.NewReader(p.zip(nonce)))
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != strings.Join(parts, nonce) {
			t.Fatalf("unpacked to %d bytes, not to the page", len(got))
		}
	})
}

// A kept page is the page as drawn anew, whoever asks, but for the nonce.
func TestKeptPageIsThePageDrawnAnew(t *testing.T) {
	t.Parallel()
	inTown(t, func(w *town) {
		for _, address := range []string{"/", "/tim?q=ho+chieu", "/thu-tuc", "/linh-vuc/cu-tru", "/tt/1.004194", "/tt/1.004194/2021-07-01", "/tt/1.004194?ngay=2022-05-08"} {
			for _, lang := range []text.Lang{text.Vi, text.En} {
				first, etag, nonce := w.shared(address, lang)
				again, sameTag, otherNonce := w.shared(address, lang)
				if first != again || etag != sameTag {
					w.t.Errorf("%s in %s is not the same page when kept", address, lang)
				}
				if nonce == "" || nonce == otherNonce {
					w.t.Errorf("%s in %s: the nonces of two answers are %q and %q", address, lang, nonce, otherNonce)
				}
			}
		}
	})
}

// What the law changes at midnight stands on the page at midnight.
func TestKeptPageEndsWithItsMinute(t *testing.T) {
	t.Parallel()
	inTown(t, func(w *town) {
		w.clock.Set(time.Date(2026, 6, 30, 23, 59, 59, 0, vietnam))
		before, _, _ := w.shared("/tt/1.004194", text.Vi)
		w.clock.Set(time.Date(2026, 7, 1, 0, 0, 0, 0, vietnam))
		after, _, _ := w.shared("/tt/1.004194", text.Vi)
		if strings.Contains(before, "Áp dụng từ 01/07/2026") || !strings.Contains(after, "Áp dụng từ 01/07/2026") {
			w.t.Error("the page does not change with the law")
		}
	})
}

// shared is a shared page without its nonce, its tag, and the nonce.
func (w *town) shared(address string, lang text.Lang) (body, etag, nonce string) {
	w.t.Helper()
	r := request(http.MethodGet, address, "")
	r.Header.Set("Accept-Encoding", "gzip")
	r.AddCookie(&http.Cookie{Name: cookieName("lang"), Value: string(lang)})
	answer := do(w.s, r)
	if answer.Code != http.StatusOK || answer.Header().Get("Content-Encoding") != "gzip" {
		w.t.Fatalf("%s is answered %d %v", address, answer.Code, answer.Header())
	}
	body = unzipped(w.t, answer)
	_, policy, _ := strings.Cut(answer.Header().Get("Content-Security-Policy"), "'nonce-")
	nonce, _, _ = strings.Cut(policy, "'")
	if nonce != "" && !strings.Contains(body, nonce) {
		w.t.Errorf("%s does not carry the nonce of its policy", address)
	}
	return strings.ReplaceAll(body, nonce, ""), answer.Header().Get("ETag"), nonce
}

func unzipped(t *testing.T, answer *httptest.ResponseRecorder) string {
	t.Helper()
	z, err := gzip.NewReader(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
