// Saves a form while it is typed, keeps a copy on this device, and never loses text to a lost session or network.
// A form with data-autosave-url (where to POST) and data-autosave-key (its name on this device) holds components/autosave.html.
// Answers: 200 {revision, saved_at, fields}, 409 {message}, 422 {errors, and what 200 has where the sound fields were kept};
// `fields` are hidden fields the page must now carry, such as a new row's number; 401, 403 or a redirect mean "signed out".
"use strict";

(() => {
  const WAIT_MS = 4000; // after the last key
  const AT_MOST_MS = 9000; // after the first unsaved key: never more than ten seconds of typing at risk
  const RETRY_MS = 15000;
  const HELD_MS = 8000; // how long a press of the save button waits for a save under way

  const stored = {
    read(key) { try { return JSON.parse(localStorage.getItem(key)); } catch { return null; } },
    write(key, value) { try { localStorage.setItem(key, JSON.stringify(value)); } catch { /* full or forbidden: the server still has it */ } },
    drop(key) { try { localStorage.removeItem(key); } catch { /* nothing was kept */ } },
  };

  // What is kept: typed text only. No passwords, no files, no tokens.
  const fieldsOf = (form) => [...form.elements].filter((field) => field.name
    && !["password", "file", "hidden", "submit", "button", "reset"].includes(field.type));
  const snapshot = (form) => fieldsOf(form).map((field) => [
    field.name,
    field.type === "select-multiple" ? [...field.selectedOptions].map((option) => option.value)
      : ["checkbox", "radio"].includes(field.type) ? [field.value, field.checked] : field.value,
  ]);
  function restore(form, kept) {
    const left = fieldsOf(form);
    for (const [name, value] of kept) {
      const at = left.findIndex((field) => field.name === name
        && (!["checkbox", "radio"].includes(field.type) || (Array.isArray(value) && field.value === value[0])));
      if (at < 0) continue;
      const [field] = left.splice(at, 1);
      if (["checkbox", "radio"].includes(field.type)) [, field.checked] = value;
      else if (field.type === "select-multiple") for (const option of field.options) option.selected = value.includes(option.value);
      else field.value = value;
    }
    form.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function start(form) {
    const key = `lp-autosave:${form.dataset.autosaveKey}`;
    const status = form.querySelector("[data-autosave-status]");
    const dialog = form.querySelector("[data-autosave-dialog]");
    const offer = form.querySelector("[data-autosave-restore]");
    const words = status.dataset;
    let changes = 0;
    let saved = 0;
    let firstUnsaved = 0;
    let timer = 0;
    let busy = false;
    let underWay = Promise.resolve();
    let held = false;
    let letGo = false;
    let unanswered = null; // a save whose answer was lost: it goes again as it was, so that it is known for our own
    let stopped = false; // someone else saved: further saves would be refused too, or worse, overwrite

    const say = (text, problem = false) => {
      status.textContent = text;
      status.dataset.state = problem ? "problem" : "";
    };
    const plan = (ms) => { clearTimeout(timer); timer = setTimeout(begin, Math.max(ms, 0)); };
    const revision = () => form.elements.namedItem("revision");
    const keep = (submitted = false) => stored.write(key, { submitted, revision: revision()?.value ?? null, fields: snapshot(form) });

    function typed() {
      changes += 1;
      keep();
      if (stopped) return;
      if (!firstUnsaved) firstUnsaved = Date.now();
      plan(Math.min(WAIT_MS, firstUnsaved + AT_MOST_MS - Date.now()));
    }

    // Signing in again changes the form's key against forgery: take the new one from a fresh copy of this page.
    async function freshToken() {
      const page = await fetch(location.href, { credentials: "same-origin", redirect: "manual" });
      if (!page.ok) return false;
      const fresh = new DOMParser().parseFromString(await page.text(), "text/html").querySelector("form[data-autosave-url] [name=csrfmiddlewaretoken]");
      if (!fresh) return false;
      for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = fresh.value;
      return true;
    }

    function signedOut() {
      say(words.lockedText, true);
      if (dialog && !dialog.open) dialog.showModal();
    }

    async function answered(response, sent) {
      if (response.type === "opaqueredirect" || response.status === 401 || response.status === 403) return signedOut();
      if (response.status === 409) {
        stopped = true;
        const told = await response.json().catch(() => ({}));
        return say(told.message || words.conflictText, true);
      }
      if (!response.ok && response.status !== 422) throw new Error(`status ${response.status}`);
      const told = await response.json();
      saved = sent;
      if (revision() && told.revision !== undefined) revision().value = told.revision;
      for (const [name, value] of Object.entries(told.fields || {})) {
        const field = form.elements.namedItem(name);
        if (field) field.value = value;
      }
      if (response.status === 422) {
        keep();
        firstUnsaved = 0;
        return say(words.invalidText, true);
      }
      if (changes === sent) { stored.drop(key); firstUnsaved = 0; } else keep();
      if (dialog?.open) dialog.close();
      const at = new Date(told.saved_at || Date.now());
      say(words.savedText.replace("{time}", at.toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" })));
      form.dispatchEvent(new CustomEvent("lp:saved", { bubbles: true, detail: told }));
    }

    async function save() {
      clearTimeout(timer);
      if (busy || stopped || saved === changes) return;
      busy = true;
      const sent = unanswered ? unanswered.sent : changes;
      if (!dialog?.open) say(words.savingText);
      try {
        // Files travel only with the real submit.
        const data = unanswered ? unanswered.data : new FormData(form);
        for (const field of form.querySelectorAll("input[type=file]")) data.delete(field.name);
        const token = form.elements.namedItem("csrfmiddlewaretoken");
        if (token) data.set(token.name, token.value);
        unanswered = { data, sent };
        const response = await fetch(form.dataset.autosaveUrl, {
          method: "POST", body: data, credentials: "same-origin", redirect: "manual", headers: { "X-Autosave": "1" },
        });
        if (response.status < 502) unanswered = null; // a proxy's word says nothing about the site behind it
        await answered(response, sent);
      } catch {
        say(words.offlineText, true);
        plan(RETRY_MS);
      } finally {
        busy = false;
      }
      if (saved === sent && changes > sent) plan(WAIT_MS);
    }

    function begin() {
      if (busy) return underWay;
      underWay = save();
      return underWay;
    }

    // A save under way has this page's revision: the page sent beside it would meet its own save as someone else's.
    function submitted(event) {
      clearTimeout(timer);
      if (!busy || letGo) {
        stopped = true;
        keep(true);
        return;
      }
      event.preventDefault();
      if (held) return;
      held = true;
      const enough = new Promise((done) => { setTimeout(done, HELD_MS); });
      Promise.race([underWay, enough]).finally(() => { letGo = true; form.requestSubmit(event.submitter); });
    }

    async function again() {
      try {
        if (await freshToken()) await begin();
        else signedOut();
      } catch {
        say(words.offlineText, true);
      }
    }

    form.addEventListener("input", (event) => { if (event.target.type !== "file") typed(); });
    form.addEventListener("focusout", (event) => { if (event.relatedTarget?.type !== "submit") plan(0); });
    form.addEventListener("submit", submitted);
    addEventListener("online", () => plan(0));
    addEventListener("focus", () => { if (dialog?.open) again(); });
    form.querySelector("[data-autosave-retry]")?.addEventListener("click", again);

    // A copy left by a crash or a lost network is offered; one that arrived, or equals the page, is forgotten.
    const kept = stored.read(key);
    if (!kept || !Array.isArray(kept.fields)) return;
    const arrived = kept.submitted && (revision() ? kept.revision !== revision().value : !document.querySelector("[data-error-summary]"));
    if (arrived || JSON.stringify(kept.fields) === JSON.stringify(snapshot(form))) { stored.drop(key); return; }
    if (!offer) return;
    offer.hidden = false;
    offer.querySelector("[data-autosave-take]").addEventListener("click", () => { restore(form, kept.fields); offer.hidden = true; });
    offer.querySelector("[data-autosave-drop]").addEventListener("click", () => { stored.drop(key); offer.hidden = true; });
  }

  // The page before was sent and has arrived: this device forgets its copy of it.
  for (const mark of document.querySelectorAll("[data-autosave-forget]")) {
    const key = `lp-autosave:${mark.dataset.autosaveForget}`;
    if (stored.read(key)?.submitted) stored.drop(key);
  }
  document.querySelectorAll("form[data-autosave-url]").forEach(start);
})();
