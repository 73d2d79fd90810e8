// The queue from the keyboard: j and k go through the rows, o opens, x ticks, e acts, / searches, ? shows the keys.
// Everything works without this file too; it adds keys and a count, and changes nothing on the server.
(() => {
  "use strict";
  const table = document.querySelector("[data-queue]");
  const keys = document.querySelector("[data-queue-keys]");
  const help = document.querySelector("[data-queue-help]");
  const all = document.querySelector("[data-queue-all]");
  const told = document.querySelector("[data-queue-ticked]");
  const rows = table ? [...table.tBodies[0].rows] : [];
  const tick = (row) => row.querySelector("input[type=checkbox]");
  let current = -1;

  function go(step) {
    if (!rows.length) return;
    rows[current]?.classList.remove("lp-current");
    current = Math.min(Math.max(current + step, 0), rows.length - 1);
    rows[current].classList.add("lp-current");
    rows[current].querySelector("th a").focus();
  }

  function count() {
    const ticked = rows.filter((row) => tick(row)?.checked).length;
    if (told) told.textContent = ticked ? String(ticked) : "";
    if (all) {
      all.checked = ticked > 0 && ticked === rows.length;
      all.indeterminate = ticked > 0 && ticked < rows.length;
    }
  }

  const does = {
    j: () => go(1),
    k: () => go(-1),
    o: () => rows[current]?.querySelector("th a").click(),
    x: () => {
      const box = rows[current] && tick(rows[current]);
      if (box) box.checked = !box.checked;
      count();
    },
    e: () => document.getElementById("queue-what")?.focus(),
    "/": () => document.getElementById("queue-q")?.focus(),
    "?": () => keys?.showModal(),
  };

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input:not([type=checkbox]), select, textarea, dialog");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || !does[event.key]) return;
    event.preventDefault();
    does[event.key]();
  });
  table?.addEventListener("focusin", (event) => {
    const row = event.target.closest("tbody tr");
    if (!row) return;
    rows[current]?.classList.remove("lp-current");
    current = rows.indexOf(row);
    row.classList.add("lp-current");
  });
  table?.addEventListener("change", (event) => {
    if (event.target === all) rows.forEach((row) => { tick(row).checked = all.checked; });
    count();
  });
  help?.addEventListener("click", () => keys.showModal());
  if (help) help.hidden = false;
  if (all) all.hidden = false;
  count();
})();
