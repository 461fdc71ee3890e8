package dossier

import (
	"context"
	"crypto/hmac"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"quay20/internal/applicant"
	"quay20/internal/journal"
	"quay20/internal/officer"
	"quay20/internal/pack"
	"quay20/internal/problem"
	"quay20/internal/store"
)

// Queue is a ready-made work list.
type Queue string

const (
	Mine     Queue = "mine"      // assigned to me
	OfDesk   Queue = "desk"      // received at my desk, not yet handed over
	New      Queue = "new"       // in my units, nobody's yet
	Unit     Queue = "unit"      // in my units
	DueToday Queue = "due_today" // hết hạn hôm nay
	AtRisk   Queue = "at_risk"   // four fifths of the time are gone
	Late     Queue = "late"      // quá hạn
	Waiting  Queue = "waiting"   // chờ người dân bổ sung, nộp tiền
	ToSign   Queue = "to_sign"   // chờ ký
	Ready    Queue = "ready"     // có kết quả, chờ trả
	Online   Queue = "online"    // nộp trực tuyến, chờ tiếp nhận; bổ sung trực tuyến, chờ kiểm tra
	ToAnswer Queue = "to_answer" // đơn vị khác hỏi ý kiến, chờ trả lời
	Done     Queue = "done"      // xong hôm nay
)

// Queues lists the queues in the order of the pages.
var Queues = []Queue{Mine, New, DueToday, AtRisk, Late, Waiting, ToAnswer, ToSign, Ready, Online, OfDesk, Unit, Done}

// Filter narrows a queue. It stands in the address of the page.
type Filter struct {
	Queue     Queue
	Procedure string
	Unit      pack.UnitKey // one unit of the scope
	Assignee  string
	Limit     int
	After     string // page token
}

// Page is one page of a work list.
type Page struct {
	Dossiers []Dossier
	Next     string // token of the following page, "" none
	Now      time.Time
}

// open are dossiers at work. It says that they have not ended too, for the
// indexes hold those alone.
const open = `d.ended_at = '' AND d.state IN ('accepted', 'processing')`

// where is a queue's condition within the officer's scope; its values go to args.
func (f Filter) where(by officer.By, now time.Time, args *[]any) (string, error) {
	arg := func(v any) string {
		*args = append(*args, v)
		return fmt.Sprintf("$%d", len(*args))
	}
	in := func(column string) string {
		if by.Everywhere() {
			return "1 = 1"
		}
		scope := placeholders(args, by.Scope())
		if scope == "" {
			return "1 = 0"
		}
		return column + " IN (" + scope + ")"
	}
	day := now.In(pack.Zone)
	today := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, pack.Zone)
	tomorrow := today.AddDate(0, 0, 1)
	holder := func() string { return in("d.holder") }
	desk := func() string { return in("d.desk") }
	var c string
	switch f.Queue {
	case Mine:
		c = "d.assignee = " + arg(by.Officer.ID) + " AND d.assignee <> '' AND " + open
	case New:
		c = holder() + " AND d.assignee = '' AND " + open + " AND d.step <> 'return'"
	case Unit, "":
		c = holder() + " AND " + open
	case DueToday:
		c = holder() + " AND " + open + " AND NOT d.paused AND d.due_at >= " + arg(today) + " AND d.due_at < " + arg(tomorrow)
	case AtRisk:
		c = holder() + " AND " + open + " AND NOT d.paused AND d.risk_at <> '' AND d.risk_at <= " + arg(now) + " AND d.due_at >= " + arg(today)
	case Late:
		c = holder() + " AND " + open + " AND NOT d.paused AND d.due_at <> '' AND d.due_at < " + arg(today)
	case Waiting:
		const waiting = " AND d.ended_at = '' AND d.state IN ('supplement', 'payment')" // said twice, so that each half has its index
		c = "(" + holder() + waiting + " OR " + desk() + waiting + ")"
	case ToSign:
		c = holder() + " AND d.step = 'approve' AND " + open
	case ToAnswer:
		c = "d.ended_at = '' AND d.asked <> '' AND " + in("d.asked")
	case Ready:
		c = desk() + " AND d.ended_at = '' AND d.state = 'concluded'"
	case Online:
		c = desk() + " AND d.ended_at = '' AND (d.state = 'filed' OR d.state = 'supplement' AND d.step = '" + answered + "')"
	case OfDesk:
		c = desk() + " AND d.ended_at = '' AND d.state IN ('filed', 'accepted', 'processing', 'supplement', 'payment', 'concluded')"
	case Done:
		c = "(" + holder() + " OR " + desk() + ") AND d.concluded_at <> '' AND d.concluded_at >= " + arg(today)
	default:
		return "", problem.New(problem.Invalid, "err.summary").Field("queue", "err.queue-unknown", "queue", f.Queue)
	}
	if f.Procedure != "" {
		c += " AND d.procedure = " + arg(f.Procedure)
	}
	if f.Assignee != "" {
		c += " AND d.assignee = " + arg(f.Assignee)
	}
	if f.Unit != "" {
		c += " AND d.holder = " + arg(string(f.Unit))
	}
	return c, nil
}

