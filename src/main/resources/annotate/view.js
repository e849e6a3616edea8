// The canvas: radiograph in a window of its levels, masks, points, crosshair. Coordinates are the image's pixels.

const POINT = 6;

export class View {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.scale = 1;
    this.x = 0;
    this.y = 0;
    this.masks = new Map();
    this.showMasks = true;
    this.crosshair = null;
    this.brush = null;
    new ResizeObserver(() => this.resize()).observe(canvas);
  }

  /** @param samples one number for each pixel, row by row */
  setImage(width, height, samples, bits) {
    this.width = width;
    this.height = height;
    this.samples = samples;
    this.largest = 2 ** bits - 1;
    this.picture = new OffscreenCanvas(width, height);
    this.masks.clear();
    this.levels();
    this.fit();
  }

  /** Shows nothing. */
  clear() {
    this.picture = this.samples = this.annotations = this.crosshair = this.brush = null;
    this.fitted = false;
    this.masks.clear();
    this.draw();
  }

  /** The lowest and the highest level, but for one sample in a thousand on either side. */
  levels() {
    const counts = new Uint32Array(this.largest + 1);
    for (const sample of this.samples) counts[sample]++;
    const few = this.samples.length / 1000;
    let low = 0;
    let high = this.largest;
    for (let below = counts[low]; below <= few && low < high - 1; below += counts[low]) low++;
    for (let above = counts[high]; above <= few && high > low + 1; above += counts[high]) high--;
    this.range = { low, high };
    this.setWindow((low + high) / 2, high - low);
  }

  /** Levels from level − width/2 (black) to level + width/2 (white). */
  setWindow(level, width) {
    this.level = level;
    this.levelWidth = Math.max(1, width);
    const low = level - this.levelWidth / 2;
    const table = new Uint32Array(this.largest + 1);
    for (let i = 0; i <= this.largest; i++) {
      const grey = Math.max(0, Math.min(255, Math.round((i - low) / this.levelWidth * 255)));
      table[i] = 0xff000000 | grey << 16 | grey << 8 | grey;
    }
    const image = new ImageData(this.width, this.height);
    const pixels = new Uint32Array(image.data.buffer);
    for (let i = 0; i < pixels.length; i++) pixels[i] = table[this.samples[i]];
    this.picture.getContext("2d").putImageData(image, 0, 0);
    this.pictureVersion = (this.pictureVersion ?? 0) + 1;
    this.draw();
  }

  /** @param mask runs as the server sends them; quality "preview" or "final" */
  setMask(bone, mask, colour, quality) {
    if (!mask) {
      this.masks.delete(bone);
    } else {
      this.masks.set(bone, { picture: maskPicture(mask, colour, quality), quality });
    }
    this.draw();
  }

  resize() {
    const ratio = window.devicePixelRatio || 1;
    this.canvas.width = Math.round(this.canvas.clientWidth * ratio);
    this.canvas.height = Math.round(this.canvas.clientHeight * ratio);
    this.ratio = ratio;
    if (this.fitted) this.fit();
    this.draw();
  }

  fit() {
    const w = this.canvas.clientWidth;
    const h = this.canvas.clientHeight;
    this.scale = Math.min(w / this.width, h / this.height) * 0.98;
    this.x = (w - this.scale * this.width) / 2;
    this.y = (h - this.scale * this.height) / 2;
    this.fitted = true;
    this.draw();
  }

  /** About a place on the canvas, which stays where it is. */
  zoom(factor, cx, cy) {
    const scale = Math.max(0.02, Math.min(40, this.scale * factor));
    this.x = cx - (cx - this.x) * scale / this.scale;
    this.y = cy - (cy - this.y) * scale / this.scale;
    this.scale = scale;
    this.fitted = false;
    this.draw();
  }

  pan(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.fitted = false;
    this.draw();
  }

  toImage(cx, cy) {
    return [(cx - this.x) / this.scale, (cy - this.y) / this.scale];
  }

  toCanvas([x, y]) {
    return [this.x + x * this.scale, this.y + y * this.scale];
  }

  contains([x, y]) {
    return this.samples && x >= 0 && y >= 0 && x < this.width && y < this.height;
  }

  sampleAt([x, y]) {
    return this.samples[Math.floor(y) * this.width + Math.floor(x)];
  }

  /** What there is to draw beside picture and masks: bones with points, the active one's name, the colours. */
  setAnnotations(bones, active, colours) {
    this.annotations = { bones, active, colours };
    this.draw();
  }

  draw() {
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => {
      this.pending = false;
      this.paint();
    });
  }

  paint() {
    const c = this.context;
    c.setTransform(1, 0, 0, 1, 0, 0);
    c.clearRect(0, 0, this.canvas.width, this.canvas.height);
    if (!this.picture) return;
    c.drawImage(this.backdrop(), 0, 0);
    c.setTransform(this.ratio || 1, 0, 0, this.ratio || 1, 0, 0);
    c.imageSmoothingEnabled = this.scale < 3;
    c.imageSmoothingQuality = "low";
    if (this.showMasks) {
      const w = this.width * this.scale;
      const h = this.height * this.scale;
      for (const mask of this.masks.values()) c.drawImage(mask.picture, this.x, this.y, w, h);
    }
    this.paintPoints(c);
    this.paintBrush(c);
    this.paintCrosshair(c);
  }

  /** The radiograph at the canvas's size; scaling it takes longer than all the rest, so it is kept while it stays. */
  backdrop() {
    const { width, height } = this.canvas;
    const key = [width, height, this.x, this.y, this.scale, this.ratio, this.pictureVersion].join();
    if (this.backdropKey !== key) {
      this.backdropKey = key;
      this.backdropCanvas = new OffscreenCanvas(width, height);
      const c = this.backdropCanvas.getContext("2d");
      c.setTransform(this.ratio || 1, 0, 0, this.ratio || 1, 0, 0);
      c.imageSmoothingEnabled = this.scale < 3;
      c.imageSmoothingQuality = "high";
      c.drawImage(this.picture, this.x, this.y, this.width * this.scale, this.height * this.scale);
    }
    return this.backdropCanvas;
  }

  paintPoints(c) {
    if (!this.annotations) return;
    const { bones, active, colours } = this.annotations;
    for (const [name, bone] of Object.entries(bones)) {
      c.globalAlpha = name === active ? 1 : 0.45;
      for (const point of bone.positive) dot(c, this.toCanvas(point), colours[name]);
      for (const point of name === active ? bone.negative ?? [] : []) cross(c, this.toCanvas(point), colours[name]);
      const [x, y] = this.toCanvas(bone.positive[Math.floor(bone.positive.length / 2)]);
      c.font = "600 13px system-ui";
      c.lineWidth = 3;
      c.strokeStyle = "#000b";
      c.strokeText(name, x + 9, y + 4);
      c.fillStyle = colours[name];
      c.fillText(name, x + 9, y + 4);
    }
    c.globalAlpha = 1;
  }

  paintBrush(c) {
    if (!this.brush) return;
    const { path: { points, radius }, colour } = this.brush;
    c.strokeStyle = colour;
    c.globalAlpha = 0.5;
    c.lineWidth = 2 * radius * this.scale;
    c.lineCap = c.lineJoin = "round";
    c.beginPath();
    points.forEach((p, i) => (i === 0 ? c.moveTo(...this.toCanvas(p)) : c.lineTo(...this.toCanvas(p))));
    if (points.length === 1) c.lineTo(...this.toCanvas(points[0]));
    c.stroke();
    c.globalAlpha = 1;
  }

  paintCrosshair(c) {
    if (!this.crosshair) return;
    const [x, y] = this.toCanvas(this.crosshair);
    c.strokeStyle = "#fff";
    c.lineWidth = 1;
    c.beginPath();
    c.moveTo(x - 14, y + 0.5);
    c.lineTo(x + 14, y + 0.5);
    c.moveTo(x + 0.5, y - 14);
    c.lineTo(x + 0.5, y + 14);
    c.stroke();
  }
}

