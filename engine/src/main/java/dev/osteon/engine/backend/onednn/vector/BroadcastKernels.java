package dev.osteon.engine.backend.onednn.vector;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.op.Binary;
import dev.osteon.engine.op.Compare;
import dev.osteon.engine.op.Where;
import dev.osteon.engine.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Functions of two and three operands with broadcasting and any mix of layouts. */
final class BroadcastKernels {

    private static final long GRAIN = 1 << 14;

    private BroadcastKernels() {}

    static void register(Registry registry) {
        registry.floats(Compare.class, Layouts.ANY, BroadcastKernels::compare)
                .anything(Where.class, Layouts.ANY, BroadcastKernels::where);
    }

    private static long[] strides(Tensor operand, Tensor result) {
        return operand.shape().stridesWithin(result.shape(), operand.layout());
    }

    private static Nest nest(Tensor result, List<Tensor> operands) {
        long[][] strides = new long[operands.size() + 1][];
        strides[0] = result.shape().strides(result.layout());
        for (int k = 0; k < operands.size(); k++) {
            strides[k + 1] = strides(operands.get(k), result);
        }
        return Nest.of(result.shape(), strides);
    }

    static void binary(Binary op, List<Tensor> in, List<Tensor> out) {
        Strip left = Strip.of(in.get(0));
        Strip right = Strip.of(in.get(1));
        Strip to = Strip.of(out.getFirst());
        Nest nest = nest(out.getFirst(), in);
        nest.rows(GRAIN, Strip.LENGTH, () -> {
            double[] a = Strip.array(nest.count());
            double[] b = Strip.array(nest.count());
            return (first, at, n) -> {
                left.read(at[1], nest.step(1), a, n);
                right.read(at[2], nest.step(2), b, n);
                apply(op.function(), a, b, n);
                to.write(a, n, at[0], nest.step(0));
            };
        });
    }

    /** a = f(a, b). */
    private static void apply(Binary.Function function, double[] a, double[] b, int n) {
        switch (function) {
            case ADD -> {
                for (int i = 0; i < n; i++) {
                    a[i] += b[i];
                }
            }
            case SUB -> {
                for (int i = 0; i < n; i++) {
                    a[i] -= b[i];
                }
            }
            case MUL -> {
                for (int i = 0; i < n; i++) {
                    a[i] *= b[i];
                }
            }
            case DIV -> {
                for (int i = 0; i < n; i++) {
                    a[i] /= b[i];
                }
            }
            case POW -> {
                for (int i = 0; i < n; i++) {
                    a[i] = Math.pow(a[i], b[i]);
                }
            }
            case MAXIMUM -> {
                for (int i = 0; i < n; i++) {
                    a[i] = Math.max(a[i], b[i]);
                }
            }
            case MINIMUM -> {
                for (int i = 0; i < n; i++) {
                    a[i] = Math.min(a[i], b[i]);
                }
            }
        }
    }

    private static void compare(Compare op, List<Tensor> in, List<Tensor> out) {
        Strip left = Strip.of(in.get(0));
        Strip right = Strip.of(in.get(1));
        MemorySegment to = Lanes.global(out.getFirst().segment());
        Nest nest = nest(out.getFirst(), in);
        nest.rows(GRAIN, Strip.LENGTH, () -> {
            double[] a = Strip.array(nest.count());
            double[] b = Strip.array(nest.count());
            byte[] holds = new byte[a.length];
            return (first, at, n) -> {
                left.read(at[1], nest.step(1), a, n);
                right.read(at[2], nest.step(2), b, n);
                holds(op.relation(), a, b, holds, n);
                MemorySegment.copy(holds, 0, to, JAVA_BYTE, at[0], n);
            };
        });
    }

    private static void holds(Compare.Relation relation, double[] a, double[] b, byte[] holds, int n) {
        switch (relation) {
            case EQUAL -> {
                for (int i = 0; i < n; i++) {
                    holds[i] = (byte) (a[i] == b[i] ? 1 : 0);
                }
            }
            case NOT_EQUAL -> {
                for (int i = 0; i < n; i++) {
                    holds[i] = (byte) (a[i] != b[i] ? 1 : 0);
                }
            }
            case LESS -> {
                for (int i = 0; i < n; i++) {
                    holds[i] = (byte) (a[i] < b[i] ? 1 : 0);
                }
            }
            case LESS_EQUAL -> {
                for (int i = 0; i < n; i++) {
                    holds[i] = (byte) (a[i] <= b[i] ? 1 : 0);
                }
            }
            case GREATER -> {
                for (int i = 0; i < n; i++) {
                    holds[i] = (byte) (a[i] > b[i] ? 1 : 0);
                }
            }
            case GREATER_EQUAL -> {
                for (int i = 0; i < n; i++) {
                    holds[i] = (byte) (a[i] >= b[i] ? 1 : 0);
                }
            }
        }
    }

    private static void where(Where op, List<Tensor> in, List<Tensor> out) {
        MemorySegment condition = Lanes.global(in.get(0).segment());
        MemorySegment a = Lanes.global(in.get(1).segment());
        MemorySegment b = Lanes.global(in.get(2).segment());
        MemorySegment y = Lanes.global(out.getFirst().segment());
        int bytes = out.getFirst().dtype().bytes();
        Nest nest = nest(out.getFirst(), in);
        long c = nest.step(1);
        long p = nest.step(2);
        long q = nest.step(3);
        nest.rows(GRAIN, Integer.MAX_VALUE, () -> (first, at, n) -> {
            for (int i = 0; i < n; i++) {
                boolean holds = condition.get(JAVA_BYTE, at[1] + i * c) != 0;
                MemorySegment from = holds ? a : b;
                long element = holds ? at[2] + i * p : at[3] + i * q;
                switch (bytes) {
                    case 1 -> y.set(JAVA_BYTE, at[0] + i, from.get(JAVA_BYTE, element));
                    case 2 -> y.set(JAVA_SHORT_UNALIGNED, 2 * (at[0] + i), from.get(JAVA_SHORT_UNALIGNED, 2 * element));
                    case 4 -> y.set(JAVA_INT_UNALIGNED, 4 * (at[0] + i), from.get(JAVA_INT_UNALIGNED, 4 * element));
                    default -> y.set(JAVA_LONG_UNALIGNED, 8 * (at[0] + i),
                            from.get(JAVA_LONG_UNALIGNED, 8 * element));
                }
            }
        });
    }
}
