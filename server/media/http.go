package media

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"time"

	"chalkline/protocol"
	"chalkline/server/classroom"
	"chalkline/server/reply"
)

// A participant may set so much in a window: the switches of all sources of a room at
// once. Each is a write that boards wait beside.
const (
	settingsPerWindow = 100
	settingsWindow    = 10 * time.Second
)

// maxBody bounds the requests that are answered here, in bytes.
const maxBody = 4 << 10

// Register adds what people set of sources to mux: switches and offset
// (docs/protocol.md, HTTP).
func (r *Registry) Register(mux *http.ServeMux) {
	mux.HandleFunc("PUT /api/rooms/{code}/sources/{number}/switches", r.putSwitches)
	mux.HandleFunc("PUT /api/rooms/{code}/sources/{number}/offset", r.putOffset)
	mux.HandleFunc("GET /api/rooms/{code}/sources/{number}/offset", r.getOffset)
}

// Requested returns who asks, and the source that the path names ({number}). The
// error is a *protocol.Error.
func (r *Registry) Requested(q *http.Request) (Visitor, *Source, error) {
	v, err := r.cfg.Rooms.Enter(q)
	if err != nil {
		return Visitor{}, nil, err
	}
	number, err := strconv.ParseUint(q.PathValue("number"), 10, 32)
	if err != nil {
		return Visitor{}, nil, protocol.NewError(protocol.NoSuchSource)
	}
	s, ok := r.Source(v.Room, uint32(number))
	if !ok {
		return Visitor{}, nil, protocol.NewError(protocol.NoSuchSource)
	}
	return v, s, nil
}

func (r *Registry) putSwitches(w http.ResponseWriter, q *http.Request) {
	var body struct {
		Muted  *bool `json:"muted"`
		Hidden *bool `json:"hidden"`
	}
	v, s, err := r.Requested(q)
	if err == nil {
		err = r.readSettings(w, q, v, &body)
	}
	if err == nil {
		err = s.SwitchBy(v.Participant, body.Muted, body.Hidden)
	}
	if err != nil {
		reply.Error(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (r *Registry) putOffset(w http.ResponseWriter, q *http.Request) {
	var body struct {
		OffsetUS *int64 `json:"offset_us"`
	}
	v, s, err := r.calibratable(q)
	if err == nil {
		err = r.readSettings(w, q, v, &body)
	}
	switch {
	case err != nil:
	case body.OffsetUS == nil:
		err = protocol.NewError(protocol.BadMessage)
	case *body.OffsetUS < 0 || *body.OffsetUS > maxOffset:
		err = protocol.NewError(protocol.TooLarge, "limit", "offset_us", "max", strconv.Itoa(maxOffset))
	default:
		err = r.Calibrate(q.Context(), s, *body.OffsetUS)
	}
	if err != nil {
		reply.Error(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// getOffset is GET of a source's offset: what it was calibrated to.
func (r *Registry) getOffset(w http.ResponseWriter, q *http.Request) {
	_, s, err := r.calibratable(q)
	if err != nil {
		reply.Error(w, err)
		return
	}
	us, calibrated := s.Offset()
	w.Header().Set("Cache-Control", "no-store")
	reply.JSON(w, http.StatusOK, map[string]any{"offset_us": us, "calibrated": calibrated})
}

// calibratable returns who asks, and the source that the path names, if it has an
// offset that is for them. The error is a *protocol.Error.
func (r *Registry) calibratable(q *http.Request) (Visitor, *Source, error) {
	v, s, err := r.Requested(q)
	switch {
	case err != nil:
	case !maySet(v.Participant, s):
		err = protocol.NewError(protocol.NotPermitted)
	case s.Kind != Stream:
		err = protocol.NewError(protocol.BadMessage)
	}
	return v, s, err
}

// maySet says whether somebody may set switches and offset of a source.
func maySet(who classroom.Participant, s *Source) bool {
	return who.ID == s.Participant || who.Role == classroom.Teacher || who.Role == classroom.Assistant
}

// readSettings reads what somebody sets, if not too often. The error is a
// *protocol.Error.
func (r *Registry) readSettings(w http.ResponseWriter, q *http.Request, who Visitor, into any) error {
	if !r.settings.Allow(who.ID) {
		return protocol.NewError(protocol.Overloaded)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, q.Body, maxBody))
	if err != nil || json.Unmarshal(body, into) != nil {
		return protocol.NewError(protocol.BadMessage)
	}
	return nil
}
