package pack

import (
	"fmt"

	"quay20/internal/text"
)

// Fault is one thing wrong in a pack: where, what, and what to do about it.
type Fault struct {
	File   string // "procedures/1.004222/2023-02-05.yaml", from the pack's root
	Line   int    // 1 is the first
	Path   string // "cases[0].limit", where known
	What   string // text key
	Remedy string // text key
	Args   []any  // of both, alternating name and value
}

// String words the fault in lang, "file:line: what Remedy".
func (f Fault) String(lang text.Lang) string {
	return fmt.Sprintf("%s:%d: %s %s", f.File, f.Line, text.T(lang, f.What, f.Args...), text.T(lang, f.Remedy, f.Args...))
}
