// What helps to draw straight, on the real server: strokes along the ruler, shapes that snap to others.
import { agree, type Person } from "./support/person.ts";
import { expect, test } from "./support/fixtures.ts";

/** In CSS px of the window. */
interface At {
  readonly x: number;
  readonly y: number;
}

/** In 1/10 px of the board. */
interface Drawn {
  readonly kind: number;
  readonly place: { readonly x: number; readonly y: number; readonly w: number; readonly h: number } | undefined;
  /** Half the width of its line. */
  readonly half: number;
  readonly points: readonly At[];
}

const drawn = ({ page }: Person): Promise<Drawn[]> =>
  page.evaluate(() => {
    const { chalkline } = window;
    if (chalkline === undefined) return [];
    return [...chalkline.session.look(chalkline.page).elements()].map((e) => ({
      kind: e.kind, place: e.place, half: e.width / 2,
      points: Array.from({ length: e.count }, (_, i) => ({ x: e.points[4 * i] ?? 0, y: e.points[4 * i + 1] ?? 0 })),
    }));
  });

/** The middle of the view, in px of the window and in units of the board; and units per px. */
async function middle({ page }: Person): Promise<{ readonly px: At; readonly units: At; readonly scale: number }> {
  const box = await page.locator(".board").boundingBox();
  const view = await page.evaluate(() => window.chalkline?.view);
  if (box === null || view === undefined) throw new Error("no board is shown");
  const scale = 10 / view.zoom;
  return {
    px: { x: box.x + box.width / 2, y: box.y + box.height / 2 }, scale,
    units: { x: view.x + (view.width / 2) * scale, y: view.y + (view.height / 2) * scale },
  };
}

async function toggle({ page }: Person, name: "Ruler" | "Snapping"): Promise<void> {
  await page.getByRole("button", { name: "This page" }).click();
  await page.getByRole("switch", { name }).click();
  await page.keyboard.press("Escape");
}

async function drag({ page }: Person, path: readonly At[], steps = 6): Promise<void> {
  for (const [i, { x, y }] of path.entries()) {
    await page.mouse.move(x, y, { steps });
    if (i === 0) await page.mouse.down();
  }
  await page.mouse.up();
}

/** The last thing drawn, once the other has it as well. */
async function last(ann: Person, bob: Person): Promise<Drawn> {
  await agree([ann, bob]);
  const one = (await drawn(bob)).at(-1);
  if (one === undefined) throw new Error("nothing is drawn");
  return one;
}

/** The ruler's breadth, CSS px. */
const BREADTH = 64;

test("a stroke begun beside the ruler runs straight along its edge, wherever it lies and however it is turned", async ({ lesson }) => {
  const ann = await lesson.person("Ann");
  const bob = await lesson.person("Bob");
  await toggle(ann, "Ruler");
  const { px, units, scale } = await middle(ann);
  const { mouse } = ann.page;

  /** From its middle to a stroke's line below it: across is what of the stroke is not on that line. */
  const ruled = ({ points, half }: Drawn, at: At, degrees: number): { readonly across: number; readonly along: number } => {
    const sin = Math.sin((degrees * Math.PI) / 180), cos = Math.cos((degrees * Math.PI) / 180);
    const local = points.map(({ x, y }) => ({ along: (x - at.x) * cos + (y - at.y) * sin, across: (y - at.y) * cos - (x - at.x) * sin }));
    const along = local.map((p) => p.along);
    return {
      across: Math.max(...local.map((p) => Math.abs(p.across - (BREADTH / 2) * scale - half))),
      along: Math.max(...along) - Math.min(...along),
    };
  };

  const wave = [0, 1, 2, 3, 4].map((i): At => ({ x: px.x - 200 + 100 * i, y: px.y + BREADTH / 2 + 5 + 25 * (i % 2) }));
  await drag(ann, wave);
  const flat = ruled(await last(ann, bob), units, 0);
  expect(flat.across, "units beside the edge").toBeLessThan(1);
  expect(flat.along / scale, "px along it").toBeCloseTo(400, 0);

  // Somewhere else, and turned by the wheel, a degree at a notch.
  await drag(ann, [px, { x: px.x - 60, y: px.y + 90 }]);
  await mouse.move(px.x - 60, px.y + 90);
  for (let i = 0; i < 10; i++) await mouse.wheel(0, 100);
  const moved = { x: units.x - 60 * scale, y: units.y + 90 * scale };
  await drag(ann, [{ x: px.x - 66, y: px.y + 90 + BREADTH / 2 + 3 }, { x: px.x + 60, y: px.y + 150 }, { x: px.x + 130, y: px.y + 130 }]);
  const turned = ruled(await last(ann, bob), moved, 10);
  expect(turned.across, "units beside the edge").toBeLessThan(1);
  expect(turned.along / scale, "px along it").toBeGreaterThan(180);

  // Away from it a stroke is free, and the ruler itself is nothing on the board.
  await drag(ann, [{ x: px.x - 200, y: px.y - 200 }, { x: px.x, y: px.y - 150 }, { x: px.x + 200, y: px.y - 200 }]);
  const ys = (await last(ann, bob)).points.map((p) => p.y);
  expect((Math.max(...ys) - Math.min(...ys)) / scale, "px up and down").toBeCloseTo(50, 0);
  expect(await drawn(bob)).toHaveLength(3);
});

test("a shape snaps to the edges of another while it is drawn and moved; without snapping it stays where it was put", async ({ lesson }) => {
  const ann = await lesson.person("Ann");
  const bob = await lesson.person("Bob");
  const rectangle = async (from: At, to: At): Promise<NonNullable<Drawn["place"]>> => {
    await ann.page.locator(".board").focus();
    await ann.page.keyboard.press("r");
    await drag(ann, [from, to]);
    const { place } = await last(ann, bob);
    if (place === undefined) throw new Error("it has no place");
    return place;
  };
  const a = await rectangle({ x: 300, y: 200 }, { x: 400, y: 300 });
  const near = [{ x: 500, y: 204 }, { x: 600, y: 295 }] as const;
  const b = await rectangle(...near);
  expect([b.y, b.y + b.h]).toEqual([a.y, a.y + a.h]);

  // What is selected is dragged: its left edge comes near the other's.
  await drag(ann, [{ x: 550, y: 250 }, { x: 354, y: 450 }]);
  const moved = (await last(ann, bob)).place;
  expect(moved).toMatchObject({ x: a.x, w: b.w, h: b.h });
  expect(moved?.y).toBeGreaterThan(a.y + a.h);

  await toggle(ann, "Snapping");
  const { scale } = await middle(ann);
  const c = await rectangle(...near);
  expect((c.y - a.y) / scale, "px below").toBeCloseTo(4, 0);
  expect((c.y + c.h - a.y - a.h) / scale, "px below").toBeCloseTo(-5, 0);
});
