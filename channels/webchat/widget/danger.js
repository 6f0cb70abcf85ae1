// Danger has the service read what waits for signs of danger while it can keep
// nothing, and holds its words of help. Only the first message that waits is
// sent again and again; those behind it are shown to the service here, once
// each and in order, by a plain request of its own: it gets through whatever
// becomes of the connection, and receives nothing.
const READ_WITHIN = 10000; // ms

class Danger {
  // chat.waiting() gives the messages that wait, the first one first;
  // chat.onHelp(texts) is told of the words of help for them.
  constructor(base, lang, chat) {
    this.base = base;
    this.lang = lang;
    this.chat = chat;
    this.words = new Map(); // by the id of a message that was read; "" when nothing shows a danger
  }

  // offer shows the service what it has not read yet. What fails is offered
  // again the next time.
  offer() {
    const message = this.chat.waiting().find((m) => m.choice === undefined && !this.words.has(m.id));
    if (this.request || !message) return;
    const request = new AbortController();
    this.request = request;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => request.abort(), READ_WITHIN);
    fetch(new URL("poll", this.base).href, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify([{ type: "heed", id: message.id, text: message.text, lang: this.lang }]),
      credentials: "omit",
      cache: "no-store",
      signal: request.signal,
    })
      .then((answer) => answer.json())
      .then((frames) => frames.find((frame) => frame.type === "heeded"))
      .catch(() => null)
      .then((heeded) => this.request === request && this.answered(message, heeded));
  }

  answered(message, heeded) {
    this.request = null;
    clearTimeout(this.timer);
    if (!heeded) return;
    if (heeded.retry) {
      this.timer = setTimeout(() => this.offer(), heeded.retry);
      return;
    }
    this.read(message.id, heeded.text);
    this.offer();
  }

  // read notes what the service said of a message.
  read(id, text) {
    this.words.set(id, text || "");
    this.tell();
  }

  // tell gives the words for what still waits, each once, the latest first.
  tell() {
    const texts = this.chat.waiting().map((m) => this.words.get(m.id)).filter(Boolean).reverse();
    this.chat.onHelp([...new Set(texts)]);
  }

  clear() {
    clearTimeout(this.timer);
    if (this.request) this.request.abort();
    this.request = null;
    this.words.clear();
    this.tell();
  }
}

