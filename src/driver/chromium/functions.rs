//! The few functions of ours that run in a page: a closed list, and nothing that comes from outside
//! is ever run. They only look.

/// A function of ours that runs in a page, on an element (`this`) or on the document.
#[derive(Debug, Clone, Copy)]
pub(in crate::driver) struct Function(pub(in crate::driver) &'static str);

/// What a page can say of the device that it sees, and what the time zone is called there.
pub(in crate::driver) const SEEN: Function = Function(
    "function(zone) {
        const format = Intl.DateTimeFormat().resolvedOptions();
        return {
            agent: navigator.userAgent,
            languages: [...navigator.languages],
            zone: format.timeZone,
            wanted: Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone,
            locale: format.locale,
            screen: [screen.width, screen.height],
            scale: devicePixelRatio,
            touch: navigator.maxTouchPoints > 0,
            automated: navigator.webdriver,
        };
    }",
);

/// The innermost elements whose whole text is the given one.
pub(in crate::driver) const BY_TEXT: Function = Function(
    "function(text, most) {
        const fold = (s) => s.replace(/\\s+/g, ' ').trim();
        const root = this.querySelectorAll ? this : document;
        const found = [];
        for (const e of root.querySelectorAll('*')) {
            if (found.length >= most) break;
            if (e.closest('script,style,head,template')) continue;
            if (fold(e.textContent) !== text) continue;
            if ([...e.children].some((c) => fold(c.textContent) === text)) continue;
            found.push(e);
        }
        return found;
    }",
);

/// Whether a point, or the middle of the element's visible part, is the element's or its label's.
pub(in crate::driver) const IS_HIT: Function = Function(
    "function(x, y) {
        const boxes = [...this.getClientRects()].filter((b) => b.width > 0 && b.height > 0);
        const b = boxes.sort((p, q) => q.width * q.height - p.width * p.height)[0];
        if (!b) return false;
        const left = Math.max(b.left, 0), right = Math.min(b.right, innerWidth);
        const top = Math.max(b.top, 0), bottom = Math.min(b.bottom, innerHeight);
        if (right <= left || bottom <= top) return false;
        const at = x === undefined ? [(left + right) / 2, (top + bottom) / 2] : [x, y];
        let hit = document.elementFromPoint(...at);
        while (hit && hit.shadowRoot && !this.contains(hit)) {
            const inner = hit.shadowRoot.elementFromPoint(...at);
            if (!inner || inner === hit) break;
            hit = inner;
        }
        if (!hit) return false;
        const label = hit.closest('label');
        return this.contains(hit) || (label !== null && label.control === this);
    }",
);

/// What could be meant by a selector, where the document's own elements are all there is: what lies
/// in other trees (shadow roots, frames, the browser's own controls) is not found by a selector.
/// `null`: they are not all, or more than so many. With `names`, without those that say outright
/// that they are called otherwise: nothing but `aria-labelledby` goes before `aria-label`
/// (<https://www.w3.org/TR/accname-1.2/>, steps 2B to 2D).
pub(in crate::driver) const FEW: Function = Function(
    "function(could, most, names) {
        const root = this.querySelectorAll ? this : document;
        const other = 'iframe,frame,object,embed,audio[controls],video[controls],details,' +
            'input:is([type=date i],[type=time i],[type=month i],[type=week i],' +
            '[type=datetime-local i])';
        if (root.querySelector(other)) return null;
        for (const e of root.querySelectorAll('*'))
            if (e.shadowRoot || e.localName.includes('-')) return null;
        const fold = (s) => s.replace(/\\s+/g, ' ').trim();
        const wanted = names?.map(fold);
        const isOther = (e) => {
            const own = fold(e.getAttribute('aria-label') ?? '');
            return own !== '' && !e.hasAttribute('aria-labelledby') && !wanted.includes(own);
        };
        const found = [...root.querySelectorAll(could)].filter((e) => !wanted || !isOther(e));
        return found.length > most ? null : found;
    }",
);

/// Waits until the document changes, so many ms at most. What is in frames and shadow roots does
/// not tell.
pub(in crate::driver) const CHANGE: Function = Function(
    "function(most) {
        return new Promise((resolve) => {
            const end = () => { clearTimeout(timer); observer.disconnect(); resolve(); };
            const observer = new MutationObserver(end);
            const timer = setTimeout(end, most);
            const all = { subtree: true, childList: true, attributes: true, characterData: true };
            observer.observe(document, all);
        });
    }",
);

pub(in crate::driver) const IS_THERE: Function = Function("function() { return this.isConnected }");
pub(in crate::driver) const TEXT: Function =
    Function("function() { return (this.innerText ?? this.textContent).trim() }");
/// What a field holds; of a list, what is chosen as it is shown.
pub(in crate::driver) const VALUE: Function = Function(
    "function() {
        if (this instanceof HTMLSelectElement) return this.selectedOptions[0]?.text.trim() ?? '';
        return 'value' in this ? String(this.value) : null;
    }",
);
/// Whether it can be used; `aria-disabled` counts for what is inside, too.
pub(in crate::driver) const IS_ENABLED: Function = Function(
    "function() {
        return !this.matches(':disabled') && this.closest('[aria-disabled=\"true\"]') === null;
    }",
);
pub(in crate::driver) const ATTRIBUTE: Function =
    Function("function(name) { return this.getAttribute(name) }");
pub(in crate::driver) const TITLE: Function = Function("function() { return document.title }");
pub(in crate::driver) const ELEMENTS: Function =
    Function("function() { return document.getElementsByTagName('*').length }");
/// The body's first elements, in document order.
pub(in crate::driver) const FIRST: Function = Function(
    "function(most) {
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT);
        const found = [];
        while (found.length < most && walker.nextNode()) found.push(walker.currentNode);
        return found;
    }",
);
