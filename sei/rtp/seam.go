package rtp

import (
	"bytes"

	"chalkline/sei"
)

// seam keeps receivers from joining parts of NAL units to what was none. Some put
// each part behind whatever came before it, so that messages of an SEI, or a start
// code, could come about that are in no packet.
type seam struct {
	open  sei.Type // of the NAL unit whose parts go out; 0: none
	sei   bool     // the NAL unit that began last is an SEI
	zeros int      // in how many zero bytes the parts end, 2 at most
}

// take says whether a packet can go out after those before it; gap: of which the
// last did not come.
func (j *seam) take(c content, gap bool) bool {
	open := j.open
	j.open = 0
	switch {
	case c.broken:
		return false
	case c.part == nil:
		j.sei = c.kind == sei.TypeSEI || c.kind == 0 && j.sei
		return true
	case c.first:
		j.zeros = 0
	case gap:
		if !c.continues(j.sei) {
			return false
		}
		j.zeros = 0
	case c.kind != open || j.completes(c.part):
		return false
	}
	j.sei = false
	if !c.last {
		j.open = c.kind
	}
	j.count(c.part)
	return true
}

// completes says whether a start code begins in the parts before and ends in this one.
func (j *seam) completes(part []byte) bool {
	around := append(make([]byte, j.zeros, 4), part[:min(2, len(part))]...)
	return bytes.Contains(around, startCode)
}

func (j *seam) count(part []byte) {
	zeros := len(part) - len(bytes.TrimRight(part, "\x00"))
	if zeros == len(part) {
		zeros += j.zeros
	}
	j.zeros = min(zeros, 2)
}

// continues says whether a part can go out while nobody knows what it continues, but
// whether that can be an SEI: it ends no start code.
func (c *content) continues(sei bool) bool { return !sei && c.part[0] > 1 }
