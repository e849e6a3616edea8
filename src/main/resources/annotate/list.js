// The list of radiographs with what is done of each. Folders may have tens of thousands, so nothing that is done for
// one of them looks at all.

const $ = id => document.getElementById(id);

export class ImageList {
  /** @param folder images and bones as the server lists them; open is told the number of the chosen one */
  constructor(folder, open) {
    this.folder = folder;
    this.open = open;
    this.current = -1;
    this.goal = -1;
    this.begun = 0;
    this.bones = 0;
    this.rows = folder.images.map((image, n) => this.row(image, n));
    const all = document.createDocumentFragment();
    for (const row of this.rows) all.append(row);
    $("images").replaceChildren(all);
    this.showProgress();
    $("filter").addEventListener("input", () => this.filter());
  }

  row(image, n) {
    const row = document.createElement("li");
    const button = document.createElement("button");
    const name = document.createElement("span");
    name.textContent = image.file;
    const dots = document.createElement("span");
    dots.className = "dots";
    button.title = image.file;
    button.append(name, dots);
    button.onclick = () => this.go(n);
    row.append(button);
    this.showBones(dots, image.bones);
    this.count(image.bones, 1);
    return row;
  }

  count(bones, by) {
    this.begun += bones.length > 0 ? by : 0;
    this.bones += by * bones.length;
  }

  /** The bones of an image have changed. */
  update(n, bones) {
    const image = this.folder.images[n];
    this.count(image.bones, -1);
    image.bones = bones;
    this.count(bones, 1);
    this.showBones(this.rows[n].querySelector(".dots"), bones);
    this.showProgress();
  }

  showBones(dots, bones) {
    const has = new Set(bones);
    if (has.size === 0) {
      dots.textContent = "○".repeat(this.folder.bones.length);
    } else {
      dots.replaceChildren(...this.folder.bones.map(bone => {
        const dot = document.createElement("i");
        dot.style.color = has.has(bone.name) ? bone.colour : "";
        dot.textContent = has.has(bone.name) ? "●" : "○";
        return dot;
      }));
    }
    dots.setAttribute("aria-label", `${has.size} of ${this.folder.bones.length} bones`);
  }

  showProgress() {
    const { begun, bones, rows: { length } } = this;
    $("progress").max = length;
    $("progress").value = begun;
    $("progress-text").textContent = `${begun} of ${length} radiographs, ${bones} ${bones === 1 ? "bone" : "bones"}`;
  }

  /** Marks an image as the open one. */
  select(n) {
    this.rows[this.current]?.firstChild.removeAttribute("aria-current");
    this.current = this.goal = n;
    this.rows[n].firstChild.setAttribute("aria-current", "true");
    this.rows[n].scrollIntoView({ block: "nearest" });
  }

  filter() {
    const wanted = $("filter").value.toLowerCase();
    this.folder.images.forEach((image, n) => {
      this.rows[n].hidden = !image.file.toLowerCase().includes(wanted);
    });
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
    while (this.rows[n]?.hidden) n += by;
    if (!this.rows[n]) return false;
    this.go(n);
    return true;
  }
}
