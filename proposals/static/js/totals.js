// Live totals of masses, counted in whole milligrams: floating point would lose the gram that decides.
// Inside [data-mass-form]: inputs named *-cbe_kg and *-margin_percent of one row, and components/totals.html.
"use strict";

(() => {

  // A decimal as whole units of 10^-places, or null when it cannot be read for certain.
  function read(text, places) {
    let plain = text.trim().replace(/[\s\u00a0\u202f']/g, "");
    if (plain === "") return 0n;
    const points = plain.match(/[.,]/g) || [];
    if (points.length === 1 && /^\d{1,3},\d{3}$/.test(plain)) return null; // 1,234: asked about, never guessed
    if (points.length > 1) {
      const decimal = plain.lastIndexOf(",") > plain.lastIndexOf(".") ? "," : ".";
      const thousands = decimal === "," ? "." : ",";
      if (plain.split(decimal).length > 2) return /^\d{1,3}([.,]\d{3})+$/.test(plain) ? BigInt(plain.replace(/[.,]/g, "")) * 10n ** BigInt(places) : null;
      plain = plain.split(thousands).join("");
    }
    const parts = plain.replace(",", ".").match(/^(\d+)(?:\.(\d*))?$/);
    if (!parts || (parts[2] || "").length > places) return null;
    return BigInt(parts[1] + (parts[2] || "").padEnd(places, "0"));
  }

  // Milligrams as kilograms to the gram; what is finer is rounded up, so that a total is never shown smaller than it is.
  function shown(milligrams) {
    const grams = (milligrams + 999n) / 1000n;
    const digits = grams.toString().padStart(4, "0");
    return `${digits.slice(0, -3)}.${digits.slice(-3)}`;
  }
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, key) => (key in values ? values[key] : whole));

  function count(form) {
    let cbe = 0n;
    let total = 0n; // in 10^-10 kg: milligrams x 10^-4 of a per cent, still exact
    let unread = false;
    for (const field of form.querySelectorAll("input[name$='-cbe_kg']")) {
      const row = field.name.slice(0, -"cbe_kg".length);
      if (form.querySelector(`[name="${CSS.escape(row)}DELETE"]`)?.checked) continue;
      const margin = form.querySelector(`[name="${CSS.escape(row)}margin_percent"]`);
      const mass = read(field.value, 6);
      const percent = margin ? read(margin.value, 2) : 0n;
      if (mass === null || percent === null) { unread = true; continue; }
      cbe += mass;
      total += mass * (10000n + percent);
    }
    return { cbe, total: (total + 9999n) / 10000n, unread };
  }

  function start(form) {
    const box = form.querySelector("[data-mass-totals]");
    if (!box) return;
    const line = box.querySelector("[data-mass-total]");
    const verdict = box.querySelector("[data-mass-verdict]");
    const cap = read(form.dataset.moduleCapKg || form.dataset.totalCapKg || "", 6);
    let timer = 0;
    const update = () => {
      const { cbe, total, unread } = count(form);
      line.textContent = fill(box.dataset.totalText, { cbe: shown(cbe), total: shown(total) });
      const told = [];
      if (cap) {
        const over = total > cap;
        verdict.dataset.over = String(over);
        // What could not be read might still tip the total over: then nothing is said about room that is left.
        if (over) told.push(fill(box.dataset.overText, { over: shown(total - cap), cap: shown(cap) }));
        else if (!unread) told.push(fill(box.dataset.underText, { left: shown(((cap - total) / 1000n) * 1000n), cap: shown(cap) }));
      }
      if (unread) told.push(box.dataset.unreadText);
      verdict.textContent = told.join(" ");
    };
    // A live region that speaks at each key is noise: wait until the hand rests.
    form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(update, 400); });
    update();
  }

  document.querySelectorAll("[data-mass-form]").forEach(start);
})();
