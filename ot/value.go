package ot

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Limits of register values.
const (
	MaxWidth    = 2000 // 1/10 px
	MaxOrder    = 24   // bytes
	MaxContent  = 64   // bytes
	MinSize     = 80   // 1/10 px
	MaxSize     = 4000 // 1/10 px
	MinVertices = 3
	MaxVertices = 256
	maxColor    = 0xffffff
	maxDash     = 2
	maxStyle    = styleBold | styleItalic
)

// Alignment is the value of the register Align.
type Alignment uint8

// The alignments of a text.
const (
	AlignLeft Alignment = iota
	AlignCentre
	AlignRight
)

// Bits of the register Style.
const (
	styleBold = 1 << iota
	styleItalic
)

// Vertex is a corner of a polygon: parts of its place's width and height, 65 535
// being the whole.
type Vertex struct{ X, Y uint16 }

// Placement is the value of the register Place: position and size in 1/10 px,
// Angle in 1/100° clockwise.
type Placement struct{ X, Y, W, H, Angle int32 }

// PlaceValue is the value of Place.
func PlaceValue(p Placement) string {
	b := make([]byte, 0, 25)
	for _, v := range [...]int32{p.X, p.Y, p.W, p.H, p.Angle} {
		b = binary.AppendVarint(b, int64(v))
	}
	return string(b)
}

// ColorValue is the value of Color: 0xRRGGBB. Higher bits are dropped.
func ColorValue(rgb uint32) string { return varintValue(rgb & maxColor) }

// WidthValue is the value of Width in 1/10 px, brought into 1 … MaxWidth.
func WidthValue(tenths uint32) string { return varintValue(min(max(tenths, 1), MaxWidth)) }

// BoolValue is the value of Deleted and Locked.
func BoolValue(v bool) string {
	if v {
		return "\x01"
	}
	return "\x00"
}

// ByteValue is the value of Opacity, Dash (0 solid, 1 dashed, 2 dotted) and Pen.
func ByteValue(v uint8) string { return string([]byte{v}) }

// FillValue is the value of Fill: 0xRRGGBB. Higher bits are dropped.
func FillValue(rgb uint32) string { return varintValue(rgb&maxColor + 1) }

// NoFillValue is the value of Fill of an element that is not filled.
func NoFillValue() string { return "\x00" }

// GroupValue is the value of Group; the zero ID is no group.
func GroupValue(group ID) string { return string(appendID(nil, group)) }

// SizeValue is the value of Size in 1/10 px, brought into MinSize … MaxSize.
func SizeValue(tenths uint32) string { return varintValue(min(max(tenths, MinSize), MaxSize)) }

// AlignValue is the value of Align. What is none of the alignments is left.
func AlignValue(a Alignment) string {
	if a > AlignRight {
		a = AlignLeft
	}
	return ByteValue(uint8(a))
}

// StyleValue is the value of Style.
func StyleValue(bold, italic bool) string {
	return ByteValue(bit(bold)*styleBold | bit(italic)*styleItalic)
}

// VerticesValue is the value of Vertices. There must be MinVertices to
// MaxVertices; what else comes out is refused by CheckSetting.
func VerticesValue(vertices []Vertex) string {
	b := binary.AppendUvarint(make([]byte, 0, 2+6*len(vertices)), uint64(len(vertices)))
	for _, v := range vertices {
		b = binary.AppendUvarint(b, uint64(v.X))
		b = binary.AppendUvarint(b, uint64(v.Y))
	}
	return string(b)
}

func varintValue(v uint32) string { return string(binary.AppendUvarint(nil, uint64(v))) }

// DecodePlace returns the placement that a value of Place stands for.
func DecodePlace(value string) (Placement, error) {
	r := valueReader(value)
	p := Placement{r.int32(), r.int32(), r.int32(), r.int32(), r.int32()}
	return p, r.end()
}

// DecodeColor returns the 0xRRGGBB of a value of Color.
func DecodeColor(value string) (uint32, error) { return decodeUpTo(value, 0, maxColor) }

// DecodeWidth returns the 1/10 px of a value of Width.
func DecodeWidth(value string) (uint32, error) { return decodeUpTo(value, 1, MaxWidth) }

// DecodeFill returns the 0xRRGGBB of a value of Fill, and whether it is filled.
func DecodeFill(value string) (rgb uint32, filled bool, err error) {
	v, err := decodeUpTo(value, 0, maxColor+1)
	if err != nil || v == 0 {
		return 0, false, err
	}
	return v - 1, true, nil
}

// DecodeBool returns the truth of a value of Deleted or Locked.
func DecodeBool(value string) (bool, error) {
	v, err := decodeByte(value, 1)
	return v == 1, err
}

