// What the board knows: sessions and their placements, as the server told them.

export const STEP = 5;

const MINUTE = 60000;

const moment = (wall) => Date.parse(`${wall}:00Z`) / MINUTE;

/** Write minutes after midnight as 08:05; what is past midnight begins anew. */
export const clock = (minutes) => {
  const rest = ((minutes % 1440) + 1440) % 1440;
  return `${String(Math.floor(rest / 60)).padStart(2, "0")}:${String(rest % 60).padStart(2, "0")}`;
};

export const snap = (minutes) => Math.round(minutes / STEP) * STEP;

/** An item is what one can pick up: a placement ("p12"), or a session that has none ("s5"). */
export class Model {
  constructor(data) {
    this.sessions = new Map();
    this.read(data);
  }

  read(data) {
    this.day = data.day;
    this.first = data.first;
    this.last = data.last;
    this.midnight = moment(`${data.day}T00:00`);
    this.sessions.clear();
    for (const session of data.sessions) this.put(session);
  }

  put(session) {
    this.sessions.set(session.id, session);
  }

  start(placement) {
    return moment(placement.starts) - this.midnight;
  }

  end(placement) {
    return moment(placement.ends) - this.midnight;
  }

  /** Tell whether the board of this day shows the placement. */
  isShown(placement) {
    const start = this.start(placement);
    return !placement.off && start >= 0 && start < 1440;
  }

  /** Every item of the day with what one must know of it to move it. */
  items() {
    const found = [];
    for (const session of this.sessions.values()) {
      if (session.placements.length === 0) found.push(this.itemOf(session, null));
      for (const placement of session.placements) {
        if (this.isShown(placement)) found.push(this.itemOf(session, placement));
      }
    }
    return found;
  }

  item(key) {
    const id = Number(key.slice(1));
    if (key[0] === "s") {
      const session = this.sessions.get(id);
      return session && session.placements.length === 0 ? this.itemOf(session, null) : null;
    }
    for (const session of this.sessions.values()) {
      const placement = session.placements.find((each) => each.id === id);
      if (placement) return this.itemOf(session, placement);
    }
    return null;
  }

  itemOf(session, placement) {
    return {
      key: placement ? `p${placement.id}` : `s${session.id}`,
      session,
      placement,
      start: placement ? this.start(placement) : null,
      end: placement ? this.end(placement) : null,
      room: placement ? placement.room : null,
      site: placement ? placement.site : null,
      joined: session.placements.length > 1,
      fixed: session.state === "cancelled",
    };
  }
}
