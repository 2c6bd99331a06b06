// The canvas: the image with what lies over it, and boxes that are drawn or clicked.

// Of the candidate and the box in question: classes have colours that are lost on dark photographs.
const ACCENT = "rgb(0 229 255)";

/** A candidate's mask in colour, on a canvas of the mask's size. */
export const tinted = (mask) => {
  const canvas = new OffscreenCanvas(mask.width, mask.height), context = canvas.getContext("2d");
  context.drawImage(mask, 0, 0);
  context.globalCompositeOperation = "source-in";
  context.fillStyle = ACCENT;
  context.fillRect(0, 0, mask.width, mask.height);
  return canvas;
};

/** Its outline alone: the pixels around the mask. */
const outlined = (mask) => {
  const canvas = new OffscreenCanvas(mask.width, mask.height), context = canvas.getContext("2d");
  for (const y of [-1, 0, 1]) {
    for (const x of [-1, 0, 1]) context.drawImage(mask, x, y);
  }
  context.globalCompositeOperation = "destination-out";
  context.drawImage(mask, 0, 0);
  return canvas;
};

export class View {
  /**
   * `onDraw` gets a drawn box, [top, left, bottom, right] in whole pixels, `onClick` the number
   * of a box that was clicked.
   */
  constructor(canvas, onDraw, onClick) {
    this.canvas = canvas;
    this.scene = null; // photo, layer, opacity, mask, clip, box, boxes: {box, colour}
    this.dragged = null;
    let start = null;
    const rounded = (a, b, most) => [
      Math.max(Math.round(Math.min(a, b)), 0), Math.min(Math.round(Math.max(a, b)), most),
    ];
    const boxTo = (point) => {
      const { width, height } = this.scene.photo;
      const [top, bottom] = rounded(start[0], point[0], height);
      const [left, right] = rounded(start[1], point[1], width);
      return [top, left, bottom, right];
    };
    const isDrawn = ([top, left, bottom, right]) => bottom - top > 2 && right - left > 2;
    canvas.addEventListener("pointerdown", (event) => {
      if (!this.scene || event.button) return;
      canvas.setPointerCapture(event.pointerId);
      start = this.#pixel(event);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!start) return;
      this.dragged = boxTo(this.#pixel(event));
      this.draw();
    });
    canvas.addEventListener("pointerup", (event) => {
      if (!start) return;
      const box = boxTo(this.#pixel(event));
      const [y, x] = start;
      start = this.dragged = null;
      if (isDrawn(box)) onDraw(box);
      else this.#click(y, x, onClick);
      this.draw();
    });
    const cancel = () => {
      start = this.dragged = null;
      this.draw();
    };
    canvas.addEventListener("pointercancel", cancel);
    canvas.addEventListener("keydown", (event) => { if (event.key === "Escape") cancel(); });
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  show(changes) {
    this.scene = { ...this.scene, ...changes };
    this.draw();
  }

  draw() {
    const { canvas, scene } = this, context = canvas.getContext("2d");
    canvas.width = Math.round(canvas.clientWidth * devicePixelRatio);
    canvas.height = Math.round(canvas.clientHeight * devicePixelRatio);
    if (!scene?.photo) return;
    const [scale, left, top] = this.#place();
    context.setTransform(scale, 0, 0, scale, left, top);
    context.imageSmoothingEnabled = scale < 2;
    context.drawImage(scene.photo, 0, 0);
    context.imageSmoothingEnabled = false; // masks are pixels
    if (scene.layer) {
      context.globalAlpha = scene.opacity;
      context.drawImage(scene.layer, 0, 0);
    }
    this.#drawMask(context);
    context.globalAlpha = 1;
    for (const { box, colour } of scene.boxes) {
      this.#outline(context, box, `rgb(${colour})`, 1.5, scale);
    }
    const box = this.dragged ?? scene.box;
    if (box) this.#outline(context, box, ACCENT, 2.5, scale);
  }

  #drawMask(context) {
    const { clip, box, layer } = this.scene;
    if (!this.scene.mask || this.dragged) return;
    // Over another layer it would hide it.
    const mask = layer ? outlined(this.scene.mask) : this.scene.mask;
    const opacity = layer ? 1 : this.scene.opacity;
    // What lies outside the box does not count, and is faint.
    context.globalAlpha = opacity * (clip ? 0.3 : 1);
    context.drawImage(mask, 0, 0);
    if (!clip || !box) return;
    context.save();
    context.beginPath();
    context.rect(box[1], box[0], box[3] - box[1], box[2] - box[0]);
    context.clip();
    context.globalAlpha = opacity;
    context.drawImage(mask, 0, 0);
    context.restore();
  }

  #outline(context, [top, left, bottom, right], colour, width, scale) {
    for (const [style, extra] of [["#fffc", 2], [colour, 0]]) {
      context.strokeStyle = style;
      context.lineWidth = ((width + extra) * devicePixelRatio) / scale;
      context.strokeRect(left, top, right - left, bottom - top);
    }
  }

  /** Scale from the image's to the canvas's pixels, and where the image begins there. */
  #place() {
    const { canvas, scene: { photo } } = this;
    const scale = Math.min(canvas.width / photo.width, canvas.height / photo.height);
    return [scale, (canvas.width - scale * photo.width) / 2, 0];
  }

  #pixel(event) {
    const [scale, left, top] = this.#place(), place = this.canvas.getBoundingClientRect();
    const y = (event.clientY - place.top) * devicePixelRatio;
    const x = (event.clientX - place.left) * devicePixelRatio;
    return [(y - top) / scale, (x - left) / scale];
  }

  #click(y, x, onClick) {
    const area = ([top, left, bottom, right]) => (bottom - top) * (right - left);
    const hit = this.scene.boxes
      .filter(({ box: [top, left, bottom, right] }) =>
        top <= y && y < bottom && left <= x && x < right)
      .sort((a, b) => area(a.box) - area(b.box));
    if (hit.length) onClick(this.scene.boxes.indexOf(hit[0]));
  }
}
