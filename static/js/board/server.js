// Asks and tells the server.  An answer is always { status, body }; no answer at all is status 0.

export class Server {
  constructor(root) {
    this.root = root;
    this.token = root.querySelector("input[name=csrf_token]").value;
    this.waiting = null;
    this.busy = false;
  }

  async data() {
    return this.#ask(this.root.dataset.dataUrl, {});
  }

  async change(day, changes, reason) {
    return this.#post(this.root.dataset.changesUrl, day, changes, reason);
  }

  /** Ask what moves would bring; while one question is on its way only the newest one waits behind it. */
  tryOut(day, changes, hear) {
    this.waiting = { day, changes, hear };
    if (!this.busy) this.#askNext();
  }

  /** Forget the question that waits; the answer to the one on its way is not heard any more. */
  forget() {
    this.waiting = null;
    this.hear = null;
  }

  async #askNext() {
    this.busy = true;
    while (this.waiting) {
      const { day, changes, hear } = this.waiting;
      this.waiting = null;
      this.hear = hear;
      const answer = await this.#post(this.root.dataset.tryUrl, day, changes, "");
      if (this.hear) this.hear(answer);
    }
    this.busy = false;
  }

  async #post(url, day, changes, reason) {
    const form = new FormData();
    form.set("csrf_token", this.token);
    form.set("changes", JSON.stringify({ day, changes }));
    form.set("override_reason", reason);
    return this.#ask(url, { method: "POST", body: form });
  }

  async #ask(url, options) {
    try {
      const answer = await fetch(url, { ...options, headers: { Accept: "application/json" }, cache: "no-store" });
      return { status: answer.status, body: await answer.json() };
    } catch {
      return { status: 0, body: {} };
    }
  }
}
