package room

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/time/rate"
	"google.golang.org/protobuf/proto"

	"chalkline/protocol"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/replay"
	"chalkline/server/classroom"
)

// member is one connected client instance.
type member struct {
	*allowance
	peer    Peer
	who     classroom.Participant
	name    string
	replica uint32
	views   map[uint32]*view           // by handle
	stopped bool                       // its queue was full, and is not drained
	opening map[uint32]replay.Document // by handle: what its opening waits for
	reads   int                        // boards that are read for it
	unread  []Command                  // openings that wait for their turn to be read, and what came behind them
	looks   replay.Document            // board it looks at

	generation uint32 // of the last stream opened
	cursor     cursorState
	wrote      time.Time // when it last submitted
	window     window
	tracing    int           // traces on their way to the log
	ticks      *rate.Limiter // heart ticks that are answered
	delay      time.Duration // how far behind now it shows the room, as it said last
	behind     bool          // that is far
}

// Heart ticks of one member that are answered: more than come, also where the network
// kept some back. Each costs a hash of what was written since the last.
const (
	ticksPerSecond = 1
	ticksAtOnce    = 4
)

func newMember(j Join, replica uint32, a *allowance) *member {
	return &member{
		allowance: a, peer: j.Peer, who: j.Who, name: j.Name, replica: replica,
		views: map[uint32]*view{}, opening: map[uint32]replay.Document{},
		ticks: rate.NewLimiter(ticksPerSecond, ticksAtOnce),
	}
}

func (m *member) isOpening(handle uint32) bool { _, ok := m.opening[handle]; return ok }

func (m *member) presence() *chalklinev1.Presence {
	return &chalklinev1.Presence{
		Replica: m.replica, Participant: m.who.ID, DisplayName: m.name, Role: string(m.who.Role), Board: string(m.looks),
	}
}

// member returns who a peer is; one that acts before it is in breaks the rules
// (SES5).
func (s *state) member(p Peer) *member {
	m := s.members[p]
	if m == nil {
		s.emit(closePeer{p, protocol.NewError(protocol.OutOfOrder)})
	}
	return m
}

// join is JOIN_ROOM. A replica that is claimed rightly is in at once; a new one
// once it is durable that it was given (ID1).
func (s *state) join(now time.Time, j Join) {
	allowed := s.allowance(now, j.Who.ID)
	switch {
	case s.stopping:
		s.emit(closePeer{j.Peer, protocol.NewError(protocol.RoomRestarting)})
		return
	case s.members[j.Peer] != nil:
		s.emit(closePeer{j.Peer, protocol.NewError(protocol.OutOfOrder)})
		return
	case len(s.members)+s.joining >= s.cfg.MaxParticipants && !s.takesOver(j):
		s.emit(closePeer{j.Peer, protocol.NewError(protocol.Full, "max", fmt.Sprint(s.cfg.MaxParticipants))})
		return
	case allowed.connections >= maxConnections && !s.takesOver(j):
		s.emit(closePeer{j.Peer, protocol.NewError(protocol.Full, "limit", "connections", "max", fmt.Sprint(maxConnections))})
		return
	}
	holds := s.holds(j)
	if !holds && j.New != nil && !j.New() {
		s.emit(closePeer{j.Peer, protocol.NewError(protocol.TooManyTries)})
		return
	}
	s.idleSince = time.Time{}
	allowed.connections++
	s.keepName(j)
	if holds {
		s.enter(now, j, j.Claim.GetReplica(), j.Claim.GetKey())
		s.note(&chalklinev1.AttendanceEvent{Event: &chalklinev1.AttendanceEvent_Joined{
			Joined: &chalklinev1.Joined{Replica: j.Claim.GetReplica()},
		}})
		return
	}
	s.replica++
	s.joining++
	hash := sha256.Sum256(j.Key)
	given := &chalklinev1.ReplicaGiven{Replica: s.replica, Participant: j.Who.ID, KeyHash: hash[:]}
	b := s.note(&chalklinev1.AttendanceEvent{Event: &chalklinev1.AttendanceEvent_ReplicaGiven{ReplicaGiven: given}})
	b.given, b.join = given, &waitingJoin{j, s.replica}
}

