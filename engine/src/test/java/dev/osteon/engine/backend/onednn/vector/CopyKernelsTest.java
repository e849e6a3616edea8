package dev.osteon.engine.backend.onednn.vector;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.backend.onednn.vector.Agreement.Values;
import dev.osteon.engine.op.Cast;
import dev.osteon.engine.op.Concat;
import dev.osteon.engine.op.DiagonalMask;
import dev.osteon.engine.op.Expand;
import dev.osteon.engine.op.Gather;
import dev.osteon.engine.op.GatherBackward;
import dev.osteon.engine.op.Pad;
import dev.osteon.engine.op.Permute;
import dev.osteon.engine.op.Select;
import dev.osteon.engine.op.SelectBackward;
import dev.osteon.engine.op.Slice;
import dev.osteon.engine.op.ToLayout;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CopyKernelsTest {

    @ParameterizedTest
    @EnumSource(DType.class)
    void movesOfEveryElementType(DType dtype) {
        Values x = Values.index(2, dtype, 3, 19, 33, 31);
        for (Values v : List.of(x, x.channelsLast())) {
            Agreement.check(new ToLayout(Layout.NHWC), 0, v);
            Agreement.check(new ToLayout(Layout.ROW_MAJOR), 0, v);
            Agreement.check(new Permute(List.of(3, 1, 0, 2)), 0, v);
            Agreement.check(new Slice(1, 2, 5, 3), 0, v);
            Agreement.check(new Slice(3, 1, 30, 1), 0, v);
            Agreement.check(new Slice(2, 33, 0, 1), 0, v);
            Agreement.check(new Pad(2, 3, 1, 2, 1), 0, v);
            Agreement.check(new Concat(1), 0, v, x, v);
            Agreement.check(new Concat(3), 0, v, x);
            Agreement.check(new Select(1), 0, v, Values.index(19, DType.I64, 7));
            Agreement.check(new Select(3), 0, v, Values.index(31, DType.I32, 40));
            Agreement.check(new Expand(Shape.of(2, 3, 19, 33, 31)), 0, v);
        }
        Agreement.check(new Expand(Shape.of(3, 5, 4, 7)), 0, Values.index(2, dtype, 5, 1, 7));
        Agreement.check(new Gather(), 0, Values.index(2, dtype, 5, 3, 7), Values.index(7, DType.I32, 5, 3));
        Agreement.check(new GatherBackward(7), 0, Values.index(2, dtype, 5, 3), Values.index(7, DType.I64, 5, 3));
        Agreement.check(new DiagonalMask(1), 0, Values.index(2, dtype, 3, 2, 9, 9));
    }

    @Test
    void transpositionsOfAnySize() {
        for (int rows : new int[] {0, 1, 15, 17, 63, 65, 300}) {
            for (int columns : new int[] {0, 1, 3, 16, 31, 129, 257}) {
                Agreement.check(new Permute(List.of(1, 0)), 0, Values.normal(rows, columns));
                Agreement.check(new Permute(List.of(2, 1, 0)), 0, Values.normal(rows, 2, columns));
                Agreement.check(new ToLayout(Layout.NHWC), 0, Values.normal(2, columns, 1, rows));
            }
        }
        Agreement.check(new Permute(List.of()), 0, Values.normal());
        Agreement.check(new Permute(List.of(0, 2, 1, 3)), 0, Values.normal(4, 65, 12, 64));
    }

    @Test
    void emptyAndSingle() {
        Agreement.check(new Concat(0), 0, Values.normal(0, 3), Values.normal(2, 3), Values.normal(0, 3));
        Agreement.check(new Concat(-1), 0, Values.normal(2, 3), Values.normal(2, 1));
        Agreement.check(new Pad(0, 2, 1, 1, -4), 0, Values.normal(0, 3));
        Agreement.check(new Pad(0, 2, 1, 1, -4), 0, Values.normal(1));
        Agreement.check(new Pad(1, 0, 0, 1, 7), 0, Values.normal(3, 0));
        Agreement.check(new Expand(Shape.of(0, 3)), 0, Values.normal(1, 3));
        Agreement.check(new Expand(Shape.of(100_003)), 0, Values.normal());
        Agreement.check(new Select(0), 0, Values.normal(3, 0), Values.index(3, DType.I64, 2));
        Agreement.check(new Select(0), 0, Values.normal(3, 5), Values.index(3, DType.I64, 0));
        Agreement.check(new DiagonalMask(1), 0, Values.normal(1, 1));
        Agreement.check(new DiagonalMask(1), 0, Values.normal(2, 0, 0));
        Agreement.check(new DiagonalMask(Double.NEGATIVE_INFINITY), 0, Values.normal(301, 301));
    }

    @Test
    void gradientOfSelectAddsRepeatedRows() {
        Agreement.check(new SelectBackward(0, 50), 1, Values.normal(901, 67), Values.index(50, DType.I64, 901));
        Agreement.check(new SelectBackward(1, 5), 1, Values.normal(3, 19, 1030), Values.index(5, DType.I32, 19));
        Agreement.check(new SelectBackward(1, 5), 1, Values.normal(3, 19), Values.index(5, DType.I32, 19));
        Agreement.check(new SelectBackward(0, 3), 0, Values.normal(0, 4), Values.index(3, DType.I32, 0));
        Agreement.check(new SelectBackward(0, 3), 0, Values.normal(2, 0), Values.index(3, DType.I32, 2));
        Agreement.check(new SelectBackward(0, 4), 0, Values.normal(9, 3).as(DType.BF16), Values.index(4, DType.I32, 9));
    }

    @Test
    void anIndexOutsideIsRefused() {
        assertThatThrownBy(() -> Agreement.run(new Select(0), Device.CPU, Values.normal(2, 3),
                Values.index(1, DType.I64, 2).with(1, 2))).isInstanceOf(EngineException.class)
                .hasMessageContaining("given index 2 at position 1; expected 0 to 1");
    }

    @ParameterizedTest
    @EnumSource(DType.class)
    void castsBetweenAllTypes(DType from) {
        for (DType to : DType.values()) {
            Agreement.check(new Cast(to), 0, Values.normal(40_003).as(from));
            Agreement.check(new Cast(to), 0, Values.index(300, DType.I32, 2, 3, 5, 7).channelsLast().as(from));
            Agreement.check(new Cast(to), 0, Values.normal(0).as(from));
        }
    }

    @Test
    void castsRoundToNearestEvenAndKeepWhatIsNotFinite() {
        Values edges = Values.of(1.00390625, 1.01171875, -1.00390625, 3.3895314e38, -0.0, 1e-40, -1e-45, Double.NaN,
                Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 1.0039062f, 1.0039064f, 0.1f, 255, 256, -1.5, 3e9,
                -3e9, 1e19);
        for (DType to : DType.values()) {
            Agreement.check(new Cast(to), 0, edges);
            Agreement.check(new Cast(to), 0, edges.as(DType.BF16));
        }
        Agreement.check(new Cast(DType.I32), 0, Values.index(2, DType.I64, 1).with(0, 9007199254740993.0));
    }
}
