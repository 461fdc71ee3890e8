package slip

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/boombuler/barcode/code128"
	"rsc.io/qr"

	"quay20/internal/pack"
	"quay20/internal/text"
)

// frame opens the first page: banners, the heading of the State's papers, the
// place and the date.
func (s *sheet) frame(f Facts) {
	if f.Void != "" {
		s.void = true
		s.banners = append(s.banners, s.t("slip.void", "number", f.Void))
	}
	if f.Trial {
		s.void = true
		s.banners = append(s.banners, s.t("slip.trial"))
	}
	if f.Replaces != "" {
		s.banners = append(s.banners, s.t("slip.replaces", "number", f.Replaces))
	}
	if f.Reprint > 0 {
		s.banners = append(s.banners, s.t("slip.reprint", "n", f.Reprint, "at", clock(f.printed())))
	}
	s.copyOf = s.copyMark(f.Copy)
	s.page()
	s.heading(f.Issuer, f.Number, f.At)
}

// heading is the two columns on top of every paper of the State: the agency
// and its number on the left; name and motto of the country, place and date on
// the right.
func (s *sheet) heading(by Issuer, number string, at time.Time) {
	size := s.base - 1
	if s.paper == "A5" {
		size = 9.5
	}
	country, motto := s.t("slip.country"), s.t("slip.motto")
	countryWidth := width(clean(country, bold), bold, size)
	split := s.right - countryWidth - 4
	if s.paper == "A4-landscape" {
		split = s.left + (s.right-s.left)/2
	}
	start := s.y
	if by.Agency != "" {
		s.balanced(by.Agency, regular, s.left, split-10, size)
	}
	s.balanced(by.Unit, bold, s.left, split-10, size)
	middle := (s.left + split - 10) / 2
	s.put(mark{kind: 'l', x: middle - 25, y: s.y + 2, w: 50, size: 0.6})
	s.y += 6
	if number != "" {
		s.aligned(centre, []run{{s.t("slip.number") + ": " + number, regular}}, s.left, split-10, size+0.5)
	}
	leftEnd := s.y

	s.y = start
	s.aligned(centre, []run{{country, bold}}, split, s.right, size)
	s.aligned(centre, []run{{motto, bold}}, split, s.right, size+1)
	mottoWidth := width(clean(motto, bold), bold, size+1)
	s.put(mark{kind: 'l', x: (split+s.right)/2 - mottoWidth/2, y: s.y + 2, w: mottoWidth, size: 0.6})
	s.y += 6
	at = at.In(pack.Zone)
	day := s.t("slip.date", "place", by.Place, "day", at.Format("02"), "month", at.Format("01"), "year", at.Format("2006"))
	s.aligned(centre, []run{{day, italic}}, split, s.right, size+0.5)
	s.y = max(s.y, leftEnd) + 6
}

// headline is the title of the paper, centred, with a note below it.
func (s *sheet) headline(title, note string) {
	s.balanced(title, bold, s.left, s.right, s.base+2)
	if note != "" {
		s.aligned(centre, []run{{note, italic}}, s.left, s.right, s.small)
	}
	s.y += 5
}

// qrSide is the printed side of the QR, which a worn phone camera still reads.
const qrSide = 25 * millimetre

// codes writes the dossier code, large and fixed-width, with its lookup key
// and the receiving desk, and the QR beside them. The copy that the desk keeps has neither key nor
// tracking token, for they are the citizen's: its QR holds the code alone,
// which the desk's scanner opens.
func (s *sheet) codes(f Facts) {
	kept, payload := f.Copy == 1, f.TrackURL
	if kept {
		payload = f.Code
	}
	if payload != "" {
		s.need(qrSide + 6)
	}
	start, edge := s.y, s.right
	if payload != "" {
		edge -= qrSide + 12
		s.qr(payload, s.right-qrSide, s.y+2)
	}
	if f.Book != "" || f.Serial != "" {
		book := s.t("slip.book", "book", dots(f.Book), "serial", dots(f.Serial))
		s.aligned(left, []run{{book, regular}}, s.left, edge, s.small)
	}
	if f.Code != "" {
		s.code(f.Code, edge)
	}
	if len(f.Codes) > 0 {
		s.aligned(left, []run{{s.t("slip.codes") + ": " + strings.Join(f.Codes, ", "), regular}}, s.left, edge, s.small)
	}
	if !kept && f.Secret != "" {
		s.y += 2
		s.aligned(left, []run{{s.t("slip.secret") + ": ", regular}, {f.Secret, mono}}, s.left, edge, s.base+1.5)
	}
	if !kept && f.TrackURL != "" {
		s.aligned(left, []run{{s.t("slip.scan"), italic}}, s.left, edge, s.small-0.5)
	}
	s.aligned(left, []run{{s.t("slip.desk") + ": " + dots(f.Issuer.Unit), regular}}, s.left, edge, s.base)
	if payload != "" {
		s.y = max(s.y, start+qrSide+2)
	}
	s.y += 4
}

