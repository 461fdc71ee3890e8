package main

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"quay20/internal/applicant"
)

// person is an invented one. Numbers lie in ranges that are given to nobody.
type person struct {
	name   string
	number string // "012085000101"
	phone  string // the nine digits after +84
}

// Words of names, the common ones first: the n-th is chosen about 1/n as often
// as the first, so that a search meets common and rare words.
var (
	families = strings.Fields("Nguyễn Lò Giàng Vàng Tao Lý Sùng Phàn Tẩn Mào Đèo Hoàng Chẻo Khoàng Lường Trần Lê Phạm Bùi Vũ Đỗ Hà Cà Quàng Tòng Mùa Thào Hạng Ly Chang Cứ Má Mùng Pờ Lù Hù Toán Tráng Vừ Sìn Liều Điêu Nùng Lèng Phùng Vương Chu Lựu Khà Kiều")
	middles  = []string{"Thị", "Văn", "A", "Thị Hồng", "Minh", "Xuân", "Thị Mai", "Đức", "Thu", "Quốc", "Thanh", "Ngọc", "Bích", "Hữu", "Kim"}
	givens   = strings.Fields("Phương Sơn Páo Ngọc Mẩy Chín Đạt Yến Thắm Pâng Dủa Xuyến Sử Ươm Hặc Hương Lan Hoa Dung Tuấn Hùng Cường Thủy Nga Bình An Chung Dê Sài Chư Súa Mỷ Dợ Lử Sáng Pềnh Kía Tủa Vư Nhè Khứ Xá Phin Tỉnh Quyết Thỏa Uyên Viện Khuê Nhạn Tườm Phủng Xoa Chản Gơ Dín Thào Cở Lầu Hồ")
	// syllables make given names that few bear: "Phaxuy", of which a million
	// people have some tens.
	onsets = strings.Fields("b c ch d đ g gi h k kh l m n ng nh p ph qu r s t th tr v x")
	rimes  = strings.Fields("ai ang ảnh ẩm én ênh ị ỉnh oan óng ổng ơi ủn uy ưng ượt yên")
)

// zipf chooses among n words, the first most often.
func zipf(r *rand.Rand, n int) int {
	for {
		i := int(float64(n) * r.Float64() * r.Float64() * r.Float64())
		if i < n {
			return i
		}
	}
}

func syllable(r *rand.Rand) string { return onsets[r.IntN(len(onsets))] + rimes[r.IntN(len(rimes))] }

// invent makes the person of a dossier. first are the six digits of the number
// that say province, sex and year of birth.
func invent(r *rand.Rand, first string) person {
	given := givens[zipf(r, len(givens))]
	if r.IntN(50) == 0 {
		given = capital(syllable(r) + syllable(r))
	}
	return person{
		name:   families[zipf(r, len(families))] + " " + middles[zipf(r, len(middles))] + " " + given,
		number: fmt.Sprintf("%s%06d", first, r.IntN(1_000_000)),
		phone:  fmt.Sprintf("3%08d", r.IntN(100_000_000)),
	}
}

func capital(s string) string {
	first, rest := []rune(s)[:1], []rune(s)[1:]
	return strings.ToUpper(string(first)) + string(rest)
}

// words are the search terms of a name.
func (p person) words() []string { return strings.Fields(applicant.Fold(p.name)) }
