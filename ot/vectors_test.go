package ot_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"testing"

	"chalkline/ot"
	"chalkline/ot/ottest"
)

// The vectors in testdata hold Go and TypeScript to the same bytes; its README
// has their forms. Those that are made, are made by: go test ./ot -run Vectors -update
var update = flag.Bool("update", false, "write testdata anew")

// boardVector is the life of one board.
type boardVector struct {
	Seed    uint64         `json:"seed"`
	Records []recordVector `json:"records"`
	Table   string         `json:"table"`
	Drawn   []string       `json:"drawn"` // at the end: ids "replica.counter" in drawing order
}

type recordVector struct {
	Revision uint64 `json:"revision"`
	Author   uint32 `json:"author"`
	Ops      string `json:"ops"`
	// Points of the extends, in the order of the ops: x, y, p, t, x, y …
	Points  [][]int32 `json:"points,omitempty"`
	Changed int       `json:"changed"` // how many elements changed
	Hash    string    `json:"hash"`    // after the record
}

func makeBoards(t *testing.T) []boardVector {
	t.Helper()
	var vectors []boardVector
	for _, seed := range []uint64{101, 102, 103, 104, 105, 106} {
		vectors = append(vectors, boardVector{Seed: seed, Records: makeRecords(t, seed)})
		v := &vectors[len(vectors)-1]
		board := ot.NewBoard()
		for i := range v.Records {
			replay(t, board, &v.Records[i], true)
		}
		v.Table, v.Drawn = hex.EncodeToString(ot.AppendTable(nil, board)), drawn(board)
	}
	return vectors
}

func drawn(board *ot.Board) []string {
	ids := []string{}
	for e := range board.Drawn() {
		ids = append(ids, fmt.Sprintf("%d.%d", e.ID().Replica, e.ID().Counter))
	}
	return ids
}

func makeRecords(t *testing.T, seed uint64) []recordVector {
	t.Helper()
	var records []recordVector
	for _, r := range ottest.Converge(t, seed, 3, 120) {
		v := recordVector{Revision: r.Revision, Author: r.Author, Ops: hex.EncodeToString(r.Ops)}
		ops, err := ottest.Decode(r)
		if err != nil {
			t.Fatal(err)
		}
		for i := range ops {
			if ops[i].Kind == ot.Extend {
				v.Points = append(v.Points, flat(ops[i].Points))
			}
		}
		records = append(records, v)
	}
	return records
}

// replay applies a record; write fills in what came of it instead of checking it.
func replay(t *testing.T, board *ot.Board, v *recordVector, write bool) {
	t.Helper()
	ops, err := ot.DecodeOps(unhex(t, v.Ops), ot.MaxBatch)
	if err != nil {
		t.Fatal(err)
	}
	points := v.Points
	for i := range ops {
		if ops[i].Kind == ot.Extend {
			ops[i].Points, points = unflat(points[0]), points[1:]
		}
	}
	changed, hash := len(board.Apply(v.Revision, v.Author, ops)), fmt.Sprintf("%x", board.Hash())
	if write {
		v.Changed, v.Hash = changed, hash
	} else if v.Changed != changed || v.Hash != hash {
		t.Fatalf("revision %d: %d changed, hash %s; want %d, %s", v.Revision, changed, hash, v.Changed, v.Hash)
	}
}

func TestVectorsOfBoards(t *testing.T) {
	if *update {
		writeVectors(t, "testdata/boards.json", makeBoards(t))
	}
	var vectors []boardVector
	readVectors(t, "testdata/boards.json", &vectors)
	covered := map[string]int{}
	for _, v := range vectors {
		board := ot.NewBoard()
		for i := range v.Records {
			before := board.Load().Elements
			replay(t, board, &v.Records[i], false)
			covered["purged"] += max(before-board.Load().Elements, 0)
			cover(t, covered, &v.Records[i])
		}
		for e := range board.Elements() {
			covered["touched"] += truth(e.Touched())
			covered["text"] += len(e.Text())
			covered["erasures"] += len(e.Erasures())
		}
		if got := hex.EncodeToString(ot.AppendTable(nil, board)); got != v.Table {
			t.Fatalf("seed %d: table differs", v.Seed)
		}
		if got := drawn(board); !slices.Equal(got, v.Drawn) {
			t.Fatalf("seed %d: drawn %v, want %v", v.Seed, got, v.Drawn)
		}
		again, err := ottest.Snapshot{Table: unhex(t, v.Table), Strokes: ottest.Take(board).Strokes}.Board()
		if err != nil || again.Hash() != board.Hash() {
			t.Fatalf("seed %d: snapshot: %v", v.Seed, err)
		}
	}
	for _, what := range []string{"purged", "touched", "text", "erasures", "op 1", "op 2", "op 3", "op 4", "op 5", "op 6", "op 7", "op 8", "op 9"} {
		if covered[what] == 0 {
			t.Errorf("no board has %s", what)
		}
	}
}

