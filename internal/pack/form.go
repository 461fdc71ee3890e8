package pack

import (
	"encoding/gob"
	"fmt"
	"io"
	"maps"
	"slices"
)

// stored is the form of a pack that is embedded in the binary. Two things that
// gob would lose or shuffle are kept apart: a fee of 0 đồng, because gob drops a
// zero behind a pointer, and maps, because their order changes each time.
type stored struct {
	Content content
	Free    [][2]int   // procedure and fee rule with the amount 0
	Laws    [][]string // of each Rules: key, value, key, value
	Words   [][]string // of each SlipTemplate
}

// Encode writes the pack in the form that is embedded. Applied notices are not
// part of it.
func (p *Pack) Encode(w io.Writer) error {
	s := stored{Content: p.all}
	for i, proc := range s.Content.Procedures {
		for j, f := range proc.Fees {
			if f.Amount != nil && *f.Amount == 0 {
				s.Free = append(s.Free, [2]int{i, j})
			}
		}
	}
	s.Content.Rules = slices.Clone(p.all.Rules)
	for i, r := range s.Content.Rules {
		s.Laws = append(s.Laws, pairs(r.Laws))
		s.Content.Rules[i].Laws = nil
	}
	s.Content.Slips = slices.Clone(p.all.Slips)
	for i, t := range s.Content.Slips {
		s.Words = append(s.Words, pairs(t.Words))
		s.Content.Slips[i].Words = nil
	}
	if err := gob.NewEncoder(w).Encode(s); err != nil {
		return fmt.Errorf("encoding pack: %w", err)
	}
	return nil
}

// Decode reads what Encode wrote. It trusts it: Read checked it when it was
// made.
func Decode(r io.Reader) (*Pack, error) {
	var s stored
	if err := gob.NewDecoder(r).Decode(&s); err != nil {
		return nil, fmt.Errorf("decoding pack: %w", err)
	}
	for _, at := range s.Free {
		s.Content.Procedures[at[0]].Fees[at[1]].Amount = new(int64)
	}
	for i, flat := range s.Laws {
		s.Content.Rules[i].Laws = unpair(flat)
	}
	for i, flat := range s.Words {
		s.Content.Slips[i].Words = unpair(flat)
	}
	p := index(s.Content)
	if err := p.count(); err != nil {
		return nil, err
	}
	return p, nil
}

func pairs(m map[string]string) []string {
	var flat []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		flat = append(flat, k, m[k])
	}
	return flat
}

func unpair(flat []string) map[string]string {
	if len(flat) == 0 {
		return nil
	}
	m := make(map[string]string, len(flat)/2)
	for i := 0; i+1 < len(flat); i += 2 {
		m[flat[i]] = flat[i+1]
	}
	return m
}
