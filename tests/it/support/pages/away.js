// Any worker: tries to get out to its own site and to another.
const b = new URLSearchParams(self.location.search).get('b');
const name = self.location.pathname.replace('.js', '');
for (const site of [self.location.origin, `http://${b}`]) {
  fetch(`${site}/from${name}`, {mode: 'no-cors'}).catch(() => 0);
  try { new WebSocket(`${site.replace('http', 'ws')}/socket${name}`) } catch { }
}
