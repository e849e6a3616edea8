package dev.osteon.bench.kernel;

import static dev.osteon.engine.conformance.Operand.given;
import static dev.osteon.engine.conformance.Operand.index;
import static dev.osteon.engine.conformance.Operand.normal;

import dev.osteon.bench.ComparedBenchmark;
import dev.osteon.bench.Work;
import dev.osteon.engine.op.AffineCropResize;
import dev.osteon.engine.op.Window;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Shape;
import org.openjdk.jmh.annotations.Param;

/**
 * Views of a batch of 16 segments on one canvas: rotated crops with a filter that grows with the reduction, as training
 * takes them.
 */
public class CropResizeBenchmark extends ComparedBenchmark {

    private static final int SEGMENTS = 16;
    private static final int CANVAS = 256;

    /** Two views of 224² of each segment, with 70 % of the canvas in a view; or four of 96², with 30 %. */
    @Param({"global", "local"})
    public String views;

    @Override
    protected Work ours() {
        boolean global = views.equals("global");
        int side = global ? 224 : 96;
        int count = (global ? 2 : 4) * SEGMENTS;
        double scale = (global ? 0.7 : 0.3) * CANVAS / side;
        double[] maps = new double[count * 6];
        for (int i = 0; i < count; i++) {                    // rotated by up to ±20°, near the middle
            double angle = Math.toRadians(i * 7 % 41 - 20);
            double[] map = {scale * Math.cos(angle), -scale * Math.sin(angle), 0.1 * CANVAS + i % 5,
                scale * Math.sin(angle), scale * Math.cos(angle), 0.1 * CANVAS + i % 3};
            System.arraycopy(map, 0, maps, 6 * i, 6);
        }
        return OpWork.of(new AffineCropResize(Window.square(side), AffineCropResize.Filter.TRIANGLE,
                AffineCropResize.Border.ZERO), DType.F32, normal(SEGMENTS, 1, CANVAS, CANVAS),
                given(Shape.of(count, 2, 3), maps), index(SEGMENTS, DType.I32, count));
    }
}