function dot(c, [x, y], colour) {
  c.beginPath();
  c.arc(x, y, POINT, 0, 2 * Math.PI);
  c.fillStyle = colour;
  c.fill();
  c.lineWidth = 1.5;
  c.strokeStyle = "#fff";
  c.stroke();
}

function cross(c, [x, y], colour) {
  c.beginPath();
  c.moveTo(x - POINT + 1, y - POINT + 1);
  c.lineTo(x + POINT - 1, y + POINT - 1);
  c.moveTo(x - POINT + 1, y + POINT - 1);
  c.lineTo(x + POINT - 1, y - POINT + 1);
  c.lineWidth = 5;
  c.strokeStyle = "#fff";
  c.stroke();
  c.lineWidth = 2.5;
  c.strokeStyle = colour;
  c.stroke();
}

/** The mask as a picture: lightly filled, its edge strong, and dashed while it is a preview. */
function maskPicture({ width, height, runs }, colour, quality) {
  const inside = new Uint8Array(width * height);
  let at = 0;
  runs.forEach((run, i) => {
    if (i % 2 === 1) inside.fill(1, at, at + run);
    at += run;
  });
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const [r, g, b] = [1, 3, 5].map(i => parseInt(colour.slice(i, i + 2), 16));
  const rgb = b << 16 | g << 8 | r;
  const fill = (0x38 << 24 | rgb) >>> 0;
  const edge = (0xff << 24 | rgb) >>> 0;
  const thick = Math.max(1, Math.round(Math.max(width, height) / 900));
  const dash = 6 * thick;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      if (!inside[i]) continue;
      const border = x < thick || y < thick || x >= width - thick || y >= height - thick
        || !inside[i - thick] || !inside[i + thick] || !inside[i - thick * width] || !inside[i + thick * width];
      const gap = quality === "preview" && Math.floor((x + y) / dash) % 2 === 1;
      pixels[i] = border && !gap ? edge : fill;
    }
  }
  const picture = new OffscreenCanvas(width, height);
  picture.getContext("2d").putImageData(image, 0, 0);
  return picture;
}