// code writes the dossier code larger than the running text, if one line
// allows it.
func (s *sheet) code(code string, edge float64) {
	label := s.t("slip.code") + ": "
	room := edge - s.left - width(clean(label, regular), regular, s.base)
	size := s.fit(code, room, s.base+4)
	top := s.y
	for _, line := range wrap([]run{{code, mono}}, size, room) {
		s.line(left, line, edge-room, edge, s.y, size)
		s.y += size * s.leading
	}
	// the label stands on the line of the code, though it is smaller
	s.line(left, []run{{label, regular}}, s.left, edge, top+0.95*(size-s.base), s.base)
}

// fit is the largest size, at most most, at which text stays on one line.
func (s *sheet) fit(text string, room, most float64) float64 {
	w := width(clean(text, mono), mono, 1)
	return max(s.small, min(most, room/max(w, 1)))
}

// qr draws the QR as boxes, at error level M.
func (s *sheet) qr(payload string, x, y float64) {
	code, err := qr.Encode(payload, qr.M)
	if err != nil { // longer than any QR: the code in letters must do
		return
	}
	s.boxes(code.Size, code.Size, code.Black, x, y, qrSide, qrSide)
}

// boxes draws a grid of modules, joining neighbours in a row.
func (s *sheet) boxes(cols, rows int, black func(x, y int) bool, x, y, w, h float64) {
	mw, mh := w/float64(cols), h/float64(rows)
	for r := range rows {
		for c := 0; c < cols; c++ {
			n := 0
			for c+n < cols && black(c+n, r) {
				n++
			}
			if n > 0 {
				s.put(mark{kind: 'b', x: x + float64(c)*mw, y: y + float64(r)*mh, w: float64(n) * mw, h: mh})
				c += n
			}
		}
	}
}

// barcode draws text as Code 128 for the desk's scanner.
func (s *sheet) barcode(code string) {
	const h = 11 * millimetre
	bars, err := code128.Encode(code)
	if err != nil { // letters outside ASCII: a code minted elsewhere
		return
	}
	s.need(h + 6)
	n := bars.Bounds().Dx()
	w := min(float64(n)*1.1, s.right-s.left-20)
	x := (s.left + s.right - w) / 2
	s.boxes(n, 1, func(x, _ int) bool { r, _, _, _ := bars.At(x, 0).RGBA(); return r == 0 }, x, s.y, w, h)
	s.y += h + 3
}

// receipt is form 01 and the police's CT04 (giấy tiếp nhận hồ sơ và hẹn trả
// kết quả).
func receipt(s *sheet, f Facts) {
	s.headline(s.title, "")
	s.codes(f)
	s.person("slip.from", f)
	s.request(f)
	s.components("slip.components", f.Components)
	s.par(run{s.t("slip.sets") + ": " + dots(s.sets(f.Sets)) + ". ", regular},
		run{s.t("slip.limit") + ": " + dots(f.Limit), regular})
	s.field("slip.received", clock(f.ReceivedAt))
	s.due(f)
	for i, stage := range f.Stages {
		s.par(run{s.t("slip.stage", "n", i+1, "name", stage.Name) + ": ", regular},
			run{s.t("slip.stage.times", "received", dots(clock(stage.ReceivedAt)), "due", dots(clock(stage.DueAt))), regular})
	}
	s.field("slip.result.place", strings.Join(filled(f.ResultWay, f.ResultPlace), "; "))
	s.fee("slip.fee", f.Fee)
	s.feeNow(f.FeeNow)
	s.field("slip.contact", f.Issuer.reach())
	s.par(run{s.t("slip.bring"), italic})
	s.sign(signature{s.t("slip.sign.filer"), s.t("slip.sign.note"), f.Applicant.Name},
		signature{s.t("slip.sign.receiver"), s.t("slip.sign.note"), f.Officer})
}

