import { Circle, Eraser, Lasso, MousePointer2, MoveUpRight, Pentagon, Scissors, Slash, Square } from "lucide-preact";
import type { JSX } from "preact";
import type { ToolName } from "../board/api.ts";
import { t } from "./i18n.ts";
import { Popover } from "./popover.tsx";
import type { RoomState } from "./roomstate.ts";
import { Segments } from "./segments.tsx";
import { styles, tool } from "./settings.ts";
import { StylePanel } from "./stylepanel.tsx";
import { FIELDS, HIGHLIGHTER_WIDTHS, PEN_WIDTHS, SHAPES, familyOf } from "./styles.ts";
import type { Shape } from "./styles.ts";
import { choose, restyle } from "./toolbox.ts";

export const SHAPE_ICONS: Readonly<Record<Shape, typeof Square>> = {
  line: Slash, arrow: MoveUpRight, rectangle: Square, ellipse: Circle, polygon: Pentagon,
};

/** The options of the tool at hand; at: where its button is along the bar, px. */
export function ToolOptions({ room, at }: { readonly room: RoomState; readonly at: number }): JSX.Element {
  const name = tool.value;
  return (
    <Popover open={room.panel.value === "options"} onClose={() => (room.panel.value = "")} at={at}
      label={t("tool.options", { tool: t(`tool.${name}`) })} place="beside-tools">
      <Kinds room={room} name={name} />
      <Look room={room} name={name} />
    </Popover>
  );
}

interface Kind {
  readonly name: ToolName;
  readonly Icon: typeof Square;
}

const SELECTORS: readonly Kind[] = [{ name: "select", Icon: MousePointer2 }, { name: "lasso", Icon: Lasso }];
const ERASERS: readonly Kind[] = [{ name: "eraser", Icon: Eraser }, { name: "area-eraser", Icon: Scissors }];
const SHAPE_KINDS: readonly Kind[] = SHAPES.map((name) => ({ name, Icon: SHAPE_ICONS[name] }));

/** The tools that share a button. */
export function siblings(name: ToolName): readonly Kind[] {
  return [SELECTORS, ERASERS, SHAPE_KINDS].find((kinds) => kinds.some((k) => k.name === name)) ?? [];
}

function Kinds({ room, name }: { readonly room: RoomState; readonly name: ToolName }): JSX.Element | null {
  const kinds = siblings(name);
  if (kinds.length === 0) return null;
  const words = kinds.length === 2;
  return (
    <Segments label={t("tool.kind")} value={name}
      onChange={(next) => {
        choose(room, next);
        room.panel.value = "options";
      }}
      options={kinds.map(({ name: value, Icon }) => ({
        value, label: t(`tool.${value}`),
        face: words ? <span class="kind-face"><Icon aria-hidden="true" />{t(`tool.${value}.short` as "tool.select.short")}</span> : <Icon aria-hidden="true" />,
      }))} />
  );
}

function Look({ room, name }: { readonly room: RoomState; readonly name: ToolName }): JSX.Element | null {
  const family = familyOf(name);
  if (family === undefined) return null;
  const fields = name === "line" || name === "arrow" ? FIELDS[family].filter((field) => field !== "fill") : FIELDS[family];
  return (
    <StylePanel fields={fields} style={styles[family].value} onChange={(change) => restyle(room, family, change)}
      widths={family === "highlighter" ? HIGHLIGHTER_WIDTHS : PEN_WIDTHS} />
  );
}
