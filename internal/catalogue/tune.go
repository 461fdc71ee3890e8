package catalogue

import (
	"reflect"

	"quay20/internal/pack"
)

// CrossValidation tunes the weights on all questions but one part, measures on
// that part, and does so for each part in turn. It begins each time at weights
// that were chosen without looking at a question, so its figures say what the
// tuning is worth on questions that it has not seen. Words for search that were
// written with the questions in sight it cannot see through.
func CrossValidation(p *pack.Pack, on pack.Date, all []Question, folds int) (unseen Figures) {
	t := newTuner(p, on)
	for part := range folds {
		var seen, held []Question
		for i, q := range all {
			if i%folds == part {
				held = append(held, q)
			} else {
				seen = append(seen, q)
			}
		}
		f := t.index(t.tune(plainWeights, seen)).Evaluate(held).All
		n := float64(f.Asked)
		unseen.Asked += f.Asked
		unseen.First += f.First * n
		unseen.Three += f.Three * n
		unseen.MRR += f.MRR * n
	}
	return unseen.shares()
}

// tuner reads a catalogue once and files it under many weights.
type tuner struct {
	all    []reading
	places gazetteer
}

func newTuner(p *pack.Pack, on pack.Date) tuner {
	if on == "" {
		return tuner{read(p, p.AllProcedures(), p.Head().AsOf), newGazetteer(p)}
	}
	return tuner{read(p, p.Procedures(on), on), newGazetteer(p)}
}

func (t tuner) index(w weights) *Index { return newIndex(t.all, t.places, w) }

// worth is how much better the questions must be answered for a weight to move:
// less is chance.
const worth = 0.001

// tune moves one weight after the other, twice, where that answers the questions
// better.
func (t tuner) tune(w weights, all []Question) weights {
	best := t.score(w, all)
	for range 2 {
		for i := range reflect.TypeFor[weights]().NumField() {
			from := reflect.ValueOf(w).Field(i).Float()
			for _, by := range []float64{0.6, 1.6} {
				next := w
				reflect.ValueOf(&next).Elem().Field(i).SetFloat(from * by)
				if s := t.score(next, all); s > best+worth {
					w, best = next, s
				}
			}
		}
	}
	return w
}

func (t tuner) score(w weights, all []Question) float64 {
	f := t.index(w).Evaluate(all).All
	return (f.MRR + f.Three) / 2
}
