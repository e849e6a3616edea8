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
            switch (bytes) {
                case 1 -> {
                    for (int i = 0; i < n; i++) {
                        byte yes = a.get(JAVA_BYTE, at[2] + i * p);
                        byte no = b.get(JAVA_BYTE, at[3] + i * q);
                        y.set(JAVA_BYTE, at[0] + i, condition.get(JAVA_BYTE, at[1] + i * c) != 0 ? yes : no);
                    }
                }
                case 2 -> {
                    for (int i = 0; i < n; i++) {
                        short yes = a.get(JAVA_SHORT_UNALIGNED, (at[2] + i * p) * 2);
                        short no = b.get(JAVA_SHORT_UNALIGNED, (at[3] + i * q) * 2);
                        y.set(JAVA_SHORT_UNALIGNED, (at[0] + i) * 2,
                                condition.get(JAVA_BYTE, at[1] + i * c) != 0 ? yes : no);
                    }
                }
                case 4 -> pickWords(condition, at[1], c, a, at[2], p, b, at[3], q, y, at[0], n);
                default -> {
                    for (int i = 0; i < n; i++) {
                        long yes = a.get(JAVA_LONG_UNALIGNED, (at[2] + i * p) * 8);
                        long no = b.get(JAVA_LONG_UNALIGNED, (at[3] + i * q) * 8);
                        y.set(JAVA_LONG_UNALIGNED, (at[0] + i) * 8,
                                condition.get(JAVA_BYTE, at[1] + i * c) != 0 ? yes : no);
                    }
                }
            }
        });
    }

    /** Both values are read before the choice, so that it is no branch. */
    private static void pickWords(MemorySegment condition, long c0, long c, MemorySegment a, long a0, long p,
            MemorySegment b, long b0, long q, MemorySegment y, long y0, int n) {
        for (int i = 0; i < n; i++) {
            int yes = a.get(JAVA_INT_UNALIGNED, (a0 + i * p) * 4);
            int no = b.get(JAVA_INT_UNALIGNED, (b0 + i * q) * 4);
            // all bits set where the condition, a bool, is not 0
            int mask = -(condition.get(JAVA_BYTE, c0 + i * c) & 0xff) >> 31;
            y.set(JAVA_INT_UNALIGNED, (y0 + i) * 4, no ^ (no ^ yes) & mask);
        }
    }
}
