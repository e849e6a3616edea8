// The bones with their points and what is said of their masks.

const counted = (n, what) => `${n} ${what}${n === 1 ? "" : "s"}`;

export class BoneList {
  /** @param bones with names and colours; select is told the name of the chosen one */
  constructor(bones, select) {
    this.rows = new Map(bones.map((bone, i) => [bone.name, row(bone, i + 1, select)]));
    document.getElementById("bones").replaceChildren(...[...this.rows.values()].map(button => {
      const item = document.createElement("li");
      item.append(button);
      return item;
    }));
  }

  /** @param prompts by name */
  update(prompts, active) {
    for (const [name, button] of this.rows) {
      const { positive, negative, strokes } = prompts[name] ?? {};
      button.setAttribute("aria-pressed", String(name === active));
      button.querySelector(".points").textContent = positive
        ? `${positive.length} + ${(negative ?? []).length} points`
          + (strokes?.length ? `, ${counted(strokes.length, "stroke")}` : "") : "";
    }
  }

  /** What a bone's mask is like: "preview", "final" or "", and what is doubtful about it. */
  note(name, quality, flags) {
    const button = this.rows.get(name);
    button.dataset.mask = quality;
    button.querySelector(".flags").textContent = flags.join(", ");
  }
}

function row(bone, number, select) {
  const button = document.createElement("button");
  button.dataset.bone = bone.name;
  const swatch = document.createElement("span");
  swatch.className = "swatch";
  swatch.style.background = bone.colour;
  const name = document.createElement("span");
  name.textContent = bone.name;
  const points = document.createElement("span");
  points.className = "note points";
  const key = document.createElement("kbd");
  key.textContent = String(number);
  const flags = document.createElement("span");
  flags.className = "flags";
  button.append(swatch, name, points, key, flags);
  button.onclick = () => select(bone.name);
  return button;
}
