package api

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"quay20/internal/dossier"
	"quay20/internal/problem"
	"quay20/internal/text"
)

// Look is what a slip gives a citizen to look their dossier up.
type Look struct {
	Code   string `json:"code"`
	Secret string `json:"secret" secret:"true"`
}

// Tracked is what a citizen with a valid slip sees: these facts and no others
// (rel-I-P5).
type Tracked struct {
	Code        dossier.Code  `json:"code,omitempty"`
	State       dossier.State `json:"state"`
	National    int           `json:"national_state"`
	StateText   string        `json:"state_text"`
	Procedure   string        `json:"procedure"`
	Title       string        `json:"title"`
	Case        string        `json:"case,omitempty"`
	Initials    string        `json:"initials"`
	FiledAt     time.Time     `json:"filed_at"`
	ReceivedAt  time.Time     `json:"received_at,omitzero"`
	DueAt       time.Time     `json:"due_at,omitzero"`
	PromisedAt  time.Time     `json:"promised_at,omitzero"`
	Provisional bool          `json:"provisional,omitempty"`
	Paused      string        `json:"paused,omitempty"`
	Unit        string        `json:"unit"`
	Desk        string        `json:"desk"`
	DeskAddress string        `json:"desk_address,omitempty"`
	ReturnBy    string        `json:"return_by"`
	Items       []TrackedItem `json:"items,omitempty"`
	Until       time.Time     `json:"until,omitzero"`
	Owed        int64         `json:"owed,omitzero"`
	OwedFor     string        `json:"owed_for,omitempty"`
	Reasons     []string      `json:"reasons,omitempty"`
	Next        string        `json:"next,omitempty"`
	Outcome     string        `json:"outcome,omitempty"`
	ConcludedAt time.Time     `json:"concluded_at,omitzero"`
	ReturnedAt  time.Time     `json:"returned_at,omitzero"`
	Ended       string        `json:"ended,omitempty"`
	Apology     string        `json:"apology,omitempty"`
	Passed      *PassedOn     `json:"passed,omitempty"`
	Proof       []ProofStep   `json:"proof"`
	Events      []Event       `json:"events"`
}

// PassedOn tells that a unit ended and who took the dossier over.
type PassedOn struct {
	From string    `json:"from"`
	To   string    `json:"to"`
	At   time.Time `json:"at"`
	Why  string    `json:"why"`
}

// TrackedItem is a paper that is still missing.
type TrackedItem struct {
	Paper  string `json:"paper"`
	Reason string `json:"reason"`
	Todo   string `json:"todo,omitempty"`
}

// Event is one line of the public history, newest first.
type Event struct {
	At   time.Time `json:"at"`
	Text string    `json:"text"`
}

func (c *call) tracked(t dossier.Tracked) Tracked {
	v := Tracked{
		Code: t.Code, State: t.State, National: t.State.National(), StateText: text.T(c.lang, "state."+string(t.State)),
		Procedure: t.Procedure, Title: t.Title, Case: t.Case, Initials: t.Initials, FiledAt: t.Filed, ReceivedAt: t.Received,
		DueAt: t.Due, PromisedAt: t.Promise, Provisional: t.Provisional, Paused: t.Paused, Unit: t.Unit.Name, Desk: t.Desk.Name,
		DeskAddress: t.Desk.Address, ReturnBy: t.ReturnBy, Until: t.Until, Owed: t.Owed, OwedFor: t.OwedFor, Reasons: t.Reasons,
		Next: t.Next, Outcome: t.Outcome, ConcludedAt: t.Concluded, ReturnedAt: t.Returned, Proof: []ProofStep{}, Events: []Event{},
	}
	for _, it := range t.Items {
		v.Items = append(v.Items, TrackedItem{it.Paper, it.Reason, it.Todo})
	}
	if t.End != nil {
		v.Ended = t.End.Reason
		if t.End.AskedBy == "deadline" {
			v.Ended = text.T(c.lang, "end.unanswered")
		}
	}
	if t.Apology != nil {
		v.Apology = t.Apology.Reason
	}
	if p := t.Passed; p != nil {
		v.Passed = &PassedOn{p.From.Name, p.To.Name, p.At, p.Why}
	}
	for _, s := range t.Proof {
		v.Proof = append(v.Proof, ProofStep{string(s.Kind), s.From, s.To, text.T(c.lang, s.Key, s.Args...), s.Law})
	}
	for _, e := range t.Events {
		v.Events = append(v.Events, Event{e.At, text.T(c.lang, e.Key)})
	}
	return v
}

// track opens a dossier by code and secret within the budgets for guesses. A
// wrong secret and an unknown code are answered alike (rel-K50).
func track(c *call, in Look) (written[Tracked], error) {
	return c.guess(func() (dossier.Tracked, error) { return c.Dossiers.Track(c.ctx(), in.Code, in.Secret) })
}

// trackToken opens a dossier by the token in the slip's QR.
func trackToken(c *call, _ nothing) (written[Tracked], error) {
	return c.guess(func() (dossier.Tracked, error) { return c.Dossiers.TrackToken(c.ctx(), c.r.PathValue("token")) })
}

// guess looks within the caller's budget; only a wrong try costs.
func (c *call) guess(look func() (dossier.Tracked, error)) (written[Tracked], error) {
	now := c.Now()
	if wait := c.guessing.wait(c.client(), now); wait > 0 {
		return nil, &problem.Problem{Kind: problem.TooMany, Key: "api.err.too-many", Args: []any{"seconds", int(wait.Seconds()) + 1}, Retry: wait}
	}
	t, err := look()
	if problem.Is(err, problem.NotFound) || problem.Is(err, problem.TooMany) {
		c.guessing.spend(c.client(), now)
	}
	if err != nil {
		return nil, err
	}
	return t.Form("api/"+string(c.lang), func() ([]byte, error) { return marshal(c.tracked(t)) })
}

// Budgets for wrong tries, the same as the page's: an address may be a whole
// village behind one mast (rel-T13, rel-K21).
const (
	triesEach = 5
	waitEach  = time.Minute
	remembers = 20_000 // addresses
)

// guessing counts wrong tries by address, in memory; tries on one code are
// counted in the register, for all nodes together.
type guessing struct {
	mu   sync.Mutex // guards each
	each map[netip.Prefix]*rate.Limiter
}

func newGuessing() *guessing { return &guessing{each: map[netip.Prefix]*rate.Limiter{}} }

// wait says how long the address must wait before it may try again; 0 now.
func (g *guessing) wait(client netip.Addr, now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	one, ok := g.each[network(client)]
	if !ok {
		return 0
	}
	missing := 1 - one.TokensAt(now)
	return max(0, time.Duration(missing*float64(waitEach)))
}

func (g *guessing) spend(client netip.Addr, now time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	one, ok := g.each[network(client)]
	if !ok {
		if len(g.each) >= remembers {
			g.forget(now)
		}
		one = rate.NewLimiter(rate.Every(waitEach), triesEach)
		g.each[network(client)] = one
	}
	one.AllowN(now, 1)
}

// forget drops the addresses whose budget is whole again, and all if there is
// none such.
func (g *guessing) forget(now time.Time) {
	for client, one := range g.each {
		if one.TokensAt(now) >= triesEach {
			delete(g.each, client)
		}
	}
	if len(g.each) >= remembers {
		clear(g.each)
	}
}

// network is what one subscriber holds: an IPv4 address, or an IPv6 /64.
func network(client netip.Addr) netip.Prefix {
	bits := client.BitLen()
	if client.Is6() {
		bits = 64
	}
	p, _ := client.Prefix(bits)
	return p
}
