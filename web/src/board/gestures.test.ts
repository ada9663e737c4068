import assert from "node:assert/strict";
import { test } from "node:test";
import { Gestures } from "./gestures.ts";
import type { Action, PointerInput, PointerKind } from "./gestures.ts";

/** A hand on the board: each call is an event 20 ms after the one before. */
class Hand {
  readonly gestures = new Gestures();
  now = 1000;

  #input(id: number, kind: PointerKind, x: number, y: number, button: PointerInput["button"]): PointerInput {
    this.now += 20;
    return { id, kind, button, samples: [{ x, y, p: 128, at: this.now }] };
  }

  down(id: number, kind: PointerKind, x: number, y: number, button: PointerInput["button"] = "main"): string[] {
    return words(this.gestures.down(this.#input(id, kind, x, y, button)));
  }

  move(id: number, kind: PointerKind, x: number, y: number): string[] {
    return words(this.gestures.move(this.#input(id, kind, x, y, "main")));
  }

  up(id: number, kind: PointerKind): string[] {
    return words(this.gestures.up(this.#input(id, kind, 0, 0, "main")));
  }

  cancel(id: number, kind: PointerKind): string[] {
    return words(this.gestures.cancel(this.#input(id, kind, 0, 0, "main")));
  }
}

const words = (actions: readonly Action[]): string[] => actions.map((a) => (a.do === "tool-begin" && a.eraser ? "tool-begin eraser" : a.do));

test("a mouse draws with its main button and pans with the middle one", () => {
  const hand = new Hand();
  assert.deepEqual(hand.down(1, "mouse", 10, 10), ["tool-begin"]);
  assert.deepEqual(hand.move(1, "mouse", 20, 10), ["tool-move"]);
  assert.deepEqual(hand.up(1, "mouse"), ["tool-end"]);
  assert.deepEqual(hand.down(1, "mouse", 10, 10, "middle"), []);
  assert.deepEqual(hand.move(1, "mouse", 20, 10), ["pan"]);
  assert.deepEqual(hand.up(1, "mouse"), ["settle"]);
  assert.deepEqual(hand.down(1, "mouse", 10, 10, "other"), []);
});

test("with the space bar or the hand every pointer pans", () => {
  for (const kind of ["mouse", "pen", "touch"] as const) {
    const hand = new Hand();
    hand.gestures.panning = true;
    assert.deepEqual(hand.down(1, kind, 10, 10), []);
    assert.deepEqual(hand.move(1, kind, 30, 10), ["pan"]);
  }
});

test("a finger draws while no pen was seen, with all that it did before it was clear", () => {
  const hand = new Hand();
  assert.deepEqual(hand.down(1, "touch", 10, 10), []);
  assert.deepEqual(hand.move(1, "touch", 12, 10), []);
  const [begin] = hand.gestures.move({ id: 1, kind: "touch", button: "main", samples: [{ x: 30, y: 10, p: 128, at: hand.now + 20 }] });
  assert.ok(begin?.do === "tool-begin");
  assert.deepEqual(begin.samples.map((s) => s.x), [10, 12, 30]);
  assert.deepEqual(hand.up(1, "touch"), ["tool-end"]);
});

test("a tap of a finger is a dot", () => {
  const hand = new Hand();
  hand.down(1, "touch", 10, 10);
  assert.deepEqual(hand.up(1, "touch"), ["tool-begin", "tool-end"]);
});

test("two fingers pinch and leave no mark", () => {
  const hand = new Hand();
  assert.deepEqual(hand.down(1, "touch", 100, 100), []);
  assert.deepEqual(hand.down(2, "touch", 200, 100), []);
  const input: PointerInput = { id: 2, kind: "touch", button: "main", samples: [{ x: 300, y: 100, p: 128, at: hand.now }] };
  const [pinch] = hand.gestures.move(input);
  assert.ok(pinch?.do === "pinch");
  assert.equal(pinch.factor, 2);
  assert.deepEqual(pinch.at, { x: 200, y: 100 });
  assert.deepEqual(hand.up(2, "touch"), ["settle"]);
  assert.deepEqual(hand.move(1, "touch", 120, 100), ["pan"], "the finger that stays goes on panning");
  assert.deepEqual(hand.up(1, "touch"), ["settle"]);
  assert.deepEqual(hand.down(3, "touch", 0, 0), []);
  assert.deepEqual(hand.up(3, "touch"), ["tool-begin", "tool-end"]);
});

test("a second finger soon after the first began takes its mark back; later it is ignored", () => {
  const hand = new Hand();
  hand.down(1, "touch", 10, 10);
  assert.deepEqual(hand.move(1, "touch", 40, 10), ["tool-begin"]);
  assert.deepEqual(hand.down(2, "touch", 200, 10), ["tool-undo"]);
  hand.up(1, "touch");
  hand.up(2, "touch");
  hand.down(1, "touch", 10, 10);
  hand.move(1, "touch", 40, 10);
  hand.now += 500;
  assert.deepEqual(hand.down(2, "touch", 200, 10), []);
  assert.deepEqual(hand.move(2, "touch", 220, 10), []);
  assert.deepEqual(hand.up(2, "touch"), []);
  assert.deepEqual(hand.move(1, "touch", 60, 10), ["tool-move"]);
});

test("once a pen was seen, fingers pan and the pen draws", () => {
  const hand = new Hand();
  assert.deepEqual(hand.down(9, "pen", 10, 10), ["tool-begin"]);
  hand.up(9, "pen");
  hand.now += 2000;
  hand.down(1, "touch", 10, 10);
  assert.deepEqual(hand.move(1, "touch", 40, 10), ["pan"]);
  hand.up(1, "touch");
  hand.gestures.fingers = "draw";
  hand.down(1, "touch", 10, 10);
  assert.deepEqual(hand.move(1, "touch", 40, 10), ["tool-begin"]);
});

test("a palm beside the pen does nothing, whichever comes first", () => {
  const hand = new Hand();
  hand.down(9, "pen", 10, 10);
  assert.deepEqual(hand.down(1, "touch", 50, 50), []);
  assert.deepEqual(hand.move(1, "touch", 80, 80), []);
  assert.deepEqual(hand.up(1, "touch"), []);
  assert.deepEqual(hand.move(9, "pen", 20, 10), ["tool-move"]);
  hand.up(9, "pen");

  const other = new Hand();
  other.down(1, "touch", 50, 50);
  assert.deepEqual(other.move(1, "touch", 70, 50), ["tool-begin"]);
  assert.deepEqual(other.down(9, "pen", 10, 10), ["tool-undo", "tool-begin"]);
  assert.deepEqual(other.move(1, "touch", 90, 50), []);
  assert.deepEqual(other.up(1, "touch"), []);
  assert.deepEqual(other.up(9, "pen"), ["tool-end"]);
});

test("a hovering pen keeps palms away", () => {
  const hand = new Hand();
  hand.move(9, "pen", 10, 10);
  assert.deepEqual(hand.down(1, "touch", 50, 50), []);
  assert.deepEqual(hand.move(1, "touch", 90, 50), []);
});

test("the pen's other end erases", () => {
  assert.deepEqual(new Hand().down(9, "pen", 10, 10, "eraser"), ["tool-begin eraser"]);
});

test("what the system takes away: a finger's mark goes, a pen's stands", () => {
  const hand = new Hand();
  hand.down(1, "touch", 10, 10);
  hand.move(1, "touch", 40, 10);
  assert.deepEqual(hand.cancel(1, "touch"), ["tool-undo"]);
  assert.deepEqual(hand.down(9, "pen", 10, 10), ["tool-begin"]);
  assert.deepEqual(hand.cancel(9, "pen"), ["tool-end"]);
  assert.equal(hand.gestures.busy, false);
});

test("any sequence of events leaves nothing behind once all pointers are up", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const hand = new Hand();
    let state = seed, tool = 0;
    const random = (n: number): number => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) % n;
    const follow = (done: readonly string[]): void => {
      for (const word of done) {
        if (word.startsWith("tool-begin")) tool++;
        if (word === "tool-end" || word === "tool-undo") tool--;
        assert.ok(tool === 0 || tool === 1, `seed ${seed}: ${word}`);
      }
    };
    const kinds: PointerKind[] = ["touch", "touch", "touch", "pen", "mouse"];
    const isDown = new Set<number>();
    for (let i = 0; i < 120; i++) {
      const id = random(5), kind = kinds[id] ?? "touch";
      if (!isDown.has(id)) {
        follow(hand.down(id, kind, random(500), random(500)));
        isDown.add(id);
      } else if (random(3) > 0) {
        follow(hand.move(id, kind, random(500), random(500)));
      } else {
        follow(random(2) > 0 ? hand.up(id, kind) : hand.cancel(id, kind));
        isDown.delete(id);
      }
      if (random(10) === 0) hand.now += 1000;
    }
    for (const id of isDown) follow(hand.up(id, kinds[id] ?? "touch"));
    assert.equal(tool, 0, `seed ${seed}`);
    assert.equal(hand.gestures.busy, false, `seed ${seed}`);
  }
});
