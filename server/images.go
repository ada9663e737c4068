package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"chalkline/protocol"
	"chalkline/replay"
	"chalkline/server/classroom"
	"chalkline/server/content"
	"chalkline/server/render"
	"chalkline/server/reply"
)

const (
	// uploads that come at a time, each into a file, and those that wait. Who is slow
	// holds up nobody whose image is there.
	arrivingAtOnce, arrivingWaiting = 512, 512
	// images that are looked at at a time, each in memory, and those that wait.
	uploadsAtOnce, uploadsWaiting = 8, arrivingAtOnce
	uploadTime                    = 2 * time.Minute // for the whole of one
	arrivingBytes                 = 1 << 30         // that those which come take in files, together
)

// images takes and serves the images of rooms: docs/protocol.md, HTTP.
type images struct {
	door     *door
	store    *content.Store
	scratch  string // folder for what comes; "" is the system's
	arriving *turnstile
	uploads  *turnstile
	reads    *atOnce // of images that are sent
	files    ration  // of those which come
	log      *slog.Logger
}

func (i *images) register(mux *http.ServeMux) {
	mux.HandleFunc("POST /api/rooms/{code}/images", i.post)
	mux.HandleFunc("GET /api/rooms/{code}/images/{content}", i.get)
	mux.HandleFunc("PUT /api/rooms/{code}/images/{content}", i.bring)
}