// appointment is the police's CC02 (giấy hẹn trả thẻ căn cước).
func appointment(s *sheet, f Facts) {
	s.headline(s.title, "")
	s.codes(f)
	owner := f.owner()
	s.strong("slip.name", owner.Name)
	s.option("slip.born", owner.Born)
	s.identity(owner)
	s.option("slip.address", owner.Address)
	s.option("slip.phone", owner.Phone)
	s.request(f)
	if len(f.Components) > 0 {
		s.components("slip.components", f.Components)
	}
	s.field("slip.limit", f.Limit)
	s.field("slip.received", clock(f.ReceivedAt))
	s.due(f)
	s.field("slip.result.place", strings.Join(filled(f.ResultWay, f.ResultPlace), "; "))
	s.fee("slip.fee", f.Fee)
	s.feeNow(f.FeeNow)
	s.field("slip.contact", f.Issuer.reach())
	s.par(run{s.t("slip.bring"), italic})
	s.sign(signature{s.t("slip.sign.citizen"), s.t("slip.sign.note"), owner.Name},
		signature{s.t("slip.sign.officer"), s.t("slip.sign.note"), f.Officer})
}

// supplement is form 02 (phiếu yêu cầu bổ sung, hoàn thiện hồ sơ).
func supplement(s *sheet, f Facts) {
	s.headline(s.title, "")
	s.codes(f)
	s.strong("slip.dossier.of", f.owner().Name)
	s.filer(f)
	s.request(f)
	s.reach(f.owner())
	s.components("slip.missing", f.Components)
	s.reasons("slip.reason", f.Reasons)
	if !f.CompleteBy.IsZero() {
		s.strong("slip.complete.by", clock(f.CompleteBy))
	}
	s.next(f.WhatNext)
	s.contact(f)
	s.sign(signature{}, signature{s.t("slip.sign.guide"), s.t("slip.sign.note"), f.Officer})
}

// rejection is form 03 and the police's CT06 and CC03 (phiếu từ chối tiếp
// nhận, giải quyết hồ sơ).
func rejection(s *sheet, f Facts) {
	s.headline(s.title, "")
	s.codes(f)
	s.person("slip.refused", f)
	if !f.ReceivedAt.IsZero() {
		s.field("slip.filed", clock(f.ReceivedAt))
	}
	s.request(f)
	s.reasons("slip.refusal", f.Reasons)
	s.next(f.WhatNext)
	s.contact(f)
	s.par(run{s.t("slip.complain"), italic})
	s.sign(signature{s.t("slip.sign.filer"), s.t("slip.sign.note"), f.Applicant.Name},
		signature{s.t("slip.sign.receiver"), s.t("slip.sign.note"), f.Officer})
}

// apology is form 04 (xin lỗi và hẹn lại ngày trả; since 2025: văn bản xin lỗi
// và đề nghị gia hạn thời gian giải quyết).
func apology(s *sheet, f Facts) {
	a := f.Apology
	if a == nil {
		a = &Apology{}
	}
	s.headline(s.title, "")
	s.codes(f)
	s.addressee(f)
	s.par(run{s.t("slip.apology.opening", "unit", f.Issuer.Unit, "received", dots(clock(f.ReceivedAt)), "name", f.owner().Name), regular})
	s.request(f)
	s.field("slip.due.old", clock(a.OldDue))
	s.par(run{s.t("slip.apology.late", "unit", dots(a.Delayer)), regular})
	s.field("slip.reason", a.Reason)
	s.par(run{s.t("slip.apology.sorry", "unit", f.Issuer.Unit), regular})
	s.strong("slip.due.new", clock(a.NewDue))
	place := a.Place
	if place == "" {
		place = f.ResultPlace
	}
	s.field("slip.result.place", place)
	s.next(f.WhatNext)
	s.contact(f)
	s.par(run{s.t("slip.apology.hope"), regular})
	s.signHead(f)
}

