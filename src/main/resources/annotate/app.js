// The annotator's page: the list of radiographs, keys and clicks, and what is said of it all.

import { BoneList } from "./bones.js";
import { CopyDialog } from "./copy.js";
import { showExportDialog } from "./export.js";
import { Levels } from "./levels.js";
import { ImageList } from "./list.js";
import { Masks } from "./masks.js";
import { Saving } from "./saving.js";
import { server } from "./server.js";
import { Session } from "./session.js";
import { StrokePath } from "./stroke.js";
import { View } from "./view.js";

const $ = id => document.getElementById(id);
const NEAR = 9;
const UNREADABLE = 422;
const WARMING_UP = 4;

const view = new View($("view"));
const levels = new Levels(view);
const masks = new Masks(showMask, message => say(message, true));
const saving = new Saving(() => session, showReplaced);
const copyDialog = new CopyDialog(() => session, copyFrom, message => say(message, true));
let folder;
let list;
let bones;
let colours = {};
let session = null;
let active = "radius";
let tool = "points";
let drag = null;
let pointer = null;     // where it is on the canvas; what it points at changes with zooming
let space = false;
let opening = 0;
let warm = false;

function say(text, error = false) {
  $("status").textContent = text;
  $("status").classList.toggle("error", error);
}

// ---- one radiograph

/** Opens another radiograph, unless changes of the one that is open cannot be saved. */
async function open(n) {
  const ticket = ++opening;
  if (n === session?.number) {
    list.stay();
    return;
  }
  let read;
  try {
    await session?.saved();
    if (ticket !== opening) return;
    say(`Reading ${folder.images[n].file} …`);
    read = await readImage(n);
    await session?.saved();     // what was changed while it was read
  } catch (error) {
    if (ticket !== opening) return;
    list.stay();
    const kept = session && error === session.failure;
    say(kept ? `${session.file} stays open, since its changes are not saved.` : error.message, true);
    return;
  }
  if (ticket !== opening) return;
  cancelDrag();
  $("file").textContent = folder.images[n].file;
  for (const bone of folder.bones) bones.note(bone.name, "", []);
  if (read.unreadable) showNothing(read.unreadable);
  else show(n, read);
  list.select(n);
  refresh();
  showPosition();
  if (session) await begin(session);
}

async function readImage(n) {
  try {
    const image = await server.image(n);
    return { image, samples: await server.samples(n, image.bits) };
  } catch (error) {
    if (error.status !== UNREADABLE) throw error;
    return { unreadable: error.message };
  }
}

function show(n, { image, samples }) {
  session = new Session(n, image, state => saving.show(state), () => masks.whenIdle());
  view.setImage(image.width, image.height, samples, image.bits);
  view.crosshair = null;
  masks.open(session, active);
  levels.show();
  saving.show("saved");
  $("empty").hidden = true;
  $("file").textContent += ` · ${image.width} × ${image.height} · ${image.bits} bit`;
}

function showNothing(reason) {
  session = null;
  view.clear();
  masks.close();
  saving.show("saved");
  $("empty").textContent = "This radiograph cannot be read; choose another one.";
  $("empty").hidden = false;
  say(reason, true);
}

/** Waits for the encoder, then has masks made. */
async function begin(of) {
  say("The encoder looks at the radiograph … points can be placed already.");
  try {
    const { ms } = await server.embedding(of.number);
    await warmUp(of);
    if (of !== session) return;
    say(`Ready: the encoder took ${ms < 50 ? "no time, it knew the image" : (ms / 1000).toFixed(1) + " s"}.`);
  } catch (error) {
    if (of !== session) return;
    say(error.message, true);
  }
  masks.start();
}

/** Some masks that nobody sees, unless one is waited for: the first of all takes several times as long. */
async function warmUp(of) {
  const middle = { positive: [[of.width / 2, of.height / 2]], negative: [] };
  for (let i = 0; i < WARMING_UP && !warm && of === session && !masks.wanted; i++) {
    await server.mask(of.number, active, { [active]: middle }, "preview");
  }
  warm ||= of === session;
}

/** After every change of prompts: list, canvas, progress. */
function refresh() {
  bones.update(session?.bones ?? {}, active);
  $("undo").disabled = !session?.past.length;
  $("redo").disabled = !session?.future.length;
  if (!session) return;
  view.setAnnotations(session.bones, active, colours);
  list.update(session.number, folder.bones.map(b => b.name).filter(name => session.bones[name]));
}

/** The prompts are others than before. */
function showReplaced() {
  cancelDrag();
  refresh();
  folder.bones.forEach(bone => masks.changed(bone.name));
}

