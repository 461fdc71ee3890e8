// The intake on one screen (ux O3). Without this script the form works in
// round trips; with it the picker finds while one types, and choices show
// date and fee at once.

// A choice of these changes what the law asks: date, fee, papers.
const deciding = ["case", "fee_case", "fee_count", "unit", "pay", "channel"];

let asked = 0;

// refresh lets the server work the form out and takes over what depends on it.
async function refresh(form) {
  const mine = ++asked;
  const answer = await fetch(form.dataset.intake, { method: "POST", body: new URLSearchParams(new FormData(form)) }).catch(() => null);
  if (!answer?.ok || mine !== asked) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of document.querySelectorAll("[data-live]")) {
    const now = fresh.getElementById(part.id);
    if (now && !part.contains(document.activeElement)) part.replaceChildren(...now.childNodes);
  }
}

export function watchIntake() {
  const form = document.querySelector("form[data-intake]");
  if (!form) return;
  form.addEventListener("change", (event) => {
    if (deciding.includes(event.target.name)) refresh(form);
  });
  watchPicker(form.querySelector("input[data-picker]"), form);
}

// The picker is a combobox: words are matched on the server, which forgives
// marks, tone and typing method; arrows choose, Enter takes.
function watchPicker(box, form) {
  const list = document.createElement("ul");
  list.id = "found";
  list.className = "q-picker__list";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", document.querySelector(`label[for="${CSS.escape(box.id)}"]`).textContent);
  list.hidden = true;
  box.after(list);
  box.setAttribute("role", "combobox");
  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("aria-controls", list.id);
  box.setAttribute("aria-expanded", "false");

  let turn = 0;
  let wait = 0;
  const close = () => {
    list.hidden = true;
    list.replaceChildren();
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
  };
  const take = (code) => {
    const pick = Object.assign(document.createElement("input"), { type: "hidden", name: "pick", value: code });
    form.append(pick);
    form.requestSubmit(document.getElementById(box.dataset.go));
  };
  const show = (found) => {
    list.replaceChildren(
      ...found.map((p, i) => {
        const item = Object.assign(document.createElement("li"), { id: `found-${i}`, className: "q-picker__item", textContent: [p.name, p.code, p.limit].filter(Boolean).join(" · ") });
        item.setAttribute("role", "option");
        item.setAttribute("aria-selected", "false");
        item.dataset.code = p.code;
        item.addEventListener("mousedown", (event) => {
          event.preventDefault();
          take(p.code);
        });
        return item;
      }),
    );
    list.hidden = found.length === 0;
    box.setAttribute("aria-expanded", String(found.length > 0));
  };
  const look = async () => {
    const mine = ++turn;
    if (box.value.trim().length < 2 || box.value.includes("|")) return close();
    const answer = await fetch(`${box.dataset.picker}?q=${encodeURIComponent(box.value)}`).catch(() => null);
    if (answer?.ok && mine === turn) show(await answer.json());
  };
  box.addEventListener("input", () => {
    clearTimeout(wait);
    wait = setTimeout(look, 80);
  });
  box.addEventListener("blur", close);
  box.addEventListener("keydown", (event) => {
    const items = [...list.children];
    const at = items.findIndex((item) => item.getAttribute("aria-selected") === "true");
    const to = { ArrowDown: Math.min(at + 1, items.length - 1), ArrowUp: Math.max(at - 1, 0) }[event.key];
    if (list.hidden) return;
    if (to !== undefined) {
      items.forEach((item, i) => item.setAttribute("aria-selected", String(i === to)));
      items[to].scrollIntoView({ block: "nearest" });
      box.setAttribute("aria-activedescendant", items[to].id);
    } else if (event.key === "Escape") close();
    else if (event.key === "Enter" && !event.ctrlKey && at >= 0) take(items[at].dataset.code);
    else return;
    event.preventDefault();
  });
}

// printNow opens the new paper once; a browser that forbids it leaves the
// button, and going back or reloading prints nothing again.
export function printNow() {
  const form = document.querySelector("form[data-print-now]");
  if (!form) return;
  history.replaceState(null, "", location.pathname);
  form.requestSubmit();
}
