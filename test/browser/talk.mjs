// A conversation on the screen: the chat, the phone, or what the console shows
// of either. Lines are read as a person would: from the last one heard on.
import assert from 'node:assert/strict';

export class Talk {
  // where says how this page shows a conversation: the element whose shadow
  // holds it (empty: none), its lines, the text of one, the class of one's own.
  constructor(page, where, write) {
    this.page = page;
    this.where = where;
    this.write = write;
    this.heard = 0;
  }

  say(text) {
    return this.write(text);
  }

  // lines gives what is on the screen, in order.
  lines() {
    return this.page.evaluate(({ host, line, text, own }) => {
      const root = host ? document.querySelector(host).shadowRoot : document;
      return [...root.querySelectorAll(line)].map((l) => `${l.classList.contains(own) ? '>' : '<'} ${l.querySelector(text)?.textContent ?? l.textContent.trim()}`);
    }, this.where);
  }

  // hear waits for something said by the other side after what was heard
  // already, and gives its text.
  async hear(pattern, { own = false } = {}) {
    const wanted = { ...this.where, source: pattern.source, from: this.heard, mine: own };
    const find = ({ host, line, text, own, source, from, mine }) => {
      const root = host ? document.querySelector(host).shadowRoot : document;
      const lines = [...root.querySelectorAll(line)];
      const textOf = (l) => l.querySelector(text)?.textContent ?? l.textContent;
      const at = lines.findIndex((l, i) => i >= from && l.classList.contains(own) === mine && new RegExp(source).test(textOf(l)));
      return at < 0 ? null : { at, text: textOf(lines[at]) };
    };
    try {
      const found = await (await this.page.waitForFunction(find, wanted)).jsonValue();
      this.heard = found.at + 1;
      return found.text;
    } catch (error) {
      const lines = (await this.lines()).slice(-6).join('\n');
      throw new Error(`nobody said ${pattern}; the last lines are:\n${lines}`, { cause: error });
    }
  }

  async ask(text, pattern) {
    await this.say(text);
    return this.hear(pattern);
  }

  // holds waits for as many lines, and wants exactly these.
  async holds(lines) {
    await this.page.waitForFunction(({ host, line, count }) => {
      const root = host ? document.querySelector(host).shadowRoot : document;
      return root.querySelectorAll(line).length >= count;
    }, { ...this.where, count: lines.length });
    assert.deepEqual(await this.lines(), lines);
  }

  async count(text) {
    return (await this.lines()).filter((line) => line.includes(text)).length;
  }
}

// inSight waits until a text of the chat is whole on the screen: within the
// chat, and within the part of it that is scrolled when it is in one.
export async function inSight(page, selector, text) {
  const seen = page.waitForFunction(({ selector, text }) => {
    const root = document.querySelector('relais-chat').shadowRoot;
    const found = [...root.querySelectorAll(selector)].findLast((element) => element.textContent.includes(text));
    if (!found) return false;
    const box = found.getBoundingClientRect();
    const within = (frame) => {
      const outer = frame.getBoundingClientRect();
      return box.height > 0 && box.top >= outer.top - 1 && box.bottom <= outer.bottom + 1;
    };
    return ['.panel', '.log', '.help'].map((part) => found.closest(part)).filter(Boolean).every(within);
  }, { selector, text }, { timeout: 20_000 });
  await seen.catch(async (cause) => {
    const there = await page.evaluate(() => document.querySelector('relais-chat').shadowRoot.querySelector('.panel').innerText);
    throw new Error(`“${text}” is not in sight; the chat says:\n${there}`, { cause });
  });
}

export function chatOn(page) {
  return new Talk(page, { host: 'relais-chat', line: 'article.line', text: '.text', own: 'person' }, async (text) => {
    await page.getByLabel('Votre message').fill(text);
    await page.keyboard.press('Enter');
  });
}

export function phoneOn(page) {
  return new Talk(page, { host: '', line: '#log .message', text: '.bubble', own: 'person' }, async (text) => {
    await page.getByLabel('Votre SMS').fill(text);
    await page.keyboard.press('Enter');
  });
}

// What an adviser reads; what they write goes through Desk.
export function transcriptOn(page) {
  return new Talk(page, { host: '', line: '#log li', text: '.text', own: 'adviser' });
}
