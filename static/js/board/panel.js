// What stands beside the board: the session that is looked at, what stands against the programme, and questions.

const element = (name, text, className) => {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  if (className) made.className = className;
  return made;
};

export class Panel {
  constructor(root, model, words) {
    Object.assign(this, { root, model, words });
    this.details = root.querySelector(".board-details");
    this.empty = root.querySelector(".board-details-empty");
    this.list = root.querySelector(".board-findings-list");
    this.count = root.querySelector(".board-findings-count");
    this.all = [];
    this.shown = null;
  }

  // The session that is looked at ----------------------------------------------------------------------------------

  look(sessionId) {
    this.shown = sessionId;
    this.refresh();
  }

  refresh() {
    const session = this.shown === null ? null : this.model.sessions.get(this.shown);
    this.details.hidden = !session;
    this.empty.hidden = Boolean(session);
    if (!session) return;
    const set = (name, text) => { this.details.querySelector(`[data-fact=${name}]`).textContent = text; };
    set("title", session.title);
    set("kind", [session.kind_word, session.track_word].filter(Boolean).join(" · "));
    set("state", session.state_word);
    const places = this.details.querySelector("[data-fact=places]");
    places.replaceChildren(...session.placements.map((placement) => {
      const line = element("li");
      line.append(element("strong", placement.site_word), ` ${placement.words} · ${placement.role_word} · ${placement.mode_word} `);
      if (session.state !== "cancelled") {
        const link = element("a", this.words.say("moveThis"));
        link.href = `${this.root.dataset.moveUrl}${encodeURIComponent(session.code)}?placement=${placement.id}`;
        link.append(element("span", ` ${placement.site_word}`, "visually-hidden"));
        line.append(link);
      }
      return line;
    }));
    if (session.placements.length === 0) places.append(element("li", this.words.say("noPlace")));
    const people = this.details.querySelector("[data-fact=people]");
    people.replaceChildren(...session.people.map((each) => {
      const line = element("li", each.name);
      line.append(element("span", ` ${[each.part, each.site].filter(Boolean).join(", ")}`, "muted"));
      return line;
    }));
    people.hidden = session.people.length === 0;
    const own = this.all.filter((each) => each.sessions.includes(session.id));
    this.details.querySelector("[data-fact=findings]").replaceChildren(...own.map((each) => this.#finding(each)));
    const programme = this.root.dataset.programmeUrl;
    this.details.querySelector("[data-link=open]").href = `${programme}${encodeURIComponent(session.code)}`;
    const edit = this.details.querySelector("[data-link=edit]");
    edit.href = `${programme}${encodeURIComponent(session.code)}/edit`;
    edit.hidden = session.state === "cancelled" || session.placements.length === 0;
    const move = this.details.querySelector("[data-link=move]");
    move.href = `${this.root.dataset.moveUrl}${encodeURIComponent(session.code)}`;
    move.hidden = session.state === "cancelled";
  }

  // What stands against the programme ------------------------------------------------------------------------------

  findings({ findings, finding_count: total, marks }) {
    this.all = findings;
    this.onMarks(marks);
    this.list.replaceChildren(...findings.map((each) => this.#finding(each)));
    this.count.textContent = total === 0 ? this.words.say("fine") : this.words.say("findingCount", { n: total });
  }

  /** A finding as the server writes it everywhere. */
  #finding(found) {
    const holder = document.createElement("template");
    holder.innerHTML = found.html;
    return holder.content.firstElementChild;
  }

  // Questions ------------------------------------------------------------------------------------------------------

  /** Ask why it is to be done although it clashes; "" is rather not. */
  askReason({ message, new: broken }) {
    const dialog = this.root.querySelector("#board-reason");
    dialog.querySelector("[data-fact=message]").textContent = message;
    dialog.querySelector("[data-fact=findings]").replaceChildren(...(broken ?? []).map((each) => this.#finding(each)));
    const field = dialog.querySelector("input");
    const error = dialog.querySelector(".field-error");
    field.value = "";
    error.hidden = true;
    return this.#ask(dialog, (answer) => {
      if (answer !== "yes") return "";
      if (field.value.trim()) return field.value.trim();
      error.hidden = false;
      field.focus();
      return null;
    });
  }

  /** Show what somebody else changed; true puts the person's own change on top. */
  askStale({ stale }) {
    const dialog = this.root.querySelector("#board-stale");
    dialog.querySelector("[data-fact=changes]").replaceChildren(...stale.map(({ session, by, at, fields }) => {
      const part = element("div", "", "board-change");
      part.append(element("h3", session.title), element("p", this.words.say(by ? "changedBy" : "changedAt", { by, at })));
      if (fields.length > 0) {
        const list = element("dl", "", "board-differences");
        for (const { label, was, now } of fields) {
          const value = element("dd");
          value.append(element("del", was || "–"), " ", element("ins", now || "–"));
          list.append(element("dt", label), value);
        }
        part.append(list);
      }
      return part;
    }));
    return this.#ask(dialog, (answer) => answer === "mine");
  }

  /** Say why something could not be done, where one looks. */
  tell(why) {
    const dialog = this.root.querySelector("#board-told");
    dialog.querySelector("[data-fact=message]").textContent = why;
    this.#ask(dialog, () => true);
  }

  #ask(dialog, judge) {
    return new Promise((resolve) => {
      const before = document.activeElement;
      const end = (result) => {
        dialog.removeEventListener("click", click);
        dialog.removeEventListener("cancel", cancel);
        dialog.removeEventListener("submit", submit);
        dialog.close();
        before?.focus?.({ preventScroll: true });
        resolve(result);
      };
      const answer = (word) => {
        const result = judge(word);
        if (result !== null) end(result);
      };
      const click = (event) => {
        const button = event.target.closest("button[value]");
        if (button && button.type === "button") answer(button.value);
      };
      const submit = (event) => {
        event.preventDefault();
        answer("yes");
      };
      const cancel = (event) => {
        event.preventDefault();
        answer("no");
      };
      dialog.addEventListener("click", click);
      dialog.addEventListener("cancel", cancel);
      dialog.addEventListener("submit", submit);
      dialog.showModal();
    });
  }
}
