// View is what is on the screen. It writes text nodes only.
class View {
  constructor(root, options) {
    this.root = root;
    this.lang = options.lang;
    this.texts = textsIn(options.lang);
    this.title = options.title || this.texts.title;
    this.onSay = options.onSay;
    this.onChoice = options.onChoice;
    this.onQuit = options.onQuit;
    this.hour = new Intl.DateTimeFormat(this.lang, { hour: "2-digit", minute: "2-digit" });
    this.date = new Intl.DateTimeFormat(this.lang, { weekday: "long", day: "numeric", month: "long" });
    this.build();
    this.clear();
  }

  build() {
    const t = this.texts;
    this.heading = make("h2", "title", this.title);
    this.owner = make("p", "owner", t.assistant);
    this.lines = make("div", "lines");
    this.log = make("div", "log", [this.lines], {
      role: "log", "aria-live": "polite", "aria-relevant": "additions", "aria-label": t.log, tabindex: "0",
    });
    this.latest = button("latest", t.latest, () => this.toEnd());
    this.help = make("div", "help", "", { role: "alert", tabindex: "0" });
    this.help.hidden = true;
    this.status = make("p", "status", "", { role: "status" });
    this.panel = make("section", "panel", [
      make("header", "head", [this.heading, this.owner]),
      this.log,
      this.latest,
      this.help,
      this.status,
      this.buildForm(),
      this.buildQuit(),
    ], { lang: this.lang, "aria-label": this.title, "data-owner": "assistant" });
    this.latest.hidden = true;
    this.log.addEventListener("scroll", () => {
      this.following = this.atEnd();
      this.latest.hidden = this.following;
    });
    // A keyboard, a status line or a turned phone changes the height: whoever was
    // at the end stays there.
    this.following = true;
    new ResizeObserver(() => {
      if (this.following && this.starters?.hidden) this.toEnd();
    }).observe(this.log);
    this.root.append(this.panel);
  }

