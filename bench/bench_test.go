package bench

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"chalkline/ot"
	"chalkline/protocol/ink"
)

func TestTheCommandLineIsChecked(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want string // part of the error; empty: none
	}{
		"of the issue":      {[]string{"--start", "--transport", "websocket", "--writers", "10", "--clients", "100", "--duration", "20s", "--json"}, ""},
		"join":              {[]string{"--start", "--mode", "join", "--points", "100000"}, ""},
		"a running server":  {[]string{"--url", "https://board.test:8443", "--pid", "7"}, ""},
		"neither":           {nil, "either --start or --url"},
		"both":              {[]string{"--start", "--url", "http://a"}, "either --start or --url"},
		"unknown transport": {[]string{"--start", "--transport", "pigeon"}, "--transport"},
		"unknown mode":      {[]string{"--start", "--mode", "leave"}, "--mode"},
		"too many writers":  {[]string{"--start", "--writers", "9", "--clients", "8"}, "--writers 9"},
		"no host":           {[]string{"--url", "board.test"}, "--url"},
		"words":             {[]string{"--start", "fast"}, `unexpected argument "fast"`},
		"tmpfs of others":   {[]string{"--url", "http://a", "--allow-tmpfs"}, "--allow-tmpfs"},
		"guests":            {[]string{"--url", "http://a", "--mode", "guests", "--writers", "2", "--clients", "2", "--room", "4vxf9-3jfxz"}, ""},
		"guests nowhere":    {[]string{"--url", "http://a", "--mode", "guests"}, "--room"},
		"load in a room":    {[]string{"--url", "http://a", "--room", "4VXF9-3JFXZ"}, "--room"},
		"guests' own start": {[]string{"--start", "--mode", "guests", "--room", "4VXF9-3JFXZ"}, "--url"},
		"unknown flag":      {[]string{"--starts"}, "not defined"},
	} {
		_, err := ParseConfig(c.args, io.Discard)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if _, err := ParseConfig([]string{"--help"}, io.Discard); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("help: %v", err)
	}
}

func TestQuantilesAreAtMostThreePercentAbove(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var h, half histogram
	var all []time.Duration
	for i := range 20_000 {
		d := time.Duration(random.ExpFloat64() * float64(20*time.Millisecond)).Truncate(time.Microsecond)
		all = append(all, d)
		if i%2 == 0 {
			h.add(d)
		} else {
			half.add(d)
		}
	}
	h.merge(&half)
	slices.Sort(all)
	for _, q := range []float64{.5, .9, .99, .999, 1} {
		exact := all[int(q*float64(len(all)-1))]
		if got := h.quantile(q); got < exact-time.Microsecond || float64(got) > 1.035*float64(exact)+float64(time.Microsecond) {
			t.Errorf("quantile %v is %v, exactly %v", q, got, exact)
		}
	}
	if h.max != all[len(all)-1] {
		t.Errorf("max %v", h.max)
	}
}

func TestBucketsHoldWhatIsUpToTheirUpperBound(t *testing.T) {
	for b := 1; b < buckets; b++ {
		if got := bucketOf(upper(b)); got != b {
			t.Fatalf("upper bound %v of bucket %d is in bucket %d", upper(b), b, got)
		}
		if got := bucketOf(upper(b-1) + time.Microsecond); got != b {
			t.Fatalf("%v is in bucket %d, want %d", upper(b-1)+time.Microsecond, got, b)
		}
	}
	if bucketOf(-time.Second) != 0 || bucketOf(100*time.Hour) != buckets-1 {
		t.Fatal("what is out of range is not in the outermost buckets")
	}
}

func TestScriptsAreWholeFramesThatCanBeDrawnAndDiffer(t *testing.T) {
	scripts, err := writeScripts(3, 500, 1)
	if err != nil {
		t.Fatal(err)
	}
	for w, s := range scripts {
		frames, straight := 0, 0
		for _, st := range s.strokes {
			if st.first != frames || len(st.points)%framePoints != 0 {
				t.Fatalf("writer %d: stroke of %d points begins at frame %d, want %d", w, len(st.points), st.first, frames)
			}
			frames += len(st.points) / framePoints
			checkCode(t, &st)
			if isStraight(st.points) { // the dot of an i is
				straight++
			}
		}
		if straight > len(s.strokes)/10 {
			t.Errorf("writer %d: %d of %d strokes are straight lines", w, straight, len(s.strokes))
		}
		if frames != 500 || s.frames != 500 {
			t.Errorf("writer %d: %d frames", w, frames)
		}
	}
	if slices.Equal(scripts[0].strokes[0].points, scripts[1].strokes[0].points) {
		t.Error("two writers draw the same")
	}
}

