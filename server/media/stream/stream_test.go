package stream

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
)

func picture(pts int64, key bool) Unit { return Unit{Codec: H264, PTS: pts, DTS: pts, Key: key} }

func sound(pts int64) Unit { return Unit{Codec: AAC, PTS: pts, DTS: pts, Key: true} }

// read reads what waits for r.
func read(t *testing.T, r *Reader) (units []Unit) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for {
		u, err := r.Next(ctx)
		if err != nil {
			return units
		}
		units = append(units, u)
	}
}

func times(units []Unit) (at []int64) {
	for _, u := range units {
		at = append(at, u.PTS)
	}
	return at
}

func equal(a, b []int64) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func TestAReaderBeginsWithTheNextKeyFrame(t *testing.T) {
	h := NewHub(nil)
	early := h.Read()
	h.Publish(sound(0)) // no picture came yet: there may be none
	h.Publish(picture(1, false))
	late := h.Read()
	for _, u := range []Unit{sound(2), picture(3, false), picture(4, true), sound(5), picture(6, false)} {
		h.Publish(u)
	}
	if got := times(read(t, early)); !equal(got, []int64{0, 4, 5, 6}) {
		t.Errorf("the early one reads %v", got)
	}
	if got := times(read(t, late)); !equal(got, []int64{4, 5, 6}) {
		t.Errorf("the late one reads %v", got)
	}
}

func TestWhereNoPictureComesAReaderBeginsWithSound(t *testing.T) {
	h := NewHub(nil)
	h.Publish(picture(0, true))
	r := h.Read()
	for n := range int64(soundOnly + 10) {
		h.Publish(sound(1 + n))
	}
	if got := read(t, r); len(got) != 11 {
		t.Errorf("%d units are read, want 11", len(got))
	}
}

func TestAKeepingHubBeginsWithTheNewestKeyFrame(t *testing.T) {
	h := NewKeepingHub(nil)
	for _, u := range []Unit{picture(0, true), sound(1), picture(2, true), sound(3), picture(4, false)} {
		h.Publish(u)
	}
	r := h.Read()
	h.Publish(picture(5, false))
	if got := times(read(t, r)); !equal(got, []int64{2, 3, 4, 5}) {
		t.Errorf("it reads %v", got)
	}
	// What is too much is not kept: it begins with the next one.
	for n := range int64(maxQueuedUnits) {
		h.Publish(picture(6+n, false))
	}
	r = h.Read()
	h.Publish(picture(1000, true))
	if got := times(read(t, r)); !equal(got, []int64{1000}) {
		t.Errorf("it reads %v", got)
	}
}

func TestWhatIsForgottenNobodyReads(t *testing.T) {
	h := NewKeepingHub(nil)
	early := h.Read()
	h.Publish(picture(0, true))
	h.Publish(sound(1))
	h.Forget()
	late := h.Read()
	for _, u := range []Unit{sound(2), picture(3, false), picture(4, true), sound(5)} {
		h.Publish(u)
	}
	for name, r := range map[string]*Reader{"early": early, "late": late} {
		got := read(t, r)
		if !equal(times(got), []int64{2, 4, 5}) || got[0].Discontinuity != (name == "early") {
			t.Errorf("the %s one reads %+v", name, got)
		}
	}
}

func TestWhatIsKeptAndWhatWaitsIsReplaced(t *testing.T) {
	h := NewKeepingHub(nil)
	early := h.Read()
	for _, u := range []Unit{picture(0, true), sound(1), picture(2, false)} {
		u.Data = []byte("loud")
		h.Publish(u)
	}
	h.Replace(func(u Unit) Unit {
		if !u.Codec.Video() {
			u.Data = []byte("-")
		}
		return u
	})
	for _, r := range []*Reader{early, h.Read()} {
		if r.bytes != 9 {
			t.Errorf("%d bytes wait", r.bytes)
		}
		if got := read(t, r); len(got) != 3 || string(got[1].Data) != "-" || string(got[2].Data) != "loud" || r.bytes != 0 {
			t.Errorf("it reads %+v, %d bytes are left", got, r.bytes)
		}
	}
}

func TestASlowReaderLosesUnitsUpToAKeyFrameAndIsTold(t *testing.T) {
	h := NewHub(nil)
	r := h.Read()
	h.Publish(picture(0, true))
	for n := range int64(maxQueuedUnits) {
		h.Publish(picture(1+n, false))
	}
	h.Publish(sound(9000))
	h.Publish(picture(9001, true))
	h.Publish(picture(9002, false))
	got := read(t, r)
	if !equal(times(got), []int64{9001, 9002}) || !got[0].Discontinuity || got[1].Discontinuity {
		t.Errorf("it reads %+v", got)
	}
	if n := r.Dropped(); n != maxQueuedUnits+2 {
		t.Errorf("%d units are lost", n)
	}
}

func TestWhatWaitsIsBoundedInBytes(t *testing.T) {
	h := NewHub(nil)
	r := h.Read()
	large := picture(0, true)
	large.Data = make([]byte, maxQueuedBytes/4)
	for range 40 {
		h.Publish(large)
		if r.bytes > maxQueuedBytes {
			t.Fatalf("%d bytes wait", r.bytes)
		}
	}
	if len(read(t, r)) == 0 {
		t.Error("nothing is read")
	}
}

func TestABeginningThatIsLeftOutIsToldWithTheNextUnit(t *testing.T) {
	h := NewHub(nil)
	r := h.Read()
	first := picture(0, false)
	first.Discontinuity = true
	h.Publish(first)
	h.Publish(picture(1, true))
	if got := read(t, r); len(got) != 1 || !got[0].Discontinuity {
		t.Errorf("it reads %+v", got)
	}
}

func TestMED5DemandIsToldOfTheFirstReaderAndTheLast(t *testing.T) {
	var told []bool
	h := NewHub(func(wanted bool) { told = append(told, wanted) })
	a, b := h.Read(), h.Read()
	a.Close()
	a.Close()
	if len(told) != 1 || !told[0] || !h.Wanted() {
		t.Errorf("told %v", told)
	}
	b.Close()
	h.Read()
	h.Close()
	h.Close()
	if len(told) != 4 || told[1] || !told[2] || told[3] || h.Wanted() {
		t.Errorf("told %v", told)
	}
}

func TestAClosedHubEndsItsReaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHub(nil)
		r := h.Read()
		ended := make(chan error, 1)
		go func() {
			_, err := r.Next(t.Context())
			ended <- err
		}()
		synctest.Wait()
		h.Close()
		if err := <-ended; !errors.Is(err, ErrClosed) {
			t.Errorf("Next() = %v", err)
		}
		if _, err := h.Read().Next(t.Context()); !errors.Is(err, ErrClosed) {
			t.Errorf("a new one: %v", err)
		}
	})
}