  buildForm() {
    const t = this.texts;
    this.field = make("textarea", "field", "", {
      id: "message", rows: "2", maxlength: "10000", enterkeyhint: "send", dir: "auto", "aria-describedby": "hint",
    });
    this.quit = button("quit", t.quit, () => this.askQuit(true));
    this.form = make("form", "form", [
      make("label", "label", t.label, { for: "message" }),
      this.field,
      make("p", "hint", t.hint, { id: "hint" }),
      make("div", "row", [make("button", "send", t.send, { type: "submit" }), this.quit]),
    ]);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submit();
    });
    this.field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.submit();
    });
    return this.form;
  }

  buildQuit() {
    const t = this.texts;
    this.no = button("no", t.quitNo, () => this.askQuit(false));
    const yes = button("yes", t.quitYes, () => {
      this.askQuit(false);
      this.onQuit();
    });
    this.confirm = make("div", "confirm", [make("p", "", t.quitAsk, { id: "ask" }), make("div", "row", [this.no, yes])],
      { role: "group", "aria-labelledby": "ask" });
    this.confirm.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.askQuit(false);
    });
    this.confirm.hidden = true;
    return this.confirm;
  }

  // askQuit puts the question in the place of the form, or takes it back.
  askQuit(asked) {
    this.confirm.hidden = !asked;
    this.form.hidden = asked;
    (asked ? this.no : this.quit).focus();
  }

  submit() {
    const text = this.field.value.trim();
    if (!text) {
      this.field.focus();
      return;
    }
    this.field.value = "";
    this.onSay(text);
  }

  // clear shows the greeting alone. The page says it, not the service: nothing
  // is asked of the service before the person has said something.
  clear() {
    const t = this.texts;
    this.pending = {};
    this.questions = [];
    this.day = "";
    this.said = 0; // sequence number of the person's last message
    this.unread = null; // the first line that came after it
    this.starters = make("div", "choices", t.starters.map((s) => button("choice", s.label, () => {
      this.field.focus();
      this.onSay(s.text);
    })), { role: "group", "aria-label": t.choices });
    this.lines.textContent = "";
    this.lines.append(make("div", "greeting", t.greeting.map((text) => make("p", "", text)).concat(this.starters)));
    this.showOwner("assistant", t.assistant);
    this.toStart();
  }

  // announce says whether additions are read aloud: not while an earlier
  // conversation is put back on the screen.
  announce(on) {
    this.log.setAttribute("aria-live", on ? "polite" : "off");
  }

  showOwner(owner, text) {
    this.panel.setAttribute("data-owner", owner);
    if (text) this.owner.textContent = text;
  }

  showStatus(text) {
    if (this.status.textContent === text) return;
    this.holdEnd(() => {
      this.status.textContent = text;
    });
  }

  // showHelp keeps words of help in sight below the conversation, wherever the
  // line stands that they answer.
  showHelp(texts) {
    const shown = [...this.help.children].map((p) => p.textContent);
    if (shown.join("\n") === texts.join("\n")) return;
    this.holdEnd(() => {
      this.help.hidden = texts.length === 0;
      this.help.replaceChildren(...texts.map((text) => make("p", "", text)));
      this.help.scrollTop = 0;
    });
  }

  // holdEnd makes a change that takes room: whoever was at the end of the
  // conversation is there afterwards.
  holdEnd(change) {
    const end = this.atEnd();
    change();
    if (end && this.starters.hidden) this.toEnd();
  }

  // showPending shows a message of the person that is on its way.
  showPending(message, state, text) {
    let line = this.pending[message.id];
    if (!line) {
      this.showDay(new Date());
      line = this.line("person", this.texts.who.person, message.text, new Date());
      this.pending[message.id] = line;
      this.lines.append(line.element);
      this.starters.hidden = true;
      this.unread = null;
      this.refresh();
      this.toEnd();
    }
    this.holdEnd(() => {
      line.element.setAttribute("data-state", state);
      line.state.textContent = text || this.texts[state];
    });
    if (state === "refused") this.settled(message.id);
  }

  // showMessage shows a message of the log. One of this page's own that was on
  // its way only changes state, where it stands.
  showMessage(m) {
    const end = this.atEnd();
    this.starters.hidden = true;
    const own = m.id && this.pending[m.id];
    if (own) {
      own.element.setAttribute("data-state", "sent");
      own.state.textContent = this.texts.sent;
      this.settled(m.id);
      this.answered(m.seq);
      return;
    }
    const at = new Date(m.at);
    this.showDay(at);
    const who = this.texts.who[m.from] || this.texts.who.assistant;
    const line = this.line(m.from, m.name && m.from === "adviser" ? m.name : who, m.text, at);
    if (m.choices && m.choices.length) line.element.append(this.question(m));
    this.insert(line.element);
    if (m.from === "person") {
      this.unread = null;
      this.answered(m.seq);
    } else {
      this.unread = this.unread || line.element;
      this.refresh();
    }
    if (end || this.reading()) this.toUnread();
    else this.latest.hidden = false;
  }

  // insert adds before what is still on its way.
  insert(element) {
    const waiting = Object.keys(this.pending).map((id) => this.pending[id].element);
    this.lines.insertBefore(element, waiting[0] || null);
  }

  settled(id) {
    delete this.pending[id];
    this.refresh();
  }

  line(from, who, text, at) {
    const state = make("span", "state", "");
    const time = make("time", "time", this.hour.format(at), { datetime: at.toISOString() });
    const element = make("article", "line " + from, [
      make("p", "who", who),
      make("p", "text", text, { dir: "auto" }),
      make("p", "meta", [time, state]),
    ]);
    return { element: element, state: state };
  }

  showDay(at) {
    const day = this.date.format(at);
    if (day === this.day) return;
    this.day = day;
    this.insert(make("p", "day", day));
  }

  // question makes one button per choice. Only those of the latest question
  // work, until it is answered.
  question(m) {
    const buttons = m.choices.map((choice) => button("choice", choice.label, () => {
      this.log.focus({ preventScroll: true }); // the button stops working
      this.onChoice(m.seq, choice);
    }));
    this.questions.push({ seq: m.seq, buttons: buttons });
    return make("div", "choices", buttons, { role: "group", "aria-label": this.texts.choices });
  }

  answered(seq) {
    this.said = seq;
    this.refresh();
  }

  refresh() {
    const last = this.questions[this.questions.length - 1];
    const free = Object.keys(this.pending).length === 0;
    this.questions.forEach((q) => {
      const open = q === last && free && !(this.said > q.seq);
      q.buttons.forEach((b) => {
        b.disabled = !open;
      });
    });
    this.questions = last ? [last] : [];
  }

  atEnd() {
    return this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < 80;
  }

  toEnd() {
    this.log.scrollTop = this.log.scrollHeight;
    this.latest.hidden = true;
  }

  // toStart is where a visit begins: at the greeting, or at the end of what was
  // said before.
  toStart() {
    this.log.scrollTop = this.starters.hidden ? this.log.scrollHeight : 0;
    this.latest.hidden = this.atEnd();
  }

  // toUnread goes to the end, but not past the beginning of what is new: a long
  // answer is read from its first line.
  toUnread() {
    const top = this.unread ? this.unread.offsetTop - 8 : Infinity;
    this.log.scrollTop = Math.min(this.log.scrollHeight, top);
    this.latest.hidden = this.atEnd();
  }

  // reading tells that the screen is where toUnread left it.
  reading() {
    return this.unread && Math.abs(this.log.scrollTop - (this.unread.offsetTop - 8)) < 4;
  }
}

function make(tag, name, content, attributes) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (Array.isArray(content)) element.append(...content);
  else if (content) element.append(document.createTextNode(content));
  Object.keys(attributes || {}).forEach((key) => element.setAttribute(key, attributes[key]));
  return element;
}

function button(name, label, onPress) {
  const element = make("button", name, label, { type: "button" });
  element.addEventListener("click", onPress);
  return element;
}

