package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"chalkline/bench"
)

// The bench is a process of its own: it pins itself to one core.
func TestAServerOfItsOwnIsStartedAndMeasuredAndItsStoreRemoved(t *testing.T) {
	bin := t.TempDir()
	t.Setenv("CGO_ENABLED", "0") // as `make build` does
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-trimpath", "-o", bin, "chalkline/cmd/chalkline", "chalkline/cmd/chalkline-bench")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, c := range []struct {
		arguments string
		right     func(bench.Result) bool
	}{
		{"--mode load --transport websocket --writers 1 --clients 2 --warmup 0s --duration 1s", func(r bench.Result) bool {
			return r.Lost+r.Duplicated+r.Wrong == 0 && r.HashesEqual && r.Delivered > 0 &&
				r.LoadResult.ServerCPU != nil && r.ServerRSS != nil && *r.ServerRSS > 0 && r.Commits != nil && *r.Commits > 0
		}},
		{"--mode join --transport webtransport --writers 2 --clients 2 --points 2000 --joins 50", func(r bench.Result) bool {
			return r.Points == 2000 && r.JoinBytes > 2000 && r.JoinCPU != nil && *r.JoinCPU > 0
		}},
	} {
		data := t.TempDir()
		arguments := append(strings.Fields(c.arguments), "--start", "--allow-tmpfs", "--data", data, "--json")
		command := exec.CommandContext(t.Context(), filepath.Join(bin, "chalkline-bench"), arguments...)
		command.Stderr = os.Stderr
		out, err := command.Output()
		r := bench.Result{LoadResult: &bench.LoadResult{}, JoinResult: &bench.JoinResult{}}
		if err != nil || json.Unmarshal(out, &r) != nil || r.FSType == "" || r.Pinned != (runtime.NumCPU() > 1) || !c.right(r) {
			t.Errorf("%s: %v, %s", c.arguments, err, out)
		}
		if left, err := os.ReadDir(data); err != nil || len(left) > 0 {
			t.Errorf("%s: %v is left of the store, %v", c.arguments, left, err)
		}
	}
}
