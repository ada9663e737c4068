package ingest

import (
	"bytes"
	"fmt"
	"slices"

	"chalkline/sei"
)

const (
	// maxUnit bounds an access unit in bytes, maxNALs the number of its NAL units.
	maxUnit = 4 << 20
	maxNALs = 4096
	// maxSets bounds the parameter sets of a stream in number and bytes.
	maxSets     = 32
	maxSetBytes = 16 << 10
)

func isParameterSet(nal []byte) bool {
	t := sei.TypeOf(nal)
	return t == sei.TypeSPS || t == sei.TypePPS
}

// pictures makes access units of Annex B that decoding can begin with: parameter
// sets stand before each key frame.
type pictures struct {
	sets [][]byte // SPS, PPS
}

// set takes parameter sets, which it copies, and says whether they differ from those
// before. Sets that are too many or too long are an error.
func (p *pictures) set(sets [][]byte) (changed bool, err error) {
	size := 0
	for _, s := range sets {
		size += len(s)
	}
	if len(sets) > maxSets || size > maxSetBytes {
		return false, fmt.Errorf("parameter sets of %d bytes: %w", size, errMalformed)
	}
	if slices.EqualFunc(p.sets, sets, bytes.Equal) {
		return false, nil
	}
	changed = p.sets != nil
	p.sets = make([][]byte, len(sets))
	for i, s := range sets {
		p.sets[i] = bytes.Clone(s)
	}
	return changed, nil
}

// accessUnit is one in Annex B.
type accessUnit struct {
	data    []byte // nil: it has no picture
	key     bool
	changed bool // its parameter sets differ from those before
}

// unit makes an access unit out of one in some framing. marked: its container says
// that decoding can begin with it.
func (p *pictures) unit(f sei.Framing, b []byte, marked bool) (accessUnit, error) {
	nals, key, err := split(f, b)
	if err != nil || nals == nil {
		return accessUnit{}, err
	}
	u := accessUnit{}
	own := slices.DeleteFunc(slices.Clone(nals), func(nal []byte) bool { return !isParameterSet(nal) })
	complete := slices.ContainsFunc(own, func(nal []byte) bool { return sei.TypeOf(nal) == sei.TypeSPS })
	if complete {
		if u.changed, err = p.set(own); err != nil {
			return accessUnit{}, err
		}
	}
	if u.key = (key || marked) && p.sets != nil; u.key && !complete {
		nals = withSets(nals, p.sets)
	}
	size := 0
	for _, nal := range nals {
		size += 4 + len(nal)
	}
	if size > maxUnit {
		return accessUnit{}, fmt.Errorf("access unit of %d bytes: %w", size, errMalformed)
	}
	u.data = make([]byte, 0, size)
	for _, nal := range nals {
		u.data, _ = sei.AnnexB.Append(u.data, nal) // there is room for every unit
	}
	return u, nil
}

// split returns the NAL units of an access unit; none if it has no picture. key:
// decoding begins anew (IDR).
func split(f sei.Framing, b []byte) (nals [][]byte, key bool, err error) {
	pictured := false
	for u, err := range f.Units(b) {
		if err != nil {
			return nil, false, err
		}
		if len(nals) >= maxNALs {
			return nil, false, fmt.Errorf("access unit of more than %d NAL units: %w", maxNALs, errMalformed)
		}
		t := sei.TypeOf(u.NAL)
		pictured = pictured || t.IsPicture()
		key = key || t == sei.TypeIDR
		nals = append(nals, u.NAL)
	}
	if !pictured {
		return nil, false, nil
	}
	return nals, key, nil
}

// withSets puts parameter sets where they belong: behind the delimiter, if there is
// one, and before everything else.
func withSets(nals, sets [][]byte) [][]byte {
	at := 0
	if sei.TypeOf(nals[0]) == sei.TypeDelimiter {
		at = 1
	}
	return slices.Concat(nals[:at], sets, nals[at:])
}
