// Live totals of masses, counted in whole milligrams: floating point would lose the gram that decides.
// Inside each [data-mass-form] (the page, and in it each module): rows with *-cbe_kg, *-maturity, *-margin_percent and
// *-DELETE, and components/totals.html. Its limits: data-module-cap-kg or data-total-cap-kg, data-system-margin-percent, data-cap-basis.
"use strict";

(() => {

  // A decimal as whole units of 10^-places, or null when it cannot be read for certain.
  function read(text, places) {
    let plain = text.trim().replace(/[\s\u00a0\u202f'’]/g, "")
      .replace(/[٠-٩]/g, (digit) => digit.charCodeAt(0) - 0x660).replace(/[۰-۹]/g, (digit) => digit.charCodeAt(0) - 0x6f0)
      .replace(/[٫．]/g, ".").replace(/[٬，]/g, ",");
    if (plain === "") return 0n;
    const points = plain.match(/[.,]/g) || [];
    if (points.length === 1 && /^[1-9]\d{0,2},\d{3}$/.test(plain)) return null; // 1,234: asked about, never guessed
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

  // Grams as kilograms.
  function shown(grams, mark) {
    const digits = grams.toString().padStart(4, "0");
    return digits.slice(0, -3) + mark + digits.slice(-3);
  }
  // Rounded half up, as the site does: what is shown is what is held against the limit.
  const rounded = (amount, unit) => (amount + unit / 2n) / unit;
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (whole, key) => (key in values ? values[key] : whole));

  // A row's margin in hundredths of a per cent: its own, or else its class's.
  function marginOf(form, row) {
    const margin = form.querySelector(`[name="${CSS.escape(row)}margin_percent"]`);
    if (margin && margin.value.trim() !== "") return read(margin.value, 2);
    const chosen = form.querySelector(`[name="${CSS.escape(row)}maturity"]`)?.selectedOptions[0];
    return read(chosen?.dataset.percent || "", 2);
  }

  function count(form) {
    let cbe = 0n; // milligrams
    let total = 0n; // in 10^-10 kg: milligrams x 10^-4 of a per cent, still exact
    let unread = false;
    for (const field of form.querySelectorAll("input[name$='-cbe_kg']")) {
      const row = field.name.slice(0, -"cbe_kg".length);
      if (form.querySelector(`[name="${CSS.escape(row)}DELETE"]`)?.checked) continue;
      const mass = read(field.value, 6);
      const percent = marginOf(form, row);
      if (mass === null || percent === null) { unread = true; continue; }
      cbe += mass;
      total += mass * (10000n + percent);
    }
    const system = 10000n + (read(form.dataset.systemMarginPercent || "", 2) ?? 0n);
    return { cbe: rounded(cbe, 1000n), total: rounded(total * system, 10n ** 11n), unread };
  }

  function start(form) {
    const box = [...form.querySelectorAll("[data-mass-totals]")].find((one) => one.closest("[data-mass-form]") === form);
    if (!box) return;
    const mark = box.dataset.decimal || ".";
    const line = box.querySelector("[data-mass-total]");
    const verdict = box.querySelector("[data-mass-verdict]");
    const limit = form.dataset.moduleCapKg || form.dataset.totalCapKg || "";
    const cap = limit ? read(limit, 3) : null;
    let timer = 0;
    const update = () => {
      const { cbe, total, unread } = count(form);
      line.textContent = fill(box.dataset.totalText, { cbe: shown(cbe, mark), total: shown(total, mark) });
      const told = [];
      if (cap) {
        const over = total > cap;
        verdict.dataset.over = String(over);
        // What could not be read might still tip the total over: then nothing is said about room that is left.
        if (over) told.push(fill(box.dataset.overText, { over: shown(total - cap, mark), cap: shown(cap, mark) }));
        else if (!unread) told.push(fill(box.dataset.underText, { left: shown(cap - total, mark), cap: shown(cap, mark) }));
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
