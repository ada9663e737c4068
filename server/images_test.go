package server

import (
	"errors"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"chalkline/protocol"
)

func TestImagesThatComeTakeOnlySoMuchOfTheDisk(t *testing.T) {
	i := &images{scratch: t.TempDir()}
	i.held.Store(scratchBytes - 1000)
	come := func(size int) (*ration, *drawn, error) {
		q := &ration{all: &i.held}
		file, err := i.receive(httptest.NewRecorder(), httptest.NewRequest("POST", "/", strings.NewReader(strings.Repeat("x", size))), q)
		return q, file, err
	}
	first, file, err := come(900)
	if err != nil {
		t.Fatal(err)
	}
	second, _, err := come(200)
	if !errors.Is(err, protocol.NewError(protocol.Overloaded)) {
		t.Errorf("over it: %v", err)
	}
	second.giveBack()
	file.close()
	first.giveBack()
	third, file, err := come(1000)
	if err != nil {
		t.Errorf("when there was room again: %v", err)
	}
	file.close()
	third.giveBack()
	if n := i.held.Load(); n != scratchBytes-1000 {
		t.Errorf("%d bytes are held", n)
	}
	if left, err := os.ReadDir(i.scratch); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}
