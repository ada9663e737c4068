// Cutting, copying and pasting with the board's commands.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MIME, ROOM } from "../src/board/clipboard.ts";
import { Commands } from "../src/board/commands.ts";
import { ElementKind } from "../src/ot/types.ts";
import type { Key } from "../src/ot/types.ts";
import { Code, CodeError } from "../src/protocol/codes.ts";
import type { RoomImages } from "../src/sync/api.ts";
import { seats } from "./board-seat.ts";

const KEPT = "a".repeat(64), GONE = "b".repeat(64);

const data = (types: Readonly<Record<string, string>>, files: readonly File[] = []): DataTransfer =>
  ({ getData: (type: string) => types[type] ?? "", files, types: Object.keys(types) }) as unknown as DataTransfer;

describe("copying", () => {
  test("what is cut on one page is pasted on another, whole, with new ids and as a group of its own", async () => {
    const { w, at: [ann, bob] } = await seats("ann", "bob");
    const a = ann.box(1000, 1000), t = ann.text(3000, 1000, "早上好\n\"<&>"), ink = ann.stroke([[5000, 1000], [5100, 1100], [5300, 1000]]);
    ann.site.picked.set([a, t]);
    ann.do("group");
    ann.site.picked.set([a, t, ink]);
    ann.do("cut");
    assert.deepEqual(ann.order(), []);
    assert.equal(ann.clipboard["text/plain"], "早上好\n\"<&>");
    await w.pass(200);
    await bob.commands.paste(data(ann.clipboard));
    const elements = bob.picked.map((k) => bob.site.get(k));
    assert.deepEqual(elements.map((e) => e?.kind), [ElementKind.Rectangle, ElementKind.Text, ElementKind.Ink]);
    assert.equal(elements[1]?.text, "早上好\n\"<&>");
    assert.equal(elements[2]?.count, 3);
    assert.deepEqual(bob.xy(bob.picked[0] as Key), [1200, 1200]);
    assert.deepEqual(elements[0]?.group, elements[1]?.group);
    assert.equal(elements[2]?.group, undefined);
    assert.ok(bob.picked.every((k) => ![a, t, ink].includes(k)));
    await bob.commands.paste(data({ "text/html": ann.clipboard["text/html"] ?? "" }));
    assert.deepEqual(bob.xy(bob.picked[0] as Key), [1400, 1400], "a little further each time");
    bob.do("undo");
    assert.equal(bob.order().length, 3, "a paste is one step");
    await w.pass(300);
    assert.equal(ann.doc.hash(), bob.doc.hash());
  });

  test("what is more than one paste takes is neither copied nor cut, and that is told", async () => {
    const { at: [ann] } = await seats("ann");
    for (let i = 0; i < 5001; i++) ann.box(1000 + i, 1000);
    ann.do("select-all");
    ann.do("copy");
    ann.do("cut");
    assert.deepEqual([ann.order().length, ann.clipboard, ann.notices], [5001, {}, ["copy.toomuch", "copy.toomuch"]]);
    ann.site.picked.set(ann.picked.slice(1));
    ann.do("cut");
    assert.equal(ann.order().length, 1);
    await ann.commands.paste(data(ann.clipboard));
    assert.equal(ann.order().length, 5001);
  });

  test("a copy of an erased stroke has only what is seen of it", async () => {
    const { at: [ann] } = await seats("ann");
    const stroke = ann.stroke(Array.from({ length: 21 }, (_, i) => [1000 + 100 * i, 2000] as const));
    const eraser = ann.doc.startErasing();
    eraser.erase(stroke, [{ from: 5 * 256, to: 15 * 256 }]);
    eraser.end();
    ann.site.picked.set([stroke]);
    ann.do("duplicate");
    assert.deepEqual(ann.picked.map((k) => ann.site.get(k)?.visible()), [undefined, undefined]);
  });

  test("plain text becomes a text in the middle of the view, cleaned of what may not stand in one", async () => {
    const { at: [ann] } = await seats("ann");
    await ann.commands.paste(data({ "text/plain": "one\r\ntwo\u0007" }));
    const [k] = ann.picked;
    assert.equal(k && ann.site.get(k)?.text, "one\ntwo");
    await ann.commands.paste(data({ "text/plain": "  " }));
    assert.deepEqual(ann.picked, [k]);
  });

  test("text that comes with a picture of itself, as office programs give it, is pasted as text", async () => {
    const { at: [ann] } = await seats("ann");
    const uploaded: File[] = [];
    const commands = new Commands(ann.site, {
      copy: () => undefined, reshape: () => undefined, upload: async (image) => void uploaded.push(image), images: undefined,
      pasted: (keys) => ann.site.picked.set(keys), notice: undefined,
    });
    const picture = new File([], "text.png", { type: "image/png" });
    await commands.paste(data({ "text/plain": "3\t4" }, [picture]));
    assert.deepEqual(ann.picked.map((k) => ann.site.get(k)?.text), ["3\t4"]);
    await commands.paste(data({}, [picture]));
    assert.deepEqual(uploaded, [picture], "a picture alone is an image");
  });

  test("images copied in another room come along before they are pasted; those that cannot are left out, and that is told", async () => {
    const { at: [ann] } = await seats("ann");
    const brought: string[][] = [], notices: string[] = [];
    const no = async (): Promise<never> => assert.fail("nothing is uploaded or loaded");
    const images: RoomImages = {
      room: "00000-00002", upload: no, load: no,
      bring: async (content, room) => {
        brought.push([content, room]);
        if (content === GONE) throw new CodeError(Code.NoSuchDocument);
      },
    };
    let clipboard: Readonly<Record<string, string>> = {};
    const commands = new Commands(ann.site, {
      copy: (texts) => (clipboard = texts), reshape: () => undefined, upload: undefined, images,
      pasted: (made) => ann.site.picked.set(made), notice: (notice) => notices.push(notice),
    });
    const shown = (): (string | undefined)[] => ann.picked.map((k) => ann.site.get(k)?.content);
    const keys = [ann.box(0, 0), ...[KEPT, GONE, KEPT].map((content, i) => ann.image(1000 * (i + 1), 0, content))];
    ann.site.picked.set(keys);
    commands.do("copy");
    assert.equal(clipboard[ROOM], "00000-00002");
    assert.ok(!clipboard["text/html"]?.includes("00000-00002"), "who knows a code may enter");
    await commands.paste(data({ ...clipboard, [ROOM]: "00000-00009" }));
    assert.deepEqual([brought, notices], [[[KEPT, "00000-00009"], [GONE, "00000-00009"]], ["paste.noimages"]]);
    assert.deepEqual(shown(), ["", KEPT, KEPT]);
    ann.site.picked.set(keys);
    await commands.paste(data(clipboard));
    assert.deepEqual([shown(), brought.length], [["", KEPT, GONE, KEPT], 2], "in the same room all are there");
    const page = ann.site.document;
    const pasted = commands.paste(data({ ...clipboard, [ROOM]: "00000-00009" }));
    ann.site.document = undefined;
    await pasted;
    ann.site.document = page;
    assert.deepEqual(notices.at(-1), "paste.turned");
  });

  test("a clipboard from elsewhere is believed in nothing", async () => {
    const { at: [ann] } = await seats("ann");
    const good = { kind: ElementKind.Rectangle, settings: [[1, "0000c80164c801"]] };
    const bad: unknown[] = [
      { ...good, kind: 99 }, { ...good, settings: [[1, "zz"]] }, { ...good, settings: [[99, "00"]] }, { ...good, settings: [] },
      { kind: ElementKind.Ink, settings: [], points: [1, 2, 3] }, { kind: ElementKind.Ink, settings: [], points: [0, 0, 256, 0] },
      { kind: ElementKind.Ink, settings: [] }, { ...good, points: [0, 0, 0, 0] }, null, 7, [good],
      { ...good, settings: [[2, "01"], [1, "0000c80164c801"]] },
    ];
    for (const element of bad) await ann.commands.paste(data({ [MIME]: JSON.stringify({ chalkline: 1, elements: [element] }) }));
    for (const text of ["", "{", "null", "[]", '{"chalkline":2,"elements":[]}', '{"chalkline":1}']) await ann.commands.paste(data({ [MIME]: text }));
    assert.deepEqual(ann.order(), []);
  });
});
