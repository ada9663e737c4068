import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { hex } from "../src/protocol/bytes.ts";
import { StageStateSchema } from "../src/protocol/gen/chalkline/v1/chalkline_pb.ts";
import { Context } from "../src/protocol/record.ts";
import { leadChanged, pageTurned, StageState } from "../src/sync/stagestate.ts";

const state = (): StageState => new StageState({ confirmed: () => {}, restored: () => 0 });

describe("STG1: the stage", () => {
  test("its hash is that of its strings, as in server/classroom", () => {
    for (const [want, page, lead] of [
      ["0880945b4fab1be95aa0733055273845", "", ""],
      ["e7d2fcfc6d4ff78c1a708665d135cf3a", "p1", "ann"],
      ["900166beb14ff78c17e8399acf68f486", "p1a", "nn"],
    ] as const) {
      const stage = state();
      const restoring = stage.restore(toBinary(StageStateSchema, create(StageStateSchema, { page, lead })));
      assert.equal(hex(restoring.hash()), want);
      restoring.commit(new Context(), 0, 1n);
      assert.equal(hex(stage.hash()), want);
      assert.deepEqual(stage.view.value, { page, lead });
    }
  });

  test("records of others come below one's own events; a refused one goes", () => {
    const stage = state();
    const record = (n: number, payload: Uint8Array): void => {
      stage.apply({ revision: n, replica: 9, n, capturedAt: 0, sequencedAt: 0, payload });
    };
    stage.add(1, pageTurned("mine"));
    record(1, pageTurned("theirs"));
    record(2, leadChanged("tom"));
    record(3, new Uint8Array());
    assert.deepEqual(stage.view.value, { page: "mine", lead: "tom" });
    stage.refuse(1);
    assert.deepEqual(stage.view.value, { page: "theirs", lead: "tom" });
  });

  test("bytes that are no event throw", () => {
    assert.throws(() => state().apply({ revision: 1, replica: 9, n: 1, capturedAt: 0, sequencedAt: 0, payload: Uint8Array.of(255) }));
    assert.throws(() => state().restore(Uint8Array.of(255)));
  });
});
