package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"chalkline/ot"
	"chalkline/protocol"
	"chalkline/server/content"
	"chalkline/server/render"
	"chalkline/server/reply"
)

const (
	// pictures drawn at a time in this process, and those that wait.
	rendersAtOnce, rendersWaiting = 2, 64
	renderTime                    = time.Minute // for a page
	exportTime                    = 5 * time.Minute
	// maxThumbnail is the widest picture in px that is remembered.
	maxThumbnail = 512
)

// pictures draws pages: docs/protocol.md, HTTP. A picture is drawn into a file
// and then sent, so that a slow reader holds up nobody.
type pictures struct {
	door    *door
	store   *content.Store
	fonts   *render.Fonts
	scratch string // folder for files being drawn; "" is the system's
	files   ration // of those, until they are sent
	renders *turnstile
	recent  *recent
	closing context.Context // ends with the server
	log     *slog.Logger
}

func (p *pictures) register(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/rooms/{code}/pages/{file}", p.page)
	mux.HandleFunc("GET /api/rooms/{code}/export.pdf", p.export)
}

// kind is a kind of picture.
type kind struct {
	name, contentType string
	draw              func(*render.Renderer, context.Context, io.Writer, *ot.Board, render.Options) error
}

// kindOf splits a file name into page and kind.
func kindOf(file string) (page string, k kind, ok bool) {
	if page, ok := strings.CutSuffix(file, ".png"); ok {
		return page, kind{"png", "image/png", (*render.Renderer).PNG}, true
	}
	if page, ok := strings.CutSuffix(file, ".svg"); ok {
		return page, kind{"svg", "image/svg+xml", (*render.Renderer).SVG}, true
	}
	return "", kind{}, false
}

// page is GET …/pages/<page>.png and .svg.
func (p *pictures) page(w http.ResponseWriter, r *http.Request) {
	who, err := p.door.enter(r)
	page, k, ok := kindOf(r.PathValue("file"))
	if err == nil && !ok {
		err = protocol.NewError(protocol.NoSuchDocument)
	}
	if err != nil {
		p.fail(w, r, err)
		return
	}
	width, err := widthOf(r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	ctx, cancel := p.limited(r.Context(), renderTime)
	defer cancel()
	made, err := p.draw(ctx, who, recentName{room: who.room, page: page, kind: k.name, width: width}, k, r.Header.Get("If-None-Match"))
	if err != nil {
		p.fail(w, r, err)
		return
	}
	defer made.close()
	setPictureHeaders(w, k.contentType)
	w.Header().Set("ETag", made.tag)
	made.serve(w, r)
}

// draw draws a page in its turn, unless it is known: by the tag that the client
// has, or among the recent ones. A class asks for its thumbnails again and again,
// so that costs no copy of the board.
func (p *pictures) draw(ctx context.Context, who visitor, name recentName, k kind, has string) (*drawn, error) {
	place, err := who.lesson.Place(ctx, name.page)
	if err != nil {
		return nil, err
	}
	name.tag = fmt.Sprintf(`"%x-%d-%x-%d"`, place.Epoch, place.Revision, place.Digest, name.width)
	if has == name.tag {
		return &drawn{tag: name.tag}, nil
	}
	if b, ok := p.recent.get(name); ok {
		return &drawn{tag: name.tag, content: bytes.NewReader(b)}, nil
	}
	leave, err := p.renders.enter(ctx, who.Participant.ID)
	if err != nil {
		return nil, err
	}
	defer leave()
	// What was written since is in the picture too: the next to ask gets the next tag.
	board, _, err := who.lesson.Copy(ctx, name.page)
	if err != nil {
		return nil, err
	}
	made, err := spool(p.scratch, &p.files, func(w io.Writer) error {
		return k.draw(p.renderer(who), ctx, w, board, render.Options{Width: name.width})
	})
	if err != nil {
		return nil, err
	}
	made.tag = name.tag
	if name.width > 0 && name.width <= maxThumbnail {
		p.recent.put(name, made.content)
	}
	return made, nil
}

// export is GET …/export.pdf: all pages.
func (p *pictures) export(w http.ResponseWriter, r *http.Request) {
	who, err := p.door.enter(r)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	ctx, cancel := p.limited(r.Context(), exportTime)
	defer cancel()
	pages, name, err := who.lesson.Pages(ctx)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	made, err := p.document(ctx, who, pages)
	if err != nil {
		p.fail(w, r, err)
		return
	}
	defer made.close()
	setPictureHeaders(w, "application/pdf")
	w.Header().Set("Cache-Control", "private, no-store")
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": fileName(name) + ".pdf"}))
	made.serve(w, r)
}

// document draws pages into one PDF. Boards are copied one after the other.
func (p *pictures) document(ctx context.Context, who visitor, pages []string) (*drawn, error) {
	leave, err := p.renders.enter(ctx, who.Participant.ID)
	if err != nil {
		return nil, err
	}
	defer leave()
	boards := func(yield func(*ot.Board, error) bool) {
		for _, page := range pages {
			board, _, err := who.lesson.Copy(ctx, page)
			if !yield(board, err) || err != nil {
				return
			}
		}
	}
	return spool(p.scratch, &p.files, func(w io.Writer) error {
		return p.renderer(who).PDF(ctx, w, boards)
	})
}

func (p *pictures) renderer(who visitor) *render.Renderer {
	return &render.Renderer{Fonts: p.fonts, Images: roomImages{p.store, who.room}}
}

// limited bounds the time of a request, which also ends with the server.
func (p *pictures) limited(ctx context.Context, most time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(ctx, most)
	stop := context.AfterFunc(p.closing, cancel)
	return ctx, func() { stop(); cancel() }
}

// fail answers with an error. What took too long, or is too much to draw, is tried
// again later.
func (p *pictures) fail(w http.ResponseWriter, r *http.Request, err error) {
	var told *protocol.Error
	switch {
	case errors.As(err, &told):
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), errors.Is(err, render.ErrTooMuch):
		err = protocol.NewError(protocol.Overloaded)
	default:
		p.log.Error("picture cannot be drawn", "path", r.URL.Path, "error", err)
	}
	reply.Error(w, err)
}

// widthOf reads ?width=; 0 if it is not there.
func widthOf(r *http.Request) (int, error) {
	text := r.URL.Query().Get("width")
	if text == "" {
		return 0, nil
	}
	width, err := strconv.Atoi(text)
	if err != nil || width < render.MinWidth || width > render.MaxWidth {
		return 0, protocol.NewError(protocol.BadMessage, "limit", "width", "min", strconv.Itoa(render.MinWidth), "max", strconv.Itoa(render.MaxWidth))
	}
	return width, nil
}

func setPictureHeaders(w http.ResponseWriter, contentType string) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "private, no-cache")
	h.Set("Content-Security-Policy", inertPolicy)
}

// fileName makes a room's name one that every system takes.
func fileName(room string) string {
	name := strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || strings.ContainsRune(`/\:*?"<>|`, r) {
			return ' '
		}
		return r
	}, room))
	if name == "" {
		return "chalkline"
	}
	return name
}
