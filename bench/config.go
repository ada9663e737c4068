package bench

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"slices"
	"time"

	"chalkline/replay"
	"chalkline/server/transport"
)

// Modes of a run.
const (
	ModeLoad = "load"
	ModeJoin = "join"
	// ModeBare is what the transports cost by themselves on this machine: the floor
	// that ModeLoad is compared with.
	ModeBare = "bare"
	// ModeBareServer is the process that ModeBare measures.
	ModeBareServer = "bare-server"
	// ModeWHEP is one publisher and many viewers of the media server, and the same of
	// pion's bare forwarding loop.
	ModeWHEP = "whep"
	// ModeAlign is how far strokes and pictures are apart on each way to play.
	ModeAlign = "align"
	// ModeGuests measures nothing: its clients work in a room that others work in too.
	ModeGuests = "guests"
	// ModeWHEPBare is the bare forwarding loop; it and ModeWHEPServer and
	// ModeWHEPBareServer are the processes that ModeWHEP measures.
	ModeWHEPBare       = "whep-bare"
	ModeWHEPServer     = "whep-server"
	ModeWHEPBareServer = "whep-bare-server"
)

// Config says what is measured. ParseConfig has the defaults.
type Config struct {
	Mode      string
	Transport transport.Route

	Writers  int           // clients that draw
	Clients  int           // in all, writers included
	Warmup   time.Duration // drawn before anything is measured
	Duration time.Duration // measured
	Edits    bool          // of three writers one draws, one moves shapes and one types
	Cursors  bool          // every client's pointer moves, ten times a second
	Stalled  int           // clients besides that have the board open and read nothing
	Seed     uint64        // of the writers' phases and of how their handwriting is moved

	Room    string    // guests: code of the room that they come to
	Careful bool      // guests: they delete no letters and no texts, and undo nothing
	Asked   io.Reader // guests: each line asks what they have; nil: standard input

	Points int // join: on the board
	// Qualities is how many pictures the publisher of ModeWHEP sends: 1, or 2 with a
	// small one, between which each viewer's network chooses.
	Qualities int
	Joins     int // join: measured

	Start      bool   // a server of its own
	Server     string // its binary; empty: beside this one, else built
	Data       string // folder for its store; empty: a new one in the current folder
	AllowTmpfs bool
	CPUProfile string // file for a profile of the generator

	URL      string // a running server instead
	PID      int    // its process, for CPU and memory; 0: unknown
	Insecure bool   // accept any certificate of URL

	JSON bool
}

// ParseConfig reads a command line; what is wrong with it is written to w and
// returned, all at once.
func ParseConfig(args []string, w io.Writer) (Config, error) {
	var c Config
	f := flag.NewFlagSet("chalkline-bench", flag.ContinueOnError)
	f.SetOutput(w)
	f.StringVar(&c.Mode, "mode", ModeLoad, "what to measure: load, join, bare (the transports by themselves; with --start), whep (video to --clients viewers; with --start), align (strokes against pictures), or guests (all --clients work in --room, for tests)")
	route := f.String("transport", string(transport.WebTransport), "webtransport or websocket")
	f.IntVar(&c.Writers, "writers", 10, "clients that draw, each 30 frames of 8 points a second")
	f.IntVar(&c.Clients, "clients", 100, "clients in all, writers included")
	f.DurationVar(&c.Warmup, "warmup", 3*time.Second, "drawn before anything is measured")
	f.DurationVar(&c.Duration, "duration", 20*time.Second, "what is measured")
	f.BoolVar(&c.Edits, "edits", false, "of three writers one draws, one moves shapes and one types, all in the same shapes and texts")
	f.BoolVar(&c.Cursors, "cursors", false, "move everybody's pointer, ten times a second")
	f.IntVar(&c.Stalled, "stalled", 0, "clients besides that have the board open and read nothing of it")
	f.Uint64Var(&c.Seed, "seed", 1, "of the writers' phases and of how their handwriting is moved")
	f.IntVar(&c.Qualities, "qualities", 1, "whep: of the publisher's picture, 1 or 2")
	f.StringVar(&c.Room, "room", "", "guests: code of the room")
	f.BoolVar(&c.Careful, "careful", false, "guests: delete no letters and no texts, undo nothing")
	f.IntVar(&c.Points, "points", 100_000, "join: points on the board")
	f.IntVar(&c.Joins, "joins", 21, "join: how many are measured")
	f.BoolVar(&c.Start, "start", false, "start a server of its own on an empty store")
	f.StringVar(&c.Server, "server", "", "binary of the server to start (default: chalkline beside this program, else built from source)")
	f.StringVar(&c.Data, "data", "", "folder in which the started server's store is made, and removed (default: the current one)")
	f.BoolVar(&c.AllowTmpfs, "allow-tmpfs", false, "accept a store in memory, where fsync costs nothing")
	f.StringVar(&c.CPUProfile, "cpuprofile", "", "write a CPU profile of the generator to this file")
	f.StringVar(&c.URL, "url", "", "measure the server that runs there, http or https")
	f.IntVar(&c.PID, "pid", 0, "process of the server at --url, on this machine")
	f.BoolVar(&c.Insecure, "insecure", false, "accept any certificate at --url")
	f.BoolVar(&c.JSON, "json", false, "print one line of JSON")
	if err := f.Parse(args); err != nil {
		return c, err
	}
	c.Transport = transport.Route(*route)
	err := c.validate()
	if f.NArg() > 0 {
		err = errors.Join(err, fmt.Errorf("unexpected argument %q", f.Arg(0)))
	}
	if err != nil {
		fmt.Fprintf(w, "chalkline-bench: %v\n", err)
	}
	return c, err
}

