// Command quay20 is the one-stop desk of a provincial police force: one
// program that receives dossiers, computes their legal dates, follows them and
// proves every step.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
	_ "time/tzdata" // hosts without zone files compute the same dates

	"github.com/alecthomas/kong"

	"quay20/internal/problem"
	"quay20/internal/text"
)

// CLI is the command line. Each command stands in a file of its own.
type CLI struct {
	Place

	Serve      Serve        `cmd:"" help:"Serve pages and API until stopped."`
	Demo       Demo         `cmd:"" help:"Make a small demo province if there is none, then serve it."`
	Simulate   Simulate     `cmd:"" help:"Play a year of the province through the same acts as the desk."`
	Migrate    Migrate      `cmd:"" help:"Bring the database to this version; safe to run twice."`
	Pack       PackCmd      `cmd:"" help:"Law as data: check a pack, apply a notice, find citations."`
	Deadline   Deadline     `cmd:"" help:"Say when a dossier is due, and prove it."`
	Search     Search       `cmd:"" help:"Find procedures in people's words."`
	SearchEval SearchEval   `cmd:"" name:"search-eval" help:"Measure the search with questions whose answers are known."`
	Catalogue  CatalogueCmd `cmd:"" help:"The list of procedures: import records, find what is wrong with them."`
	Dossier    DossierCmd   `cmd:"" help:"Show dossiers and do acts on them."`
	Verify     Verify       `cmd:"" help:"Prove that journal and tables were not changed, and say where if they were."`
	Reorganise Reorganise   `cmd:"" help:"Pass on what lies with units that ended to who took over."`
	AcceptLoss AcceptLoss   `cmd:"" help:"Let a node work again whose lost entries no copy can bring back."`
	Backup     BackupCmd    `cmd:"" help:"Write a backup while the desk works, or make the key that opens backups."`
	Restore    Restore      `cmd:"" help:"Prove a backup on the side, then put it in place."`
	Keys       KeysCmd      `cmd:"" help:"The node's keys: show their public halves, change them."`
	Drill      Drill        `cmd:"" help:"Bring a backup back into a scratch folder and say whether it is whole."`
	Health     Healthcheck  `cmd:"" name:"healthcheck" help:"Say whether the program that serves is well."`
	Neighbour  Neighbour    `cmd:"" help:"Stand-ins for systems of others, to try things out with."`
	Version    VersionCmd   `cmd:"" help:"Print the version."`
	User       UserCmd      `cmd:"" help:"Officers: first administrator, list, add, start codes."`
}

// Place says where a node keeps its things.
type Place struct {
	Data     string `env:"QUAY20_DATA" help:"Folder for database, keys and files; by default var/quay20, for the demo var/demo." placeholder:"DIR"`
	Database string `env:"QUAY20_DATABASE" help:"postgres://… instead of the embedded database in DATA." placeholder:"URL"`
	Witness  string `env:"QUAY20_WITNESS" help:"Folder that gets the signed head of the journal; by default beside DATA, better on another disk." placeholder:"DIR"`
	Files    string `env:"QUAY20_FILES" help:"Folder of the files that people send; by default DATA/files. Several nodes on one database share one." placeholder:"DIR"`
	Lang     string `default:"vi" enum:"vi,en" help:"Language of messages: vi or en."`

	scanner string // address of the malware scanner, of a command that serves
}

// Std is what a command talks to: its streams and the clock.
type Std struct {
	In       io.Reader
	Out, Err io.Writer
	Now      func() time.Time
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], Std{os.Stdin, os.Stdout, os.Stderr, time.Now}))
}

// usage is the exit status of a command that was asked for wrongly.
const usage = 2

// run carries out one command line and gives the exit status.
func run(ctx context.Context, args []string, std Std) (status int) {
	var cli CLI
	exit := -1
	parser, err := kong.New(&cli,
		kong.Name("quay20"),
		kong.Description("The one-stop desk: receive, date, process, return, prove."),
		kong.Writers(std.Out, std.Err),
		kong.Exit(func(code int) { exit = code }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err != nil {
		fmt.Fprintln(std.Err, err)
		return 1
	}
	parsed, err := parser.Parse(args)
	if exit >= 0 {
		return exit
	}
	if err != nil {
		return fail(std, &cli, commandOf(err), problem.New(problem.Malformed, "cli.err.usage", "detail", err.Error()))
	}
	if std.Now, err = cli.Place.clock(std.Now); err != nil { // of a simulated place
		return fail(std, &cli, parsed.Command(), err)
	}
	if err := parsed.Run(&cli.Place, text.Lang(cli.Lang), &cli.Dossier, std); err != nil {
		return fail(std, &cli, parsed.Command(), err)
	}
	return 0
}

// commandOf is the command that was asked for wrongly.
func commandOf(err error) string {
	var wrong *kong.ParseError
	if errors.As(err, &wrong) && wrong.Context != nil {
		return wrong.Context.Command()
	}
	return ""
}

// fail says what went wrong, for people or, where a program asked, as
// problem+json, and gives the exit status.
func fail(std Std, cli *CLI, command string, err error) int {
	var found exitCode
	if errors.As(err, &found) {
		return int(found)
	}
	lang := text.Lang(cli.Lang)
	if lang == "" {
		lang = text.Vi
	}
	p, ok := problem.As(err)
	if !ok {
		fmt.Fprintln(std.Err, err)
		return 1
	}
	if strings.HasPrefix(command, "deadline") || cli.Dossier.JSON {
		writeProblem(std.Err, lang, p)
		return usage
	}
	fmt.Fprintln(std.Err, text.Problem(lang, p))
	for _, f := range p.Fields {
		fmt.Fprintf(std.Err, "  %s: %s\n", f.Name, text.Field(lang, f))
	}
	if len(p.Allowed) > 0 {
		fmt.Fprintln(std.Err, text.T(lang, "cli.allowed", "acts", p.Allowed))
	}
	if p.Kind == problem.Malformed || p.Kind == problem.Invalid {
		return usage
	}
	return 1
}

// exitCode ends a command with a status after it has said everything itself.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit status %d", int(e)) }
