package rtmp

import (
	"encoding/binary"
	"fmt"
	"math"
)

// The markers of AMF 0 (Action Message Format 0, 2.1).
const (
	amfNumber      = 0x00
	amfBoolean     = 0x01
	amfString      = 0x02
	amfObject      = 0x03
	amfNull        = 0x05
	amfUndefined   = 0x06
	amfEcmaArray   = 0x08
	amfObjectEnd   = 0x09
	amfStrictArray = 0x0a
	amfDate        = 0x0b
	amfLongString  = 0x0c
	amfXML         = 0x0f
	amfTypedObject = 0x10
)

const (
	maxAMFDepth  = 8
	maxAMFValues = 1024
)

// property is one of an object; objects keep their order when they are written.
type property struct {
	name  string
	value any
}

// decodeAMF returns the values of a message: float64, bool, string, nil,
// map[string]any and []any.
func decodeAMF(b []byte) ([]any, error) {
	d := amfDecoder{b: b}
	var values []any
	for len(d.b) > 0 {
		v, err := d.value(0)
		if err != nil {
			return nil, fmt.Errorf("rtmp: AMF: %w", err)
		}
		values = append(values, v)
	}
	return values, nil
}

// amfDecoder reads from b, value after value.
type amfDecoder struct {
	b     []byte
	count int
}

func (d *amfDecoder) take(n int) ([]byte, error) {
	if n < 0 || n > len(d.b) {
		return nil, errMalformed
	}
	taken := d.b[:n]
	d.b = d.b[n:]
	return taken, nil
}

func (d *amfDecoder) value(depth int) (any, error) {
	if d.count++; depth > maxAMFDepth || d.count > maxAMFValues {
		return nil, errLimit
	}
	marker, err := d.take(1)
	if err != nil {
		return nil, err
	}
	switch marker[0] {
	case amfNumber:
		return d.number()
	case amfBoolean:
		b, err := d.take(1)
		return err == nil && b[0] != 0, err
	case amfString:
		return d.text(2)
	case amfLongString, amfXML:
		return d.text(4)
	case amfNull, amfUndefined:
		return nil, nil
	case amfObject:
		return d.object(depth)
	case amfEcmaArray:
		if _, err := d.take(4); err != nil { // how many, approximately
			return nil, err
		}
		return d.object(depth)
	case amfTypedObject:
		if _, err := d.text(2); err != nil {
			return nil, err
		}
		return d.object(depth)
	case amfStrictArray:
		return d.array(depth)
	case amfDate:
		v, err := d.number()
		if err != nil {
			return nil, err
		}
		_, err = d.take(2) // time zone
		return v, err
	default:
		return nil, fmt.Errorf("marker %#02x: %w", marker[0], errMalformed)
	}
}

func (d *amfDecoder) number() (float64, error) {
	b, err := d.take(8)
	if err != nil {
		return 0, err
	}
	return math.Float64frombits(binary.BigEndian.Uint64(b)), nil
}

// text reads a string behind a length of so many bytes.
func (d *amfDecoder) text(size int) (string, error) {
	b, err := d.take(size)
	if err != nil {
		return "", err
	}
	n := 0
	for _, c := range b {
		n = n<<8 | int(c)
	}
	b, err = d.take(n)
	return string(b), err
}

func (d *amfDecoder) object(depth int) (map[string]any, error) {
	o := map[string]any{}
	for {
		name, err := d.text(2)
		if err != nil {
			return nil, err
		}
		if name == "" && len(d.b) > 0 && d.b[0] == amfObjectEnd {
			d.b = d.b[1:]
			return o, nil
		}
		if o[name], err = d.value(depth + 1); err != nil {
			return nil, err
		}
	}
}

func (d *amfDecoder) array(depth int) ([]any, error) {
	b, err := d.take(4)
	if err != nil {
		return nil, err
	}
	var a []any // grows with what comes, not with the length
	for range binary.BigEndian.Uint32(b) {
		v, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		a = append(a, v)
	}
	return a, nil
}

// appendAMF appends values: float64, string, nil and []property.
func appendAMF(dst []byte, values ...any) []byte {
	for _, v := range values {
		switch v := v.(type) {
		case nil:
			dst = append(dst, amfNull)
		case float64:
			dst = binary.BigEndian.AppendUint64(append(dst, amfNumber), math.Float64bits(v))
		case string:
			dst = appendAMFText(append(dst, amfString), v)
		case []property:
			dst = append(dst, amfObject)
			for _, p := range v {
				dst = appendAMF(appendAMFText(dst, p.name), p.value)
			}
			dst = append(dst, 0, 0, amfObjectEnd)
		}
	}
	return dst
}

// appendAMFText appends a string, cut to what its length can say.
func appendAMFText(dst []byte, s string) []byte {
	s = s[:min(len(s), math.MaxUint16)]
	return append(binary.BigEndian.AppendUint16(dst, uint16(len(s))), s...)
}
