// Puts the page together: what is looked at, and what follows from it.
import { get, oneAtATime, picture, post } from "./api.js";
import { Candidates } from "./candidates.js";
import { startImages } from "./images.js";
import { startSettings } from "./settings.js";
import { View, tinted } from "./view.js";

const byId = (id) => document.getElementById(id);
const EDGES = ["top", "left", "bottom", "right"];
const DRAWN = "drawn";

const say = (text, isError = false) => {
  byId("status").textContent = text;
  byId("status").classList.toggle("error", isError);
};
const attempt = (run) => async (...values) => {
  try {
    await run(...values);
  } catch (error) {
    if (error.name !== "AbortError") say(error.message, true);
  }
};

const setup = await get("/api/setup");
const PROPOSING = `proposing candidates by ${setup.method} ...`;
let image = null; // the description of the one that is looked at
let box = null; // its box in question: {box, label, number}; number null: it was drawn
let pool = ""; // the name of that of the candidates in the table
let masks = new Map(); // of candidates, by pool and number
let shown = -1; // the candidate that is seen
let waiting = new AbortController(); // for pictures of the present image

const colourOf = (label) => setup.classes[label]?.colour ?? [160, 160, 160];
const message = (extra = {}) => ({
  image: image.key,
  drawn: box?.number === null ? box.box : null,
  label: box?.label || 1,
  number: box?.number ?? 0,
  settings: settings(),
  ...extra,
});

const maskOf = async (pool, number) => {
  const name = `${pool} ${number}`;
  if (!masks.has(name)) {
    const asked = picture(message({ layer: "candidate", number }), waiting.signal);
    masks.set(name, asked);
    asked.catch(() => masks.delete(name));
  }
  return masks.get(name);
};

const see = attempt(async (number) => {
  shown = number;
  if (number < 0) {
    view.show({ mask: null });
    return;
  }
  const of = image, mask = await maskOf(pool, number);
  if (of === image && shown === number) {
    view.show({ mask: tinted(mask), clip: settings().clip_to_box });
  }
});

const table = new Candidates(see);
const drawThumbnails = attempt((of, around) =>
  table.drawThumbnails((number) => maskOf(of, number), view.scene.photo, around));
const view = new View(byId("view"), (drawn) => draw(drawn), (number) => take(number));

const rank = oneAtATime(attempt(async () => {
  if (!image || !box) return;
  if (box.ignored) {
    table.clear();
    say("This box names pixels that are not learnt from: it chooses no candidate.");
    return;
  }
  const asked = box, of = image;
  if (!image.has_pool) say(PROPOSING);
  const answer = await post("/api/candidates", message());
  if (of !== image || asked !== box) return; // another question has come
  say("");
  pool = answer.pool;
  const number = table.show(answer, settings().k);
  see(number);
  drawThumbnails(answer.pool, asked.box);
}));

const layer = oneAtATime(attempt(async () => {
  const chosen = document.querySelector("[name=layer]:checked").value, of = image;
  if (!image) return;
  if (!chosen) {
    view.show({ layer: null });
    return;
  }
  const epoch = byId("epoch").value;
  if (!image.has_pool && ["pool", "mask"].includes(chosen)) say(PROPOSING);
  const asked = {
    belief: { layer: "belief", number: box?.label || Number(byId("class").value) },
    mask: epoch === "now" ? { layer: "now" } : { layer: "epoch", number: Number(epoch) },
  }[chosen] ?? { layer: chosen };
  const made = await picture(message(asked), waiting.signal);
  if (of !== image) return;
  view.show({ layer: made });
  if (byId("status").textContent === PROPOSING) say("");
}));

/** Everything that depends on the box or the settings. */
const update = async () => {
  byId("choice").ariaBusy = "true";
  await Promise.all([rank(), layer()]);
  byId("choice").ariaBusy = "false";
};

const settings = startSettings(setup, update);

const setBox = (next) => {
  box = next;
  byId("box").value = next.number ?? DRAWN;
  byId("box").querySelector(`[value=${DRAWN}]`).hidden = next.number !== null;
  EDGES.forEach((edge, i) => { byId(edge).value = Math.round(100 * next.box[i]) / 100; });
  if (next.label) byId("class").value = next.label;
  view.show({ box: next.box, mask: null });
  update();
};
const draw = (drawn) => setBox({ box: drawn, label: Number(byId("class").value), number: null });
const take = (number) => {
  table.kept = null;
  setBox({ ...image.boxes[number], number });
};

const open = attempt(async (next) => {
  waiting.abort();
  waiting = new AbortController();
  [image, box, masks] = [next, null, new Map()];
  table.clear();
  say(`opening ${next.id} ...`);
  for (const edge of EDGES) byId(edge).value = "";
  byId("name").textContent = `${next.id}, ${next.width} x ${next.height}`;
  const options = next.boxes.map(({ label }, i) =>
    new Option(`${i + 1}: ${setup.classes[label]?.name ?? "ignored"}`, i));
  byId("box").replaceChildren(new Option("drawn", DRAWN), ...options);
  const epochs = next.epochs.map((epoch) => new Option(`epoch ${epoch + 1}`, epoch));
  byId("epoch").replaceChildren(new Option("these settings", "now"), ...epochs);
  for (const fieldset of document.querySelectorAll("fieldset")) fieldset.disabled = false;
  const absent = { truth: !next.has_truth, belief: !setup.network, prediction: !setup.network };
  for (const radio of document.querySelectorAll("[name=layer]")) {
    radio.disabled = absent[radio.value] ?? false;
    if (radio.disabled && radio.checked) document.querySelector("[name=layer]").checked = true;
  }
  const photo = await picture(message({ layer: "photo" }), waiting.signal);
  if (next !== image) return;
  view.show({
    photo, layer: null, mask: null, box: null, opacity: byId("opacity").value / 100,
    boxes: next.boxes.map((each) => ({ box: each.box, colour: colourOf(each.label) })),
  });
  say(next.boxes.length ? "Draw a box, or click one." : "Draw a box.");
  const first = next.boxes.findIndex((each) => !each.ignored);
  if (first >= 0) take(first);
  else layer();
});

byId("class").replaceChildren(
  ...setup.classes.slice(1).map(({ name }, i) => new Option(name, i + 1)));
byId("class").addEventListener("change", () => { if (box) draw(box.box); });
byId("box").addEventListener("change", ({ target }) => {
  if (target.value !== DRAWN) take(Number(target.value));
});
byId("edges").addEventListener("submit", (event) => event.preventDefault());
for (const edge of EDGES) {
  byId(edge).addEventListener("change", () => {
    if (EDGES.every((each) => byId(each).value)) draw(EDGES.map((each) => Number(byId(each).value)));
  });
}
byId("opacity").addEventListener("input", ({ target }) => {
  view.show({ opacity: target.value / 100 });
});
for (const radio of document.querySelectorAll("[name=layer]")) {
  radio.addEventListener("change", layer);
}
byId("epoch").addEventListener("change", () => {
  document.querySelector("[name=layer][value=mask]").checked = true;
  layer();
});
byId("setup").textContent = [setup.data, setup.network && `network ${setup.network}`]
  .filter(Boolean).join(", ");
byId("notices").replaceChildren(...setup.notices.map((notice) => {
  const item = document.createElement("li");
  item.textContent = notice;
  return item;
}));
await startImages(open, say, setup.max_upload_bytes);
