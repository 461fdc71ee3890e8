// One paper at a time (ux C14). Without this script a plain form sends the
// file. With it the photo is looked at before it goes, made smaller, and sent
// in pieces that survive a cut line and a page loaded anew.

const form = document.querySelector("form[data-papers]");
const chooser = form?.querySelector("input[type=file]");
const button = form?.querySelector("button[type=submit]");
const preview = form?.querySelector("[data-preview]");
const told = form?.querySelector("[data-told]");
const words = JSON.parse(form?.dataset.words ?? "{}");
const say = (key, values = {}) => Object.entries(values).reduce((s, [k, v]) => s.replace(`{${k}}`, v), words[key]);

const sideMost = 2600; // of a photo that is sent; the server keeps no larger one
const tries = 60; // to send one piece, with growing waits
const waitMost = 15000;

const hex = (buffer) => [...new Uint8Array(buffer)].map((b) => b.toString(16).padStart(2, "0")).join("");
const sha256 = async (blob) => hex(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer()));
const rest = (ms) => new Promise((done) => {
  const end = () => { clearTimeout(timer); removeEventListener("online", end); done(); };
  const timer = setTimeout(end, ms);
  addEventListener("online", end); // the line is back: try at once
});

let chosen = null; // { blob, name }: what will be sent
let busy = false;

// A file begun and not finished is remembered by paper, so that the page can
// say so after it was closed. Only its name and how far it came are kept.
const begun = {
  key: `quay20-papers-${form?.dataset.papers}`,
  get() { try { return JSON.parse(localStorage.getItem(this.key)); } catch { return null; } },
  set(value) { try { value ? localStorage.setItem(this.key, JSON.stringify(value)) : localStorage.removeItem(this.key); } catch { /* private mode: nothing is remembered */ } },
};

function tell(text, share) {
  told.replaceChildren();
  if (!text) return;
  if (share !== undefined) {
    const bar = document.createElement("progress");
    bar.max = 100;
    bar.value = share;
    bar.setAttribute("aria-label", text);
    told.append(bar);
  }
  told.append(Object.assign(document.createElement("p"), { className: "govuk-body", textContent: text }));
}

function fault(text) {
  told.replaceChildren();
  const p = Object.assign(document.createElement("p"), { className: "govuk-error-message", textContent: text });
  told.append(p);
  ready();
  chooser.focus();
}

function ready(label) {
  busy = false;
  button.removeAttribute("aria-disabled");
  if (label) button.textContent = label;
}

// ---- looking at a photo

const light = (d, i) => (d[i] * 299 + d[i + 1] * 587 + d[i + 2] * 114) / 1000;

// measure looks at a small copy: how bright, how sharp (variance of the
// Laplacian), and how even the upper edges are.
function measure(picture, w, h) {
  const k = Math.min(1, 640 / Math.max(w, h));
  const width = Math.max(3, Math.round(w * k));
  const height = Math.max(3, Math.round(h * k));
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  pen.drawImage(picture, 0, 0, width, height);
  const { data } = pen.getImageData(0, 0, width, height);
  const grey = new Float32Array(width * height);
  let sum = 0;
  for (let i = 0; i < grey.length; i++) sum += grey[i] = light(data, i * 4);
  let n = 0, mean = 0, square = 0;
  for (let y = 1; y < height - 1; y++) for (let x = 1; x < width - 1; x++) {
    const i = y * width + x;
    const l = grey[i - 1] + grey[i + 1] + grey[i - width] + grey[i + width] - 4 * grey[i];
    n++; mean += l; square += l * l;
  }
  mean /= n;
  return { bright: sum / grey.length, sharp: square / n - mean * mean, ground: ground(grey, width, height) };
}

// ground is how light and how even the upper corners beside a head are.
function ground(grey, width, height) {
  const values = [];
  for (let y = 0; y < height * 0.3; y++) for (let x = 0; x < width; x++) {
    if (x < width * 0.12 || x > width * 0.88) values.push(grey[y * width + x]);
  }
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return { mean, spread: Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length) };
}

// doubts are what may be wrong with the photo; the sender decides.
function doubts(picture, w, h) {
  const m = measure(picture, w, h);
  const list = [];
  if (m.bright < 60) list.push("dark");
  if (m.sharp < 60) list.push("blurred");
  if (!form.dataset.portrait) {
    if (Math.max(w, h) < 1000) list.push("small");
    return list;
  }
  if (w > h) list.push("tilted");
  else if (w / h < 0.6 || w / h > 0.85) list.push("shape");
  if (m.ground.mean < 150 || m.ground.spread > 30) list.push("ground");
  if (Math.max(w, h) < 600) list.push("small");
  return list;
}

// smaller makes a JPEG that is quicker to send; a photo that is small already
// goes as it is. HEIC becomes JPEG where the browser can read it.
async function smaller(file, picture) {
  const [w, h] = [picture.width, picture.height];
  const k = Math.min(1, sideMost / Math.max(w, h));
  const other = file.type !== "image/jpeg" && file.type !== "image/png";
  if (k === 1 && file.size < 1_500_000 && !other) return file;
  const canvas = Object.assign(document.createElement("canvas"), { width: Math.round(w * k), height: Math.round(h * k) });
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.82));
  return blob && (other || blob.size < file.size) ? blob : file;
}

