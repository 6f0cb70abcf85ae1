// Sends what an adviser does, keeps the draft, and tells what an SMS costs.
import { draftOf, keepDraft } from './drafts.js';

const json = { Accept: 'application/json' };
const measureAfter = 250;

function notice(text) {
  const box = document.getElementById('notice');
  box.textContent = text;
  box.hidden = text === '';
}

// Called again whenever a part of the page was replaced: what is already wired
// is left alone.
export function compose(main, page) {
  for (const form of main.querySelectorAll('form[data-act]')) {
    if (form.dataset.wired) continue;
    form.dataset.wired = 'yes';
    form.addEventListener('submit', (event) => send(event, form, main, page));
    if ('compose' in form.dataset) wire(form, main);
  }
  showKept(main);
}

function wire(form, main) {
  const text = form.elements.text;
  const cost = costOf(form);
  if (text.value === '') text.value = draftOf(main);
  text.addEventListener('input', () => {
    keepDraft(main, text.value);
    cost();
  });
  text.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    form.requestSubmit(form.querySelector('button.main'));
  });
  cost();
}

// A text that was not sent stays readable when the conversation has gone to
// somebody else.
function showKept(main) {
  const kept = main.querySelector('[data-kept]');
  if (!kept) return;
  const text = draftOf(main);
  if (text === '') return;
  kept.querySelector('textarea').value = text;
  kept.hidden = false;
}

async function send(event, form, main, page) {
  event.preventDefault();
  if (form.dataset.sending) return;
  form.dataset.sending = 'yes';
  // Not form.action: a field may bear that name. Nor button.formAction, which is
  // the page's own address when the button has none.
  const address = event.submitter?.getAttribute('formaction') ?? form.getAttribute('action');
  const body = new URLSearchParams(new FormData(form));
  const written = form.elements.text?.value;
  if (written !== undefined) body.set('id', idFor(form, address, written));
  try {
    const answer = await fetch(address, { method: 'POST', headers: json, body });
    if (answer.status === 401) {
      location.assign(`/console/login?next=${encodeURIComponent(location.pathname)}`);
      return;
    }
    const told = await answer.json();
    notice(answer.ok ? '' : told.text);
    if (answer.ok && written !== undefined) sent(form, main);
    await page.refresh();
    if (answer.ok) main.querySelector('form[data-compose]')?.elements.text.focus();
  } catch {
    notice('La connexion est interrompue. Rien n’est perdu : envoyez de nouveau dans un moment.');
  } finally {
    delete form.dataset.sending;
  }
}

function sent(form, main) {
  keepDraft(main, '');
  form.elements.text.value = '';
  delete form.dataset.attempt;
  if (form.elements.anyway) form.elements.anyway.checked = false;
  form.elements.text.dispatchEvent(new Event('input'));
}

// The same text sent again carries the same id and acts once; another text is
// another gesture.
function idFor(form, action, text) {
  const attempt = `${action}\n${text}`;
  if (form.dataset.attempt !== attempt) {
    form.dataset.attempt = attempt;
    form.dataset.attemptId = newId();
  }
  return form.dataset.attemptId;
}

// crypto.randomUUID needs https; random bytes do not.
function newId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, '0')).join('');
}

function costOf(form) {
  const text = form.elements.text;
  const shown = form.querySelector('#cost');
  let timer = 0;
  let asked = 0;
  return () => {
    clearTimeout(timer);
    const letters = [...text.value].length;
    if (!('sms' in form.dataset) || letters === 0) {
      shown.textContent = letters ? `${letters} / 1600` : '';
      return;
    }
    timer = setTimeout(async () => {
      const turn = ++asked;
      try {
        const answer = await fetch('/console/segments', { method: 'POST', headers: json, body: new URLSearchParams({ text: text.value }) });
        if (!answer.ok || turn !== asked) return;
        const { segments, encoding } = await answer.json();
        shown.textContent = `${segments} SMS · ${letters} caractères${encoding === 'UCS-2' ? ' · lettres rares : plus cher' : ''}`;
      } catch {
        // Only a figure is missing.
      }
    }, measureAfter);
  };
}
