package bench

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"chalkline/bench/client"
	chalklinev1 "chalkline/protocol/chalkline/v1"
	"chalkline/replay"
	"chalkline/sei"
)

// The clocks are wrong on purpose.
const (
	teacherAhead = 90 * time.Second
	teacherDrift = 200 // millionths
	pupilBehind  = 5 * time.Minute
)

// alignWay is one way to play.
type alignWay struct {
	path string
	goal float64       // of the 95th percentile, ms
	held time.Duration // how long the first picture is, as players do
	late bool          // WebRTC: it holds pictures for strokes that are late (ALN6)
	play func(*alignment, context.Context, *glass) error
}

// The ways to play, of which one client each shows what a page would.
var alignWays = [...]alignWay{
	{"webrtc", 33, 70 * time.Millisecond, true, (*alignment).playWebRTC},
	{"httpts", 33, 330 * time.Millisecond, false, (*alignment).playHTTPTS},
	{"hls", 33, 0, false, (*alignment).playHLS},
}

// Times of a run.
const (
	drawEvery = 7               // pictures from one stroke to the next
	drawFrom  = 2 * time.Second // after everybody sees a picture: strokes that come late are known by then
	seenWait  = 30 * time.Second
)

// alignment is one run: a teacher who publishes and draws, and a pupil on each way.
type alignment struct {
	target  *target
	token   string // of the teacher; pupils play with it too
	room    string
	source  uint32
	camera  *camera
	class   *class
	glasses []*glass
	script  *script
	left    atomic.Int64 // strokes to draw
	started atomic.Bool  // drawing has
}

// runAlign measures how far strokes and pictures are apart.
func runAlign(ctx context.Context, c Config, t *target) (_ report, err error) {
	a, err := newAlignment(ctx, c, t)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, a.class.close()) }()
	publication, err := client.Publish(ctx, client.PublishConfig{
		RTC: a.rtc("/whip?kind=camera"), Film: numberedFilm(), OnFrame: a.draw, Stamp: a.stamp,
	})
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	playing, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer func() {
		stop()
		running.Wait()
		err = errors.Join(err, publication.Close(context.WithoutCancel(ctx)))
	}()
	if err := a.findSource(ctx); err != nil {
		return nil, err
	}
	failed := make(chan error, len(alignWays))
	for i, way := range alignWays {
		running.Go(func() { a.glasses[i].run(playing) })
		running.Go(func() {
			if err := way.play(a, playing, a.glasses[i]); err != nil && playing.Err() == nil {
				failed <- fmt.Errorf("bench: %s: %w", way.path, err)
			}
		})
	}
	if err := a.teach(ctx, failed); err != nil {
		return nil, err
	}
	return a.report()
}

// newAlignment brings the teacher and the pupils into a room.
func newAlignment(ctx context.Context, c Config, t *target) (*alignment, error) {
	a := &alignment{target: t, camera: &camera{}}
	a.left.Store(int64(c.Duration / (drawEvery * time.Second / filmRate)))
	scripts, err := writeScripts(1, int(a.left.Load())*20, c.Seed)
	if err != nil {
		return nil, err
	}
	a.script = scripts[0]
	if a.token, err = client.RequestToken(ctx, t.http, t.url, "teacher"); err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	began := time.Now()
	edit := func(i int, cfg *client.Config) {
		if i == 0 {
			cfg.Token = a.token
			cfg.Clock = func() time.Time {
				now := time.Now()
				return now.Add(teacherAhead + now.Sub(began)*teacherDrift/1_000_000)
			}
			return
		}
		way := alignWays[i-1]
		g := newGlass(a.camera, way.held, way.late)
		a.glasses[i-1] = g
		cfg.OnRecord = g.record
		cfg.Clock = func() time.Time { return time.Now().Add(-pupilBehind) }
	}
	a.glasses = make([]*glass, len(alignWays))
	if a.class, err = openClass(ctx, t, c, edit); err != nil {
		return nil, err
	}
	if err := a.class.grow(ctx, 1+len(alignWays), edit); err != nil {
		return nil, errors.Join(err, a.class.close())
	}
	a.room = replay.Room(a.class.clients[0].RoomID()).String()
	return a, nil
}

// rtc reaches a path below the room.
func (a *alignment) rtc(path string) client.RTC {
	return client.RTC{URL: a.target.url + "/api/rooms/" + a.room + path, Token: a.token, HTTP: a.target.http}
}

// draw is called before each picture: a stroke that is drawn then is older than the
// picture and younger than the one before.
func (a *alignment) draw(frame int, _ uint32) {
	if !a.started.Load() || frame%drawEvery != 0 || a.left.Load() == 0 {
		return
	}
	drawn := &a.script.strokes[int(a.left.Add(-1))%len(a.script.strokes)]
	points, _ := drawn.frame(0)
	a.camera.draw(frame)
	_ = a.class.boards[0].Stroke(a.script.settings...).End(points) // else it is missing at the end
}