function select(bone) {
  active = bone;
  refresh();
  if (!session) return;
  masks.select(active);
  say(`${bone}: ${session.bones[bone] ? "go on" : "click on the bone, right-click beside it"}.`);
}

function showMask(bone, mask, quality, ms) {
  const of = bone === "hover" ? active : bone;
  view.setMask(bone, mask, colours[of], quality);
  if (bone === "hover") return;
  bones.note(bone, mask ? quality : "", mask?.flags ?? []);
  if (mask) {
    say(quality === "preview" ? `${bone}: first mask in ${Math.round(ms)} ms.`
      : `${bone}: ${mask.area} pixels, stability ${mask.stability.toFixed(2)}`
        + (mask.flags.length ? `; look at: ${mask.flags.join(", ")}.` : "."));
  }
}

/** Makes a change of a bone, which the session may refuse. */
function change(bone, make, text) {
  let done = false;
  try {
    done = make();
  } catch (error) {
    say(error.message, true);
  }
  refresh();      // a change that was not made is not shown either
  if (!done) return;
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

function addPoint(kind, point) {
  if (kind === "negative" && !session.bones[active]) {
    say(`${active}: begin with a positive point on the bone (left click).`, true);
    return;
  }
  change(active, () => session.changeBone(`${kind} point`, active, bone => bone[kind].push(session.within(point))));
}

function removePoint(found) {
  change(active, () => session.changeBone("remove point", active, bone => bone[found.kind].splice(found.index, 1)));
}

// ---- mouse

function place(event) {
  const box = $("view").getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

const cursor = () => pointer && view.toImage(...pointer);

$("view").addEventListener("pointerdown", event => {
  if (!session || drag || !event.isPrimary) return;
  $("view").setPointerCapture(event.pointerId);
  pointer = place(event);
  if (event.button === 1 || space) drag = { kind: "pan", at: pointer };
  else if (event.button !== 0 && event.button !== 2) return;
  else if (tool === "points") beginPoint(event, cursor());
  else beginStroke(event, cursor());
  event.preventDefault();
  $("view").focus();
});

function beginPoint(event, point) {
  const found = nearest(point);
  if (found && event.shiftKey) removePoint(found);
  else if (found && event.button === 0) drag = { kind: "point", bone: active, found };
  else if (!found && view.contains(point)) addPoint(event.button === 2 ? "negative" : "positive", point);
}

function beginStroke(event, point) {
  if (!session.bones[active]) {
    say(`${active}: place a positive point first; strokes are drawn over its mask.`, true);
    return;
  }
  const used = event.button === 2 ? (tool === "brush" ? "eraser" : "brush") : tool;
  const path = new StrokePath(radius(), session.within(point));
  drag = { kind: "stroke", bone: active, tool: used, path };
  view.brush = { path, colour: used === "brush" ? colours[active] : "#000" };
  view.draw();
}

$("view").addEventListener("pointermove", event => {
  if (!session || !event.isPrimary) return;
  pointer = place(event);
  const at = cursor();
  showPosition();
  if (drag?.kind === "pan") {
    view.pan(pointer[0] - drag.at[0], pointer[1] - drag.at[1]);
    drag.at = pointer;
  } else if (drag?.kind === "stroke") {
    drag.path.add(session.within(at));
    view.draw();
  } else if (drag?.kind === "point") {
    drag.to = session.within(at);
    const shown = structuredClone(session.bones);
    shown[drag.bone][drag.found.kind][drag.found.index] = drag.to;
    view.setAnnotations(shown, active, colours);
  } else if (tool === "points" && $("hover").checked && view.contains(at) && !nearest(at) && session.bones[active]) {
    masks.hover(session.within(at));
  } else if (masks.hovered || view.masks.has("hover")) {
    masks.leave();
  }
});

$("view").addEventListener("pointerup", event => {
  if (!event.isPrimary) return;
  const done = drag;
  drag = null;
  view.brush = null;
  if (done?.kind === "stroke") {
    const { bone, tool: used, path } = done;
    change(bone, () => session.changeBone(used, bone, prompt => {
      prompt.strokes ??= [];
      prompt.strokes.push({ tool: used, radius: path.radius, points: path.end() });
    }));
  } else if (done?.kind === "point" && done.to) {
    change(done.bone, () => session.changeBone("move point", done.bone, prompt => {
      prompt[done.found.kind][done.found.index] = done.to;
    }));
  }
});

/** Gives up what is being drawn or moved. */
function cancelDrag() {
  drag = null;
  view.brush = null;
  if (session) refresh();
}

for (const lost of ["pointercancel", "lostpointercapture"]) {
  $("view").addEventListener(lost, () => drag && cancelDrag());
}
window.addEventListener("blur", () => { space = false; });

$("view").addEventListener("pointerleave", () => {
  pointer = null;
  showPosition();
  if (session) masks.leave();
});
$("view").addEventListener("contextmenu", event => event.preventDefault());
$("view").addEventListener("wheel", event => {
  if (!session) return;
  view.zoom(Math.exp(-event.deltaY / 400), ...place(event));
  showPosition();
  event.preventDefault();
}, { passive: false });

function showPosition() {
  const at = cursor() && view.contains(cursor()) ? cursor() : view.crosshair;
  $("position").textContent = at ? `x ${Math.floor(at[0])}, y ${Math.floor(at[1])}, level ${view.sampleAt(at)}` : "";
}

// ---- brush, buttons

const radius = () => Number($("radius").value);
const showRadius = () => { $("radius-value").textContent = `${radius()} pixels`; };
$("radius").addEventListener("input", showRadius);

function setTool(name) {
  tool = name;
  document.querySelector(`input[name=tool][value=${name}]`).checked = true;
  if (session) masks.leave();
}
document.querySelectorAll("input[name=tool]").forEach(input => {
  input.addEventListener("change", () => setTool(input.value));
});

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
  change(active, () => session.change(`clear ${active}`, prompts => { delete prompts[active]; }), `${active} cleared.`);
}

function replaceAll(label, given) {
  session.change(label, prompts => {
    for (const name of Object.keys(prompts)) delete prompts[name];
    Object.assign(prompts, given);
  });
  showReplaced();
}

async function automatic() {
  if ($("auto").disabled) return;
  const of = session;
  say("Looking for the bones …");
  $("auto").disabled = true;
  try {
    const placed = await server.automatic(of.number);
    if (of !== session) return;
    replaceAll("automatic prompts", placed.bones);
    const { notes } = placed;
    say(notes.length ? `Look at: ${notes.join("; ")}.` : "All seven bones placed; look at each of them.");
  } catch (error) {
    if (of === session) say(error.message, true);
  } finally {
    $("auto").disabled = false;
  }
}

function askCopy() {
  const others = folder.images.map((image, n) => ({ ...image, n }))
    .filter(image => image.bones.length > 0 && image.n !== session.number && list.matches(image.n));
  if (others.length > 0) copyDialog.show(others);
  else say("No other radiograph in the list has prompts yet.");
}

function copyFrom(image) {
  replaceAll(`copy from ${image.file}`, session.scaled(image));
  say(`Copied from ${image.file}; drag the points into place.`);
}

// ---- keys

function moveCrosshair(dx, dy, event) {
  const step = event.shiftKey ? 1 : Math.max(1, 12 / view.scale);
  const [x, y] = view.crosshair ?? [session.width / 2, session.height / 2];
  view.crosshair = session.within([x + dx * step, y + dy * step]);
  pointer = null;
  showPosition();
  view.draw();
}

function removeNearest() {
  const at = cursor() ?? view.crosshair;
  const found = at && nearest(at);
  if (found) removePoint(found);
  else say("No point of this bone is here.");
}

/** About the middle of the canvas. */
function zoom(factor) {
  view.zoom(factor, $("view").clientWidth / 2, $("view").clientHeight / 2);
  showPosition();
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
  w: () => levels.reset(),
  x: clearBone,
  a: automatic,
  c: askCopy,
  "[": () => { $("radius").value = radius() - 1; showRadius(); },
  "]": () => { $("radius").value = radius() + 1; showRadius(); },
  "+": () => zoom(1.25),
  "-": () => zoom(0.8),
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
  if (drag) {       // a key must not change what is being dragged
    if (event.key === "Escape") cancelDrag();
    return;
  }
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const written = event.getModifierState("AltGraph");      // how some keyboards write [ and ]
  if (!written && (event.altKey || (event.ctrlKey || event.metaKey) && key !== "z" && key !== "y")) return;
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
  fit: () => view.fit(), "window-reset": () => levels.reset() };
for (const [id, action] of Object.entries(BUTTONS)) $(id).onclick = () => session && action();
$("export").onclick = () => showExportDialog(() => session?.saved());
$("help-button").onclick = () => $("help").showModal();

// ---- begin

try {
  folder = await server.images();
  colours = Object.fromEntries(folder.bones.map(bone => [bone.name, bone.colour]));
  bones = new BoneList(folder.bones, select);
  list = new ImageList(folder, open);
  showRadius();
  await open(0);
} catch (error) {
  say(error.message, true);
}
