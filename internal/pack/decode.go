package pack

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
	"golang.org/x/text/unicode/norm"

	"quay20/internal/lawtime"
)

// file is one YAML file while it is read: where each value stands, and what is
// wrong with it.
type file struct {
	name   string
	lines  map[string]int // "cases[0].limit" → 12
	faults []Fault
}

func (f *file) fault(line int, what, remedy string, args ...any) {
	f.faults = append(f.faults, Fault{File: f.name, Line: line, What: what, Remedy: remedy, Args: args})
}

var syntaxLine = regexp.MustCompile(`line (\d+): (.*)`)

// decode reads one YAML document into v, which is a pointer to a struct. Keys
// are field names in snake case; an unknown key, a key given twice, a wrong
// type and text that is not clean NFC are faults. Anchors and aliases are
// refused: law is written out.
func (f *file) decode(text []byte, v any) {
	f.clean(text)
	if len(f.faults) > 0 {
		return
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		f.syntax(err)
		return
	}
	if len(doc.Content) != 1 {
		f.fault(1, "pack.fault.empty", "pack.fix.empty")
		return
	}
	f.value(doc.Content[0], reflect.ValueOf(v).Elem(), "", "")
}

func (f *file) syntax(err error) {
	line, what := 1, strings.TrimPrefix(err.Error(), "yaml: ")
	if m := syntaxLine.FindStringSubmatch(what); m != nil {
		line, _ = strconv.Atoi(m[1])
		what = m[2]
	}
	f.fault(line, "pack.fault.syntax", "pack.fix.syntax", "what", what)
}

// clean refuses text that people could not trust by eye. rel-G10
func (f *file) clean(text []byte) {
	if !utf8.Valid(text) {
		f.fault(1, "pack.fault.utf8", "pack.fix.utf8")
		return
	}
	for i, line := range strings.Split(string(text), "\n") {
		switch {
		case !norm.NFC.IsNormalString(line):
			f.fault(i+1, "pack.fault.nfc", "pack.fix.nfc")
		case strings.ContainsFunc(strings.TrimSuffix(line, "\r"), hidden):
			f.fault(i+1, "pack.fault.hidden", "pack.fix.hidden")
		}
	}
}

func hidden(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
}

var (
	limitType = reflect.TypeFor[lawtime.Limit]()
	hoursType = reflect.TypeFor[lawtime.Hours]()
	noLimit   = reflect.TypeFor[*lawtime.Limit]()
)

// value fills v from n. path names the place, format is the field's yaml
// option, for instance "clock".
func (f *file) value(n *yaml.Node, v reflect.Value, path, format string) {
	f.lines[path] = n.Line
	if n.Kind == yaml.AliasNode || n.Anchor != "" {
		f.fault(n.Line, "pack.fault.alias", "pack.fix.alias")
		return
	}
	switch {
	case v.Type() == noLimit && n.Value == "none": // said, not forgotten
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.value(n, v.Elem(), path, format)
	case v.Type() == limitType && n.Kind == yaml.ScalarNode:
		f.scalar(n, v, path, parseLimit)
	case v.Type() == hoursType:
		f.scalar(n, v, path, parseHours)
	case format == "clock":
		f.scalar(n, v, path, parseClock)
	case v.Kind() == reflect.Struct:
		f.mapping(n, v, path)
	case v.Kind() == reflect.Map:
		f.words(n, v, path)
	case v.Kind() == reflect.Slice:
		f.list(n, v, path)
	default:
		f.plain(n, v, path)
	}
}

// scalar fills v by a reader of the scalar's text.
func (f *file) scalar(n *yaml.Node, v reflect.Value, path string, read func(string, reflect.Value) error) {
	if n.Kind != yaml.ScalarNode {
		f.wrong(n, path, "text")
		return
	}
	if err := read(n.Value, v); err != nil {
		f.fault(n.Line, "pack.fault.value", "pack.fix.value", "key", path, "value", n.Value, "example", err.Error())
	}
}

func (f *file) wrong(n *yaml.Node, path, want string) {
	if path == "" {
		path = "/"
	}
	f.fault(n.Line, "pack.fault.type", "pack.fix.type", "key", path, "want", want)
}

func (f *file) mapping(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		f.wrong(n, path, "key: value")
		return
	}
	known := keys(v.Type())
	seen := map[string]bool{}
	for i := 0; i < len(n.Content); i += 2 {
		k, val := n.Content[i], n.Content[i+1]
		key, ok := known[k.Value]
		switch {
		case !ok:
			f.fault(k.Line, "pack.fault.unknown-key", "pack.fix.unknown-key", "key", k.Value)
		case seen[k.Value]:
			f.fault(k.Line, "pack.fault.twice-key", "pack.fix.twice-key", "key", k.Value)
		default:
			f.value(val, v.FieldByIndex(key.index), join(path, k.Value), key.format)
			f.lines[join(path, k.Value)] = k.Line
		}
		seen[k.Value] = true
	}
}

func (f *file) words(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		f.wrong(n, path, "key: value")
		return
	}
	m := map[string]string{}
	for i := 0; i < len(n.Content); i += 2 {
		k, val := n.Content[i], n.Content[i+1]
		if _, twice := m[k.Value]; twice {
			f.fault(k.Line, "pack.fault.twice-key", "pack.fix.twice-key", "key", k.Value)
		}
		var s string
		f.value(val, reflect.ValueOf(&s).Elem(), join(path, k.Value), "")
		m[k.Value] = s
	}
	v.Set(reflect.ValueOf(m))
}

