// The edge to a browser: its clock, network, storage and signals. Everything else in sync is given these.
import { unhex } from "../protocol/bytes.ts";
import { APPLICATION } from "../protocol/limits.ts";
import type { Clock } from "./clock.ts";
import { IndexedStore } from "./indexedstore.ts";
import type { Environment, Signals } from "./environment.ts";
import { VolatileStore, type Store } from "./store.ts";
import type { Notes } from "./transport/choice.ts";
import { SILENCE, type Routes } from "./transport/dial.ts";
import type { LinkEvents } from "./transport/link.ts";
import { webSocketLink, type Socket } from "./transport/websocket.ts";
import { webTransportLink, type WebTransportSession } from "./transport/webtransport.ts";

/** origin: where the server is, "" for that of the page. */
export function browserEnvironment(origin = ""): Environment {
  const clock = (pageClock ??= new PageClock());
  return {
    clock,
    wall: () => Date.now(),
    random: () => Math.random(),
    routes: () => fetchRoutes(origin, clock),
    notes: localNotes,
    store: pageStore(),
    signals: pageSignals(),
    fetch: (path, init, progress) => (progress === undefined ? fetch(origin + path, init) : upload(origin + path, init, progress)),
  };
}

/** Timers of hidden pages are put off by up to a minute; a worker's are not. It ticks for those of a second and more. */
const TICKER = "onmessage=({data:[id,ms]})=>setTimeout(()=>postMessage(id),ms)";
const LONG_MS = 1000;

class PageClock implements Clock {
  private readonly ticker = startTicker();
  private readonly calls = new Map<number, () => void>();
  private ids = 0;

  constructor() {
    if (this.ticker === undefined) return;
    this.ticker.onmessage = ({ data }: MessageEvent<number>) => {
      const call = this.calls.get(data);
      this.calls.delete(data);
      call?.();
    };
  }

  now(): number {
    return performance.now();
  }

  after(ms: number, call: () => void): () => void {
    if (this.ticker === undefined || (ms < LONG_MS && !document.hidden)) {
      const timer = setTimeout(call, ms);
      return () => clearTimeout(timer);
    }
    const id = ++this.ids;
    this.calls.set(id, call);
    this.ticker.postMessage([id, ms]);
    // Where the worker does not run after all (a content security policy), the page's own timer is better than none.
    const spare = setTimeout(() => this.ticker?.onmessage?.(new MessageEvent("message", { data: id })), ms + LONG_MS);
    return () => {
      clearTimeout(spare);
      this.calls.delete(id);
    };
  }
}

/** One for all sessions: its worker is there for as long as the page. */
let pageClock: PageClock | undefined;

function startTicker(): Worker | undefined {
  try {
    const url = URL.createObjectURL(new Blob([TICKER], { type: "text/javascript" }));
    return new Worker(url);
  } catch {
    return undefined;
  }
}

/** The answer of GET /api/connect. */
interface ConnectInfo {
  readonly webtransport?: string;
  readonly websocket: string;
  /** SHA-256 of development certificates, hex; empty where browsers trust the certificate anyway. */
  readonly certificate_hashes?: readonly string[];
}

async function fetchRoutes(origin: string, clock: Clock): Promise<Routes> {
  const response = await fetch(`${origin}/api/connect`, { cache: "no-store", signal: AbortSignal.timeout(SILENCE) });
  if (!response.ok) throw new Error(`/api/connect: status ${response.status}`);
  return routesOf((await response.json()) as ConnectInfo, clock);
}

function routesOf(info: ConnectInfo, clock: Clock): Routes {
  const websocket = (events: LinkEvents) => {
    const socket = new WebSocket(info.websocket, APPLICATION);
    return webSocketLink(socket as unknown as Socket, events);
  };
  const { webtransport } = info;
  if (webtransport === undefined || webtransport === "" || !("WebTransport" in globalThis)) return { websocket };
  const hashes = (info.certificate_hashes ?? []).map(unhex).filter((value) => value !== undefined);
  const options = {
    protocols: [APPLICATION],
    ...(hashes.length === 0 ? {} : { serverCertificateHashes: hashes.map((value) => ({ algorithm: "sha-256", value })) }),
  };
  return {
    websocket,
    webtransport: (events) => webTransportLink(new WebTransport(webtransport, options) as unknown as WebTransportSession, events, clock),
  };
}

/** A request that tells how far it is, which fetch cannot. Where there is no XMLHttpRequest (a worker of some browsers) it tells only the end. */
async function upload(url: string, init: RequestInit, progress: (part: number) => void): Promise<Response> {
  if (typeof XMLHttpRequest !== "undefined") return uploadWatched(url, init, progress);
  const response = await fetch(url, init);
  progress(1);
  return response;
}

function uploadWatched(url: string, { method, headers, body, signal }: RequestInit, progress: (part: number) => void): Promise<Response> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const request = new XMLHttpRequest();
    request.open(method ?? "POST", url);
    new Headers(headers).forEach((value, name) => request.setRequestHeader(name, value));
    request.responseType = "blob";
    request.upload.onprogress = ({ loaded, total }) => progress(total > 0 ? loaded / total : 0);
    request.onload = () => resolve(new Response(request.response as Blob, { status: request.status }));
    request.onerror = () => reject(new TypeError("no answer"));
    request.onabort = () => reject(new DOMException("aborted", "AbortError"));
    signal?.addEventListener("abort", () => request.abort(), { once: true });
    request.send(body as XMLHttpRequestBodyInit);
  });
}

const localNotes: Notes = {
  get(name) {
    try {
      return localStorage.getItem(name);
    } catch {
      return null; // storage is forbidden here
    }
  },
  set(name, value) {
    try {
      localStorage.setItem(name, value);
    } catch {
      // Forbidden or full: the choice is not remembered.
    }
  },
};

/** Locks need a secure context; without them two tabs could not be told apart, so that nothing is kept. */
function pageStore(): Store {
  const { locks } = navigator as { locks?: LockManager };
  return typeof indexedDB === "undefined" || locks === undefined ? new VolatileStore() : new IndexedStore(indexedDB, locks);
}

/** Of the page and its network; a page that is being left counts as hidden. */
export function pageSignals(): Signals {
  return {
    get online() {
      return navigator.onLine;
    },
    get visible() {
      return !document.hidden;
    },
    subscribe(listener) {
      const online = (): void => listener("online");
      const offline = (): void => listener("offline");
      const visibility = (): void => listener(document.hidden ? "hidden" : "visible");
      const leaving = (): void => listener("hidden");
      window.addEventListener("online", online);
      window.addEventListener("offline", offline);
      window.addEventListener("pagehide", leaving);
      document.addEventListener("visibilitychange", visibility);
      return () => {
        window.removeEventListener("online", online);
        window.removeEventListener("offline", offline);
        window.removeEventListener("pagehide", leaving);
        document.removeEventListener("visibilitychange", visibility);
      };
    },
  };
}
