// An encoder's lateness, as a person has the page measure it: its camera stands before the teacher's screen.
import type { Encoder } from "./camera.ts";
import type { Someone } from "./pages.ts";

/** Starts the calibration in the teacher's page; rejects where it finds nothing. What it found is what strokes wait for from then on. */
export async function calibrate(teacher: Someone, pupil: Someone, encoder: Encoder): Promise<void> {
  const { page } = teacher;
  await encoder.look(page, await page.evaluateHandle(() => () => window.trueClock.now()));
  await page.getByRole("button", { name: "My stream: options" }).click();
  await page.getByRole("button", { name: "Calibrate the time…" }).click();
  const sheet = page.getByRole("dialog", { name: "Calibrate the stream’s time" });
  await page.waitForFunction(() => (document.querySelector<HTMLVideoElement>(".calibrate video")?.videoWidth ?? 0) > 0, undefined, { timeout: 20_000 });
  await sheet.getByRole("button", { name: "Start" }).click();
  const said = sheet.locator(".calibrate-said");
  await said.filter({ hasText: /^(Measured|No flash)/ }).waitFor({ timeout: 60_000 });
  const text = (await said.textContent()) ?? "";
  if (!text.startsWith("Measured")) throw new Error(text);
  await page.keyboard.press("Escape");
  await pupil.page.waitForFunction(() => {
    const alignment = window.chalkline?.alignment;
    return alignment?.kind === "aligned" && alignment.calibrated;
  }, undefined, { timeout: 20_000 });
}
