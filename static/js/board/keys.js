// The keyboard does all that the mouse does: walk, select, pick up, move, make longer, drop, undo.

export const listenToKeys = ({ root, model, drawing, lift, selection, acts, words, say, announceNew, step }) => {
  const help = root.querySelector(".board-help");

  /** What one can walk over in a row: first the link that adds a session, then the blocks by time. */
  const stops = (row) => [row.add, ...[...row.list.children].map((block) => block.querySelector(".block-face"))].filter(Boolean);

  const rowAt = (stop) => drawing.rows.find((row) => stops(row).includes(stop)) ?? null;

  /** Only one stop of the board, and one of the tray, is reached with Tab. */
  const rove = (stop) => {
    const zone = stop.closest(".board-canvas, .board-tray-list");
    for (const each of zone.querySelectorAll(".block-face, .board-add")) each.tabIndex = each === stop ? 0 : -1;
  };

  const go = (stop) => {
    if (!stop) return;
    rove(stop);
    stop.focus({ preventScroll: true });
    stop.scrollIntoView({ block: "nearest", inline: "nearest" });
  };

  const reset = () => {
    for (const zone of root.querySelectorAll(".board-canvas, .board-tray-list")) {
      const all = [...zone.querySelectorAll(".block-face, .board-add")];
      const current = all.find((each) => each === document.activeElement) ?? all.find((each) => each.tabIndex === 0) ?? zone.querySelector(".block-face") ?? all[0];
      for (const each of all) each.tabIndex = each === current ? 0 : -1;
    }
  };

  const walkAcross = (stop, by) => {
    const row = rowAt(stop);
    const here = row ? stops(row) : [...drawing.tray.querySelectorAll(".block-face")];
    go(here[here.indexOf(stop) + by]);
  };

  const walkDown = (stop, by) => {
    const row = rowAt(stop);
    if (!row) {
      walkAcross(stop, by);
      return;
    }
    const key = stop.closest(".block")?.dataset.key;
    const time = key ? model.item(key).start : null;
    let number = drawing.rows.indexOf(row) + by;
    if (time === null) {
      while (drawing.rows[number] && !drawing.rows[number].add) number += by;
      go(drawing.rows[number]?.add);
      return;
    }
    for (; drawing.rows[number]; number += by) {
      const near = [...drawing.rows[number].list.children].map((block) => ({
        face: block.querySelector(".block-face"),
        far: Math.abs(model.item(block.dataset.key).start - time),
      }));
      if (near.length > 0) {
        go(near.reduce((best, each) => (each.far < best.far ? each : best)).face);
        return;
      }
    }
  };

  const whileLifted = (event) => {
    const { key, shiftKey } = event;
    const across = { ArrowLeft: -1, ArrowRight: 1 }[key];
    const down = { ArrowUp: -1, ArrowDown: 1 }[key];
    if (across && shiftKey) lift.stretchBy(across * step);
    else if (across) lift.shiftBy(across * step);
    else if (down && !shiftKey) lift.stepRow(down);
    else if (key === "PageUp") lift.shiftBy(-60);
    else if (key === "PageDown") lift.shiftBy(60);
    else if (key === "Enter" || key === "m") lift.drop().then(reset);
    else if (key === "Escape" || key === "Tab") {
      lift.cancel();
      if (key === "Tab") return false;
    } else return false;
    if (lift.isOn) drawing.show(lift.leadKey);
    return true;
  };

  const onBlock = (event, face) => {
    const { key } = face.closest(".block").dataset;
    const item = model.item(key);
    switch (event.key) {
      case "m":
      case "Enter": {
        const keys = selection.has(key) ? [key, ...selection.keys().filter((each) => each !== key)] : [key];
        if (lift.take(keys)) say(words.say(lift.held.items.length > 1 ? "pickedUpMany" : "pickedUp", { title: item.session.title, n: lift.held.items.length }));
        return true;
      }
      case " ":
        selection.toggle(key);
        return true;
      case "Delete":
        if (!item.placement || item.joined || item.session.state !== "draft") say(words.say("onlyDrafts"));
        else acts.perform([{ session: item.session.id, version: item.session.version, placement: item.placement.id, off: true, seen: item.session }], { title: item.session.title, n: 1, word: "cameOff" }).then(reset);
        return true;
      case "n":
        if (item.placement) announceNew(drawing.rowOf(item.site, item.room), item.end);
        return true;
      default:
        return false;
    }
  };

  root.addEventListener("keydown", (event) => {
    if (event.target.closest("dialog, input, select, textarea")) return;
    const face = event.target.closest(".block-face");
    const stop = face ?? event.target.closest(".board-add");
    let done = false;
    if (lift.isOn) done = whileLifted(event);
    else if (!event.ctrlKey && !event.metaKey && !event.altKey) {
      if (stop) {
        done = true;
        if (event.key === "ArrowLeft") walkAcross(stop, -1);
        else if (event.key === "ArrowRight") walkAcross(stop, 1);
        else if (event.key === "ArrowUp") walkDown(stop, -1);
        else if (event.key === "ArrowDown") walkDown(stop, 1);
        else if (event.key === "Home") go(rowAt(stop) ? stops(rowAt(stop))[0] : null);
        else if (event.key === "End") go(rowAt(stop) ? stops(rowAt(stop)).at(-1) : null);
        else done = face ? onBlock(event, face) : false;
      }
      if (!done && event.key === "Escape" && stop) {
        selection.clear();
        done = true;
      } else if (!done && event.key === "?") {
        help.open = !help.open;
        if (help.open) help.querySelector("summary").focus();
        done = true;
      }
    }
    if (done) event.preventDefault();
  });

  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.target.closest("dialog, input, textarea") || lift.isOn) return;
    const key = event.key.toLowerCase();
    if (key === "z") (event.shiftKey ? acts.redo() : acts.undo()).then(reset);
    else if (key === "y") acts.redo().then(reset);
    else return;
    event.preventDefault();
  });

  root.addEventListener("focusin", (event) => {
    const stop = event.target.closest(".block-face, .board-add");
    if (!stop) return;
    rove(stop);
    const key = stop.closest(".block")?.dataset.key;
    if (key && !lift.isOn) selection.look(key);
  });

  reset();
  return { reset, go };
};
