// A room without a server, for looking at the page: boards in memory, other people moved by script.
import type { Alignment, Connection, MediaSource, Person, RoomImage, RoomImages, RoomSession, Stage } from "../../src/sync/api.ts";
import { Value } from "../../src/sync/observable.ts";
import type { Gateway } from "../../src/ui/gateway.ts";
import { FakeBoard, SELF } from "./board.ts";
import { FakeMedia } from "./media.ts";

const coded = (code: number): Error => Object.assign(new Error(`code ${code}`), { code, parameters: {} });

/** Resolves on the next tick of a script's choosing; see FakeRoom.slow. */
type Wait = (signal: AbortSignal | null | undefined) => Promise<void>;

class FakeImages implements RoomImages {
  readonly room = "00000-00001";
  readonly #kept = new Map<string, Blob>();

  constructor(private readonly wait: Wait) {}

  async upload(image: Blob, progress?: (part: number) => void, signal?: AbortSignal): Promise<RoomImage> {
    progress?.(0.4);
    await this.wait(signal);
    const bitmap = await createImageBitmap(image).catch(() => undefined);
    if (bitmap === undefined) throw coded(3014);
    progress?.(1);
    const content = `image${this.#kept.size + 1}`;
    this.#kept.set(content, image);
    return { content, width: bitmap.width, height: bitmap.height };
  }

  async load(content: string): Promise<Blob> {
    const image = this.#kept.get(content);
    if (image === undefined) throw coded(3012);
    return image;
  }

  async bring(): Promise<void> {
    throw coded(3012);
  }
}

/** Shows everything at once, and remembers what was asked of it. */
class FakeAlignment implements Alignment {
  readonly held = new Value(0);
  readonly returning = new Value(false);
  shown: number | "now" = "now";
  readonly #late = new Set<(ms: number) => void>();

  now(): number {
    return this.at(performance.now());
  }

  at(local: number): number {
    return (performance.timeOrigin + local) * 1000;
  }

  show(shown: number | "now"): void {
    this.shown = shown;
  }

  late(listener: (ms: number) => void): () => void {
    this.#late.add(listener);
    return () => void this.#late.delete(listener);
  }

