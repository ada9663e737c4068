package server_test

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// badSeeds keeps the seeds of runs that failed once; they are run with every test.
const badSeeds = "testdata/simulation/seeds.txt"

// Ops of one run: of an ordinary test, and under `make fuzz`.
const (
	shortRun = 1_500
	longRun  = 20_000
)

// TestSimulationEverybodyAgreesAtRest lets 2 to 12 clients work on one room
// while the network delays, loses and reorders, clients reload or die and the
// server is stopped, killed, cut from the power or put back to an older copy. At
// rest all boards are equal and are what the log says, and no letter is lost or
// doubled.
//
// SIMULATE=n runs new seeds until n ops were made, and keeps those that fail;
// SEED=s runs one. A seed fixes what is done and the dice of the network; the
// order in which the goroutines of one moment run it does not.
func TestSimulationEverybodyAgreesAtRest(t *testing.T) {
	seen := map[string]int{}
	if seed := number(t, "SEED"); seed != 0 {
		simulate(t, seed, longRun, seen)
		return
	}
	if ops := number(t, "SIMULATE"); ops != 0 {
		simulateMany(t, ops, seen)
	} else {
		for seed := uint64(1); seed <= 6; seed++ {
			simulate(t, seed, shortRun, seen)
		}
		for _, seed := range readSeeds(t) {
			simulate(t, seed, shortRun, seen)
		}
	}
	for _, event := range []string{"stopped", "killed", "cut from power", "away", "purges", "snapshots"} {
		if seen[event] == 0 {
			t.Errorf("no run had %q: %v", event, seen)
		}
	}
}

// number reads an environment variable; 0 if it is not set.
func number(t *testing.T, name string) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return 0
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

func simulateMany(t *testing.T, ops uint64, seen map[string]int) {
	began := time.Now()
	done, runs := uint64(0), 0
	for seed := uint64(began.UnixNano()); done < ops; seed++ {
		n, ok := simulate(t, seed, longRun, seen)
		if !ok {
			keepSeed(t, seed)
		}
		done += n
		runs++
	}
	spent := time.Since(began)
	t.Logf("%d runs, %d ops in %v: %.0f ops/s; %v", runs, done, spent.Round(time.Second), float64(done)/spent.Seconds(), seen)
}

// simulate runs one seed and returns how many ops were made, and whether all held. It
// adds what happened to seen.
func simulate(t *testing.T, seed uint64, ops int, seen map[string]int) (done uint64, ok bool) {
	ok = t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
		began := time.Now()
		t.Logf("seed %d: begins", seed) // what is seen if it never ends
		synctest.Test(t, func(t *testing.T) {
			s := newSimulation(t, seed, uint64(ops))
			defer s.close()
			s.run()
			s.rest()
			done = s.done.Load()
			for event, n := range s.events {
				seen[event] += n
			}
			t.Logf("seed %d: %v", seed, s)
		})
		t.Logf("seed %d: %d ops in %v", seed, done, time.Since(began).Round(time.Millisecond))
	})
	return done, ok
}

func readSeeds(t *testing.T) (seeds []uint64) {
	t.Helper()
	file, err := os.Open(badSeeds)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		text, _, _ := strings.Cut(lines.Text(), "#")
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("%s: %v", badSeeds, err)
		}
		seeds = append(seeds, seed)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return seeds
}

func keepSeed(t *testing.T, seed uint64) {
	t.Helper()
	file, err := os.OpenFile(badSeeds, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintln(file, seed); err != nil {
		t.Error(err)
	}
	if err := file.Close(); err != nil {
		t.Error(err)
	}
}

// pause lets the time of the bubble pass.
func pause(d time.Duration) { time.Sleep(d) }
