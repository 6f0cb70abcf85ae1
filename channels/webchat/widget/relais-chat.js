// <relais-chat lang="fr" title="…"> is the whole chat. It fills its container,
// keeps to itself in a shadow root, and finds the service where this script
// came from.
const BASE = new URL(".", document.currentScript.src);

class RelaisChat extends HTMLElement {
  connectedCallback() {
    if (!this.view) this.build();
    this.listen(true);
    if (this.memory.session() || this.outbox.messages.length) this.link.start();
  }

  disconnectedCallback() {
    this.listen(false);
    this.link.stop();
  }

  build() {
    const lang = this.lang || document.documentElement.lang || "fr";
    const title = this.title;
    this.removeAttribute("title"); // a tooltip over the whole chat helps nobody
    const root = this.attachShadow({ mode: "open" });
    this.view = new View(root, {
      lang: lang,
      title: title,
      onSay: (text) => this.say({ text: text }),
      onChoice: (seq, choice) => this.say({ choice: choice.value, to: seq, text: choice.label }),
      onQuit: () => this.quit(),
    });
    this.dress(root);
    this.memory = new Memory(BASE.href);
    this.outbox = new Outbox(this.memory, this);
    this.danger = new Danger(BASE, lang, this);
    this.link = new Link(BASE, this);
    this.resume();
    // A visitor who only reads the page costs the service nothing.
    root.addEventListener("focusin", () => this.link.start());
    this.events = [
      [window, "online", () => this.link.wake()],
      [window, "pageshow", (event) => event.persisted && this.link.wake()],
      [window, "storage", (event) => this.onStorage(event)],
      [document, "visibilitychange", () => document.visibilityState === "visible" && this.link.wake()],
    ];
  }

  // dress waits for the style, so that the page does not jump.
  dress(root) {
    const style = make("link", "", null, { rel: "stylesheet", href: new URL("widget.css", BASE).href });
    const show = () => {
      this.view.panel.hidden = false;
      this.view.toStart();
    };
    this.view.panel.hidden = true;
    style.addEventListener("load", show);
    style.addEventListener("error", show);
    root.prepend(style);
  }

  listen(on) {
    this.events.forEach(([target, name, heard]) => {
      if (on) target.addEventListener(name, heard);
      else target.removeEventListener(name, heard);
    });
  }

  // resume begins with what this browser remembers.
  resume() {
    const kept = this.memory.session() || { session: "", log: "" };
    this.session = kept.session;
    this.sessionLog = kept.log;
    this.after = 0;
    this.until = 0;
    this.help = []; // what to do in the danger that waiting messages speak of
    this.trouble = ""; // why nothing leaves, as the status says it
    this.away = false; // the service was reached last, and could keep nothing
    this.outbox.messages.forEach((m) => this.view.showPending(m, "late"));
  }

  // reset begins anew on this screen.
  reset() {
    this.link.stop();
    this.outbox.clear();
    this.danger.clear();
    this.view.clear();
    this.resume();
  }

  say(message) {
    this.outbox.add(message);
    this.remember();
    this.link.start();
    if (this.trouble === this.view.texts.lost) this.troubled("");
    if (this.away) this.danger.offer();
  }

  quit() {
    this.memory.forget();
    this.reset();
    this.view.showStatus(this.view.texts.quitDone);
    this.view.field.focus();
  }

  // remember keeps the session once something was said in it.
  remember() {
    if (this.session && (this.after > 0 || this.outbox.messages.length)) {
      this.memory.keepSession(this.session, this.sessionLog);
    }
  }

  // onStorage follows what another page of this browser does.
  onStorage(event) {
    if (event.key !== null && event.key !== this.memory.key) return;
    const kept = this.memory.session();
    if (kept ? kept.session === this.session : !this.after) return;
    if (kept && (this.after || this.outbox.messages.length)) return; // two conversations: each page keeps its own
    this.reset();
    if (kept) this.link.start();
  }

  // For the link.

  hello() {
    return { type: "hello", session: this.session, log: this.sessionLog, after: this.after, lang: this.view.lang };
  }

  next() {
    return this.outbox.next();
  }

  // why is what the service says of it; it says nothing when it is not reached.
  onState(state, why) {
    if (state === "lost") {
      this.troubled(why);
      this.outbox.late(why);
      return;
    }
    this.recovered();
  }