  /** A script's record that came so many ms after its frame. */
  tellLate(ms: number): void {
    for (const listener of this.#late) listener(ms);
  }
}

const PLAIN = { video: false, audio: false, paused: false, wanted: true, timed: true, muted: false, hidden: false, webrtc: true, live: false };

export class FakeRoom implements RoomSession {
  readonly kept = new Value(true);
  readonly connection = new Value<Connection>({ kind: "synced", route: "webtransport", fallback: false, rttMs: 38, unsent: 0, sending: false } as Connection);
  readonly roomName = new Value("三年级数学");
  readonly people = new Value<readonly Person[]>([]);
  readonly pages = new Value<readonly string[]>(["a"]);
  readonly removedPages = new Value<readonly string[]>([]);
  readonly refused = new Value<RoomSession["refused"]["value"]>([]);
  readonly participant = "p1";
  readonly sources = new Value<readonly MediaSource[]>([]);
  readonly stage = new Value<Stage>({ page: "", lead: "" });
  readonly alignment = new FakeAlignment();
  readonly boards = new Map<string, FakeBoard>();
  readonly #neighbours = new Map<string, string>();
  /** Requests that were made. */
  readonly requests: string[] = [];
  /** What the stream was calibrated to last, µs; undefined: it never was. */
  offset: number | undefined;
  /** While set, uploads and exports go on only once it resolves. */
  slow: Promise<void> | undefined;
  readonly images = new FakeImages((signal) => this.#pass(signal));

  constructor(readonly roomId: bigint, name: string) {
    this.people.set([{ replica: SELF, participant: "p1", name, role: "teacher", page: "a", self: true }]);
  }

  look(page: string): FakeBoard {
    let board = this.boards.get(page);
    if (board === undefined) this.boards.set(page, (board = new FakeBoard(page)));
    return board;
  }

  addPage(after: string): string {
    const page = `p${this.pages.value.length + 1}`;
    const at = this.pages.value.indexOf(after) + 1;
    this.pages.set(this.pages.value.toSpliced(at, 0, page));
    return page;
  }

  /** Restored, it stands at the end. */
  removePage(page: string): void {
    const at = this.pages.value.indexOf(page);
    this.#neighbours.set(page, this.pages.value[at + 1] ?? this.pages.value[at - 1] ?? "");
    this.removedPages.set([...this.removedPages.value, page]);
    this.pages.set(this.pages.value.filter((p) => p !== page));
  }

  restorePage(page: string): void {
    this.removedPages.set(this.removedPages.value.filter((p) => p !== page));
    this.pages.set([...this.pages.value, page]);
  }

  movePage(page: string, after: string): void {
    const others = this.pages.value.filter((p) => p !== page);
    this.pages.set(others.toSpliced(others.indexOf(after) + 1, 0, page));
  }

  shownPage(page: string): string {
    return this.pages.value.includes(page) ? page : (this.#neighbours.get(page) ?? "");
  }

  turn(page: string): void {
    this.stage.set({ ...this.stage.value, page });
  }

  lead(participant: string): void {
    this.stage.set({ ...this.stage.value, lead: participant });
  }

  /** Somebody publishes, or stops; the source keeps its number. */
  publish(source: Pick<MediaSource, "participant" | "kind"> & Partial<MediaSource>): void {
    const before = this.sources.value.find((s) => s.participant === source.participant && s.kind === source.kind);
    const number = before?.number ?? this.sources.value.length + 1;
    const next = { ...PLAIN, ...before, number, ...source };
    this.sources.set([...this.sources.value.filter((s) => s.number !== number), next].sort((a, b) => a.number - b.number));
  }

  async request(path: string, init?: RequestInit): Promise<Response> {
    this.requests.push(path);
    if (path === "stream-key") return Response.json({ key: "k7Qm-2rTz-9XwB", rtmp: "rtmp://class.example.org/live", http: "https://class.example.org/ingest/k7Qm-2rTz-9XwB" });
    if (path.endsWith("/switches")) this.#switch(path, init);
    if (path.endsWith("/offset")) return this.#calibrate(init);
    if (path.startsWith("sources/")) return new Response(undefined, { status: 204 });
    if (path.startsWith("pages/")) return new Response(await picture(), { headers: { "content-type": "image/png" } });
    if (path !== "export.pdf") throw coded(3012);
    await this.#pass(init?.signal);
    return new Response("%PDF-1.4\n%%EOF\n", { headers: { "content-type": "application/pdf" } });
  }

  async leave(): Promise<void> {
    return;
  }

  #calibrate(init: RequestInit | undefined): Response {
    if (init?.method !== "PUT") return Response.json({ offset_us: this.offset ?? 0, calibrated: this.offset !== undefined });
    this.offset = (JSON.parse(String(init.body)) as { offset_us: number }).offset_us;
    return new Response(undefined, { status: 204 });
  }

  #switch(path: string, init: RequestInit | undefined): void {
    const source = this.sources.value.find((s) => path === `sources/${s.number}/switches`);
    if (source !== undefined) this.publish({ ...source, ...(JSON.parse(String(init?.body)) as Partial<MediaSource>) });
  }

  #pass(signal: AbortSignal | null | undefined): Promise<void> {
    const stopped = new Promise<never>((_, reject) => {
      const stop = (): void => reject(new DOMException("stopped", "AbortError"));
      if (signal?.aborted === true) stop();
      signal?.addEventListener("abort", stop);
    });
    return Promise.race([this.slow ?? Promise.resolve(), stopped]);
  }
}

/** What a server would draw of a page: a wave. */
async function picture(): Promise<Blob> {
  const canvas = new OffscreenCanvas(192, 120);
  const context = canvas.getContext("2d");
  if (context !== null) {
    context.fillStyle = "#fff";
    context.fillRect(0, 0, 192, 120);
    context.lineWidth = 3;
    context.beginPath();
    for (let x = 20; x < 170; x++) context.lineTo(x, 50 + 20 * Math.sin(x / 9));
    context.stroke();
  }
  return canvas.convertToBlob();
}

/** Always makes the same room, the last of which is at hand for scripts. */
export class FakeGateway implements Gateway {
  room: FakeRoom | undefined;
  av: FakeMedia | undefined;

  async create(title: string): Promise<bigint> {
    if (title === "!") throw Object.assign(new Error("full"), { code: 2003 });
    return 123_456_789_012_345n;
  }

  async connect(id: bigint, name: string): Promise<FakeRoom> {
    return (this.room = new FakeRoom(id, name));
  }

  media(): FakeMedia {
    if (this.room === undefined) throw new Error("fake: no room is joined");
    return (this.av = new FakeMedia(this.room));
  }
}
