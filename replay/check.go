package replay

import "fmt"

// CheckAppend says whether the arguments of an Append are
// within the limits: nil or an error wrapping ErrLimit. Implementations call it
// before anything else.
func CheckAppend(expect []Expect, entries []Entry) error {
	if len(entries) > MaxEntries {
		return fmt.Errorf("%d entries, at most %d: %w", len(entries), MaxEntries, ErrLimit)
	}
	if len(expect) > MaxEntries {
		return fmt.Errorf("%d expectations, at most %d: %w", len(expect), MaxEntries, ErrLimit)
	}
	for i := range expect {
		if err := CheckDocument(expect[i].Document); err != nil {
			return err
		}
	}
	total := 0
	for i := range entries {
		if err := checkEntry(&entries[i]); err != nil {
			return err
		}
		total += len(entries[i].Payload)
	}
	if total > MaxAppend {
		return fmt.Errorf("payloads of %d bytes, at most %d: %w", total, MaxAppend, ErrLimit)
	}
	return nil
}

func checkEntry(e *Entry) error {
	if len(e.Payload) > MaxPayload {
		return fmt.Errorf("payload of %d bytes, at most %d: %w", len(e.Payload), MaxPayload, ErrLimit)
	}
	return CheckDocument(e.Document)
}

// CheckDocument says whether a document's name is within the limits.
func CheckDocument(d Document) error {
	if len(d) == 0 || len(d) > MaxDocument {
		return fmt.Errorf("document name of %d bytes, 1 to %d: %w", len(d), MaxDocument, ErrLimit)
	}
	return nil
}

// CheckSnapshot says whether a snapshot is within the limits, its document
// standing at head.
func CheckSnapshot(s *Snapshot, head uint64) error {
	if err := CheckDocument(s.Document); err != nil {
		return err
	}
	if len(s.Data) > MaxSnapshot {
		return fmt.Errorf("snapshot of %d bytes, at most %d: %w", len(s.Data), MaxSnapshot, ErrLimit)
	}
	if s.Revision > head {
		return fmt.Errorf("snapshot of revision %d, the log is at %d: %w", s.Revision, head, ErrLimit)
	}
	return nil
}

// CheckPut says whether a key and value of a Table are within the limits.
func CheckPut(key string, value []byte) error {
	if len(key) == 0 || len(key) > MaxKey {
		return fmt.Errorf("key of %d bytes, 1 to %d: %w", len(key), MaxKey, ErrLimit)
	}
	if len(value) > MaxValue {
		return fmt.Errorf("value of %d bytes, at most %d: %w", len(value), MaxValue, ErrLimit)
	}
	return nil
}
