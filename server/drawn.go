package server

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"chalkline/protocol"
)

const (
	maxDrawn   = 1 << 30         // bytes of a picture or document
	drawnBytes = 2 << 30         // that those which are drawn and sent take in files, together
	sendTime   = 5 * time.Minute // for sending one
)

// drawn is a picture that is ready to be sent; close it.
type drawn struct {
	tag     string        // its ETag
	content io.ReadSeeker // nil: the client has it
	file    *os.File      // nil: in memory
	share   *share        // that file's
}

// spool draws into a file, so that neither memory nor whoever draws waits for
// the network. TOO_LARGE beyond maxDrawn, OVERLOADED beyond what files may take.
func spool(folder string, files *ration, draw func(io.Writer) error) (*drawn, error) {
	file, err := os.CreateTemp(folder, "chalkline-picture-*")
	if err != nil {
		return nil, fmt.Errorf("server: picture: %w", err)
	}
	d := &drawn{content: file, file: file, share: &share{of: files}}
	err = draw(&bounded{io.MultiWriter(d.share, file), maxDrawn})
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		d.close()
		return nil, fmt.Errorf("server: picture: %w", err)
	}
	return d, nil
}

// serve answers with the picture, a part of it, or that the client has it.
func (d *drawn) serve(w http.ResponseWriter, r *http.Request) {
	if d.content == nil {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(sendTime))
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		return // the client is gone
	}
	http.ServeContent(w, r, "", time.Time{}, d.content)
}

func (d *drawn) close() {
	if d.file != nil {
		_ = d.file.Close()
		_ = os.Remove(d.file.Name())
		d.share.giveBack()
	}
}

// bounded writes so many bytes at most.
type bounded struct {
	w    io.Writer
	left int
}

func (b *bounded) Write(p []byte) (int, error) {
	if len(p) > b.left {
		return 0, protocol.NewError(protocol.TooLarge, "limit", "picture", "max", fmt.Sprint(maxDrawn))
	}
	b.left -= len(p)
	return b.w.Write(p)
}
