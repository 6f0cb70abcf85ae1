// What this browser keeps: the session, so that a visit goes on where the last
// one stopped, and, in this tab only, the messages that have not left yet. The
// conversation itself is never kept here. A browser may refuse to keep
// anything; the page's own memory then does until it is closed.
class Memory {
  constructor(scope) {
    this.key = "relais-chat:" + scope;
    this.kept = {};
  }

  session() {
    const kept = this.read("localStorage");
    return kept && kept.session ? { session: String(kept.session), log: String(kept.log || "") } : null;
  }

  keepSession(session, log) {
    this.write("localStorage", session ? { session: session, log: log } : null);
  }

  unsent() {
    const kept = this.read("sessionStorage");
    return Array.isArray(kept) ? kept.filter((m) => m && typeof m.id === "string") : [];
  }

  keepUnsent(messages) {
    this.write("sessionStorage", messages.length ? messages : null);
  }

  forget() {
    this.write("localStorage", null);
    this.write("sessionStorage", null);
  }

  read(store) {
    try {
      const text = window[store].getItem(this.key);
      return text ? JSON.parse(text) : null;
    } catch (refused) {
      return this.kept[store] || null;
    }
  }

  write(store, value) {
    this.kept[store] = value;
    try {
      if (value === null) {
        window[store].removeItem(this.key);
      } else {
        window[store].setItem(this.key, JSON.stringify(value));
      }
    } catch (refused) {
      // kept above
    }
  }
}

