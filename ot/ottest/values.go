package ottest

import (
	"math/rand/v2"

	"chalkline/ot"
)

// settings returns at most n settings by rising register.
func (s *Source) settings(n int) []ot.Setting {
	var settings []ot.Setting
	for register := ot.Place; register <= ot.Vertices && len(settings) < n; register++ {
		if left := int(ot.Vertices-register) + 1; s.rng.IntN(left) < n-len(settings) {
			settings = append(settings, ot.Setting{Register: register, Value: value(s.rng, register, s.others)})
		}
	}
	return settings
}

// value returns a value of a register; groups are those of replicas up to others.
func value(rng *rand.Rand, register ot.Register, others uint32) string {
	switch register {
	case ot.Place:
		return ot.PlaceValue(ot.Placement{X: int32(rng.Uint32()), Y: rng.Int32N(170_650), W: 500, H: -300, Angle: rng.Int32N(36_000)})
	case ot.Color:
		return ot.ColorValue(rng.Uint32())
	case ot.Width:
		return ot.WidthValue(rng.Uint32N(2_500))
	case ot.Deleted, ot.Locked:
		return ot.BoolValue(rng.IntN(2) == 0)
	case ot.Order:
		return letters(rng, rng.IntN(4))
	case ot.Group:
		if rng.IntN(3) == 0 {
			return ot.GroupValue(ot.ID{})
		}
		return ot.GroupValue(ot.ID{Replica: 1 + rng.Uint32N(others), Counter: 1 + rng.Uint32()>>1})
	case ot.Fill:
		return ot.FillValue(rng.Uint32())
	case ot.Dash:
		return ot.ByteValue(uint8(rng.IntN(3)))
	case ot.Content:
		return letters(rng, 1+rng.IntN(ot.MaxContent))
	case ot.Size:
		return ot.SizeValue(rng.Uint32N(5_000))
	case ot.Align:
		return ot.AlignValue(ot.Alignment(rng.IntN(3)))
	case ot.Style:
		return ot.StyleValue(rng.IntN(2) == 0, rng.IntN(2) == 0)
	case ot.Vertices:
		return ot.VerticesValue(vertices(rng, ot.MinVertices+rng.IntN(4)))
	default:
		return ot.ByteValue(uint8(rng.IntN(256)))
	}
}

func vertices(rng *rand.Rand, n int) []ot.Vertex {
	v := make([]ot.Vertex, n)
	for i := range v {
		v[i] = ot.Vertex{X: uint16(rng.Uint32()), Y: uint16(rng.Uint32())}
	}
	return v
}

func letters(rng *rand.Rand, n int) string {
	const letters = "0123456789ABCUVXYZabcxyz"
	b := make([]byte, n)
	for i := range b {
		b[i] = letters[rng.IntN(len(letters))]
	}
	return string(b)
}
