// The annotator's page: the list of radiographs, keys and clicks, and what is said of it all.

import { showExportDialog } from "./export.js";
import { ImageList } from "./list.js";
import { Masks } from "./masks.js";
import { server } from "./server.js";
import { Session } from "./session.js";
import { View } from "./view.js";

const $ = id => document.getElementById(id);
const NEAR = 9;

const view = new View($("view"));
const masks = new Masks(showMask, message => say(message, true));
let folder;
let list;
let colours = {};
let session = null;
let active = "radius";
let tool = "points";
let drag = null;
let cursor = null;
let space = false;
let opening = 0;
let warm = false;

const counted = (n, what) => `${n} ${what}${n === 1 ? "" : "s"}`;

function say(text, error = false) {
  $("status").textContent = text;
  $("status").classList.toggle("error", error);
}

// ---- one radiograph

async function open(n) {
  const ticket = ++opening;
  say(`Reading ${folder.images[n].file} …`);
  try {
    await session?.saving;
    const image = await server.image(n);
    const samples = await server.samples(n, image.bits);
    if (ticket !== opening) return;
    session = new Session(n, image, showSaved, () => masks.whenIdle());
    view.setImage(image.width, image.height, samples, image.bits);
    $("empty").hidden = true;
    $("file").textContent = `${image.file} · ${image.width} × ${image.height} · ${image.bits} bit`;
    list.select(n);
    view.crosshair = null;
    showWindow();
    showSaved("saved");
    for (const bone of folder.bones) setNote(bone.name, "", []);
    refresh();
    say("The encoder looks at the radiograph … points can be placed already.");
    const { ms } = await server.embedding(n);
    if (!warm) await warmUp(n, image);
    if (ticket !== opening) return;
    say(`Ready: the encoder took ${ms < 50 ? "no time, it knew the image" : (ms / 1000).toFixed(1) + " s"}.`);
    masks.open(session, active);
  } catch (error) {
    if (ticket === opening) say(error.message, true);
  }
}

/** Some masks that nobody sees: the first of all takes several times as long as those after it. */
async function warmUp(n, image) {
  warm = true;
  const middle = { positive: [[image.width / 2, image.height / 2]], negative: [] };
  for (let i = 0; i < 4; i++) await server.mask(n, active, { [active]: middle }, "preview");
}

function showSaved(state) {
  const failed = state instanceof Error;
  $("saved").textContent = failed ? `Not saved: ${state.message}` : state === "saved" ? "Saved" : "Saving …";
  $("saved").classList.toggle("error", failed);
}

/** After every change of prompts: list, canvas, progress. */
function refresh() {
  view.setAnnotations(session.bones, active, colours);
  list.update(session.number, folder.bones.map(b => b.name).filter(name => session.bones[name]));
  for (const { name } of folder.bones) {
    const bone = session.bone(name);
    const row = document.querySelector(`#bones [data-bone="${name}"]`);
    row.setAttribute("aria-pressed", String(name === active));
    row.querySelector(".points").textContent = session.bones[name]
      ? `${bone.positive.length} + ${(bone.negative ?? []).length} points`
        + (bone.strokes?.length ? `, ${counted(bone.strokes.length, "stroke")}` : "") : "";
  }
  $("undo").disabled = session.past.length === 0;
  $("redo").disabled = session.future.length === 0;
}

function listBones() {
  $("bones").replaceChildren(...folder.bones.map((bone, i) => {
    const row = document.createElement("li");
    const button = document.createElement("button");
    button.dataset.bone = bone.name;
    const swatch = document.createElement("span");
    swatch.className = "swatch";
    swatch.style.background = bone.colour;
    const name = document.createElement("span");
    name.textContent = bone.name;
    const points = document.createElement("span");
    points.className = "note points";
    const key = document.createElement("kbd");
    key.textContent = String(i + 1);
    const flags = document.createElement("span");
    flags.className = "flags";
    button.append(swatch, name, points, key, flags);
    button.onclick = () => select(bone.name);
    row.append(button);
    return row;
  }));
}

function select(bone) {
  active = bone;
  if (!session) return;
  masks.select(active);
  refresh();
  say(`${bone}: ${session.bones[bone] ? "go on" : "click on the bone, right-click beside it"}.`);
}

