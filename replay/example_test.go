package replay_test

import (
	"context"
	"errors"
	"fmt"

	"chalkline/replay"
	"chalkline/replay/memory"
)

func Example() {
	ctx := context.Background()
	log := memory.New() // or disk.Open(disk.Config{Dir: "data"})
	defer log.Close()
	if err := log.Create(ctx, 1); err != nil {
		fmt.Println(err)
		return
	}

	// Two writers; the board is written only if the authority stands where they knew it.
	allowed := []replay.Expect{{Document: "authority", Revision: 0}}
	for replica, stroke := range []string{"a line", "a circle"} {
		entry := replay.Entry{Document: "board::p1", Replica: uint32(replica + 1), N: 1, Payload: []byte(stroke)}
		if _, err := log.Append(ctx, 1, 1_000, allowed, []replay.Entry{entry}); err != nil {
			fmt.Println(err)
		}
	}

	// Sent once more after a reconnect: it is known already.
	again := replay.Entry{Document: "board::p1", Replica: 1, N: 1, Payload: []byte("a line")}
	_, err := log.Append(ctx, 1, 2_000, nil, []replay.Entry{again})
	var duplicate *replay.DuplicateError
	fmt.Println(errors.As(err, &duplicate))

	// Somebody who was away catches up from where they stood.
	err = log.Read(ctx, 1, "board::p1", 2, func(r replay.Record) bool {
		fmt.Printf("revision %d by replica %d: %s\n", r.Revision, r.Replica, r.Payload)
		return true
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// true
	// revision 2 by replica 2: a circle
}
