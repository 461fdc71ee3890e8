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
	Online   Queue = "online"    // nộp trực tuyến, chờ tiếp nhận
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

const open = `('accepted', 'processing')`

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
		c = "d.assignee = " + arg(by.Officer.ID) + " AND d.assignee <> '' AND d.state IN " + open
	case New:
		c = holder() + " AND d.assignee = '' AND d.state IN " + open + " AND d.step <> 'return'"
	case Unit, "":
		c = holder() + " AND d.state IN " + open
	case DueToday:
		c = holder() + " AND d.state IN " + open + " AND NOT d.paused AND d.due_at >= " + arg(today) + " AND d.due_at < " + arg(tomorrow)
	case AtRisk:
		c = holder() + " AND d.state IN " + open + " AND NOT d.paused AND d.risk_at <> '' AND d.risk_at <= " + arg(now) + " AND d.due_at >= " + arg(today)
	case Late:
		c = holder() + " AND d.state IN " + open + " AND NOT d.paused AND d.due_at <> '' AND d.due_at < " + arg(today)
	case Waiting:
		c = "(" + holder() + " OR " + desk() + ") AND d.state IN ('supplement', 'payment')"
	case ToSign:
		c = holder() + " AND d.step = 'approve' AND d.state IN " + open
	case ToAnswer:
		c = "d.asked <> '' AND " + in("d.asked")
	case Ready:
		c = desk() + " AND d.state = 'concluded'"
	case Online:
		c = desk() + " AND d.state = 'filed'"
	case OfDesk:
		c = desk() + " AND d.state IN ('filed', 'accepted', 'processing', 'supplement', 'payment', 'concluded')"
	case Done:
		c = "(" + holder() + " OR " + desk() + ") AND d.concluded_at >= " + arg(today)
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
		dated, err = store.All(tx, scan, `SELECT d.body FROM dossier d WHERE `+where+
			fmt.Sprintf(` AND (d.due_at > $%d OR (d.due_at = $%d AND d.id > $%d)) ORDER BY d.due_at, d.id LIMIT $%d`, k+1, k+2, k+3, k+4),
			append(slices.Clip(args), due, due, id, n)...)
		if err != nil || len(dated) == n {
			return dated, err
		}
		id = ""
	}
	undated, err := store.All(tx, scan, `SELECT d.body FROM dossier d WHERE `+where+
		fmt.Sprintf(` AND d.due_at = '' AND d.id > $%d ORDER BY d.id LIMIT $%d`, k+1, k+2),
		append(slices.Clip(args), id, n-len(dated))...)
	return append(dated, undated...), err
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

// Counts says how many dossiers each queue holds for the officer.
func (r *Register) Counts(ctx context.Context, by officer.By, queues ...Queue) (map[Queue]int, error) {
	counts := map[Queue]int{}
	err := r.db.Read(ctx, func(tx *store.Tx) error {
		for _, q := range queues {
			var args []any
			where, err := Filter{Queue: q}.where(by, tx.Now, &args)
			if err != nil {
				return err
			}
			n, err := store.One(tx, number, `SELECT COUNT(*) FROM dossier d WHERE `+where, args...)
			if err != nil {
				return fmt.Errorf("counting queue %s: %w", q, err)
			}
			counts[q] = int(n)
		}
		return nil
	})
	return counts, err
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
	var found []Dossier
	err := r.db.Write(ctx, func(tx *store.Tx) error {
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
		salt := randomText()
		facts, _ := json.Marshal(map[string]any{"hits": len(found), "salt": salt, "query": journal.Commit(salt, q)})
		_, err := journal.Append(tx, journal.Entry{Officer: by.Officer.ID, Capacity: by.Capacity(), Desk: by.Desk, Act: "search", Subject: "search/" + by.Officer.ID, Reason: why, Facts: facts})
		return err
	})
	return found, err
}

// byTerms finds the newest dossiers that have every term; the last one may be
// the beginning of a word.
func byTerms(tx *store.Tx, by officer.By, terms []string, limit int) ([]Dossier, error) {
	var args []any
	arg := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	var b strings.Builder
	b.WriteString("SELECT d.body FROM dossier d WHERE ")
	for i, t := range terms {
		if i > 0 {
			b.WriteString(" AND ")
		}
		cond := "t.term = " + arg(t)
		if i == len(terms)-1 {
			cond = fmt.Sprintf("t.term >= $%d AND t.term < ", len(args)) + arg(t+"~")
		}
		b.WriteString("d.id IN (SELECT t.dossier FROM dossier_term t WHERE " + cond + ")")
	}
	if !by.Everywhere() {
		scope := placeholders(&args, by.Scope())
		if scope == "" {
			return nil, nil
		}
		b.WriteString(" AND EXISTS (SELECT 1 FROM dossier_unit u WHERE u.dossier = d.id AND u.unit IN (" + scope + "))")
	}
	b.WriteString(" ORDER BY d.filed_at DESC, d.id LIMIT " + arg(limit))
	list, err := store.All(tx, scan, b.String(), args...)
	if err != nil {
		return nil, fmt.Errorf("searching dossiers: %w", err)
	}
	return list, nil
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
	err := r.db.Write(ctx, func(tx *store.Tx) (err error) {
		list, err = store.All(tx, scan, `SELECT body FROM dossier WHERE desk = $1 AND accepted_at >= $2 AND accepted_at < $3 AND accepted_at <> ''
			ORDER BY accepted_at, id LIMIT 20000`, string(desk), from, to)
		if err != nil {
			return fmt.Errorf("reading the register of %s: %w", desk, err)
		}
		facts, _ := json.Marshal(map[string]any{"desk": desk, "rows": len(list)})
		_, err = journal.Append(tx, journal.Entry{Officer: by.Officer.ID, Capacity: by.Capacity(), Desk: by.Desk, Act: "register", Subject: "register/" + string(desk), Facts: facts})
		return err
	})
	return list, err
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
		where := "d.filer = $1 AND d.id <> $2"
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
