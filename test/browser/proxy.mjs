// No instance answers behind the proxy: the chat keeps what is written, and says
// whom to call until it can leave.
import assert from 'node:assert/strict';
import { Stage } from './stage.mjs';
import { chatOn, inSight } from './talk.mjs';

const base = process.env.RELAIS_TEST_URL;
const stage = await Stage.open({ chromium: process.env.CHROMIUM, base, shots: process.env.RELAIS_TEST_SHOTS });
const numbers = 'Urgence\u00a0: 15, 17 ou 112, par SMS 114';
const badGateway = /the server responded with a status of 502 \(Bad Gateway\)/;

// proxied is a visitor behind a proxy that has its own page for everything while
// nobody is there.
async function proxied(options) {
  const proxy = { alone: true };
  const window = await stage.window(options);
  await window.routeWebSocket(/\/chat\/ws$/, (socket) => proxy.alone ? socket.close() : socket.connectToServer());
  await window.route(/\/chat\/poll$/, (route) => proxy.alone
    ? route.fulfill({ status: 502, contentType: 'text/html', body: '<html><h1>502 Bad Gateway</h1></html>' })
    : route.continue());
  const page = await window.newPage();
  await page.goto(base);
  return { chat: chatOn(page), proxy };
}

try {
  for (const options of [{}, { viewport: { width: 320, height: 640 } }]) {
    const { chat, proxy } = await proxied(options);
    await stage.scene('whoever has something to say reads the numbers to call', async () => {
      await chat.page.getByLabel('Votre message').focus();
      await inSight(chat.page, '.status', 'Connexion perdue');
      assert.ok(!(await chat.page.locator('relais-chat .status').textContent()).includes(numbers), 'nothing waits yet');
      await chat.say('je veux mourir');
      await inSight(chat.page, '.status', numbers);
      await stage.looks(chat.page, 'chat, nobody behind the proxy', chat.page.locator('relais-chat'));
      await inSight(chat.page, '.status', numbers);
    }, badGateway);

    await stage.scene('it leaves when somebody is there again, once', async () => {
      proxy.alone = false;
      await chat.hear(/3114/);
      assert.equal(await chat.count('> je veux mourir'), 1);
      await chat.page.getByText(numbers).waitFor({ state: 'hidden' });
    }, badGateway);
  }
} finally {
  await stage.close();
}
