// The database is away: whoever writes is told so where they look, with the
// numbers to call; what they wrote leaves when it is back.
import assert from 'node:assert/strict';
import { Stage } from './stage.mjs';
import { chatOn } from './talk.mjs';

const base = process.env.RELAIS_TEST_URL;
const stage = await Stage.open({ chromium: process.env.CHROMIUM, base, shots: process.env.RELAIS_TEST_SHOTS });
const scene = (name, play, ...expected) => stage.scene(name, play, ...expected);

// database asks the test to stop the database, or to start it.
async function database(does) {
  const answer = await fetch(`${process.env.RELAIS_TEST_DATABASE}/${does}`, { method: 'POST' });
  assert.equal(answer.status, 200, await answer.text());
}

const numbers = 'Urgence\u00a0: 15, 17 ou 112, par SMS 114';
const phone = { viewport: { width: 320, height: 640 } };

async function visitor(options) {
  const page = await (await stage.window(options)).newPage();
  await page.goto(base);
  return chatOn(page);
}

// inSight waits until a text of the chat is whole on the screen: within the
// chat, and within the conversation when it is a part of that.
async function inSight(page, selector, text) {
  const seen = page.waitForFunction(({ selector, text }) => {
    const root = document.querySelector('relais-chat').shadowRoot;
    const found = [...root.querySelectorAll(selector)].findLast((element) => element.textContent.includes(text));
    if (!found) return false;
    const box = found.getBoundingClientRect();
    const within = (frame) => {
      const outer = frame.getBoundingClientRect();
      return box.height > 0 && box.top >= outer.top - 1 && box.bottom <= outer.bottom + 1;
    };
    return within(root.querySelector('.panel')) && (!found.closest('.log') || within(root.querySelector('.log')));
  }, { selector, text }, { timeout: 20_000 });
  await seen.catch(async (cause) => {
    const there = await page.evaluate(() => document.querySelector('relais-chat').shadowRoot.querySelector('.panel').innerText);
    throw new Error(`“${text}” is not in sight; the chat says:\n${there}`, { cause });
  });
}

const answers = async (chat) => {
  await chat.ask('Bonjour', /12 questions courtes/);
  await chat.ask('Oui', /Question 1 sur 12/);
};

try {
  const wide = await visitor();
  const narrow = await visitor(phone);
  await answers(wide);
  await answers(narrow);

  await database('stop');

  await scene('whoever is talking reads it beside what did not leave', async () => {
    for (const chat of [wide, narrow]) {
      await chat.say('Un logement');
      await inSight(chat.page, '.line.person .state', numbers);
      await stage.looks(chat.page, 'chat, database away', chat.page.locator('relais-chat'));
      await inSight(chat.page, '.line.person .state', numbers);
    }
  });

  const newcomers = [];
  await scene('a new visitor reads it too', async () => {
    for (const options of [{}, phone]) {
      const chat = await visitor(options);
      newcomers.push(chat);
      await chat.page.getByLabel('Votre message').focus();
      await inSight(chat.page, '.status', numbers);
      await chat.say('Bonjour');
      await chat.page.getByText('Non envoyé, nouvel essai…').waitFor();
      await inSight(chat.page, '.status', numbers);
      await stage.looks(chat.page, 'chat, new visitor, database away', chat.page.locator('relais-chat'));
    }
  });

  let polled;
  await scene('so does one whose network passes no sockets', async () => {
    const window = await stage.window();
    await window.routeWebSocket(/\/chat\/ws$/, (socket) => socket.close());
    const page = await window.newPage();
    await page.goto(base);
    polled = chatOn(page);
    await polled.say('je veux mourir');
    await inSight(page, '.status', numbers);
    await inSight(page, '.line.person .state', '3114');
  });

  let danger;
  await scene('somebody in danger is helped all the same', async () => {
    danger = await visitor(phone);
    await danger.say('je veux mourir');
    await inSight(danger.page, '.line.person .state', '3114');
    await stage.looks(danger.page, 'chat, danger, database away', danger.page.locator('relais-chat'));
    await inSight(danger.page, '.line.person .state', '3114');
  });

  await scene('what was written leaves when the database is back, once', async () => {
    await database('start');
    await danger.hear(/3114/);
    await polled.hear(/3114/);
    for (const chat of newcomers) {
      await chat.hear(/12 questions courtes/);
      assert.equal(await chat.count('> Bonjour'), 1);
      await chat.page.getByText(numbers).waitFor({ state: 'hidden' });
    }
    for (const chat of [wide, narrow]) {
      await chat.hear(/.+/);
      assert.equal(await chat.count('> Un logement'), 1);
    }
  });
} finally {
  await stage.close();
}
