package api_test

import (
	"strings"
	"testing"
)

func TestDeadlineWithItsProof(t *testing.T) {
	lite(t, func(h *house) {
		c := h.nobody()
		got := c.post("/deadline", `{"limit":"3 working_day","received":"2026-02-13T15:00:00+07:00"}`).want(200, "")
		if got.text("due") != "2026-02-25T15:00:00+07:00" || got.text("proof.0.kind") != "start" {
			t.Errorf("three days over Tết: %s", got.Body)
		}
		got = c.post("/deadline", `{"desk":"12-Q20","procedure":"1.004222","received":"2026-05-08T02:30:00Z","pauses":[{"from":"2026-05-11T08:00:00+07:00","to":"2026-05-12T08:00:00+07:00"}]}`).want(200, "")
		if !strings.Contains(got.Body.String(), `"kind":"pause"`) {
			t.Errorf("no pause in the proof: %s", got.Body)
		}
		for body, field := range map[string]string{
			`{"limit":"3 working_day"}`:                "received",
			`{"received":"2026-05-08T09:30:00+07:00"}`: "procedure",
			`{"limit":"3 day","procedure":"1.004222","desk":"12-Q20","received":"2026-05-08T09:30:00+07:00"}`: "procedure",
			`{"procedure":"1.004222","received":"2026-05-08T09:30:00+07:00"}`:                                 "desk",
			`{"limit":"3 day","count":"slow","received":"2026-05-08T09:30:00+07:00"}`:                         "count",
			`{"limit":"3 day","resume":"never","received":"2026-05-08T09:30:00+07:00"}`:                       "resume",
			`{"limit":"3 day","received":"yesterday"}`:                                                        "received",
			`{"limit":"3 day","received":"2026-05-08T09:30:00"}`:                                              "received",
		} {
			if got := c.post("/deadline", body).want(422, ""); got.text("errors.0.field") != field {
				t.Errorf("%s: names %s, want %s: %s", body, got.text("errors.0.field"), field, got.Body)
			}
		}
		c.post("/deadline", `{"limit":"0 day","received":"2026-05-08T09:30:00+07:00"}`).want(422, "")
		c.post("/deadline", `{"limit":"3 week","received":"2026-05-08T09:30:00+07:00"}`).want(422, "")
	})
}

func TestLawAsOfADay(t *testing.T) {
	lite(t, func(h *house) {
		c := h.nobody()
		if got := c.get("/procedures?q=ho%20chieu&on=2026-05-08").want(200, ""); !strings.Contains(got.Body.String(), `"1.001456"`) {
			t.Errorf("no passport found: %s", got.Body)
		}
		if got := c.get("/procedures?on=2026-05-08&limit=3").want(200, ""); got.field("procedures.2") == nil || got.field("procedures.3") != nil {
			t.Errorf("three procedures: %s", got.Body)
		}
		if got := c.get("/procedures/1.004222?on=2026-05-08").want(200, ""); got.text("cases.0.limit.text") == "" || got.field("components.0") == nil {
			t.Errorf("procedure: %s", got.Body)
		}
		c.get("/procedures/1.999999").want(404, "err.not-found")
		c.get("/procedures?on=2026-13-01").want(422, "err.summary")
		old, now := c.get("/units?on=2022-06-01").want(200, ""), c.get("/units?on=2026-05-08").want(200, "")
		if !strings.Contains(old.Body.String(), `"level":"district"`) || strings.Contains(now.Body.String(), `"level":"district"`) {
			t.Error("districts stand in 2026 or not in 2022")
		}
		if got := c.get("/desks").want(200, ""); !strings.Contains(got.Body.String(), `"12-Q20"`) {
			t.Errorf("desks: %s", got.Body)
		}
	})
}
