package protocol

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"chalkline/ot"
)

// byAge returns the writers, the one that wrote longest ago first.
func (c *Context) byAge() []uint32 {
	return slices.SortedFunc(maps.Keys(c.writers), func(a, b uint32) int {
		return cmp.Compare(c.writers[a].used, c.writers[b].used)
	})
}

// ReadContext decodes a context that AppendContext wrote. Errors wrap ErrRecord.
func ReadContext(src []byte) (*Context, error) {
	d := decoder{src: src}
	c := &Context{writers: map[uint32]*writer{}}
	c.sequenced = d.millis()
	c.replica = d.uint32()
	count := d.uvarint()
	if count > maxWriters {
		d.bad = true
	}
	for i := uint64(0); i < count && !d.bad; i++ {
		replica := d.uint32()
		w := &writer{used: i + 1, n: d.uvarint(), captured: d.millis(), counter: d.uint32()}
		w.registers = bytes.Clone(registersOrNone(d.registers()))
		if c.writers[replica] != nil {
			d.bad = true
		}
		c.writers[replica] = w
	}
	c.clock = count
	if d.bad || len(d.src) > 0 {
		return nil, fmt.Errorf("protocol: context of %d bytes: %w", len(src), ErrRecord)
	}
	return c, nil
}

// inkBatch is what a batch of one pen frame says: one extend, or a create of an
// ink element and the first extend of it.
type inkBatch struct {
	start     bool
	id        ot.ID
	registers []byte // start only
	first     uint32
	ended     bool
	frame     []byte
}

// readInkBatch tells whether payload is an inkBatch and nothing else.
func readInkBatch(payload []byte) (b inkBatch, ok bool) {
	d := decoder{src: payload}
	kind := ot.OpKind(d.byte())
	if kind == ot.Create {
		b.start = true
		b.id = d.id()
		if ot.ElementKind(d.byte()) != ot.Ink {
			return b, false
		}
		b.registers = d.registers()
		kind = ot.OpKind(d.byte())
	}
	if kind != ot.Extend {
		return b, false
	}
	id := d.id()
	if b.start && id != b.id {
		return b, false
	}
	b.id = id
	v := d.uvarint()
	if v>>33 != 0 {
		return b, false
	}
	b.first, b.ended = uint32(v>>1), v&1 == 1
	b.frame = d.bytes()
	return b, !d.bad && len(d.src) == 0 && (!b.start || b.first == 0)
}

// tightest returns the form of r and its body.
func (c *Context) tightest(r *Record, w *writer, board Lengths) (form int, body []byte) {
	if board == nil {
		return formWhole, r.Payload
	}
	b, ok := readInkBatch(r.Payload)
	switch {
	case !ok || b.id.Replica != r.Replica:
		return formWhole, r.Payload
	case b.start && len(w.registers) > 0 && b.id.Counter == w.counter+1 && bytes.Equal(b.registers, w.registers):
		form = formStart
	case !b.start && w.counter != 0 && b.id.Counter == w.counter && int(b.first) == board.Len(b.id):
		form = formContinue
	default:
		return formWhole, r.Payload
	}
	if b.ended {
		form++
	}
	return form, b.frame
}

// expand sets the payload that a form and its body stand for.
func (c *Context) expand(r *Record, w *writer, form int, body []byte, board Lengths) error {
	if form == formWhole {
		r.Payload = bytes.Clone(body)
		return nil
	}
	start := form >= formStart
	if board == nil || start && len(w.registers) == 0 || !start && w.counter == 0 {
		return fmt.Errorf("protocol: record form %d at revision %d leans on nothing: %w", form, r.Revision, ErrRecord)
	}
	id := ot.ID{Replica: r.Replica, Counter: w.counter}
	first := 0
	p := make([]byte, 0, len(body)+len(w.registers)+32)
	if start {
		id.Counter++
		p = appendID(append(p, byte(ot.Create)), id)
		p = append(p, byte(ot.Ink))
		p = append(p, w.registers...)
	} else {
		first = board.Len(id)
	}
	p = appendID(append(p, byte(ot.Extend)), id)
	ended := uint64(form-formContinue) & 1
	p = binary.AppendUvarint(p, uint64(first)<<1|ended)
	p = binary.AppendUvarint(p, uint64(len(body)))
	p = append(p, body...)
	r.Payload = p
	return nil
}

