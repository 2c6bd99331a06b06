// The list of images, its search, and uploads: by the button, or dropped anywhere on the page.
import { get, post, upload } from "./api.js";

const byId = (id) => document.getElementById(id);

/**
 * `open` is called with the description of an image, `say` with what happens; `maxBytes` an upload
 * may have.
 */
export const startImages = (open, say, maxBytes) => {
  const list = byId("list");
  let current = "";

  const mark = () => {
    for (const button of list.querySelectorAll("button")) {
      button.setAttribute("aria-current", String(button.dataset.key === current));
    }
  };

  const show = async (asked, doing) => {
    say(doing);
    try {
      const image = await asked();
      current = image.key;
      mark();
      open(image);
    } catch (error) {
      say(error.message, true);
    }
  };

  const add = ({ key, id, boxes }) => {
    const button = document.createElement("button"), small = document.createElement("small");
    button.type = "button";
    button.dataset.key = key;
    small.textContent = boxes === null ? " uploaded" : ` ${boxes} box${boxes === 1 ? "" : "es"}`;
    button.append(id, small);
    button.addEventListener("click",
      () => show(() => post("/api/image", { image: key }), `opening ${id} ...`));
    const item = document.createElement("li");
    item.append(button);
    return item;
  };

  const search = async () => {
    const contains = byId("search").value;
    try {
      const found = await get(`/api/images?${new URLSearchParams({ contains })}`);
      if (byId("search").value !== contains) return; // a later search is under way
      list.replaceChildren(...found.images.map(add));
      const shown = found.images.length;
      byId("count").textContent =
        shown < found.total ? `the first ${shown} of ${found.total}` : `${found.total} images`;
      mark();
    } catch (error) {
      say(error.message, true);
    }
  };

  const take = (file) => {
    if (!file) return;
    if (file.size > maxBytes) { // the server would close the connection without a word
      const [size, most] = [file.size, maxBytes].map((bytes) => (bytes / 1e6).toFixed(1));
      say(`${file.name}: ${size} MB: expected at most ${most}`, true);
      return;
    }
    show(async () => {
      const image = await upload(file);
      list.querySelector(`[data-key="${image.key}"]`)?.parentElement.remove();
      list.prepend(add({ key: image.key, id: image.id, boxes: null }));
      return image;
    }, `uploading ${file.name} ...`);
  };

  byId("search").addEventListener("input", search);
  byId("upload").addEventListener("change", (event) => {
    take(event.target.files[0]);
    event.target.value = ""; // the same file may be taken again
  });
  document.addEventListener("dragover", (event) => event.preventDefault());
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    take(event.dataTransfer.files[0]);
  });
  return search();
};
