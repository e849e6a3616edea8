package dev.osteon.engine.backend.onednn.vector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** An operation on the CPU backend against the reference on the same operands, at one and at three threads. */
public final class Agreement {

    private Agreement() {}

    /** An operand's values in row-major order. */
    public record Values(Shape shape, DType dtype, Layout layout, double[] numbers) {

        public static Values of(double... numbers) {
            return new Values(Shape.of(numbers.length), DType.F32, Layout.ROW_MAJOR, numbers);
        }

        /** Standard normal numbers, the same for the same shape. */
        public static Values normal(int... dims) {
            Shape shape = Shape.of(dims);
            SplittableRandom random = new SplittableRandom(shape.hashCode());
            double[] numbers = new double[Math.toIntExact(shape.size())];
            Arrays.setAll(numbers, i -> (float) random.nextGaussian());
            return new Values(shape, DType.F32, Layout.ROW_MAJOR, numbers);
        }

        /** Integers 0 … bound − 1. */
        public static Values index(int bound, DType dtype, int... dims) {
            Shape shape = Shape.of(dims);
            SplittableRandom random = new SplittableRandom(shape.hashCode());
            double[] numbers = new double[Math.toIntExact(shape.size())];
            Arrays.setAll(numbers, i -> random.nextInt(bound));
            return new Values(shape, dtype, Layout.ROW_MAJOR, numbers);
        }

        public Values channelsLast() {
            return new Values(shape, dtype, Layout.NHWC, numbers);
        }

        public Values as(DType type) {
            return new Values(shape, type, layout, numbers);
        }

        public Values with(int position, double number) {
            double[] copy = numbers.clone();
            copy[position] = number;
            return new Values(shape, dtype, layout, copy);
        }

        private Tensor on(Device device) {
            return Tensor.of(device, shape, dtype, numbers).to(layout);
        }
    }

    /** Results equal but for {@code ulps} units in the last place; NaN equals NaN, and zeros' signs count. */
    static void check(Op op, int ulps, Values... operands) {
        List<double[]> expected = run(op, Device.REFERENCE, operands);
        compare(op, ulps, operands, expected);
        int before = Parallel.threads();
        Parallel.setThreads(before == 3 ? 1 : 3);
        try {
            compare(op, ulps, operands, expected);
        } finally {
            Parallel.setThreads(before);
        }
    }

    private static void compare(Op op, int ulps, Values[] operands, List<double[]> expected) {
        List<double[]> actual = run(op, Device.CPU, operands);
        for (int k = 0; k < expected.size(); k++) {
            double[] e = expected.get(k);
            double[] a = actual.get(k);
            assertThat(a.length).isEqualTo(e.length);
            for (int i = 0; i < e.length; i++) {
                boolean same = Double.compare(e[i], a[i]) == 0
                        || Math.abs(e[i] - a[i]) <= ulps * (double) Math.ulp((float) e[i]);
                if (!same) {
                    assertThat(a[i]).as("%s %s: result %d, element %d", op, Arrays.stream(operands)
                            .map(Values::shape).toList(), k, i).isEqualTo(e[i]);
                }
            }
        }
    }

    public static List<double[]> run(Op op, Device device, Values... operands) {
        try (TensorScope scope = TensorScope.open()) {
            List<Tensor> in = new ArrayList<>();
            for (Values operand : operands) {
                in.add(operand.on(device));
            }
            return Dispatcher.runAll(op, in).stream().map(Tensor::toDoubles).toList();
        }
    }
}