// checkCode codes a stroke and decodes it again.
func checkCode(t *testing.T, st *stroke) {
	t.Helper()
	encoder, decoder := ink.NewEncoder(), ink.NewDecoder()
	for k := range len(st.points) / framePoints {
		points, _ := st.frame(k)
		frame, err := encoder.AppendFrame(nil, slices.Clone(points))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := decoder.DecodeFrame(nil, frame); err != nil || !slices.Equal(got, points) {
			t.Fatalf("decoded %v (%v), drawn %v", got, err, points)
		}
	}
}

func isStraight(points []ot.Point) bool {
	a, b := points[0], points[len(points)-1]
	for _, p := range points {
		if int64(p.X-a.X)*int64(b.Y-a.Y) != int64(p.Y-a.Y)*int64(b.X-a.X) {
			return false
		}
	}
	return true
}

func TestScriptsAreCutToFrames(t *testing.T) {
	scripts, err := writeScripts(1, 40, 1)
	if err != nil {
		t.Fatal(err)
	}
	scripts[0].cut(13)
	points := 0
	for _, st := range scripts[0].strokes {
		points += len(st.points)
	}
	if points != 13*framePoints {
		t.Fatalf("%d points", points)
	}
	if scripts[0].cut(0); len(scripts[0].strokes) != 0 {
		t.Fatal("strokes without frames")
	}
}

// newReceiver returns a receiver of one writer, replica 5, whose frames are all
// measured.
func newReceiver(t *testing.T) *receiver {
	t.Helper()
	scripts, err := writeScripts(1, 50, 1)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	line := &timeline{start: now, phases: []time.Duration{0}, from: now, to: now.Add(time.Hour)}
	return &receiver{role: Config{}.role, scripts: scripts, writers: map[uint32]int{5: 0}, timeline: line, own: -1, next: make([]int, 1)}
}

func extendOf(r *receiver, strokeIndex, frame int) *ot.Op {
	st := &r.scripts[0].strokes[strokeIndex]
	points, _ := st.frame(frame)
	return &ot.Op{
		Kind: ot.Extend, ID: ot.ID{Replica: 5, Counter: uint32(strokeIndex + 1)},
		First: uint32(frame * framePoints), Points: slices.Clone(points),
	}
}

func TestWhatArrivesIsCompared(t *testing.T) {
	r := newReceiver(t)
	at := r.timeline.intended(0, 0).Add(7 * time.Millisecond)
	r.extend(0, extendOf(r, 0, 0), at)
	if r.latency.max != 7*time.Millisecond || r.inTime != 1 || r.wrong+r.duplicated+r.skipped != 0 {
		t.Fatalf("after a good frame: %+v", r)
	}
	r.extend(0, extendOf(r, 0, 0), at)
	if r.duplicated != 1 || r.inTime != 1 {
		t.Error("a frame that came twice is not noticed")
	}
	damaged := extendOf(r, 0, 1)
	damaged.Points[3].P ^= 1
	r.extend(0, damaged, at)
	if r.wrong != 1 {
		t.Error("a wrong pressure is not noticed")
	}
	next := r.scripts[0].strokes[1]
	r.extend(0, extendOf(r, 1, 0), at)
	if r.skipped != uint64(next.first-2) {
		t.Errorf("%d frames skipped, want %d", r.skipped, next.first-2)
	}
	unknown := extendOf(r, 0, 0)
	unknown.ID.Counter = 9999
	r.extend(0, unknown, at)
	if r.wrong != 2 {
		t.Error("a stroke that nobody drew is not noticed")
	}
}

func TestWhatABoardLacksIsLost(t *testing.T) {
	r := newReceiver(t)
	board := ot.NewBoard()
	s := r.scripts[0]
	first := s.strokes[0]
	for i := range 2 {
		id := ot.ID{Replica: 5, Counter: uint32(i + 1)}
		points := s.strokes[i].points
		if i == 1 {
			points = points[:framePoints]
		}
		board.Apply(uint64(i+1), 5, []ot.Op{
			{Kind: ot.Create, ID: id, Element: ot.Ink},
			{Kind: ot.Extend, ID: id, Points: points, Frame: []byte{1}},
		})
	}
	if got, want := s.present(board, 5), min(first.first+len(first.points)/framePoints+1, s.frames); got != want {
		t.Fatalf("%d frames present, want %d", got, want)
	}
}

const metricsText = `# HELP chalkline_store_commits_total Batches made durable.
# TYPE chalkline_store_commits_total counter
chalkline_store_commits_total 120
chalkline_store_fsync_seconds_bucket{le="0.001"} 10
chalkline_store_fsync_seconds_bucket{le="0.002"} 99
chalkline_store_fsync_seconds_bucket{le="0.01"} 100
chalkline_store_fsync_seconds_bucket{le="+Inf"} 100
chalkline_store_fsync_seconds_sum 0.2
other{a="b c"} NaN
`

