// A message shown is a message read: send the page's own form, quietly. Without this, its button does the same.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("form[data-mark-read]");
  if (!form) return;
  fetch(form.action, { method: "POST", body: new FormData(form), headers: { "X-Requested-With": "fetch" } })
    .then((response) => {
      if (response.status === 204) form.hidden = true;
    })
    .catch(() => {});
});
