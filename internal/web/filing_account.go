package web

import (
	"context"
	"net/http"
	"net/url"

	"quay20/internal/filing"
	"quay20/internal/problem"
	"quay20/internal/text"
)

// accountHooks tell the account's pages of the drafts: whose those on this
// device are, which are to be gone on with, what is kept.
func (h *fromHome) accountHooks() {
	h.hooks.entered = append(h.hooks.entered, func(r *http.Request, _ Holder, next string) (string, error) {
		list, err := h.here(r)
		if err != nil || len(list) == 0 {
			return "", err
		}
		return claimPath + "?" + url.Values{"next": {next}}.Encode(), nil
	})
	h.hooks.mine = append(h.hooks.mine, func(ctx context.Context, by Holder, lang text.Lang) (AccountPart, error) {
		part := AccountPart{Title: text.T(lang, "filing.mine.open"), Empty: text.T(lang, "filing.account.none")}
		list, err := h.Filing.Own(ctx, filing.Owner(by.Account.Owner()))
		for _, d := range list {
			if d.Sent() {
				continue // the account's page lists dossiers by itself
			}
			part.Lines = append(part.Lines, AccountLine{Href: "/nop/" + d.ID, Text: h.procedureName(d.Procedure),
				Note: text.T(lang, "filing.mine.saved", "when", sayHour(lang, d.At), "until", sayDate(lang, d.Until))})
		}
		return part, err
	})
	h.hooks.exported = append(h.hooks.exported, func(ctx context.Context, owner string) (string, any, error) {
		list, err := h.Filing.Own(ctx, filing.Owner(owner))
		return "filings", list, err
	})
}

func (h *fromHome) procedureName(code string) string {
	if p, ok := h.Law.Law().Procedure(code); ok {
		return p.ShortName
	}
	return code
}

// claimPath asks whose the drafts on a device are once somebody has signed in.
const claimPath = "/nop/nhan"

// here are the drafts that were begun on this device without an account and
// are not sent.
func (h *fromHome) here(r *http.Request) ([]filing.Draft, error) {
	device := h.device(r)
	if device == "" {
		return nil, nil
	}
	all, err := h.Filing.Own(r.Context(), device)
	var list []filing.Draft
	for _, d := range all {
		if !d.Sent() {
			list = append(list, d)
		}
	}
	return list, err
}

// claimPage asks; on a shared computer they may be the last visitor's.
type claimPage struct {
	*Form
	Drafts []myDraft
	Next   string
}

func (h *fromHome) askTake(w http.ResponseWriter, r *http.Request, by Holder) error {
	list, err := h.here(r)
	if err != nil {
		return err
	}
	next, _ := asked(r, "next")
	page := claimPage{Form: h.blankForm(w, r), Next: inside(next, myPath)}
	if len(list) == 0 {
		return h.redirect(w, r, page.Next)
	}
	lang := visitOf(r).lang
	for _, d := range list {
		page.Drafts = append(page.Drafts, myDraft{Name: h.procedureName(d.Procedure), When: sayHour(lang, d.At)})
	}
	return h.render(w, r, http.StatusOK, "filing-take", page)
}

// take moves the device's drafts to the account, if its holder says they are
// theirs; else they stay where they are.
func (h *fromHome) take(w http.ResponseWriter, r *http.Request, by Holder) error {
	f, err := h.postedForm(w, r)
	if err != nil {
		return err
	}
	switch f.Typed("cua-toi") {
	case "co":
		if device := h.device(r); device != "" {
			if _, err := h.Filing.Take(r.Context(), device, filing.Owner(by.Account.Owner())); err != nil {
				return err
			}
		}
	case "khong":
	default:
		return problem.New(problem.Malformed, "web.malformed")
	}
	return h.redirect(w, r, f.Next(myPath))
}
