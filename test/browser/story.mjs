// The whole story, in three windows: somebody chats on the page, somebody else
// texts, and advisers answer both. browser_test.go starts the program and runs
// this file; README.md tells the same story to a first visitor.
import assert from 'node:assert/strict';
import { Stage, moves } from './stage.mjs';
import { Desk, plainly } from './desk.mjs';
import { chatOn, phoneOn } from './talk.mjs';
import { Wire } from './wire.mjs';

const base = process.env.RELAIS_TEST_URL;
const accounts = JSON.parse(process.env.RELAIS_TEST_ACCOUNTS);
const stage = await Stage.open({ chromium: process.env.CHROMIUM, base, shots: process.env.RELAIS_TEST_SHOTS });
const wire = await Wire.open();
const scene = (name, play, ...expected) => stage.scene(name, play, ...expected);

// What the team says when it takes a request depends on the hour: both promise
// an answer by a time.
const queued = /Une personne vous répond ici avant .+/;
const markup = '<b>Bonjour</b> <img src="x" onerror="alert(1)"> & merci';

async function open(address, options) {
  const window = await stage.window(options);
  const page = await window.newPage();
  await page.goto(base + address);
  return page;
}

// tabTo moves the focus with the keyboard alone until it is on an element.
async function tabTo(page, name) {
  const focused = () => page.evaluate(() => {
    let element = document.activeElement;
    while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
    return element?.labels?.[0]?.textContent ?? element?.textContent ?? '';
  });
  const seen = [];
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press('Tab');
    const text = (await focused()).trim();
    if (text.startsWith(name)) return;
    seen.push(text.slice(0, 40));
  }
  assert.fail(`“${name}” is not reached with the keyboard; there are: ${seen.join(' | ')}`);
}

const press = async (page, name) => {
  await tabTo(page, name);
  await page.keyboard.press('Enter');
};

