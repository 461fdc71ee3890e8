package webtest

import (
	"context"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// named are the keys that have a name instead of a letter.
var named = map[string]string{
	"Enter": kb.Enter, "Tab": kb.Tab, "Escape": kb.Escape, "Backspace": kb.Backspace, "Delete": kb.Delete, "Space": " ",
	"Up": kb.ArrowUp, "Down": kb.ArrowDown, "Left": kb.ArrowLeft, "Right": kb.ArrowRight, "Home": kb.Home, "End": kb.End,
	"F2": kb.F2, "F4": kb.F4, "F8": kb.F8, "F9": kb.F9,
}

var held = map[string]int64{
	"Ctrl": int64(chromedp.ModifierCtrl), "Shift": int64(chromedp.ModifierShift), "Alt": int64(chromedp.ModifierAlt),
}

// Type types text into what has the focus, one key a letter.
func (p *Page) Type(text string) {
	p.t.Helper()
	p.keys += len([]rune(text))
	p.do("typing "+text, strokes(text))
}

// Press presses keys one after the other and stays on the page: "Tab", "x",
// "Ctrl+Enter". Each counts, Ctrl too.
func (p *Page) Press(keys ...string) {
	p.t.Helper()
	for _, key := range keys {
		p.do("pressing "+key, p.key(key))
	}
}

// Enter presses one key, waits for the page that it leads to and returns its
// HTTP status: "Enter" in a form, "Ctrl+Enter".
func (p *Page) Enter(key string) int {
	p.t.Helper()
	return p.follow("pressing "+key, p.key(key))
}

// Scan does what a scanner does that acts as a keyboard: it types the text of
// a card or slip, then Enter. No key of the officer is counted.
func (p *Page) Scan(text string) {
	p.t.Helper()
	p.do("scanning", strokes(text+kb.Enter))
}

// Hands is what the officer's hands have done so far: keys and clicks.
func (p *Page) Hands() (keys, clicks int) { return p.keys, p.clicks }

// key counts a key with what is held down with it, and presses it.
func (p *Page) key(name string) chromedp.Action[chromedp.Void] {
	p.t.Helper()
	parts := strings.Split(name, "+")
	if name == "+" {
		parts = []string{name}
	}
	p.keys += len(parts)
	last := len(parts) - 1
	var modifiers int64
	for _, part := range parts[:last] {
		modifier, ok := held[part]
		if !ok {
			p.t.Fatalf("no key to hold down is called %q", part)
		}
		modifiers |= modifier
	}
	letter, ok := named[parts[last]]
	if !ok {
		letter = parts[last]
	}
	if len([]rune(letter)) != 1 {
		p.t.Fatalf("no key is called %q", letter)
	}
	return strokesWith(modifiers, letter)
}

func strokes(text string) chromedp.Action[chromedp.Void] { return strokesWith(0, text) }

// strokesWith presses and releases each key as a keyboard does: the letter
// comes with the press, so that a page that handles the press gets no letter.
func strokesWith(modifiers int64, keys string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		for _, r := range keys {
			events := kb.Encode(r)
			press := *events[0]
			press.Type = input.DispatchKeyEventTypeRawKeyDown
			release := *events[len(events)-1]
			if len(events) == 3 && modifiers&^int64(chromedp.ModifierShift) == 0 {
				press.Type = input.DispatchKeyEventTypeKeyDown
				press.Text, press.UnmodifiedText = events[1].Text, events[1].UnmodifiedText
			}
			for _, event := range []input.DispatchKeyEventParams{press, release} {
				event.Modifiers |= modifiers
				if _, err := cdp.Call(ctx, target, input.DispatchKeyEvent, event); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
