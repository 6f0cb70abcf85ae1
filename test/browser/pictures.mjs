// Takes the pictures of the README: the same pages as in the story, with a
// little more life in them.
import { mkdirSync } from 'node:fs';
import { Desk } from './desk.mjs';
import { Stage, still } from './stage.mjs';
import { chatOn, phoneOn } from './talk.mjs';

const base = process.env.RELAIS_TEST_URL;
const [account] = JSON.parse(process.env.RELAIS_TEST_ACCOUNTS);
const stage = await Stage.open({ chromium: process.env.CHROMIUM, base });

async function open(address, viewport) {
  const page = await (await stage.window({ viewport, deviceScaleFactor: 1 })).newPage();
  await page.goto(base + address);
  return page;
}

async function take(page, name) {
  await page.evaluate(() => document.activeElement?.blur());
  await still(page);
  mkdirSync('pictures', { recursive: true });
  await page.screenshot({ path: `pictures/${name}.png` });
}

const answers = [['oui', /1\/12/], ['5', /2\/12/], ['besanson', /3\/12/], ['1990', /4\/12/], ['1', /5\/12/], ['aucun', /6\/12/], ['longtemps', /7\/12/]];

try {
  const chatPage = await open('/', { width: 1280, height: 800 });
  const chat = chatOn(chatPage);
  await chat.ask('Bonjour', /12 questions courtes/);
  await chat.ask('Oui', /Question 1 sur 12/);
  await chat.ask('Non', /Question 2 sur 12/);
  await chat.ask('besanson', /Question 3 sur 12/);
  await chat.ask('1987', /Question 4 sur 12/);
  await take(chatPage, 'chat');

  const phonePage = await open('/demo/phone', { width: 520, height: 800 });
  const phone = phoneOn(phonePage);
  await phone.ask('Bonjour', /12 questions/);
  for (const [answer, next] of answers) await phone.ask(answer, next);
  await phone.ask('conseiller', /Une personne vous répond ici/);

  await phonePage.getByLabel('Vous êtes').selectOption({ index: 1 });
  phone.heard = 0;
  await phone.ask('Bonjour', /12 questions/);
  await phone.ask('oui', /1\/12/);
  await phone.ask('je dois quitter mon logement', /(Une personne vous répond ici|continuer les questions)/);
  await chat.ask('CONSEILLER', /Une personne vous répond ici/);
  await phonePage.getByLabel('Vous êtes').selectOption({ index: 0 });

  const desk = new Desk(await open('/console/', { width: 1280, height: 800 }), base, account);
  await desk.signIn();
  await desk.row('En attente', 'Discussion').waitFor();
  await take(desk.page, 'console-list');

  await desk.page.getByRole('region', { name: 'En attente' }).getByRole('listitem').filter({ hasText: 'Demande à parler' }).filter({ hasText: 'SMS' }).getByRole('link').click();
  await desk.claim();
  await desk.reply('Bonjour, ici Samira. Je lis vos réponses. Pouvez-vous venir jeudi à 10 h ?');
  phone.heard = 0;
  await phone.hear(/jeudi à 10 h/);
  await phone.say('Oui je peux, merci beaucoup');
  await desk.transcript.hear(/merci beaucoup/);
  await desk.page.evaluate(() => scrollTo(0, 0));
  await take(desk.page, 'console-conversation');
  await take(phonePage, 'phone');
} finally {
  await stage.close();
}
