package ottest

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"chalkline/ot"
)

// replica holds a prefix of the log.
type replica struct {
	source   *Source
	board    *ot.Board
	revision uint64
}

// Converge lets replicas that know different prefixes of one log write to it
// for a number of steps, catch up in pieces, hash at random moments and start
// again from each other's snapshots. In the end all have read everything and
// are equal, in hash and in table. It returns the log.
func Converge(t testing.TB, seed uint64, replicas uint32, steps int) []Record {
	t.Helper()
	t.Logf("seed %d", seed)
	c := convergence{t: t, rng: rand.New(rand.NewPCG(seed, 0))}
	for author := uint32(1); author <= replicas; author++ {
		c.replicas = append(c.replicas, &replica{source: NewSource(seed, author, replicas), board: ot.NewBoard()})
	}
	for range steps {
		c.step()
	}
	c.finish()
	return c.log
}

type convergence struct {
	t        testing.TB
	rng      *rand.Rand
	replicas []*replica
	log      []Record
}

func (c *convergence) step() {
	c.t.Helper()
	r := c.replicas[c.rng.IntN(len(c.replicas))]
	switch n := c.rng.IntN(20); {
	case n < 9:
		c.write(r)
	case n < 10:
		c.serve(r)
	case n < 17:
		c.read(r, c.rng.IntN(12))
	case n < 18:
		r.board.Hash()
	default:
		c.restart(r, c.replicas[c.rng.IntN(len(c.replicas))])
	}
}

// write puts a batch at the end of the log; its author may not know that end.
func (c *convergence) write(r *replica) {
	ops := r.source.Batch(r.board, r.revision)
	c.log = append(c.log, Record{uint64(len(c.log)) + 1, r.source.Author, ot.AppendOps(nil, ops)})
}

// serve writes as the server does, replica 0: it ends a stroke that is open, or purges.
func (c *convergence) serve(r *replica) {
	op := Purge(c.rng, r.board)
	if e := pick(c.rng, r.board, (*ot.Element).Open); e != nil && c.rng.IntN(2) == 0 {
		op = ot.Op{Kind: ot.End, ID: e.ID()}
	}
	c.log = append(c.log, Record{uint64(len(c.log)) + 1, 0, ot.AppendOp(nil, op)})
}

// read applies up to n more records, some of them op by op.
func (c *convergence) read(r *replica, n int) {
	c.t.Helper()
	for ; n > 0 && r.revision < uint64(len(c.log)); n-- {
		record := c.log[r.revision]
		ops, err := Decode(record)
		if err != nil {
			c.t.Fatal(err)
		}
		if c.rng.IntN(2) == 0 {
			r.board.Apply(record.Revision, record.Author, ops)
		} else {
			for i := range ops {
				r.board.Apply(record.Revision, record.Author, ops[i:i+1])
			}
		}
		r.revision = record.Revision
	}
}

// restart gives r the state of another replica by way of a snapshot.
func (c *convergence) restart(r, other *replica) {
	c.t.Helper()
	board, err := Take(other.board).Board()
	if err != nil {
		c.t.Fatalf("snapshot at revision %d: %v", other.revision, err)
	}
	if board.Hash() != other.board.Hash() {
		c.t.Fatalf("snapshot at revision %d has another hash", other.revision)
	}
	r.board, r.revision = board, other.revision
}

func (c *convergence) finish() {
	c.t.Helper()
	for _, r := range c.replicas {
		c.read(r, len(c.log))
	}
	replay := &replica{board: ot.NewBoard()}
	c.read(replay, len(c.log))
	hash, table := Hash(replay.board), ot.AppendTable(nil, replay.board)
	for _, r := range append(c.replicas, replay) {
		if got := r.board.Hash(); got != hash {
			c.t.Fatalf("hash %x, a full replay has %x", got, hash)
		}
		if got := ot.AppendTable(nil, r.board); !bytes.Equal(got, table) {
			c.t.Fatalf("table differs from that of a full replay")
		}
	}
}
