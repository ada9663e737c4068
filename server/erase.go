package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"chalkline/replay/disk"
	"chalkline/server/config"
	"chalkline/server/media"
	"chalkline/server/media/ingest"
	"chalkline/server/room"
)

// ErrNobody says that the store keeps nothing about a participant.
var ErrNobody = errors.New("the store keeps nothing about this participant; chalkline names lists whom it knows")

// PrintNames prints whom the store of a stopped server knows by name: in a line each
// the code of the room, the participant's id and the name that was given there.
func PrintNames(ctx context.Context, c config.Config, to io.Writer) error {
	return onStore(c, func(store *disk.Log) error {
		var failed error
		err := store.Rows(ctx, func(r disk.Row) bool {
			if id, ok := strings.CutPrefix(r.Key, room.ParticipantPrefix); ok {
				_, failed = fmt.Fprintf(to, "%v\t%s\t%q\n", r.Room, id, r.Value)
			}
			return failed == nil
		})
		return errors.Join(err, failed)
	})
}

// EraseParticipant erases from the store of a stopped server, and from its files, what
// stands beside the log about a participant in all rooms: name, stream keys,
// calibrations, switches. It returns in how many rooms there was something; ErrNobody if in none.
// The log keeps what was drawn, and the id.
func EraseParticipant(ctx context.Context, c config.Config, id string) (rooms int, err error) {
	err = onStore(c, func(store *disk.Log) error {
		var found []disk.Row
		err := store.Rows(ctx, func(r disk.Row) bool {
			if isAbout(r.Key, id) {
				found = append(found, disk.Row{Room: r.Room, Key: r.Key})
			}
			return true
		})
		if err != nil {
			return err
		}
		for _, r := range found {
			if err := store.Table().Delete(ctx, r.Room, r.Key); err != nil {
				return err
			}
		}
		rooms = len(slices.CompactFunc(found, func(a, b disk.Row) bool { return a.Room == b.Room }))
		if rooms == 0 {
			return ErrNobody
		}
		return store.Shred(ctx)
	})
	return rooms, err
}

// isAbout says whether a row of a table is about a participant.
func isAbout(key, id string) bool {
	ofSource := func(prefix string) bool {
		kind, ok := strings.CutPrefix(key, prefix+id+"/")
		return ok && !strings.Contains(kind, "/")
	}
	return key == room.ParticipantPrefix+id || key == ingest.KeyPrefix+id ||
		ofSource(media.OffsetPrefix) || ofSource(media.SwitchesPrefix)
}

// onStore calls f with the store of a server that does not run. It makes none.
func onStore(c config.Config, f func(*disk.Log) error) error {
	c = c.WithDefaults()
	dir := filepath.Join(c.Data, "store")
	if _, err := os.Stat(dir); err != nil {
		return fmt.Errorf("no store here, data must be the folder of the server: %w", err)
	}
	store, err := disk.Open(disk.Config{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	return errors.Join(f(store), store.Close())
}
