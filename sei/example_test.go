package sei_test

import (
	"fmt"

	"chalkline/sei"
)

func Example() {
	unit := []byte("\x00\x00\x00\x01\x41\x9a\x24\x6c") // a slice
	stamped, err := sei.Insert(sei.AnnexB, nil, unit, sei.Stamp{Time: 1_795_233_600_123_456})
	if err != nil {
		fmt.Println(err)
		return
	}
	s, ok := sei.Read(sei.AnnexB, stamped)
	fmt.Println(len(stamped)-len(unit), "bytes:", s.Time, ok)
	// Output: 36 bytes: 1795233600123456 true
}
