// An adviser's browser.
import assert from 'node:assert/strict';
import { transcriptOn } from './talk.mjs';

export class Desk {
  constructor(page, base, account) {
    this.page = page;
    this.base = base;
    this.account = account;
    this.transcript = transcriptOn(page);
  }

  async signIn() {
    await this.page.goto(`${this.base}/console/`);
    await this.page.getByLabel('Adresse électronique').fill(this.account.email);
    await this.page.getByLabel('Mot de passe').fill(this.account.password);
    await this.page.getByRole('button', { name: 'Se connecter' }).click();
    await this.page.getByRole('heading', { name: 'Conversations', level: 1 }).waitFor();
  }

  // row is one conversation of the list, by its channel and the list it is in.
  row(list, channel) {
    return this.page.getByRole('region', { name: list }).getByRole('listitem').filter({ hasText: channel });
  }

  async open(list, channel) {
    await this.page.goto(`${this.base}/console/`);
    await this.row(list, channel).getByRole('link').click();
    await this.page.getByRole('heading', { name: 'Échange' }).waitFor();
    this.transcript.heard = 0;
  }

  get claimButton() {
    return this.page.getByRole('button', { name: 'Prendre cette conversation' });
  }

  get field() {
    return this.page.getByLabel(/^Votre réponse/);
  }

  // holds tells whether this adviser is the one who answers, once the page knows.
  async holds() {
    await this.field.or(this.page.getByText('suit cette conversation')).first().waitFor();
    return (await this.field.count()) > 0;
  }

  async claim() {
    await this.claimButton.click();
    await this.field.waitFor();
  }

  // reply writes to the person. At hours when an SMS would wake somebody the
  // page asks to confirm.
  async reply(text) {
    await this.field.fill(text);
    const anyway = this.page.getByLabel('Envoyer quand même');
    if (await anyway.isVisible()) await anyway.check();
    await this.field.press('Control+Enter');
    await this.transcript.hear(plainly(text), { own: true });
    assert.equal(await this.field.inputValue(), '', 'the field is empty once the reply is sent');
  }
}

// plainly matches a text as it is.
export const plainly = (text) => new RegExp(text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
