// The endless feed: the link "More" is replaced by what it leads to when it comes near.

const feed = document.getElementById("feed");

const watch = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (entry.isIntersecting) load(entry.target);
  }
}, { rootMargin: "900px" });

async function load(link) {
  watch.unobserve(link);
  feed.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(link.dataset.more);
    if (!answer.ok || answer.redirected) return;
    const chunk = document.createRange().createContextualFragment(await answer.text());
    link.parentElement.replaceWith(chunk);
    follow();
  } catch {
    // The link stays, and leads to the next page.
  } finally {
    feed.setAttribute("aria-busy", "false");
  }
}

function follow() {
  const link = feed.querySelector("a[data-more]");
  if (link) watch.observe(link);
}

follow();
