// A panel's order by hand: drag a row by its handle, or Alt with the arrow up or down, or the buttons without a round trip.
// Places are the numbers of the form: nothing is saved before the form is, and it works without this file too.
(() => {
  "use strict";
  const form = document.querySelector("[data-panel]");
  const body = form?.querySelector("tbody");
  if (!body || !body.querySelector("[data-place]")) return;
  const said = form.querySelector("[data-said]");
  const rows = () => [...body.querySelectorAll("[data-row]")];
  const place = (row) => row.querySelector("[data-place]");
  let dirty = false;

  function number(row) {
    rows().forEach((each, index) => { place(each).value = String(index + 1); });
    dirty = true;
    const values = { name: row.dataset.name, place: place(row).value, all: rows().length };
    said.textContent = form.dataset.moved.replace(/\{(\w+)\}/g, (whole, key) => (key in values ? values[key] : whole));
  }

  // To this place, counted from 0. The others go round the row: taken out of the page it would lose focus and pointer.
  function put(row, index) {
    const all = rows();
    const from = all.indexOf(row);
    const to = Math.min(Math.max(index, 0), all.length - 1);
    if (to === from) return;
    if (to > from) row.before(...all.slice(from + 1, to + 1));
    else row.after(...all.slice(to, from));
    number(row);
  }

  body.addEventListener("click", (event) => {
    const button = event.target.closest("[data-move]");
    if (!button) return;
    event.preventDefault();
    const row = button.closest("[data-row]");
    put(row, rows().indexOf(row) + Number(button.dataset.move));
    row.scrollIntoView({ block: "nearest" });
  });

  body.addEventListener("keydown", (event) => {
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const row = event.target.closest("[data-row]");
    if (!step || !row || !event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    put(row, rows().indexOf(row) + step);
    row.scrollIntoView({ block: "nearest" });
  });

  body.addEventListener("change", (event) => {
    const field = event.target.closest("[data-place]");
    const wanted = field && /^\d{1,4}$/.test(field.value) ? Number(field.value) : 0;
    if (wanted > 0) put(field.closest("[data-row]"), wanted - 1);
    if (field) number(field.closest("[data-row]"));
  });

  for (const handle of body.querySelectorAll("[data-handle]")) {
    handle.hidden = false;
    const row = handle.closest("[data-row]");
    const over = (y) => rows().findIndex((each) => {
      const box = each.getBoundingClientRect();
      return y >= box.top && y < box.bottom;
    });
    handle.addEventListener("pointerdown", (event) => {
      if (event.button > 0) return;
      event.preventDefault();
      handle.setPointerCapture(event.pointerId);
      row.classList.add("lp-moving");
    });
    handle.addEventListener("pointermove", (event) => {
      if (!handle.hasPointerCapture(event.pointerId)) return;
      const all = rows();
      const to = over(event.clientY);
      const from = all.indexOf(row);
      if (to < 0 || to === from) return;
      // Only past the middle of the other row, or two rows of different height would change places for ever.
      const box = all[to].getBoundingClientRect();
      const middle = (box.top + box.bottom) / 2;
      if (to > from ? event.clientY > middle : event.clientY < middle) put(row, to);
    });
    const drop = () => row.classList.remove("lp-moving");
    handle.addEventListener("pointerup", drop);
    handle.addEventListener("pointercancel", drop);
  }
  form.querySelectorAll("[data-keys]").forEach((each) => { each.hidden = false; });

  form.addEventListener("input", () => { dirty = true; });
  form.addEventListener("submit", () => { dirty = false; });
  window.addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });
})();