// List gives one page of a queue within the officer's scope, what is due first
// and what has no due date last.
func (r *Register) List(ctx context.Context, by officer.By, f Filter) (Page, error) {
	if f.Limit <= 0 || f.Limit > 200 {
		f.Limit = 50
	}
	var page Page
	err := r.db.Read(ctx, func(tx *store.Tx) error {
		page.Now = tx.Now
		var args []any
		where, err := f.where(by, tx.Now, &args)
		if err != nil {
			return err
		}
		due, id := early, ""
		if f.After != "" {
			if due, id, err = r.unpage(f, by); err != nil {
				return err
			}
		}
		list, err := dueFirst(tx, where, args, due, id, f.Limit+1)
		if err != nil {
			return fmt.Errorf("listing queue %s: %w", f.Queue, err)
		}
		if len(list) > f.Limit {
			list = list[:f.Limit]
			page.Next = r.page(f, by, list[len(list)-1])
		}
		page.Dossiers = list
		return nil
	})
	return page, err
}

// early sorts before every due date.
const early = "0"

// dueFirst reads up to n dossiers after the one due then (early: from the
// start; "": after one without a due date). What has no due date comes last and
// is read by itself, so that both ranges keep to the index.
func dueFirst(tx *store.Tx, where string, args []any, due, id string, n int) ([]Dossier, error) {
	var dated []Dossier
	k := len(args)
	if due != "" {
		var err error
		dated, err = bodies(tx, where+fmt.Sprintf(` AND (d.due_at, d.id) > ($%d, $%d) ORDER BY d.due_at, d.id LIMIT $%d`, k+1, k+2, k+3),
			append(slices.Clip(args), due, id, n)...)
		if err != nil || len(dated) == n {
			return dated, err
		}
		id = ""
	}
	undated, err := bodies(tx, where+fmt.Sprintf(` AND d.due_at = '' AND d.id > $%d ORDER BY d.due_at, d.id LIMIT $%d`, k+1, k+2),
		append(slices.Clip(args), id, n-len(dated))...)
	return append(dated, undated...), err
}

// bodies reads dossiers by when they are due. What is sorted are the index's
// own columns; only the dossiers asked for are read whole.
func bodies(tx *store.Tx, where string, args ...any) ([]Dossier, error) {
	return store.All(tx, scan, `SELECT d.body FROM (SELECT d.due_at, d.id FROM dossier d WHERE `+where+`) x
		JOIN dossier d ON d.id = x.id ORDER BY x.due_at, x.id`, args...)
}

// page makes an authenticated page token, good for this officer and filter.
func (r *Register) page(f Filter, by officer.By, last Dossier) string {
	at := store.Time(last.Clock.Due) + "|" + last.ID
	return base64.RawURLEncoding.EncodeToString(append(r.pageMAC(f, by, at), at...))
}

func (r *Register) pageMAC(f Filter, by officer.By, at string) []byte {
	f.After, f.Limit = "", 0
	return r.key.derive("page", fmt.Sprintf("%s|%v|%s", by.Officer.ID, f, at))[:16]
}

