package content_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"chalkline/server/content"
)

func open(t testing.TB, config content.Config) *content.Store {
	t.Helper()
	if config.Dir == "" {
		config.Dir = t.TempDir()
	}
	s, err := content.Open(config)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// photo is an image with many colours: red grows to the right, green downwards.
func photo(width, height int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			img.Set(x, y, color.RGBA{uint8(x * 255 / width), uint8(y * 255 / height), 60, 255})
		}
	}
	return img
}

func encodePNG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func encodeJPEG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// put stores an image and returns it as it is stored.
func put(t testing.TB, s *content.Store, room int64, data []byte) (content.Info, image.Image) {
	t.Helper()
	info, err := s.Put(t.Context(), room, data)
	if err != nil {
		t.Fatal(err)
	}
	stored, kind, err := s.Get(room, info.Content)
	if err != nil || kind != info.Type {
		t.Fatalf("Get() = %s, %v", kind, err)
	}
	img, _, err := image.Decode(bytes.NewReader(stored))
	if err != nil || img.Bounds().Size() != image.Pt(info.Width, info.Height) {
		t.Fatalf("stored %v, %v, info %+v", img.Bounds(), err, info)
	}
	return info, img
}

func TestPhotographsBecomeJPEGAndDrawingsPNG(t *testing.T) {
	drawing := image.NewPaletted(image.Rect(0, 0, 64, 64), color.Palette{color.White, color.Black})
	translucent := photo(64, 64)
	translucent.Set(3, 3, color.RGBA{10, 10, 10, 100})
	var animated bytes.Buffer
	if err := gif.EncodeAll(&animated, &gif.GIF{Image: []*image.Paletted{drawing, drawing}, Delay: []int{1, 1}}); err != nil {
		t.Fatal(err)
	}
	s := open(t, content.Config{})
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"photograph as PNG":  {encodePNG(t, photo(64, 64)), "image/jpeg"},
		"photograph as JPEG": {encodeJPEG(t, photo(64, 64)), "image/jpeg"},
		"drawing":            {encodePNG(t, drawing), "image/png"},
		"translucent":        {encodePNG(t, translucent), "image/png"},
		"animated GIF":       {animated.Bytes(), "image/png"},
		"WebP":               {webp(), "image/png"},
	} {
		if info, _ := put(t, s, 1, c.data); info.Type != c.want {
			t.Errorf("%s: %s, want %s", name, info.Type, c.want)
		}
	}
}

// webp is a lossless WebP of one pixel.
func webp() []byte {
	return []byte("RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00")
}

func TestEqualImagesAreOneAndRoomsAreApart(t *testing.T) {
	s := open(t, content.Config{})
	data := encodePNG(t, photo(32, 32))
	first, _ := put(t, s, 1, data)
	second, _ := put(t, s, 1, data)
	if first != second {
		t.Fatalf("%+v and %+v", first, second)
	}
	if _, _, err := s.Get(2, first.Content); !errors.Is(err, content.ErrNotFound) {
		t.Fatalf("another room's: %v", err)
	}
}

func TestARoomGetsAnImageOfAnother(t *testing.T) {
	s := open(t, content.Config{RoomImages: 1})
	info, _ := put(t, s, 1, encodePNG(t, photo(32, 32)))
	for range 2 {
		if err := s.Copy(t.Context(), 1, 2, info.Content); err != nil {
			t.Fatal(err)
		}
	}
	first, _, _ := s.Get(1, info.Content)
	if second, _, err := s.Get(2, info.Content); err != nil || !bytes.Equal(first, second) {
		t.Fatalf("%d and %d bytes, %v", len(first), len(second), err)
	}
	other, _ := put(t, s, 3, encodePNG(t, photo(16, 16)))
	var over *content.LimitError
	if err := s.Copy(t.Context(), 3, 2, other.Content); !errors.As(err, &over) {
		t.Errorf("into a full room: %v", err)
	}
	if err := s.Copy(t.Context(), 1, 2, other.Content); !errors.Is(err, content.ErrNotFound) {
		t.Errorf("what is not there: %v", err)
	}
}

