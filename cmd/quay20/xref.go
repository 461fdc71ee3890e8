package main

import (
	"bufio"
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"

	"quay20/internal/pack"
	"quay20/internal/text"
	"quay20/packs"
)

// PackXref joins articles with what rests on them.
type PackXref struct {
	Article string `arg:"" optional:"" help:"Only this article or instrument: nd-118-2025/17."`
}

func (c *PackXref) Help() string {
	return `Examples:
  quay20 pack xref
  quay20 pack xref nd-118-2025

Started in the source tree, it also reads code, pages and tests, which cite as law: nd-118-2025/17.2.`
}

func (c *PackXref) Run(std Std, lang text.Lang) error {
	law, err := packs.LaiChau()
	if err != nil {
		return fmt.Errorf("reading the law: %w", err)
	}
	carried := law.Uses()
	if inSourceTree() {
		if err := citedInSources(os.DirFS("."), carried); err != nil {
			return err
		}
	}
	articles := law.Citations()
	by := map[string][]string{}
	for citation, places := range carried {
		at := article(articles, citation)
		by[at] = append(by[at], places...)
	}
	var nobody []string
	for _, a := range articles {
		if c.Article != "" && a != c.Article && !strings.HasPrefix(a, c.Article+"/") {
			continue
		}
		if len(by[a]) == 0 {
			nobody = append(nobody, a)
			continue
		}
		c.print(std, law, a, by[a])
	}
	if len(nobody) > 0 {
		fmt.Fprintln(std.Out, text.T(lang, "cli.xref.nobody"))
		for _, a := range nobody {
			fmt.Fprintf(std.Out, "  %s  %s\n", a, law.Words(a))
		}
	}
	return nil
}

func (c *PackXref) print(std Std, law *pack.Pack, article string, places []string) {
	caption, _ := law.Caption(article)
	fmt.Fprintf(std.Out, "%s  %s: %s\n", article, law.Words(article), caption)
	slices.Sort(places)
	for _, at := range slices.Compact(places) {
		fmt.Fprintf(std.Out, "  %s\n", at)
	}
}

// article is the listed article that a citation falls under: of
// "nd-118-2025/17.2" it is "nd-118-2025/17".
func article(listed []string, citation string) string {
	for c := citation; ; {
		if _, ok := slices.BinarySearch(listed, c); ok {
			return c
		}
		i := strings.LastIndexAny(c, "./")
		if i < 0 {
			return citation
		}
		c = c[:i]
	}
}

func inSourceTree() bool {
	b, err := os.ReadFile("go.mod")
	return err == nil && strings.HasPrefix(string(b), "module quay20\n")
}

var cites = regexp.MustCompile(`(?:\blaw: |")([a-z]+-[0-9]+-[0-9]{4}(?:-[a-z0-9]+)*(?:/[0-9a-zA-Z.]*[0-9a-zA-Z])?)`)

// citedInSources adds every place in code, words and pages that cites an
// article.
func citedInSources(tree fs.FS, carried map[string][]string) error {
	return fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (name == "packs" || name == "node_modules" || d.Name() == "testdata" || len(name) > 1 && d.Name()[0] == '.') {
			return fs.SkipDir
		}
		if d.IsDir() || !slices.Contains([]string{".go", ".html", ".tsv"}, path.Ext(name)) {
			return nil
		}
		f, err := tree.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		for n := 1; lines.Scan(); n++ {
			for _, m := range cites.FindAllStringSubmatch(lines.Text(), -1) {
				carried[m[1]] = append(carried[m[1]], fmt.Sprintf("%s:%d", name, n))
			}
		}
		return lines.Err()
	})
}