// stop is form 05 of 2025 (thông báo dừng giải quyết hồ sơ).
func stop(s *sheet, f Facts) {
	p := f.Stop
	if p == nil {
		p = &Stop{}
	}
	s.headline(s.title, "")
	s.codes(f)
	s.addressee(f)
	s.par(run{s.t("slip.stop.opening", "unit", f.Issuer.Unit, "received", dots(clock(f.ReceivedAt)), "name", f.owner().Name), regular})
	s.request(f)
	s.field("slip.stop.asked", p.AskedBy)
	s.field("slip.stop.stage", p.Stage)
	s.reasons("slip.reason", f.Reasons)
	s.strong("slip.stop.decision", p.Decision)
	if p.Paid == nil {
		s.field("slip.stop.paid", s.t("slip.stop.unpaid"))
	} else {
		s.fee("slip.stop.paid", p.Paid)
		s.field("slip.stop.fate", p.PaidFate)
	}
	s.next(f.WhatNext)
	s.contact(f)
	s.signHead(f)
}

// control is form 05 of 2018 and 06 of 2025 (phiếu kiểm soát quá trình giải
// quyết hồ sơ). It goes with the dossier from hand to hand.
func control(s *sheet, f Facts) {
	s.headline(s.title, "")
	s.need(60)
	if f.Code != "" {
		size := s.fit(f.Code, s.right-s.left, s.base+4)
		s.aligned(centre, []run{{f.Code, mono}}, s.left, s.right, size)
		s.y += 2
		s.barcode(f.Code)
	}
	s.par(run{s.t("slip.book", "book", dots(f.Book), "serial", dots(f.Serial)), regular})
	s.strong("slip.owner", f.owner().Name)
	s.request(f)
	s.field("slip.received", clock(f.ReceivedAt))
	s.due(f)
	s.field("slip.lead", f.Lead)
	s.option("slip.others", strings.Join(f.Others, "; "))
	cols := []column{
		{s.t("slip.hand.who"), 36, left}, {s.t("slip.hand.at"), 21, centre}, {s.t("slip.hand.result"), 15, centre},
		{s.t("slip.hand.note"), 14, left}, {s.t("slip.hand.sign"), 14, left},
	}
	var rows [][]string
	for _, h := range f.Control {
		rows = append(rows, []string{
			s.t("slip.hand.giver", "name", dots(h.Giver)) + "\n" + s.t("slip.hand.taker", "name", dots(h.Taker)) + "\n" + h.Unit,
			day(h.At), handResult(s, h.Result), h.Note, "1.\n2.",
		})
	}
	for range max(0, 3-len(rows)) { // by hand when the line is cut
		rows = append(rows, []string{s.t("slip.hand.giver", "name", dots("")) + "\n" + s.t("slip.hand.taker", "name", dots("")) + "\n ", "", "", "", "1.\n2."})
	}
	s.table(cols, rows)
	s.par(run{s.t("slip.hand.graded"), italic})
}

func handResult(s *sheet, result string) string {
	switch result {
	case "early":
		return s.t("slip.hand.early")
	case "on_time":
		return s.t("slip.hand.on-time")
	case "late":
		return s.t("slip.hand.late")
	}
	return ""
}

// handedOver is the local receipt for a result (giấy biên nhận trả kết quả).
func handedOver(s *sheet, f Facts) {
	taker := f.Applicant
	if f.Taker != nil {
		taker = *f.Taker
	}
	s.ownTitle("slip.title.return")
	s.headline(s.title, "")
	s.codes(f)
	s.request(f)
	s.strong("slip.owner", f.owner().Name)
	s.field("slip.return.giver", strings.Join(filled(f.Officer, f.OfficerPhone), ", "))
	s.field("slip.return.taker", strings.Join(filled(taker.Name, identity(taker), taker.Phone), ", "))
	s.option("slip.authority", f.Authority)
	var rows [][]string
	for i, r := range f.Results {
		rows = append(rows, []string{strconv.Itoa(i + 1), r.Kind, r.Number, r.Abstract})
	}
	s.table([]column{{s.t("slip.no"), 8, centre}, {s.t("slip.return.kind"), 34, left},
		{s.t("slip.return.number"), 22, left}, {s.t("slip.return.abstract"), 36, left}}, rows)
	s.option("slip.due.was", clock(f.DueAt))
	s.field("slip.return.at", clock(f.At))
	s.contact(f)
	s.sign(signature{s.t("slip.sign.taker"), s.t("slip.sign.note"), taker.Name},
		signature{s.t("slip.sign.giver"), s.t("slip.sign.note"), f.Officer})
}

