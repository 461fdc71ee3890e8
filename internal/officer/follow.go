package officer

import (
	"context"
	"fmt"
	"slices"

	"quay20/internal/pack"
	"quay20/internal/store"
)

// Heir says who keeps the officers of a unit; false for a unit that goes on, or
// that nobody took over.
type Heir func(pack.UnitKey) (pack.UnitKey, bool)

// Following is an officer who goes to the heir of a unit that ended (chuyển
// theo đơn vị kế thừa).
type Following struct {
	Officer Officer      // as on the roll before
	Unit    pack.UnitKey // where they serve from now on
	Ended   []Grant      // that end
	Begun   []Grant      // that take their place
}

// Follow says what becomes of an officer when units end. A grant that has run
// out stays as it was; two grants of one role that meet in one heir are one.
func Follow(o Officer, heir Heir, on pack.Date) (f Following, moves bool) {
	f = Following{Officer: o, Unit: o.Unit}
	if to, ok := heir(o.Unit); ok {
		f.Unit, moves = to, true
	}
	for _, g := range o.Grants {
		to, ok := heir(g.Unit)
		if !ok || g.To != "" && g.To < on {
			continue
		}
		moves = true
		f.Ended = append(f.Ended, g)
		begun := g
		begun.ID, begun.Unit, begun.Former, begun.From = "", to, g.Unit, max(g.From, on)
		same := func(other Grant) bool {
			return other.Role == g.Role && other.Unit == to && other.State == g.State && other.To == g.To
		}
		if !slices.ContainsFunc(f.Begun, same) && !slices.ContainsFunc(o.Grants, same) {
			f.Begun = append(f.Begun, begun)
		}
	}
	return f, moves
}

// Follow brings officers to the heirs of their units, each in one piece: unit,
// roles and, because they sat at a desk that is no more, the end of their
// sessions. Who has gone already stays where they are.
func (r *Roll) Follow(ctx context.Context, by By, officers []Officer, heir Heir, second, why string) (n int, err error) {
	if err := by.Require(Officers, ""); err != nil {
		return 0, err
	}
	for some := range slices.Chunk(officers, 20) {
		moved := 0
		err := r.db.Write(ctx, func(tx *store.Tx) error {
			moved = 0
			for _, o := range some {
				o, err := Find(tx, o.ID)
				if err != nil {
					return err
				}
				f, moves := Follow(o, heir, pack.On(tx.Now))
				if !moves {
					continue
				}
				if err := f.write(tx, by, second, why); err != nil {
					return err
				}
				moved++
			}
			return nil
		})
		if err != nil {
			return n, fmt.Errorf("bringing officers to the heirs of their units: %w", err)
		}
		n += moved
	}
	return n, nil
}

func (f Following) write(tx *store.Tx, by By, second, why string) error {
	id := f.Officer.ID
	if _, err := tx.Exec(`UPDATE officer SET unit = $1, version = version + 1 WHERE id = $2`, f.Unit, id); err != nil {
		return err
	}
	for _, g := range f.Ended {
		if _, err := tx.Exec(`UPDATE officer_grant SET state = $1, revoked_by = $2, revoked_at = $3 WHERE id = $4`,
			Revoked, by.Officer.ID, tx.Now, g.ID); err != nil {
			return err
		}
	}
	var begun []string
	for _, g := range f.Begun {
		grant, err := insertGrant(tx, id, g)
		if err != nil {
			return err
		}
		begun = append(begun, grant)
	}
	if err := endSessions(tx, id, ""); err != nil {
		return err
	}
	return record(tx, by, "follow_unit", id, why, map[string]any{"from": f.Officer.Unit, "unit": f.Unit, "grants": begun, "second": second})
}
