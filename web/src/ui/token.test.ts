import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { Code, CodeError } from "../sync/index.ts";
import { forgetToken, takeToken, tokenFor } from "./token.ts";

const fetched = globalThis.fetch;
afterEach(() => {
  globalThis.fetch = fetched;
  Reflect.deleteProperty(globalThis, "localStorage");
});

const answering = (status: number, body: string): void => {
  globalThis.fetch = () => Promise.resolve(new Response(body, { status }));
};

const codeOf = async (asked: Promise<string>): Promise<number> => {
  const error = await asked.then(
    () => undefined,
    (e: unknown) => e,
  );
  assert.ok(error instanceof CodeError, String(error));
  return error.code;
};

const ROOM = 1_692_398_069_069n, OTHER = ROOM + 1n;

const claims = (value: unknown): string => `h.${Buffer.from(JSON.stringify(value)).toString("base64url")}.s`;

/** Follows a link in a browser; `address` is what the page then puts into the bar, "" for nothing. */
let address = "";
const open = (hash: string, called = ""): string | undefined => {
  address = "";
  Object.assign(globalThis, {
    history: { state: null, replaceState: (_: unknown, __: string, to: string) => (address = to) },
    location: { hash, pathname: "/r/01H85-CJ9AD", search: "?x" },
  });
  return takeToken(called);
};

/** The local storage of the browser until the test is over. While full it takes nothing. */
function storage(): { readonly entries: Map<string, string>; full: boolean } {
  const disk = { entries: new Map<string, string>(), full: false };
  const localStorage = {
    getItem: (key: string) => disk.entries.get(key) ?? null,
    setItem: (key: string, value: string) => {
      if (disk.full) throw new Error("QuotaExceededError");
      disk.entries.set(key, value);
    },
    removeItem: (key: string) => disk.entries.delete(key),
  };
  Object.assign(globalThis, { localStorage });
  return disk;
}

test("a token behind the link is taken out of the address, kept, and names the person", async () => {
  for (const [token, name] of [
    [claims({ sub: "7", name: " 王小明？>" }), "王小明？>"], [claims({ sub: "7" }), ""], [claims({ name: 7 }), ""], [claims(null), ""],
    [claims({ name: "明".repeat(22) }), ""], [claims([]), ""], ["a.b.c", ""], [".....", ""],
  ] as const) {
    const { entries } = storage();
    assert.equal(open(`#token=${token}`), name, token);
    assert.equal(address, "/r/01H85-CJ9AD?x");
    assert.deepEqual([...entries], [["chalkline.token", token]]);
    assert.equal(await tokenFor("Ann"), token);
  }
  for (const hash of ["", "#elsewhere", "#token="]) {
    assert.equal(open(hash, "Ann"), undefined);
    assert.equal(address, "", "a link without one is left as it is");
  }
});

test("a token for one room is kept for that room alone", async () => {
  const { entries } = storage();
  const any = claims({ sub: "7" }), bound = claims({ sub: "7", room: Number(ROOM) });
  open(`#token=${bound}`);
  assert.deepEqual([...entries], [["chalkline.token.01H85-CJ9AD", bound]]);
  answering(403, JSON.stringify({ code: 3008, parameters: null }));
  assert.equal(await tokenFor("Ann", ROOM), bound);
  assert.equal(await codeOf(tokenFor("Ann", OTHER)), Code.NotPermitted);
  assert.equal(await codeOf(tokenFor("Ann")), Code.NotPermitted, "nor is it one to create rooms with");
  open(`#token=${any}`);
  assert.deepEqual([await tokenFor("Ann", ROOM), await tokenFor("Ann", OTHER), await tokenFor("Ann")], [bound, any, any]);
  forgetToken(bound);
  assert.equal(await tokenFor("Ann", ROOM), any);
});

test("a new token is one for any room", async () => {
  const { entries } = storage();
  answering(200, JSON.stringify({ token: "guest" }));
  assert.equal(await tokenFor("Ann", ROOM), "guest");
  assert.deepEqual([...entries], [["chalkline.token", "guest"]]);
});

