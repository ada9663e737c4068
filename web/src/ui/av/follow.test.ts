import assert from "node:assert/strict";
import { test } from "node:test";
import type { Stage } from "../../sync/api.ts";
import { Value } from "../../sync/observable.ts";
import { Follow } from "./follow.ts";

/** A page that looks at pages; me is its participant. */
function setUp(stage: Stage = { page: "", lead: "" }, me = "me") {
  const session = {
    participant: me, stage: new Value(stage), pages: new Value<readonly string[]>(["a", "b", "c"]), turned: [] as string[],
    turn(page: string) {
      this.turned.push(page);
      this.stage.set({ ...this.stage.value, page });
    },
  };
  const host = {
    now: "a", shown: [] as string[], presents: true,
    current: () => host.now,
    show(page: string) {
      host.now = page;
      host.shown.push(page);
    },
  };
  const follow = new Follow(session, host);
  const look = (page: string): void => {
    host.now = page;
    follow.looked(page);
  };
  return { session, host, follow, look };
}

test("STG3 the stage's page is followed, by who comes late at once", () => {
  const { session, host } = setUp({ page: "b", lead: "t" });
  assert.equal(host.now, "b");
  session.turn("c");
  assert.equal(host.now, "c");
});

test("STG3 who looks at another page goes their own way until they ask, or look at the stage's page", () => {
  const { session, host, follow, look } = setUp({ page: "b", lead: "t" });
  look("a");
  session.turn("c");
  assert.equal(host.now, "a");
  assert.equal(follow.following.value, false);
  follow.back();
  assert.equal(host.now, "c");
  look("a");
  look("c");
  assert.equal(follow.following.value, true);
  session.turn("b");
  assert.equal(host.now, "b");
});

test("STG3 the lead's looking turns everybody, and what others turn takes the lead along", () => {
  const { session, host, look } = setUp({ page: "a", lead: "me" });
  session.turned.length = 0;
  look("b");
  look("b");
  assert.deepEqual(session.turned, ["b"]);
  session.stage.set({ page: "c", lead: "me" });
  assert.equal(host.now, "c");
});

test("who becomes the lead shows what is before them; who comes back as the lead goes to the room's page", () => {
  const begins = setUp();
  begins.look("b");
  begins.session.stage.set({ page: "", lead: "me" });
  assert.deepEqual(begins.session.turned, ["b"]);
  const back = setUp();
  back.session.stage.set({ page: "c", lead: "me" });
  assert.deepEqual(back.session.turned, []);
  assert.equal(back.host.now, "c");
});

test("a page that is turned to before it is known is gone to when it is", () => {
  const { session, host } = setUp();
  session.stage.set({ page: "d", lead: "t" });
  assert.equal(host.now, "a");
  session.pages.set(["a", "b", "c", "d"]);
  assert.equal(host.now, "d");
});

test("nobody's own looking is anybody's business while nothing was turned to", () => {
  const { session, follow, look } = setUp();
  look("b");
  assert.equal(follow.following.value, true);
  assert.deepEqual(session.turned, []);
});

test("of several pages of whoever becomes the lead one turns everybody; the others go where it is", () => {
  const { session, host, look } = setUp();
  host.presents = false;
  look("b");
  session.stage.set({ page: "", lead: "me" });
  assert.deepEqual(session.turned, []);
  session.stage.set({ page: "c", lead: "me" });
  assert.equal(host.now, "c");
});
