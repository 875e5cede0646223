postMessage({
  agent: navigator.userAgent, languages: [...navigator.languages], platform: navigator.platform,
  zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
});
