package catalogue

// weights are how much things count; the search works with any.
type weights struct {
	// by the place where a word stands
	Name, Official, Keyword, Field, Result, Paper float64
	// kinds of terms beside a plain word
	Pair, Sound, Marked float64
	// what was not typed but may be meant
	Synonym, Near float64
	Fitting       float64 // Near, if it stands beside its neighbours somewhere
	// a phrase of the procedure is much of the question; it stands in it whole
	Fit, Whole float64
	// common procedures before rare ones, ours before other agencies'
	Common, Away float64
	// of BM25
	K, B float64
}

// plainWeights are as one would choose them without looking at any question.
var plainWeights = weights{
	Name: 3, Official: 1.5, Keyword: 2, Field: 0.5, Result: 0.5, Paper: 0.3,
	Pair: 1, Sound: 0.6, Marked: 0.5,
	Synonym: 0.8, Near: 0.6, Fitting: 0.8, Fit: 1, Whole: 0.5, Common: 0.05, Away: 1, K: 1.2, B: 0.4,
}

// tuned are plainWeights moved by hand where several sets of questions agreed;
// most of them hardly matter.
var tuned = func() weights {
	w := plainWeights
	w.Pair, w.Sound, w.Synonym, w.Whole, w.Away = 0.6, 0.5, 0.75, 1.5, 1.1
	return w
}()

func (w weights) place(at place) float64 {
	return [...]float64{inName: w.Name, inOfficial: w.Official, inKeyword: w.Keyword, inField: w.Field, inResult: w.Result, inPaper: w.Paper}[at]
}

func (w weights) kind(k kindOfTerm) float64 {
	return [...]float64{plainTerm: 1, markedTerm: w.Marked, pairTerm: w.Pair, soundTerm: w.Sound}[k]
}

func (w weights) prior(r reading) float64 {
	if r.kind == Elsewhere {
		return w.Away
	}
	return 1 + w.Common*float64(2-r.popularity)
}
