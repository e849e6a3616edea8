// Asks for masks: a quick one after every change and under the cursor, only the newest counts; one in full quality
// when nothing has changed for a moment.

import { server } from "./server.js";

const QUIET = 900;
const HOVER = "hover";
const MOST = 300;

export class Masks {
  /** @param onMask is told (bone, mask, quality), mask null when there is none any more; onError (message) */
  constructor(onMask, onError) {
    this.onMask = onMask;
    this.onError = onError;
    this.idle = [];
    this.close();
  }

  /** Begins anew with another radiograph, once it is shown; masks are asked for from start() on. */
  open(session, active) {
    this.close();
    this.session = session;
    this.active = active;
    this.quick = new Set(Object.keys(session.bones));
    this.full = new Set(this.quick);
  }

  /** The encoder has seen the radiograph. */
  start() {
    this.started = true;
    this.pumpQuick();
  }

  /** No radiograph is shown any more. */
  close() {
    clearTimeout(this.timer);
    this.session = null;
    this.started = false;
    this.versions = {};
    this.quick = new Set();
    this.full = new Set();
    this.hovered = null;
    this.changedAt = 0;
  }

  /** Whether there is a mask to make before all others. */
  get wanted() {
    return this.quick.size > 0;
  }

  select(active) {
    this.active = active;
    this.leave();
  }

  /** The prompt of a bone has changed. */
  changed(bone) {
    this.versions[bone] = (this.versions[bone] ?? 0) + 1;
    this.changedAt = performance.now();
    this.quick.delete(bone);
    this.full.delete(bone);
    if (this.session.bones[bone]) {
      this.quick.add(bone);
      this.full.add(bone);
    } else {
      this.onMask(bone, null);
    }
    this.leave();
    this.pumpQuick();
  }

  /** What a positive point here would give. */
  hover(point) {
    this.hovered = { point, bone: this.active };
    this.pumpQuick();
  }

  leave() {
    this.hovered = null;
    this.onMask(HOVER, null);
  }

  async pumpQuick() {
    if (this.quickBusy) return;
    this.quickBusy = true;
    while (this.started && (this.quick.size > 0 || this.hovered)) {
      const session = this.session;
      if (this.quick.size > 0) {
        const bone = this.quick.has(this.active) ? this.active : this.quick.values().next().value;
        this.quick.delete(bone);
        await this.ask(session, bone, session.bones, "preview", bone);
      } else {
        const { point, bone } = this.hovered;
        const now = this.hovered;
        const was = session.bone(bone);
        const bones = { ...session.bones, [bone]: { ...was, positive: [...was.positive, point] } };
        await this.ask(session, bone, bones, "preview", HOVER, () => this.hovered !== null);
        if (this.hovered === now) this.hovered = null;
      }
    }
    this.quickBusy = false;
    this.idle.splice(0).forEach(tell => tell());
    this.wait();
  }

  /** Kept when no quick mask is being made, or after a moment: somebody may hover for long. */
  whenIdle() {
    return new Promise(tell => {
      // what has been changed just now is asked for in this turn of events
      setTimeout(() => {
        if (!this.quickBusy) return tell();
        this.idle.push(tell);
        setTimeout(tell, MOST);
      });
    });
  }

  wait() {
    clearTimeout(this.timer);
    if (this.started && this.full.size > 0) {
      this.timer = setTimeout(() => this.pumpFull(), Math.max(0, this.changedAt + QUIET - performance.now()));
    }
  }

  async pumpFull() {
    if (this.fullBusy) return;
    this.fullBusy = true;
    while (this.started && this.full.size > 0 && !this.quickBusy && performance.now() >= this.changedAt + QUIET) {
      const bone = this.full.has(this.active) ? this.active : this.full.values().next().value;
      this.full.delete(bone);
      await this.ask(this.session, bone, this.session.bones, "final", bone);
    }
    this.fullBusy = false;
    if (!this.quickBusy) this.wait();
  }

  /** An answer that has been overtaken, by a change or another radiograph, is dropped. */
  async ask(session, bone, bones, quality, layer, wanted = () => true) {
    const version = this.versions[bone];
    try {
      const start = performance.now();
      const mask = await server.mask(session.number, bone, bones, quality);
      if (session === this.session && version === this.versions[bone] && wanted()) {
        this.onMask(layer, mask, quality, performance.now() - start);
      }
    } catch (error) {
      if (session === this.session) this.onError(error.message);
    }
  }
}
