package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Names of the server's metrics that are read.
const (
	commitsMetric = "chalkline_store_commits_total"
	fsyncMetric   = "chalkline_store_fsync_seconds_bucket"
)

// maxMetrics bounds what /metrics may answer, in bytes.
const maxMetrics = 4 << 20

// storeMetrics is what the server's store says of itself at one moment.
type storeMetrics struct {
	commits float64
	fsync   []bound // by rising upper bound
}

// bound is one bucket of a Prometheus histogram.
type bound struct{ le, count float64 }

var errMetrics = errors.New("metrics do not name the store")

// readMetrics asks a server.
func readMetrics(ctx context.Context, c *http.Client, url string) (storeMetrics, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/metrics", nil)
	if err != nil {
		return storeMetrics{}, fmt.Errorf("bench: metrics: %w", err)
	}
	response, err := c.Do(request)
	if err != nil {
		return storeMetrics{}, fmt.Errorf("bench: metrics: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return storeMetrics{}, fmt.Errorf("bench: metrics: %s: %w", response.Status, errMetrics)
	}
	return parseMetrics(io.LimitReader(response.Body, maxMetrics))
}

// parseMetrics reads the Prometheus text format as far as it is needed.
func parseMetrics(r io.Reader) (storeMetrics, error) {
	var m storeMetrics
	found := false
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		name, labels, value, ok := parseSample(lines.Text())
		switch {
		case !ok:
		case name == commitsMetric:
			m.commits, found = value, true
		case name == fsyncMetric:
			if le, err := strconv.ParseFloat(labelValue(labels, "le"), 64); err == nil {
				m.fsync = append(m.fsync, bound{le, value})
			}
		}
	}
	if err := lines.Err(); err != nil {
		return m, fmt.Errorf("bench: metrics: %w", err)
	}
	if !found {
		return m, fmt.Errorf("bench: %w", errMetrics)
	}
	slices.SortFunc(m.fsync, func(a, b bound) int {
		switch {
		case a.le < b.le:
			return -1
		case a.le > b.le:
			return 1
		default:
			return 0
		}
	})
	return m, nil
}

// parseSample reads one line: name{labels} value.
func parseSample(line string) (name, labels string, value float64, ok bool) {
	series, number, ok := cutLast(line, ' ')
	if !ok || strings.HasPrefix(line, "#") {
		return "", "", 0, false
	}
	value, err := strconv.ParseFloat(number, 64)
	if err != nil || math.IsNaN(value) {
		return "", "", 0, false
	}
	name, labels, _ = strings.Cut(series, "{")
	return strings.TrimSpace(name), strings.TrimSuffix(labels, "}"), value, true
}

func cutLast(s string, sep byte) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// labelValue returns the value of a label; none of those read here has quotes in it.
func labelValue(labels, name string) string {
	for label := range strings.SplitSeq(labels, ",") {
		if value, ok := strings.CutPrefix(label, name+`="`); ok {
			return strings.TrimSuffix(value, `"`)
		}
	}
	return ""
}

// fsyncQuantile returns the upper bound of the bucket in which a part q of the
// syncs between two readings lies; 0 if there were none.
func fsyncQuantile(before, after storeMetrics, q float64) time.Duration {
	counts := make([]float64, len(after.fsync))
	for i, b := range after.fsync {
		counts[i] = b.count
		if i < len(before.fsync) && before.fsync[i].le == b.le {
			counts[i] -= before.fsync[i].count
		}
	}
	if len(counts) == 0 || counts[len(counts)-1] <= 0 {
		return 0
	}
	want := q * counts[len(counts)-1]
	for i, n := range counts {
		if n >= want {
			return seconds(after.fsync[i].le)
		}
	}
	return 0
}

// seconds makes a bound a duration; that without end is the longest there is.
func seconds(s float64) time.Duration {
	if s > math.MaxInt64/float64(time.Second) {
		return math.MaxInt64
	}
	return time.Duration(s * float64(time.Second))
}
