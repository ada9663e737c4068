package ot

import (
	"encoding/binary"
	"fmt"
)

// MaxBatch is the most ops that a batch may have.
const MaxBatch = 256

// MaxSettings is the most registers that one op or element may name.
const MaxSettings = 16

// AppendOps appends the bytes of a batch to dst.
func AppendOps(dst []byte, ops []Op) []byte {
	for i := range ops {
		dst = AppendOp(dst, ops[i])
	}
	return dst
}

// AppendOp appends the bytes of one op to dst. It checks nothing: DecodeOps
// refuses an op with settings out of order, values out of range or no id.
func AppendOp(dst []byte, op Op) []byte {
	dst = append(dst, byte(op.Kind))
	switch op.Kind {
	case Create:
		dst = append(appendID(dst, op.ID), byte(op.Element))
		dst = appendSettings(dst, op.Settings)
	case Extend:
		dst = binary.AppendUvarint(appendID(dst, op.ID), uint64(op.First)<<1|uint64(bit(op.Ended)))
		dst = appendBytes(dst, op.Frame)
	case Set:
		dst = appendSettings(appendID(dst, op.ID), op.Settings)
	case Clear:
		dst = binary.AppendUvarint(dst, op.Base)
	case TextEdit:
		dst = binary.AppendUvarint(appendID(dst, op.ID), op.Base)
		dst = appendEdit(dst, op.Edit)
	case EraseSpans:
		dst = binary.AppendUvarint(dst, uint64(op.Eraser))
		dst = appendSpans(appendID(dst, op.ID), op.Spans)
	case Undo:
		dst = appendUndo(dst, op.Items)
	case Purge:
		dst = appendRanges(dst, op.Ranges)
	case End:
		dst = appendID(dst, op.ID)
	}
	return dst
}

func appendSettings(dst []byte, settings []Setting) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(settings)))
	for _, s := range settings {
		dst = append(dst, byte(s.Register))
		dst = appendString(dst, s.Value)
	}
	return dst
}

func bit(v bool) byte {
	if v {
		return 1
	}
	return 0
}

// DecodeOps returns the ops of a batch, 1 to limit of them, exactly src. Only
// the canonical bytes are taken: AppendOps of the result is src again. Frames
// are parts of src and Points are nil: whoever has the stroke's decoder fills
// them in. Errors: ErrTruncated, ErrCanonical, ErrKind, ErrValue, ErrLimit.
func DecodeOps(src []byte, limit int) ([]Op, error) {
	r := reader{src: src}
	var ops []Op
	for {
		if len(ops) == limit {
			return nil, fmt.Errorf("ot: decode ops: more than %d: %w", limit, ErrLimit)
		}
		op := r.op()
		if r.err != nil {
			return nil, fmt.Errorf("ot: decode op %d: %w", len(ops), r.err)
		}
		ops = append(ops, op)
		if len(r.src) == 0 {
			return ops, nil
		}
	}
}

func (r *reader) op() Op {
	op := Op{Kind: OpKind(r.byte())}
	switch op.Kind {
	case Create:
		op.ID = r.id()
		op.Element = r.elementKind()
		op.Settings = r.settings()
	case Extend:
		op.ID = r.id()
		v := r.atMost(1<<33-1, ErrValue)
		op.First, op.Ended = uint32(v>>1), v&1 == 1
		op.Frame = r.bytes()
	case Set:
		op.ID = r.id()
		op.Settings = r.settings()
		if r.err == nil && len(op.Settings) == 0 {
			r.fail(ErrCanonical)
		}
	case Clear:
		op.Base = r.uvarint()
	case TextEdit:
		op.ID = r.id()
		op.Base = r.uvarint()
		op.Edit = r.edit()
	case EraseSpans:
		op.Eraser = r.number()
		op.ID = r.id()
		op.Spans = r.spans(MaxSpans)
	case Undo:
		op.Items = r.undo()
	case Purge:
		op.Ranges = r.ranges()
	case End:
		op.ID = r.id()
	default:
		r.fail(ErrKind)
	}
	return op
}

func (r *reader) elementKind() ElementKind {
	k := ElementKind(r.byte())
	if r.err == nil && (k < Ink || k > Image) {
		r.fail(ErrKind)
	}
	return k
}

// settingsCount reads how many registers follow; each takes at least two bytes.
func (r *reader) settingsCount() int {
	n := r.atMost(MaxSettings, ErrLimit)
	if n > uint64(len(r.src)/2) {
		r.fail(ErrTruncated)
		return 0
	}
	return int(n)
}

func (r *reader) settings() []Setting {
	n := r.settingsCount()
	if n == 0 {
		return nil
	}
	settings := make([]Setting, 0, n)
	var before Register
	for range n {
		s := r.setting(before, nil)
		if r.err != nil {
			return nil
		}
		settings = append(settings, s)
		before = s.Register
	}
	return settings
}

// setting reads one register, which comes after another one. between, if any,
// reads what stands between number and value.
func (r *reader) setting(before Register, between func()) Setting {
	s := Setting{Register: Register(r.byte())}
	if r.err == nil && s.Register <= before {
		r.fail(ErrCanonical)
	}
	if between != nil {
		between()
	}
	s.Value = string(r.bytes())
	if r.err == nil {
		if err := CheckSetting(s); err != nil {
			r.fail(err)
		}
	}
	return s
}
