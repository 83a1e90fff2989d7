// Draws the board: puts blocks into rows, at their times, in lanes; shows what is lifted and where it would go.

const px = (value) => `${value}px`;

export class Drawing {
  constructor(root, model, words, { clock, step }) {
    Object.assign(this, { root, model, words, clock, step });
    this.frame = root.querySelector(".board-frame");
    this.canvas = root.querySelector(".board-canvas");
    this.table = root.querySelector(".board");
    this.tray = root.querySelector(".board-tray-list");
    this.tie = root.querySelector(".board-tie");
    this.template = root.querySelector("#board-block");
    this.rows = [...root.querySelectorAll(".board-line")].map((cell) => ({
      cell,
      list: cell.querySelector("ul"),
      site: Number(cell.dataset.site),
      room: cell.dataset.room ? Number(cell.dataset.room) : null,
      name: cell.dataset.name,
      add: cell.parentElement.querySelector(".board-add"),
    }));
    this.blocks = new Map();
    for (const block of root.querySelectorAll(".block[data-key]")) this.blocks.set(block.dataset.key, block);
    this.marks = {};
  }

  get shortest() {
    return { day: 30, half: 15, hour: 5 }[this.root.dataset.zoom];
  }

  get pixelsPerMinute() {
    return this.rows[0].cell.clientWidth / (this.model.last - this.model.first);
  }

  face(key) {
    return this.blocks.get(key)?.querySelector(".block-face") ?? null;
  }

  rowOf(site, room) {
    return this.rows.find((row) => row.site === site && row.room === room) ?? null;
  }

  rowOfCell(cell) {
    return this.rows.find((row) => row.cell === cell) ?? null;
  }

  /** Draw everything anew from what the model knows; what is there already is only moved. */
  sync() {
    const held = document.activeElement?.closest?.(".block")?.dataset.key;
    const items = this.model.items();
    const shown = new Set(items.map((item) => item.key));
    for (const [key, block] of this.blocks) {
      if (!shown.has(key)) {
        block.remove();
        this.blocks.delete(key);
      }
    }
    for (const item of items) this.#draw(item);
    for (const row of this.rows) this.#layRow(row);
    this.root.querySelector(".board-tray").hidden = this.tray.children.length === 0;
    if (held && this.face(held) && document.activeElement !== this.face(held)) this.face(held).focus({ preventScroll: true });
  }

