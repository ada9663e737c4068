package ingest

import (
	"sync"

	"chalkline/server/media"
	"chalkline/server/media/stream"
)

// output is the way to the Hub of one source. Only its newest publisher goes there,
// so that what an older one still has does not come between (MED4).
type output struct {
	hub *stream.Hub

	mu      sync.Mutex
	current *publisher // nil: none
}

// enter makes p the current publisher, unless it is over already.
func (o *output) enter(p *publisher) {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case <-p.publication.Done():
	default:
		o.current = p
	}
}

func (o *output) leave(p *publisher) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.current == p {
		o.current = nil
	}
}

// publish hands on a unit of p. The Hub does not wait.
func (o *output) publish(p *publisher, u stream.Unit) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.current == p {
		o.hub.Publish(u)
	}
}

// outputs are those of all sources that something was pushed to.
type outputs struct {
	mu sync.Mutex
	of map[*media.Source]*shared
}

// shared is an output and how many publishers have it.
type shared struct {
	output
	users int // guarded by outputs.mu
}

// take returns the output of a source. give is to be called, once.
func (o *outputs) take(s *media.Source) (out *output, give func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	of := o.of[s]
	if of == nil {
		of = &shared{output: output{hub: s.Hub}}
		o.of[s] = of
	}
	of.users++
	return &of.output, func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		if of.users--; of.users == 0 {
			delete(o.of, s)
		}
	}
}
