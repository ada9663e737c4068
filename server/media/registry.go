package media

import (
	"cmp"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"

	"chalkline/protocol"
	"chalkline/replay"
	"chalkline/server/classroom"
	"chalkline/server/media/stream"
)

// maxSources is how many sources a room may have: two for each of 1 + 9
// classrooms, and as many again that came and went.
const maxSources = 64

// Registry has the sources of all rooms.
type Registry struct {
	cfg      Config
	settings *Rate // of what participants set

	mu        sync.Mutex
	rooms     map[replay.Room]*roomSources
	forgotten uint32 // the highest number in rooms that were forgotten: no room has one twice
}

// roomSources are those of one room.
type roomSources struct {
	id     replay.Room
	byName map[sourceName]*Source
	last   uint32

	telling sync.Mutex // keeps what is told in order
}

type sourceName struct {
	participant string
	kind        Kind
}

// NewRegistry returns a Registry without sources.
func NewRegistry(cfg Config) *Registry {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Registry{
		cfg: cfg, settings: NewRate(settingsPerWindow, settingsWindow), rooms: map[replay.Room]*roomSources{}, forgotten: cfg.After,
	}
}

// MayPublish says whether somebody may (MED3); the error is a *protocol.Error.
func MayPublish(who classroom.Participant) error {
	if who.Role == classroom.Observer {
		return protocol.NewError(protocol.NotPermitted)
	}
	return nil
}

// Publish begins a publication of a visitor's source. One that there is ends: the
// newer stands (MED4). The error is a *protocol.Error.
func (r *Registry) Publish(v Visitor, kind Kind) (*Publication, error) {
	if err := MayPublish(v.Participant); err != nil {
		return nil, err
	}
	s, err := r.source(v, kind)
	if err != nil {
		return nil, err
	}
	p := &Publication{Source: s, done: make(chan struct{})}
	s.begin(p)
	r.cfg.Logger.Info("publishing", "room", v.Room, "source", s.Number, "kind", kind)
	return p, nil
}

// source returns a visitor's source, which is made if there is none.
func (r *Registry) source(v Visitor, kind Kind) (*Source, error) {
	name := sourceName{v.ID, kind}
	if s := r.find(v.Room, name); s != nil {
		return s, nil
	}
	made := &Source{ID: idOf(v.Room, v.ID, kind), Room: v.Room, Participant: v.ID, Kind: kind, info: Info{Participant: v.ID, Kind: kind}}
	if err := r.recallSwitches(made); err != nil {
		return nil, err
	}
	made.keep = func() error { return r.keepSwitches(made) }
	if us, ok := r.recall(v.Room, v.ID, kind); ok {
		made.offset, made.offsets, made.offsetKept = us, true, true
	}
	var remove func()
	made.Hub = stream.NewHub(func(wanted bool) {
		if wanted {
			remove = made.AddViewer()
		} else {
			remove()
		}
	})
	return r.add(made, name)
}

// find returns a source of that name, nil if there is none.
func (r *Registry) find(id replay.Room, name sourceName) *Source {
	r.mu.Lock()
	defer r.mu.Unlock()
	if room := r.rooms[id]; room != nil {
		return room.byName[name]
	}
	return nil
}

// add numbers a source, unless another one was added under its name.
func (r *Registry) add(s *Source, name sourceName) (*Source, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	room := r.rooms[s.Room]
	if room == nil {
		room = &roomSources{id: s.Room, byName: map[sourceName]*Source{}, last: r.forgotten}
		r.rooms[s.Room] = room
	}
	if other := room.byName[name]; other != nil {
		return other, nil
	}
	if len(room.byName) >= maxSources && !room.forget() {
		return nil, protocol.NewError(protocol.Full, "limit", "sources", "max", fmt.Sprint(maxSources))
	}
	room.last++
	s.Number, s.info.Number = room.last, room.last
	s.changed = func() { r.tell(room) }
	room.byName[name] = s
	return s, nil
}

// forget drops the oldest source that has neither publisher nor viewer, so that
// those who came and went do not fill a room for good; false if there is none.
func (room *roomSources) forget() bool {
	var oldest *Source
	for _, s := range room.byName {
		if s.idle() && (oldest == nil || s.Number < oldest.Number) {
			oldest = s
		}
	}
	if oldest == nil {
		return false
	}
	delete(room.byName, sourceName{oldest.Participant, oldest.Kind})
	return true
}

// Source returns a source of a room by its number.
func (r *Registry) Source(room replay.Room, number uint32) (*Source, bool) {
	all := r.all(room)
	i := slices.IndexFunc(all, func(s *Source) bool { return s.Number == number })
	if i < 0 {
		return nil, false
	}
	return all[i], true
}

// SourceOf returns a source of a room by its ID.
func (r *Registry) SourceOf(room replay.Room, id ID) (*Source, bool) {
	all := r.all(room)
	i := slices.IndexFunc(all, func(s *Source) bool { return s.ID == id })
	if i < 0 {
		return nil, false
	}
	return all[i], true
}

func (r *Registry) all(room replay.Room) []*Source {
	r.mu.Lock()
	defer r.mu.Unlock()
	if sources := r.rooms[room]; sources != nil {
		return slices.Collect(maps.Values(sources.byName))
	}
	return nil
}

// Forget forgets the sources of a room that does not run, unless somebody publishes or
// plays one of them, which used says, or what was set would be lost with them.
func (r *Registry) Forget(id replay.Room) (used bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	room := r.rooms[id]
	if room == nil {
		return false
	}
	kept := false
	for _, s := range room.byName {
		if !s.idle() {
			return true
		}
		i := s.Info()
		_, calibrated := s.Offset()
		kept = kept || r.cfg.Table == nil && (i.Muted || i.Hidden || calibrated)
	}
	if !kept {
		r.forgotten = max(r.forgotten, room.last)
		delete(r.rooms, id)
	}
	return false
}

// Sources returns what is known of a room's sources, by number.
func (r *Registry) Sources(room replay.Room) []Info {
	all := r.all(room)
	infos := make([]Info, len(all))
	for i, s := range all {
		infos[i] = s.Info()
	}
	slices.SortFunc(infos, func(a, b Info) int { return cmp.Compare(a.Number, b.Number) })
	return infos
}

// Tell tells a room what is published in it now, as when it begins to run.
func (r *Registry) Tell(id replay.Room) {
	r.mu.Lock()
	room := r.rooms[id]
	r.mu.Unlock()
	if room != nil {
		r.tell(room)
	}
}

func (r *Registry) tell(room *roomSources) {
	room.telling.Lock()
	defer room.telling.Unlock()
	r.cfg.Rooms.Sources(room.id, r.Sources(room.id))
}