// keepName puts a participant's name in the table if it is not the one there.
func (s *state) keepName(j Join) {
	key := ParticipantPrefix + j.Who.ID
	if before, ok := s.names[key]; s.cfg.Table == nil || ok && before == j.Name {
		return
	}
	s.names[key] = j.Name
	s.emit(putName{key, j.Name})
}

// takesOver tells whether a join replaces a member, so that there are no more
// of them (SES10).
func (s *state) takesOver(j Join) bool {
	return s.byID[j.Claim.GetReplica()] != nil && s.holds(j)
}

// holds tells whether a claim is right (ID2).
func (s *state) holds(j Join) bool {
	if j.Claim == nil || j.Claim.GetEpoch() != s.epoch {
		return false
	}
	given := s.replicas[j.Claim.GetReplica()]
	hash := sha256.Sum256(j.Claim.GetKey())
	return given != nil && given.GetParticipant() == j.Who.ID && subtle.ConstantTimeCompare(given.GetKeyHash(), hash[:]) == 1
}

// waitingJoin is a join whose replica is on its way to the log.
type waitingJoin struct {
	Join
	replica uint32
}

// note logs an attendance event.
func (s *state) note(e *chalklinev1.AttendanceEvent) *batch {
	payload, _ := proto.Marshal(e)
	b := &batch{document: classroom.AttendanceDocument, payload: payload}
	s.pending = append(s.pending, b)
	return b
}

// enter brings a peer in with its replica.
func (s *state) enter(now time.Time, j Join, replica uint32, key []byte) {
	if old := s.byID[replica]; old != nil {
		s.remove(now, old)
		s.emit(closePeer{old.peer, protocol.NewError(protocol.TakenOver)})
	}
	m := newMember(j, replica, s.allowances[j.Who.ID])
	s.members[j.Peer], s.byID[replica] = m, m
	delete(s.left, replica)
	s.cfg.Metrics.participants.Inc()
	s.control(j.Peer, &chalklinev1.ServerMessage{Message: &chalklinev1.ServerMessage_JoinRoomResult{
		JoinRoomResult: &chalklinev1.JoinRoomResult{
			RoomId:      int64(s.cfg.ID),
			Name:        s.name,
			Replica:     &chalklinev1.ReplicaClaim{Replica: replica, Key: key, Epoch: s.epoch},
			Last:        s.lastBatches(replica),
			OpSemantics: s.authority.Semantics,
			Present:     s.present(),
			RoomTimeUs:  s.clock.At(now),
			Sources:     s.sources.now,
		},
	}})
	if s.sources.now != s.sources.said {
		s.sources.told = nil // not all members had the same last
	}
	if j.Joined != nil {
		j.Joined(s.clock)
	}
	s.changed(now, m)
	for _, o := range j.Open {
		s.open(now, Open{Peer: j.Peer, Open: o})
	}
}

func (s *state) present() []*chalklinev1.Presence {
	var all []*chalklinev1.Presence
	for _, replica := range slices.Sorted(maps.Keys(s.byID)) {
		all = append(all, s.byID[replica].presence())
	}
	return all
}

// lastBatches returns the replica's last durable n per document (ID4).
func (s *state) lastBatches(replica uint32) []*chalklinev1.LastBatch {
	var last []*chalklinev1.LastBatch
	for d, by := range s.durable {
		if n := by[replica]; n > 0 && d != classroom.AttendanceDocument && d != classroom.TracesDocument {
			last = append(last, &chalklinev1.LastBatch{Document: string(d), N: n})
		}
	}
	slices.SortFunc(last, func(a, b *chalklinev1.LastBatch) int {
		return bytes.Compare([]byte(a.GetDocument()), []byte(b.GetDocument()))
	})
	return last
}

