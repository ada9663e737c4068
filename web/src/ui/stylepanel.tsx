import { Bold, Italic, Pipette, TextAlignCenter, TextAlignEnd, TextAlignStart } from "lucide-preact";
import type { ComponentChildren, JSX } from "preact";
import type { Style } from "../board/api.ts";
import { chalk } from "../board/index.ts";
import { PEN_COLORS, cssColor, tint } from "./colors.ts";
import { t } from "./i18n.ts";
import { Segments } from "./segments.tsx";
import { paper } from "./settings.ts";
import { OPACITIES, PEN_WIDTHS, SIZES } from "./styles.ts";
import type { Field } from "./styles.ts";

/** A style of which parts may be undefined: of several elements that differ. */
export type SomeStyle = { readonly [K in keyof Style]: Style[K] | undefined };

interface PanelProps {
  readonly style: SomeStyle;
  readonly onChange: (change: Partial<Style>) => void;
}

/** A colour as it will look on the board. */
export const shown = (color: number): string => cssColor(paper.value === "white" ? color : chalk(color));

/** Where a style has no colour. */
const INK = 0x1d2321;

export interface StylePanelProps extends PanelProps {
  readonly fields: readonly Field[];
  readonly widths?: typeof PEN_WIDTHS;
}

/** Changes how things look: the parts named, one below the other. */
export function StylePanel({ fields, style, onChange, widths = PEN_WIDTHS }: StylePanelProps): JSX.Element {
  const props = { style, onChange };
  const has = (field: Field): boolean => fields.includes(field);
  return (
    <div class={`style-panel style-panel-${paper.value}`}>
      {has("color") && <Colors {...props} />}
      {has("width") && <Widths {...props} widths={widths} />}
      {has("size") && <Sizes {...props} />}
      {(has("align") || has("face")) && <Letters {...props} />}
      {has("fill") && <Row title={t("style.fill")}><Fill {...props} /></Row>}
      {has("dash") && <Row title={t("style.dash")}><Dash {...props} /></Row>}
      {has("opacity") && <Row title={t("style.opacity")}><Opacity {...props} /></Row>}
    </div>
  );
}

const Row = ({ title, children }: { readonly title: string; readonly children: ComponentChildren }): JSX.Element => (
  <div class="style-row">
    <span aria-hidden="true">{title}</span>
    {children}
  </div>
);

function Colors({ style, onChange }: PanelProps): JSX.Element {
  // A fill goes with the line's colour.
  const choose = (color: number): void => onChange(style.fill === undefined ? { color } : { color, fill: style.fill === style.color ? color : tint(color) });
  const known = style.color === undefined || PEN_COLORS.some((c) => c.color === style.color);
  return (
    <div class="colors">
      <Segments kind="grid" label={t("pen.color")} value={style.color} onChange={choose}
        options={PEN_COLORS.map(({ color, name }) => ({
          value: color, label: t(name), face: <span class="swatch" style={{ background: shown(color) }} />,
        }))} />
      <label class="own-color" data-chosen={!known} title={t("pen.own")}>
        <span class="swatch" {...(known ? {} : { style: { background: shown(style.color ?? INK) } })}>
          <Pipette aria-hidden="true" />
        </span>
        <span class="sr-only">{t("pen.own")}</span>
        <input type="color" value={cssColor(style.color ?? INK)} onInput={(e) => choose(parseInt(e.currentTarget.value.slice(1), 16))} />
      </label>
    </div>
  );
}

function Widths({ style, onChange, widths }: PanelProps & { readonly widths: typeof PEN_WIDTHS }): JSX.Element {
  const widest = widths.at(-1)?.value ?? 1;
  return (
    <Segments label={t("pen.width")} value={style.width} onChange={(width) => onChange({ width })}
      options={widths.map(({ value, name }) => ({
        value, label: t(name),
        face: <span class="nib" style={{ background: shown(style.color ?? INK), height: `${2 + (14 * value) / widest}px` }} />,
      }))} />
  );
}

const Sizes = ({ style, onChange }: PanelProps): JSX.Element => (
  <Segments label={t("style.size")} value={style.size} onChange={(size) => onChange({ size })}
    options={SIZES.map(({ value, name }, i) => ({
      value, label: t(name), face: <span class="size-face" style={{ fontSize: `${13 + 4 * i}px` }}>{t("size.face")}</span>,
    }))} />
);

const Letters = ({ style, onChange }: PanelProps): JSX.Element => (
  <div class="style-letters">
    <Segments label={t("style.align")} value={style.align} onChange={(align) => onChange({ align })}
      options={[
        { value: "left", label: t("align.left"), face: <TextAlignStart aria-hidden="true" /> },
        { value: "center", label: t("align.center"), face: <TextAlignCenter aria-hidden="true" /> },
        { value: "right", label: t("align.right"), face: <TextAlignEnd aria-hidden="true" /> },
      ]} />
    <span class="style-faces">
      <button class="icon-button" aria-pressed={style.bold === true} aria-label={t("style.bold")} title={t("style.bold")}
        onClick={() => onChange({ bold: style.bold !== true })}><Bold aria-hidden="true" /></button>
      <button class="icon-button" aria-pressed={style.italic === true} aria-label={t("style.italic")} title={t("style.italic")}
        onClick={() => onChange({ italic: style.italic !== true })}><Italic aria-hidden="true" /></button>
    </span>
  </div>
);

type FillKind = "none" | "tint" | "full";

function Fill({ style, onChange }: PanelProps): JSX.Element {
  const color = style.color ?? INK;
  const value: FillKind = style.fill === undefined ? "none" : style.fill === style.color ? "full" : "tint";
  const fills: Readonly<Record<FillKind, number | undefined>> = { none: undefined, tint: tint(color), full: color };
  const face = (fill: number | undefined): JSX.Element => (
    <span class="fill-face" style={{ borderColor: shown(color), background: fill === undefined ? "transparent" : shown(fill) }} />
  );
  return (
    <Segments label={t("style.fill")} value={value} onChange={(kind) => onChange({ fill: fills[kind] })}
      options={[
        { value: "none", label: t("fill.none"), face: face(undefined) },
        { value: "tint", label: t("fill.tint"), face: face(tint(color)) },
        { value: "full", label: t("fill.full"), face: face(color) },
      ]} />
  );
}

const dashes = { solid: "", dashed: "6 4", dotted: "0.1 5" } as const;

const DashFace = ({ dash }: { readonly dash: keyof typeof dashes }): JSX.Element => (
  <svg width="30" height="12" aria-hidden="true">
    <line x1="3" x2="27" y1="6" y2="6" stroke="currentColor" stroke-width="3" stroke-linecap={dash === "dotted" ? "round" : "butt"} stroke-dasharray={dashes[dash]} />
  </svg>
);

const Dash = ({ style, onChange }: PanelProps): JSX.Element => (
  <Segments label={t("style.dash")} value={style.dash} onChange={(dash) => onChange({ dash })}
    options={[
      { value: "solid", label: t("dash.solid"), face: <DashFace dash="solid" /> },
      { value: "dashed", label: t("dash.dashed"), face: <DashFace dash="dashed" /> },
      { value: "dotted", label: t("dash.dotted"), face: <DashFace dash="dotted" /> },
    ]} />
);

const Opacity = ({ style, onChange }: PanelProps): JSX.Element => (
  <Segments label={t("style.opacity")} value={style.opacity} onChange={(opacity) => onChange({ opacity })}
    options={OPACITIES.map(({ value, percent }) => ({ value, label: `${percent}%` }))} />
);
