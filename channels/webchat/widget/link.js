// Link keeps a connection with the service: a websocket, or plain requests where
// sockets do not get through. Either way it says hello each time, and the
// service sends what is missing.
//
// chat gives hello(), the frame to begin with, and next(), the message to send,
// null when there is none; it is told of each frame, and when the connection is
// "open" and "lost", with the service's words for it when it gave some.
const WELCOME_WITHIN = 10000; // ms
const ANSWER_WITHIN = 8000;
const PING_EVERY = 25000;
const POLL_WAIT = 25; // s
const POLL_WITHIN = 45000;
const LONGEST_PAUSE = 30000;
const POLL_FOR = 60000; // then a socket is tried again; longer each time

class Link {
  constructor(base, chat) {
    this.base = base;
    this.chat = chat;
    this.running = false;
    this.open = false; // welcomed
    this.pausing = false; // until the next try
    this.polling = false; // sockets do not get through
    this.tries = 0; // since the last welcome
    this.deaf = 0; // sockets in a row that brought nothing
    this.detours = 0; // turns to plain requests in a row
  }

  start() {
    if (this.running) return;
    this.running = true;
    this.tries = 0;
    this.connect();
  }

  stop() {
    if (!this.running) return;
    this.transmit({ type: "bye" });
    this.running = false;
    this.hangUp();
  }

  restart() {
    this.stop();
    this.start();
  }

  // flush sends the next message if there is a connection; it leaves with the
  // next hello otherwise.
  flush() {
    if (!this.open) return;
    if (this.polling) {
      this.poll();
      return;
    }
    const message = this.chat.next();
    if (message) this.transmit(message);
  }

  // check sends again what has no answer, and makes sure that the connection is
  // alive.
  check() {
    if (!this.open) return;
    this.flush();
    if (!this.polling) this.ping();
  }

  // wake is for a page that was away: nothing it believed is sure any more.
  wake() {
    if (!this.running) return;
    if (this.polling) {
      this.detours = 0; // perhaps another network
      this.trySocket();
    } else if (this.pausing) {
      this.connect();
    } else {
      this.check();
    }
  }

  connect() {
    this.hangUp();
    if (this.polling) this.poll();
    else this.dial();
  }

  lost(pause) {
    this.hangUp();
    this.rest(pause);
  }

  // unavailable is a service that is reached, and cannot take anything now. It
  // is told the message that comes next all the same: it reads it for signs of
  // danger. (A plain request carries it by itself.)
  unavailable(pause, why) {
    this.unplan();
    this.rest(pause, why);
    const message = this.socket && this.chat.next();
    if (message) this.transmit(message);
  }

  // rest tries again after a pause: longer each time, and never quite the same,
  // so that a crowd does not come back at once.
  rest(pause, why) {
    if (!this.running) return;
    this.chat.onState("lost", why);
    const longest = Math.min(LONGEST_PAUSE, 500 * Math.pow(2, this.tries++));
    this.pausing = true;
    this.timer = setTimeout(() => this.connect(), pause || longest * (0.5 + Math.random() / 2));
  }

  // unplan forgets the connection's timers.
  unplan() {
    clearTimeout(this.timer);
    clearTimeout(this.deadline);
    clearInterval(this.beat);
    clearTimeout(this.retrial);
    this.open = this.pausing = false;
  }

  hangUp() {
    this.unplan();
    this.dropRequest();
    if (this.socket) {
      const socket = this.socket;
      this.socket = null;
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
  }

  take(frame) {
    const retry = Number(frame.retry) || 0;
    if (frame.type === "bye") {
      this.lost(retry);
    } else if (frame.type === "error" && frame.code === "unavailable" && !frame.id) {
      this.unavailable(retry, frame.text);
    } else if (frame.type === "welcome") {
      this.welcomed(frame);
    } else {
      this.chat.onFrame(frame);
    }
  }

  welcomed(frame) {
    const again = this.open; // the conversation changed under the connection
    this.open = true;
    this.tries = this.deaf = 0;
    this.chat.onFrame(frame);
    if (again) return;
    this.chat.onState("open");
    if (this.polling) {
      this.retrial = setTimeout(() => this.trySocket(), POLL_FOR * Math.pow(2, Math.min(5, this.detours++)));
      return;
    }
    clearTimeout(this.deadline);
    this.detours = 0;
    this.beat = setInterval(() => this.ping(), PING_EVERY);
    this.flush();
  }

  // Websocket.

  dial() {
    const url = new URL("ws", this.base);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    this.heard = false;
    try {
      this.socket = new WebSocket(url.href, "relais.v1");
    } catch (forbidden) {
      this.closed();
      return;
    }
    this.expect(WELCOME_WITHIN);
    this.socket.onopen = () => this.transmit(this.chat.hello());
    this.socket.onmessage = (event) => {
      this.heard = true;
      if (this.open) clearTimeout(this.deadline);
      this.take(JSON.parse(event.data));
    };
    this.socket.onclose = () => this.closed();
  }

  // trySocket goes back to a socket; one that fails is enough to return.
  trySocket() {
    this.polling = false;
    this.deaf = 1;
    this.connect();
  }

  closed() {
    if (!this.heard && navigator.onLine !== false) {
      this.polling = ++this.deaf >= 2;
    }
    this.lost();
  }

  // expect gives the service a time to answer: a connection that stays silent
  // is dead, whatever the browser believes.
  expect(within) {
    clearTimeout(this.deadline);
    this.deadline = setTimeout(() => this.closed(), within);
  }

  ping() {
    this.transmit({ type: "ping" });
    this.expect(ANSWER_WITHIN);
  }

  transmit(frame) {
    if (this.socket && this.socket.readyState === 1) this.socket.send(JSON.stringify(frame));
  }

  // Plain requests: each says hello, carries the next message, and waits for
  // news once the session is known.

  poll() {
    this.dropRequest();
    const hello = this.chat.hello();
    if (this.open) hello.wait = POLL_WAIT;
    const message = this.chat.next();
    const request = new AbortController();
    this.request = request;
    clearTimeout(this.deadline);
    this.deadline = setTimeout(() => request.abort(), POLL_WITHIN);
    fetch(new URL("poll", this.base).href, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(message ? [hello, message] : [hello]),
      credentials: "omit",
      cache: "no-store",
      signal: request.signal,
    })
      .then((answer) => answer.json())
      .then((frames) => this.polled(request, frames))
      .catch(() => {
        if (this.request !== request) return;
        this.polling = false; // nothing gets through: neither way is better
        this.deaf = 0;
        this.lost();
      });
  }

  polled(request, frames) {
    if (this.request !== request) return;
    this.request = null;
    frames.forEach((frame) => {
      if (this.running) this.take(frame);
    });
    if (!this.running || this.pausing || this.request) return;
    if (frames.some((frame) => frame.type === "welcome")) this.poll();
    else this.lost();
  }

  dropRequest() {
    const request = this.request;
    this.request = null;
    if (request) request.abort();
  }
}

