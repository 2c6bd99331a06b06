"use strict";
// The panels of the images: which are shown, in what order, and how strong their masks are.
// Hundreds of pictures would take gigabytes decoded, so only cards near the screen have any.
(() => {
  const byId = (id) => document.getElementById(id);
  const holder = byId("data");
  const data = JSON.parse(holder.textContent);
  holder.remove(); // its text is as large as all pictures
  const colors = new Map(data.classes);
  const percent = (share) => (share === null ? "-" : (100 * share).toFixed(1));

  const make = (tag, className, ...children) => {
    const element = document.createElement(tag);
    element.className = className;
    element.append(...children);
    return element;
  };

  const picture = (className, alt) => {
    const image = make("img", className);
    image.alt = alt;
    image.decoding = "async";
    return image;
  };

  const swatch = (color) => {
    const spot = make("span", "swatch");
    spot.style.backgroundColor = color;
    return spot;
  };

  // A result without any picture has no panel.
  const layers = data.results
    .map((name, place) => ({ name, pick: (image) => image.predictions[place] }))
    .filter(({ pick }) => data.images.some(pick));
  layers.unshift({ name: "Truth", pick: (image) => image.truth });

  const makePanel = (image, name, uri, pictures) => {
    const stack = make("div", "stack");
    stack.style.aspectRatio = `${image.width} / ${image.height}`;
    const photo = picture("photo", uri ? "" : `${image.id}: image`);
    pictures.push([photo, image.photo]);
    stack.append(photo);
    if (uri) {
      const overlay = picture("overlay", `${image.id}: ${name}`);
      pictures.push([overlay, uri]);
      stack.append(overlay);
    }
    return make("figure", "panel", stack, make("figcaption", "", name));
  };

  const makeCard = (image) => {
    const pictures = [];
    const scores = data.results.map((name, place) =>
      make("li", "", make("span", `swatch c${place % 6}`), name, " ",
        make("b", "", percent(image.scores[place]))));
    const classes = image.classes.map(([name, ious]) =>
      make("li", "", swatch(colors.get(name)), name, " ",
        make("b", "", ious.map(percent).join(" / "))));
    const panels = layers.map(({ name, pick }) => {
      const uri = pick(image);
      return makePanel(image, uri ? name : `${name}: not predicted`, uri, pictures);
    });
    const element = make("article", "card",
      make("header", "", make("h3", "", image.id),
        make("ul", "chips scores", ...scores), make("ul", "chips", ...classes)),
      make("div", "panels", makePanel(image, "Image", null, pictures), ...panels));
    return { image, element, pictures };
  };

  const cards = data.images.map(makeCard);
  const cardOf = new Map(cards.map((card) => [card.element, card]));
  const observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      for (const [element, uri] of cardOf.get(target).pictures) {
        if (isIntersecting) element.src = uri;
        else element.removeAttribute("src");
      }
    }
  }, { rootMargin: "400px 0px" });

  const fillSelect = (id, entries) =>
    byId(id).append(...entries.map(([text, value]) => new Option(text, value)));
  const present = new Set(data.images.flatMap((image) => image.classes.map(([name]) => name)));
  fillSelect("class", data.classes.flatMap(([name]) => (present.has(name) ? [[name, name]] : [])));
  fillSelect("score", data.results.map((name, place) => [`mean IoU, ${name}`, place]));

  const limit = (id, otherwise) => (byId(id).value === "" ? otherwise : Number(byId(id).value));
  const scoreOf = ({ image }) => image.scores[byId("score").value];

  const matches = (card) => {
    const { image } = card;
    const [low, high] = [limit("lowest", 0), limit("highest", 100)];
    const score = scoreOf(card);
    const inRange = score === null
      ? low <= 0 && high >= 100
      : 100 * score >= low - 1e-9 && 100 * score <= high + 1e-9;
    const wanted = byId("class").value;
    return inRange
      && (!wanted || image.classes.some(([name]) => name === wanted))
      && image.id.toLowerCase().includes(byId("search").value.toLowerCase());
  };

  const compare = (a, b) => {
    const order = byId("order").value;
    const [left, right] = [scoreOf(a), scoreOf(b)];
    const ids = a.image.id < b.image.id ? -1 : 1;
    if (order === "id" || left === right) return ids;
    if (left === null || right === null) return left === null ? 1 : -1;
    return order === "worst" ? left - right : right - left;
  };

  const select = () => {
    let shown = 0;
    for (const card of cards) {
      card.element.hidden = !matches(card);
      shown += !card.element.hidden;
    }
    byId("cards").append(...cards.sort(compare).map((card) => card.element));
    byId("count").value = `${shown} of ${cards.length} images`;
    byId("nothing").hidden = shown > 0;
  };

  const adjust = () => {
    const { style } = byId("cards");
    style.setProperty("--overlay", byId("opacity").value / 100);
    style.setProperty("--zoom", byId("size").value / 100);
    style.setProperty("--columns", layers.length + 1); // a row of a card, at zoom 1
  };

  const controls = byId("controls");
  controls.addEventListener("reset", () => setTimeout(() => { select(); adjust(); }));
  controls.querySelector(".filters").addEventListener("input", select);
  controls.querySelector(".view").addEventListener("input", adjust);
  select();
  adjust();
  for (const { element } of cards) observer.observe(element);
})();