  #draw(item) {
    let block = this.blocks.get(item.key);
    if (!block) {
      block = this.template.content.firstElementChild.cloneNode(true);
      block.dataset.key = item.key;
      this.blocks.set(item.key, block);
    }
    const { session, placement } = item;
    block.dataset.session = session.id;
    const home = placement ? this.rowOf(placement.site, placement.room)?.list : this.tray;
    if (!home) {  // a room that a filter leaves out
      block.remove();
      this.blocks.delete(item.key);
      return;
    }
    if (block.parentElement !== home) home.append(block);
    block.classList.toggle("tone-joined", item.joined);
    block.classList.toggle("tone-local", !item.joined && session.kind !== "break");
    block.classList.toggle("tone-pause", !item.joined && session.kind === "break");
    block.classList.toggle("is-draft", session.state === "draft");
    const face = block.querySelector(".block-face");
    const query = placement ? `?placement=${placement.id}` : "";
    face.href = `${this.root.dataset.moveUrl}${encodeURIComponent(session.code)}${query}`;
    block.querySelector(".block-title").textContent = session.title;
    const time = placement
      ? `${this.clock(item.start)}–${this.clock(item.end)}`
      : this.words.say("minutes", { n: session.length });
    block.querySelector(".block-time").textContent = time;
    const place = placement ? `${placement.site_word}, ${this.rowOf(placement.site, placement.room).name}` : "";
    const kin = placement && item.joined ? placement.role_word : "";
    block.querySelector(".block-more").textContent = [place, kin].filter(Boolean).map((each) => `, ${each}`).join("");
    block.title = `${session.title} · ${time}`;
    if (placement) this.#at(block, item.start, item.end);
    const mark = placement ? this.marks[placement.id] ?? "" : "";
    block.dataset.mark = mark;
    block.querySelector(".block-mark").textContent = mark ? this.words.say(mark === "bad" ? "markBad" : "markWarn") : "";
    if (!block.querySelector(".block-grip") && placement) {
      const grip = document.createElement("span");
      grip.className = "block-grip";
      grip.setAttribute("aria-hidden", "true");
      block.append(grip);
    }
  }

  #at(block, start, end) {
    const until = Math.min(end, this.model.last);
    block.style.setProperty("--at", (start - this.model.first) / this.step);
    block.style.setProperty("--for", Math.max(until - start, this.step) / this.step);
  }

  /** Put the blocks of a row into the fewest lanes in which none lies on another. */
  #layRow(row) {
    const here = [...row.list.children]
      .map((block) => ({ block, item: this.model.item(block.dataset.key) }))
      .filter(({ item }) => item)
      .sort((a, b) => a.item.start - b.item.start || a.item.end - b.item.end);
    const ends = [];
    for (const { block, item } of here) {
      let lane = ends.findIndex((end) => end <= item.start);
      if (lane < 0) lane = ends.length;
      ends[lane] = Math.max(item.end, item.start + this.shortest);
      block.style.setProperty("--lane", lane);
      row.list.append(block);
    }
    row.cell.style.setProperty("--lanes", Math.max(ends.length, 1));
  }

  // What is lifted -------------------------------------------------------------------------------------------------

  /** Show a block at another time and in another row, without moving it in the document: the focus stays. */
  preview(key, start, end, row) {
    const block = this.blocks.get(key);
    if (!block) return;
    block.classList.add("is-lifted");
    this.#at(block, start, end);
    block.querySelector(".block-time").textContent = `${this.clock(start)}–${this.clock(end)}`;
    const own = block.closest(".board-line");
    const shift = own && row ? row.cell.getBoundingClientRect().top - own.getBoundingClientRect().top : 0;
    block.style.transform = shift ? `translateY(${px(shift)})` : "";
    if (shift) block.style.setProperty("--lane", 0);
  }

  /** A block for what has no place yet, to be shown on the board while it is lifted. */
  ghost(item, row) {
    const block = this.template.content.firstElementChild.cloneNode(true);
    block.dataset.key = "ghost";
    block.dataset.ghost = "";
    block.setAttribute("aria-hidden", "true");
    block.classList.add("tone-local");
    block.querySelector(".block-face").tabIndex = -1;
    block.querySelector(".block-title").textContent = item.session.title;
    row.list.append(block);
    this.blocks.set("ghost", block);
  }

  verdict(key, kind, text) {
    const block = this.blocks.get(key);
    if (!block) return;
    let sign = block.querySelector(".block-verdict");
    if (!sign) {
      sign = document.createElement("span");
      sign.className = "block-verdict";
      sign.setAttribute("aria-hidden", "true");
      block.append(sign);
    }
    block.dataset.verdict = kind;
    sign.textContent = text;
    sign.hidden = !text;
  }

  /** Put everything back to where the model says it is. */
  settle() {
    this.blocks.get("ghost")?.remove();
    this.blocks.delete("ghost");
    for (const block of this.root.querySelectorAll(".is-lifted, [data-verdict]")) {
      block.classList.remove("is-lifted");
      delete block.dataset.verdict;
      block.querySelector(".block-verdict")?.remove();
      block.style.transform = "";
    }
    this.sync();
  }

  // What belongs together ------------------------------------------------------------------------------------------

  /** Show the blocks of one session as kin, tied by a line through all of its sites. */
  kin(sessionId) {
    for (const block of this.root.querySelectorAll(".is-kin")) block.classList.remove("is-kin");
    const blocks = [...this.canvas.querySelectorAll(".block")].filter((each) => Number(each.dataset.session) === sessionId);
    this.tie.hidden = blocks.length < 2;
    for (const block of blocks) block.classList.add("is-kin");
    if (blocks.length < 2) return;
    const base = this.canvas.getBoundingClientRect();
    const boxes = blocks.map((block) => block.getBoundingClientRect());
    const top = Math.min(...boxes.map((box) => box.top));
    this.tie.style.left = px(Math.min(...boxes.map((box) => box.left)) - base.left);
    this.tie.style.top = px(top - base.top);
    this.tie.style.height = px(Math.max(...boxes.map((box) => box.bottom)) - top);
  }

  show(key) {
    this.blocks.get(key)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}
