onmessage = (event) => event.waitUntil((async () => {
  for (;;) {
    await fetch('/tick').catch(() => {});
    await new Promise((done) => setTimeout(done, 20));
  }
})());
