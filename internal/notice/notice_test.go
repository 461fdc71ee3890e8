package notice_test

import (
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"quay20/internal/notice"
	"quay20/internal/store"
	"quay20/internal/store/storetest"
	"quay20/internal/text"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func code() notice.Message {
	return notice.Message{To: "+84912345678", Channel: notice.SMS, Text: "notice.code", Args: []any{"code", "123456"}, Lang: text.Vi,
		About: "account/A", Secret: "123456"}
}

func send(t *testing.T, db *store.DB, m notice.Message) error {
	t.Helper()
	return db.Write(t.Context(), func(tx *store.Tx) error { return notice.Send(tx, m) })
}

func last(t *testing.T, db *store.DB) []notice.Sent {
	t.Helper()
	list, err := notice.NewOutbox(db).Last(t.Context(), 10)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// rel-I-N1: one message for each event, recipient and channel.
func TestNobodyIsToldTwiceOfOneEvent(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		m := code()
		m.Event = "received/D1"
		for range 3 {
			if err := send(t, db, m); err != nil {
				t.Fatal(err)
			}
		}
		m.To = "+84912345679"
		if err := send(t, db, m); err != nil {
			t.Fatal(err)
		}
		if n := len(last(t, db)); n != 2 {
			t.Errorf("%d messages, want one for each recipient", n)
		}
	})
}

// rel-I-N1, rel-F22: never after its use-by time, and delivered once.
func TestDeliveryKeepsTheUseByTime(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o := notice.NewOutbox(db)
		if err := send(t, db, code()); err != nil {
			t.Fatal(err)
		}
		id := last(t, db)[0].ID
		for range 2 {
			if err := o.Deliver(t.Context(), id); err != nil {
				t.Fatal(err)
			}
		}
		if s := last(t, db)[0]; s.State != notice.Shown || s.Settled.IsZero() {
			t.Errorf("delivered in time: %+v", s)
		}
		storetest.ClockOf(db).Add(time.Second)
		if err := send(t, db, code()); err != nil {
			t.Fatal(err)
		}
		storetest.ClockOf(db).Add(25 * time.Hour)
		late := last(t, db)[0].ID
		if err := o.Deliver(t.Context(), late); err != nil {
			t.Fatal(err)
		}
		for _, s := range last(t, db) {
			if s.ID == late && s.State != notice.Lapsed {
				t.Errorf("delivered after its time: %+v", s)
			}
		}
	})
}

// rel-R28, rel-R26: a code is erased with its use-by time, the rest after a year.
func TestMessagesAgeOut(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		o := notice.NewOutbox(db)
		if err := send(t, db, code()); err != nil {
			t.Fatal(err)
		}
		age := func(d time.Duration) notice.Sent {
			storetest.ClockOf(db).Add(d)
			if err := o.Age(t.Context()); err != nil {
				t.Fatal(err)
			}
			return last(t, db)[0]
		}
		if s := age(time.Hour); !strings.Contains(s.Body, "123456") {
			t.Errorf("erased too early: %q", s.Body)
		}
		if s := age(24 * time.Hour); strings.Contains(s.Body, "123456") || s.Secret != "" || s.To != "+84912345678" {
			t.Errorf("the code is still there: %+v", s)
		}
		if s := age(365 * 24 * time.Hour); s.Body != "" || strings.Contains(s.To, "912") || s.State != notice.Erased {
			t.Errorf("after a year: %+v", s)
		}
	})
}

// rel-K10: nothing typed can begin a new line, and so a header, in a message.
func TestNoNewLineGetsIntoAMessage(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		m := code()
		m.Args, m.Secret = []any{"code", "1\r\nBcc: x@example.vn"}, ""
		if err := send(t, db, m); err != nil {
			t.Fatal(err)
		}
		if s := last(t, db)[0]; strings.ContainsAny(s.Body, "\r\n") {
			t.Errorf("%q", s.Body)
		}
		m.To = "a@example.vn\r\nBcc: x@example.vn"
		if err := send(t, db, m); err == nil {
			t.Error("a recipient of two lines was taken")
		}
	})
}

// Every text of a message fits into one text message without marks, holds no
// link and asks for no code (rel-I-N2, rel-T12).
func TestEveryTextFitsOneMessage(t *testing.T) {
	t.Parallel()
	longest := map[string]string{"code": "123456", "organisation": strings.Repeat("ệ", 30)}
	var args []any
	for name, v := range longest {
		args = append(args, name, v)
	}
	for _, key := range text.Keys() {
		if !strings.HasPrefix(key, "notice.") || strings.HasSuffix(key, ".subject") {
			continue
		}
		for _, lang := range []text.Lang{text.Vi, text.En} {
			said := notice.Unmarked(text.T(lang, key, args...))
			if len(said) > 160 {
				t.Errorf("%s in %s has %d characters: %s", key, lang, len(said), said)
			}
			if strings.Contains(said, "?") || strings.Contains(said, "{") || strings.Contains(said, "http") || strings.Contains(said, "www.") {
				t.Errorf("%s in %s: %s", key, lang, said)
			}
			if !text.Has(key + ".subject") {
				t.Errorf("%s has no heading for mail", key)
			}
		}
	}
}

func TestMaskedMessageShowsNoSecretAndNoRecipient(t *testing.T) {
	t.Parallel()
	s := notice.Sent{To: "+84912345678", Body: "Ma: 123456.", Secret: "123456"}.Masked()
	if strings.Contains(s.Body, "123456") || s.Secret != "" || s.To != "••• 678" {
		t.Errorf("%+v", s)
	}
	if got := notice.MaskTo("phuong@example.vn"); got != "p•••@example.vn" {
		t.Errorf("mail masked as %q", got)
	}
}
