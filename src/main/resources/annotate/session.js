// The prompts of one radiograph with their history, saved after every change.

import { server } from "./server.js";

const copy = bones => structuredClone(bones);

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
  }

  /** A bone as it is, or empty. */
  bone(name) {
    return this.bones[name] ?? { positive: [], negative: [] };
  }

  /** Makes a change that can be undone; without a positive point a bone has no prompt. */
  change(label, edit) {
    const before = copy(this.bones);
    edit(this.bones);
    for (const [name, bone] of Object.entries(this.bones)) {
      if (bone.positive.length === 0) delete this.bones[name];
    }
    if (JSON.stringify(before) === JSON.stringify(this.bones)) return false;
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
    this.onSaved("saving");
    const version = (this.version = (this.version ?? 0) + 1);
    this.saving = this.saving.then(async () => {
      await this.turn();
      if (version !== this.version) return;
      try {
        this.revision = (await server.save(this.number, this.revision, this.bones)).revision;
        if (version === this.version) this.onSaved("saved");
      } catch (error) {
        this.onSaved(error);
      }
    });
    return this.saving;
  }
}
