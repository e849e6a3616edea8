// The list of radiographs with what is done of each. Folders may have tens of thousands: only the rows that are in
// sight are on the page, and what is done for one radiograph looks at no other.

const $ = id => document.getElementById(id);
const ROW = 44;
const AROUND = 10;

export class ImageList {
  /** @param folder images and bones as the server lists them; open is told the number of the chosen one */
  constructor(folder, open) {
    this.folder = folder;
    this.open = open;
    this.current = -1;
    this.goal = -1;
    this.begun = 0;
    this.bones = 0;
    this.rows = new Map();
    for (const image of folder.images) this.count(image.bones, 1);
    this.showProgress();
    $("images").replaceChildren();
    $("list").addEventListener("scroll", () => this.render());
    $("filter").addEventListener("input", () => this.filter());
    new ResizeObserver(() => this.render()).observe($("list"));
    this.filter();
  }

  count(bones, by) {
    this.begun += bones.length > 0 ? by : 0;
    this.bones += by * bones.length;
  }

  showProgress() {
    const { begun, bones, folder: { images: { length } } } = this;
    $("progress").max = length;
    $("progress").value = begun;
    $("progress-text").textContent = `${begun} of ${length} radiographs, ${bones} ${bones === 1 ? "bone" : "bones"}`;
  }

  /** Rows in sight and some around; one that stays is not touched, so that it keeps the focus. */
  render() {
    const list = $("images");
    const { scrollTop, clientHeight } = $("list");
    const first = Math.max(0, Math.floor(scrollTop / ROW) - AROUND);
    const numbers = this.shown.slice(first, Math.ceil((scrollTop + clientHeight) / ROW) + AROUND);
    const wanted = new Set(numbers);
    for (const [n, row] of this.rows) {
      if (!wanted.has(n)) {
        row.remove();
        this.rows.delete(n);
      }
    }
    let next = null;
    for (const n of numbers.reverse()) {
      if (!this.rows.has(n)) this.rows.set(n, this.row(n));
      const row = this.rows.get(n);
      if (row.parentNode !== list || row.nextSibling !== next) list.insertBefore(row, next);
      next = row;
    }
    list.style.paddingTop = `${first * ROW}px`;
    list.style.paddingBottom = `${(this.shown.length - first - numbers.length) * ROW}px`;
  }

  row(n) {
    const { file, bones } = this.folder.images[n];
    const row = document.createElement("li");
    row.style.height = `${ROW}px`;
    const button = document.createElement("button");
    const name = document.createElement("span");
    name.textContent = file;
    const dots = document.createElement("span");
    dots.className = "dots";
    button.title = file;
    if (n === this.current) button.setAttribute("aria-current", "true");
    button.append(name, dots);
    button.onclick = () => this.go(n);
    row.append(button);
    this.showBones(dots, bones);
    return row;
  }

  showBones(dots, bones) {
    const has = new Set(bones);
    dots.replaceChildren(...this.folder.bones.map(bone => {
      const dot = document.createElement("i");
      dot.style.color = has.has(bone.name) ? bone.colour : "";
      dot.textContent = has.has(bone.name) ? "●" : "○";
      return dot;
    }));
    dots.setAttribute("aria-label", `${has.size} of ${this.folder.bones.length} bones`);
  }

  /** The bones of an image have changed. */
  update(n, bones) {
    const image = this.folder.images[n];
    this.count(image.bones, -1);
    image.bones = bones;
    this.count(bones, 1);
    this.showProgress();
    if (this.rows.has(n)) this.showBones(this.rows.get(n).querySelector(".dots"), bones);
  }

  /** Marks an image as the open one. */
  select(n) {
    this.rows.get(this.current)?.firstChild.removeAttribute("aria-current");
    this.current = this.goal = n;
    this.rows.get(n)?.firstChild.setAttribute("aria-current", "true");
    this.reveal();
  }

  /** Scrolls as little as it takes for the open one to be in sight. */
  reveal() {
    const list = $("list");
    const at = this.shown.indexOf(this.current);
    if (at < 0) return;
    const lowest = (at + 1) * ROW - list.clientHeight;
    list.scrollTop = Math.min(at * ROW, Math.max(lowest, list.scrollTop));
    this.render();
  }

  matches(n) {
    return this.folder.images[n].file.toLowerCase().includes(this.wanted);
  }

  filter() {
    this.wanted = $("filter").value.toLowerCase();
    this.shown = Array.from(this.folder.images.keys()).filter(n => this.matches(n));
    $("list").scrollTop = 0;
    this.render();      // which makes the list as high as it has to be
    this.reveal();
  }

  go(n) {
    this.goal = n;
    this.open(n);
  }

  /** The image that was asked for is not opened. */
  stay() {
    this.goal = this.current;
  }

  /** Opens the next (1) or the previous (−1) of those shown, counted from the one asked for last; false if none. */
  step(by) {
    let n = this.goal + by;
    while (this.folder.images[n] && !this.matches(n)) n += by;
    if (!this.folder.images[n]) return false;
    this.go(n);
    return true;
  }
}
