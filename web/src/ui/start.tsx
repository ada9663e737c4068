import { signal } from "@preact/signals";
import { ArrowRight, Plus, X } from "lucide-preact";
import type { ComponentChildren, JSX } from "preact";
import { useRef } from "preact/hooks";
import { Code } from "../sync/index.ts";
import { roomCode } from "../sync/names.ts";
import { parseCode, parseInvitation, roomPath } from "./code.ts";
import { codeOf } from "./gateway.ts";
import type { Gateway } from "./gateway.ts";
import { t } from "./i18n.ts";
import { LanguageSwitch } from "./languageswitch.tsx";
import { Logo } from "./logo.tsx";
import { go } from "./router.ts";
import { forget, name, recent } from "./settings.ts";
import { errorKey } from "./texts.ts";
import type { TextKey } from "./texts.ts";

type Place = "name" | "create" | "join";

interface Fault {
  readonly place: Place;
  readonly text: TextKey;
  readonly code: number;
}

const fault = signal<Fault | undefined>(undefined);
const working = signal(false);
const title = signal("");
const code = signal("");

/** Room names are at most 255 bytes: 80 characters of any script fit. */
const MAX_TITLE = 80;
const MAX_NAME = 20;

export function Start({ gateway, badLink }: { readonly gateway: Gateway; readonly badLink: boolean }): JSX.Element {
  const nameField = useRef<HTMLInputElement>(null);
  const named = (): boolean => {
    if (name.value.trim() !== "") return true;
    fault.value = { place: "name", text: "start.name.missing", code: 0 };
    nameField.current?.focus();
    return false;
  };
  return (
    <Front title={t("app.name")} line={t("app.tagline")}>
      {badLink && (
        <div class="notice" role="alert">
          <strong>{t("start.badlink.title")}</strong>
          <span>{t("start.badlink.text")}</span>
        </div>
      )}
      <Field place="name" label={t("start.name")} hint={t("start.name.hint")}>
        {(described) => <input ref={nameField} id="name" class="input" autocomplete="name" maxLength={MAX_NAME} value={name}
          {...described} onInput={(e) => setName(e.currentTarget.value)} />}
      </Field>
      <div class="start-ways">
        <CreateForm gateway={gateway} named={named} />
        <JoinForm named={named} />
      </div>
      <Recent named={named} />
    </Front>
  );
}

/** The way in for somebody who opened a room's link and has no name yet. */
export function AskName({ room }: { readonly room: bigint }): JSX.Element {
  const typed = useRef<HTMLInputElement>(null);
  const enter = (e: Event): void => {
    e.preventDefault();
    const value = typed.current?.value.trim() ?? "";
    if (value === "") fault.value = { place: "name", text: "start.name.missing", code: 0 };
    else setName(value);
  };
  return (
    <Front title={t("start.ask.title")} line={t("start.ask.text", { code: roomCode(room) })}>
      <form class="card" onSubmit={enter}>
        <Field place="name" label={t("start.name")} hint={t("start.name.hint")}>
          {(described) => <input ref={typed} id="name" class="input" autocomplete="name" maxLength={MAX_NAME} autofocus
            {...described} />}
        </Field>
        <button class="button button-main">{t("start.join.go")}</button>
      </form>
    </Front>
  );
}

/** The page of somebody who is in no room. */
function Front({ title, line, children }: { readonly title: string; readonly line: string; readonly children: ComponentChildren }): JSX.Element {
  return (
    <div class="start">
      <header class="start-head">
        <LanguageSwitch />
      </header>
      <main class="start-main">
        <div class="brand">
          <Logo size={3.2} />
          <h1>{title}</h1>
          <p>{line}</p>
        </div>
        {children}
      </main>
    </div>
  );
}

function setName(value: string): void {
  name.value = value;
  if (fault.peek()?.place === "name") fault.value = undefined;
}

const refusal = (code: number): TextKey => (code === 0 ? "error.network" : code === Code.NotPermitted ? "start.nocreate" : errorKey(code));

