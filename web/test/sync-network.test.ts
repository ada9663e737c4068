// A page without a network while the others go on, in simulated time.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Browser, World } from "./sync-world.ts";
import { atRest, draw, enter, noNumberReused, points } from "./sync-people.ts";

/** ms without a network. */
const OUTAGES = [5000, 30_000, 180_000];
/** ms after which a page is back whose browser says that there is a network again. */
const BACK_TOLD = 500;
/** Else an attempt that got lost may just have begun: 4 s until it is given up (SES4), and up to 1 s until the next. */
const BACK_UNTOLD = 5500;

for (const told of [false, true]) {
  test(`a page is without a network and ${told ? "is told so" : "nobody tells it"}: both go on drawing, and nothing is lost or doubled`, async () => {
    const w = new World();
    const [ann, bob] = [await enter(w, "ann"), await enter(w, "bob", new Browser(w.clock))];
    const network = (there: boolean): void => {
      bob.page.air.away = !there;
      if (!told) return;
      bob.page.online = there;
      bob.page.signal(there ? "online" : "offline");
    };
    let strokes = 0;
    for (const outage of OUTAGES) {
      const drawing = draw(w, bob.board, 20); // over the moment at which it goes
      await w.pass(70);
      network(false);
      await drawing;
      strokes++;
      let unseen = 0;
      for (const began = w.clock.now(); w.clock.now() - began < outage; unseen++) {
        await draw(w, ann.board, 10);
        await draw(w, bob.board, 20);
        await w.pass(outage / 10);
        strokes += 2;
      }
      assert.notEqual(bob.page.kind, "synced", `after ${outage} ms`);
      assert.ok(bob.page.session.connection.value.unsent > 0, `after ${outage} ms`);
      assert.equal(points(bob.board).length, strokes - unseen, "own strokes are shown");
      network(true);
      await w.pass(told ? BACK_TOLD : BACK_UNTOLD);
      for (const { page } of [ann, bob]) assert.deepEqual([page.kind, page.session.connection.value.unsent], ["synced", 0], `after ${outage} ms`);
      atRest(w, ann.board, bob.board);
      assert.equal(points(bob.board).length, strokes);
    }
    assert.equal(points(bob.board).filter((n) => n !== 10 && n !== 20).length, 0);
    noNumberReused(w);
  });
}
