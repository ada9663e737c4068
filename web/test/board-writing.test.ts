// Texts that are edited in place, two people beside each other.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { editInPlace } from "../src/board/anchored.ts";
import { TextSession } from "../src/board/textedit.ts";
import { ElementKind, Register } from "../src/ot/types.ts";
import type { Key } from "../src/ot/types.ts";
import { placeValue } from "../src/ot/value.ts";
import { seats, type Seat } from "./board-seat.ts";

describe("writing together", () => {
  /** A text area as far as a session needs one. */
  class Area {
    value = "";
    selectionStart = 0;
    selectionEnd = 0;
    selectionDirection = "forward";

    setSelectionRange(start: number, end: number): void {
      [this.selectionStart, this.selectionEnd] = [start, end];
    }

    put(from: number, to: number, text: string): void {
      this.value = this.value.slice(0, from) + text + this.value.slice(to);
      this.setSelectionRange(from + text.length, from + text.length);
    }
  }

  function write(seat: Seat, k: Key): { area: Area; session: TextSession } {
    const area = new Area();
    const session = new TextSession(area, {
      text: () => seat.site.get(k)?.text,
      edit: (edit) => seat.doc.editText(k, edit),
      watch: (listener) => seat.doc.watchText(k, listener),
      select: (anchor, head) => seat.doc.selectText({ key: k, anchor, head, x: 0, y: 0 }),
    }, () => undefined);
    return { area, session };
  }

  test("two people type in one word, one of them through an input method: no letter lost or doubled", async () => {
    const { w, at: [ann, bob] } = await seats("ann", "bob");
    const k = ann.text(1000, 1000, "今天");
    await w.pass(300);
    const a = write(ann, k), b = write(bob, k);
    a.session.select(1, 1);
    a.session.compositionStart();
    for (const letters of ["m", "mi", "ming"]) {
      a.area.put(1, a.area.value.length - 1, letters);
      a.session.input();
      const at = [...b.area.value].length;
      b.area.put(at, at, "!");
      b.session.input();
      await w.pass(120);
      assert.ok(a.session.shown.text.includes(letters));
    }
    b.area.put(0, 0, "从");
    b.session.input();
    await w.pass(200);
    a.area.put(1, a.area.value.length - 1, "明");
    a.session.compositionEnd();
    a.session.input();
    await w.pass(400);
    assert.equal(ann.site.get(k)?.text, "从今明天!!!");
    assert.deepEqual([a.area.value, b.area.value, bob.site.get(k)?.text], Array(3).fill("从今明天!!!"));
    assert.equal(ann.doc.hash(), bob.doc.hash());
  });

  test("OT15: a text that is made and stays empty leaves nothing to undo or redo", async () => {
    const { at: [ann] } = await seats("ann");
    const there = ann.text(1000, 1000, "ab");
    const end = ann.site.begin();
    const made = ann.doc.create(ElementKind.Text, [{ register: Register.Place, value: placeValue({ x: 0, y: 0, w: 0, h: 300, angle: 0 }) }]);
    ann.doc.delete([made]);
    end();
    ann.doc.history.undo();
    assert.notEqual(ann.site.get(there)?.text, "ab");
    assert.equal(ann.site.get(made), undefined);
    ann.doc.history.redo();
    assert.equal(ann.site.get(made), undefined);
  });

  test("a turned text begins where it began, however much is typed, and undo puts it back", async () => {
    const { w, at: [ann] } = await seats("ann");
    const k = ann.text(1000, 1000, "ab");
    ann.table.reshape([{ key: k, place: { ...ann.place(k), angle: 3000 }, size: undefined }]);
    await w.pass(1500);
    const corner = (): number[] => {
      const f = ann.site.item(k)?.frame;
      return [Math.round(f?.e ?? 0), Math.round(f?.f ?? 0)];
    };
    const from = corner(), place = ann.place(k);
    const end = ann.site.begin();
    for (let i = 0; i < 20; i++) editInPlace(ann.site, k, [{ kind: "insert", text: "abc" }]);
    end();
    corner().forEach((v, i) => assert.ok(Math.abs(v - (from[i] ?? 0)) <= 10, `${corner().join()} began at ${from.join()}`));
    assert.notDeepEqual(ann.place(k), place);
    ann.doc.history.undo();
    assert.deepEqual([ann.site.get(k)?.text, ann.place(k)], ["ab", place]);
  });

  test("undo takes back what one typed oneself and leaves what the other did, in both fields", async () => {
    const { w, at: [ann, bob] } = await seats("ann", "bob");
    const k = ann.text(1000, 1000, "ab");
    await w.pass(1500);
    const a = write(ann, k), b = write(bob, k);
    a.area.put(2, 2, "cd");
    a.session.input();
    await w.pass(300);
    b.area.put(0, 0, "X");
    b.session.input();
    await w.pass(300);
    ann.doc.history.undo();
    await w.pass(300);
    assert.deepEqual([a.area.value, b.area.value], ["Xab", "Xab"]);
    ann.doc.history.redo();
    await w.pass(300);
    assert.deepEqual([a.area.value, b.area.value], ["Xabcd", "Xabcd"]);
  });
});
