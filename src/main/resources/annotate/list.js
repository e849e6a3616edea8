// The list of radiographs with what is done of each.

const $ = id => document.getElementById(id);

export class ImageList {
  /** @param folder images and bones as the server lists them; open is told the number of the chosen one */
  constructor(folder, open) {
    this.folder = folder;
    this.open = open;
    this.current = -1;
    $("images").replaceChildren(...folder.images.map((image, n) => this.row(image, n)));
    folder.images.forEach((_, n) => this.showBones(n));
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
    button.onclick = () => this.open(n);
    row.append(button);
    return row;
  }

  /** The bones of an image have changed. */
  update(n, bones) {
    this.folder.images[n].bones = bones;
    this.showBones(n);
  }

  showBones(n) {
    const has = new Set(this.folder.images[n].bones);
    const dots = $("images").children[n].querySelector(".dots");
    dots.replaceChildren(...this.folder.bones.map(bone => {
      const dot = document.createElement("i");
      dot.style.color = has.has(bone.name) ? bone.colour : "";
      dot.textContent = has.has(bone.name) ? "●" : "○";
      return dot;
    }));
    dots.setAttribute("aria-label", `${has.size} of ${this.folder.bones.length} bones`);
    this.showProgress();
  }

  showProgress() {
    const images = this.folder.images;
    const begun = images.filter(image => image.bones.length > 0).length;
    const bones = images.reduce((sum, image) => sum + image.bones.length, 0);
    $("progress").max = images.length;
    $("progress").value = begun;
    $("progress-text").textContent = `${begun} of ${images.length} radiographs, ${bones} ${bones === 1 ? "bone" : "bones"}`;
  }

  /** Marks an image as the open one. */
  select(n) {
    $("images").children[this.current]?.firstChild.removeAttribute("aria-current");
    this.current = n;
    $("images").children[n].firstChild.setAttribute("aria-current", "true");
    $("images").children[n].scrollIntoView({ block: "nearest" });
  }

  filter() {
    const wanted = $("filter").value.toLowerCase();
    this.folder.images.forEach((image, n) => {
      $("images").children[n].hidden = !image.file.toLowerCase().includes(wanted);
    });
  }

  /** Opens the next (1) or the previous (−1) of those shown; false when there is none. */
  step(by) {
    const rows = $("images").children;
    let n = this.current + by;
    while (rows[n]?.hidden) n += by;
    if (!rows[n]) return false;
    this.open(n);
    return true;
  }
}