// ownTitle names a local paper for which the pack has no template.
func (s *sheet) ownTitle(key string) {
	if s.title == "" {
		s.title = s.t(key)
	}
}

// copyMark says which of two copies this is; it stands on top of every page.
func (s *sheet) copyMark(n int) string {
	switch n {
	case 1:
		return s.t("slip.copy.kept")
	case 2:
		return s.t("slip.copy.given")
	}
	return ""
}

// person writes who files, and whose dossier it is when that is another.
func (s *sheet) person(key string, f Facts) {
	who := []run{{s.t(key) + ": ", regular}, {f.Applicant.Name, bold}}
	if ch, ok := channel[f.Channel]; ok {
		who = append(who, run{" (" + s.t(ch) + ")", regular})
	}
	s.par(who...)
	s.reach(f.Applicant)
	s.identity(f.Applicant)
	if f.Owner != nil {
		s.strong("slip.owner", f.Owner.Name)
		s.option("slip.owner.address", f.Owner.Address)
		if f.Owner.ID != "" {
			s.identity(*f.Owner)
		}
		s.option("slip.authority", f.Authority)
	}
}

var channel = map[string]string{
	"counter": "slip.channel.counter", "online": "slip.channel.online", "post": "slip.channel.post",
}

// identity writes the identity paper and its number.
func (s *sheet) identity(p Person) {
	if p.IDKind == "" || p.ID == "" {
		s.field("slip.id", p.ID)
		return
	}
	s.par(run{s.t("slip.id.kind", "kind", p.IDKind) + ": " + p.ID, regular})
}

// reach writes address, telephone and e-mail.
func (s *sheet) reach(p Person) {
	s.field("slip.address", p.Address)
	s.par(run{s.t("slip.phone") + ": " + dots(p.Phone), regular}, run{"    ", regular},
		run{s.t("slip.email") + ": " + dots(p.Email), regular})
}

// filer writes who files for the owner, if another person does.
func (s *sheet) filer(f Facts) {
	if f.Owner != nil {
		s.option("slip.filer", strings.Join(filled(f.Applicant.Name, f.Authority), ", "))
	}
}

func (s *sheet) addressee(f Facts) {
	s.aligned(centre, []run{{s.t("slip.dear") + ": ", regular}, {f.Applicant.Name, bold}}, s.left, s.right, s.base)
	if f.Applicant.Address != "" {
		s.aligned(centre, []run{{s.t("slip.address") + ": " + f.Applicant.Address, regular}}, s.left, s.right, s.base)
	}
	s.y += 4
}

// request writes what is asked: the procedure, its code, the person's words.
func (s *sheet) request(f Facts) {
	what := f.Procedure
	if f.ProcedureCode != "" {
		what = strings.TrimSpace(what + " (" + f.ProcedureCode + ")")
	}
	if f.Request != "" && f.Request != f.Procedure {
		what = strings.Join(filled(what, f.Request), "; ")
	}
	s.field("slip.request", what)
}

func (s *sheet) components(key string, papers []Component) {
	s.par(run{s.t(key) + ":", regular})
	cols := []column{{s.t("slip.no"), 8, centre}, {s.t("slip.paper"), 48, left}, {s.t("slip.originals"), 11, centre},
		{s.t("slip.certified"), 17, centre}, {s.t("slip.copies"), 11, centre}, {s.t("slip.note"), 24, left}}
	var rows [][]string
	for i, p := range papers {
		rows = append(rows, []string{strconv.Itoa(i + 1), p.Name, count(p.Originals), count(p.Certified), count(p.Copies), p.Note})
	}
	s.table(cols, rows)
}

func (s *sheet) sets(n int) string {
	if n == 0 {
		return ""
	}
	return s.t("slip.sets.n", "n", fmt.Sprintf("%02d", n))
}

func (s *sheet) due(f Facts) {
	switch {
	case !f.DueAt.IsZero():
		s.strong("slip.due", clock(f.DueAt))
	case f.DueAfterFee:
		s.strong("slip.due", s.t("slip.due.after-fee"))
	default:
		s.strong("slip.due", s.t("slip.due.none"))
	}
}

