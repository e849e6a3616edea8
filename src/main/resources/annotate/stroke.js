// A line being drawn. Points nearer to each other than a part of its radius carry nothing, and are left out.

const PART = 4;
const MOST = 2000;

export class StrokePath {
  /** @param radius of brush or eraser, in pixels of the image */
  constructor(radius, first) {
    this.radius = radius;
    this.spacing = radius / PART;
    this.points = [first];
    this.newest = first;
  }

  add(point) {
    this.newest = point;
    if (distance(point, this.points.at(-1)) >= this.spacing) this.points.push(point);
    if (this.points.length === MOST) this.thin();
  }

  /** However long a line is, it has a bounded number of points: every second one goes, and new ones are wider apart. */
  thin() {
    this.spacing *= 2;
    this.points = this.points.filter((_, i) => i % 2 === 0);
  }

  /** All points, the last one as well. */
  end() {
    if (this.points.at(-1) !== this.newest) this.points.push(this.newest);
    return this.points;
  }
}

function distance(a, b) {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}
