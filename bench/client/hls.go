package client

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"time"
)

// HLS plays a media playlist until it ends (nil), ctx does, or something is wrong:
// a playlist that breaks a rule or does not follow on from the one before is an
// error that wraps ErrPlaylist.
func (p LivePlayer) HLS(ctx context.Context, at string) error {
	base, err := url.Parse(at)
	if err != nil {
		return fmt.Errorf("client: play: %w", err)
	}
	var last *Playlist
	next := int64(-1)
	for {
		list, err := p.playlist(ctx, at)
		if err != nil {
			return fmt.Errorf("client: play %s: %w", at, err)
		}
		news := last == nil || len(list.Segments) > 0 && list.end() > last.end()
		if last != nil {
			if err := list.Follows(last); err != nil {
				return err
			}
		}
		if news && p.Playlist != nil {
			p.Playlist(list)
		}
		if next < 0 {
			next = p.begin(list)
		}
		for _, s := range list.Segments {
			if s.Sequence < next {
				continue
			}
			if err := p.segment(ctx, base, s); err != nil {
				return fmt.Errorf("client: play %s: segment %d: %w", at, s.Sequence, err)
			}
			next = s.Sequence + 1
		}
		if list.Ended {
			return nil
		}
		last = list
		if err := pause(ctx, reload(list, news)); err != nil {
			return err
		}
	}
}

// end is the sequence number after the last segment's.
func (p *Playlist) end() int64 { return p.Sequence + int64(len(p.Segments)) }

// begin is the sequence number that playing begins with.
func (p LivePlayer) begin(list *Playlist) int64 {
	behind := int64(p.Behind)
	if behind <= 0 {
		behind = 3
	}
	return max(list.Sequence, list.end()-behind)
}

// reload is how long a player waits for the next playlist (RFC 8216, 6.3.4).
func reload(list *Playlist, news bool) time.Duration {
	n := len(list.Segments)
	switch {
	case n == 0 || list.Segments[n-1].Duration == 0:
		return list.Target
	case news:
		return list.Segments[n-1].Duration
	default:
		return list.Target / 2
	}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p LivePlayer) playlist(ctx context.Context, at string) (*Playlist, error) {
	body, err := p.fetch(ctx, at)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	b, err := io.ReadAll(io.LimitReader(body, maxPlaylist+1))
	if err != nil {
		return nil, err
	}
	return ParsePlaylist(b)
}

func (p LivePlayer) segment(ctx context.Context, base *url.URL, s PlaylistSegment) error {
	at, err := base.Parse(s.URI)
	if err != nil {
		return err
	}
	body, err := p.fetch(ctx, at.String())
	if err != nil {
		return err
	}
	defer body.Close()
	return p.read(body, s.Sequence)
}
