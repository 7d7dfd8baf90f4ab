// A browser for the tests: one JSON array a line on stdin, [operation, ...arguments]; one JSON answer a line on stdout.
// node vscode_driver.mjs PLAYWRIGHT_FOLDER CHROMIUM PROFILE_FOLDER
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const [playwright, executablePath, profile] = process.argv.slice(2);
const { chromium } = createRequire(`${playwright}/`)("playwright-core");
const context = await chromium.launchPersistentContext(profile, {
  executablePath,
  headless: true,
  viewport: { width: 1100, height: 640 },
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"],
});
// What VS Code would fetch from elsewhere: these tests run without a network.
await context.route(/^https?:\/\/(?!127\.0\.0\.1[:/])/, (route) => route.abort());
const page = context.pages()[0] ?? (await context.newPage());

const operations = {
  open: (url) => page.goto(url, { waitUntil: "domcontentloaded", timeout: 120_000 }),
  press: (key) => page.keyboard.press(key),
  type: (text, delay) => page.keyboard.type(text, { delay }),
  click: (selector, text) => page.locator(selector, { hasText: text }).first().click({ timeout: 20_000 }),
  read: (expression) => page.evaluate(expression),
  screenshot: (path) => page.screenshot({ path }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const [name, ...args] = JSON.parse(line);
  let answer;
  try {
    const value = await operations[name](...args);
    answer = { value: name === "read" ? value : null };
  } catch (error) {
    answer = { error: String(error) };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
await context.close();