function setNote(bone, quality, flags) {
  const row = document.querySelector(`#bones [data-bone="${bone}"]`);
  row.dataset.mask = quality;
  row.querySelector(".flags").textContent = flags.join(", ");
}

function showMask(bone, mask, quality, ms) {
  const of = bone === "hover" ? active : bone;
  view.setMask(bone, mask, colours[of], quality);
  if (bone === "hover") return;
  setNote(bone, mask ? quality : "", mask?.flags ?? []);
  if (mask) {
    say(quality === "preview" ? `${bone}: first mask in ${Math.round(ms)} ms.`
      : `${bone}: ${mask.area} pixels, stability ${mask.stability.toFixed(2)}`
        + (mask.flags.length ? `; look at: ${mask.flags.join(", ")}.` : "."));
  }
}

function changed(done, bone, text) {
  if (!done) return;
  refresh();
  masks.changed(bone);
  if (text) say(text);
}

// ---- points

function nearest(point) {
  const bone = session.bone(active);
  let found = null;
  for (const kind of ["positive", "negative"]) {
    (bone[kind] ?? []).forEach((p, index) => {
      const distance = Math.hypot(p[0] - point[0], p[1] - point[1]) * view.scale;
      if (distance < NEAR && (!found || distance < found.distance)) found = { kind, index, distance };
    });
  }
  return found;
}

const inside = ([x, y]) => [Math.max(0, Math.min(session.width - 0.1, x)), Math.max(0, Math.min(session.height - 0.1, y))];
const tenth = point => point.map(v => Math.floor(v * 10) / 10);

function addPoint(kind, point) {
  if (kind === "negative" && !session.bones[active]) {
    say(`${active}: begin with a positive point on the bone (left click).`, true);
    return;
  }
  changed(session.changeBone(`${kind} point`, active, bone => bone[kind].push(tenth(inside(point)))), active);
}

function removePoint(found) {
  changed(session.changeBone("remove point", active, bone => bone[found.kind].splice(found.index, 1)), active);
}

// ---- mouse

