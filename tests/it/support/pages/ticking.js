onmessage = (event) => event.waitUntil((async () => {
  for (;;) {
    await fetch('/tick').catch(() => {});
    await new Promise((done) => setTimeout(done, 20));
  }
})());

// A file that never was on any server.
onfetch = (event) => {
  if (!event.request.url.endsWith('/made')) return;
  const headers = { 'content-disposition': 'attachment; filename=made.txt' };
  event.respondWith(new Response('made here', { headers }));
};