test("a room that cannot be is none", async () => {
  for (const room of [0, -1, 1.5, 2 ** 50, 1e300, "7", null, [7], {}]) {
    storage();
    const token = claims({ sub: "7", room });
    open(`#token=${token}`);
    assert.equal(await tokenFor("Ann", OTHER), token, token);
  }
  const { entries } = storage();
  open(`#token=${claims({ room: 2 ** 50 - 1 })}`);
  assert.deepEqual([...entries.keys()], ["chalkline.token.ZZZZZ-ZZZZZ"]);
});

test("a token that is refused goes, the newer one of another tab stays", async () => {
  const { entries } = storage();
  for (const room of [undefined, Number(ROOM)]) {
    const old = claims({ sub: "7", room }), newer = claims({ sub: "8", room });
    open(`#token=${old}`);
    const slot = [...entries.keys()][0] ?? "";
    entries.set(slot, newer);
    forgetToken(old);
    assert.equal(await tokenFor("Ann", ROOM), newer);
    forgetToken(newer);
    assert.equal(entries.size, 0);
  }
});

test("a token that could not be stored goes before the old one that was, until it is refused or one can be stored", async () => {
  const disk = storage();
  const token = (sub: string): string => claims({ sub });
  open(`#token=${token("old")}`);
  disk.full = true;
  open(`#token=${token("new")}`);
  assert.equal(await tokenFor("Ann"), token("new"));
  forgetToken(token("old"));
  assert.equal(await tokenFor("Ann"), token("new"));
  assert.equal(disk.entries.size, 0);
  disk.full = false;
  open(`#token=${token("newest")}`);
  assert.equal(await tokenFor("Ann"), token("newest"));
});

test("without storage a token is there until it is refused", async () => {
  answering(403, JSON.stringify({ code: 3008, parameters: null }));
  open("#token=a.b.c");
  forgetToken("another");
  assert.equal(await tokenFor("Ann", ROOM), "a.b.c");
  forgetToken("a.b.c");
  assert.equal(await codeOf(tokenFor("Ann", ROOM)), Code.NotPermitted);
});

test("only the same person keeps the name where the token says none", () => {
  for (const room of [undefined, Number(ROOM)]) {
    storage();
    const link = (more: object): string => `#token=${claims({ room, ...more })}`;
    assert.equal(open(link({ sub: "7" }), "Ann"), "", "nobody was here");
    assert.equal(open(link({ sub: "7" }), "Bob"), "Bob");
    assert.equal(open(link({ sub: "7", name: "Robert" }), "Bob"), "Robert");
    assert.equal(open(link({ sub: "7", name: "x".repeat(65) }), "Bob"), "Bob", "too long is none");
    assert.equal(open(link({ sub: "8" }), "Bob"), "");
    assert.equal(open(link({}), "Bob"), "");
    assert.equal(open(link({}), "Bob"), "", "who does not say who it is is not the same");
  }
});

test("who is given no token is told why, not that the network is gone", async () => {
  answering(403, JSON.stringify({ code: 3008, parameters: null }));
  assert.equal(await codeOf(tokenFor("Ann")), Code.NotPermitted);
  answering(503, JSON.stringify({ code: 2004, parameters: null }));
  assert.equal(await codeOf(tokenFor("Ann")), Code.TooManyTries);
});

test("without an answer that can be read the server was not reached", async () => {
  answering(502, "<h1>Bad Gateway</h1>");
  assert.equal(await codeOf(tokenFor("Ann")), 0);
  answering(200, "<h1>Sign in to the hotel</h1>");
  assert.equal(await codeOf(tokenFor("Ann")), 0);
  globalThis.fetch = () => Promise.reject(new TypeError("Failed to fetch"));
  assert.equal(await codeOf(tokenFor("Ann")), 0);
});

test("the server's token is taken", async () => {
  answering(200, JSON.stringify({ token: "t" }));
  assert.equal(await tokenFor("Ann"), "t");
});
