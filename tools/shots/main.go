// Shots takes a picture of pages of a running quay20 at the width of a
// telephone and of a desk, to be looked at and compared.
//
//	go run ./tools/testenv -postgres=false -- go run ./tools/shots -base http://127.0.0.1:8020 -out var/shots pages.txt
//
// The list has one step a line; # starts a comment:
//
//	home      /                                     picture of / as home-360.png and home-1280.png
//	fill      /desk/sign-in officer=an password=…   fill the form at this address and send it
//	fill      . code=totp:JBSWY3DPEHPK3PXP          fill the form of the page we are on; a code is made from its secret
//	worklist  /desk                                 picture, signed in
//	forget    -                                     lose the cookies: the next person
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/pquerna/otp/totp"
)

func main() {
	base := flag.String("base", "http://127.0.0.1:8020", "address of the running quay20")
	out := flag.String("out", "var/shots", "folder for the pictures")
	widths := flag.String("widths", "360,1280", "widths in pixels, separated by commas")
	flag.Parse()
	if err := run(*base, *out, *widths, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "shots:", err)
		os.Exit(1)
	}
}

func run(base, out, widths string, lists []string) error {
	browser := os.Getenv("TEST_CHROMIUM")
	if browser == "" || len(lists) == 0 {
		return fmt.Errorf("name at least one list of pages, and a Chromium in TEST_CHROMIUM (tools/testenv does)")
	}
	c := camera{base: strings.TrimSuffix(base, "/"), out: out}
	for _, width := range strings.Split(widths, ",") {
		pixels, err := strconv.ParseInt(strings.TrimSpace(width), 10, 64)
		if err != nil {
			return fmt.Errorf("width %q: %w", width, err)
		}
		c.widths = append(c.widths, pixels)
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	ctx, stop := start(browser)
	defer stop()
	for _, list := range lists {
		if err := c.follow(ctx, list); err != nil {
			return err
		}
	}
	return nil
}

func start(browser string) (context.Context, context.CancelFunc) {
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(browser), chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("lang", "vi"), chromedp.Flag("hide-scrollbars", true))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	allocator, stopBrowser := chromedp.NewExecAllocator(context.Background(), options...)
	ctx, stopPage := chromedp.NewContext(allocator)
	return ctx, func() { stopPage(); stopBrowser() }
}

type camera struct {
	base, out string
	widths    []int64
}

// follow carries out the steps of one list.
func (c camera) follow(ctx context.Context, list string) error {
	file, err := os.Open(list)
	if err != nil {
		return err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		words := strings.Fields(lines.Text())
		if len(words) == 0 || words[0][0] == '#' {
			continue
		}
		if err := c.step(ctx, words); err != nil {
			return fmt.Errorf("%s:%d: %w", list, n, err)
		}
	}
	return lines.Err()
}

func (c camera) step(ctx context.Context, words []string) error {
	if len(words) < 2 {
		return fmt.Errorf("want a name and an address, have %q", words)
	}
	switch words[0] {
	case "fill":
		return c.fill(ctx, words[1], words[2:])
	case "forget":
		_, err := chromedp.Call(ctx, network.ClearBrowserCookies, cdp.Empty{})
		return err
	}
	return c.picture(ctx, words[0], words[1])
}

// picture opens the address and keeps it at every width.
func (c camera) picture(ctx context.Context, name, address string) error {
	for _, width := range c.widths {
		if err := chromedp.Do(ctx, chromedp.EmulateViewport(width, 800)); err != nil {
			return err
		}
		response, err := chromedp.RunResponse(ctx, chromedp.Navigate(c.base+address))
		if err != nil {
			return fmt.Errorf("opening %s: %w", address, err)
		}
		png, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
		if err != nil {
			return fmt.Errorf("picturing %s: %w", address, err)
		}
		path := filepath.Join(c.out, fmt.Sprintf("%s-%d.png", name, width))
		if err := os.WriteFile(path, png, 0o644); err != nil {
			return err
		}
		fmt.Printf("%d %s %s\n", response.Status, address, path)
	}
	return nil
}

// fill fills the form that holds the first named field, and sends it.
func (c camera) fill(ctx context.Context, address string, fields []string) error {
	if len(fields) == 0 {
		return fmt.Errorf("fill wants fields as name=value")
	}
	if address != "." {
		if err := chromedp.Do(ctx, chromedp.Navigate(c.base+address)); err != nil {
			return fmt.Errorf("opening %s: %w", address, err)
		}
	}
	limited, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	var selector string
	for _, field := range fields {
		name, value, _ := strings.Cut(field, "=")
		if secret, ok := strings.CutPrefix(value, "totp:"); ok {
			code, err := totp.GenerateCode(secret, time.Now())
			if err != nil {
				return fmt.Errorf("making the code of %s: %w", name, err)
			}
			value = code
		} else if plain, err := url.QueryUnescape(value); err == nil {
			value = plain // + stands for a space
		}
		selector = fmt.Sprintf("[name=%q]", name)
		if err := chromedp.Do(limited, chromedp.SetValue(selector, value)); err != nil {
			return fmt.Errorf("filling %s: %w", name, err)
		}
	}
	response, err := chromedp.RunResponse(limited, chromedp.Submit(selector))
	if err != nil {
		return fmt.Errorf("sending the form at %s: %w", address, err)
	}
	if response.Status >= 400 {
		return fmt.Errorf("the form at %s is answered by %d", address, response.Status)
	}
	return nil
}
