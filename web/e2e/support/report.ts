// What a test measured, for whoever reads its report.
import { test } from "@playwright/test";

/** Notes times in ms. */
export function measured(what: string, ...ms: readonly number[]): void {
  test.info().annotations.push({ type: `${what}, ms`, description: ms.map(Math.round).join(" ") });
}

/** Notes words. */
export function noted(what: string, ...words: readonly string[]): void {
  test.info().annotations.push({ type: what, description: words.join(" ") });
}
