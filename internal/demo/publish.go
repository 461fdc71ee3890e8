package demo

import (
	"context"
	"fmt"
	"time"

	"quay20/internal/catalogue"
	"quay20/internal/pack"
)

// publications are what procedure control of the demo has at work: a dearer
// temporary residence, decided and to come on the first of a month, and a change
// that waits for a second person. No real decision says so.
func (p *Province) publications(ctx context.Context, who staff) error {
	drafts := catalogue.NewDrafts(p.DB, p.Law)
	now := p.Clock.Now().In(pack.Zone)
	first := time.Date(now.Year(), now.Month()+1, 1, 0, 0, 0, 0, pack.Zone)
	if first.Sub(now) < 6*24*time.Hour {
		first = first.AddDate(0, 1, 0)
	}
	ask := func(code string, change func(*catalogue.Items)) (d catalogue.Draft, err error) {
		if d, err = drafts.Begin(ctx, code, catalogue.NewVersion, pack.On(first), who["xuyen"]); err != nil {
			return d, err
		}
		change(&d.Items)
		if d, err = drafts.Save(ctx, d.ID, d.Version, d.Items, nil, who["xuyen"]); err != nil {
			return d, err
		}
		return drafts.Ask(ctx, d.ID, d.Version, "Tỉnh mẫu", who["xuyen"])
	}
	d, err := ask("1.004194", func(in *catalogue.Items) {
		in.Why = "Tăng phí nộp trực tiếp"
		in.Fees[0].Amount = "20.000"
	})
	if err == nil {
		d, err = drafts.Approve(ctx, d.ID, d.Version, who["phuong"])
	}
	if err == nil {
		_, err = drafts.Publish(ctx, d.ID, d.Version, "1234/QĐ-CAT (tỉnh mẫu)", pack.On(now), who["xuyen"])
	}
	if err != nil {
		return fmt.Errorf("publishing in the demo: %w", err)
	}
	if _, err = ask("1.004222", func(in *catalogue.Items) {
		in.Why = "Thêm một điều kiện, bỏ một ghi chú"
		in.Conditions = "Có chỗ ở hợp pháp tại nơi đăng ký."
	}); err != nil {
		return fmt.Errorf("drafting in the demo: %w", err)
	}
	return nil
}
