// People who chat without a browser, with the plain requests of the chat: as
// busy a service as a scene needs.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

// Somebody is one of them.
export class Somebody {
  constructor(base) {
    this.address = `${base}/chat/poll`;
    this.session = '';
  }

  async say(text) {
    const hello = { type: 'hello', session: this.session, lang: 'fr' };
    const answer = await fetch(this.address, { method: 'POST', body: JSON.stringify([hello, { type: 'say', id: randomUUID(), text }]) });
    const frames = await answer.json();
    assert.ok(frames.some((frame) => frame.type === 'ack'), `not taken: ${JSON.stringify(frames)}`);
    this.session = frames.find((frame) => frame.type === 'welcome').session;
  }
}

const size = 6; // each says no more than the service takes from one person

export class Crowd {
  // gather brings people who wait for an adviser.
  static async gather(base) {
    const people = Array.from({ length: size }, () => new Somebody(base));
    await Promise.all(people.map((one) => one.say('CONSEILLER')));
    return new Crowd(people);
  }

  constructor(people) {
    this.people = people;
    this.said = 0;
    this.saying = new Set();
  }

  // talk has somebody say something every so many ms, until hush.
  talk(every) {
    this.clock = setInterval(() => {
      const line = this.people[this.said++ % size].say(`Je cherche encore (${this.said})`);
      this.saying.add(line);
      line.then(() => this.saying.delete(line), (fault) => (this.fault ??= fault));
    }, every);
  }

  // hush ends the talk, and fails when a line of it was not taken.
  async hush() {
    clearInterval(this.clock);
    await Promise.allSettled(this.saying);
    if (this.fault) throw this.fault;
  }
}
