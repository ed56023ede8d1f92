// The board's own script: keys, the number on the clipboard, times that go on, and saying so when the server is lost.
(() => {
  const doc = document;
  const by = id => doc.getElementById(id);
  const field = () => doc.querySelector('#find input[name=q]');
  doc.documentElement.classList.add('js');

  // The server beats every ten seconds: nothing for longer than twice that, and this page knows nothing.
  const SILENCE = 25000;
  let heard = Date.now();
  // In the background nothing is heard: in front again the page has as long to hear something, and says since when it did not.
  let watched = heard;
  // The form whose answer did not come: it is sent again when the server is heard.
  let unanswered = null;
  const lost = () => {
    const banner = by('lost');
    if (!banner || !banner.hidden) return;
    const since = banner.querySelector('.lost-since');
    const at = new Date(heard);
    since.dateTime = at.toISOString();
    since.textContent = Date.now() - heard < 43200000 ? at.toLocaleTimeString() : at.toLocaleString();
    banner.hidden = false;
    doc.body.classList.add('is-lost');
  };
  const found = () => {
    heard = Date.now();
    const banner = by('lost');
    if (banner) banner.hidden = true;
    doc.body.classList.remove('is-lost');
    const again = unanswered;
    unanswered = null;
    if (again?.isConnected) again.requestSubmit();
  };
  // The first connection of a feed is made once: if it was refused, or the server was away just then, it is made again.
  const feed = () => doc.querySelector('#board > [id^="feed-"]');
  let kept = null;
  let tried = { feed: null, when: 0 };
  const retry = () => {
    const at = feed();
    if (!at || at === kept) return;
    // A new one makes its first connection by itself.
    if (at !== tried.feed) tried = { feed: at, when: Date.now() };
    if (Date.now() - tried.when < 15000) return;
    tried.when = Date.now();
    htmx.ajax('GET', at.getAttribute('hx-sse:connect'), { source: at, timeout: 14000 });
  };
  doc.addEventListener('htmx:sse:after:connection', e => { kept = e.target; found(); });
  doc.addEventListener('htmx:sse:close', e => { if (e.target === kept) kept = null; });
  doc.addEventListener('htmx:sse:after:message', found);
  doc.addEventListener('htmx:sse:error', lost);
  // What is not an answer never takes the board's place; the page says that it has none.
  const missed = e => {
    const from = e.detail?.ctx?.sourceElement;
    if (from?.matches('form')) unanswered = from;
    lost();
  };
  doc.addEventListener('htmx:response:error', missed);
  doc.addEventListener('htmx:error', missed);
  doc.addEventListener('visibilitychange', () => { if (!doc.hidden) watched = Date.now(); });
  setInterval(() => {
    if (doc.hidden) return;
    if (Date.now() - Math.max(heard, watched) > SILENCE) lost();
    if (doc.body.classList.contains('is-lost')) retry();
  }, 1000);

  // `12 s` goes on counting between two messages.
  const span = s => s < 60 ? `${s} s` : s < 3600 ? `${Math.floor(s / 60)} min` : s < 86400 ? `${Math.floor(s / 3600)} h` : null;
  const skew = () => {
    const now = doc.querySelector('#b-live [data-now]');
    return now ? Date.parse(now.dataset.now) : NaN;
  };
  let drawn = { at: skew(), when: Date.now() };
  const tick = () => {
    const at = skew();
    if (at !== drawn.at) drawn = { at, when: Date.now() };
    if (Number.isNaN(at) || doc.body.classList.contains('is-lost')) return;
    const now = at + Date.now() - drawn.when;
    for (const t of doc.querySelectorAll('time[data-span]')) {
      const words = span(Math.max(0, Math.floor((now - Date.parse(t.dateTime)) / 1000)));
      if (words && t.textContent !== words) t.textContent = words;
    }
  };
  setInterval(tick, 1000);

  // What its reader has not seen yet is marked, on lines that came later too, and can be said to be seen.
  const mark = () => {
    const looked = Number(by('board')?.dataset.looked ?? NaN);
    if (Number.isNaN(looked)) return;
    let newest = 0;
    for (const row of doc.querySelectorAll('tr[data-changed]')) {
      const sign = row.querySelector('.new');
      if (sign) sign.hidden = Number(row.dataset.changed) <= looked;
      newest = Math.max(newest, Number(row.dataset.changed));
    }
    const news = doc.querySelector('form.news');
    if (!news || newest <= Number(news.elements.seq.value)) return;
    news.elements.seq.value = newest;
    news.querySelector('span').textContent = 'Devices have changed their support since you last looked.';
    news.querySelector('button').hidden = false;
    news.classList.remove('only-l');
  };
  doc.addEventListener('htmx:after:swap', () => { tick(); mark(); });

  // The address follows what is searched for; so does what the bar and the news lead back to.
  const here = () => location.pathname + location.search;
  doc.addEventListener('submit', e => {
    const next = e.target.elements.namedItem('next');
    if (next) next.value = here();
  }, true);
  doc.addEventListener('click', e => {
    const link = e.target.closest?.('a[href^="/sign-in?next="]');
    if (link) link.href = `/sign-in?next=${encodeURIComponent(here())}`;
  }, true);

  // Whoever goes on typing goes on behind what is there, whenever the browser gives the field its focus.
  const typed = field();
  if (typed?.selectionEnd === 0) typed.setSelectionRange(typed.value.length, typed.value.length);

  // Keys, which can be switched off.
  const KEYS = 'custody.keys';
  let on = true;
  try { on = localStorage.getItem(KEYS) !== 'off'; } catch { /* this browser keeps nothing */ }
  const help = by('keys');
  const box = by('keys-on');
  if (help && box) {
    help.hidden = false;
    box.checked = on;
    box.addEventListener('change', () => {
      on = box.checked;
      try { localStorage.setItem(KEYS, on ? 'on' : 'off'); } catch { /* as above */ }
    });
  }
  // The line that has the focus is the one that is marked: its number is meant, else that of the answer, else the DOC's.
  const row = () => doc.activeElement?.closest('#b-list tr.row') ?? null;
  const words = (at, css) => at.querySelector(css)?.textContent.trim() ?? '';
  const number = () => {
    const line = row();
    const card = doc.querySelector('.answer');
    if (line) {
      const device = words(line, line.id.startsWith('s-') ? '.dcell>.id' : '.dv');
      return { link: line.querySelector('a.tn'), whose: `${words(line, '.c-call')}, for ${device}` };
    }
    if (card) return { link: card.querySelector('a.tel'), whose: `${words(card, '.who-is b')}, for ${words(card, '.nm')}` };
    return { link: doc.querySelector('.duty'), whose: 'the DOC' };
  };
  let silence = 0;
  const say = text => {
    const at = by('copied');
    if (!at) return;
    at.textContent = text;
    clearTimeout(silence);
    if (text) silence = setTimeout(say, 12000, '');
  };
  const copy = async () => {
    const { link, whose } = number();
    if (!link) { say(`No number is known: ${whose}`); return; }
    const text = decodeURIComponent(link.href.replace(/^tel:/, ''));
    try {
      await navigator.clipboard.writeText(text);
      say(`${text} is copied: ${whose}`);
    } catch {
      say(`This browser does not let the page copy. The number is ${text}: ${whose}`);
    }
  };
  const step = by => {
    const rows = [...doc.querySelectorAll('#b-list tr.row')];
    if (!rows.length) return;
    say('');
    const at = rows.indexOf(row());
    if (by < 0 && at <= 0) { field().focus(); return; }
    const to = rows[Math.min(rows.length - 1, at + by)].querySelector('a.dv');
    to.focus();
    to.scrollIntoView({ block: 'nearest' });
  };
  doc.addEventListener('keydown', e => {
    if (!on || e.ctrlKey || e.metaKey || e.altKey || e.isComposing) return;
    const typing = e.target.matches && e.target.matches('input:not([type=checkbox]), textarea, select');
    const inSearch = e.target === field();
    if (e.key === '/' && !typing) { e.preventDefault(); field().focus(); field().select(); }
    else if (e.key === 'Escape' && (inSearch || !typing)) {
      if (field().value) { field().value = ''; field().dispatchEvent(new Event('input', { bubbles: true })); }
      field().focus();
    }
    else if (e.key === 'ArrowDown' && (inSearch || !typing)) { e.preventDefault(); step(1); }
    else if (e.key === 'ArrowUp' && (inSearch || !typing)) { e.preventDefault(); step(-1); }
    else if (e.key === 'Enter' && inSearch) {
      const open = doc.querySelector('.answer a.open');
      if (open && field().value.trim() && new URL(location).searchParams.get('q') === field().value.trim()) { e.preventDefault(); e.stopPropagation(); open.click(); }
    }
    else if ((e.key === 'c' || e.key === 'C') && !typing) { e.preventDefault(); copy(); }
  }, true);
})();