async function look(file) {
  preview.hidden = true;
  preview.replaceChildren();
  chosen = { blob: file, name: file.name };
  tell("");
  const picture = /pdf$/i.test(file.type) ? null : await createImageBitmap(file, { imageOrientation: "from-image" }).catch(() => null);
  if (!picture) {
    const heic = /hei[cf]/i.test(file.type + file.name.slice(-5));
    if (heic) {
      chosen = null;
      fault(say("heic"));
    } else if (file.size > Number(form.dataset.most)) {
      chosen = null;
      fault(say("big"));
    }
    return;
  }
  const list = doubts(picture, picture.width, picture.height);
  chosen.blob = await smaller(file, picture);
  show(picture, list);
  ready(say(list.length ? "use-anyway" : "use"));
  if (chosen.blob.size > Number(form.dataset.most)) {
    chosen = null;
    fault(say("big"));
  }
}

function show(picture, list) {
  const k = Math.min(1, 640 / Math.max(picture.width, picture.height));
  const canvas = Object.assign(document.createElement("canvas"), { width: Math.round(picture.width * k), height: Math.round(picture.height * k), className: "q-preview__photo" });
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", say("preview"));
  preview.append(canvas);
  if (list.length) {
    const box = Object.assign(document.createElement("div"), { className: "govuk-inset-text q-notice" });
    for (const key of list) box.append(Object.assign(document.createElement("p"), { className: "govuk-body", textContent: say(key) }));
    preview.append(box);
    told.replaceChildren(Object.assign(document.createElement("p"), { className: "govuk-visually-hidden", textContent: list.map((key) => say(key)).join(" ") }));
  }
  preview.hidden = false;
}

// ---- sending

// ask sends one request until it is answered, waiting longer each time. An
// answer that says so is asked again, too.
async function ask(make, share) {
  for (let i = 0; i < tries; i++) {
    const answer = await make().catch(() => null);
    const body = answer && (await answer.json().catch(() => null));
    if (body && !(body.again && answer.status === 503)) return body;
    tell(say("cut", { percent: share }), share);
    await rest(Math.min(waitMost, 500 * 2 ** Math.min(i, 5)));
  }
  return null;
}

async function send() {
  const { blob, name } = chosen;
  const print = await sha256(blob);
  const size = blob.size;
  const percent = (offset) => Math.floor((100 * offset) / size);
  const step = (buoc) => () => fetch(form.dataset.papers, {
    method: "POST",
    body: new URLSearchParams({ buoc, ten: name, co: size, dau: print, replaces: form.elements.replaces?.value ?? "" }),
  });
  const piece = Number(form.dataset.piece);
  let state = await ask(step("bat-dau"), 0);
  for (let restarts = 0; state && !state.done && !state.error && state.offset < size;) {
    const from = state.offset;
    const part = blob.slice(from, from + piece);
    const sum = await sha256(part);
    begun.set({ name, share: percent(from), print });
    tell(say("sending", { percent: percent(from) }), percent(from));
    state = await ask(() => fetch(`${form.dataset.papers}/${print}?tu=${from}`, {
      method: "PUT", body: part, headers: { "Content-Type": "application/octet-stream", "Piece-Sha256": sum }, signal: AbortSignal.timeout(60000),
    }), percent(from));
    if (state?.error && state.again && restarts++ < 5) state = await ask(step("bat-dau"), percent(from)); // it says where to go on
  }
  if (state && !state.done && !state.error) {
    tell(say("joining"), 100);
    state = await ask(step("xong"), 100);
  }
  return state;
}

async function submit(event) {
  if (!chosen || !crypto.subtle) return; // the plain form tells what is missing
  event.preventDefault();
  event.stopImmediatePropagation();
  if (busy) return;
  busy = true;
  button.setAttribute("aria-disabled", "true");
  const state = await send().catch(() => null);
  if (state?.done) {
    begun.set(null);
    location.assign(state.done);
  } else if (state?.error) {
    begun.set(null);
    fault(state.error);
  } else {
    tell(say("stopped"));
    ready();
  }
}

// A second chooser opens the camera at once where there is one.
function addCamera() {
  if (!matchMedia("(pointer: coarse)").matches) return;
  const camera = Object.assign(document.createElement("input"), { type: "file", accept: "image/jpeg", hidden: true, tabIndex: -1 });
  camera.setAttribute("capture", form.dataset.portrait ? "user" : "environment");
  const open = Object.assign(document.createElement("button"), { type: "button", className: "govuk-button govuk-button--secondary q-camera", textContent: say("camera") });
  open.addEventListener("click", () => camera.click());
  camera.addEventListener("change", () => camera.files[0] && look(camera.files[0]));
  chooser.before(open, camera);
}

if (form) {
  form.addEventListener("submit", submit, true);
  chooser.addEventListener("change", () => chooser.files[0] && look(chooser.files[0]));
  addCamera();
  const old = begun.get();
  if (old) tell(say("resume", { name: old.name, percent: old.share }));
}
