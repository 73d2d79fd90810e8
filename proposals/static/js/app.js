// Small comforts for every page: the error summary takes the focus, its links reach their fields, countdowns tick.
// Nothing here is needed to use the site.
"use strict";

(() => {
  const summary = document.querySelector("[data-error-summary]");
  if (summary) summary.focus();

  // A link of the summary leads to an input, or to the frame around choices: then its first input takes the focus.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-error-summary] a[href^='#']");
    if (!link) return;
    const target = document.getElementById(link.hash.slice(1));
    if (!target) return;
    event.preventDefault();
    const field = target.matches("input, select, textarea") ? target : target.querySelector("input:not([type=hidden]), select, textarea");
    (target.closest(".lp-field") || target).scrollIntoView({ block: "start" });
    (field || target).focus({ preventScroll: true });
  });

  // Fill {placeholders} of a translated sentence.
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, key) => (key in values ? values[key] : whole));

  // Countdowns follow the server's clock: the page says what time it was there when it was made.
  const loaded = Date.now();
  for (const box of document.querySelectorAll("[data-countdown]")) {
    const skew = Date.parse(box.dataset.now) - loaded;
    const end = Date.parse(box.dataset.countdown);
    const text = box.querySelector("[data-countdown-text]");
    const tick = () => {
      const seconds = Math.floor((end - Date.now() - skew) / 1000);
      if (seconds >= 48 * 3600) return; // whole days are the server's words
      if (seconds < 0) {
        if (end - loaded - skew >= 0) text.textContent = box.dataset.closedText;
        clearInterval(timer);
      } else if (seconds >= 3600) {
        text.textContent = fill(box.dataset.hoursText, { hours: Math.floor(seconds / 3600), minutes: Math.floor((seconds % 3600) / 60) });
      } else {
        text.textContent = fill(box.dataset.minutesText, { minutes: Math.floor(seconds / 60), seconds: seconds % 60 });
      }
    };
    const timer = setInterval(tick, 1000);
    tick();
  }
})();
