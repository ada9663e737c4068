package bench

import (
	"sync"
	"time"
)

// shot is when a picture was taken.
type shot struct {
	stamp int64 // µs room time, by the teacher's clock
	at    time.Time
}

// camera knows when each picture of the teacher was taken, and what was drawn
// before it: all pictures that are sent, in order.
type camera struct {
	mu    sync.Mutex
	shots []shot
	drawn []int // of each stroke, the picture that was taken next
}

// take notes a picture.
func (c *camera) take(s shot) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shots = append(c.shots, s)
}

// draw notes a stroke before a picture.
func (c *camera) draw(index int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drawn = append(c.drawn, index)
}

func (c *camera) strokes() []int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.drawn
}

// indexOf counts a number on over the cycles of the film: the newest of that
// number.
func (c *camera) indexOf(number int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	newest := len(c.shots) - 1
	return newest - ((newest-number)%numbers+numbers)%numbers
}

// at returns when a picture was taken.
func (c *camera) at(index int) shot {
	c.mu.Lock()
	defer c.mu.Unlock()
	if index < 0 || index >= len(c.shots) {
		return shot{}
	}
	return c.shots[index]
}
