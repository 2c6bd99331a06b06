// The settings of the choice, as a form.

const byId = (id) => document.getElementById(id);
const SLIDERS = ["feedback_weight", "k"];
const OF_NETWORK = [
  "feedback_weight", "feedback_weight_slider", "belief", "normaliser", "retighten_boxes",
];
const NUMBERS = [
  "feedback_weight", "k", "min_box_iou", "prior_weight", "box_tolerance", "update", "seed",
];
const CHOICES = ["belief", "normaliser"];
const SWITCHES = ["clip_to_box", "retighten_boxes"];

const fill = (select, names) => select.replaceChildren(...names.map((name) => new Option(name)));

/** Fills the form; `change` is called whenever it holds other settings that are valid. */
export const startSettings = ({ beliefs, normalisers, defaults, network }, change) => {
  const form = byId("settings");
  fill(byId("belief"), beliefs);
  fill(byId("normaliser"), normalisers);
  for (const name of OF_NETWORK) byId(name).disabled = !network;

  const reset = () => {
    for (const name of NUMBERS) byId(name).value = defaults[name];
    for (const name of SLIDERS) byId(`${name}_slider`).value = defaults[name];
    for (const name of CHOICES) byId(name).value = defaults[name];
    for (const name of SWITCHES) byId(name).checked = defaults[name];
  };

  form.addEventListener("input", ({ target }) => {
    for (const name of SLIDERS) {
      const number = byId(name), slider = byId(`${name}_slider`);
      if (target === slider) number.value = slider.value;
      if (target === number) slider.value = number.value;
    }
    if (form.checkValidity()) change();
  });
  form.addEventListener("reset", (event) => {
    event.preventDefault(); // the form's own values are none
    reset();
    change();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  reset();

  return () => ({
    ...Object.fromEntries(NUMBERS.map((name) => [name, Number(byId(name).value)])),
    ...Object.fromEntries(CHOICES.map((name) => [name, byId(name).value])),
    ...Object.fromEntries(SWITCHES.map((name) => [name, byId(name).checked])),
  });
};