// post is POST …/images: the body is the image.
func (i *images) post(w http.ResponseWriter, r *http.Request) {
	who, err := i.enterToWrite(r)
	if err != nil {
		reply.Error(w, err)
		return
	}
	info, err := i.take(w, r, who)
	if err != nil {
		i.refuse(w, r, who, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	reply.JSON(w, http.StatusCreated, map[string]any{
		"content": info.Content, "type": info.Type, "width": info.Width, "height": info.Height,
	})
}

func (i *images) enterToWrite(r *http.Request) (visitor, error) {
	who, err := i.door.enter(r)
	if err == nil && who.Role == classroom.Observer {
		err = protocol.NewError(protocol.NotPermitted)
	}
	return who, err
}

// bring is PUT …/images/<content>?from=<code>: the room gets an image of another one
// that who asks may see.
func (i *images) bring(w http.ResponseWriter, r *http.Request) {
	who, err := i.enterToWrite(r)
	if err != nil {
		reply.Error(w, err)
		return
	}
	from, err := i.door.visit(r, r.URL.Query().Get("from"))
	if err != nil {
		reply.Error(w, err)
		return
	}
	done, err := i.uploads.enter(r.Context(), who.Participant.ID)
	if err != nil {
		reply.Error(w, err)
		return
	}
	defer done()
	if err := i.store.Copy(r.Context(), int64(from.room), int64(who.room), r.PathValue("content")); err != nil {
		i.refuse(w, r, who, refusal(err))
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// refuse answers with an error, which is logged if it is the store's or the disk's.
func (i *images) refuse(w http.ResponseWriter, r *http.Request, who visitor, err error) {
	if told := new(protocol.Error); !errors.As(err, &told) {
		i.log.Error("image failed", "method", r.Method, "room", who.room, "error", err)
	}
	if errors.Is(err, content.ErrFull) {
		err = protocol.NewError(protocol.StoreUnavailable, "reason", "full")
	}
	reply.Error(w, err)
}

// refusal is what a client is told of an error of the store: a *protocol.Error, or the
// error itself.
func refusal(err error) error {
	var over *content.LimitError
	switch {
	case errors.As(err, &over):
		return tooLarge(over)
	case errors.Is(err, content.ErrUnusable):
		return protocol.NewError(protocol.UnusableImage)
	case errors.Is(err, content.ErrNotFound):
		return protocol.NewError(protocol.NoSuchDocument)
	}
	return err
}

// take reads and stores the body of a request.
func (i *images) take(w http.ResponseWriter, r *http.Request, who visitor) (content.Info, error) {
	leave, err := i.arriving.enter(r.Context(), who.Participant.ID)
	if err != nil {
		return content.Info{}, err
	}
	defer leave()
	file, err := i.receive(w, r)
	if err != nil {
		return content.Info{}, err
	}
	defer file.close()
	done, err := i.uploads.enter(r.Context(), who.Participant.ID)
	if err != nil {
		return content.Info{}, err
	}
	defer done()
	body, err := io.ReadAll(file.content)
	if err != nil {
		return content.Info{}, fmt.Errorf("server: image: %w", err)
	}
	return i.put(r.Context(), who.room, body)
}

// receive reads the body of a request into a file. The error is a *protocol.Error or
// that of the file.
func (i *images) receive(w http.ResponseWriter, r *http.Request) (*drawn, error) {
	// An image takes longer than other requests. Not every transport has deadlines.
	control := http.NewResponseController(w)
	if err := control.SetReadDeadline(time.Now().Add(uploadTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return nil, fmt.Errorf("server: image: %w", err)
	}
	broken := false
	file, err := spool(i.scratch, &i.files, func(to io.Writer) error {
		from := &noted{r: io.LimitReader(r.Body, content.MaxBytes+1)}
		_, err := io.Copy(to, from)
		broken = from.failed
		return err
	})
	if broken {
		err = protocol.NewError(protocol.BadMessage)
	}
	return file, err
}

// noted is a reader that notes whether it failed.
type noted struct {
	r      io.Reader
	failed bool
}

func (n *noted) Read(p []byte) (int, error) {
	m, err := n.r.Read(p)
	n.failed = err != nil && !errors.Is(err, io.EOF)
	return m, err
}

// put stores an image. The error is a *protocol.Error or that of the store.
func (i *images) put(ctx context.Context, room replay.Room, body []byte) (content.Info, error) {
	info, err := i.store.Put(ctx, int64(room), body)
	if err != nil {
		return content.Info{}, refusal(err)
	}
	return info, nil
}

// tooLarge says which limit an image or its room passed.
func tooLarge(over *content.LimitError) error {
	code := protocol.UnusableImage
	if over.Room() {
		code = protocol.BoardFull
	}
	return protocol.NewError(code, "limit", over.Limit, "max", strconv.FormatInt(over.Max, 10))
}

// get is GET …/images/<content>. What has a content id never changes.
func (i *images) get(w http.ResponseWriter, r *http.Request) {
	who, err := i.door.enter(r)
	if err != nil {
		reply.Error(w, err)
		return
	}
	if !i.reads.begin(who.Participant.ID) {
		reply.Error(w, protocol.NewError(protocol.Overloaded))
		return
	}
	defer i.reads.end(who.Participant.ID)
	id := r.PathValue("content")
	file, kind, err := i.store.File(int64(who.room), id)
	if err != nil {
		i.refuse(w, r, who, refusal(err))
		return
	}
	defer file.Close()
	// A slow reader holds a file, no memory, and that not for ever.
	err = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(sendTime))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return // the client is gone
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "private, max-age=31536000, immutable")
	h.Set("ETag", strconv.Quote(id))
	h.Set("Content-Security-Policy", inertPolicy)
	http.ServeContent(w, r, "", time.Time{}, file)
}

// inertPolicy is that of what people made: opened by itself it can do nothing.
const inertPolicy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox"

// roomImages is the store as the renderer sees one room of it.
type roomImages struct {
	store *content.Store
	room  replay.Room
}

// Image is that of render.Images.
func (i roomImages) Image(_ context.Context, id string) ([]byte, error) {
	data, _, err := i.store.Get(int64(i.room), id)
	if errors.Is(err, content.ErrNotFound) {
		return nil, fmt.Errorf("%w: %w", render.ErrNoImage, err)
	}
	return data, err
}
