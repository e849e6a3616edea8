// What is said of saving: at the foot of the page, and above the radiograph, with the ways out, when it fails.

import { server } from "./server.js";

const $ = id => document.getElementById(id);
const CONFLICT = 409;

export class Saving {
  /**
   * @param session gives the one that is open, or null
   * @param onReplaced is told when its prompts may be others than before
   */
  constructor(session, onReplaced) {
    this.session = session;
    this.onReplaced = onReplaced;
    $("save-again").onclick = () => this.session().save();
    $("save-mine").onclick = () => this.settle(async of => {
      const image = await server.image(of.number);
      return () => of.keep(image);
    });
    $("take-theirs").onclick = () => this.settle(async of => {
      const image = await server.image(of.number);
      return () => of.take(image);
    });
    $("discard").onclick = () => this.settle(async of => () => of.discard());
    window.addEventListener("beforeunload", event => {
      if (this.session()?.unsaved) event.preventDefault();
    });
  }

  /** @param state "saved", "saving" or an error */
  show(state) {
    const failed = state instanceof Error;
    $("saved").textContent = failed ? "Not saved" : state === "saved" ? "Saved" : "Saving …";
    $("saved").classList.toggle("error", failed);
    if (state === "saving") return;     // a notice stays until it is clear how this try ends
    $("unsaved").hidden = !failed;
    if (!failed) return;
    const conflict = state.status === CONFLICT;
    $("unsaved-reason").textContent = `Not saved: ${state.message}. The changes are kept here, and this radiograph`
      + " stays open until they are saved or given up.";
    for (const id of ["save-mine", "take-theirs"]) $(id).hidden = !conflict;
    $("discard").hidden = conflict;
  }

  /** Ends what is wrong in the way that is prepared, unless it has ended meanwhile. */
  async settle(prepare) {
    const of = this.session();
    try {
      const end = await prepare(of);
      await of.idle();
      if (of !== this.session() || !of.failure) return;
      end();
      this.onReplaced();
    } catch (error) {
      if (of === this.session()) this.show(error);
    }
  }
}
