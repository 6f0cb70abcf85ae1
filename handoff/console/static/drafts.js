// Drafts stay in this browser, one per adviser and conversation, for seven
// days at most; signing out drops them.
const prefix = 'relais-draft:';
const keep = 7 * 24 * 3600 * 1000;

const keyOf = (main) => `${prefix}${main.dataset.adviser}:${main.dataset.conversation}`;

function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key)) ?? {};
  } catch {
    return {}; // storage refused, or not ours
  }
}

export const draftOf = (main) => read(keyOf(main)).text ?? '';

export function keepDraft(main, text) {
  try {
    if (text.trim() === '') localStorage.removeItem(keyOf(main));
    else localStorage.setItem(keyOf(main), JSON.stringify({ text, at: Date.now() }));
  } catch {
    // No storage: the text stays in the page.
  }
}

function each(act) {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith(prefix)) act(key);
  } catch {
    // No storage: no drafts.
  }
}

export const forgetDrafts = () => each((key) => localStorage.removeItem(key));

export const dropOldDrafts = () =>
  each((key) => {
    if (Date.now() - (read(key).at ?? 0) > keep) localStorage.removeItem(key);
  });
