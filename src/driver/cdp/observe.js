// What a person does in a page, told to `observe.rs`: which element, and what with it. It runs in a
// world of its own, unseen by the page's scripts; it changes nothing, and a secret never leaves it.
(() => {
  if (globalThis.walkonSeen) return;
  const seen = [];
  const held = new WeakMap();
  let sending = null;
  globalThis.walkonSeen = (n) => seen[n];
  const tell = (what) => globalThis.walkonDeed(JSON.stringify(what));
  const fold = (s) => (s ?? '').replace(/\s+/g, ' ').trim();
  const PRESSED = 'button,a[href],input,select,textarea,summary,label,[role],[onclick]';

  const meant = (event) => {
    const target = event.composedPath()[0];
    const element = target instanceof Element ? target : target?.parentElement;
    const near = element?.closest(PRESSED) ?? element;
    return near?.matches('label') && near.control ? near.control : near;
  };

  const path = (element) => {
    if (element.id) return '#' + CSS.escape(element.id);
    const parts = [];
    for (let e = element; e && e !== document.body; e = e.parentElement) {
      if (e.id) { parts.unshift('#' + CSS.escape(e.id)); break; }
      const same = [...(e.parentElement?.children ?? [])].filter((o) => o.localName === e.localName);
      const nth = same.length > 1 ? `:nth-of-type(${same.indexOf(e) + 1})` : '';
      parts.unshift(e.localName + nth);
    }
    return parts.join(' > ');
  };

  const number = (element) => {
    const known = seen.indexOf(element);
    if (known >= 0) return known;
    const n = seen.push(element) - 1;
    const text = fold(element.innerText);
    tell({ deed: 'look', n, css: path(element), test_id: element.getAttribute('data-testid'),
      label: fold(element.labels?.[0]?.textContent) || null,
      text: text && text.length <= 80 ? text : null });
    return n;
  };

  const isText = (e) => e.matches('textarea,[contenteditable=""],[contenteditable="true"]')
    || (e.matches('input') && !['button', 'submit', 'reset', 'checkbox', 'radio', 'image', 'file',
      'color', 'range'].includes(e.type));
  const isSecret = (e) => e.type === 'password' || /password/i.test(e.autocomplete ?? '');

  const typed = (element) => {
    const value = element.value ?? element.innerText;
    if (held.get(element) === value || (!value && !held.has(element))) return;
    held.set(element, value);
    tell({ deed: 'type', n: number(element), value: isSecret(element) ? null : value });
  };

  const look = (event) => {
    const element = event.isTrusted && meant(event);
    if (element) number(element);
  };
  addEventListener('pointerdown', look, true);
  addEventListener('focusin', look, true);
  addEventListener('click', (event) => {
    const element = event.isTrusted && meant(event);
    // Choosing and typing begin with a click of their own.
    if (!element || isText(element) || element.matches('select,option,input[type=file]')) return;
    // Enter in a form presses its button, too: that was told as Enter.
    if (event.detail === 0 && sending && element.form === sending) { sending = null; return; }
    // A label's click comes again as its field's.
    if (event.composedPath()[0].closest?.('label') && !element.contains(event.composedPath()[0])) return;
    const active = document.activeElement;
    if (active && isText(active)) typed(active);
    tell({ deed: 'click', n: number(element) });
  }, true);
  addEventListener('change', (event) => {
    const element = event.target;
    if (!event.isTrusted || !(element instanceof Element)) return;
    if (element.matches('select')) {
      tell({ deed: 'select', n: number(element), value: fold(element.selectedOptions[0]?.text) });
    } else if (element.matches('input[type=file]')) {
      tell({ deed: 'upload', n: number(element), value: element.files[0]?.name ?? '' });
    } else if (isText(element)) {
      typed(element);
    }
  }, true);
  addEventListener('keydown', (event) => {
    if (!event.isTrusted) return;
    const element = meant(event);
    const sends = event.key === 'Enter' && element?.matches('input') && isText(element);
    if (sends) { typed(element); sending = element.form; }
    if (sends || event.key === 'Escape') tell({ deed: 'press', n: -1, value: event.key });
  }, true);
})();
