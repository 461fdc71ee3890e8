// Gen checks a pack's YAML and writes the form that is embedded.
package main

import (
	"fmt"
	"os"

	"quay20/internal/pack"
	"quay20/internal/text"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: gen DIR")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func write(dir string) error {
	p, faults := pack.Read(os.DirFS(dir))
	for _, f := range faults {
		fmt.Fprintln(os.Stderr, dir+"/"+f.String(text.En))
	}
	if len(faults) > 0 {
		return fmt.Errorf("%s: %d faults", dir, len(faults))
	}
	out, err := os.Create(dir + ".pack")
	if err != nil {
		return err
	}
	if err := p.Encode(out); err != nil {
		return err
	}
	return out.Close()
}
