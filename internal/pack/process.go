package pack

import (
	"math"

	"quay20/internal/lawtime"
)

// ours is the internal process where the data has none: receive, process,
// approve, return at 10, 60, 20 and 10 % of the limit.
var ours = []struct {
	share float64
	step  Step
}{
	{0.10, Step{Role: "receptionist", Unit: "desk", Kind: "receive", Action: "Tiếp nhận, kiểm tra hồ sơ"}},
	{0.60, Step{Role: "processor", Kind: "process", Action: "Thẩm tra, giải quyết hồ sơ"}},
	{0.20, Step{Role: "approver", Kind: "approve", Action: "Ký duyệt kết quả"}},
	{0.10, Step{Role: "receptionist", Unit: "desk", Kind: "return", Action: "Trả kết quả"}},
}

// complete gives every version without an internal process ours.
func (p *Procedure) complete() {
	for i := range p.Versions {
		v := &p.Versions[i]
		if len(v.Process) > 0 {
			continue
		}
		v.ProcessOurs = true
		hours := 0.0
		if len(v.Cases) > 0 {
			hours = WorkingHours(v.Cases[0].Limit)
		}
		for n, o := range ours {
			if n == len(ours)-1 {
				v.Process = append(v.Process, v.outside()...)
			}
			step := o.step
			step.Hours = quarter(hours * o.share)
			v.Process = append(v.Process, step)
		}
		for n := range v.Process {
			v.Process[n].Order = n + 1
		}
	}
}

// outside are the steps of other agencies in an inter-agency procedure, whose
// legs have their own limits.
func (v *Version) outside() []Step {
	var steps []Step
	for _, l := range v.Legs {
		if l.Unit == "external" {
			steps = append(steps, Step{Role: "external", Kind: "external", Unit: "external", Hours: WorkingHours(&l.Limit), Action: l.Name})
		}
	}
	return steps
}

// ProcessFor is the internal process with its hours fitted to the limit of a
// case. Hours are zero if the law sets no number.
func (v *Version) ProcessFor(c Case) []Step {
	total := 0.0
	for _, s := range v.Process {
		total += s.Hours
	}
	hours := WorkingHours(c.Limit)
	steps := make([]Step, len(v.Process))
	for i, s := range v.Process {
		if total > 0 {
			s.Hours = quarter(s.Hours / total * hours)
		}
		steps[i] = s
	}
	return steps
}

// WorkingHours is a limit in working hours as internal processes plan it: 8 a
// working day, calendar days at 5/7, a month as 30 days. It never decides a due
// date; lawtime does.
func WorkingHours(l *lawtime.Limit) float64 {
	if l == nil {
		return 0
	}
	n := float64(l.Amount)
	switch l.Unit {
	case lawtime.Hour:
		return n
	case lawtime.WorkingDay:
		return n * 8
	case lawtime.Day:
		return n * 8 * 5 / 7
	default:
		return n * 30 * 8 * 5 / 7
	}
}

// quarter rounds hours to whole minutes of a quarter, but keeps small ones.
func quarter(hours float64) float64 {
	if hours < 0.25 {
		return math.Round(hours*60) / 60
	}
	return math.Round(hours*4) / 4
}
