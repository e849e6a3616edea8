// The sliders of the window: which levels of the radiograph are black, and which white.

const $ = id => document.getElementById(id);

export class Levels {
  constructor(view) {
    this.view = view;
    for (const slider of ["level", "width"]) {
      $(slider).addEventListener("input", () => {
        if (!view.samples) return;
        view.setWindow(Number($("level").value), Number($("width").value));
        this.show();
      });
    }
  }

  /** The view's window, which has changed. */
  show() {
    const { range: { low, high }, largest, level, levelWidth } = this.view;
    $("level").min = $("width").min = 0;
    $("level").max = largest;
    $("width").max = 2 * largest;
    $("level").value = level;
    $("width").value = levelWidth;
    $("level-value").textContent = `${Math.round(level)}`;
    $("width-value").textContent = `${Math.round(levelWidth)} (image ${low} – ${high})`;
  }

  /** From the radiograph's darkest to its brightest. */
  reset() {
    this.view.levels();
    this.show();
  }
}
