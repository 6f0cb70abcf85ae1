// Outbox holds the person's messages until the service has acknowledged them,
// one on its way at a time so that they arrive in order. Each keeps its id for
// ever: sending it again changes nothing.
const ACK_WITHIN = 10000; // ms

class Outbox {
  // chat.onMessage(message, state, text) is told of each message: "sending",
  // "late", "sent", "refused". chat.onStuck() is called when an answer is
  // overdue, chat.onDue() when the next message may leave.
  constructor(memory, chat) {
    this.memory = memory;
    this.chat = chat;
    this.messages = memory.unsent();
    this.told = ""; // what the service last said of the first message
  }

  // next is the frame of the message to send, null when there is none or when
  // it has to wait.
  next() {
    const m = this.messages[0];
    if (!m || this.resting) return null;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.overdue(), ACK_WITHIN);
    if (!this.told) this.chat.onMessage(m, "sending"); // what the service said stays until it is kept
    const frame = { type: "say", id: m.id };
    if (m.choice === undefined) {
      frame.text = m.text;
    } else {
      frame.choice = m.choice;
      frame.to = m.to;
    }
    return frame;
  }

  // add takes {text}, or {choice, to, text} for a button.
  add(message) {
    message.id = newID();
    this.messages.push(message);
    this.keep();
    this.chat.onMessage(message, "sending");
    if (this.messages.length === 1) this.chat.onDue();
  }

  overdue() {
    this.late(this.told);
    this.chat.onStuck();
  }

  // late marks what did not leave, with the service's words when it gave some.
  // The rest it may have asked for ends here, with its timer.
  late(text) {
    clearTimeout(this.timer);
    this.resting = false;
    this.told = text;
    this.messages.forEach((m) => this.chat.onMessage(m, "late", text));
  }

  // rest waits before the first message is sent again.
  rest(ms, text) {
    this.late(text);
    this.resting = true;
    this.timer = setTimeout(() => {
      this.resting = false;
      this.chat.onDue();
    }, ms);
  }

  // settle ends a message: "sent" or "refused".
  settle(id, state, text) {
    const message = this.messages.find((m) => m.id === id);
    if (!message) return;
    this.messages = this.messages.filter((m) => m !== message);
    this.keep();
    this.chat.onMessage(message, state, text);
    clearTimeout(this.timer);
    this.told = "";
    this.resting = false;
    if (this.messages.length) this.chat.onDue();
  }

  clear() {
    clearTimeout(this.timer);
    this.messages = [];
    this.told = "";
    this.resting = false;
    this.keep();
  }

  keep() {
    this.memory.keepUnsent(this.messages);
  }
}

// newID draws a UUID; crypto.randomUUID is missing on older phones.
function newID() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (b) => (b + 256).toString(16).slice(1)).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

