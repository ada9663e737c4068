import assert from "node:assert/strict";
import { test } from "node:test";
import { drawingKey } from "../ot/order.ts";
import { Element } from "../ot/element.ts";
import { ElementKind } from "../ot/types.ts";
import { keyBetween, keysBetween, placed } from "./order.ts";

const implicitKey = (created: number): string => drawingKey(new Element({ replica: 1, counter: 1 }, ElementKind.Ink, created));

test("OT10: a key is found below, above and between what has none", () => {
  const pairs: [string | undefined, string | undefined][] = [
    [undefined, undefined], [undefined, implicitKey(0)], [implicitKey(0), implicitKey(1)], [implicitKey(61), implicitKey(62)],
    [implicitKey(9), undefined], [implicitKey(5), "V"], ["V", undefined],
  ];
  for (const [a, b] of pairs) {
    const key = keyBetween(a, b);
    assert.ok(key !== undefined, `${a} ${b}`);
    assert.ok((a === undefined || a < key) && (b === undefined || key < b), `${a} < ${key} < ${b}`);
    assert.match(key, /^[0-9A-Za-z]{1,24}$/);
    assert.ok(!key.endsWith("0"));
  }
});

test("there is nothing between a key and itself", () => {
  assert.equal(keyBetween("U1", "U1"), undefined);
  assert.equal(keyBetween("U2", "U1"), undefined);
});

test("bringing to the front a hundred times stays within 24 characters", () => {
  let top = implicitKey(7);
  for (let i = 0; i < 100; i++) {
    const next = keyBetween(top, undefined);
    assert.ok(next !== undefined && next > top && next.length <= 24, `${i}: ${next}`);
    top = next;
  }
  assert.ok(top < implicitKey(8), "what is drawn later lies above all of them");
});

test("keys are found at the same place until 24 characters are used up, then none", () => {
  let low = implicitKey(1);
  const high = implicitKey(2);
  let n = 0;
  for (; ; n++) {
    const next = keyBetween(low, high);
    if (next === undefined) break;
    assert.ok(low < next && next < high);
    low = next;
  }
  assert.ok(n > 40, String(n));
});

test("many keys rise and keep their bounds", () => {
  const keys = keysBetween(implicitKey(3), implicitKey(4), 500) ?? [];
  assert.equal(keys.length, 500);
  keys.forEach((key, i) => assert.ok((keys[i - 1] ?? implicitKey(3)) < key && key < implicitKey(4)));
});

test("where no key is left the neighbours get new ones, in the same order", () => {
  const below = [{ key: "a", at: "U000000001" }, { key: "b", at: "U000000001zzzzzzzzzzzzzz" }];
  const above = [{ key: "c", at: "U000000002" }];
  const changes = new Map(placed(below, ["x", "y"], above));
  const at = (key: string): string => changes.get(key) ?? [...below, ...above].find((e) => e.key === key)?.at ?? "";
  const keys = ["a", "b", "x", "y", "c"].map(at);
  assert.deepEqual([...keys].sort(), keys);
  assert.equal(new Set(keys).size, 5);
});