// cover counts the kinds of ops of a record that changed something.
func cover(t *testing.T, covered map[string]int, v *recordVector) {
	t.Helper()
	ops, err := ot.DecodeOps(unhex(t, v.Ops), ot.MaxBatch)
	if err != nil {
		t.Fatal(err)
	}
	if len(ops) == 1 {
		covered[fmt.Sprint("op ", ops[0].Kind)] += v.Changed
	}
}

// bytesVector is a piece of bytes and what a decoder says to it: "" if it is
// taken (and comes back the same), else the error's word.
type bytesVector struct {
	Name  string `json:"name"`
	Bytes string `json:"bytes"`
	Error string `json:"error"`
}

func errorWord(err error) string {
	words := []struct {
		err  error
		word string
	}{
		{ot.ErrTruncated, "truncated"},
		{ot.ErrCanonical, "canonical"},
		{ot.ErrKind, "kind"},
		{ot.ErrValue, "value"},
		{ot.ErrLimit, "limit"},
	}
	for _, w := range words {
		if errors.Is(err, w.err) {
			return w.word
		}
	}
	if err != nil {
		return "another error"
	}
	return ""
}

func checkBytes(t *testing.T, vectors []bytesVector, again func([]byte) ([]byte, error)) {
	t.Helper()
	for _, v := range vectors {
		src := unhex(t, v.Bytes)
		got, err := again(src)
		if errorWord(err) != v.Error {
			t.Errorf("%s: %x: %v, want %q", v.Name, src, err, v.Error)
		} else if err == nil && !bytes.Equal(got, src) {
			t.Errorf("%s: %x came back as %x", v.Name, src, got)
		}
	}
}

func TestVectorsOfOps(t *testing.T) {
	var vectors []bytesVector
	readVectors(t, "testdata/ops.json", &vectors)
	checkBytes(t, vectors, func(src []byte) ([]byte, error) {
		ops, err := ot.DecodeOps(src, ot.MaxBatch)
		return ot.AppendOps(nil, ops), err
	})
}

func TestVectorsOfTables(t *testing.T) {
	var vectors []bytesVector
	readVectors(t, "testdata/tables.json", &vectors)
	checkBytes(t, vectors, func(src []byte) ([]byte, error) {
		loader, err := ot.ReadTable(src, ot.BoardLimits())
		if err != nil {
			return nil, err
		}
		for _, s := range loader.OpenStrokes() {
			if err := loader.SetOpen(s.ID, make([]ot.Point, s.Points)); err != nil {
				return nil, err
			}
		}
		board, err := loader.Board()
		if err != nil {
			return nil, err
		}
		return ot.AppendTable(nil, board), nil
	})
}

func truth(v bool) int {
	if v {
		return 1
	}
	return 0
}

func flat(points []ot.Point) []int32 {
	out := make([]int32, 0, 4*len(points))
	for _, p := range points {
		out = append(out, p.X, p.Y, p.P, p.T)
	}
	return out
}

func unflat(numbers []int32) []ot.Point {
	points := make([]ot.Point, len(numbers)/4)
	for i := range points {
		points[i] = ot.Point{X: numbers[4*i], Y: numbers[4*i+1], P: numbers[4*i+2], T: numbers[4*i+3]}
	}
	return points
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func writeVectors(t *testing.T, path string, v any) {
	t.Helper()
	b, err := json.MarshalIndent(v, "", " ")
	if err == nil {
		err = os.WriteFile(path, append(b, '\n'), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// writeLines writes a vector to a line.
func writeLines[V any](t *testing.T, path string, vectors []V) {
	t.Helper()
	lines := make([][]byte, len(vectors))
	for i, v := range vectors {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		lines[i] = append([]byte("  "), b...)
	}
	b := append([]byte("[\n"), bytes.Join(lines, []byte(",\n"))...)
	if err := os.WriteFile(path, append(b, "\n]\n"...), 0o644); err != nil {
		t.Fatal(err)
	}
}

func readVectors(t testing.TB, path string, v any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(b, v)
	}
	if err != nil {
		t.Fatal(err)
	}
}