func (f *file) list(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.SequenceNode {
		f.wrong(n, path, "- …")
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, item := range n.Content {
		f.value(item, v.Index(i), fmt.Sprintf("%s[%d]", path, i), "")
	}
}

// plain fills text, numbers and yes/no. Text that YAML would read as a number
// must be quoted, so that '03388' keeps its zero; a date need not be.
func (f *file) plain(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.ScalarNode {
		f.wrong(n, path, "text")
		return
	}
	tag, kind := n.ShortTag(), v.Kind()
	switch {
	case kind == reflect.String && (tag == "!!str" || tag == "!!timestamp"):
		v.SetString(n.Value)
	case kind == reflect.String:
		f.wrong(n, path, "'"+n.Value+"'")
	case kind == reflect.Bool && tag == "!!bool":
		v.SetBool(n.Value == "true")
	case (kind == reflect.Int || kind == reflect.Int64) && tag == "!!int":
		i, err := strconv.ParseInt(n.Value, 10, 64)
		if err != nil {
			f.wrong(n, path, "123")
			return
		}
		v.SetInt(i)
	case kind == reflect.Float64 && (tag == "!!int" || tag == "!!float"):
		x, err := strconv.ParseFloat(n.Value, 64)
		if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
			f.wrong(n, path, "1.5")
			return
		}
		v.SetFloat(x)
	default:
		f.wrong(n, path, map[reflect.Kind]string{reflect.Bool: "true, false", reflect.Int: "123", reflect.Int64: "123", reflect.Float64: "1.5"}[kind])
	}
}

type key struct {
	index  []int
	format string
}

// keys are the YAML keys of a struct: field names in snake case, those of an
// embedded Span in line; a yaml tag renames, "-" hides.
func keys(t reflect.Type) map[string]key {
	all := map[string]key{}
	for _, field := range reflect.VisibleFields(t) {
		name, format, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if name == "-" || field.Anonymous || !field.IsExported() {
			continue
		}
		if name == "" {
			name = snake(field.Name)
		}
		all[name] = key{field.Index, format}
	}
	return all
}

var hump = regexp.MustCompile(`([a-z0-9])([A-Z])`)

func snake(name string) string {
	return strings.ToLower(hump.ReplaceAllString(name, "${1}_$2"))
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

var units = map[string]lawtime.Unit{
	"hour": lawtime.Hour, "working_day": lawtime.WorkingDay, "day": lawtime.Day, "month": lawtime.Month,
}

// parseLimit reads "3 working_day" or "3 working_day next-day".
func parseLimit(s string, v reflect.Value) error {
	want := errors.New("3 working_day")
	words := strings.Fields(s)
	if len(words) != 2 && len(words) != 3 {
		return want
	}
	amount, err := strconv.Atoi(words[0])
	unit, ok := units[words[1]]
	if err != nil || !ok {
		return want
	}
	l := lawtime.Limit{Amount: amount, Unit: unit}
	if len(words) == 3 {
		l.Count = lawtime.Count(words[2])
		if l.Count != lawtime.Instant && l.Count != lawtime.NextDay {
			return want
		}
	}
	v.Set(reflect.ValueOf(l))
	return nil
}

var weekdays = map[string]time.Weekday{
	"sun": time.Sunday, "mon": time.Monday, "tue": time.Tuesday, "wed": time.Wednesday,
	"thu": time.Thursday, "fri": time.Friday, "sat": time.Saturday,
}

// parseHours reads "mon-fri 07:00-11:30 13:30-17:00; sat 07:00-11:30".
func parseHours(s string, v reflect.Value) error {
	want := errors.New("mon-fri 07:00-11:30 13:30-17:00; sat 07:00-11:30")
	var hours lawtime.Hours
	for part := range strings.SplitSeq(s, ";") {
		words := strings.Fields(part)
		if len(words) < 2 {
			return want
		}
		first, last, isRange := strings.Cut(words[0], "-")
		if !isRange {
			last = first
		}
		from, ok1 := weekdays[first]
		to, ok2 := weekdays[last]
		if !ok1 || !ok2 || to < from {
			return want
		}
		for _, w := range words[1:] {
			open, close, ok := strings.Cut(w, "-")
			o, err1 := clock(open)
			c, err2 := clock(close)
			if !ok || err1 != nil || err2 != nil {
				return want
			}
			for d := from; d <= to; d++ {
				hours[d] = append(hours[d], lawtime.Window{Open: o, Close: c})
			}
		}
	}
	v.Set(reflect.ValueOf(hours))
	return nil
}

func parseClock(s string, v reflect.Value) error {
	m, err := clock(s)
	if err != nil {
		return errors.New("'15:00'")
	}
	v.SetInt(int64(m))
	return nil
}

// clock reads "07:30" as minutes after midnight.
func clock(s string) (int, error) {
	t, err := time.Parse("15:04", s)
	if err != nil || len(s) != 5 {
		return 0, errors.New("not a time of day")
	}
	return t.Hour()*60 + t.Minute(), nil
}
