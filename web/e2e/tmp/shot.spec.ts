import { expect, test } from "../support/fixtures.ts";
test("shot", async ({ lesson, relay }) => {
  const ann = await lesson.person("小明", { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2, locale: "zh-CN" }, relay);
  await ann.draw({ x: 60, y: 300, width: 200, height: 60 });
  relay.setOnline(false); await ann.page.context().setOffline(true);
  await ann.draw({ x: 60, y: 400, width: 200, height: 60 });
  await expect(ann.pill).toHaveText(/离线/);
  await ann.page.screenshot({ path: "/tmp/e2e/offline.png" });
  await ann.pill.click();
  await ann.page.screenshot({ path: "/tmp/e2e/offline2.png" });
});