// Bounds that catch slips of the keyboard.
const (
	maxClients  = 10_000
	maxDuration = time.Hour
	maxPoints   = 4_000_000 // OT9
)

func (c Config) validate() error {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	served := slices.Contains([]string{ModeBareServer, ModeWHEPServer, ModeWHEPBareServer}, c.Mode)
	check(served || slices.Contains([]string{ModeLoad, ModeJoin, ModeBare, ModeWHEP, ModeAlign, ModeGuests}, c.Mode), "--mode %q: load, join, bare, whep, align or guests", c.Mode)
	check(c.Mode != ModeBare && c.Mode != ModeWHEP || c.Start, "--mode %s starts a server of its own: --start", c.Mode)
	check(c.Transport == transport.WebTransport || c.Transport == transport.WebSocket, "--transport %q: webtransport or websocket", c.Transport)
	_, isRoom := replay.ParseRoom(c.Room)
	check(isRoom == (c.Mode == ModeGuests) && (isRoom || c.Room == ""), "--mode guests and --room XXXXX-XXXXX go together")
	check(c.Mode != ModeGuests || !c.Start, "--mode guests has a running server: --url")
	check(c.Clients >= 2 && c.Clients <= maxClients, "--clients %d: 2 to %d", c.Clients, maxClients)
	check(!c.Edits || c.Writers >= 3, "--edits: one writer draws, one moves, one types: --writers 3 or more")
	check(c.Writers >= 1 && c.Writers <= c.Clients, "--writers %d: 1 to the number of clients", c.Writers)
	check(c.Stalled >= 0 && c.Stalled <= maxClients, "--stalled %d: 0 to %d", c.Stalled, maxClients)
	check(c.Duration >= time.Second && c.Duration <= maxDuration, "--duration %v: 1s to %v", c.Duration, maxDuration)
	check(c.Warmup >= 0 && c.Warmup <= maxDuration, "--warmup %v: 0s to %v", c.Warmup, maxDuration)
	check(c.Qualities == 1 || c.Qualities == 2, "--qualities %d: 1 or 2", c.Qualities)
	check(c.Points >= framePoints && c.Points <= maxPoints, "--points %d: %d to %d", c.Points, framePoints, maxPoints)
	check(c.Joins >= 1 && c.Joins <= 1000, "--joins %d: 1 to 1000", c.Joins)
	check(served || c.Start != (c.URL != ""), "either --start or --url")
	check(c.Start || served || c.Server == "" && c.Data == "" && !c.AllowTmpfs, "--server, --data and --allow-tmpfs are for --start")
	check(!c.Start || c.PID == 0 && !c.Insecure, "--pid and --insecure are for --url")
	if c.URL != "" {
		u, err := url.Parse(c.URL)
		check(err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "", "--url %q: http://host or https://host", c.URL)
	}
	return errors.Join(errs...)
}