// DecodeByte returns the number in a value of Opacity, Dash or Pen.
func DecodeByte(value string) (uint8, error) { return decodeByte(value, math.MaxUint8) }

// DecodeGroup returns the group's id in a value of Group; the zero ID is no group.
func DecodeGroup(value string) (ID, error) {
	r := valueReader(value)
	id := ID{Replica: r.uint32(), Counter: r.uint32()}
	if r.err == nil && (id.Replica == 0) != (id.Counter == 0) {
		r.fail(ErrValue)
	}
	return id, r.end()
}

// DecodeSize returns the 1/10 px of a value of Size.
func DecodeSize(value string) (uint32, error) { return decodeUpTo(value, MinSize, MaxSize) }

// DecodeAlign returns the alignment of a value of Align.
func DecodeAlign(value string) (Alignment, error) {
	v, err := decodeByte(value, uint8(AlignRight))
	return Alignment(v), err
}

// DecodeStyle returns what a value of Style says.
func DecodeStyle(value string) (bold, italic bool, err error) {
	v, err := decodeByte(value, maxStyle)
	return v&styleBold != 0, v&styleItalic != 0, err
}

// DecodeVertices returns the corners in a value of Vertices.
func DecodeVertices(value string) ([]Vertex, error) {
	r := valueReader(value)
	n := r.verticesCount()
	vertices := make([]Vertex, 0, n)
	for range n {
		vertices = append(vertices, r.vertex())
	}
	if err := r.end(); err != nil {
		return nil, err
	}
	return vertices, nil
}

func (r *reader) verticesCount() int {
	n := r.atMost(MaxVertices, ErrValue)
	if r.err == nil && n < MinVertices {
		r.fail(ErrValue)
	}
	if n > uint64(len(r.src)/2) {
		r.fail(ErrTruncated)
	}
	if r.err != nil {
		return 0
	}
	return int(n)
}

func (r *reader) vertex() Vertex {
	return Vertex{uint16(r.atMost(math.MaxUint16, ErrValue)), uint16(r.atMost(math.MaxUint16, ErrValue))}
}

// checkVertices is DecodeVertices without the slice.
func checkVertices(value string) error {
	r := valueReader(value)
	for range r.verticesCount() {
		r.vertex()
	}
	return r.end()
}

// CheckSetting returns nil if the register exists and the value is one of its
// canonical values. Errors: ErrKind, ErrValue, ErrCanonical, ErrTruncated.
func CheckSetting(s Setting) error {
	if err := checkValue(s.Register, s.Value); err != nil {
		return fmt.Errorf("register %d: %w", s.Register, err)
	}
	return nil
}

func checkValue(register Register, value string) error {
	var err error
	switch register {
	case Place:
		_, err = DecodePlace(value)
	case Color:
		_, err = DecodeColor(value)
	case Width:
		_, err = DecodeWidth(value)
	case Deleted, Locked:
		_, err = DecodeBool(value)
	case Order:
		err = checkOrder(value)
	case Group:
		_, err = DecodeGroup(value)
	case Opacity, Pen:
		_, err = DecodeByte(value)
	case Fill:
		_, _, err = DecodeFill(value)
	case Dash:
		_, err = decodeByte(value, maxDash)
	case Content:
		if len(value) < 1 || len(value) > MaxContent {
			err = ErrValue
		}
	case Size:
		_, err = DecodeSize(value)
	case Align:
		_, err = DecodeAlign(value)
	case Style:
		_, _, err = DecodeStyle(value)
	case Vertices:
		err = checkVertices(value)
	default:
		err = ErrKind
	}
	return err
}

func checkOrder(value string) error {
	if len(value) > MaxOrder {
		return ErrValue
	}
	for _, c := range []byte(value) {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return ErrValue
		}
	}
	return nil
}

func decodeUpTo(value string, least, most uint32) (uint32, error) {
	r := valueReader(value)
	v := uint32(r.atMost(uint64(most), ErrValue))
	if r.err == nil && v < least {
		r.fail(ErrValue)
	}
	return v, r.end()
}

func decodeByte(value string, most uint8) (uint8, error) {
	r := valueReader(value)
	v := r.byte()
	if v > most {
		r.fail(ErrValue)
	}
	return v, r.end()
}

func valueReader(value string) *reader { return &reader{src: []byte(value)} }

func (r *reader) int32() int32 {
	v := r.zigzag()
	if v < math.MinInt32 || v > math.MaxInt32 {
		r.fail(ErrValue)
		return 0
	}
	return int32(v)
}

// end refuses bytes left over.
func (r *reader) end() error {
	if len(r.src) > 0 {
		r.fail(ErrCanonical)
	}
	return r.err
}
