// The scoring page from the keyboard, and the weighted mean while scores are typed.
// Everything works without this file too; it adds keys and a figure, and changes nothing on the server.
(() => {
  "use strict";
  const summary = document.querySelector("[data-error-summary]");
  if (summary) summary.focus();

  const form = document.querySelector("form[data-review]");
  if (!form) return;
  const criteria = [...form.querySelectorAll("[data-criterion]")];
  const scoreOf = (criterion) => criterion.querySelector("input[data-maximum]");
  const unableOf = (criterion) => criterion.querySelector("input[type=checkbox]");
  const firstRadio = (name) => form.querySelector(`input[type=radio][name=${name}]:checked`) || form.querySelector(`input[type=radio][name=${name}]`);
  const stops = () => [...criteria.map(scoreOf), firstRadio("verdict"), firstRadio("confidence")].filter(Boolean);
  const keys = document.querySelector("[data-review-keys]");
  const help = document.querySelector("[data-review-help]");
  const mean = form.querySelector("[data-mean]");

  // One figure as people type it; NaN for anything else. The server reads it anew, and more kindly.
  function read(text) {
    const compact = text.replace(/[\s\u00a0\u202f]/g, "").replace(",", ".");
    return /^\d*\.?\d+$|^\d+\.$/.test(compact) ? Number(compact) : NaN;
  }

  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, key) => (key in values ? values[key] : whole));

  function reckon() {
    if (!mean) return;
    let total = 0;
    let weights = 0;
    let n = 0;
    const left = [];
    for (const criterion of criteria) {
      const maximum = Number(criterion.dataset.maximum);
      const value = read(scoreOf(criterion).value);
      if (unableOf(criterion).checked || !(value >= 0 && value <= maximum) || !maximum) { left.push(criterion.dataset.name); continue; }
      total += (Number(criterion.dataset.weight) * value) / maximum;
      weights += Number(criterion.dataset.weight);
      n += 1;
    }
    if (!weights) { mean.textContent = mean.dataset.noneText; return; }
    const percent = ((100 * total) / weights).toFixed(1).replace(".", mean.dataset.decimal);
    const told = fill(mean.dataset.meanText, { percent, n, of: criteria.length });
    mean.textContent = left.length ? `${told} ${fill(mean.dataset.leftText, { names: left.join(", ") })}` : told;
  }

  function go(step) {
    const all = stops();
    if (!all.length) return;
    const group = document.activeElement.closest("[data-criterion]");
    const here = all.findIndex((stop) => stop === document.activeElement || stop.closest("[data-criterion]") === (group || NaN)
      || (stop.type === "radio" && stop.name === document.activeElement.name));
    const next = all[Math.min(Math.max(here < 0 ? (step > 0 ? 0 : all.length - 1) : here + step, 0), all.length - 1)];
    next.focus();
    if (next.select && next.type === "text") next.select();
    (next.closest("fieldset") || next).scrollIntoView({ block: "nearest" });
  }

  const does = {
    j: () => go(1),
    k: () => go(-1),
    s: () => form.querySelector("[data-save]").click(),
    r: () => { const read_ = document.getElementById("read"); read_.focus(); read_.scrollIntoView({ block: "start" }); },
    u: () => {
      const box = document.activeElement.closest("[data-criterion]")?.querySelector("input[type=checkbox]");
      if (box) box.click();
    },
    "?": () => keys?.showModal(),
  };

  // In a score nothing but figures is typed, so that letters are keys there too.
  document.addEventListener("keydown", (event) => {
    const at = event.target;
    const typing = at.closest("textarea, select, dialog") || (at.matches("input[type=text]") && !at.dataset.maximum);
    if (typing || event.ctrlKey || event.metaKey || event.altKey || !does[event.key]) return;
    event.preventDefault();
    does[event.key]();
  });

  // A score and "not able to judge" exclude each other: what was said last counts.
  form.addEventListener("input", (event) => {
    const criterion = event.target.closest("[data-criterion]");
    if (criterion && event.target === scoreOf(criterion) && event.target.value.trim()) unableOf(criterion).checked = false;
    if (criterion && event.target === unableOf(criterion) && event.target.checked) scoreOf(criterion).value = "";
    reckon();
  });
  help?.addEventListener("click", () => keys.showModal());
  if (help) help.hidden = false;
  reckon();
})();