func (s *sheet) fee(key string, fee *Fee) {
	if fee == nil {
		return
	}
	value := s.t("slip.fee.free")
	if fee.Amount > 0 {
		value = money(fee.Amount, fee.Currency)
		if fee.Receipt == "" {
			value = s.t("slip.fee.due", "amount", value)
		} else {
			value = s.t("slip.fee.paid", "amount", value, "receipt", fee.Receipt)
		}
	}
	s.field(key, strings.Join(filled(value, s.feeRule(fee)), "; "))
}

// feeRule says which rule the fee follows: how many it is for, by which text,
// and until when a reduction lasts.
func (s *sheet) feeRule(fee *Fee) string {
	var said []string
	if fee.Count > 0 && fee.Per != "" {
		said = append(said, s.t("slip.fee.count", "n", fee.Count, "per", fee.Per))
	}
	switch {
	case fee.Basis == "":
	case fee.Reduced && fee.Until != "":
		said = append(said, s.t("slip.fee.reduced", "basis", fee.Basis, "until", date(fee.Until)))
	default:
		said = append(said, s.t("slip.fee.by", "basis", fee.Basis))
	}
	return strings.Join(said, "; ")
}

// feeNow says on a reprint how the fee stands now.
func (s *sheet) feeNow(now *FeeNow) {
	switch {
	case now == nil:
	case now.Paid:
		s.strong("slip.fee.now", s.t("slip.fee.now.paid", "at", clock(now.At), "receipt", dots(now.Receipt)))
	default:
		s.strong("slip.fee.now", s.t("slip.fee.now.cancelled", "receipt", dots(now.Receipt)))
	}
}

// date is a pack date as people read it.
func date(d pack.Date) string {
	t, err := time.Parse(time.DateOnly, d)
	if err != nil {
		return d
	}
	return t.Format("02/01/2006")
}

func (s *sheet) reasons(key string, reasons []string) {
	switch len(reasons) {
	case 0:
		s.field(key, "")
	case 1:
		s.field(key, reasons[0])
	default:
		s.par(run{s.t(key) + ":", regular})
		s.list(reasons)
	}
}

func (s *sheet) next(what []string) {
	if len(what) > 0 {
		s.par(run{s.t("slip.next") + ":", bold})
		s.list(what)
	}
}

// contact writes where to ask: the officer, then the desk.
func (s *sheet) contact(f Facts) {
	who := strings.Join(filled(f.Officer, f.OfficerPhone), ", ")
	s.field("slip.contact", strings.Join(filled(who, f.Issuer.reach()), "; "))
}

func (i Issuer) reach() string {
	return strings.Join(filled(i.Phone, i.Address, i.Web), ", ")
}

// signHead closes an official letter: who gets it on the left, the head on the
// right.
func (s *sheet) signHead(f Facts) {
	title := f.Signer.Title
	if title == "" {
		title = s.t("slip.sign.head")
	}
	s.sign(signature{"", s.t("slip.copied"), ""}, signature{title, s.t("slip.sign.seal"), f.Signer.Name})
}

func identity(p Person) string {
	return strings.TrimSpace(p.IDKind + " " + p.ID)
}

// dots stands for what is to be filled in by hand.
func dots(v string) string {
	if strings.TrimSpace(v) == "" {
		return text.T(text.Vi, "slip.dots")
	}
	return v
}

func count(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%02d", n)
}

var weekdays = [7]string{
	"slip.sunday", "slip.monday", "slip.tuesday", "slip.wednesday", "slip.thursday", "slip.friday", "slip.saturday",
}

// clock words an instant: "16 giờ 00 phút, thứ Sáu ngày 25/11/2022".
func clock(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(pack.Zone)
	return text.T(text.Vi, "slip.clock", "hour", t.Format("15"), "minute", t.Format("04"),
		"weekday", text.Key(weekdays[t.Weekday()]), "date", t.Format("02/01/2006"))
}

// day is clock in the width of a column: "16 giờ 00 phút, 25/11/2022".
func day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	t = t.In(pack.Zone)
	return text.T(text.Vi, "slip.day", "hour", t.Format("15"), "minute", t.Format("04"), "date", t.Format("02/01/2006"))
}

// money words an amount: "20.000 đồng".
func money(amount int64, currency string) string {
	if currency == "" || currency == "VND" {
		return text.T(text.Vi, "slip.dong", "amount", grouped(amount))
	}
	return grouped(amount) + " " + currency
}

// grouped writes a number with a point at every thousand, as Vietnamese does.
func grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "." + digits[i:]
	}
	return sign + digits
}
