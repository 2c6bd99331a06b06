"use strict";
// Sends a photograph to the model and lays the mask over it.
const model = location.origin + "/v1/models/" + encodeURIComponent(document.body.dataset.model);
const part = (name) => document.getElementById(name);
const say = (text) => { part("said").textContent = text; };
let classes = null; // of {label, name, color}
let turn = 0; // the newest photograph alone is shown

const base64 = (bytes) => {
  let text = "";
  for (let i = 0; i < bytes.length; i += 32768) {
    text += String.fromCharCode(...bytes.subarray(i, i + 32768));
  }
  return btoa(text);
};

const draw = (canvas, image) => {
  [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  return context;
};

const load = async (url) => {
  const image = new Image();
  image.src = url;
  await image.decode();
  return image;
};

// The server takes pixels as they are stored. A photograph with EXIF data may be stored lying on
// its side, while the browser shows it upright: that one is encoded anew, upright.
const upright = async (bytes, canvas) => {
  const head = String.fromCharCode(...bytes.subarray(0, 65536));
  if (!head.includes("Exif\0\0")) return bytes;
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.95));
  return new Uint8Array(await blob.arrayBuffer());
};

const fetched = async (url, options) => {
  const response = await fetch(url, options);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error || response.statusText);
  return answer;
};

const show = async (file) => {
  const mine = ++turn;
  say("Looking at " + file.name + " ...");
  part("result").hidden = true;
  try {
    const url = URL.createObjectURL(file);
    draw(part("photo"), await load(url).catch(() => { throw new Error("not a JPEG or PNG image"); }));
    URL.revokeObjectURL(url);
    const bytes = await upright(new Uint8Array(await file.arrayBuffer()), part("photo"));
    classes = classes || (await fetched(model + "/metadata")).metadata.classes;
    const body = { signature_name: "serve_masks", instances: [{ b64: base64(bytes) }] };
    const answer = await fetched(model + ":predict", { method: "POST", body: JSON.stringify(body) });
    const png = "data:image/png;base64," + answer.predictions[0].b64;
    const labels = await load(png);
    if (mine !== turn) return;
    paint(labels);
    part("save").href = png;
    part("result").hidden = false;
    say(file.name);
  } catch (error) {
    if (mine === turn) say(file.name + ": " + error.message);
  }
};

const paint = (labels) => {
  const context = draw(part("mask"), labels);
  const pixels = context.getImageData(0, 0, labels.naturalWidth, labels.naturalHeight);
  const counts = new Map();
  const colors = classes.map(({ color }) => [1, 3, 5].map((i) => parseInt(color.slice(i, i + 2), 16)));
  for (let i = 0; i < pixels.data.length; i += 4) {
    const label = pixels.data[i];
    counts.set(label, (counts.get(label) || 0) + 1);
    pixels.data.set(colors[label] || [128, 128, 128], i);
    pixels.data[i + 3] = label === 0 ? 0 : 255; // background stays as it is
  }
  context.putImageData(pixels, 0, 0);
  part("classes").replaceChildren(...[...counts].sort((a, b) => b[1] - a[1]).map(([label, count]) => {
    const item = document.createElement("li");
    const swatch = document.createElement("span");
    swatch.style.background = label === 0 ? "none" : classes[label].color;
    const share = (400 * count / pixels.data.length).toFixed(1);
    item.append(swatch, classes[label].name + " " + share + " %");
    return item;
  }));
};

const fade = () => { part("mask").style.opacity = part("opacity").value / 100; };
part("opacity").addEventListener("input", fade);
fade();
part("file").addEventListener("change", (event) => {
  if (event.target.files.length) show(event.target.files[0]);
});
const drop = part("drop");
for (const name of ["dragover", "dragleave", "drop"]) {
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", name === "dragover");
    if (name === "drop" && event.dataTransfer.files.length) show(event.dataTransfer.files[0]);
  });
}
