package demo

import (
	"context"
	"fmt"

	"quay20/internal/officer"
)

// SignIn is how somebody who tries the demo signs in as one of its officers.
type SignIn struct {
	Login    string   `json:"login"`
	Password string   `json:"password"`
	Secret   string   `json:"totp,omitempty"` // of the second factor, where the roles ask for one
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Roles    []string `json:"roles"`          // "receptionist@12-Q20"
	Desk     string   `json:"desk,omitempty"` // the desk they take after signing in
}

// Password opens every account of a demo province. It is no secret: the people
// and dossiers behind it never existed.
const Password = "ruong bac thang mua lua chin"

// post is an officer of the demo and what they do.
type post struct {
	login, name, title string
	role               officer.Role
	unit               string // code of today
}

// posts are those who serve in the demo, first those whom a visitor tries first.
var posts = []post{
	{login: "minh", name: "Lò Thị Minh", title: "Thượng úy", role: officer.Receptionist, unit: "12-Q20"},
	{login: "son", name: "Vàng Văn Sơn", title: "Đại úy", role: officer.Processor, unit: "12-PC06"},
	{login: "dat", name: "Hoàng Đức Đạt", title: "Trung tá", role: officer.Approver, unit: "12-PC06"},
	{login: "may", name: "Tẩn Thị Mẩy", title: "Đại úy", role: officer.Processor, unit: "12-PA08"},
	{login: "chin", name: "Lý Văn Chín", title: "Trung tá", role: officer.Approver, unit: "12-PA08"},
	{login: "thuy", name: "Nguyễn Thị Thúy", title: "Trung úy", role: officer.Cashier, unit: "12-Q20"},
	{login: "ngoc", name: "Phàn Thị Ngọc", title: "Thượng úy", role: officer.Receptionist, unit: "12-PC06"},
	{login: "pao", name: "Giàng A Páo", title: "Thượng úy", role: officer.Receptionist, unit: "12-QDKX"},
	{login: "hac", name: "Khoàng Văn Hặc", title: "Đại úy", role: officer.Processor, unit: "12-PC08"},
	{login: "thang", name: "Nguyễn Xuân Thắng", title: "Thiếu tá", role: officer.Approver, unit: "12-PC08"},
	{login: "yen", name: "Lường Thị Yến", title: "Trung úy", role: officer.Receptionist, unit: "03408"},
	{login: "su", name: "Sùng A Sử", title: "Thượng úy", role: officer.Processor, unit: "03408"},
	{login: "tao", name: "Tao Văn Tảo", title: "Thiếu tá", role: officer.Approver, unit: "03408"},
	{login: "xuyen", name: "Đèo Thị Xuyến", title: "Thiếu tá", role: officer.ProcedureControl, unit: "12"},
	{login: "mao", name: "Mào Văn Thanh", title: "Trung tá", role: officer.Inspector, unit: "12"},
	{login: "phuong", name: "Hoàng Minh Phương", title: "Đại tá", role: officer.Leader, unit: "12"},
	{login: "quantri2", name: "Chẻo Văn Trị", title: "Đại úy", role: officer.Administrator, unit: "12"},
}

// staff are the hired officers as they act at their desks, by login.
type staff map[string]officer.By

// crew is who carries a dossier received at a desk for a deciding unit.
func (s staff) crew(desk, processor, chief string) Crew {
	return Crew{Desk: s[desk], Processor: s[processor], Chief: s[chief], Head: s["phuong"]}
}

// hire puts all posts on the roll and makes each account ready to sign in.
func (p *Province) hire(ctx context.Context) (staff, []SignIn, error) {
	admin, err := p.ready(ctx, p.admin.Officer.ID, p.adminCode)
	if err != nil {
		return nil, nil, err
	}
	crew, list := staff{}, []SignIn{}
	for _, post := range posts {
		by, code, err := p.Hire(ctx, post.login, post.name, post.title, post.role, post.unit)
		if err != nil {
			return nil, nil, err
		}
		in, err := p.ready(ctx, by.Officer.ID, code)
		if err != nil {
			return nil, nil, err
		}
		crew[post.login] = by
		list = append(list, in)
	}
	return crew, append(list, admin), nil
}

// ready gives an account the demo's password and, where its roles ask for one,
// a second factor, by the same steps as on an officer's first day.
func (p *Province) ready(ctx context.Context, id, code string) (SignIn, error) {
	o, err := p.Roll.Officer(ctx, officer.Console(), id)
	if err != nil {
		return SignIn{}, err
	}
	in := SignIn{Login: o.Login, Password: Password, ID: o.ID, Name: o.Name}
	for _, g := range o.Grants {
		u, _ := p.Law.Law().UnitByKey(g.Unit)
		in.Roles = append(in.Roles, string(g.Role)+"@"+u.Code)
		if u.Desk != nil && officerTakesDesk(g.Role) {
			in.Desk = u.Code
		}
	}
	token, s, err := p.Roll.SignIn(ctx, o.Login, code, "", here)
	if err != nil {
		return in, fmt.Errorf("signing in %s: %w", o.Login, err)
	}
	if token, s, err = p.Roll.SetPassword(ctx, token, "", Password); err != nil {
		return in, fmt.Errorf("setting the password of %s: %w", o.Login, err)
	}
	if s.MustEnrol {
		if in.Secret, token, err = p.enrol(ctx, token); err != nil {
			return in, fmt.Errorf("enrolling the second factor of %s: %w", o.Login, err)
		}
	}
	return in, p.Roll.SignOut(ctx, token)
}

const here = "127.0.0.1:1"

func officerTakesDesk(r officer.Role) bool {
	return officer.By{Role: r}.Can(officer.TakeDesk)
}

func (p *Province) enrol(ctx context.Context, token string) (secret, renewed string, err error) {
	e, err := p.Roll.EnrolTOTP(ctx, token)
	if err != nil {
		return "", "", err
	}
	code, err := officer.Code(e.Secret, p.Clock.Now())
	if err != nil {
		return "", "", err
	}
	renewed, _, err = p.Roll.ConfirmTOTP(ctx, token, code)
	return e.Secret, renewed, err
}
