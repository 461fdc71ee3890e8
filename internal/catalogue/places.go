package catalogue

import (
	"slices"
	"strings"

	"quay20/internal/applicant"
	"quay20/internal/pack"
)

// gazetteer holds the units of all times by the folded names of their places. An
// abolished district or a merged commune in a question says where somebody
// lives, not what they need.
type gazetteer map[string][]pack.UnitKey // "tan phong"

// kindsOfPlace are the words before a place's name.
var kindsOfPlace = []string{"xa", "phuong", "thi tran", "huyen", "thanh pho", "tinh"}

func newGazetteer(p *pack.Pack) gazetteer {
	all := gazetteer{}
	for _, u := range p.AllUnits() {
		if u.Level != pack.Commune && u.Level != pack.District {
			continue
		}
		name := applicant.Fold(u.Place)
		for _, kind := range kindsOfPlace {
			if rest, ok := strings.CutPrefix(name, kind+" "); ok {
				name = rest
				break
			}
		}
		all[name] = append(all[name], u.Key)
	}
	return all
}

// longestPlace is how many words a place's name has at most.
const longestPlace = 4

// cut takes the places out of a question, with the kind that stands before
// them, and says which they were.
func (p gazetteer) cut(words []word) (rest []word, named []string) {
	for i := 0; i < len(words); {
		name, n := p.at(words[i:])
		if n == 0 {
			rest = append(rest, words[i])
			i++
			continue
		}
		rest = withoutKind(rest)
		named = append(named, name)
		i += n
	}
	return rest, named
}

// at is the longest place with which the words begin. One word alone is no
// place: too much else is called so.
func (p gazetteer) at(words []word) (name string, n int) {
	for n = min(longestPlace, len(words)); n >= 2; n-- {
		if name = plainOf(words[:n]); p[name] != nil {
			return name, n
		}
	}
	return "", 0
}

func withoutKind(words []word) []word {
	for _, kind := range append([]string{"tp", "tx", "tt"}, kindsOfPlace...) {
		n := 1 + strings.Count(kind, " ")
		if len(words) >= n && plainOf(words[len(words)-n:]) == kind {
			return words[:len(words)-n]
		}
	}
	return words
}

func plainOf(words []word) string {
	var all []string
	for _, w := range words {
		all = append(all, w.plain)
	}
	return strings.Join(all, " ")
}

// Places are the units whose places a question names, of all times: "xin
// đăng ký tạm trú ở Tân Phong".
func (ix *Index) Places(q string) []pack.UnitKey {
	var keys []pack.UnitKey
	_, named := ix.places.cut(split(shorten(q)))
	for _, name := range named {
		for _, key := range ix.places[name] {
			if !slices.Contains(keys, key) {
				keys = append(keys, key)
			}
		}
	}
	return keys
}
