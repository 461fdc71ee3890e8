// Package demotest sets the demo province up for tests.
package demotest

import (
	"context"
	"testing"

	"quay20/internal/demo"
	"quay20/internal/dossier"
	"quay20/internal/filing"
	"quay20/internal/gazette"
	"quay20/internal/officer"
	"quay20/internal/payment"
	"quay20/internal/store"
	"quay20/internal/store/storetest"
	"quay20/packs"
)

// Key is the tracking key of test provinces.
var Key = dossier.Key("0123456789abcdef0123456789abcdef")

// At makes a province without dossiers on a test's database.
func At(t testing.TB, db *store.DB) *demo.Province {
	t.Helper()
	p := Books(t, db)
	if err := p.Open(context.Background()); err != nil {
		t.Fatal(err)
	}
	return p
}

// Books are the empty books of a province, for demo.Province.Build.
func Books(t testing.TB, db *store.DB) *demo.Province {
	t.Helper()
	ctx := context.Background()
	law, err := packs.LaiChau()
	if err != nil {
		t.Fatal(err)
	}
	g, err := gazette.Open(ctx, db, law)
	if err != nil {
		t.Fatal(err)
	}
	register := dossier.NewRegister(db, g.Law, Key)
	return &demo.Province{
		Filing: filing.NewDrafts(db, g.Law, register, Key),
		DB:     db, Law: g, Roll: officer.NewRoll(db, g.Law, officer.Options{Work: officer.Work{Memory: 64, Passes: 1}}),
		Register: register, Ledger: payment.NewLedger(db), Clock: storetest.ClockOf(db),
	}
}

// Staff are the officers most tests need: two at quầy 20, PC06's and PA08's processing
// officers and chiefs.
type Staff struct {
	Desk, Desk2, Processor, Chief, Passport, PassportChief officer.By
}

// Hire puts the staff on the roll.
func Hire(t testing.TB, p *demo.Province) Staff {
	t.Helper()
	hire := func(login, name string, role officer.Role, unit string) officer.By {
		by, _, err := p.Hire(context.Background(), login, name, "Đại úy", role, unit)
		if err != nil {
			t.Fatal(err)
		}
		return by
	}
	return Staff{
		Desk:          hire("tiepnhan", "Lò Thị Minh", officer.Receptionist, "12-Q20"),
		Desk2:         hire("tiepnhan2", "Sùng Thị Yến", officer.Receptionist, "12-Q20"),
		Processor:     hire("thuly", "Vàng Văn Sơn", officer.Processor, "12-PC06"),
		Chief:         hire("chihuy", "Hoàng Đức Đạt", officer.Approver, "12-PC06"),
		Passport:      hire("hochieu", "Tẩn Thị Mẩy", officer.Processor, "12-PA08"),
		PassportChief: hire("truongphong", "Lý Văn Chín", officer.Approver, "12-PA08"),
	}
}
