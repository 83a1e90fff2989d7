// A section of a dossier saves itself field by field; the page works without this.
(() => {
  "use strict";

  const form = document.querySelector("form[data-autosave]");
  if (!form) return;
  const words = form.dataset;
  const token = form.querySelector("input[name=csrf_token]").value;
  const status = form.querySelector("[data-status]");
  const PAUSE = 800;
  const SIGN_OF_LIFE = 30000;
  let taken = false;

  const say = (text, kind = "") => {
    status.hidden = false;
    status.textContent = text;
    status.classList.toggle("is-waiting", kind === "waiting");
    status.classList.toggle("is-wrong", kind === "wrong");
  };

  // An answer is always { status, body }; no answer at all is status 0.
  const post = async (url, fields) => {
    const body = new FormData();
    body.set("csrf_token", token);
    for (const [name, value] of Object.entries(fields)) body.set(name, value);
    try {
      const answer = await fetch(url, { method: "POST", body, redirect: "error", cache: "no-store", headers: { Accept: "application/json" } });
      return { status: answer.status, body: await answer.json() };
    } catch {
      return { status: 0, body: {} };
    }
  };

  // What is not on the server yet outlives a reload, in this tab only.
  const drawer = {
    name: (code) => `dossier:${words.autosave}:${code}`,
    keep(code, value, version) {
      try { sessionStorage.setItem(this.name(code), JSON.stringify({ value, version })); } catch { /* a full or closed drawer */ }
    },
    find(code) {
      try { return JSON.parse(sessionStorage.getItem(this.name(code))); } catch { return null; }
    },
    forget(code) {
      try { sessionStorage.removeItem(this.name(code)); } catch { /* a closed drawer */ }
    },
  };

  class Field {
    constructor(box) {
      this.box = box;
      this.code = box.dataset.code;
      this.inputs = [...box.querySelectorAll("input, textarea")];
      this.seen = document.getElementById(`seen_${this.code}`);
      this.saved = this.value;
      this.tries = 0;
      this.busy = false;
      box.addEventListener("input", () => this.later(PAUSE));
      box.addEventListener("change", () => this.later(0));
      // What is sensitive is not left in the browser: others may sit at it next.
      this.isSensitive = "sensitive" in box.dataset;
      const kept = this.isSensitive ? null : drawer.find(this.code);
      if (kept && kept.value !== this.value) {
        this.value = kept.value;
        this.seen.value = kept.version;
        this.later(0);
      } else {
        drawer.forget(this.code);
      }
    }

    get value() {
      if (this.inputs[0].type === "radio") return this.inputs.find((input) => input.checked)?.value ?? "";
      return this.inputs[0].value;
    }

    set value(text) {
      if (this.inputs[0].type === "radio") for (const input of this.inputs) input.checked = input.value === text;
      else {
        this.inputs[0].value = text;
        this.inputs[0].dispatchEvent(new Event("input"));
      }
    }

    get waits() { return this.value !== this.saved; }

    later(pause) {
      if (this.waits && !this.isSensitive) drawer.keep(this.code, this.value, this.seen.value);
      clearTimeout(this.wait);
      this.wait = setTimeout(() => this.save(), pause);
    }

    async save() {
      if (this.busy || this.conflict || taken || !this.waits) return;
      this.busy = true;
      const value = this.value;
      say(words.saving);
      const answer = await post(words.autosave, { code: this.code, value, version: this.seen.value });
      this.busy = false;
      if (answer.status === 200) this.done(value, answer.body);
      else if (answer.status === 409 && "theirs" in answer.body) this.choose(answer.body);
      else if (answer.status === 409 && answer.body.taken) lose(answer.body.message);
      else if (answer.status === 0 || answer.status >= 500) {
        say(words.offline, "waiting");
        this.later(Math.min(30000, 2000 * 2 ** this.tries));
        this.tries += 1;
      } else say(words.refused.replace("{reason}", answer.body.message), "wrong");
    }

    done(value, body) {
      this.tries = 0;
      this.saved = value;
      this.seen.value = body.version;
      if (this.waits) this.later(PAUSE);
      else drawer.forget(this.code);
      if (!fields.some((field) => field.waits)) say(words.saved.replace("{time}", body.saved_at));
    }

    // Two wrote in the same field: both texts are shown, and the person decides.
    choose({ theirs, version }) {
      say(words.changed, "wrong");
      const box = document.createElement("div");
      box.className = "notice notice-warn";
      box.setAttribute("role", "alert");
      const body = document.createElement("div");
      body.className = "notice-body";
      const title = document.createElement("p");
      title.className = "notice-title";
      title.textContent = words.theirs;
      const text = document.createElement("p");
      text.textContent = theirs || words.empty;
      const buttons = document.createElement("div");
      buttons.className = "buttons";
      const settle = (word, act) => {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "button button-secondary";
        button.textContent = word;
        button.addEventListener("click", () => {
          this.conflict = null;
          box.remove();
          this.seen.value = version;
          act();
          this.inputs[0].focus();
        });
        buttons.append(button);
      };
      settle(words.keep, () => this.later(0));
      settle(words.take, () => {
        this.saved = theirs;
        this.value = theirs;
        drawer.forget(this.code);
      });
      body.append(title, text, buttons);
      box.append(body);
      this.box.prepend(box);
      this.conflict = box;
    }
  }

  // Somebody took the section over: what was typed stays on the screen and in the drawer.
  const lose = (message) => {
    taken = true;
    say(words.refused.replace("{reason}", message), "wrong");
    const link = document.createElement("a");
    link.href = words.takeOver;
    link.textContent = words.takeOverWord;
    status.append(" ", link);
  };

  const fields = [...form.querySelectorAll("[data-code]")].map((box) => new Field(box));

  const hold = async () => {
    if (taken || document.hidden) return;
    const answer = await post(words.hold, {});
    if (answer.status === 409 && answer.body.taken) lose(answer.body.message);
  };
  setInterval(hold, SIGN_OF_LIFE);
  // After a reload, the farewell of the page before may come in late.
  setTimeout(hold, 2000);

  form.addEventListener("submit", () => {
    for (const field of fields) {
      clearTimeout(field.wait);
      drawer.forget(field.code);
    }
    taken = true;
  });
  window.addEventListener("online", () => { for (const field of fields) field.later(0); });
  window.addEventListener("beforeunload", (event) => {
    if (!taken && fields.some((field) => field.waits)) event.preventDefault();
  });
  window.addEventListener("pagehide", () => {
    if (taken) return;
    const body = new FormData();
    body.set("csrf_token", token);
    navigator.sendBeacon(words.leave, body);
  });
})();