func (r *Register) unpage(f Filter, by officer.By) (due, id string, err error) {
	b, err := base64.RawURLEncoding.DecodeString(f.After)
	if err != nil || len(b) < 17 || !hmac.Equal(b[:16], r.pageMAC(f, by, string(b[16:]))) {
		return "", "", problem.New(problem.Malformed, "err.page-token")
	}
	due, id, _ = strings.Cut(string(b[16:]), "|")
	return due, id, nil
}

// Many is how far Counts counts: nobody works through more, and counting them
// all would cost each page of a large unit.
const Many = 200

// Counts says how many dossiers each queue holds for the officer; a number
// beyond Many says that there are more than Many.
func (r *Register) Counts(ctx context.Context, by officer.By, queues ...Queue) (map[Queue]int, error) {
	counts := map[Queue]int{}
	err := r.db.Read(ctx, func(tx *store.Tx) error {
		for _, q := range queues {
			var err error
			if counts[q], err = count(tx, by, q, Many+1); err != nil {
				return err
			}
		}
		return nil
	})
	return counts, err
}

// count counts a queue, but not beyond most.
func count(tx *store.Tx, by officer.By, q Queue, most int) (int, error) {
	var args []any
	where, err := Filter{Queue: q}.where(by, tx.Now, &args)
	if err != nil {
		return 0, err
	}
	args = append(args, most)
	n, err := store.One(tx, number, fmt.Sprintf(`SELECT COUNT(*) FROM (SELECT 1 FROM dossier d WHERE %s LIMIT $%d) x`, where, len(args)), args...)
	if err != nil {
		return 0, fmt.Errorf("counting queue %s: %w", q, err)
	}
	return int(n), nil
}

