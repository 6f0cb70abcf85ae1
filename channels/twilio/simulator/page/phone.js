// The demonstration's phone. Numbers and texts travel in request bodies only,
// and reach the page as text nodes only.
"use strict";

(() => {
  const path = document.body.dataset.path;
  const at = (id) => document.getElementById(id);
  const log = at("log"), empty = at("empty"), link = at("link"), trouble = at("trouble");
  const chooser = at("phone"), other = at("other"), typed = at("typed");
  const compose = at("compose"), text = at("text"), button = compose.querySelector("button");

  const kept = "relais-demo-phone";
  const states = { pending: "en cours", sent: "envoyé", delivered: "distribué", failed: "échec" };
  const speakers = { person: "Vous", service: "Le service", operator: "L'opérateur" };
  const clock = new Intl.DateTimeFormat("fr-FR", { hour: "2-digit", minute: "2-digit" });
  const day = new Intl.DateTimeFormat("fr-FR", { weekday: "short", day: "numeric", month: "short" });

  let watching = null; // the AbortController of the phone on show

  async function ask(what, body, signal) {
    const response = await fetch(path + "/" + what, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal,
    });
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) {
      const error = new Error(answer.error || "Le téléphone ne répond pas. Réessayez.");
      error.refused = response.status >= 400 && response.status < 500;
      throw error;
    }
    return answer;
  }

  function element(name, className, content) {
    const node = document.createElement(name);
    node.className = className;
    if (content !== undefined) node.append(document.createTextNode(content));
    return node;
  }

  function about(message) {
    const date = new Date(message.at);
    const today = date.toDateString() === new Date().toDateString();
    const parts = [today ? clock.format(date) : day.format(date) + " " + clock.format(date)];
    if (message.from === "operator") parts.push("réponse de l'opérateur");
    parts.push(states[message.state]);
    if (message.segments > 1) parts.push(message.segments + " SMS");
    return parts.join(" · ");
  }

  function show(message, bubbles) {
    const kind = "message " + message.from + (message.state === "failed" ? " failed" : "");
    const known = bubbles.get(message.id);
    if (known) {
      // Changing a text node's data is not an addition: it is shown, not read aloud.
      known.className = kind;
      known.lastChild.firstChild.data = about(message);
      return;
    }
    const node = element("div", kind);
    node.append(
      element("span", "said", speakers[message.from] + " : "),
      element("span", "bubble", message.text),
      element("span", "about", about(message)),
    );
    bubbles.set(message.id, node);
    log.append(node);
  }

  function clear() {
    log.replaceChildren(empty);
    empty.hidden = false;
  }

  // The end stays in sight for whoever was reading there.
  let atEnd = true, height = 0;
  const keepEnd = () => { if (atEnd) log.scrollTop = log.scrollHeight; };
  log.addEventListener("scroll", () => {
    if (log.clientHeight !== height) return; // it is the window that moved, not the reader
    atEnd = log.scrollHeight - log.scrollTop - height < 80;
  }, { passive: true });
  new ResizeObserver(() => {
    height = log.clientHeight;
    keepEnd();
  }).observe(log);

  function take(answer, bubbles) {
    for (const message of answer.messages) show(message, bubbles);
    empty.hidden = bubbles.size > 0;
    atEnd = atEnd || answer.messages.some((m) => m.from === "person" && m.state === "sent");
    keepEnd();
  }

  const pause = (ms, signal) => new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => { clearTimeout(timer); resolve(); }, { once: true });
  });

  // watch keeps the conversation of one phone up to date until another is chosen.
  async function watch(phone) {
    if (watching) watching.abort();
    watching = new AbortController();
    const signal = watching.signal;
    const bubbles = new Map();
    let held = { log: "", rev: 0 }, failures = 0;
    clear();
    log.setAttribute("aria-live", "off"); // what was said before is not news
    while (!signal.aborted) {
      try {
        const answer = await ask("thread", { phone, log: held.log, after: held.rev, wait: held.log !== "" }, signal);
        if (signal.aborted) return;
        if (answer.log !== held.log) {
          bubbles.clear();
          clear();
        }
        const first = held.log === "";
        held = answer;
        take(answer, bubbles);
        if (first) {
          atEnd = true;
          keepEnd();
          requestAnimationFrame(() => log.setAttribute("aria-live", "polite"));
        }
        failures = 0;
        link.textContent = "";
        trouble.textContent = trouble.dataset.about === "phone" ? "" : trouble.textContent;
        sessionStorage.setItem(kept, phone);
        if (answer.messages.length === 0) await pause(1000, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (error.refused) {
          complain(error.message, "phone");
          typed.setAttribute("aria-invalid", "true");
          if (!other.hidden) typed.focus();
          return;
        }
        failures++;
        link.textContent = "Connexion perdue, nouvel essai…";
        await pause(Math.min(10000, 500 * 2 ** failures), signal);
      }
    }
  }

  function complain(message, about) {
    trouble.dataset.about = about;
    trouble.textContent = message;
  }

  const phone = () => chooser.value || typed.value.trim();

  function choose() {
    other.hidden = chooser.value !== "";
    typed.removeAttribute("aria-invalid");
    complain("", "phone");
    if (phone()) {
      watch(phone());
    } else {
      if (watching) watching.abort();
      clear();
    }
  }

  function fit() {
    text.style.height = "auto";
    text.style.height = text.scrollHeight + 2 + "px";
  }

  async function send() {
    const written = text.value;
    if (written.trim() === "" || button.getAttribute("aria-disabled") === "true") return;
    if (!phone()) {
      complain("Choisissez d'abord un numéro.", "phone");
      typed.focus();
      return;
    }
    button.setAttribute("aria-disabled", "true");
    complain("", "send");
    text.value = "";
    fit();
    text.focus();
    try {
      await ask("send", { phone: phone(), text: written });
    } catch (error) {
      complain(error instanceof TypeError ? "Le téléphone ne répond pas. Réessayez." : error.message, "send");
      if (text.value === "") text.value = written;
      fit();
    } finally {
      button.removeAttribute("aria-disabled");
    }
  }

  chooser.addEventListener("change", () => {
    choose();
    if (!other.hidden) typed.focus();
  });
  at("owner").addEventListener("submit", (event) => {
    event.preventDefault();
    choose();
    if (phone()) text.focus();
  });
  compose.addEventListener("submit", (event) => {
    event.preventDefault();
    send();
  });
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  });
  text.addEventListener("input", fit);

  const last = sessionStorage.getItem(kept);
  if (last && [...chooser.options].some((option) => option.value === last)) {
    chooser.value = last;
  } else if (last) {
    chooser.value = "";
    typed.value = last;
  }
  choose();
})();