  // troubled says why nothing leaves. When the service does not, the page does;
  // and whoever has something to say is told whom to call meanwhile.
  troubled(why) {
    const t = this.view.texts;
    this.away = this.away || Boolean(why);
    this.trouble = why || (this.outbox.messages.length ? t.lost + " " + t.emergency : t.lost);
    this.view.showStatus(this.trouble);
  }

  recovered() {
    if (this.trouble && this.view.status.textContent === this.trouble) this.view.showStatus(this.view.texts.back);
    this.trouble = "";
    this.away = false;
  }

  onFrame(frame) {
    switch (frame.type) {
      case "welcome":
        this.welcomed(frame);
        break;
      case "message":
        this.onLine(frame);
        break;
      case "ack":
        if (frame.log) this.sessionLog = frame.log;
        this.recovered();
        this.settle(frame.id, "sent");
        this.remember();
        break;
      case "owner":
        this.view.showOwner(frame.owner, frame.text);
        break;
      case "typing":
        this.onTyping();
        break;
      case "error":
        this.onError(frame);
    }
  }

  welcomed(frame) {
    if ((this.sessionLog && frame.log !== this.sessionLog) || this.after > frame.seq) {
      this.after = 0;
      this.view.clear();
      this.outbox.messages.forEach((m) => this.view.showPending(m, "late"));
    }
    this.session = frame.session;
    this.sessionLog = frame.log;
    this.until = frame.seq;
    this.view.announce(this.after > 0 || frame.seq === 0);
    this.view.showOwner(frame.owner, frame.text);
    this.remember();
  }

  onLine(m) {
    if (m.seq <= this.after) return;
    if (m.seq > this.after + 1) {
      this.link.restart(); // a hole: ask again for what follows
      return;
    }
    this.after = m.seq;
    if (m.from === "person") this.settle(m.id, "sent"); // its ack was lost
    else this.view.showStatus("");
    if (m.text || m.choices) this.view.showMessage(m);
    if (m.seq === this.until) {
      this.remember();
      this.view.toEnd();
      setTimeout(() => this.view.announce(true), 500); // once what was restored is in place
    }
  }

  onTyping() {
    const text = this.view.texts.typing;
    this.view.showStatus(text);
    clearTimeout(this.typing);
    this.typing = setTimeout(() => {
      if (this.view.status.textContent === text) this.view.showStatus("");
    }, 5000);
  }

  onError(frame) {
    if (frame.code === "session_unknown") {
      this.memory.keepSession("", "");
      this.session = this.sessionLog = "";
      this.after = 0;
      this.view.clear();
      this.outbox.messages.forEach((m) => this.view.showPending(m, "late"));
      this.view.showStatus(this.view.texts.over);
      this.link.restart();
    } else if (frame.id && frame.retry) {
      if (frame.code === "unavailable") this.notKept(frame);
      this.outbox.rest(frame.retry, frame.text);
    } else if (frame.id) {
      this.settle(frame.id, "refused", frame.text);
    } else {
      this.view.showStatus(frame.text);
    }
  }

  // notKept is about a message that the service has read, but cannot keep: those
  // behind it are read too.
  notKept(frame) {
    if (frame.urgent) this.away = true;
    else this.troubled(frame.text);
    this.danger.read(frame.id, frame.urgent ? frame.text : "");
    this.danger.offer();
  }

  settle(id, state, text) {
    this.outbox.settle(id, state, text);
    this.danger.tell();
  }

  // For the outbox.

  onMessage(message, state, text) {
    const known = text === this.trouble || this.help.includes(text); // it stands below the conversation
    const tried = state === "sending" && (this.trouble || this.away); // in vain so far
    this.view.showPending(message, tried ? "late" : state, known ? "" : text);
  }

  onDue() {
    this.link.flush();
  }

  onStuck() {
    this.link.check();
    this.danger.offer();
  }

  // For what is read for signs of danger.

  waiting() {
    return this.outbox.messages;
  }

  onHelp(texts) {
    this.help = texts;
    this.view.showHelp(texts);
  }
}

if (!customElements.get("relais-chat")) customElements.define("relais-chat", RelaisChat);
