// The table of candidates: a row each, the best first.
import { tinted } from "./view.js";

const byId = (id) => document.getElementById(id);
const SIDE = 88; // of a thumbnail, pixels

const cell = (content) => {
  const made = document.createElement("td");
  made.append(content);
  return made;
};

const number = (value, digits = 4) => (value === null ? "-" : value.toFixed(digits));

/** The part of the photograph around a box, with a candidate's pixels in colour. */
const drawThumbnail = (canvas, photo, mask, box) => {
  const [top, left, bottom, right] = box, context = canvas.getContext("2d");
  const side = 1.15 * Math.max(bottom - top, right - left);
  const place = [(left + right - side) / 2, (top + bottom - side) / 2, side, side];
  context.clearRect(0, 0, SIDE, SIDE);
  context.drawImage(photo, ...place, 0, 0, SIDE, SIDE);
  context.globalAlpha = 0.65;
  context.drawImage(tinted(mask), ...place, 0, 0, SIDE, SIDE);
  context.globalAlpha = 1;
};

export class Candidates {
  /** `point` is called with the number of a candidate that is to be seen. */
  constructor(point) {
    this.kept = null; // the candidate that was clicked
    this.point = point;
  }

  clear() {
    this.kept = null;
    byId("rows").replaceChildren();
    byId("rows").closest("table").hidden = true;
    byId("summary").textContent = "";
  }

  /** Shows an answer of /api/candidates, and returns the number of the candidate to be seen. */
  show(answer, k) {
    const { candidates, chosen } = answer;
    if (!candidates.some((candidate) => candidate.number === this.kept)) this.kept = null;
    byId("rows").replaceChildren(
      ...candidates.map((candidate, place) => this.#row(candidate, place, chosen, k)));
    byId("rows").closest("table").hidden = !candidates.length;
    byId("summary").textContent = this.#summary(answer, k);
    return this.kept ?? chosen;
  }

  /** Draws every row's picture as soon as its mask is there; `maskOf` gives it by number. */
  async drawThumbnails(maskOf, photo, box) {
    for (const row of [...byId("rows").rows]) {
      const mask = await maskOf(Number(row.dataset.number));
      if (!row.isConnected) return; // another answer is shown meanwhile
      drawThumbnail(row.querySelector("canvas"), photo, mask, box);
    }
  }

  #row(candidate, place, chosen, k) {
    const row = document.createElement("tr"), button = document.createElement("button");
    const thumbnail = document.createElement("canvas");
    thumbnail.width = thumbnail.height = SIDE;
    const isChosen = candidate.number === chosen;
    button.type = "button";
    button.textContent = `${place + 1}${isChosen ? " \u2713" : ""}`;
    button.title = `candidate ${candidate.number}${isChosen ? ", chosen" : ""}`;
    row.dataset.number = candidate.number;
    row.append(cell(button), cell(thumbnail), cell(number(candidate.overlap)),
      cell(number(candidate.regression)), cell(number(candidate.total)),
      cell(`${Math.round(100 * candidate.coverage)} %`), cell(candidate.overlap_rank));
    row.classList.toggle("best", place < k);
    row.classList.toggle("chosen", isChosen);
    row.classList.toggle("kept", candidate.number === this.kept);
    row.addEventListener("pointerenter", () => this.point(candidate.number));
    row.addEventListener("pointerleave", () => this.point(this.kept ?? chosen));
    button.addEventListener("focus", () => this.point(candidate.number));
    row.addEventListener("click", () => {
      this.kept = this.kept === candidate.number ? null : candidate.number;
      for (const other of byId("rows").rows) {
        other.classList.toggle("kept", Number(other.dataset.number) === this.kept);
      }
      this.point(candidate.number);
    });
    return row;
  }

  #summary({ candidates, chosen, method, one_per_box, num_candidates, num_eligible }, k) {
    const among = `${num_eligible} of ${num_candidates} candidates (${method}) may be chosen`;
    const rank = candidates.findIndex((candidate) => candidate.number === chosen);
    if (chosen < 0) {
      const why = one_per_box ? ", as each belongs to one of the image's own boxes" : "";
      return `${among}${why}: the box's rectangle is painted.`;
    }
    const which = rank < 0 ? `candidate ${chosen}` : `the one of rank ${rank + 1}`;
    const drawn = Math.min(k, num_eligible);
    return drawn > 1
      ? `${among}. The draw among the best ${drawn} takes ${which}.`
      : `${among}. The best is chosen.`;
  }
}
