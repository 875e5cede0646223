export const me = () => ({
  agent: navigator.userAgent, languages: [...navigator.languages], platform: navigator.platform,
  zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  locale: Intl.DateTimeFormat().resolvedOptions().locale,
  brands: navigator.userAgentData.brands.some((brand) => brand.brand === 'Walkon'),
});
