import assert from "node:assert/strict";
import { test } from "node:test";
import { Images } from "./images.ts";
import type { Picture } from "./images.ts";

const settled = (): Promise<void> => new Promise((done) => setImmediate(done));

/** Square pictures of any size asked for; those of contents that begin with "bad" cannot be had. */
class Room {
  readonly decoded: [string, number | undefined][] = [];
  closed = 0;
  offline = false;
  changed: string[] = [];
  #names: string[] = [];

  load = async (content: string): Promise<Blob> => {
    if (content.startsWith("bad")) throw Object.assign(new Error("unusable"), { code: 3014 });
    if (this.offline) throw new TypeError("no network");
    this.#names.push(content);
    return new Blob([content]);
  };

  decode = async (_: Blob, longest: number | undefined): Promise<Picture> => {
    this.decoded.push([this.#names.shift() ?? "", longest]);
    return { width: longest ?? 4096, height: longest ?? 4096, close: () => void this.closed++ };
  };

  images = (budget?: number): Images<Picture> => new Images(this, (content) => this.changed.push(content), budget);
}

test("an image is a placeholder until it is there, and is decoded no larger than it is shown", async () => {
  const room = new Room();
  const images = room.images();
  assert.equal(images.get("a", 200), undefined);
  await settled();
  assert.deepEqual(room.decoded, [["a", 256]]);
  assert.deepEqual(room.changed, ["a"]);
  assert.equal(images.get("a", 100)?.width, 256);
});

test("a closer look decodes it anew, and the old one is freed", async () => {
  const room = new Room();
  const images = room.images();
  images.get("a", 100);
  await settled();
  images.get("a", 900);
  assert.equal(images.get("a", 900)?.width, 128, "the coarse one stands in");
  await settled();
  assert.equal(images.get("a", 900)?.width, 1024);
  assert.equal(room.closed, 1);
  assert.equal(images.bytes, 1024 * 1024 * 4);
});

test("what cannot be had is asked for once", async () => {
  const room = new Room();
  const images = room.images();
  for (let i = 0; i < 3; i++) {
    assert.equal(images.get("bad", 100), undefined);
    await settled();
  }
  assert.deepEqual([room.decoded, room.changed], [[], []]);
});

test("what could not be had without a network is asked for again when it is drawn again", async () => {
  const room = new Room();
  const images = room.images();
  room.offline = true;
  images.get("a", 100);
  await settled();
  room.offline = false;
  assert.equal(images.get("a", 100), undefined);
  await settled();
  assert.equal(images.get("a", 100)?.width, 128);
});

test("memory is bounded: images that nobody looks at go first", async () => {
  const room = new Room();
  const images = room.images(3 * 256 * 256 * 4);
  for (let i = 0; i < 4; i++) {
    for (let n = 0; n < 80; n++) images.get(`i${i}`, 256);
    await settled();
  }
  assert.ok(images.bytes <= 3 * 256 * 256 * 4);
  assert.notEqual(images.get("i3", 256), undefined);
  assert.equal(images.get("i0", 256), undefined);
});

test("more images in view than there is room for are coarse, and none is decoded again and again", async () => {
  const room = new Room();
  const images = room.images(1 << 20);
  for (let turn = 0; turn < 20; turn++) {
    for (let i = 0; i < 8; i++) images.get(`i${i}`, 1000);
    for (let n = 0; n < 8; n++) await settled();
  }
  assert.ok(images.bytes <= 1 << 20, `${images.bytes} bytes`);
  assert.ok(room.decoded.length <= 16, `${room.decoded.length} times`);
  for (let i = 0; i < 8; i++) assert.notEqual(images.get(`i${i}`, 1000), undefined);
});

test("closed, it frees everything, also what comes late", async () => {
  const room = new Room();
  const images = room.images();
  images.get("a", 100);
  await settled();
  images.get("b", 100);
  images.close();
  await settled();
  assert.equal(room.closed, 2);
  assert.equal(images.bytes, 0);
});