function place(event) {
  const box = $("view").getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

$("view").addEventListener("pointerdown", event => {
  if (!session) return;
  $("view").setPointerCapture(event.pointerId);
  const at = place(event);
  const point = view.toImage(...at);
  if (event.button === 1 || space) {
    drag = { kind: "pan", at };
  } else if (tool !== "points") {
    if (!session.bones[active]) {
      say(`${active}: place a positive point first; strokes are drawn over its mask.`, true);
      return;
    }
    const used = event.button === 2 ? (tool === "brush" ? "eraser" : "brush") : tool;
    drag = { kind: "stroke", tool: used, points: [tenth(inside(point))] };
    view.brush = { points: drag.points, radius: radius(), colour: used === "brush" ? colours[active] : "#000" };
    view.draw();
  } else if (view.contains(point)) {
    const found = nearest(point);
    if (found && event.shiftKey) removePoint(found);
    else if (found && event.button === 0) drag = { kind: "point", found, moved: false };
    else if (!found) addPoint(event.button === 2 ? "negative" : "positive", point);
  }
  event.preventDefault();
  $("view").focus();
});

$("view").addEventListener("pointermove", event => {
  if (!session) return;
  const at = place(event);
  cursor = view.toImage(...at);
  showPosition();
  if (drag?.kind === "pan") {
    view.pan(at[0] - drag.at[0], at[1] - drag.at[1]);
    drag.at = at;
  } else if (drag?.kind === "stroke") {
    drag.points.push(tenth(inside(cursor)));
    view.draw();
  } else if (drag?.kind === "point") {
    drag.to = tenth(inside(cursor));
    const shown = structuredClone(session.bones);
    shown[active][drag.found.kind][drag.found.index] = drag.to;
    view.setAnnotations(shown, active, colours);
  } else if (tool === "points" && $("hover").checked && view.contains(cursor) && !nearest(cursor)
      && session.bones[active]) {
    masks.hover(tenth(cursor));
  }
});

$("view").addEventListener("pointerup", () => {
  const done = drag;
  drag = null;
  if (done?.kind === "stroke") {
    view.brush = null;
    changed(session.changeBone(done.tool, active, bone => {
      bone.strokes ??= [];
      bone.strokes.push({ tool: done.tool, radius: radius(), points: done.points });
    }), active);
  } else if (done?.kind === "point" && done.to) {
    changed(session.changeBone("move point", active, bone => {
      bone[done.found.kind][done.found.index] = done.to;
    }), active);
  }
});

$("view").addEventListener("pointerleave", () => {
  cursor = null;
  showPosition();
  if (session) masks.leave();
});
$("view").addEventListener("contextmenu", event => event.preventDefault());
$("view").addEventListener("wheel", event => {
  if (!session) return;
  view.zoom(Math.exp(-event.deltaY / 400), ...place(event));
  event.preventDefault();
}, { passive: false });

function showPosition() {
  const at = cursor && view.contains(cursor) ? cursor : view.crosshair;
  $("position").textContent = at ? `x ${Math.floor(at[0])}, y ${Math.floor(at[1])}, level ${view.sampleAt(at)}` : "";
}

// ---- window, brush, buttons

const radius = () => Number($("radius").value);
const showRadius = () => { $("radius-value").textContent = `${radius()} pixels`; };

function showWindow() {
  const { low, high } = view.range;
  $("level").min = $("width").min = 0;
  $("level").max = view.largest;
  $("width").max = 2 * view.largest;
  $("level").value = view.level;
  $("width").value = view.levelWidth;
  $("level-value").textContent = `${Math.round(view.level)}`;
  $("width-value").textContent = `${Math.round(view.levelWidth)} (image ${low} – ${high})`;
}

for (const slider of ["level", "width"]) {
  $(slider).addEventListener("input", () => {
    if (!session) return;
    view.setWindow(Number($("level").value), Number($("width").value));
    showWindow();
  });
}
$("radius").addEventListener("input", showRadius);

function setTool(name) {
  tool = name;
  document.querySelector(`input[name=tool][value=${name}]`).checked = true;
  if (session) masks.leave();
}
document.querySelectorAll("input[name=tool]").forEach(input => {
  input.addEventListener("change", () => setTool(input.value));
});

function resetWindow() {
  view.levels();
  showWindow();
}

function undo(step) {
  const before = structuredClone(session.bones);
  const label = session[step]();
  if (!label) {
    say(`Nothing to ${step}.`);
    return;
  }
  refresh();
  for (const { name } of folder.bones) {
    if (JSON.stringify(before[name]) !== JSON.stringify(session.bones[name])) masks.changed(name);
  }
  say(`${step === "undo" ? "Undone" : "Done again"}: ${label}.`);
}

function clearBone() {
  changed(session.change(`clear ${active}`, bones => { delete bones[active]; }), active, `${active} cleared.`);
}

function replaceAll(label, given) {
  session.change(label, bones => {
    for (const name of Object.keys(bones)) delete bones[name];
    Object.assign(bones, given);
  });
  refresh();
  folder.bones.forEach(bone => masks.changed(bone.name));
}

async function automatic() {
  const of = session;
  say("Looking for the bones …");
  $("auto").disabled = true;
  try {
    const { bones, notes } = await server.automatic(of.number);
    if (of !== session) return;
    replaceAll("automatic prompts", bones);
    say(notes.length ? `Look at: ${notes.join("; ")}.` : "All seven bones placed; look at each of them.");
  } catch (error) {
    say(error.message, true);
  } finally {
    $("auto").disabled = false;
  }
}

function askCopy() {
  const others = folder.images.map((image, n) => ({ ...image, n }))
    .filter(image => image.bones.length > 0 && image.n !== session.number);
  if (others.length === 0) {
    say("No other radiograph has prompts yet.");
    return;
  }
  $("copy-from").replaceChildren(...others.map(image => new Option(`${image.file} (${image.bones.length} bones)`, image.n)));
  const before = others.filter(image => image.n < session.number).pop() ?? others[0];
  $("copy-from").value = before.n;
  $("copy-dialog").showModal();
}

$("copy-dialog").addEventListener("close", async () => {
  if ($("copy-dialog").returnValue !== "copy" || !$("copy-from").value) return;
  try {
    const from = await server.image(Number($("copy-from").value));
    const sx = session.width / from.width;
    const sy = session.height / from.height;
    const moved = list => (list ?? []).map(([x, y]) => tenth(inside([x * sx, y * sy])));
    replaceAll(`copy from ${from.file}`, Object.fromEntries(Object.entries(from.bones).map(([name, bone]) =>
      [name, { positive: moved(bone.positive), negative: moved(bone.negative) }])));
    say(`Copied from ${from.file}; drag the points into place.`);
  } catch (error) {
    say(error.message, true);
  }
});

// ---- keys

function moveCrosshair(dx, dy, event) {
  const step = event.shiftKey ? 1 : Math.max(1, 12 / view.scale);
  const [x, y] = view.crosshair ?? [session.width / 2, session.height / 2];
  view.crosshair = inside([x + dx * step, y + dy * step]);
  cursor = null;
  showPosition();
  view.draw();
}

function removeNearest() {
  const at = cursor ?? view.crosshair;
  const found = at && nearest(at);
  if (found) removePoint(found);
  else say("No point of this bone is here.");
}

const onCanvas = action => event => document.activeElement === $("view") && action(event) !== false;
const KEYS = {
  "?": () => $("help").showModal(),
  PageDown: () => list.step(1) || say("This is the last radiograph."),
  PageUp: () => list.step(-1) || say("This is the first radiograph."),
  z: event => undo(event.shiftKey ? "redo" : "undo"),
  y: () => undo("redo"),
  p: () => setTool("points"),
  b: () => setTool("brush"),
  e: () => setTool("eraser"),
  h: () => { $("hover").checked = !$("hover").checked; if (session) masks.leave(); },
  v: () => { view.showMasks = !view.showMasks; view.draw(); },
  w: resetWindow,
  x: clearBone,
  a: automatic,
  c: askCopy,
  "[": () => { $("radius").value = radius() - 1; showRadius(); },
  "]": () => { $("radius").value = radius() + 1; showRadius(); },
  "+": () => view.zoom(1.25, $("view").clientWidth / 2, $("view").clientHeight / 2),
  "-": () => view.zoom(0.8, $("view").clientWidth / 2, $("view").clientHeight / 2),
  0: () => view.fit(),
  Delete: removeNearest,
  Backspace: removeNearest,
  ArrowLeft: onCanvas(event => moveCrosshair(-1, 0, event)),
  ArrowRight: onCanvas(event => moveCrosshair(1, 0, event)),
  ArrowUp: onCanvas(event => moveCrosshair(0, -1, event)),
  ArrowDown: onCanvas(event => moveCrosshair(0, 1, event)),
  Enter: onCanvas(event => {
    if (!view.crosshair) return false;
    addPoint(event.shiftKey ? "negative" : "positive", view.crosshair);
    return true;
  }),
};
const WITHOUT_IMAGE = new Set(["?", "PageDown", "PageUp"]);

document.addEventListener("keydown", event => {
  const typing = event.target.matches("input[type=search], select");
  if (typing || document.querySelector("dialog[open]")) return;
  if (event.key === " ") {
    if (document.activeElement === $("view")) {
      space = true;
      event.preventDefault();
    }
    return;
  }
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if ((event.ctrlKey || event.metaKey) && key !== "z" && key !== "y") return;
  if (/^[1-7]$/.test(key)) {
    select(folder.bones[Number(key) - 1].name);
  } else if (KEYS[key] && (session || WITHOUT_IMAGE.has(key))) {
    if (event.target.matches("input[type=range]") && key.startsWith("Arrow")) return;
    if (KEYS[key](event) === false) return;
  } else {
    return;
  }
  event.preventDefault();
});
document.addEventListener("keyup", event => {
  if (event.key === " ") space = false;
});

const BUTTONS = { undo: () => undo("undo"), redo: () => undo("redo"), clear: clearBone, auto: automatic, copy: askCopy,
  fit: () => view.fit(), "window-reset": resetWindow };
for (const [id, action] of Object.entries(BUTTONS)) $(id).onclick = () => session && action();
$("export").onclick = () => showExportDialog(() => session?.saving);
$("help-button").onclick = () => $("help").showModal();
window.addEventListener("beforeunload", event => {
  if ($("saved").textContent !== "Saved") event.preventDefault();
});

// ---- begin

try {
  folder = await server.images();
  colours = Object.fromEntries(folder.bones.map(bone => [bone.name, bone.colour]));
  listBones();
  list = new ImageList(folder, open);
  showRadius();
  await open(0);
} catch (error) {
  say(error.message, true);
}