// Search finds dossiers in the officer's scope by code, name with or without
// marks, identity number, phone or plate. The search is journaled with its
// reason; the words themselves only as a commitment.
func (r *Register) Search(ctx context.Context, by officer.By, q, why string, limit int) ([]Dossier, error) {
	if len([]rune(q)) > 200 {
		return nil, problem.New(problem.Invalid, "err.summary").Field("q", "err.too-long", "field", "key:field.q", "most", 200)
	}
	if err := unsayable(why); err != nil {
		return nil, err
	}
	if !sayable(q) {
		return nil, nil
	}
	if limit <= 0 || limit > 50 {
		limit = 20
	}
	whole, words := squeeze(q), strings.Fields(applicant.Fold(q))
	if len(whole) < 2 || len(words) > 10 {
		return nil, nil
	}
	if p, err := applicant.ParsePhone(q); err == nil {
		whole = squeeze(strings.TrimPrefix(p, "+84"))
	}
	// Looking takes no turn from those who write; only the entry does, and nothing
	// is shown before it stands.
	var found []Dossier
	err := r.db.Read(ctx, func(tx *store.Tx) error {
		found = nil
		seen := map[string]bool{}
		sets := [][]string{{whole}}
		if len(words) > 1 {
			sets = append(sets, words)
		}
		for _, terms := range sets {
			list, err := byTerms(tx, by, terms, limit)
			if err != nil {
				return err
			}
			for _, d := range list {
				if !seen[d.ID] {
					seen[d.ID] = true
					found = append(found, d)
				}
			}
		}
		found = found[:min(len(found), limit)]
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = r.db.Write(ctx, func(tx *store.Tx) error {
		salt := randomText(tx.Chance)
		facts, _ := json.Marshal(map[string]any{"hits": len(found), "salt": salt, "query": journal.Commit(salt, q)})
		_, err := journal.Append(tx, journal.Entry{Officer: by.Officer.ID, Capacity: by.Capacity(), Desk: by.Desk, Act: "search", Subject: "search/" + by.Officer.ID, Reason: why, Facts: facts})
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

const (
	spellings = 50   // words that the beginning of a word may stand for
	newest    = 5000 // dossiers with the rarest term that a search looks through
	fewest    = 200  // and with each word that begins as the last one does
)

// byTerms finds the newest dossiers that have every term. The last one may be
// the beginning of a word; dossiers that have just that word come first.
func byTerms(tx *store.Tx, by officer.By, terms []string, limit int) ([]Dossier, error) {
	if len(by.Scope()) == 0 && !by.Everywhere() {
		return nil, nil
	}
	rarest, least := 0, newest+1
	for i, term := range terms {
		n, err := howMany(tx, term)
		if err != nil || n == 0 && i < len(terms)-1 {
			return nil, err
		}
		if n < least {
			rarest, least = i, n
		}
	}
	found, err := haveAll(tx, by, terms[rarest:rarest+1], slices.Delete(slices.Clone(terms), rarest, rarest+1), newest, limit)
	if err != nil || len(found) == limit {
		return found, err
	}
	last := len(terms) - 1
	begun, err := beginning(tx, terms[last])
	if err != nil {
		return nil, err
	}
	begun = slices.DeleteFunc(begun, func(word string) bool { return word == terms[last] })
	if len(begun) == 0 {
		return found, nil
	}
	more, err := haveAll(tx, by, begun, terms[:last], max(fewest, newest/len(begun)), limit)
	return append(found, more...), err
}

// haveAll finds the newest dossiers that have one of the words and all the rest,
// looking at the most newest of each word. It walks each word from its newest
// dossier on and stops when it has enough, so that the commonest name costs no
// more than a rare one.
func haveAll(tx *store.Tx, by officer.By, words, rest []string, most, limit int) ([]Dossier, error) {
	var args []any
	arg := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	var and strings.Builder
	for _, other := range rest {
		and.WriteString(" AND EXISTS (SELECT 1 FROM dossier_term o WHERE o.term = " + arg(other) + " AND o.dossier = t.dossier)")
	}
	if !by.Everywhere() {
		and.WriteString(" AND EXISTS (SELECT 1 FROM dossier_unit u WHERE u.dossier = t.dossier AND u.unit IN (" + placeholders(&args, by.Scope()) + "))")
	}
	skip, some := arg(most-1), arg(limit)
	arms := make([]string, len(words))
	for i, word := range words {
		term := arg(word)
		arms[i] = `SELECT dossier FROM (SELECT t.dossier FROM dossier_term t WHERE t.term = ` + term + `
			AND t.dossier >= COALESCE((SELECT dossier FROM dossier_term WHERE term = ` + term + ` ORDER BY dossier DESC LIMIT 1 OFFSET ` + skip + `), '')` +
			and.String() + ` ORDER BY t.dossier DESC LIMIT ` + some + ") a" + fmt.Sprint(i)
	}
	list, err := store.All(tx, scan, `SELECT d.body FROM (SELECT DISTINCT t.dossier FROM (`+strings.Join(arms, " UNION ALL ")+`) t ORDER BY t.dossier DESC LIMIT `+some+`) x
		JOIN dossier d ON d.id = x.dossier ORDER BY d.id DESC`, args...)
	if err != nil {
		return nil, fmt.Errorf("searching dossiers: %w", err)
	}
	return list, nil
}

// beginning gives the words that begin so, the word itself first, leaping from
// one to the next along the index.
func beginning(tx *store.Tx, start string) ([]string, error) {
	words, err := store.All(tx, func(row store.Row) (s string, err error) { return s, row.Scan(&s) }, `
		WITH RECURSIVE w (term, n) AS (
			SELECT MIN(term), 1 FROM dossier_term WHERE term >= $1 AND term < $2
			UNION ALL
			SELECT (SELECT MIN(t.term) FROM dossier_term t WHERE t.term > w.term AND t.term < $2), n + 1 FROM w WHERE w.term IS NOT NULL AND n < $3
		) SELECT term FROM w WHERE term IS NOT NULL`, start, start+"~", spellings)
	if err != nil {
		return nil, fmt.Errorf("looking for words that begin with what was typed: %w", err)
	}
	return words, nil
}

// howMany counts the dossiers with a term, up to newest.
func howMany(tx *store.Tx, term string) (int, error) {
	n, err := store.One(tx, number, `SELECT COUNT(*) FROM (SELECT 1 FROM dossier_term WHERE term = $1 LIMIT $2) x`, term, newest)
	if err != nil {
		return 0, fmt.Errorf("counting dossiers with a term: %w", err)
	}
	return int(n), nil
}

func sortEvents(list []Event) {
	slices.Reverse(list) // of two at one instant, the later in the course of things is newer
	slices.SortStableFunc(list, func(a, b Event) int { return b.At.Compare(a.At) })
}

// Received lists what a desk received in a period, in the order of receipt:
// the dossier register (sổ theo dõi hồ sơ).
func (r *Register) Received(ctx context.Context, by officer.By, desk pack.UnitKey, from, to time.Time) ([]Dossier, error) {
	if !by.Everywhere() && !by.Sees(desk) {
		return nil, problem.New(problem.Forbidden, "err.not-your-unit")
	}
	var list []Dossier
	err := r.db.Read(ctx, func(tx *store.Tx) (err error) {
		list, err = store.All(tx, scan, `SELECT body FROM dossier WHERE (desk = $1 OR id IN (SELECT dossier FROM dossier_passed WHERE desk = $2))
			AND accepted_at >= $3 AND accepted_at < $4 AND accepted_at <> '' ORDER BY accepted_at, id LIMIT 20000`, string(desk), string(desk), from, to)
		if err != nil {
			return fmt.Errorf("reading the register of %s: %w", desk, err)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(d Dossier) bool { return d.DeskAt(d.AcceptedAt) != desk })
	err = r.db.Write(ctx, func(tx *store.Tx) error {
		facts, _ := json.Marshal(map[string]any{"desk": desk, "rows": len(list)})
		_, err := journal.Append(tx, journal.Entry{Officer: by.Officer.ID, Capacity: by.Capacity(), Desk: by.Desk, Act: "register", Subject: "register/" + string(desk), Facts: facts})
		return err
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// Alike lists dossiers in the officer's scope that the same person filed, the
// newest first: they may be the same dossier twice (có thể trùng).
func (r *Register) Alike(ctx context.Context, by officer.By, d Dossier) ([]Dossier, error) {
	if d.Filer.IDNumber == "" {
		return nil, nil
	}
	var list []Dossier
	err := r.db.Read(ctx, func(tx *store.Tx) error {
		args := []any{d.Filer.IDNumber, d.ID}
		where := "d.filer = $1 AND d.filer <> '' AND d.id <> $2"
		if !by.Everywhere() {
			scope := placeholders(&args, by.Scope())
			if scope == "" {
				return nil
			}
			where += " AND EXISTS (SELECT 1 FROM dossier_unit u WHERE u.dossier = d.id AND u.unit IN (" + scope + "))"
		}
		var err error
		list, err = store.All(tx, scan, `SELECT d.body FROM dossier d WHERE `+where+` ORDER BY d.filed_at DESC, d.id LIMIT 10`, args...)
		if err != nil {
			return fmt.Errorf("looking for dossiers like %s: %w", d.ID, err)
		}
		return nil
	})
	return list, err
}

// Within gives the codes of those dossiers among ids that lie in the officer's
// scope, by id; one without a code yet has "". What is said about any other
// dossier the officer does not see. rel-I-P2
func Within(tx *store.Tx, by officer.By, ids []string) (map[string]Code, error) {
	codes := map[string]Code{}
	for some := range slices.Chunk(ids, 200) {
		var args []any
		where := "d.id IN (" + placeholders(&args, some) + ")"
		if !by.Everywhere() {
			scope := placeholders(&args, by.Scope())
			if scope == "" {
				return codes, nil
			}
			where += " AND EXISTS (SELECT 1 FROM dossier_unit u WHERE u.dossier = d.id AND u.unit IN (" + scope + "))"
		}
		list, err := store.All(tx, scan, `SELECT d.body FROM dossier d WHERE `+where, args...)
		if err != nil {
			return nil, fmt.Errorf("looking which dossiers lie in the scope: %w", err)
		}
		for _, d := range list {
			codes[d.ID] = d.Code
		}
	}
	return codes, nil
}
