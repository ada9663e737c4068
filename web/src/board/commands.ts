// What can be done with the selection, or with the board.
import { Register } from "../ot/types.ts";
import type { Key, Setting } from "../ot/types.ts";
import { boolValue, groupValue, textValue } from "../ot/value.ts";
import type { Element } from "../ot/board.ts";
import { Code, CodeError } from "../protocol/codes.ts";
import type { RoomImages } from "../sync/api.ts";
import type { Command, Notice, Style } from "./api.ts";
import { MIME, ROOM, asHtml, contentOf, inHtml, plainText, read, write } from "./clipboard.ts";
import type { Copy } from "./clipboard.ts";
import { NOWHERE, intersects, union } from "./geometry.ts";
import type { Item } from "./items.ts";
import { styleSettings } from "./looks.ts";
import { STEP, copiesIn, groupIdFor, pasteCopies, pasteText, put } from "./paste.ts";
import type { Site } from "./site.ts";
import { restacked } from "./stack.ts";
import type { Direction } from "./stack.ts";
import { idOf } from "./thing.ts";
import { moved } from "./transform.ts";
import type { Shape } from "./transform.ts";

/** What commands need besides the site. */
export interface Surroundings {
  /** Puts texts into the clipboard, by type. */
  readonly copy: (texts: Readonly<Record<string, string>>) => void;
  readonly reshape: (shapes: readonly Shape[]) => void;
  readonly upload: ((image: File) => Promise<void>) | undefined;
  readonly images: RoomImages | undefined;
  /** Selects what was pasted. */
  readonly pasted: (keys: readonly Key[]) => void;
  readonly notice: ((notice: Notice) => void) | undefined;
}

export class Commands {
  readonly #site: Site;
  readonly #around: Surroundings;
  /** What was pasted last, and how often: each time a little further. */
  #pasted = { text: "", times: 0 };

  constructor(site: Site, around: Surroundings) {
    this.#site = site;
    this.#around = around;
  }

