package dev.osteon.models.onnx.op;

import static dev.osteon.models.onnx.op.OpTable.one;

import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.onnx.value.HostArray;
import dev.osteon.models.onnx.value.Value;
import java.util.Arrays;
import java.util.List;

/** Positions as rotations (Su et al. 2021, "RoFormer", eq. 34): pairs of a head's elements turn by an angle. */
final class RotaryOps {

    private RotaryOps() {}

    static List<Entry> entries() {
        return List.of(one("RotaryEmbedding", 23, c -> Value.of(rotary(c))));
    }

    /** Of x [N, heads, tokens, size] or [N, tokens, heads·size]; the angles' cosines and sines are operands 1 and 2. */
    private static Tensor rotary(Call c) {
        Tensor x = c.tensor(0);
        int[] own = x.shape().toArray();
        if (own.length == 4) {
            return Ops.permute(turned(c, Ops.permute(x, 0, 2, 1, 3)), 0, 2, 1, 3);
        }
        int heads = c.attributes().index("num_heads", 0);
        if (own.length != 3 || heads < 1 || own[2] % heads != 0) {
            throw c.problem(x.shape() + " with num_heads " + heads, "[N, heads, tokens, size], or "
                    + "[N, tokens, heads·size] with their number");
        }
        return Ops.reshape(turned(c, Ops.reshape(x, own[0], own[1], heads, own[2] / heads)), own);
    }

    /** Of x [N, tokens, heads, size] the first elements of each head; the rest stays. */
    private static Tensor turned(Call c, Tensor x) {
        int size = x.dim(3);
        int given = c.attributes().index("rotary_embedding_dim", 0);
        int turning = given == 0 ? size : given;
        if (turning < 2 || turning > size || turning % 2 != 0) {
            throw c.problem("rotary_embedding_dim " + given + " of " + size, "an even number of at most " + size);
        }
        int half = turning / 2;
        boolean interleaved = c.attributes().flag("interleaved", false);
        Tensor first = interleaved ? Ops.slice(x, 3, 0, half, 2) : Ops.slice(x, 3, 0, half);
        Tensor second = interleaved ? Ops.slice(x, 3, 1, half, 2) : Ops.slice(x, 3, half, half);
        Tensor cos = angles(c, 1, x, half);
        Tensor sin = angles(c, 2, x, half);
        Tensor real = Ops.sub(Ops.mul(cos, first), Ops.mul(sin, second));
        Tensor imaginary = Ops.add(Ops.mul(sin, first), Ops.mul(cos, second));
        int[] dims = x.shape().with(3, turning).toArray();
        Tensor pairs = interleaved ? Ops.reshape(Ops.concat(4, column(real), column(imaginary)), dims)
                : Ops.concat(3, real, imaginary);
        return turning == size ? pairs : Ops.concat(3, pairs, Ops.slice(x, 3, turning, size - turning));
    }

    private static Tensor column(Tensor x) {
        int[] dims = Arrays.copyOf(x.shape().toArray(), 5);
        dims[4] = 1;
        return Ops.reshape(x, dims);
    }

    /** [N, tokens, 1, half], from a table by position [positions, half] where there are positions [N, tokens]. */
    private static Tensor angles(Call c, int operand, Tensor x, int half) {
        Tensor table = c.tensor(operand);
        if (c.has(3)) {
            long[] positions = IndexOps.within(c, c.longs(3), table.dim(0));
            c.affordable(Shape.of(positions.length, table.dim(1)));
            table = Ops.select(table, HostArray.int64(x.device(), Shape.of(positions.length), positions), 0);
        }
        int width = table.dim(-1);
        return Ops.slice(Ops.reshape(table, x.dim(0), x.dim(1), 1, width), 3, 0, half);
    }
}
