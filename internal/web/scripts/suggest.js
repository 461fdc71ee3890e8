// The search box offers what fits while somebody types, as a combobox: arrows
// choose, Enter opens, Escape closes. It waits until the fingers rest, keeps
// what it has heard, and stays silent where the network is slow, dear or down:
// the form works as before.
const rest = 200; // ms without a key
const patience = 4000; // ms for an answer

export function suggest() {
  const form = document.querySelector("form[data-suggest]");
  const input = form?.elements.q;
  const net = navigator.connection;
  if (!input || net?.saveData || /2g/.test(net?.effectiveType)) return;

  const list = document.createElement("ul");
  list.id = "q-suggestions";
  list.className = "q-suggest";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", form.dataset.label);
  const status = document.createElement("div");
  status.className = "govuk-visually-hidden";
  status.setAttribute("role", "status");
  input.after(list);
  form.append(status);
  set(input, { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id });

  const heard = new Map();
  let chosen = -1, timer, asking;

  const close = () => {
    list.hidden = true;
    chosen = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };

  const show = (found) => {
    close();
    list.replaceChildren(...found.map((s, i) => {
      const option = document.createElement("li");
      set(option, { role: "option", id: `q-suggestion-${i}`, "aria-selected": "false", lang: "vi" });
      option.className = "q-suggest__option";
      option.dataset.href = s.href;
      option.textContent = s.name;
      if (s.note) {
        const note = document.createElement("span");
        note.className = "q-suggest__note";
        note.textContent = s.note;
        option.append(" ", note);
      }
      return option;
    }));
    list.hidden = found.length === 0;
    input.setAttribute("aria-expanded", String(found.length > 0));
    status.textContent = found.length ? form.dataset.count.replace("%", found.length) : "";
  };

  const choose = (to) => {
    const options = list.children;
    if (list.hidden || !options.length) return;
    options[chosen]?.setAttribute("aria-selected", "false");
    chosen = (to + options.length) % options.length;
    options[chosen].setAttribute("aria-selected", "true");
    options[chosen].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", options[chosen].id);
  };

  const ask = async () => {
    const q = input.value.trim();
    asking?.abort();
    if (q.length < 2) return show([]);
    if (heard.has(q)) return show(heard.get(q));
    const mine = (asking = new AbortController());
    const late = setTimeout(() => mine.abort(), patience);
    try {
      const answer = await fetch(`${form.dataset.suggest}?q=${encodeURIComponent(q)}`, { signal: mine.signal });
      if (!answer.ok) return close();
      heard.set(q, await answer.json());
      if (input.value.trim() === q && document.activeElement === input) show(heard.get(q));
    } catch {
      if (asking === mine) close();
    } finally {
      clearTimeout(late);
    }
  };

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, rest);
  });
  input.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    if (event.key === "ArrowDown") choose(chosen + 1);
    else if (event.key === "ArrowUp") choose(chosen < 0 ? -1 : chosen - 1);
    else if (event.key === "Escape") close();
    else if (event.key === "Enter" && chosen >= 0) location.assign(list.children[chosen].dataset.href);
    else return;
    event.preventDefault();
  });
  input.addEventListener("blur", close);
  list.addEventListener("mousedown", (event) => event.preventDefault()); // the box keeps the focus
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[data-href]");
    if (option) location.assign(option.dataset.href);
  });
}

function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
}
