package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"regexp"
	"slices"
	"sync"
	"time"

	"quay20/internal/officer"
)

// job is one thing an officer does, and how many of a hundred times.
type job struct {
	name  string
	share int
	role  officer.Role // "" any
	write func(b *bytes.Buffer, who signedIn) bool
}

var codeIn = regexp.MustCompile(`"code":"([^"]+)"`)

// think is how long an officer looks at an answer, on average.
const think = 50 * time.Millisecond

// mixed lets every signed-in officer work by themselves, each on a connection
// of their own: lists, dossiers, searches, intakes, acts, and citizens' looks
// through the same program.
func (r *results) mixed(ctx context.Context, c *child, w what, some []known) error {
	byUnit := map[string][]known{}
	for _, k := range some {
		byUnit[k.unit] = append(byUnit[k.unit], k)
	}
	fresh := make(chan string, 10_000) // codes of passports received, to be taken up by who processes them
	z := citizens{host: c.Address}
	for _, k := range some {
		z.slips = append(z.slips, [2]string{k.code, trackingKey.Secret(k.id)})
	}
	intake, look := c.intake(), z.look()
	jobs := []job{
		{"work list", 30, "", func(b *bytes.Buffer, who signedIn) bool { c.get(b, "/desk/work?queue=unit", who.Token); return true }},
		{"open a dossier", 25, "", func(b *bytes.Buffer, who signedIn) bool {
			mine := byUnit[who.Unit]
			if len(mine) == 0 {
				return false
			}
			c.get(b, "/desk/dossiers/"+mine[rand.IntN(len(mine))].code, who.Token)
			return true
		}},
		{"search", 15, "", func(b *bytes.Buffer, who signedIn) bool {
			k := some[rand.IntN(len(some))]
			q, _ := json.Marshal(map[string]any{"q": []string{k.name, k.number, k.phone, k.code}[rand.IntN(4)], "reason": "Người dân quên giấy hẹn", "limit": 20})
			c.post(b, "/api/v1/dossiers/search", who.Token, string(q))
			return true
		}},
		{"tracking", 15, "", func(b *bytes.Buffer, who signedIn) bool { look(b, 0); return true }},
		{"intake", 10, officer.Receptionist, func(b *bytes.Buffer, who signedIn) bool { intake(b, 0); return true }},
		{"act", 5, officer.Processor, func(b *bytes.Buffer, who signedIn) bool {
			if who.Unit != c.Officers[1].Unit { // who decides passports
				return false
			}
			select {
			case code := <-fresh:
				act := fmt.Sprintf(`{"act":"assign","particulars":{"officer":%q}}`, who.ID)
				c.post(b, "/api/v1/dossiers/"+code+"/acts", who.Token, act, `If-Match: *`, "Idempotency-Key: assign-"+code)
				return true
			default:
				return false
			}
		}},
	}
	ctx, stop := context.WithTimeout(ctx, 2*r.plan.each)
	defer stop()
	ended, peak := c.profiled(r.plan.profile, w), c.peak()
	before, begun := c.cpu(), time.Now()
	var wg sync.WaitGroup
	var mu sync.Mutex // guards the rest
	times := map[string][]time.Duration{}
	refused := map[string]int64{}
	for i := range w.N {
		wg.Go(func() {
			mine, no, err := c.officer(ctx, c.Officers[i%len(c.Officers)], jobs, fresh)
			mu.Lock()
			defer mu.Unlock()
			for name, list := range mine {
				times[name] = append(times[name], list...)
			}
			for name, n := range no {
				refused[name] += n
			}
			if err != nil && ctx.Err() == nil {
				refused["connections lost"]++
			}
		})
	}
	wg.Wait()
	took, used, high := time.Since(begun), c.cpu()-before, peak()
	ended()
	var all []time.Duration
	one := result{Peak: high}
	for _, j := range jobs {
		slices.Sort(times[j.name])
		all = append(all, times[j.name]...)
		one.Refused += refused[j.name]
	}
	one.Refused += refused["connections lost"]
	slices.Sort(all)
	if len(all) == 0 {
		return fmt.Errorf("%s: nothing was answered", w)
	}
	one.Rate, one.P50, one.P99, one.CPU = float64(len(all))/took.Seconds(), all[len(all)/2], all[len(all)*99/100], used/time.Duration(len(all))
	r.add(w, one)
	for _, j := range jobs {
		if list := times[j.name]; len(list) > 0 {
			part := w
			part.Name = "… " + j.name + " among them"
			r.add(part, result{Rate: float64(len(list)) / took.Seconds(), P50: list[len(list)/2], P99: list[len(list)*99/100], Refused: refused[j.name]})
		}
	}
	return nil
}

// officer works until the time is over.
func (c *child) officer(ctx context.Context, who signedIn, jobs []job, fresh chan string) (times map[string][]time.Duration, refused map[string]int64, err error) {
	times, refused = map[string][]time.Duration{}, map[string]int64{}
	conn, err := net.Dial("tcp", c.Address)
	if err != nil {
		return times, refused, err
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	var b bytes.Buffer
	for ctx.Err() == nil {
		j := pick(jobs, who.Role)
		b.Reset()
		if !j.write(&b, who) {
			j = jobs[0]
			j.write(&b, who)
		}
		begun := time.Now()
		if _, err := conn.Write(b.Bytes()); err != nil {
			return times, refused, err
		}
		status, body, err := readWhole(in)
		if err != nil {
			return times, refused, err
		}
		if status == http.StatusOK || status == http.StatusCreated {
			times[j.name] = append(times[j.name], time.Since(begun))
		} else {
			refused[j.name]++
		}
		if m := codeIn.FindSubmatch(body); m != nil && j.name == "intake" && status == http.StatusCreated {
			select {
			case fresh <- string(m[1]):
			default:
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(rand.Int64N(int64(2 * think)))):
		}
	}
	return times, refused, nil
}

// pick chooses by share among what the role does.
func pick(jobs []job, role officer.Role) job {
	for {
		n := rand.IntN(100)
		for _, j := range jobs {
			if n -= j.share; n < 0 {
				if j.role == "" || j.role == role {
					return j
				}
				break
			}
		}
	}
}