try {
  const desk = async (account) => new Desk(await (await stage.window()).newPage(), base, account);
  const [samira, paul, lea] = [await desk(accounts[0]), await desk(accounts[1]), await desk(accounts[2])];
  let page, other, chat, secondTab;

  // ---- The chat ----

  await scene('the page greets, and nothing is said yet', async () => {
    page = await open('/', { proxy: wire.proxy });
    chat = chatOn(page);
    await page.getByText("Ici l'assistant automatique").waitFor();
    assert.deepEqual(await chat.lines(), []);
    await stage.looks(page, 'chat, greeting');
  });

  await scene('somebody begins with the keyboard alone', async () => {
    await press(page, 'Commencer');
    await chat.hear(/12 questions courtes/);
    await press(page, 'Oui');
    await chat.hear(/L'équipe .+ lit vos réponses/);
    await chat.hear(/Question 1 sur 12/);
    await stage.looks(page, 'chat, question', page.locator('relais-chat'));
    await press(page, 'Non');
    await chat.hear(/Question 2 sur 12/);
  });

  await scene('a town is read in spite of its spelling, an answer is taken back', async () => {
    await chat.ask('besanson', /Question 3 sur 12/);
    await chat.ask('1987', /Question 4 sur 12/);
    await page.getByRole('button', { name: 'Demande en cours' }).click();
    await chat.hear(/Question 5 sur 12/);
    await chat.ask('retour', /Question 4 sur 12/);
    await page.getByRole('button', { name: 'Oui', exact: true }).last().click();
    const several = await chat.hear(/Question 5 sur 12/);
    assert.match(several, /Cap emploi/, 'a question with several answers shows them');
    await chat.ask('aucun', /Question 6 sur 12/);
    await page.getByText('Nouveau message').waitFor({ state: 'hidden' });
  });

  await scene('a page that is loaded again misses nothing and doubles nothing', async () => {
    const before = await chat.lines();
    await page.reload();
    await chat.holds(before);
  });

  await scene('a second tab holds the same conversation', async () => {
    other = await page.context().newPage();
    await other.goto(base);
    secondTab = chatOn(other);
    await secondTab.holds(await chat.lines());
    secondTab.heard = chat.heard;
    await secondTab.ask('longtemps', /Question 7 sur 12/);
    await chat.hear(/Question 7 sur 12/);
    assert.deepEqual(await chat.lines(), await secondTab.lines());
  });

  await scene('what is written without a network leaves when it is back, once', async () => {
    wire.cut();
    await page.getByText('Connexion perdue').waitFor();
    await chat.say('un emploi');
    await page.getByText('Non envoyé, nouvel essai…').waitFor();
    await stage.looks(page, 'chat, cut off', page.locator('relais-chat'));
    wire.mend();
    await chat.hear(/Question 8 sur 12/);
    assert.equal(await chat.count('un emploi'), 1);
    await secondTab.holds(await chat.lines());
  }, /ERR_(TUNNEL|PROXY|EMPTY|CONNECTION|SOCKET)/);

  await scene('the chat does without sockets where they do not get through', async () => {
    const window = await stage.window();
    await window.routeWebSocket(/\/chat\/ws$/, (socket) => socket.close());
    const elsewhere = await window.newPage();
    await elsewhere.goto(base);
    const polled = chatOn(elsewhere);
    await polled.say('Bonjour');
    await polled.hear(/12 questions courtes/);
    await elsewhere.close();
  });

  await scene('nothing moves for somebody who asked for stillness', async () => {
    await page.emulateMedia({ reducedMotion: 'reduce' });
    assert.deepEqual(await moves(page), []);
    await page.emulateMedia({ reducedMotion: null });
  });

  // ---- The phone ----

  const phonePage = await open('/demo/phone');
  const phone = phoneOn(phonePage);

  await scene('somebody texts, answers, and asks for a person', async () => {
    await phone.ask('Bonjour', /assistant automatique du Département/);
    await phone.ask('oui', /1\/12/);
    await phone.ask('5', /2\/12/);
    await phone.ask('25000', /3\/12/);
    await phone.ask('1990', /4\/12/);
    await phone.ask('1', /5\/12/);
    await phone.ask('6', /6\/12/);
    await phone.ask('conseiller', queued);
    await stage.looks(phonePage, 'phone');
  });

  // ---- The console ----

  await scene('a wrong password is refused, and the right one opens with the keyboard alone', async () => {
    const door = samira.page;
    await door.goto(`${base}/console/`);
    await door.keyboard.type(samira.account.email);
    await door.keyboard.press('Tab');
    await door.keyboard.type('not the password');
    await door.keyboard.press('Enter');
    await door.getByRole('alert').filter({ hasText: 'incorrect' }).waitFor();
    await stage.looks(door, 'console, refused');
    await door.getByLabel('Mot de passe').focus();
    await door.keyboard.type(samira.account.password);
    await door.keyboard.press('Enter');
    await door.getByRole('heading', { name: 'Conversations', level: 1 }).waitFor();
  }, /status of 401/);

  await scene('the list shows who waits, why and since when, and follows live', async () => {
    const text = await samira.row('En attente', 'SMS').innerText();
    assert.match(text, /Demande à parler à une personne/);
    assert.match(text, /depuis (moins d'1|\d+)\smin/);
    await chat.ask('CONSEILLER', queued);
    await samira.row('En attente', 'Discussion').waitFor();
    await samira.page.waitForFunction(() => document.title.startsWith('(2)'));
    await stage.looks(samira.page, 'console, list');
  });

  await scene('another organisation sees neither', async () => {
    await lea.signIn();
    await lea.page.getByText("Personne n'attend pour le moment.").waitFor();
    const answer = await lea.page.goto(await samira.row('En attente', 'SMS').getByRole('link').evaluate((link) => link.href));
    assert.equal(answer.status(), 404);
    await lea.page.close();
  }, /status of 404/);

  await scene('two advisers take the same conversation: one has it, the other learns who', async () => {
    await paul.signIn();
    for (const adviser of [samira, paul]) {
      await adviser.open('En attente', 'SMS');
      await adviser.transcript.hear(/25000/);
    }
    const known = await samira.page.getByRole('complementary').innerText();
    assert.match(known, /Besançon/, 'the summary names the town');
    assert.match(known, /RSA/);
    await stage.looks(samira.page, 'console, waiting conversation');
    const buttons = await Promise.all([samira, paul].map((a) => a.claimButton.elementHandle()));
    await Promise.all(buttons.map((button) => button.evaluate((b) => b.click())));
    await phone.hear(/(Samira|Paul), équipe .+, prend le relais/);
  }, /status of 409/);

  const [holder, colleague] = await samira.holds() ? [samira, paul] : [paul, samira];

  await scene('the colleague is told who follows, the phone hears the holder at once', async () => {
    await colleague.page.getByText(`${holder.account.name} suit cette conversation`).waitFor();
    assert.equal(await colleague.field.count(), 0);
    await holder.reply('Bonjour, ici la mirabelle du service. Que se passe-t-il ?');
    await phone.hear(/la mirabelle du service/);
    await phone.say(markup);
    await holder.transcript.hear(plainly(markup));
    await colleague.transcript.hear(plainly(markup));
    await stage.looks(holder.page, 'console, conversation held');
  });

  await scene('a note stays among colleagues', async () => {
    await holder.field.fill('À rappeler jeudi.');
    await holder.page.getByRole('button', { name: 'Garder en note interne' }).click();
    await colleague.transcript.hear(/À rappeler jeudi/);
    await holder.page.getByText('Note interne de').waitFor();
  });

  await scene('given back, the assistant speaks again and the note was never sent', async () => {
    await holder.page.getByRole('button', { name: "Rendre à l'assistant" }).click();
    await phone.hear(/Ici de nouveau l'assistant automatique/);
    await holder.page.getByText("L'assistant répond").waitFor();
    assert.equal(await phone.count('jeudi'), 0);
    await phone.ask('oui', /6\/12/);
  });

  await scene('the chat is answered live, in both tabs', async () => {
    await samira.page.goto(`${base}/console/`);
    await press(samira.page, 'Demande à parler à une personne');
    await samira.page.getByRole('heading', { name: 'Échange' }).waitFor();
    await press(samira.page, 'Prendre cette conversation');
    await samira.field.waitFor();
    samira.transcript.heard = 0;
    await chat.hear(/Samira, équipe .+, prend le relais/);
    await samira.reply('Bonjour, je lis vos réponses. De quoi avez-vous besoin ?');
    await chat.hear(/De quoi avez-vous besoin/);
    await secondTab.hear(/De quoi avez-vous besoin/);
    await chat.say(markup);
    await samira.transcript.hear(plainly(markup));
    await secondTab.holds(await chat.lines());
    await stage.looks(page, 'chat, with an adviser', page.locator('relais-chat'));
  });

  await scene('the exchange ends with an outcome', async () => {
    await samira.page.getByText("Terminer l'échange").click();
    await samira.page.getByLabel('Comment cela').selectOption({ label: 'Réponse donnée' });
    await stage.looks(samira.page, 'console, ending');
    await samira.page.getByRole('button', { name: 'Terminer', exact: true }).click();
    await chat.hear(/Votre échange avec l'équipe .+ est terminé/);
    await samira.page.getByText('Échange terminé').waitFor();
  });

  await scene('STOP is confirmed once, and shown to the team', async () => {
    await phone.ask('STOP', /plus aucun SMS/);
    await paul.page.getByText('ne veut plus de SMS').waitFor();
    assert.equal(await phone.count('plus aucun SMS'), 1);
  });

  await scene('signing out closes the console', async () => {
    await paul.page.getByRole('button', { name: 'Se déconnecter' }).click();
    await paul.page.getByRole('heading', { name: 'Connexion' }).waitFor();
    await paul.page.goBack();
    await paul.page.getByRole('heading', { name: 'Connexion' }).waitFor();
  }, /status of 401/);

  await scene('the chat is cleared from the screen, in both tabs', async () => {
    await press(page, 'Quitter et effacer');
    await press(page, 'Oui, effacer');
    await page.getByText("Ici l'assistant automatique").waitFor();
    await chat.holds([]);
    await other.getByText("Ici l'assistant automatique").waitFor();
    await page.reload();
    await chat.holds([]);
  });

  for (const remark of stage.remarks) console.log(`  remark: ${remark}`);
} finally {
  await stage.close();
  wire.close();
}
