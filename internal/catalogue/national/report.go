package national

// Count is how a field came out over a file.
type Count struct {
	Field  string `json:"field"`
	Read   int    `json:"read"`
	Doubt  int    `json:"doubt"` // of those read: the page contradicts itself
	Text   int    `json:"text"`
	Absent int    `json:"absent"`
}

// Tally counts how each field came out: what was read, kept as text, absent. A
// line that is no record counts as absent everywhere.
func Tally(drafts []Draft) []Count {
	counts := make([]Count, len(Fields))
	for i, field := range Fields {
		counts[i].Field = field
		for _, d := range drafts {
			switch m := d.Marks[field]; m.State {
			case Typed:
				counts[i].Read++
				if m.Doubt != "" {
					counts[i].Doubt++
				}
			case Kept:
				counts[i].Text++
			default:
				counts[i].Absent++
			}
		}
	}
	return counts
}

// FieldWord is the text key of a field's name.
func FieldWord(field string) string { return "national.field." + field }

// Word and Remedy are the text keys of what was found and of what to do, both
// with the finding's Args.
func (f Finding) Word() string   { return "national.find." + f.Kind }
func (f Finding) Remedy() string { return "national.fix." + f.Kind }

// KindWord is the text key of the name of a kind of findings.
func KindWord(kind string) string { return "national.kind." + kind }
