package main

import (
	"context"
	"fmt"
	"net"

	"quay20/internal/neighbour/clamav"
	"quay20/internal/problem"
	"quay20/internal/text"
)

// Neighbour runs stand-ins for systems of others, to try things out with.
type Neighbour struct {
	ClamAV NeighbourClamAV `cmd:"" name:"clamav" help:"Stand in for ClamAV's daemon: it finds the EICAR test file and nothing else."`
}

// NeighbourClamAV stands in for a malware scanner.
type NeighbourClamAV struct {
	Listen string `default:"127.0.0.1:3310" help:"Address to listen on; 127.0.0.1:3310 if left out." placeholder:"HOST:PORT"`
}

func (c *NeighbourClamAV) Help() string {
	return `Examples:
  quay20 neighbour clamav
  quay20 demo --clamav tcp://127.0.0.1:3310

It protects nobody: a real house joins a real clamd. Stop it with Ctrl+C.`
}

// streamMost is as much as clamd takes by default.
const streamMost = 25 << 20

func (c *NeighbourClamAV) Run(ctx context.Context, std Std, lang text.Lang) error {
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return problem.New(problem.Unavailable, "cli.err.listen", "address", c.Listen, "detail", err.Error())
	}
	fmt.Fprintln(std.Out, text.T(lang, "cli.clamav", "address", "tcp://"+l.Addr().String()))
	return clamav.Simulator{Most: streamMost}.Serve(ctx, l)
}
