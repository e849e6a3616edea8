// The dialog that copies prompts from another radiograph.

import { server } from "./server.js";

const $ = id => document.getElementById(id);
const MOST = 500;

export class CopyDialog {
  /**
   * @param session gives the one that is open, or null
   * @param onChosen is told the radiograph to copy from, with its prompts; onError (message)
   */
  constructor(session, onChosen, onError) {
    this.session = session;
    this.onChosen = onChosen;
    this.onError = onError;
    $("copy-dialog").addEventListener("close", () => this.closed());
  }

  /** @param others radiographs with prompts, with their numbers as n, at least one */
  show(others) {
    const { number } = this.session();
    const before = Math.max(0, others.findLastIndex(image => image.n < number));
    const first = Math.max(0, Math.min(before - MOST / 2, others.length - MOST));
    const near = others.slice(first, first + MOST);
    const options = document.createDocumentFragment();
    for (const { file, bones, n } of near) options.append(new Option(`${file} (${bones.length} bones)`, n));
    $("copy-from").replaceChildren(options);
    $("copy-from").value = others[before].n;
    $("copy-note").textContent = near.length < others.length
      ? `The nearest ${near.length} of ${others.length}; filter the list by name to choose among others.` : "";
    $("copy-dialog").returnValue = "";      // some browsers keep what was chosen last when Escape closes it
    $("copy-dialog").showModal();
  }

  async closed() {
    const of = this.session();
    if ($("copy-dialog").returnValue !== "copy" || !$("copy-from").value) return;
    try {
      const from = await server.image(Number($("copy-from").value));
      if (of === this.session()) this.onChosen(from);
    } catch (error) {
      if (of === this.session()) this.onError(error.message);
    }
  }
}
