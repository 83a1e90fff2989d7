// The board.  Without it the page is a table with links to forms; with it one moves things on the table itself.
// Modules do not import each other by name: the page gives their addresses, which change with their content.

const root = document.querySelector("[data-board]");
const wide = window.matchMedia("(min-width: 44rem)");

/** Sentences in the reader's language, with blanks. */
const words = {
  say(name, facts = {}) {
    const sentence = root.querySelector(`#board-words [data-word=${name}]`).textContent;
    return sentence.replace(/\{(\w+)\}/g, (_, fact) => String(facts[fact] ?? ""));
  },
};

const begin = async () => {
  const module = (name) => import(document.querySelector(`link[data-module=${name}]`).href);
  const [{ Model, clock, snap, STEP }, { Server }, { Drawing }, { Lift }, { Acts }, { Panel }, { listenToMouse }, { listenToKeys }] =
    await Promise.all(["model", "server", "drawing", "lift", "acts", "panel", "dragging", "keys"].map(module));

  const server = new Server(root);
  const first = await server.data();
  if (first.status !== 200) return;
  const model = new Model(first.body);
  const drawing = new Drawing(root, model, words, { clock, step: STEP });
  const panel = new Panel(root, model, words);

  const live = root.querySelector(".board-live");
  const say = (text) => { live.textContent = text; };

  panel.onMarks = (marks) => { drawing.marks = marks; };

  const undo = root.querySelector("[data-act=undo]");
  const redo = root.querySelector("[data-act=redo]");
  const acts = new Acts({
    model, drawing, server, words, say, panel,
    changed() {
      undo.setAttribute("aria-disabled", String(acts.done.length === 0));
      redo.setAttribute("aria-disabled", String(acts.undone.length === 0));
      selection.draw();
    },
  });
  const lift = new Lift({ model, drawing, server, words, say, snap, step: STEP, perform: (changes, about) => acts.perform(changes, about) });

  const selection = {
    chosen: new Set(),
    looked: null,
    has: (key) => selection.chosen.has(key),
    keys: () => [...selection.chosen],
    only(key) {
      selection.chosen = new Set([key]);
      selection.look(key);
    },
    toggle(key) {
      if (!selection.chosen.delete(key)) selection.chosen.add(key);
      say(words.say("selected", { n: selection.chosen.size }));
      selection.look(key);
    },
    clear() {
      selection.chosen.clear();
      selection.draw();
    },
    look(key) {
      selection.looked = key;
      selection.draw();
    },
    draw() {
      for (const [key, block] of drawing.blocks) {
        block.querySelector(".block-face").setAttribute("aria-pressed", String(selection.chosen.has(key)));
      }
      const item = selection.looked ? model.item(selection.looked) : null;
      drawing.kin(item ? item.session.id : null);
      panel.look(item ? item.session.id : null);
    },
  };

  const announceNew = (row, minutes) => {
    if (!row?.add) return;
    const begins = Math.max(0, Math.floor(minutes / 15) * 15);
    const url = new URL(row.add.href);
    url.searchParams.set("begins", clock(begins));
    url.searchParams.set("ends", clock(begins + 60));
    location.assign(url);
  };

  drawing.table.setAttribute("role", "grid");
  panel.findings(first.body);
  drawing.sync();
  for (const face of root.querySelectorAll(".block-face")) face.setAttribute("role", "button");
  const template = drawing.template.content.querySelector(".block-face");
  template.setAttribute("role", "button");
  template.setAttribute("aria-pressed", "false");

  const common = { root, model, drawing, lift, selection, acts, words, say, announceNew, step: STEP };
  const keys = listenToKeys(common);
  listenToMouse(common);

  // Who comes back to the page sees what others did meanwhile.
  document.addEventListener("visibilitychange", async () => {
    if (document.visibilityState !== "visible" || lift.isOn) return;
    const { status, body } = await server.data();
    if (status !== 200 || lift.isOn) return;
    model.read({ ...body, first: model.first, last: model.last });
    panel.findings(body);
    drawing.sync();
    keys.reset();
    selection.draw();
  });

  undo.addEventListener("click", () => acts.undo().then(keys.reset));
  redo.addEventListener("click", () => acts.redo().then(keys.reset));

  root.addEventListener("click", (event) => {
    // A finding names sessions by links to their pages; the board shows those that it has.
    const link = event.target.closest(".finding a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const code = decodeURIComponent(new URL(link.href).pathname.split("/").pop());
    const item = model.items().find((each) => each.session.code === code);
    if (!item || !drawing.face(item.key)) return;
    event.preventDefault();
    keys.go(drawing.face(item.key));
  });

  // Nearer or farther, without losing what can be undone.
  root.querySelector(".board-tools .chips").addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const zoom = new URL(link.href).searchParams.get("zoom");
    root.classList.replace(`zoom-${root.dataset.zoom}`, `zoom-${zoom}`);
    root.dataset.zoom = zoom;
    const before = root.querySelector(".board-tools .chip[aria-current]");
    before.removeAttribute("aria-current");
    link.prepend(before.querySelector("svg"));
    link.setAttribute("aria-current", "true");
    history.replaceState(null, "", link.href);
    drawing.sync();
    selection.draw();
  });

  const find = root.querySelector("#board-find");
  find.addEventListener("input", () => {
    const wanted = find.value.normalize("NFD").replace(/[\u0300-\u036f]/g, "").replace(/[đĐ]/g, "d").toLowerCase().trim();
    let found = 0;
    for (const [key, block] of drawing.blocks) {
      const is = model.item(key).session.find.includes(wanted);
      block.classList.toggle("is-dim", !is);
      found += is ? 1 : 0;
    }
    say(wanted ? words.say("found", { n: found }) : "");
  });

  for (const tool of root.querySelectorAll("[data-scripted]")) tool.hidden = false;
  acts.changed();
  root.dataset.ready = Math.round(performance.now());
};

if (root && wide.matches) begin();
else if (root) wide.addEventListener("change", begin, { once: true });
