// The console's pages are live however busy the service is: what concerns the
// adviser appears at once, while other people write all the time.
import assert from 'node:assert/strict';
import { Crowd, Somebody } from './crowd.mjs';
import { Desk } from './desk.mjs';
import { Stage } from './stage.mjs';
import { chatOn } from './talk.mjs';

const base = process.env.RELAIS_TEST_URL;
const [account] = JSON.parse(process.env.RELAIS_TEST_ACCOUNTS);
const stage = await Stage.open({ chromium: process.env.CHROMIUM, base });
const scene = (name, play) => stage.scene(name, play);

const every = 100; // ms between two lines of the others
const soonEnough = 1500; // ms; a page that puts off what it planned takes far longer
const tooLate = 8000;

const open = async () => (await stage.window()).newPage();

// appears waits until the page holds so many elements with a text, and gives
// the time: milliseconds since 1970, or Infinity when it is too late.
const appears = (page, selector, text, count = 1) => page.evaluate(({ selector, text, count, tooLate }) => new Promise((tell) => {
  const look = () => {
    if ([...document.querySelectorAll(selector)].filter((element) => element.textContent.includes(text)).length < count) return;
    tell(Date.now());
    observer.disconnect();
  };
  const observer = new MutationObserver(look);
  observer.observe(document.body, { childList: true, subtree: true, characterData: true });
  setTimeout(() => {
    observer.disconnect();
    tell(Infinity);
  }, tooLate);
  look();
}), { selector, text, count, tooLate });

// quick measures several times how long it takes until what is done is seen.
// It wants most to be quick: another program may have the machine for a while.
async function quick(what, times, see, act) {
  const delays = [];
  for (let i = 0; i < times; i++) {
    const seen = see(i);
    const done = Date.now();
    await act(i);
    delays.push(await seen - done);
  }
  console.log(`  ${what}: ${delays.join(', ')} ms`);
  const median = [...delays].sort((a, b) => a - b)[times >> 1];
  assert.ok(median < soonEnough, `${what} appears after ${delays.join(', ')} ms`);
}

try {
  const chat = chatOn(await open());
  await chat.page.goto(base);
  const desk = new Desk(await open(), base, account);
  const list = new Desk(await open(), base, account);
  await desk.signIn();
  await list.signIn();

  await scene('somebody talks with an adviser', async () => {
    await chat.ask('CONSEILLER', /Une personne vous répond ici/);
    await desk.open('En attente', 'Discussion');
    await desk.claim();
    await chat.hear(/prend le relais/);
  });

  const crowd = await Crowd.gather(base);
  await list.page.waitForFunction(() => document.querySelectorAll('[data-arrival]').length === 7);
  crowd.talk(every);

  await scene('their lines appear at once while others write all the time', async () => {
    await quick('a line', 5, (i) => appears(desk.page, '#log .text', `Une ligne à lire, ${i}`), (i) => chat.say(`Une ligne à lire, ${i}`));
  });

  await scene('so does an arrival in the list', async () => {
    const before = await list.page.locator('[data-arrival]').count();
    await quick('an arrival', 3, (i) => appears(list.page, '[data-arrival]', '', before + i + 1), () => new Somebody(base).say('CONSEILLER'));
  });

  await crowd.hush();
} finally {
  await stage.close();
}
