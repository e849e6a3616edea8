// The prompts of one radiograph with their history, saved after every change.

import { server } from "./server.js";

const copy = bones => structuredClone(bones);
const tenth = pixels => Math.floor(pixels * 10) / 10;

// The server takes a mebibyte (Guard.java); what is around the prompts needs little.
const LARGEST = (1 << 20) - 4096;

export class Session {
  /**
   * @param onSaved is told "saved", "saving" or an error
   * @param turn gives a promise that is kept when there is nothing more urgent than saving
   */
  constructor(number, image, onSaved, turn) {
    this.number = number;
    this.file = image.file;
    this.width = image.width;
    this.height = image.height;
    this.bits = image.bits;
    this.bones = image.bones;
    this.revision = image.revision;
    this.past = [];
    this.future = [];
    this.onSaved = onSaved;
    this.turn = turn;
    this.saving = Promise.resolve();
    this.version = 0;
    this.settle(this.bones);
  }

  /** Whether there are changes that the server does not have yet. */
  get unsaved() {
    return this.version !== this.savedVersion;
  }

  /** A bone as it is, or empty. */
  bone(name) {
    return this.bones[name] ?? { positive: [], negative: [] };
  }

  /** The nearest place in the radiograph, to a tenth of a pixel, as the prompts file has it. */
  within([x, y]) {
    return [tenth(Math.max(0, Math.min(this.width - 0.1, x))), tenth(Math.max(0, Math.min(this.height - 0.1, y)))];
  }

  /** The points of another radiograph in the size of this one; its strokes are not taken over. */
  scaled(image) {
    const moved = list => (list ?? []).map(([x, y]) =>
      this.within([x * this.width / image.width, y * this.height / image.height]));
    return Object.fromEntries(Object.entries(image.bones).map(([name, { positive, negative }]) =>
      [name, { positive: moved(positive), negative: moved(negative) }]));
  }

  /**
   * Makes a change that can be undone; without a positive point a bone has no prompt. False when nothing changes;
   * throws, and leaves all as it was, when the prompts would become larger than the server takes.
   */
  change(label, edit) {
    const before = copy(this.bones);
    edit(this.bones);
    for (const [name, bone] of Object.entries(this.bones)) {
      if (bone.positive.length === 0) delete this.bones[name];
    }
    const now = JSON.stringify(this.bones);
    if (JSON.stringify(before) === now) return false;
    if (now.length > LARGEST) {
      this.bones = before;
      throw new Error(`Not done (${label}): ${this.file} has too many strokes to be saved; undo some, or clear a bone`
        + " and brush it anew with fewer.");
    }
    this.past.push({ label, bones: before });
    this.future = [];
    this.save();
    return true;
  }

  changeBone(label, name, edit) {
    return this.change(label, bones => {
      bones[name] ??= { positive: [], negative: [] };
      bones[name].negative ??= [];
      edit(bones[name]);
    });
  }

  undo() {
    return this.step(this.past, this.future);
  }

  redo() {
    return this.step(this.future, this.past);
  }

  step(from, to) {
    const entry = from.pop();
    if (!entry) return null;
    to.push({ label: entry.label, bones: this.bones });
    this.bones = entry.bones;
    this.save();
    return entry.label;
  }

  /** One request at a time; what changes meanwhile goes with the next. The mask that a click waits for goes first. */
  save() {
    const version = ++this.version;
    this.onSaved("saving");
    this.saving = this.saving.then(async () => {
      await this.turn();
      if (version !== this.version) return;
      const sent = copy(this.bones);
      try {
        this.revision = (await server.save(this.number, this.revision, sent)).revision;
        this.failure = null;
        this.settle(sent, version);
        if (!this.unsaved) this.onSaved("saved");
      } catch (error) {
        this.failure = error;
        if (version === this.version) this.onSaved(error);
      }
    });
  }

  settle(bones, version = this.version) {
    this.savedBones = copy(bones);
    this.savedVersion = version;
  }

  /** Kept when no change is on its way to the server. */
  async idle() {
    let last;
    do {
      last = this.saving;
      await last;
    } while (last !== this.saving);
  }

  /** Kept when all changes are saved, those that could not be after one more try; else broken with the reason. */
  async saved() {
    if (this.failure) this.save();
    await this.idle();
    if (this.failure) throw this.failure;
  }

  /** After a conflict: saves what is here in the place of what the server has. */
  keep(image) {
    this.revision = image.revision;
    this.save();
  }

  /** After a conflict: goes on with what the server has; undo brings back what was here. */
  take(image) {
    this.revision = image.revision;
    this.replace("what was here", image.bones);
  }

  /** Goes back to what was saved last; undo brings back what was here. */
  discard() {
    this.replace("what was not saved", this.savedBones);
  }

  replace(label, bones) {
    this.past.push({ label, bones: this.bones });
    this.future = [];
    this.bones = copy(bones);
    this.version++;
    this.settle(this.bones);
    this.failure = null;
    this.onSaved("saved");
  }
}
