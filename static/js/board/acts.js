// Acts and their undoing.  An act is a list of changes; its opposite is worked out before it is sent, so that undoing is
// an act like any other and respects what others did in the meantime.

export class Acts {
  constructor({ model, drawing, server, words, say, panel, changed }) {
    Object.assign(this, { model, drawing, server, words, say, panel, changed });
    this.done = [];
    this.undone = [];
    this.versions = new Map();
    this.last = Promise.resolve();
  }

  /** One act after the other: who undoes at once waits for what is on its way. */
  #inTurn(act) {
    const turn = this.last.then(act);
    this.last = turn.catch(() => {});
    return turn;
  }

  /** Do something new. */
  perform(changes, about) {
    return this.#inTurn(() => this.#perform(changes, about));
  }

  undo() {
    return this.#inTurn(() => this.#turn(this.done, this.undone, "undone", "nothingToUndo"));
  }

  redo() {
    return this.#inTurn(() => this.#turn(this.undone, this.done, "redone", "nothingToRedo"));
  }

  async #perform(changes, about) {
    const act = await this.#send(changes, about);
    if (!act) return false;
    this.done.push(act);
    this.undone = [];
    this.changed();
    this.say(this.words.say(about.word ?? (about.n > 1 ? "movedMany" : "moved"), { ...about, where: this.#where(changes) }));
    return true;
  }

  async #turn(from, to, word, nothing) {
    const act = from.at(-1);
    if (!act) {
      this.say(this.words.say(nothing));
      return;
    }
    const changes = act.back.map((change) => this.#now(change)).filter(Boolean);
    if (changes.length === 0) {  // somebody else has taken it away
      from.pop();
      this.changed();
      this.say(this.words.say("tookTheirs"));
      return;
    }
    const turned = await this.#send(changes, act.about);
    if (turned) {
      from.pop();
      to.push(turned);
      this.say(this.words.say(word, { ...act.about, where: this.#where(changes) }));
    }
    this.changed();
  }

  /** A change of the past as it is sent today: with the version that our own last act left. */
  #now(change) {
    const session = this.model.sessions.get(change.session);
    if (!session) return null;
    const version = this.versions.get(session.id) ?? session.version;
    let { placement } = change;
    if (placement && !session.placements.some((each) => each.id === placement)) {
      // It was taken off and placed again, so it has another number now.
      if (session.placements.length !== 1) return null;
      placement = session.placements[0].id;
    }
    return { ...change, placement, version, seen: session };
  }

  #opposite(changes) {
    return changes.map((change) => {
      const session = this.model.sessions.get(change.session);
      if (change.placement === null || change.placement === undefined) {
        if (!change.off) return { session: session.id, off: true };
      }
      const placement = session.placements.find((each) => each.id === change.placement) ?? session.placements[0];
      const was = { start: this.model.start(placement), end: this.model.end(placement), room: placement.room };
      return { session: session.id, placement: change.off ? null : placement.id, ...was };
    });
  }

  async #send(changes, about) {
    // What we ourselves did since it was picked up is no change of somebody else's.
    let wanted = changes.map((change) => ({ ...change, version: Math.max(change.version, this.versions.get(change.session) ?? 0) }));
    let reason = "";
    for (;;) {
      const back = this.#opposite(wanted);
      const { status, body } = await this.server.change(this.model.day, wanted, reason);
      if (status === 200) {
        for (const session of body.sessions) {
          this.model.put(session);
          this.versions.set(session.id, session.version);
        }
        this.panel.findings(body);
        this.drawing.settle();
        this.panel.refresh();
        return { back, about };
      }
      if (status === 409 && body.stale?.length > 0) {
        const mine = await this.panel.askStale(body);
        for (const { session } of body.stale) this.model.put(session);
        if (!mine) {
          this.drawing.settle();
          this.panel.refresh();
          this.say(this.words.say("tookTheirs"));
          return null;
        }
        wanted = wanted.map((change) => {
          const current = this.model.sessions.get(change.session);
          return { ...change, version: current.version, seen: current };
        });
        continue;
      }
      if (body.asks_reason && !reason) {
        reason = await this.panel.askReason(body);
        if (reason) continue;
        this.drawing.settle();
        this.say(this.words.say("putBack"));
        return null;
      }
      this.drawing.settle();
      const why = body.message || this.words.say("offline");
      this.panel.tell(why);
      this.say(this.words.say("notSaved", { why }));
      return null;
    }
  }

  #where(changes) {
    const [change] = changes;
    const session = this.model.sessions.get(change.session);
    const placement = session?.placements.find((each) => each.id === change.placement) ?? session?.placements[0];
    return placement ? placement.words : this.words.say("noPlace");
  }
}
