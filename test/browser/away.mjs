// The database is away: whoever writes is told so where they look, with the
// numbers to call; what they wrote leaves when it is back.
import assert from 'node:assert/strict';
import { Stage } from './stage.mjs';
import { chatOn, inSight } from './talk.mjs';

const base = process.env.RELAIS_TEST_URL;
const stage = await Stage.open({ chromium: process.env.CHROMIUM, base, shots: process.env.RELAIS_TEST_SHOTS });
const scene = (name, play, ...expected) => stage.scene(name, play, ...expected);

// database asks the test to stop the database, or to start it.
async function database(does) {
  const answer = await fetch(`${process.env.RELAIS_TEST_DATABASE}/${does}`, { method: 'POST' });
  assert.equal(answer.status, 200, await answer.text());
}

const numbers = 'Urgence\u00a0: 15, 17 ou 112, par SMS 114';
// further is what somebody in danger goes on to say.
const further = ['Personne ne répond', 'mon mari me frappe'];
const phone = { viewport: { width: 320, height: 640 } };

async function visitor(options) {
  return arrive(await stage.window(options));
}

async function arrive(window) {
  const page = await window.newPage();
  await page.goto(base);
  return chatOn(page);
}

// onWire is a visitor whose sockets the scene may close: it gives them, the
// latest last.
async function onWire(options) {
  const sockets = [];
  const window = await stage.window(options);
  await window.routeWebSocket(/\/chat\/ws$/, (socket) => {
    socket.connectToServer();
    sockets.push(socket);
  });
  return { chat: await arrive(window), sockets };
}

// said waits until the chat says a text, wherever it is scrolled to.
const said = (page, selector, text) => page.locator(`relais-chat ${selector}`, { hasText: text }).waitFor({ state: 'attached' });

// keepsSaying begins to watch that the chat never stops saying a text; what it
// returns asks whether it did.
async function keepsSaying(page, text) {
  await page.evaluate((text) => {
    const panel = document.querySelector('relais-chat').shadowRoot.querySelector('.panel');
    const look = () => {
      if (!panel.innerText.includes(text)) window.fellSilent = true;
    };
    window.fellSilent = false;
    new MutationObserver(look).observe(panel, { childList: true, subtree: true, characterData: true });
    look();
  }, text);
  return () => page.evaluate(() => !window.fellSilent);
}

// leaves waits until all that a person wrote was taken and answered.
async function leaves(chat, ...texts) {
  await chat.page.waitForFunction(() => !document.querySelector('relais-chat').shadowRoot.querySelector('[data-state="late"], [data-state="sending"]'));
  await chat.hear(/3114/);
  await chat.page.getByText(numbers).waitFor({ state: 'hidden' });
  assert.deepEqual((await chat.lines()).filter((line) => line.startsWith('> ')), texts.map((text) => `> ${text}`));
  assert.equal(await chat.page.locator('relais-chat .help').textContent(), '', 'the answer takes the place of the words of help');
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

  await scene('whoever is talking reads it below the conversation', async () => {
    for (const chat of [wide, narrow]) {
      await chat.say('Un logement');
      await inSight(chat.page, '.line.person .state', 'Non envoyé, nouvel essai…');
      await inSight(chat.page, '.status', numbers);
      await stage.looks(chat.page, 'chat, database away', chat.page.locator('relais-chat'));
      await inSight(chat.page, '.status', numbers);
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
    polled = await arrive(window);
    await polled.say('je veux mourir');
    await inSight(polled.page, '.status', numbers);
    await inSight(polled.page, '.help p', '3114');
  });

  let danger;
  await scene('somebody in danger is helped all the same', async () => {
    danger = await visitor(phone);
    await danger.say('je veux mourir');
    await inSight(danger.page, '.help p', '3114');
    await stage.looks(danger.page, 'chat, danger, database away', danger.page.locator('relais-chat'));
    await inSight(danger.page, '.help p', '3114');
  });

  let cut;
  await scene('so is one who loses the connection too, while the service had asked to wait', async () => {
    const { chat, sockets } = await onWire(phone);
    cut = chat;
    await chat.say('je veux mourir');
    await inSight(chat.page, '.help p', '3114');
    const kept = await keepsSaying(chat.page, '3114');
    sockets.forEach((socket) => socket.close());
    await said(chat.page, '.status', 'Connexion perdue');
    await inSight(chat.page, '.help p', '3114');
    await said(chat.page, '.status', 'Un souci technique'); // it has found the service again
    assert.ok(await kept(), 'the words of help were taken away');
  });

  await scene('so is whoever says it after something else that waits', async () => {
    for (const chat of [wide, narrow, ...newcomers]) {
      await chat.say('je veux mourir');
      await inSight(chat.page, '.help p', '3114');
    }
    for (const chat of [narrow, polled]) {
      for (const text of further) await chat.say(text);
      await inSight(chat.page, '.help p', '3919');
      await said(chat.page, '.help p', '3114');
      await stage.looks(chat.page, 'chat, two dangers, database away', chat.page.locator('relais-chat'));
      await inSight(chat.page, '.help p', '3919');
      await inSight(chat.page, '.send', 'Envoyer');
    }
  });

  await scene('they still are when they open the page anew', async () => {
    await narrow.page.reload();
    await inSight(narrow.page, '.help p', '3919');
    await said(narrow.page, '.help p', '3114');
  });

  await scene('what was written leaves when the database is back, once and in order', async () => {
    await database('start');
    for (const chat of [cut, danger]) await leaves(chat, 'je veux mourir');
    for (const chat of newcomers) await leaves(chat, 'Bonjour', 'je veux mourir');
    await leaves(polled, 'je veux mourir', ...further);
    await leaves(wide, 'Bonjour', 'Oui', 'Un logement', 'je veux mourir');
    await leaves(narrow, 'Bonjour', 'Oui', 'Un logement', 'je veux mourir', ...further);
  });
} finally {
  await stage.close();
}