// leave takes a peer out.
func (s *state) leave(now time.Time, p Peer) {
	for _, b := range s.unsettled() {
		if b.join != nil && b.join.Peer == p {
			s.allowances[b.join.Who.ID].connections--
			b.join = nil
			s.joining--
		}
	}
	m := s.members[p]
	if m != nil {
		s.remove(now, m)
		s.gone(now, m)
	}
	if len(s.members)+s.joining == 0 && s.idleSince.IsZero() {
		s.idleSince = now
	}
}

// remove forgets a member and its views.
func (s *state) remove(now time.Time, m *member) {
	for handle := range m.views {
		s.drop(now, m, handle)
	}
	delete(s.members, m.peer)
	m.connections--
	if s.byID[m.replica] == m {
		delete(s.byID, m.replica)
		s.left[m.replica] = now
	}
	s.noteDelay(m, 0)
	s.cfg.Metrics.participants.Dec()
	s.note(&chalklinev1.AttendanceEvent{Event: &chalklinev1.AttendanceEvent_Left{
		Left: &chalklinev1.Left{Replica: m.replica},
	}})
}

// farBehind is from when on a member counts as one that shows the room later.
const farBehind = time.Second

// noteDelay notes how far behind now a member shows the room. It is no fault
// (ALN4); a stream that must begin anew begins there (REC4).
func (s *state) noteDelay(m *member, delay time.Duration) {
	m.delay = delay
	if delay > 0 {
		s.cfg.Metrics.delay.Observe(delay.Seconds())
	}
	switch behind := delay >= farBehind; {
	case behind && !m.behind:
		s.cfg.Metrics.delayed.Inc()
	case !behind && m.behind:
		s.cfg.Metrics.delayed.Dec()
	}
	m.behind = delay >= farBehind
}

// noteReceived measures what a member lacks of what it has open: what it says may
// be more than there is.
func (s *state) noteReceived(m *member, received []*chalklinev1.Received) {
	for _, r := range received[:min(len(received), protocol.MaxOpenDocuments)] {
		v := m.views[r.GetHandle()]
		if v == nil || !v.begun {
			continue
		}
		head := v.document.head.Revision
		s.cfg.Metrics.behind.Observe(float64(head - min(head, r.GetRevision())))
	}
}

// rosterChange gathers who came and went since the last Roster (PRE2).
type rosterChange struct {
	changed map[uint32]bool
	gone    map[uint32]bool
}

// softTick is how long rosters and cursors are gathered (PRE1).
const softTick = 100 * time.Millisecond

func (s *state) schedule(now time.Time) {
	if s.tickDue.IsZero() {
		s.tickDue = now.Add(softTick)
	}
}

func (s *state) changed(now time.Time, m *member) {
	if s.roster.changed == nil {
		s.roster = rosterChange{changed: map[uint32]bool{}, gone: map[uint32]bool{}}
	}
	s.roster.changed[m.replica] = true
	delete(s.roster.gone, m.replica)
	s.schedule(now)
}

func (s *state) gone(now time.Time, m *member) {
	s.changed(now, m)
	delete(s.roster.changed, m.replica)
	s.roster.gone[m.replica] = true
}

// sendRoster tells everybody who came, changed and went: one message, the same
// bytes for all.
func (s *state) sendRoster() {
	if len(s.roster.changed)+len(s.roster.gone) == 0 {
		return
	}
	r := &chalklinev1.Roster{Gone: slices.Sorted(maps.Keys(s.roster.gone))}
	for _, replica := range slices.Sorted(maps.Keys(s.roster.changed)) {
		if m := s.byID[replica]; m != nil {
			r.Present = append(r.Present, m.presence())
		}
	}
	s.roster = rosterChange{}
	framed, _ := protocol.AppendMessage(nil, &chalklinev1.ServerMessage{Message: &chalklinev1.ServerMessage_Roster{Roster: r}})
	for p := range s.members {
		s.emit(sendControl{p, framed})
	}
}