// inode is the file of a room's image, whatever it is called.
func inode(t *testing.T, dir, room, id string) os.FileInfo {
	t.Helper()
	info, err := os.Stat(filepath.Join(dir, room, id))
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func TestImagesThatRoomsShareAreOneFile(t *testing.T) {
	dir := t.TempDir()
	s := open(t, content.Config{Dir: dir})
	data := encodePNG(t, photo(32, 32))
	info, _ := put(t, s, 1, data)
	for room := range int64(3) {
		if err := s.Copy(t.Context(), 1, 2+room, info.Content); err != nil {
			t.Fatal(err)
		}
	}
	for _, room := range []string{"2", "3", "4"} {
		if !os.SameFile(inode(t, dir, "1", info.Content), inode(t, dir, room, info.Content)) {
			t.Errorf("room %s has a file of its own", room)
		}
	}
	if err := os.Remove(filepath.Join(dir, "1", info.Content)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Get(2, info.Content); err != nil {
		t.Errorf("removed in one room it is gone in another: %v", err)
	}
	// What is damaged is replaced, never written to: others may have the same file.
	if err := os.WriteFile(filepath.Join(dir, "2", info.Content), []byte("damaged"), 0o600); err != nil {
		t.Fatal(err)
	}
	put(t, s, 1, data)
	if err := s.Copy(t.Context(), 1, 2, info.Content); err != nil {
		t.Fatal(err)
	}
	put(t, s, 2, data)
	if os.SameFile(inode(t, dir, "2", info.Content), inode(t, dir, "3", info.Content)) {
		t.Error("a damaged file was written to")
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*", "new-*")); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestAnImageIsCopiedWhereItCannotBeLinked(t *testing.T) {
	dir := t.TempDir()
	s := open(t, content.Config{Dir: dir})
	info, _ := put(t, s, 1, encodePNG(t, photo(32, 32)))
	if err := os.MkdirAll(filepath.Join(dir, "2", "new-link"), 0o700); err != nil { // in the way of a link
		t.Fatal(err)
	}
	if err := s.Copy(t.Context(), 1, 2, info.Content); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Get(2, info.Content); err != nil || os.SameFile(inode(t, dir, "1", info.Content), inode(t, dir, "2", info.Content)) {
		t.Errorf("no file of its own: %v", err)
	}
}

func TestImagesLeaveSpaceOnTheDisk(t *testing.T) {
	free, dir := uint64(1<<40), t.TempDir()
	s := open(t, content.Config{Dir: dir, Free: func(folder string) (uint64, error) {
		if folder != dir {
			t.Errorf("asked for the space of %s", folder)
		}
		return free, nil
	}})
	data := encodePNG(t, photo(32, 32))
	info, _ := put(t, s, 1, data)
	free = content.DefaultMinFree
	if _, err := s.Put(t.Context(), 2, data); !errors.Is(err, content.ErrFull) {
		t.Errorf("Put() = %v, want ErrFull", err)
	}
	if err := s.Copy(t.Context(), 1, 2, info.Content); !errors.Is(err, content.ErrFull) {
		t.Errorf("Copy() = %v, want ErrFull", err)
	}
	if again, _ := put(t, s, 1, data); again != info {
		t.Errorf("what is there already: %+v, want %+v", again, info)
	}
	free += 1 << 20
	put(t, s, 2, data)
}

func TestLargeImagesAreMadeSmallerAndKeepTheirShape(t *testing.T) {
	s := open(t, content.Config{})
	for _, size := range []image.Point{{5000, 1000}, {300, 9000}, {20_000, 2}} {
		info, img := put(t, s, 1, encodePNG(t, photo(size.X, size.Y)))
		if max(info.Width, info.Height) != content.MaxSide {
			t.Errorf("%v became %d × %d", size, info.Width, info.Height)
		}
		r, g, _, _ := img.At(info.Width-1, info.Height/2).RGBA()
		if size.Y > 100 && (r < 0xf000 || g < 0x6000 || g > 0xa000) {
			t.Errorf("%v: the middle of the right edge is %x %x", size, r, g)
		}
	}
}

func TestALongLineTakesNoMoreMemoryThanItsPixels(t *testing.T) {
	s := open(t, content.Config{})
	const pixels = 1_000_000
	for _, size := range []image.Point{{pixels, 1}, {1, pixels}} {
		line := encodePNG(t, image.NewPaletted(image.Rectangle{Max: size}, color.Palette{color.White, color.Black}))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		info, _ := put(t, s, 1, line)
		runtime.ReadMemStats(&after)
		if max(info.Width, info.Height) != content.MaxSide || min(info.Width, info.Height) != 1 {
			t.Errorf("%v became %d × %d", size, info.Width, info.Height)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > 64*pixels {
			t.Errorf("%v took %d bytes", size, took)
		}
	}
}

// exif puts an orientation into a JPEG.
func exif(data []byte, orientation byte) []byte {
	tiff := []byte{'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0}
	segment := append([]byte("Exif\x00\x00"), tiff...)
	head := binary.BigEndian.AppendUint16([]byte{0xff, 0xd8, 0xff, 0xe1}, uint16(2+len(segment)))
	return append(append(head, segment...), data[2:]...)
}

func TestPhotographsStandUprightAndSayNothingOfThemselves(t *testing.T) {
	// Where the red corner of the stored picture is shown.
	picture := image.NewRGBA(image.Rect(0, 0, 48, 32))
	for y := range 32 {
		for x := range 48 {
			picture.Set(x, y, color.RGBA{0, uint8(5 * x), uint8(7 * y), 255})
			if x < 16 && y < 16 {
				picture.Set(x, y, color.RGBA{255, 0, 0, 255})
			}
		}
	}
	s := open(t, content.Config{})
	for orientation, corner := range map[byte][2]int{1: {0, 0}, 2: {1, 0}, 3: {1, 1}, 4: {0, 1}, 5: {0, 0}, 6: {1, 0}, 7: {1, 1}, 8: {0, 1}, 9: {0, 0}} {
		info, img := put(t, s, 1, exif(encodeJPEG(t, picture), orientation))
		if turned := orientation > 4 && orientation < 9; turned != (info.Height > info.Width) {
			t.Errorf("orientation %d: %d × %d", orientation, info.Width, info.Height)
		}
		x, y := 4+corner[0]*(info.Width-8), 4+corner[1]*(info.Height-8)
		if r, g, _, _ := img.At(x, y).RGBA(); r < 0xc000 || g > 0x4000 {
			t.Errorf("orientation %d: no red at %d, %d", orientation, x, y)
		}
		stored, _, err := s.Get(1, info.Content)
		if err != nil || bytes.Contains(stored, []byte("Exif")) {
			t.Errorf("orientation %d: metadata is stored (%v)", orientation, err)
		}
	}
}

// pngHeader is a PNG that claims a size and has no pixels.
func pngHeader(width, height uint32) []byte {
	head := binary.BigEndian.AppendUint32([]byte("IHDR"), width)
	head = append(binary.BigEndian.AppendUint32(head, height), 8, 2, 0, 0, 0)
	b := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), head...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(head))
}

// webpLie claims one pixel in its extended header, and 16 383 × 16 383 in the picture.
func webpLie() []byte {
	b := append([]byte("RIFF\x40\x00\x00\x00WEBPVP8X\x0a\x00\x00\x00"), make([]byte, 10)...)
	b = append(b, "VP8 \x0a\x00\x00\x00"...)
	return append(b, 0, 0, 0, 0x9d, 0x01, 0x2a, 0xff, 0x3f, 0xff, 0x3f)
}

func TestWhatIsNoImageOrTooLargeIsRefusedBeforeItIsDecoded(t *testing.T) {
	s := open(t, content.Config{})
	whole := encodePNG(t, photo(64, 64))
	for name, c := range map[string]struct {
		data  []byte
		limit string // "" is ErrUnusable
	}{
		"nothing":          {nil, ""},
		"text":             {[]byte("<svg xmlns='http://www.w3.org/2000/svg'/>"), ""},
		"half a PNG":       {whole[:len(whole)/2], ""},
		"a PNG's name":     {whole[:8], ""},
		"no pixels":        {pngHeader(10, 10), ""},
		"a JPEG's start":   {[]byte("\xff\xd8\xff\xe0"), ""},
		"many bytes":       {append(whole, make([]byte, content.MaxBytes)...), "bytes"},
		"many pixels":      {pngHeader(60_000, 60_000), "pixels"},
		"a WebP that lies": {webpLie(), "pixels"},
	} {
		_, err := s.Put(t.Context(), 1, c.data)
		var over *content.LimitError
		if errors.As(err, &over) != (c.limit != "") || c.limit != "" && over.Limit != c.limit || c.limit == "" && !errors.Is(err, content.ErrUnusable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestARoomTakesSoManyImagesAndBytes(t *testing.T) {
	few := open(t, content.Config{RoomImages: 2})
	for i := range 3 {
		_, err := few.Put(t.Context(), 1, encodePNG(t, photo(32+i, 32)))
		var over *content.LimitError
		if full := errors.As(err, &over) && over.Room() && over.Limit == "room_images"; full != (i == 2) {
			t.Errorf("image %d: %v", i, err)
		}
	}
	if _, err := few.Put(t.Context(), 2, encodePNG(t, photo(32, 32))); err != nil {
		t.Errorf("another room: %v", err)
	}
	if _, err := few.Put(t.Context(), 1, encodePNG(t, photo(32, 32))); err != nil {
		t.Errorf("an image that the full room has: %v", err)
	}
	small := open(t, content.Config{RoomBytes: 100})
	var over *content.LimitError
	if _, err := small.Put(t.Context(), 1, encodePNG(t, photo(32, 32))); !errors.As(err, &over) || over.Limit != "room_bytes" {
		t.Errorf("Put() = %v", err)
	}
}

func TestManyAtOnceStoreOneImageWhole(t *testing.T) {
	dir := t.TempDir()
	s := open(t, content.Config{Dir: dir, Decodes: 2})
	data := encodePNG(t, photo(200, 100))
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			if _, err := s.Put(t.Context(), 7, data); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	files, err := os.ReadDir(filepath.Join(dir, "7"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%d files, %v", len(files), err)
	}
}

func TestWhatACrashLeftIsClearedAway(t *testing.T) {
	dir := t.TempDir()
	info, _ := put(t, open(t, content.Config{Dir: dir}), 3, encodePNG(t, photo(32, 32)))
	half := filepath.Join(dir, "3", "new-123")
	if err := os.WriteFile(half, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	again := open(t, content.Config{Dir: dir})
	if _, err := os.Stat(half); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("half an image stays: %v", err)
	}
	if _, _, err := again.Get(3, info.Content); err != nil {
		t.Error(err)
	}
}

func TestNothingButContentIDsBecomesAPath(t *testing.T) {
	dir := t.TempDir()
	s := open(t, content.Config{Dir: filepath.Join(dir, "images")})
	if err := os.WriteFile(filepath.Join(dir, "secret"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"", "../../secret", strings.Repeat("../", 20) + "etc", strings.Repeat("A", 64), strings.Repeat("g", 64), strings.Repeat("a", 63) + "/"} {
		if _, _, err := s.Get(1, id); !errors.Is(err, content.ErrNotFound) {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func TestWhoGivesUpWaitsForNoTurn(t *testing.T) {
	s := open(t, content.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	// Either is right when a place is free and the caller gone at once; nothing may hang.
	if _, err := s.Put(ctx, 1, encodePNG(t, photo(32, 32))); err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func FuzzPut(f *testing.F) {
	small := photo(20, 10)
	for _, seed := range [][]byte{
		encodePNG(f, small), encodeJPEG(f, small), exif(encodeJPEG(f, small), 6), webp(), webpLie(), pngHeader(1, 1), []byte("GIF89a"),
	} {
		f.Add(seed)
	}
	s := open(f, content.Config{RoomBytes: 1 << 40, RoomImages: 1 << 30})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		info, err := s.Put(t.Context(), 1, data)
		if err != nil {
			var over *content.LimitError
			if !errors.Is(err, content.ErrUnusable) && !errors.As(err, &over) {
				t.Fatalf("error is %v", err)
			}
			return
		}
		if info.Width < 1 || info.Height < 1 || max(info.Width, info.Height) > content.MaxSide {
			t.Fatalf("%+v", info)
		}
		if again, _ := put(t, s, 1, data); again != info {
			t.Fatalf("%+v, then %+v", info, again)
		}
	})
}
