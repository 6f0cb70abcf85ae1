// What a page does by itself. Without this script every page still works.
import { follow } from './live.js';
import { compose } from './compose.js';
import { forgetDrafts, dropOldDrafts } from './drafts.js';

const main = document.getElementById('main');

dropOldDrafts();
document.querySelector('[data-logout]')?.addEventListener('submit', forgetDrafts);

if (main?.dataset.page === 'inbox') follow({});

if (main?.dataset.page === 'conversation') {
  const log = document.getElementById('log');
  log.scrollTop = log.scrollHeight;
  if (matchMedia('(max-width: 60rem)').matches) main.querySelector('.summary details')?.removeAttribute('open');
  const page = follow({ conversation: main.dataset.conversation, swapped: () => compose(main, page) });
  compose(main, page);
}
