// Package notice is words sent to people (tin nhắn, thư báo): a one-time code,
// that a dossier was received, that a phone was taken off an account. A message
// is written in the transaction that wants it, so it exists if and only if that
// transaction does, and is delivered by a job afterwards.
//
// The words are in the catalogue. A text message goes out without marks, so
// that it costs one message and every phone shows it: at most 160 characters. A
// message says what to do, by when and where to check; it holds no link and
// never asks for a code.
//
// Until a sender is joined to the queue, messages are shown in the outbox alone.
package notice

import (
	"cmp"
	"context"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"quay20/internal/job"
	"quay20/internal/journal"
	"quay20/internal/store"
	"quay20/internal/text"
)

// Channel is how a message travels.
type Channel string

const (
	SMS   Channel = "sms"   // tin nhắn
	Email Channel = "email" // thư điện tử
)

// Message is what a room wants to be said.
type Message struct {
	To      string // in its one written form: "+84912345678", "phuong@example.vn"
	Channel Channel
	Text    text.Key // "notice.code"; mail has its heading under "notice.code.subject"
	Args    []any    // of Text, short: codes, days, amounts; never a link
	Lang    text.Lang
	About   string    // whom or what it concerns: "account/7K2M…", "dossier/…"
	Event   string    // one message for each event, channel and recipient; "" is an event of its own
	Secret  string    // the part of the text that only the recipient may read, for as long as it is good
	UseBy   time.Time // not sent after this; zero is a day
	Formal  bool      // the law asks for it: the journal tells that it was sent
}

// State is where a message stands.
type State string

const (
	Waiting State = "waiting"
	Shown   State = "shown"  // in the outbox; no sender is joined
	Lapsed  State = "lapsed" // its use-by time passed before it could be sent
	Erased  State = "erased" // recipient and text are gone
)

// Delivery is the kind of the jobs that deliver; args are a message's id.
const Delivery job.Kind = "notice-delivery"

const (
	smsCap   = 160
	useBy    = 24 * time.Hour
	keepText = 365 * 24 * time.Hour // recipient and text (rel-R28)
	hidden   = "••••••"
)

// Send writes a message down to be delivered once tx commits. One for an event
// that this recipient was already told of by this channel is not written again
// (rel-I-N1).
func Send(tx *store.Tx, m Message) error {
	w, err := m.words()
	if err != nil {
		return err
	}
	id := newID(tx)
	until := m.UseBy
	if until.IsZero() {
		until = tx.Now.Add(useBy)
	}
	n, err := tx.Exec(`
		INSERT INTO notice (id, made, channel, recipient, about, event, words, lang, heading, body, secret, use_by, state, settled)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, '')
		ON CONFLICT DO NOTHING`,
		id, tx.Now, m.Channel, m.To, m.About, cmp.Or(m.Event, id), string(m.Text), m.Lang, w.heading, w.body, m.Secret, until, Waiting)
	if err != nil {
		return fmt.Errorf("writing a message: %w", err)
	}
	if n == 0 {
		return nil
	}
	if m.Formal {
		if err := record(tx, id, m); err != nil {
			return err
		}
	}
	return job.Enqueue(tx, Delivery, id)
}

// record tells the journal that a message of the law was sent, not to whom.
func record(tx *store.Tx, id string, m Message) error {
	facts, err := json.Marshal(map[string]any{"about": m.About, "channel": m.Channel, "text": m.Text})
	if err != nil {
		return err
	}
	_, err = journal.Append(tx, journal.Entry{Capacity: "system", Act: "notify", Subject: "notice/" + id, Facts: facts})
	return err
}

type worded struct{ heading, body string }

// words says the message in full, in the form in which its channel carries it.
func (m Message) words() (w worded, err error) {
	args := make([]any, len(m.Args))
	for i, a := range m.Args {
		if s, ok := a.(string); ok {
			a = oneLine(s)
		}
		args[i] = a
	}
	w.body = text.T(m.Lang, string(m.Text), args...)
	switch {
	case m.Channel == SMS:
		w.body = Unmarked(w.body)
		if len(w.body) > smsCap {
			return w, fmt.Errorf("text %s makes %d characters, a text message has %d", m.Text, len(w.body), smsCap)
		}
	case m.Channel == Email:
		w.heading = text.T(m.Lang, string(m.Text)+".subject", args...)
	default:
		return w, fmt.Errorf("no channel %q", m.Channel)
	}
	if m.To != oneLine(m.To) || m.To == "" {
		return w, errors.New("a recipient is one word")
	}
	if m.Secret != "" && !strings.Contains(w.body, m.Secret) {
		return w, fmt.Errorf("text %s does not hold its secret", m.Text)
	}
	return w, nil
}

// oneLine takes out what would begin a new line or header in a message (rel-K10).
func oneLine(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return -1
		}
		return r
	}, s))
}

// Unmarked writes Vietnamese without its marks, as text messages carry it.
func Unmarked(s string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(s) {
		switch {
		case unicode.IsMark(r):
		case r == 'đ':
			b.WriteByte('d')
		case r == 'Đ':
			b.WriteByte('D')
		case r == '–' || r == '—':
			b.WriteByte('-')
		case r == '“' || r == '”' || r == '«' || r == '»':
			b.WriteByte('"')
		case r == '…':
			b.WriteString("...")
		case r >= ' ' && r < 0x7f:
			b.WriteRune(r)
		case r == '\u00a0':
			b.WriteByte(' ')
		default:
			b.WriteByte('?')
		}
	}
	return b.String()
}

