package room

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/replay"
	"chalkline/server/classroom"
)

// readAttendance returns who was given which replica, and the highest number.
func readAttendance(ctx context.Context, cfg Config) (map[uint32]*chalklinev1.ReplicaGiven, uint32, error) {
	given := map[uint32]*chalklinev1.ReplicaGiven{}
	highest := uint32(0)
	take := func(g *chalklinev1.ReplicaGiven) {
		if g.GetReplica() != 0 {
			given[g.GetReplica()] = g
			highest = max(highest, g.GetReplica())
		}
	}
	from := uint64(1)
	snap, err := cfg.Log.Snapshot(ctx, cfg.ID, classroom.AttendanceDocument, 1<<63)
	switch {
	case errors.Is(err, replay.ErrNoSnapshot):
	case err != nil:
		return nil, 0, fmt.Errorf("room: read attendance: %w", err)
	default:
		var table chalklinev1.AttendanceState
		if err := proto.Unmarshal(snap.Data, &table); err != nil {
			return nil, 0, fmt.Errorf("room: read attendance snapshot: %w: %w", replay.ErrCorrupt, err)
		}
		for _, g := range table.GetReplicas() {
			take(g)
		}
		from = snap.Revision + 1
	}
	var bad error
	err = cfg.Log.Read(ctx, cfg.ID, classroom.AttendanceDocument, from, func(r replay.Record) bool {
		var e chalklinev1.AttendanceEvent
		if bad = proto.Unmarshal(r.Payload, &e); bad != nil {
			return false
		}
		take(e.GetReplicaGiven())
		return true
	})
	if err = errors.Join(err, bad); err != nil {
		return nil, 0, fmt.Errorf("room: read attendance: %w", err)
	}
	return given, highest, nil
}

// saveAttendance stores who holds which replica.
func (s *state) saveAttendance() {
	head := s.heads[classroom.AttendanceDocument]
	if head.Revision == 0 {
		return
	}
	table := &chalklinev1.AttendanceState{}
	for replica := uint32(1); replica <= s.replica; replica++ {
		if given := s.replicas[replica]; given != nil {
			table.Replicas = append(table.Replicas, given)
		}
	}
	data, _ := proto.Marshal(table)
	s.emit(saveSnapshot{replay.Snapshot{
		Document: classroom.AttendanceDocument, Revision: head.Revision, ReleaseAt: head.ReleaseAt, Data: data,
	}})
}
