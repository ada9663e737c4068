package client

import (
	"errors"
	"testing"

	"google.golang.org/protobuf/proto"

	chalklinev1 "chalkline/protocol/chalkline/v1"

	"chalkline/protocol"
	"chalkline/server/classroom"
)

func turn(t *testing.T, page string) []byte {
	t.Helper()
	payload, err := proto.Marshal(&chalklinev1.StageEvent{Event: &chalklinev1.StageEvent_PageTurned{PageTurned: &chalklinev1.PageTurned{Page: page}}})
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

func TestID4EventsOfTheStageGoAgainUnderANewReplica(t *testing.T) {
	o := outbox{replica: 1, n: 7, acked: 7}
	o.add(&batch{payload: turn(t, "a")})
	o.add(&batch{payload: turn(t, "b")})
	o.moveTo(2, &stageContent{state: classroom.Stage{Page: "a"}}, nil)
	if len(o.unsent) != 2 || o.unsent[0].n != 1 || o.unsent[1].n != 2 || o.replica != 2 {
		t.Fatalf("%d batches of replica %d: %+v", len(o.unsent), o.replica, o.unsent)
	}
}

func TestTheStageIsWhatItsSnapshotAndRecordsSay(t *testing.T) {
	want := classroom.Stage{Page: "a", Lead: "ann"}
	table, err := proto.Marshal(want.State())
	if err != nil {
		t.Fatal(err)
	}
	c, err := loadStage(table, nil)
	if err != nil || c.state != want || c.hash() != want.Hash() {
		t.Fatalf("%+v, %v", c, err)
	}
	if _, err := c.apply(&protocol.Record{Payload: turn(t, "b")}); err != nil || c.state.Page != "b" || c.last.GetPageTurned().GetPage() != "b" {
		t.Fatalf("after a turn %+v, %v", c, err)
	}
	if _, err := c.apply(&protocol.Record{}); err != nil || c.state.Page != "b" { // all was refused (SYN3)
		t.Fatalf("after an empty record %+v, %v", c, err)
	}
	if _, err := c.apply(&protocol.Record{Payload: []byte{0xff}}); err == nil {
		t.Fatal("garbage was taken")
	}
	if _, err := loadStage(table, [][]byte{{1}}); !errors.Is(err, errInk) {
		t.Fatalf("a snapshot with ink: %v", err)
	}
}

func TestWithoutTheStageNothingIsDirected(t *testing.T) {
	c := join(t, newFakeServer().dial, nil)
	if err := c.Turn("a"); !errors.Is(err, ErrNoStage) {
		t.Errorf("turn: %v", err)
	}
	if c.Stage() != (classroom.Stage{}) {
		t.Errorf("stage %+v", c.Stage())
	}
}
