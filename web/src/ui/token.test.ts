import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { Code, CodeError } from "../sync/index.ts";
import { forgetToken, takeToken, tokenFor } from "./token.ts";

const fetched = globalThis.fetch;
afterEach(() => (globalThis.fetch = fetched));

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

test("a token behind the link is taken out of the address, kept, and names the person", async () => {
  const claims = (value: unknown): string => `h.${Buffer.from(JSON.stringify(value)).toString("base64url")}.s`;
  let address = "";
  Object.assign(globalThis, { history: { state: null, replaceState: (_: unknown, __: string, to: string) => (address = to) } });
  const open = (hash: string): string => {
    address = "";
    Object.assign(globalThis, { location: { hash, pathname: "/r/01H85-CJ9AD", search: "?x" } });
    return takeToken();
  };
  answering(403, JSON.stringify({ code: 3008, parameters: null }));
  for (const [token, name] of [
    [claims({ sub: "7", name: " 王小明？>" }), "王小明？>"], [claims({ sub: "7" }), ""], [claims({ name: 7 }), ""], [claims(null), ""],
    [claims({ name: "明".repeat(22) }), ""], ["a.b.c", ""], [".....", ""],
  ] as const) {
    assert.equal(open(`#token=${token}`), name, token);
    assert.equal(address, "/r/01H85-CJ9AD?x");
    assert.equal(await tokenFor("Ann"), token);
  }
  assert.equal(open("#elsewhere"), "");
  assert.equal(address, "", "a link without one is left as it is");
  forgetToken();
  assert.equal(await codeOf(tokenFor("Ann")), Code.NotPermitted);
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
