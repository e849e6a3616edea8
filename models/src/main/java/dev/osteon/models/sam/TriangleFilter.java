package dev.osteon.models.sam;

/**
 * Resampling of a line of 8-bit samples: output i is the weighted mean of inputs around (i + ½) · scale, with weights
 * falling linearly to 0 at a distance of max(1, scale), scale = inputs / outputs. In fixed point, as Pillow does it.
 *
 * @param first  first input of each output
 * @param weight its weights in 2⁻²²; they sum up to about 2²²
 */
record TriangleFilter(int[] first, int[][] weight) {

    private static final int BITS = 22;

    static TriangleFilter of(int inputs, int outputs) {
        double scale = (double) inputs / outputs;
        double support = Math.max(1, scale);
        int[] first = new int[outputs];
        int[][] weight = new int[outputs][];
        for (int i = 0; i < outputs; i++) {
            double centre = (i + 0.5) * scale;
            int from = Math.max(0, (int) (centre - support + 0.5));
            int to = Math.min(inputs, (int) (centre + support + 0.5));
            double[] w = new double[to - from];
            double sum = 0;
            for (int k = 0; k < w.length; k++) {
                w[k] = Math.max(0, 1 - Math.abs(k + from - centre + 0.5) / support);
                sum += w[k];
            }
            first[i] = from;
            weight[i] = new int[w.length];
            for (int k = 0; k < w.length; k++) {
                weight[i][k] = (int) (w[k] / sum * (1 << BITS) + 0.5);
            }
        }
        return new TriangleFilter(first, weight);
    }

    /** One line, from every {@code step}-th sample to every {@code toStep}-th. */
    void apply(byte[] from, int at, int step, byte[] to, int toAt, int toStep) {
        for (int i = 0; i < first.length; i++) {
            int sum = 1 << BITS - 1;
            int position = at + first[i] * step;
            for (int w : weight[i]) {
                sum += (from[position] & 0xFF) * w;
                position += step;
            }
            to[toAt + i * toStep] = (byte) Math.clamp(sum >> BITS, 0, 255);
        }
    }
}
