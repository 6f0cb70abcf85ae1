// The stage: a browser, one window per person, and somebody who watches. What a
// page must never do (an error, a breach of its policy, a request to another
// host) fails the scene in which it happens.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

// How long anything may take, in milliseconds: more than the longest pause of a
// chat that looks for its connection, on a machine with other work.
const patience = 45_000;

const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];

// A breach of the policy becomes an error of the page, which is watched anyway.
const tellBreaches = () => addEventListener('securitypolicyviolation', (event) =>
  console.error(`policy: ${event.effectiveDirective} refused ${event.blockedURI}`));

export class Stage {
  constructor(browser, base, shots) {
    this.browser = browser;
    this.base = base;
    this.shots = shots; // a folder for pictures of every state; empty: none
    this.faults = []; // of the scene being played
    this.expected = [];
    this.remarks = new Set(); // what the accessibility rules say that is not grave
  }

  static async open({ chromium: executablePath, base, shots = '' }) {
    if (shots) mkdirSync(shots, { recursive: true });
    return new Stage(await chromium.launch({ executablePath, args: flags }), base, shots);
  }

  close() {
    return this.browser.close();
  }

  // window opens a browser of its own: nothing is shared with the others. A
  // second tab of the same person comes from context.newPage().
  async window(options = {}) {
    const context = await this.browser.newContext({ locale: 'fr-FR', timezoneId: 'Europe/Paris', viewport: { width: 1280, height: 800 }, ...options });
    context.setDefaultTimeout(patience);
    await context.addInitScript(tellBreaches);
    await context.addInitScript(axe);
    context.on('request', (request) => this.checkAddress(request.url()));
    context.on('page', (page) => this.watch(page));
    return context;
  }

  watch(page) {
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.fault(`${message.type()}: ${message.text()} (${message.location().url})`);
    });
    page.on('pageerror', (error) => this.fault(`uncaught: ${error.message}`));
    page.on('websocket', (socket) => this.checkAddress(socket.url()));
  }

  checkAddress(address) {
    const { host, protocol } = new URL(address);
    if (protocol === 'data:' || protocol === 'blob:') return;
    if (host !== new URL(this.base).host) this.fault(`request to another host: ${address}`);
  }

  fault(what) {
    if (!this.expected.some((pattern) => pattern.test(what))) this.faults.push(what);
  }

  // scene plays one part of the story. The browser writes an error for each
  // answer such as 401: those that belong to the scene are named.
  async scene(name, play, ...expected) {
    this.expected = expected;
    console.log(`- ${name}`);
    await play();
    assert.deepEqual(this.faults, [], `errors of the pages during “${name}”`);
  }

  // looks checks a state of a page as people may have it before their eyes:
  // narrow and wide, light and dark. Then it is as it was before. The part of
  // the page that matters is scrolled into sight first.
  async looks(page, name, part = page.locator('main')) {
    const before = page.viewportSize();
    for (const width of [320, 1280]) {
      for (const colorScheme of ['light', 'dark']) {
        await page.setViewportSize({ width, height: width === 320 ? 640 : 800 });
        await page.emulateMedia({ colorScheme });
        await part.evaluate((element) => element.scrollIntoView({ block: 'nearest' }));
        await still(page);
        const state = `${name}, ${width} px, ${colorScheme}`;
        await this.accessible(page, state);
        assert.deepEqual(await beyond(page), [], `${state}: wider than the window`);
        if (this.shots) await page.screenshot({ path: join(this.shots, `${state.replaceAll(/[^\p{L}\d]+/gu, '-')}.png`) });
      }
    }
    assert.ok(await page.evaluate(() => parseFloat(getComputedStyle(document.body).fontSize)) >= 17, `${name}: small print`);
    await page.emulateMedia({ colorScheme: null });
    await page.setViewportSize(before);
  }

  async accessible(page, state) {
    const found = await page.evaluate(async () => {
      const { violations } = await globalThis.axe.run(document, {
        preload: false,
        resultTypes: ['violations'],
        runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
      });
      return violations.map((v) => ({ impact: v.impact, text: `${v.id}: ${v.help}: ${v.nodes.map((n) => n.target.join(' ')).join(' | ')}` }));
    });
    const grave = found.filter((v) => v.impact === 'serious' || v.impact === 'critical');
    assert.deepEqual(grave.map((v) => v.text), [], `${state}: accessibility`);
    for (const v of found) this.remarks.add(`${v.impact}: ${v.text}`);
  }
}

// still waits until nothing moves any more.
export async function still(page) {
  await page.evaluate(async () => {
    await document.fonts.ready;
    await new Promise((next) => requestAnimationFrame(() => requestAnimationFrame(next)));
    const roots = [document, ...[...document.querySelectorAll('*')].map((e) => e.shadowRoot).filter(Boolean)];
    await Promise.allSettled(roots.flatMap((root) => root.getAnimations()).map((animation) => animation.finished));
  });
}

// beyond lists what sticks out of the window sideways, shadow trees included.
const beyond = (page) => page.evaluate(() => {
  const out = [];
  const look = (root) => {
    for (const element of root.querySelectorAll('*')) {
      if (element.shadowRoot) look(element.shadowRoot);
      const box = element.getBoundingClientRect();
      if (box.width > 1 && box.height > 1 && box.right > innerWidth + 1) out.push(`${element.tagName} ${element.className}`);
    }
  };
  look(document);
  return out;
});

// moves tells whether anything would move on the page of somebody who asked
// their system for stillness.
export const moves = (page) => page.evaluate(() => {
  const elements = (root) => [...root.querySelectorAll('*')].flatMap((e) => [e, ...(e.shadowRoot ? elements(e.shadowRoot) : [])]);
  const seconds = (text) => Math.max(...text.split(',').map(parseFloat));
  return elements(document).filter((element) => {
    const style = getComputedStyle(element);
    return style.scrollBehavior === 'smooth' || seconds(style.transitionDuration) > 0.01 ||
      (style.animationName !== 'none' && seconds(style.animationDuration) > 0.01);
  }).map((element) => `${element.tagName} ${element.className}`);
});
