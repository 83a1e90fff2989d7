// What is picked up, by mouse or keys alike: where it would go, what that would break, and how it is dropped.

export class Lift {
  constructor({ model, drawing, server, words, say, snap, step, perform }) {
    Object.assign(this, { model, drawing, server, words, say, snap, step, perform });
    this.held = null;
  }

  get isOn() {
    return this.held !== null;
  }

  /** Pick items up; `resize` changes their length alone.  Returns whether there was anything to pick up. */
  take(keys, { resize = false, row = null, start = null } = {}) {
    const items = keys.map((key) => this.model.item(key)).filter((item) => item && !item.fixed);
    if (items.length === 0) {
      this.say(this.words.say("fixed"));
      return false;
    }
    const placed = items.filter((item) => item.placement);
    const chosen = placed.length > 0 ? placed : items.slice(0, 1);
    const [first] = chosen;
    const home = first.placement
      ? this.drawing.rowOf(first.site, first.room)
      : row ?? this.drawing.rows.find((each) => each.room !== null);
    if (!home) return false;
    this.held = { items: chosen, resize, shift: 0, stretch: 0, home, row: home, off: false, base: start };
    if (!first.placement) {
      const begins = start ?? Math.max(this.model.first, 480);
      this.held.base = begins;
      this.drawing.ghost(first, home);
    }
    this.#show();
    return true;
  }

  get rows() {
    const [first] = this.held.items;
    if (this.held.items.length > 1 || this.held.resize) return [this.held.home];
    return this.drawing.rows.filter((row) => {
      if (row.room === null && (!first.placement || first.placement.needs_room)) return false;
      return !(first.joined && row.site !== first.site);
    });
  }

  shiftTo(minutes) {
    this.held.shift = this.snap(minutes);
    this.#show();
  }

  shiftBy(minutes) {
    this.shiftTo(this.held.shift + minutes);
  }

  stretchTo(minutes) {
    this.held.stretch = this.snap(minutes);
    this.#show();
  }

  stretchBy(minutes) {
    this.stretchTo(this.held.stretch + minutes);
  }

  toRow(row) {
    if (!row || !this.rows.includes(row)) return;
    this.held.row = row;
    this.held.off = false;
    this.#show();
  }

  stepRow(by) {
    const rows = this.rows;
    const next = rows[rows.indexOf(this.held.row) + by];
    if (next) this.toRow(next);
  }

  /** Over the tray: the draft would lose its place. */
  overTray(isOver) {
    const [first] = this.held.items;
    const may = this.held.items.length === 1 && first.placement && !first.joined && first.session.state === "draft";
    if (this.held.off === (isOver && may)) return;
    this.held.off = isOver && may;
    this.#show();
  }

  /** Where each item would be. */
  #targets() {
    const { items, shift, stretch, row, base } = this.held;
    return items.map((item) => {
      const from = item.placement ? item.start : base;
      const long = item.placement ? item.end - item.start : item.session.length;
      const start = Math.min(Math.max(from + shift, this.model.first), this.model.last - this.step);
      const end = start + Math.max(long + stretch, this.step);
      const alone = items.length === 1;
      return { item, start, end, room: alone ? row.room : item.room, row: alone ? row : this.drawing.rowOf(item.site, item.room) };
    });
  }

  /** The changes as the server takes them; with what the person saw when they are meant. */
  changes({ seen = false } = {}) {
    return this.#targets().map(({ item, start, end, room }) => ({
      session: item.session.id,
      version: item.session.version,
      placement: item.placement ? item.placement.id : null,
      ...(this.held.off ? { off: true } : { start, end, room }),
      ...(seen ? { seen: item.session } : {}),
    }));
  }

  get isElsewhere() {
    if (this.held.off) return true;
    return this.#targets().some(({ item, start, end, room }) => item.start !== start || item.end !== end || item.room !== room);
  }

  #show() {
    const targets = this.#targets();
    const named = new Set(targets.map(({ item }) => item.key));
    for (const { item, start, end, row } of targets) {
      this.drawing.preview(item.placement ? item.key : "ghost", start, end, row);
      if (!item.placement?.origin) continue;
      // What receives it moves along.
      for (const other of item.session.placements) {
        const key = `p${other.id}`;
        if (named.has(key) || !this.model.isShown(other)) continue;
        const by = start - item.start;
        const longer = end - start - (item.end - item.start);
        this.drawing.preview(key, this.model.start(other) + by, this.model.end(other) + by + longer, null);
      }
    }
    const [lead] = targets;
    const words = this.held.off
      ? this.words.say("wouldComeOff")
      : this.words.say("at", { start: this.drawing.clock(lead.start), end: this.drawing.clock(lead.end), room: lead.row.name });
    this.leadKey = lead.item.placement ? lead.item.key : "ghost";
    if (!this.isElsewhere) {
      this.server.forget();
      this.drawing.verdict(this.leadKey, "", "");
      this.say(words);
      return;
    }
    const asked = performance.now();
    this.server.tryOut(this.model.day, this.changes(), (answer) => this.#hear(answer, words, asked));
  }

  #hear({ status, body }, words, asked) {
    if (!this.isOn) return;
    const broken = body.new ?? [];
    const solved = body.solved ?? [];
    let kind = "good";
    let text = this.words.say("fine");
    if (status !== 200) {
      kind = "bad";
      text = body.message || this.words.say("offline");
    } else if (broken.length > 0) {
      kind = broken.some((each) => each.shape === "bad") ? "bad" : "warn";
      text = `${this.words.say("breaks", { n: broken.length })} ${broken[0].message}`;
    } else if (solved.length > 0) {
      text = `${this.words.say("mends", { n: solved.length })} ${solved[0].message}`;
    }
    this.drawing.verdict(this.leadKey, kind, text);
    this.say(`${words}. ${text}`);
    this.drawing.root.dataset.feedback = Math.round(performance.now() - asked);
  }

  async drop() {
    const held = this.held;
    const elsewhere = this.isElsewhere;
    const changes = this.changes({ seen: true });
    this.held = null;
    this.server.forget();
    if (!elsewhere) {
      this.drawing.settle();
      this.say(this.words.say("putBack"));
      return;
    }
    await this.perform(changes, { title: held.items[0].session.title, n: held.items.length });
  }

  cancel() {
    if (!this.isOn) return;
    this.held = null;
    this.server.forget();
    this.drawing.settle();
    this.say(this.words.say("putBack"));
  }
}
