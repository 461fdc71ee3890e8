// The editor of procedures: what is typed is saved every few seconds, and the
// length of sentences is told while typing. Without script both happen on Save.

const body = (form) => {
  const data = new URLSearchParams(new FormData(form));
  data.set("auto", "1");
  return data;
};

async function save(form, said) {
  try {
    const answer = await fetch(form.action, { method: "POST", body: body(form), credentials: "same-origin", redirect: "error" });
    const { version, said: words } = await answer.json();
    if (said && words) said.textContent = words;
    if (!answer.ok) return answer.status === 409; // told; saving again would change nothing
    form.elements.version.value = version;
    const frame = document.querySelector(".q-editor__frame");
    if (frame) frame.contentWindow.location.reload();
    return true;
  } catch {
    if (said) said.textContent = form.dataset.notSaved;
    return false;
  }
}

function autosave(form) {
  const said = form.querySelector("[data-saved]");
  const typed = () => {
    const data = body(form);
    data.delete("version"); // changes with every save
    return data.toString();
  };
  let kept = typed();
  let busy = false;
  setInterval(async () => {
    const now = typed();
    if (busy || form.dataset.sent || now === kept) return;
    busy = true;
    if (await save(form, said)) kept = now;
    busy = false;
  }, Number(form.dataset.autosave) * 1000);
}

function meter(line) {
  const field = document.getElementById(line.dataset.meter);
  const most = 25;
  field?.addEventListener("input", () => {
    const words = Math.max(0, ...field.value.split(/[.;:?!\n]/).map((s) => s.trim().split(/\s+/).filter(Boolean).length));
    line.textContent = (words > most ? line.dataset.long : line.dataset.good).replace("{n}", words);
    line.classList.toggle("q-meter--long", words > most);
  });
}

export function watchDraft() {
  for (const form of document.querySelectorAll("form[data-autosave]")) autosave(form);
  for (const line of document.querySelectorAll("[data-meter]")) meter(line);
}
