package dev.osteon.bench.kernel;

import static dev.osteon.engine.conformance.Operand.given;
import static dev.osteon.engine.conformance.Operand.index;

import dev.osteon.bench.ComparedBenchmark;
import dev.osteon.bench.Peer;
import dev.osteon.bench.Work;
import dev.osteon.engine.op.AffineCropResize;
import dev.osteon.engine.op.Window;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.ssl.views.Crop;
import java.util.Set;
import org.openjdk.jmh.annotations.Param;

/**
 * Views of a batch of 16 segments on one canvas: rotated crops with a filter that grows with the reduction, as training
 * takes them. Ours are of 16-bit grey levels, as they are stored; peers have them in float32.
 */
public class CropResizeBenchmark extends ComparedBenchmark {

    /** Of a batch. */
    public static final int SEGMENTS = 16;

    /** Pixels on a side of the square that each of them has. */
    public static final int CANVAS = 256;

    /** Two views of 224² of each segment, with 70 % of the canvas in a view; or four of 96², with 30 %. */
    @Param({"global", "local"})
    public String views;

    private boolean global() {
        return switch (views) {
            case "global" -> true;
            case "local" -> false;
            default -> throw new IllegalArgumentException("given views " + views + "; expected global or local");
        };
    }

    /** Pixels on a side of a view. */
    public int side() {
        return global() ? 224 : 96;
    }

    /** Views of all segments; peers take segment i mod {@value #SEGMENTS} for view i. */
    public int count() {
        return (global() ? 2 : 4) * SEGMENTS;
    }

    /** That view i is rotated by: up to ±20. */
    public double degrees(int i) {
        return i * 7 % 41 - 20;
    }

    /** What view i shows, near the middle. */
    public Crop crop(int i) {
        int shown = (int) Math.round((global() ? 0.7 : 0.3) * CANVAS);
        return new Crop(CANVAS / 10 + i % 3, CANVAS / 10 + i % 5, shown, shown);
    }

    @Override
    protected Work ours() {
        double[] maps = new double[count() * 6];
        for (int i = 0; i < count(); i++) {
            Crop crop = crop(i);
            double scale = (double) crop.width() / side();
            double angle = Math.toRadians(degrees(i));
            double[] map = {scale * Math.cos(angle), -scale * Math.sin(angle), crop.left(),
                scale * Math.sin(angle), scale * Math.cos(angle), crop.top()};
            System.arraycopy(map, 0, maps, 6 * i, 6);
        }
        return OpWork.of(new AffineCropResize(Window.square(side()), AffineCropResize.Filter.TRIANGLE,
                AffineCropResize.Border.ZERO), DType.F32, index(1 << 16, DType.U16, SEGMENTS, 1, CANVAS, CANVAS),
                given(Shape.of(count(), 2, 3), maps), index(SEGMENTS, DType.I32, count()));
    }

    @Override
    public Set<Peer> peers() {
        return Set.of(Peer.LIBTORCH, Peer.LIBTORCH_AVX2);
    }
}
