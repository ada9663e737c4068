// Pages that are removed, restored and moved (PGS), in simulated time.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Authority, pageEvent, seen, shownFor, type PageEvent } from "../src/sync/authority.ts";
import { Code } from "../src/protocol/codes.ts";
import { MAX_PAGES } from "../src/protocol/limits.ts";
import type { CodedRecord } from "../src/protocol/record.ts";
import { Browser, World, type Page } from "./sync-world.ts";
import { BOARD, atRest, draw, enter, points } from "./sync-people.ts";

const add = (page: string, after: string): PageEvent => ({ case: "pageAdded", value: { page, after } });
const remove = (page: string): PageEvent => ({ case: "pageRemoved", value: { page } });
const restore = (page: string): PageEvent => ({ case: "pageRestored", value: { page } });
const move = (page: string, after: string): PageEvent => ({ case: "pageMoved", value: { page, after } });

/** The pages a, b, c and d after events. */
function after(...events: readonly PageEvent[]): Authority {
  const authority = new Authority(() => {});
  const all = [add("a", ""), add("b", "a"), add("c", "b"), add("d", "c"), ...events];
  for (const e of all) authority.apply({ payload: pageEvent(e) } as CodedRecord);
  return authority;
}

describe("pages", () => {
  // The cases of server/classroom.
  const cases: [string, readonly PageEvent[], string][] = [
    ["removed twice", [remove("b"), remove("b")], "acd"],
    ["restored where it was", [remove("b"), restore("b"), restore("b")], "abcd"],
    ["unknown", [remove("x"), restore("x"), move("x", "a")], "abcd"],
    ["all but the last", [remove("a"), remove("b"), remove("c"), remove("d")], "d"],
    ["moved to the front", [move("c", "")], "cabd"],
    ["moved behind an unknown", [move("c", "x")], "cabd"],
    ["moved behind itself", [move("c", "c")], "abcd"],
    ["moved by two at once", [move("a", "d"), move("a", "b")], "bacd"],
    ["moved behind a removed one", [remove("b"), move("d", "b"), restore("b")], "abdc"],
    ["moved while removed", [remove("b"), move("b", "d"), restore("b")], "acdb"],
  ];
  for (const [name, events, want] of cases) {
    test(`PGS2: ${name}`, () => assert.equal(seen(after(...events).with([])).join(""), want));
  }

  test("PGS2: the hash covers the order, as the server's does", () => {
    const authority = new Authority(() => {});
    const restored = authority.restore(Uint8Array.of(8, 2, 16, 5, 26, 1, 98, 26, 1, 97, 26, 1, 99, 34, 1, 99)); // pages b, a, c; c is removed
    assert.equal(Buffer.from(restored.hash()).toString("hex"), "5c5c2fde0adac387442cd0f6fe0d5514");
  });

  test("PGS4: in place of a removed page the next is shown, else the one before", () => {
    const state = after(remove("b"), remove("d")).with([]);
    assert.deepEqual(["a", "b", "c", "d", "x"].map((page) => shownFor(state, page)), ["a", "c", "c", "c", ""]);
  });

  test("a page that is removed goes at once here and soon for everybody, and comes back with its ink", async () => {
    const w = new World();
    const [ann, bob] = [await enter(w, "ann"), await enter(w, "bob", new Browser(w.clock))];
    const page = ann.page.session.addPage("p1");
    await draw(w, bob.board, 10);
    await w.pass(200);
    ann.page.session.removePage("p1");
    assert.deepEqual([ann.page.session.pages.value, ann.page.session.removedPages.value], [[page], ["p1"]]);
    assert.equal(ann.page.session.shownPage("p1"), page);
    await w.pass(200);
    assert.deepEqual([bob.page.session.pages.value, bob.page.session.removedPages.value], [[page], ["p1"]]);
    const cat = w.page("cat", new Browser(w.clock)); // comes by a snapshot
    await w.pass(200);
    assert.deepEqual(cat.session.pages.value, [page]);
    bob.page.session.restorePage("p1");
    await w.pass(200);
    for (const { session } of [ann.page, bob.page, cat]) assert.deepEqual([session.pages.value, session.removedPages.value], [["p1", page], []]);
    const board = cat.session.look("p1");
    await w.pass(200);
    assert.deepEqual(points(board), [10]);
    atRest(w, ann.board, bob.board, board);
    await w.pass(31_000);
    assert.ok(!w.server.heard.includes("syncState"), "a hash differed");
  });

  test("PGS2: two who move one page at once end in the same order", async () => {
    const w = new World();
    const [ann, bob] = [await enter(w, "ann"), await enter(w, "bob", new Browser(w.clock))];
    const second = ann.page.session.addPage("p1");
    const third = ann.page.session.addPage(second);
    await w.pass(200);
    ann.page.session.movePage("p1", third);
    bob.page.session.movePage("p1", second);
    assert.deepEqual(ann.page.session.pages.value, [second, third, "p1"]);
    assert.deepEqual(bob.page.session.pages.value, [second, "p1", third]);
    await w.pass(200);
    const { value } = ann.page.session.pages;
    assert.equal(value.length, 3);
    assert.deepEqual(bob.page.session.pages.value, value);
    await w.pass(31_000);
    assert.ok(!w.server.heard.includes("syncState"), "a hash differed");
  });

  /** ann draws a stroke on a page of hers without network, and the store is put back as it was before the page. */
  const losePage = async (w: World): Promise<{ ann: Page; page: string; putBack: () => void }> => {
    const { page: ann } = await enter(w, "ann");
    const older = w.server.backup();
    const page = ann.session.addPage("p1");
    const board = ann.session.look(page);
    await w.pass(200);
    const putBack = w.server.backup();
    w.server.kill();
    await draw(w, board, 10);
    older();
    return { ann, page, putBack };
  };
  const asked = ({ server }: World): number => server.heard.filter((h) => h === "submit").length;

  test("PGS1: where no more pages may be, work on one that the store lost is offered, kept, and delivered once the page is there", async () => {
    const w = new World();
    const { ann, page, putBack } = await losePage(w);
    for (let n = w.server.pages().length; n < MAX_PAGES; n++) w.server.addPage(`q${n}`);
    const before = asked(w);
    w.server.up = true;
    await w.pass(20_000);
    const [refused, ...others] = ann.session.refused.value;
    assert.deepEqual([ann.kind, refused?.page, refused?.code, refused?.parameters.limit, others], ["synced", page, Code.BoardFull, "pages", []]);
    assert.ok(refused?.ops.some((op) => op.kind === "create"));
    assert.ok(ann.session.connection.value.unsent > 0);
    assert.equal(asked(w), before);
    ann.kill();
    w.server.kill();
    putBack();
    w.server.up = true;
    const again = w.page("ann");
    await w.pass(3000);
    assert.equal(again.session.connection.value.unsent, 0);
    assert.deepEqual(w.server.doc(`board::${page}`).board?.created.map((e) => e.count), [10]);
  });

  test("PGS1: a page that the store lost and that may not be made again is asked for once, and again on another connection", async () => {
    const w = new World();
    const { ann, page } = await losePage(w);
    w.server.refusePages = true;
    const before = asked(w);
    w.server.up = true;
    await w.pass(20_000);
    assert.deepEqual([ann.kind, asked(w) - before], ["synced", 1]);
    assert.deepEqual(ann.session.refused.value.map((r) => r.code), [Code.NotPermitted]);
    assert.ok(ann.session.connection.value.unsent > 0);
    w.server.refusePages = false;
    w.server.kill();
    w.server.up = true;
    await w.pass(3000);
    assert.equal(ann.session.connection.value.unsent, 0);
    assert.deepEqual(w.server.doc(`board::${page}`).board?.created.map((e) => e.count), [10]);
  });

  test("PGS3: what was drawn offline on a page that is removed meanwhile is refused and offered; the page is not made again", async () => {
    const w = new World();
    const [ann, bob] = [await enter(w, "ann"), await enter(w, "bob", new Browser(w.clock))];
    const page = bob.page.session.addPage("p1");
    await draw(w, ann.board, 10);
    await w.pass(200);
    w.server.kill();
    await draw(w, ann.board, 20);
    const before = w.server.hash(BOARD);
    w.server.append("authority", 0, 0, w.server.roomTime(), pageEvent(remove("p1")));
    w.server.up = true;
    await w.pass(30_000);
    assert.equal(ann.page.kind, "synced");
    assert.deepEqual(ann.page.session.pages.value, [page]);
    assert.deepEqual(new Set(ann.page.session.refused.value.map((r) => `${r.page} ${r.code}`)), new Set([`p1 ${Code.PageRemoved}`]));
    assert.equal(ann.page.session.connection.value.unsent, 0);
    bob.page.session.restorePage("p1");
    await w.pass(200);
    assert.deepEqual(ann.page.session.pages.value, ["p1", page]);
    assert.equal(w.server.hash(BOARD), before);
    assert.deepEqual(points(ann.board), [10]);
    atRest(w, ann.board, bob.board);
  });
});
