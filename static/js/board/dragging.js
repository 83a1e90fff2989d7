// The mouse: click to select, drag to move, drag the end to make longer or shorter, drop in the tray to take off.

const FAR = 4;
const EDGE = 40;

export const listenToMouse = ({ root, model, drawing, lift, selection, announceNew }) => {
  const { frame } = drawing;
  let press = null;

  const point = (event) => ({ x: event.clientX + frame.scrollLeft, y: event.clientY + frame.scrollTop });

  const minutesAt = (event) => {
    const box = drawing.rows[0].cell.getBoundingClientRect();
    return model.first + (event.clientX - box.left) / drawing.pixelsPerMinute;
  };

  const cellAt = (event) => {
    const found = document.elementsFromPoint(event.clientX, event.clientY);
    const cell = found.map((each) => each.closest?.(".board-line")).find(Boolean);
    return { row: cell ? drawing.rowOfCell(cell) : null, tray: found.some((each) => each.closest?.(".board-side")) };
  };

  root.addEventListener("dragstart", (event) => {
    if (event.target.closest(".block")) event.preventDefault();
  });

  root.addEventListener("pointerdown", (event) => {
    const block = event.target.closest(".block");
    if (!block || event.button !== 0 || event.pointerType === "touch" || block.dataset.ghost !== undefined) return;
    if (lift.isOn) lift.cancel();
    press = { key: block.dataset.key, resize: Boolean(event.target.closest(".block-grip")), from: point(event), id: event.pointerId, on: false };
  });

  root.addEventListener("pointermove", (event) => {
    if (!press || event.pointerId !== press.id) return;
    const here = point(event);
    if (!press.on) {
      if (Math.hypot(here.x - press.from.x, here.y - press.from.y) < FAR) return;
      const item = model.item(press.key);
      const keys = selection.has(press.key) && !press.resize ? selection.keys() : [press.key];
      const start = item?.placement ? null : Math.max(model.first, 480);
      if (!lift.take(keys, { resize: press.resize, start })) {
        press = null;
        return;
      }
      press.on = true;
      press.fromTray = !item.placement;
      root.setPointerCapture(event.pointerId);
      root.classList.add("is-dragging");
    }
    event.preventDefault();
    scrollAtEdges(event);
    const { row, tray } = cellAt(event);
    if (press.resize) {
      lift.stretchTo((here.x - press.from.x) / drawing.pixelsPerMinute);
      return;
    }
    lift.overTray(tray && !press.fromTray);
    if (press.fromTray) {
      if (row) lift.toRow(row);
      lift.shiftTo(minutesAt(event) - lift.held.base);
      return;
    }
    if (row) lift.toRow(row);
    lift.shiftTo((here.x - press.from.x) / drawing.pixelsPerMinute);
  });

  const scrollAtEdges = (event) => {
    const box = frame.getBoundingClientRect();
    if (event.clientX > box.right - EDGE) frame.scrollLeft += 12;
    if (event.clientX < box.left + EDGE + 160 && event.clientX > box.left) frame.scrollLeft -= 12;
    if (event.clientY > box.bottom - EDGE) frame.scrollTop += 12;
    if (event.clientY < box.top + EDGE) frame.scrollTop -= 12;
  };

  const end = () => {
    const was = press;
    press = null;
    root.classList.remove("is-dragging");
    return was;
  };

  root.addEventListener("pointerup", (event) => {
    if (!press || event.pointerId !== press.id) return;
    const was = end();
    if (!was.on) return;
    const { row, tray } = cellAt(event);
    // What comes from the tray and is let go beside the board goes back.
    if (was.fromTray && !row && !tray) lift.cancel();
    else if (was.fromTray && tray) lift.cancel();
    else lift.drop();
    swallow = true;
    setTimeout(() => { swallow = false; });
  });

  root.addEventListener("pointercancel", () => {
    if (end()?.on) lift.cancel();
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && press?.on) {
      end();
      lift.cancel();
    }
  });

  let swallow = false;
  root.addEventListener("click", (event) => {
    const face = event.target.closest(".block-face");
    if (!face) return;
    event.preventDefault();
    if (swallow) return;
    const { key } = face.closest(".block").dataset;
    if (event.shiftKey || event.ctrlKey || event.metaKey) selection.toggle(key);
    else selection.only(key);
  });

  // An empty place: a new session begins there.
  root.addEventListener("dblclick", (event) => {
    const cell = event.target.closest(".board-line");
    if (!cell || event.target.closest(".block")) return;
    announceNew(drawing.rowOfCell(cell), minutesAt(event));
  });
};
