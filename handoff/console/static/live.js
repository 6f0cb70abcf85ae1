// Keeps a page as the server would show it now. A stream of hints says when;
// the page then fetches itself and takes over what changed. When the stream is
// away a slow poll does the same.

const pollEvery = 30_000; // also keeps "12 min ago" true
const fetchWithin = 20_000; // one that never ends would be the last
const settle = 120; // hints come in bursts
const elsewhere = 2000; // for what only changes a number at the top of a conversation's page
const listApart = 500; // a busy service has news for the list all the time

const policy = window.trustedTypes?.createPolicy('relais-console', { createHTML: (text) => text });

// A page of this very server, which escapes what people wrote. The document is
// inert: no script of it runs, and it is never written into this one as text.
function parse(html) {
  return new DOMParser().parseFromString(policy ? policy.createHTML(html) : html, 'text/html');
}

function signIn() {
  location.assign(`/console/login?next=${encodeURIComponent(location.pathname)}`);
}

// after says which lines are needed: those not here yet, and those of ours
// whose delivery may still change.
function after() {
  const moving = document.querySelector('[data-list] > [data-moving]');
  const last = document.querySelector('[data-list] > :last-child');
  if (!last) return 0;
  const oldest = moving ? Number(moving.dataset.n) - 1 : Number(last.dataset.n);
  return Math.max(oldest, Number(last.dataset.n) - 60, 0);
}

function takeParts(fresh) {
  let swapped = false;
  for (const part of document.querySelectorAll('[data-part]')) {
    const next = fresh.querySelector(`[data-part="${part.dataset.part}"]`);
    if (!next) continue;
    const same = part.dataset.key ? part.dataset.key === next.dataset.key : part.isEqualNode(next);
    if (same) continue;
    const focused = part.contains(document.activeElement) ? document.activeElement.id : null;
    const node = document.importNode(next, true);
    const open = [...part.querySelectorAll('details')].map((details) => details.open);
    node.querySelectorAll('details').forEach((details, i) => (details.open = open[i] ?? details.open));
    part.replaceWith(node);
    swapped = true;
    if (focused !== null) (document.getElementById(focused) ?? document.getElementById('main')).focus({ preventScroll: true });
  }
  return swapped;
}

function takeLines(fresh) {
  const list = document.querySelector('[data-list]');
  if (!list) return;
  const log = document.getElementById('log');
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  for (const line of fresh.querySelectorAll('[data-list] > li')) {
    const here = document.getElementById(line.id);
    if (here?.isEqualNode(line)) continue;
    const node = document.importNode(line, true);
    if (here) here.replaceWith(node);
    else list.append(node);
  }
  if (atEnd) log.scrollTop = log.scrollHeight;
}

const arrivals = (doc) => new Map([...doc.querySelectorAll('[data-arrival]')].map((row) => [row.dataset.arrival, row]));

// tell says out loud who has just arrived.
function tell(before, now) {
  const fresh = [...now].filter(([id]) => !before.has(id)).map(([, row]) => row.querySelector('a').textContent.trim());
  if (fresh.length === 1) document.getElementById('news').textContent = `Nouvelle demande : ${fresh[0]}`;
  if (fresh.length > 1) document.getElementById('news').textContent = `${fresh.length} nouvelles demandes`;
}

export function follow({ conversation, swapped }) {
  let busy = null; // the fetch under way
  let next = null; // the one after it, when somebody asked for it
  let ended = -Infinity; // when the last one did
  let timer = 0; // of the refresh that is planned
  let due = Infinity; // when it begins

  async function fetchOnce() {
    const address = conversation ? `${location.pathname}?after=${after()}` : location.pathname;
    const answer = await fetch(address, { headers: { 'Relais-Passive': '1' }, cache: 'no-store', signal: AbortSignal.timeout?.(fetchWithin) });
    if (answer.status === 401) return signIn();
    if (answer.status === 404) return location.reload();
    if (!answer.ok) throw new Error(String(answer.status));
    const fresh = parse(await answer.text());
    const before = arrivals(document);
    const changed = takeParts(fresh);
    takeLines(fresh);
    tell(before, arrivals(document));
    document.title = fresh.title;
    if (changed) swapped?.();
    lost(false);
  }

  function lost(yes) {
    document.getElementById('lost').hidden = !yes;
  }

  // refresh shows what the server shows now. One fetch at a time: whoever asks
  // while one is under way is answered by the next, since that one may have
  // been read too early.
  function refresh() {
    if (busy) {
      next ??= busy.then(() => {
        next = null;
        return refresh();
      });
      return next;
    }
    clearTimeout(timer); // what was planned is done here
    due = Infinity;
    busy = fetchOnce().catch(() => lost(true)).finally(() => {
      busy = null;
      ended = performance.now();
    });
    return busy;
  }

  // soon plans a refresh, no sooner than `apart` after the last one. A hint
  // never puts off a refresh that another one asked for.
  function soon(delay = settle, apart = 0) {
    const now = performance.now();
    const at = Math.max(now + delay, ended + apart);
    if (at >= due) return;
    clearTimeout(timer);
    due = at;
    timer = setTimeout(refresh, at - now);
  }

  let stream = null;
  function listen() {
    if (stream && stream.readyState !== EventSource.CLOSED) return;
    stream = new EventSource(conversation ? `/console/live?c=${conversation}` : '/console/live');
    stream.addEventListener('hello', () => soon());
    stream.addEventListener('conversation', () => soon());
    stream.addEventListener('inbox', () => (conversation ? soon(elsewhere) : soon(settle, listApart)));
    stream.addEventListener('signedout', () => {
      stream.close();
      signIn();
    });
  }

  // A browser opens few connections to one server: pages nobody looks at give
  // theirs back, but for the waiting list, whose title tells how many wait.
  function rest() {
    if (document.hidden && conversation) {
      stream?.close();
      return;
    }
    listen();
    soon(0);
  }

  listen();
  setInterval(() => {
    if (!document.hidden) listen();
    refresh();
  }, pollEvery);
  document.addEventListener('visibilitychange', rest);
  window.addEventListener('pageshow', (event) => event.persisted && rest());
  window.addEventListener('online', rest);
  return { refresh };
}
