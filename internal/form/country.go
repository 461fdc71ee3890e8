package form

import (
	"cmp"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"

	"quay20/internal/applicant"
)

// Country is a nationality (quốc tịch): its code as passports print it, and its
// names.
type Country struct{ Code, Vi, En string }

// Stateless is the code of who has no nationality.
const Stateless = "XXA"

// byPassport are codes that passports print and ISO does not.
var byPassport = map[string]string{"D": "DEU", "GBD": "GBR", "GBN": "GBR", "GBO": "GBR", "GBP": "GBR", "GBS": "GBR", "RKS": "XKK"}

// Countries are all countries of the world, by their Vietnamese names.
var Countries = sync.OnceValue(func() []Country {
	vi, en := display.Regions(language.Vietnamese), display.Regions(language.English)
	var list []Country
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			r, err := language.ParseRegion(string(a) + string(b))
			if err != nil || !r.IsCountry() || r.Canonicalize() != r || r.ISO3() == "ZZZ" || r.IsPrivateUse() && r.String() != "XK" {
				continue
			}
			list = append(list, Country{r.ISO3(), vi.Name(r), en.Name(r)})
		}
	}
	list = append(list, Country{Stateless, "Không quốc tịch", "Stateless"})
	c := collate.New(language.Vietnamese)
	slices.SortStableFunc(list, func(a, b Country) int { return cmp.Or(c.CompareString(a.Vi, b.Vi), strings.Compare(a.Code, b.Code)) })
	return list
})

var countryKeys = sync.OnceValue(func() map[string]string {
	keys := map[string]string{}
	for _, c := range Countries() {
		for _, key := range []string{c.Code, c.Vi, c.En} {
			keys[applicant.Fold(key)] = c.Code
		}
	}
	for code, iso := range byPassport {
		keys[applicant.Fold(code)] = iso
	}
	return keys
})

// ParseCountry reads a nationality by code or name in either language.
func ParseCountry(s string) (string, error) {
	if len(s) > 400 {
		return "", invalid("form.err.country")
	}
	if code, ok := countryKeys()[applicant.Fold(s)]; ok {
		return code, nil
	}
	return "", invalid("form.err.country")
}

// CountryName is the country's name.
func CountryName(code string) (c Country, ok bool) {
	i := slices.IndexFunc(Countries(), func(c Country) bool { return c.Code == code })
	if i < 0 {
		return Country{}, false
	}
	return Countries()[i], true
}