function CreateForm({ gateway, named }: { readonly gateway: Gateway; readonly named: () => boolean }): JSX.Element {
  const create = async (e: Event): Promise<void> => {
    e.preventDefault();
    if (working.value || !named()) return;
    working.value = true;
    fault.value = undefined;
    const who = name.value.trim();
    try {
      const room = await gateway.create(title.value.trim() || t("start.create.default", { name: who }), who);
      title.value = "";
      go(roomPath(room));
    } catch (error) {
      const failed = codeOf(error);
      fault.value = { place: "create", text: refusal(failed), code: failed };
    } finally {
      working.value = false;
    }
  };
  return (
    <form class="card" onSubmit={create}>
      <h2>{t("start.create")}</h2>
      <Field place="create" label={t("start.create.title")} hint="">
        {(described) => <input id="create" class="input" maxLength={MAX_TITLE} placeholder={t("start.create.placeholder")}
          value={title} {...described} onInput={(e) => (title.value = e.currentTarget.value)} />}
      </Field>
      <button class="button button-main" aria-busy={working.value}>
        <Plus aria-hidden="true" />
        {working.value ? t("start.working") : t("start.create.go")}
      </button>
    </form>
  );
}

function JoinForm({ named }: { readonly named: () => boolean }): JSX.Element {
  const join = (e: Event): void => {
    e.preventDefault();
    if (!named()) return;
    const room = parseInvitation(code.value);
    if (room === undefined) {
      fault.value = { place: "join", text: "start.join.bad", code: 0 };
      return;
    }
    code.value = "";
    go(roomPath(room));
  };
  return (
    <form class="card" onSubmit={join}>
      <h2>{t("start.join")}</h2>
      <Field place="join" label={t("start.join.code")} hint="">
        {(described) => <input id="join" class="input input-code" maxLength={200} placeholder="XXXXX-XXXXX" value={code}
          autocomplete="off" autocapitalize="characters" spellcheck={false} {...described}
          onInput={(e) => {
            code.value = e.currentTarget.value;
            if (fault.peek()?.place === "join") fault.value = undefined;
          }} />}
      </Field>
      <button class="button">
        <ArrowRight aria-hidden="true" />
        {t("start.join.go")}
      </button>
    </form>
  );
}

/** What a field's input says of itself. */
interface Described {
  readonly "aria-describedby": string;
  readonly "aria-invalid": boolean;
}

interface FieldProps {
  readonly place: Place;
  readonly label: string;
  readonly hint: string;
  readonly children: (described: Described) => ComponentChildren;
}

/** A labelled input with its hint; a fault takes the hint's place. The input's id is the place. */
function Field({ place, label, hint, children }: FieldProps): JSX.Element {
  const wrong = fault.value?.place === place ? fault.value : undefined;
  return (
    <div class={wrong === undefined ? "field" : "field field-wrong"}>
      <label for={place}>{label}</label>
      {children({ "aria-describedby": `${place}-hint`, "aria-invalid": wrong !== undefined })}
      <p id={`${place}-hint`} class="hint" role={wrong === undefined ? undefined : "alert"}>
        {wrong === undefined ? hint : t(wrong.text)}
        {wrong !== undefined && wrong.code !== 0 && <small> {t("common.details", { code: wrong.code })}</small>}
      </p>
    </div>
  );
}

function Recent({ named }: { readonly named: () => boolean }): JSX.Element {
  const enter = (text: string): void => {
    const room = parseCode(text);
    if (room !== undefined && named()) go(roomPath(room));
  };
  return (
    <section class="recent" aria-labelledby="recent">
      <h2 id="recent">{t("start.recent")}</h2>
      {recent.value.length === 0 && <p class="hint">{t("start.recent.empty")}</p>}
      <ul>
        {recent.value.map((room) => (
          <li key={room.code}>
            <button class="recent-room" onClick={() => enter(room.code)}>
              <span>{room.title || t("room.untitled")}</span>
              <code>{room.code}</code>
            </button>
            <button class="icon-button" aria-label={t("start.recent.forget", { title: room.title || room.code })}
              onClick={() => forget(room.code)}>
              <X aria-hidden="true" />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