  can(command: Command): boolean {
    const { document, picked } = this.#site;
    if (document === undefined) return false;
    switch (command) {
      case "undo":
        return document.history.canUndo.value;
      case "redo":
        return document.history.canRedo.value;
      case "select-all":
      case "clear":
        return (this.#site.scene?.size ?? 0) > 0;
      case "deselect":
      case "copy":
        return picked.keys.size > 0;
      case "delete":
      case "duplicate":
      case "cut":
      case "front":
      case "forward":
      case "backward":
      case "back":
      case "lock":
        return this.#free().length > 0;
      case "unlock":
        return this.#site.selected().some((e) => e.locked);
      case "group":
        return this.#free().length > 1 && !picked.selection.value.grouped;
      case "ungroup":
        return this.#free().some((e) => e.group !== undefined);
    }
  }

  do(command: Command): void {
    const { document, picked } = this.#site;
    if (document === undefined || !this.can(command)) return;
    switch (command) {
      case "undo":
        return document.history.undo();
      case "redo":
        return document.history.redo();
      case "select-all":
        return picked.set(this.#site.inOneStep(() => this.#seen().flatMap((k) => this.#site.pieces(k))));
      case "deselect":
        return picked.set([]);
      case "delete":
        return document.delete(keysOf(this.#free()));
      case "duplicate":
        return picked.set(this.duplicate(keysOf(this.#free()), STEP));
      case "copy":
        return void this.#copy(picked.keys);
      case "cut":
        if (this.#copy(new Set(keysOf(this.#free())))) document.delete(keysOf(this.#free()));
        return;
      case "front":
      case "forward":
      case "backward":
      case "back":
        return this.#restack(command);
      case "group":
        return this.#group();
      case "ungroup":
        return this.#write(this.#free(), { register: Register.Group, value: groupValue(undefined) });
      case "lock":
        return this.#write(this.#free(), { register: Register.Locked, value: boolValue(true) });
      case "unlock":
        return this.#write(this.#site.selected().filter((e) => e.locked), { register: Register.Locked, value: boolValue(false) });
      case "clear":
        return document.clear();
    }
  }

  /** Copies of elements, this far (units) from them to the right and down. */
  duplicate(keys: readonly Key[], by: number): Key[] {
    return put(this.#site, copiesIn(this.#site, new Set(keys)), by, by);
  }

  /** Writes a style to what is selected. */
  restyle(style: Partial<Style>): void {
    this.restyleElements(this.#free(), style);
  }

  restyleElements(elements: readonly Element[], style: Partial<Style>): void {
    if (elements.length === 0) return;
    this.#site.inOneStep(() => this.#site.set(elements.map((e) => [e.key, styleSettings(e.kind, style, e)])));
  }

  /** By units; false if there is nothing that can be moved. */
  nudge(dx: number, dy: number): boolean {
    const things = this.#site.picked.things.filter((t) => !t.locked);
    if (things.length === 0) return false;
    this.#site.inOneStep(() => this.#around.reshape(things.map((t) => moved(t, dx, dy))));
    return true;
  }

  async paste(data: DataTransfer): Promise<void> {
    const text = data.getData(MIME) || inHtml(data.getData("text/html"));
    const copies = read(text);
    const plain = data.getData("text/plain");
    const images = [...data.files].filter((file) => file.type.startsWith("image/"));
    if (copies.length > 0) {
      this.#pasted = { text, times: this.#pasted.text === text ? this.#pasted.times + 1 : 1 };
      const room = data.getData(ROOM);
      // At once, if no image has to come before.
      const on = this.#site.document;
      const here = this.#isHere(room) || copies.every((c) => contentOf(c) === "") ? copies : await this.#bring(copies, room);
      if (on !== this.#site.document) this.#around.notice?.("paste.turned");
      else if (here.length > 0) this.#around.pasted(pasteCopies(this.#site, here, this.#pasted.times));
    } else if (plain.trim() !== "") {
      // Of a text, office programs give a picture as well.
      const made = pasteText(this.#site, plain);
      if (made.length > 0) this.#around.pasted(made);
    } else if (this.#around.upload !== undefined) {
      for (const image of images) await this.#around.upload(image);
    }
  }

  /** Of a room that is not known the images may be here: what was copied is pasted as it is. */
  #isHere(room: string): boolean {
    return room === "" || room === this.#around.images?.room;
  }

  /** Gets the images of copies from another room; returns the copies but for images that this one did not get. */
  async #bring(copies: readonly Copy[], room: string): Promise<readonly Copy[]> {
    const missing = new Set(copies.map(contentOf).filter((content) => content !== ""));
    for (const content of [...missing]) {
      try {
        await this.#around.images?.bring(content, room);
        missing.delete(content);
      } catch (error) {
        // Of a room that one may not enter there are no others either.
        if (!(error instanceof CodeError) || error.code !== Code.NoSuchDocument) break;
      }
    }
    if (missing.size > 0) this.#around.notice?.("paste.noimages");
    return copies.filter((c) => !missing.has(contentOf(c)));
  }

  /** What is not locked and can be seen: of an erased stroke something is left, of a text there are letters. */
  #seen(): Key[] {
    const keys: Key[] = [];
    for (const { key, locked } of this.#site.document?.elements() ?? []) {
      const item = this.#site.item(key);
      if (item !== undefined && !locked && isSeen(item)) keys.push(key);
    }
    return keys;
  }

  #free(): Element[] {
    return this.#site.selected().filter((e) => !e.locked);
  }

  #write(elements: readonly Element[], setting: Setting): void {
    this.#site.inOneStep(() => this.#site.set(elements.map((e) => [e.key, [setting]])));
  }

  /** All of it or nothing: false if it is more than one paste takes. */
  #copy(keys: ReadonlySet<Key>): boolean {
    const copies = copiesIn(this.#site, keys);
    const text = write(copies);
    if (read(text).length !== copies.length) {
      this.#around.notice?.("copy.toomuch");
      return false;
    }
    this.#pasted = { text, times: 0 };
    const plain = plainText(copies), room = this.#around.images?.room;
    this.#around.copy({ [MIME]: text, "text/plain": plain, "text/html": asHtml(text, plain), ...(room === undefined ? {} : { [ROOM]: room }) });
    return true;
  }

  #group(): void {
    const elements = this.#free();
    const group = groupIdFor(this.#site, keysOf(elements));
    if (group !== undefined) this.#write(elements, { register: Register.Group, value: groupValue(idOf(group)) });
  }

  #restack(to: Direction): void {
    const { document, scene } = this.#site;
    if (document === undefined || scene === undefined) return;
    const keys = new Set(keysOf(this.#free()));
    const bounds = [...keys].reduce((all, k) => union(all, scene.get(k)?.bounds ?? NOWHERE), NOWHERE);
    const changes = restacked([...document.elements()], keys, to, (k) => intersects(scene.get(k)?.bounds ?? NOWHERE, bounds));
    this.#site.inOneStep(() => this.#site.set(changes.map(([k, order]) => [k, [{ register: Register.Order, value: textValue(order) }]])));
  }
}

const isSeen = ({ bounds, facts }: Item): boolean => bounds.x0 <= bounds.x1 && !(facts.kind === "text" && facts.text === "");

const keysOf = (elements: readonly Element[]): Key[] => elements.map((e) => e.key);
