package bench

import (
	"os"
	"testing"
	"time"
)

func TestProcessTimesAreReadBehindAnyName(t *testing.T) {
	stat := "42 (a) b (c)) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0 9 0 100"
	if d, err := parseStat([]byte(stat)); err != nil || d != 2*time.Second {
		t.Fatal(d, err)
	}
	for _, bad := range []string{"", "42 (x", "42 (x) S 1 2", "42 (x) S 1 2 3 4 5 6 7 8 9 10 a 50"} {
		if _, err := parseStat([]byte(bad)); err == nil {
			t.Errorf("%q has no error", bad)
		}
	}
}

func TestThisProcessUsesCPUAndMemory(t *testing.T) {
	if _, err := cpuTime(os.Getpid()); err != nil {
		t.Error(err)
	}
	if m, err := memory(os.Getpid()); err != nil || m < 1<<20 {
		t.Errorf("%d bytes, %v", m, err)
	}
	if _, err := cpuTime(-1); err == nil {
		t.Error("process -1 has used CPU")
	}
}

func TestAStoreInMemoryIsRefusedUnlessAllowed(t *testing.T) {
	if name, inMemory, err := fileSystem("/dev/shm"); err != nil || !inMemory {
		t.Fatalf("/dev/shm is %s, %v", name, err)
	}
	if _, _, err := makeStore(Config{Data: "/dev/shm"}); err == nil {
		t.Error("accepted")
	}
	dir, fsType, err := makeStore(Config{Data: "/dev/shm", AllowTmpfs: true})
	if err != nil || fsType != "tmpfs" {
		t.Fatal(fsType, err)
	}
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add([]byte("42 (x) S 1 2 3 4 5 6 7 8 9 10 150 50"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if d, err := parseStat(b); err == nil && d < 0 {
			t.Fatalf("%q used %v", b, d)
		}
	})
}
