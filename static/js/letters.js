// Words of a letter: names are inserted with a button, and the preview follows what is typed.
(() => {
  "use strict";

  // The fields as they stand are sent into the frame by a form of its own: the page's form is not sent, and the frame
  // is a new one each time, so that the way back does not lead through all the previews.
  const show = (button) => {
    const frame = document.querySelector(`iframe[name="${button.formTarget}"]`);
    const next = frame.cloneNode();
    const sent = document.createElement("form");
    next.removeAttribute("src");
    frame.replaceWith(next);
    for (const [name, value] of [...new FormData(button.form), [button.name, button.value]]) {
      const field = document.createElement("input");
      field.type = "hidden";
      field.name = name;
      field.value = value;
      sent.append(field);
    }
    Object.assign(sent, { method: "post", action: button.formAction, target: button.formTarget, hidden: true });
    document.body.append(sent);
    sent.submit();
    sent.remove();
  };

  for (const editor of document.querySelectorAll("[data-letter-editor]")) {
    const button = editor.querySelector("[data-preview]");
    const words = editor.querySelectorAll("input[type=text], textarea");
    let last = words[words.length - 1];
    let wait;
    const later = () => {
      clearTimeout(wait);
      wait = setTimeout(() => show(button), 800);
    };
    button.addEventListener("click", (event) => {
      event.preventDefault();
      clearTimeout(wait);
      show(button);
    });
    editor.addEventListener("input", later);
    for (const field of words) field.addEventListener("focus", () => { last = field; });

    for (const list of editor.querySelectorAll("[data-insert-word]")) {
      for (const name of list.querySelectorAll("[data-insert]")) {
        const insert = document.createElement("button");
        const whole = document.createElement("span");
        insert.type = "button";
        insert.className = "button button-quiet button-small";
        insert.textContent = list.dataset.insertWord;
        whole.className = "visually-hidden";
        whole.textContent = ` ${name.dataset.insert}`;
        insert.append(whole);
        insert.addEventListener("click", () => {
          last.setRangeText(name.dataset.insert, last.selectionStart, last.selectionEnd, "end");
          last.focus();
          later();
        });
        name.after(" ", insert);
      }
    }
  }
})();