var letters = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// newID sorts by time.
func newID(tx *store.Tx) string {
	b := make([]byte, 10)
	tx.Chance(b)
	return fmt.Sprintf("%012x%s", tx.Now.UnixMilli(), letters.EncodeToString(b))
}

// Sent is a message as the outbox shows it.
type Sent struct {
	ID      string
	Made    time.Time
	Channel Channel
	To      string
	About   string
	Text    text.Key
	Lang    text.Lang
	Heading string // of a letter
	Body    string // as it travels
	Secret  string // the part of Body to hide; "" once it is over
	UseBy   time.Time
	State   State
	Settled time.Time
}

// Masked is the message for those who watch over the sending: without the
// secret and with little of the recipient.
func (s Sent) Masked() Sent {
	if s.Secret != "" {
		s.Body, s.Secret = strings.ReplaceAll(s.Body, s.Secret, hidden), ""
	}
	s.To = MaskTo(s.To)
	return s
}

// MaskTo leaves of a phone its last three digits, of an address its first
// letter and the domain: "••• 678", "p•••@example.vn".
func MaskTo(to string) string {
	if name, domain, ok := strings.Cut(to, "@"); ok {
		return firstLetter(name) + "•••@" + domain
	}
	if len(to) < 6 {
		return to
	}
	return "••• " + to[len(to)-3:]
}

func firstLetter(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}

const columns = `id, made, channel, recipient, about, words, lang, heading, body, secret, use_by, state, settled`

func scan(r store.Row) (s Sent, err error) {
	err = r.Scan(&s.ID, store.At(&s.Made), &s.Channel, &s.To, &s.About, &s.Text, &s.Lang, &s.Heading, &s.Body, &s.Secret,
		store.At(&s.UseBy), &s.State, store.At(&s.Settled))
	return s, err
}

// Outbox is the book of what was sent (hộp thư đi).
type Outbox struct{ db *store.DB }

// NewOutbox opens the book.
func NewOutbox(db *store.DB) *Outbox { return &Outbox{db} }

// Last gives the newest messages, newest first.
func (o *Outbox) Last(ctx context.Context, n int) (list []Sent, err error) {
	err = o.db.Read(ctx, func(tx *store.Tx) error {
		list, err = store.All(tx, scan, `SELECT `+columns+` FROM notice ORDER BY made DESC, id DESC LIMIT $1`, n)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the outbox: %w", err)
	}
	return list, nil
}

// About gives the messages about one account or dossier, oldest first.
func (o *Outbox) About(ctx context.Context, about string) (list []Sent, err error) {
	err = o.db.Read(ctx, func(tx *store.Tx) error {
		list, err = store.All(tx, scan, `SELECT `+columns+` FROM notice WHERE about = $1 ORDER BY made, id LIMIT 1000`, about)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the messages about %s: %w", about, err)
	}
	return list, nil
}

// Deliver does the work of a delivery job: the message is in the outbox for all
// to see who may, unless its time is over. Asked twice, it does nothing.
func (o *Outbox) Deliver(ctx context.Context, id string) error {
	return o.db.Write(ctx, func(tx *store.Tx) error {
		_, err := tx.Exec(`
			UPDATE notice SET settled = $1, state = CASE WHEN use_by < $1 THEN $2 ELSE $3 END
			WHERE id = $4 AND state = $5`, tx.Now, Lapsed, Shown, id, Waiting)
		if err != nil {
			return fmt.Errorf("delivering message %s: %w", id, err)
		}
		return nil
	})
}

// Age erases what has had its time: secrets once they are good for nothing,
// recipient and text after a year.
func (o *Outbox) Age(ctx context.Context) error {
	return o.db.Write(ctx, func(tx *store.Tx) error {
		over, err := store.All(tx, scan, `SELECT `+columns+` FROM notice WHERE secret <> '' AND use_by < $1 ORDER BY use_by LIMIT 1000`, tx.Now)
		if err != nil {
			return fmt.Errorf("reading secrets that are over: %w", err)
		}
		for _, s := range over {
			if _, err := tx.Exec(`UPDATE notice SET body = $1, secret = '' WHERE id = $2`, strings.ReplaceAll(s.Body, s.Secret, hidden), s.ID); err != nil {
				return fmt.Errorf("erasing a secret: %w", err)
			}
		}
		_, err = tx.Exec(`UPDATE notice SET recipient = id, heading = '', body = '', secret = '', state = $1 WHERE made < $2 AND state <> $1`,
			Erased, tx.Now.Add(-keepText))
		if err != nil {
			return fmt.Errorf("erasing old messages: %w", err)
		}
		return nil
	})
}

// Forget erases what was sent to somebody who closes their account.
func Forget(tx *store.Tx, about string) error {
	_, err := tx.Exec(`UPDATE notice SET recipient = id, heading = '', body = '', secret = '', state = $1 WHERE about = $2 AND state <> $3`, Erased, about, Waiting)
	if err != nil {
		return fmt.Errorf("erasing the messages about %s: %w", about, err)
	}
	return nil
}
