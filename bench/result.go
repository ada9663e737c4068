package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"strings"
	"text/tabwriter"
	"time"
)

// Result is what a run came to. Fields that are nil could not be measured.
type Result struct {
	Mode      string `json:"mode"`
	Transport string `json:"transport"`

	*LoadResult
	*JoinResult
	*BareResult
	*WHEPResult

	FSType string `json:"fs_type,omitempty"`
	Pinned bool   `json:"pinned"`
}

// LoadResult is that of writers and listeners. A delivery is one frame of 8
// points at one client other than its writer.
type LoadResult struct {
	Writers int     `json:"writers"`
	Clients int     `json:"clients"`
	Stalled int     `json:"stalled,omitempty"`
	Seconds float64 `json:"seconds"`

	Offered    float64 `json:"offered_per_s"`
	Delivered  float64 `json:"delivered_per_s"`
	Lost       uint64  `json:"lost"`
	Duplicated uint64  `json:"duplicated"`
	Wrong      uint64  `json:"wrong"`
	Resyncs    uint64  `json:"resyncs"` // snapshots that replaced records while drawing

	P50 float64 `json:"p50_ms"`
	P99 float64 `json:"p99_ms"`
	Max float64 `json:"max_ms"`

	ServerCPU    *float64 `json:"server_cpu_s_per_million"`
	ServerUsed   *float64 `json:"server_core_percent"`
	ServerRSS    *float64 `json:"server_rss_mb"`
	BytesPoint   float64  `json:"bytes_per_point"`
	HashesEqual  bool     `json:"hashes_equal"`
	Commits      *float64 `json:"commits_per_s"`
	FsyncP99     *float64 `json:"fsync_p99_ms"`
	CursorsPer   *float64 `json:"cursors_per_s,omitempty"`
	GeneratorCPU float64  `json:"generator_core_percent"`
	LateP99      float64  `json:"generator_late_p99_ms"`
	LateMax      float64  `json:"generator_late_max_ms"`
}

// JoinResult is that of joins, each from Hello until the board is synced.
type JoinResult struct {
	Points    int      `json:"points"`
	Strokes   int      `json:"strokes"`
	Joins     int      `json:"joins"`
	JoinMs    float64  `json:"join_ms"` // median
	JoinMax   float64  `json:"join_max_ms"`
	JoinFirst float64  `json:"join_first_ms"`
	JoinBytes uint64   `json:"join_bytes"`
	JoinCPU   *float64 `json:"join_server_cpu_ms"` // mean
}

// ErrWrong says that what was measured is not what was sent.
var ErrWrong = errors.New("bench: the server is wrong")

func (r *Result) fault() error {
	l := r.LoadResult
	if l == nil || l.Lost+l.Duplicated+l.Wrong == 0 && l.HashesEqual {
		return nil
	}
	return fmt.Errorf("%w: %d frames lost, %d duplicated, %d others; hashes equal: %t", ErrWrong, l.Lost, l.Duplicated, l.Wrong, l.HashesEqual)
}

func (l *load) result(before, after reading) *Result {
	equal := l.drain(context.Background())
	duration := after.at.Sub(before.at).Seconds()
	r := &LoadResult{
		Writers: l.cfg.Writers, Clients: l.cfg.Clients, Stalled: l.cfg.Stalled, Seconds: round(duration, 3),
		Offered:     float64(l.cfg.Writers*framesPerSecond) * float64(l.cfg.Clients-1),
		HashesEqual: equal,
	}
	inTime, decoded := l.gather(r)
	r.Delivered = round(float64(inTime)/l.cfg.Duration.Seconds(), 1)
	if decoded > 0 {
		r.BytesPoint = round(float64(after.bytes-before.bytes)/float64(decoded*framePoints), 3)
	}
	l.judgeServer(r, before, after, inTime)
	r.GeneratorCPU = round(100*(after.generator-before.generator).Seconds()/duration, 1)
	r.LateP99, r.LateMax = milliseconds(l.lateness.quantile(.99)), milliseconds(l.lateness.max)
	if l.cfg.Cursors {
		r.CursorsPer = number(float64(l.cursors.Load())/duration, 1)
	}
	return &Result{
		Mode: ModeLoad, Transport: string(l.cfg.Transport), LoadResult: r, FSType: l.target.fsType, Pinned: l.target.pinned,
	}
}

// gather adds up what the receivers saw; what is not on a client's board in the
// end is lost.
func (l *load) gather(r *LoadResult) (inTime, decoded uint64) {
	var latency histogram
	for i, receiver := range l.receivers {
		receiver.mu.Lock()
		have := receiver.present(l.class.boards[i])
		r.Lost += receiver.lost
		latency.merge(&receiver.latency)
		inTime += receiver.inTime
		decoded += receiver.decoded
		r.Duplicated += receiver.duplicated
		r.Wrong += receiver.wrong
		r.Resyncs += receiver.snapshots
		receiver.mu.Unlock()
		for w, n := range have {
			if w != receiver.own {
				r.Lost += uint64(l.scripts[w].frames - n)
			}
		}
	}
	r.P50, r.P99 = milliseconds(latency.quantile(.5)), milliseconds(latency.quantile(.99))
	r.Max = milliseconds(latency.max)
	return inTime, decoded
}

// judgeServer fills in what the server's process and store say.
func (l *load) judgeServer(r *LoadResult, before, after reading, deliveries uint64) {
	duration := after.at.Sub(before.at).Seconds()
	if before.known && after.known && deliveries > 0 {
		used := (after.server - before.server).Seconds()
		r.ServerCPU = number(used*1e6/float64(deliveries), 3)
		r.ServerUsed = number(100*used/duration, 1)
	}
	if l.target.pid != 0 {
		if bytes, err := memory(l.target.pid); err == nil {
			r.ServerRSS = number(float64(bytes)/(1<<20), 1)
		}
	}
	if before.storeErr == nil && after.storeErr == nil {
		r.Commits = number((after.store.commits-before.store.commits)/duration, 1)
		if p99 := fsyncQuantile(before.store, after.store, .99); p99 > 0 {
			r.FsyncP99 = number(milliseconds(p99), 3)
		}
	}
}

func milliseconds(d time.Duration) float64 { return round(float64(d)/float64(time.Millisecond), 3) }

func number(v float64, digits int) *float64 {
	v = round(v, digits)
	return &v
}

func round(v float64, digits int) float64 {
	scale := math.Pow10(digits)
	return math.Round(v*scale) / scale
}

// JSON writes the result as one line.
func (r *Result) JSON(w io.Writer) error { return writeJSON(w, r) }

func writeJSON(w io.Writer, result any) error {
	if err := json.NewEncoder(w).Encode(result); err != nil {
		return fmt.Errorf("bench: report: %w", err)
	}
	return nil
}

// Table writes the result for people.
func (r *Result) Table(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	writeRows(t, reflect.ValueOf(r).Elem())
	if err := t.Flush(); err != nil {
		return fmt.Errorf("bench: report: %w", err)
	}
	return nil
}

// writeRows writes a row for each field that is there, under its JSON name.
func writeRows(w io.Writer, v reflect.Value) {
	for i := range v.NumField() {
		field := v.Field(i)
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if field.Kind() == reflect.Pointer {
			if field.IsNil() {
				continue
			}
			field = field.Elem()
		}
		if field.Kind() == reflect.Struct {
			writeRows(w, field)
			continue
		}
		_, _ = fmt.Fprintf(w, "%s\t%v\n", strings.ReplaceAll(name, "_", " "), field.Interface())
	}
}