func TestTheStoresMetricsAreRead(t *testing.T) {
	m, err := parseMetrics(strings.NewReader(metricsText))
	if err != nil || m.commits != 120 {
		t.Fatal(m, err)
	}
	if got := fsyncQuantile(storeMetrics{}, m, .99); got != 2*time.Millisecond {
		t.Errorf("p99 %v", got)
	}
	before := storeMetrics{fsync: []bound{{.001, 10}, {.002, 99}, {.01, 99}, {math.Inf(1), 99}}}
	if got := fsyncQuantile(before, m, .99); got != 10*time.Millisecond {
		t.Errorf("p99 of the last sync alone %v", got)
	}
	if _, err := parseMetrics(strings.NewReader("a 1\n")); !errors.Is(err, errMetrics) {
		t.Errorf("metrics without a store: %v", err)
	}
}

func FuzzParseMetrics(f *testing.F) {
	f.Add(metricsText)
	f.Add(`chalkline_store_commits_total{a="` + "\n")
	f.Fuzz(func(_ *testing.T, text string) {
		if m, err := parseMetrics(strings.NewReader(text)); err == nil {
			fsyncQuantile(storeMetrics{}, m, .99)
		}
	})
}

func TestTheAddressIsFoundInPieces(t *testing.T) {
	found := make(chan string, 1)
	a := &addressFinder{found: found}
	for _, piece := range []string{"ready\nopen htt", "ps://127.0.0.1:4711/", "r/abc\n", "https://other\n"} {
		if _, err := io.WriteString(a, piece); err != nil {
			t.Fatal(err)
		}
	}
	if got := <-found; got != "https://127.0.0.1:4711" {
		t.Fatal(got)
	}
}

func TestAStartedServerIsReachedThroughTLS(t *testing.T) {
	if got, err := encrypted("http://localhost:4711"); err != nil || got != "https://127.0.0.1:4711" {
		t.Error(got, err)
	}
	if _, err := encrypted("http://localhost"); err == nil {
		t.Error("an address without a port has no error")
	}
}

func TestOnlyTheEndOfOutputIsKept(t *testing.T) {
	var kept tail
	for range 100 {
		_, _ = kept.Write(bytes.Repeat([]byte("x"), 100))
	}
	_, _ = kept.Write([]byte("the end"))
	if s := kept.String(); len(s) != keptOutput || !strings.HasSuffix(s, "the end") {
		t.Fatalf("%d bytes", len(s))
	}
}

func TestResultsHaveTheFieldsThatAreCompared(t *testing.T) {
	var line, table bytes.Buffer
	r := &Result{Mode: ModeLoad, Transport: "websocket", FSType: "ext4", LoadResult: &LoadResult{Commits: number(60.04, 1)}}
	if err := r.JSON(&line); err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(line.Bytes(), &fields); err != nil || bytes.Count(line.Bytes(), []byte("\n")) != 1 {
		t.Fatalf("%v in %q", err, line.String())
	}
	for name := range strings.SplitSeq("transport writers clients offered_per_s delivered_per_s lost duplicated p50_ms p99_ms max_ms "+
		"server_cpu_s_per_million server_rss_mb bytes_per_point hashes_equal fs_type commits_per_s fsync_p99_ms", " ") {
		if _, ok := fields[name]; !ok {
			t.Errorf("%s is missing", name)
		}
	}
	if err := r.Table(&table); err != nil || !strings.Contains(table.String(), "commits per s") {
		t.Fatalf("%v in %q", err, table.String())
	}
}

func TestARunThatLosesWhatWasSentIsAFault(t *testing.T) {
	for name, c := range map[string]struct {
		result Result
		wrong  bool
	}{
		"right":      {Result{LoadResult: &LoadResult{HashesEqual: true, Resyncs: 3}}, false},
		"lost":       {Result{LoadResult: &LoadResult{HashesEqual: true, Lost: 1}}, true},
		"duplicated": {Result{LoadResult: &LoadResult{HashesEqual: true, Duplicated: 1}}, true},
		"others":     {Result{LoadResult: &LoadResult{HashesEqual: true, Wrong: 1}}, true},
		"hashes":     {Result{LoadResult: &LoadResult{}}, true},
		"no load":    {Result{JoinResult: &JoinResult{}}, false},
	} {
		if err := c.result.fault(); errors.Is(err, ErrWrong) != c.wrong {
			t.Errorf("%s: %v", name, err)
		}
	}
}
