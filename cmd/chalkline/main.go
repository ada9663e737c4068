// Command chalkline is the server of Chalkline, a board for classes.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"chalkline/server"
	"chalkline/server/config"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
}

// run is main with everything handed in; it returns the exit status.
func run(ctx context.Context, arguments, environment []string, stdout, stderr io.Writer) int {
	if slices.Contains(arguments, "--version") || slices.Contains(arguments, "-version") {
		_, _ = fmt.Fprintln(stdout, "chalkline", version)
		return 0
	}
	command, participant, arguments := parseCommand(arguments)
	c, err := config.Load(arguments, environment)
	if errors.Is(err, flag.ErrHelp) {
		_, _ = fmt.Fprint(stdout, usage)
		config.Usage(stdout)
		return 0
	}
	if err == nil && command == erase && participant == "" {
		err = errors.New("erase: whom? chalkline names lists the ids")
	}
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "chalkline: the settings are not right (chalkline --help lists them):\n%v\n", err)
		return 2
	}
	if err := perform(ctx, command, participant, c, stdout); err != nil {
		_, _ = fmt.Fprintf(stderr, "chalkline: %v\n", err)
		if hint := advice(err); hint != "" {
			_, _ = fmt.Fprintln(stderr, hint)
		}
		return 1
	}
	return 0
}

// version is the tag or commit that was built; the Makefile sets it.
var version = "unknown"

// Commands.
const (
	serve = "serve" // the default
	names = "names"
	erase = "erase"
)

const usage = `Usage: chalkline [serve] [settings]
       chalkline names [settings]      whom the store knows by name: room, id, name
       chalkline erase ID [settings]   erases a participant's name, stream keys, calibrations and switches (muted, hidden) in all rooms
       chalkline --version

names and erase are for a server that is stopped; of the settings they need data.

`

// parseCommand cuts the command, and whom it is about, off the settings.
func parseCommand(arguments []string) (command, participant string, settings []string) {
	if len(arguments) == 0 || !slices.Contains([]string{serve, names, erase}, arguments[0]) {
		return serve, "", arguments
	}
	command, arguments = arguments[0], arguments[1:]
	if command == erase && len(arguments) > 0 && !strings.HasPrefix(arguments[0], "-") {
		return command, arguments[0], arguments[1:]
	}
	return command, "", arguments
}

func perform(ctx context.Context, command, participant string, c config.Config, stdout io.Writer) error {
	switch command {
	case names:
		return server.PrintNames(ctx, c, stdout)
	case erase:
		rooms, err := server.EraseParticipant(ctx, c, participant)
		if err == nil {
			_, _ = fmt.Fprintf(stdout, "%s: erased; rooms: %d\n", participant, rooms)
		}
		return err
	default:
		return server.Run(ctx, c)
	}
}
