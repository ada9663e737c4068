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
	"runtime/debug"
	"slices"
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
		_, _ = fmt.Fprintln(stdout, "chalkline", version())
		return 0
	}
	if len(arguments) > 0 && arguments[0] == "serve" { // the default command
		arguments = arguments[1:]
	}
	c, err := config.Load(arguments, environment)
	if errors.Is(err, flag.ErrHelp) {
		_, _ = fmt.Fprint(stdout, "Usage: chalkline [serve] [settings]\n       chalkline --version\n\n")
		config.Usage(stdout)
		return 0
	}
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "chalkline: the settings are not right (chalkline --help lists them):\n%v\n", err)
		return 2
	}
	if err := server.Run(ctx, c); err != nil {
		_, _ = fmt.Fprintf(stderr, "chalkline: %v\n", err)
		if hint := advice(err); hint != "" {
			_, _ = fmt.Fprintln(stderr, hint)
		}
		return 1
	}
	return 0
}

// version is that of the module, or the commit that was built.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return info.Main.Version + " " + s.Value
		}
	}
	return info.Main.Version
}