// learn takes what r says of its replica's last element.
func (w *writer) learn(r *Record) {
	d := decoder{src: r.Payload}
	for len(d.src) > 0 && !d.bad {
		kind := ot.OpKind(d.byte())
		switch kind {
		case ot.Create:
			id, element, registers := d.id(), ot.ElementKind(d.byte()), d.registers()
			if d.bad || id.Replica != r.Replica {
				continue
			}
			w.counter = id.Counter
			if element == ot.Ink {
				w.registers = append(w.registers[:0], registersOrNone(registers)...)
			}
		case ot.Extend:
			id := d.id()
			d.uvarint()
			d.bytes()
			if !d.bad && id.Replica == r.Replica {
				w.counter = id.Counter
			}
		case ot.Set:
			d.id()
			d.registers()
		case ot.Clear:
			d.uvarint()
		case ot.End:
			d.id()
		default:
			d.skip(kind)
		}
	}
}

// skip passes over an op that says nothing of its replica's last element.
func (d *decoder) skip(kind ot.OpKind) {
	switch kind {
	case ot.TextEdit:
		d.id()
		d.uvarint()
		d.repeat((*decoder).component)
	case ot.EraseSpans:
		d.uvarint()
		d.id()
		d.repeat(func(d *decoder) { d.uvarint(); d.uvarint() })
	case ot.Undo:
		d.repeat((*decoder).undoItem)
	case ot.Purge:
		d.repeat(func(d *decoder) { d.uvarint(); d.uvarint(); d.uvarint() })
	default:
		d.bad = true
	}
}

// repeat passes over as many items as a count says; each takes a byte at least.
func (d *decoder) repeat(item func(*decoder)) {
	for n := d.uvarint(); n > 0 && !d.bad; n-- {
		item(d)
	}
}

// component passes over a part of a text edit.
func (d *decoder) component() {
	v := d.uvarint()
	if ot.ComponentKind(v&3) != ot.Insert {
		return
	}
	if v >>= 2; v > uint64(len(d.src)) {
		d.bad = true
		return
	}
	d.src = d.src[v:]
}

func (d *decoder) undoItem() {
	kind := ot.UndoKind(d.byte())
	d.id()
	switch kind {
	case ot.UndoValue:
		d.byte()
		d.bytes()
		d.bytes()
	case ot.UndoErasure:
		d.uvarint()
		d.byte()
	}
}

// registersOrNone returns registers, or nothing where their count is 0.
func registersOrNone(registers []byte) []byte {
	if len(registers) > 0 && registers[0] == 0 {
		return nil
	}
	return registers
}

func appendID(dst []byte, id ot.ID) []byte {
	dst = binary.AppendUvarint(dst, uint64(id.Replica))
	return binary.AppendUvarint(dst, uint64(id.Counter))
}

// decoder reads from src; after bad is set its results mean nothing.
type decoder struct {
	src []byte
	bad bool
}

func (d *decoder) byte() byte {
	if len(d.src) == 0 {
		d.bad = true
		return 0
	}
	b := d.src[0]
	d.src = d.src[1:]
	return b
}

// uvarint reads a varint in its shortest form.
func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.src)
	if n <= 0 || n > 1 && d.src[n-1] == 0 {
		d.bad = true
		d.src = nil
		return 0
	}
	d.src = d.src[n:]
	return v
}

func (d *decoder) varint() int64 {
	v := d.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

func (d *decoder) uint32() uint32 {
	v := d.uvarint()
	if v > 1<<32-1 {
		d.bad = true
	}
	return uint32(v)
}

func (d *decoder) millis() int64 {
	v := d.uvarint()
	if v > maxMillis {
		d.bad = true
	}
	return int64(v)
}

func (d *decoder) bytes() []byte {
	n := d.uvarint()
	if n > uint64(len(d.src)) {
		d.bad = true
		d.src = nil
		return nil
	}
	b := d.src[:n]
	d.src = d.src[n:]
	return b
}

func (d *decoder) id() ot.ID {
	return ot.ID{Replica: d.uint32(), Counter: d.uint32()}
}

// registers returns the bytes of a list of registers.
func (d *decoder) registers() []byte {
	all := d.src
	count := d.uvarint()
	if count > 16 {
		d.bad = true
	}
	for i := uint64(0); i < count && !d.bad; i++ {
		d.byte()
		d.bytes()
	}
	if d.bad {
		return nil
	}
	return all[:len(all)-len(d.src)]
}
