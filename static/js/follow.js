// A page that asks every few seconds what has changed: what it has it is not sent again, and it says so when it has lost
// the server.
(() => {
  const doc = document;
  const live = doc.getElementById('live');
  const banner = doc.getElementById('lost');
  const clock = doc.getElementById('live-clock');
  if (!live || !banner) return;

  // It asks every four seconds: nothing for five times that, and this page knows nothing.
  const SILENCE = 20000;
  let heard = Date.now();
  // In the background browsers let pages ask seldom: in front again the page has as long to hear something.
  let watched = heard;
  // Nothing more comes by itself: it asks no longer.
  let over = false;
  const word = doc.getElementById('live-word');
  const lost = () => {
    if (!banner.hidden) return;
    const since = banner.querySelector('.lost-since');
    const at = new Date(heard);
    since.dateTime = at.toISOString();
    since.textContent = Date.now() - heard < 43200000 ? at.toLocaleTimeString() : at.toLocaleString();
    banner.hidden = false;
    doc.body.classList.add('is-lost');
  };
  const found = at => {
    heard = Date.now();
    banner.hidden = true;
    doc.body.classList.remove('is-lost');
    if (clock) {
      clock.textContent = at;
      word.textContent = over ? 'As of' : 'Live ·';
      clock.closest('.live')?.classList.toggle('as-of', over);
    }
  };

  doc.addEventListener('htmx:config:request', e => {
    const ctx = e.detail?.ctx;
    if (ctx?.sourceElement !== live) return;
    if (over) e.preventDefault();
    else if (live.dataset.tag) ctx.request.headers['If-None-Match'] = live.dataset.tag;
  });
  doc.addEventListener('htmx:after:request', e => {
    const ctx = e.detail?.ctx;
    if (ctx?.sourceElement !== live) return;
    const { status, headers } = ctx.response;
    // Whoever is signed in no longer, or may not read it any more, is told so by the page itself.
    if (status === 401 || status === 403 || status === 404) { location.reload(); return; }
    // Not the server's own answer: one that something between puts in its place never takes this page's.
    const at = headers.get('x-clock');
    if (!at || status >= 400) { e.preventDefault(); lost(); return; }
    if (status === 200) live.dataset.tag = headers.get('etag') ?? '';
    over = headers.has('x-over');
    found(at);
  });
  doc.addEventListener('htmx:error', lost);
  doc.addEventListener('visibilitychange', () => { if (!doc.hidden) watched = Date.now(); });
  setInterval(() => {
    if (!over && !doc.hidden && Date.now() - Math.max(heard, watched) > SILENCE) lost();
  }, 1000);
})();