// stamp is when a picture was taken, by the teacher's estimate of room time.
func (a *alignment) stamp(int) sei.Stamp {
	s := shot{a.class.clients[0].RoomTime(), time.Now()}
	a.camera.take(s)
	return sei.Stamp{Time: s.stamp, Origin: sei.Origin{Source: 1, Flags: sei.Captured}}
}

func (a *alignment) findSource(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, joinWait)
	defer cancel()
	teacher := a.class.clients[0]
	err := teacher.WaitSources(ctx, func(all []*chalklinev1.Source) bool { return len(all) > 0 && all[0].GetVideo() })
	if err != nil {
		return fmt.Errorf("bench: nothing is published: %w", err)
	}
	a.source = teacher.Sources()[0].GetNumber()
	return nil
}

func (a *alignment) playWebRTC(ctx context.Context, g *glass) error {
	p, err := playSoon(ctx, client.PlayConfig{
		RTC: a.rtc(fmt.Sprintf("/sources/%d/whep", a.source)), NoAudio: true,
		OnFrame: func(f client.Frame) { g.picture(f.Data, f.Stamp.Time, f.RTP) },
	})
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
	case <-p.Done():
		err = errors.New("the connection is gone")
	}
	return errors.Join(err, p.Close(context.WithoutCancel(ctx)))
}

func (a *alignment) playHTTPTS(ctx context.Context, g *glass) error {
	return a.playLive(ctx, g, func(p client.LivePlayer, at client.LiveURLs) error { return p.HTTPTS(ctx, at.HTTPTS) })
}

func (a *alignment) playHLS(ctx context.Context, g *glass) error {
	return a.playLive(ctx, g, func(p client.LivePlayer, at client.LiveURLs) error { return p.HLS(ctx, at.HLS) })
}

// playLive plays as soon as there is something to play.
func (a *alignment) playLive(ctx context.Context, g *glass, play func(client.LivePlayer, client.LiveURLs) error) error {
	at, err := client.FindLive(ctx, a.target.http, a.target.url, a.room, a.source, a.token)
	if err != nil {
		return err
	}
	endless := &http.Client{Transport: a.target.http.Transport}
	p := client.LivePlayer{HTTP: endless, Frame: func(f client.LiveFrame) { g.picture(f.Head, f.Stamp.Time, uint32(f.PTS)) }}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for deadline := time.Now().Add(joinWait); ; {
		err := play(p, at)
		if ctx.Err() != nil {
			return nil
		}
		if len(g.seen()) > 0 || time.Now().After(deadline) {
			return errors.Join(err, errors.New("the stream ended"))
		}
		if err := sleepUntil(ctx, timer, time.Now().Add(100*time.Millisecond)); err != nil {
			return err
		}
	}
}

// teach draws once everybody sees pictures, until everybody has seen everything.
func (a *alignment) teach(ctx context.Context, failed <-chan error) error {
	if err := a.until(ctx, failed, seenWait, func(m moment) bool { return !m.at.IsZero() }); err != nil {
		return err
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	if err := sleepUntil(ctx, timer, time.Now().Add(drawFrom)); err != nil {
		return err
	}
	a.started.Store(true)
	drawing := time.Duration(a.left.Load()) * drawEvery * time.Second / filmRate
	return a.until(ctx, failed, drawing+seenWait, func(m moment) bool {
		drawn := a.camera.strokes()
		return a.left.Load() == 0 && m.strokes >= len(drawn) && m.index > drawn[len(drawn)-1]
	})
}

// until waits until all glasses are as ok wants them; no longer, and no error: what
// is missing then is told by the report.
func (a *alignment) until(ctx context.Context, failed <-chan error, most time.Duration, ok func(moment) bool) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(most); time.Now().Before(deadline); {
		if !slices.ContainsFunc(a.glasses, func(g *glass) bool { return !ok(g.newest()) }) {
			return nil
		}
		select {
		case <-tick.C:
		case err := <-failed:
			return err
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return a.class.ended()
}

// report judges every glass, by the rules and, for contrast, as if strokes were
// shown as they come.
func (a *alignment) report() (report, error) {
	var aligned, unaligned alignReport
	for i, way := range alignWays {
		seen := a.glasses[i].seen()
		r, err := judge(a.camera, seen, func(m moment) int { return m.strokes })
		if err != nil {
			return nil, fmt.Errorf("%s: %w", way.path, err)
		}
		r.Path, r.Goal = way.path, way.goal
		r.OK = r.P95 <= way.goal+alignSpare && r.Early <= earlyMost && r.Strayed == 0
		aligned = append(aligned, r)
		if r, err = judge(a.camera, seen, func(m moment) int { return m.arrived }); err != nil {
			return nil, fmt.Errorf("%s: %w", way.path, err)
		}
		r.Path, r.OK = "unaligned-"+way.path, true
		unaligned = append(unaligned, r)
	}
	return append(aligned, unaligned...), nil
}
