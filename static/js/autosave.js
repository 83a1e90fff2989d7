// Saves each field of a form by itself, on top of a form that works without.
//
// <form data-autosave="<address>" data-word-saving data-word-saved data-word-waiting data-word-conflict data-word-theirs
// data-word-mine data-word-lost> holds a token (csrf_token), one element [data-autosave-status] and fields with data-version.
// A field is sent as field, value, version.  200 {version, said}: saved.  409 {version, value, message}: saved by somebody
// else since; nothing is lost, both values are shown.  422 {message}: refused.  Anything else is tried again.
(() => {
  "use strict";

  const PAUSE = 800;
  const AGAIN = 5000;

  const follow = (form) => {
    const status = form.querySelector("[data-autosave-status]");
    const words = form.dataset;
    const states = new Map();

    const say = (text, kind) => {
      status.textContent = text;
      status.dataset.kind = kind;
    };
    const fieldsOf = (name) => [...form.elements].filter((field) => field.name === name);
    const valueOf = (name) => {
      const fields = fieldsOf(name);
      if (fields[0].type === "radio") return (fields.find((field) => field.checked) || { value: "" }).value;
      if (fields[0].type === "checkbox") return fields[0].checked ? fields[0].value : "";
      return fields[0].value;
    };
    const fill = (name, value) => {
      for (const field of fieldsOf(name)) {
        if (field.type === "radio") field.checked = field.value === value;
        else if (field.type === "checkbox") field.checked = value !== "";
        else field.value = value;
      }
    };
    // The whole form, sent without us, says in version-<field> which value of each field it was filled in over.
    const seen = (name, version) => {
      for (const field of fieldsOf(name)) field.dataset.version = version;
      const hidden = form.elements[`version-${name}`];
      if (hidden) hidden.value = version;
    };
    const stateOf = (name) => {
      if (!states.has(name)) states.set(name, { saved: null, busy: false, timer: 0, stuck: false });
      return states.get(name);
    };
    const frameOf = (name) => fieldsOf(name)[0].closest(".field, fieldset") || fieldsOf(name)[0].parentElement;
    const note = (name) => {
      const frame = frameOf(name);
      let found = frame.querySelector(":scope > [data-autosave-note]");
      if (!found) {
        found = document.createElement("div");
        found.className = "autosave-note";
        found.dataset.autosaveNote = "";
        found.setAttribute("role", "alert");
        frame.append(found);
      }
      return found;
    };
    const clear = (name) => {
      const found = frameOf(name).querySelector(":scope > [data-autosave-note]");
      if (found) found.remove();
    };
    const button = (text, act) => {
      const made = document.createElement("button");
      made.type = "button";
      made.className = "button button-secondary button-small";
      made.textContent = text;
      made.addEventListener("click", act);
      return made;
    };

    const settle = (name, theirs) => {
      const state = stateOf(name);
      state.stuck = true;
      const shown = note(name);
      const line = document.createElement("p");
      line.textContent = words.wordConflict;
      const value = document.createElement("p");
      value.className = "autosave-theirs";
      const option = fieldsOf(name).find((field) => field.type === "radio" && field.value === theirs.value);
      const label = option && form.querySelector(`label[for="${CSS.escape(option.id)}"]`);
      value.textContent = (label ? label.textContent.trim() : theirs.value) || "—";
      const choose = (act) => () => {
        seen(name, theirs.version);
        state.stuck = false;
        clear(name);
        act();
        fieldsOf(name)[0].focus();
      };
      const buttons = document.createElement("div");
      buttons.className = "buttons";
      buttons.append(
        button(words.wordTheirs, choose(() => {
          fill(name, theirs.value);
          state.saved = theirs.value;
          form.dispatchEvent(new CustomEvent("autosaved", { detail: { name, answer: theirs } }));
        })),
        button(words.wordMine, choose(() => send(name))),
      );
      shown.replaceChildren(line, value, buttons);
      say(words.wordConflict, "bad");
    };

    const send = async (name) => {
      const state = stateOf(name);
      clearTimeout(state.timer);
      state.timer = 0;
      const value = valueOf(name);
      if (state.busy || state.stuck || value === state.saved) return;
      state.busy = true;
      say(words.wordSaving, "neutral");
      const body = new URLSearchParams({
        csrf_token: form.elements.csrf_token.value,
        field: name,
        value,
        version: fieldsOf(name)[0].dataset.version,
      });
      try {
        const response = await fetch(form.dataset.autosave, {
          method: "POST", body, headers: { Accept: "application/json" }, redirect: "error",
        });
        const json = (response.headers.get("Content-Type") || "").startsWith("application/json");
        const answer = json ? await response.json() : {};
        state.busy = false;
        if (response.ok && json) {
          state.saved = value;
          seen(name, answer.version);
          clear(name);
          say(answer.said || words.wordSaved, "good");
          form.dispatchEvent(new CustomEvent("autosaved", { detail: { name, answer } }));
          if (valueOf(name) !== value) send(name);
        } else if (response.status === 409 && json && "value" in answer) {
          settle(name, answer);
        } else if (json && answer.message) {
          const line = document.createElement("p");
          line.textContent = answer.message;
          note(name).replaceChildren(line);
          say(answer.message, "bad");
        } else if (response.status >= 500 || response.status === 429) {
          throw new Error(String(response.status));
        } else {
          say(words.wordLost, "bad");
        }
      } catch {
        state.busy = false;
        say(words.wordWaiting, "warn");
        state.timer = setTimeout(() => send(name), AGAIN);
      }
    };

    const begin = (event) => {
      const field = event.target;
      return field.name && field.dataset.version !== undefined ? field.name : null;
    };
    form.addEventListener("input", (event) => {
      const name = begin(event);
      if (!name) return;
      const state = stateOf(name);
      clearTimeout(state.timer);
      state.timer = setTimeout(() => send(name), PAUSE);
    });
    form.addEventListener("change", (event) => {
      const name = begin(event);
      if (name) send(name);
    });
    for (const field of form.elements) {
      if (field.name && field.dataset.version !== undefined) stateOf(field.name).saved = valueOf(field.name);
    }
    let leaving = false;
    form.addEventListener("submit", () => { leaving = true; });
    window.addEventListener("pageshow", () => { leaving = false; });
    window.addEventListener("online", () => { for (const name of states.keys()) send(name); });
    window.addEventListener("beforeunload", (event) => {
      if (!leaving && [...states].some(([name, state]) => valueOf(name) !== state.saved)) event.preventDefault();
    });
  };

  for (const form of document.querySelectorAll("form[data-autosave]")) follow(form);
})();
