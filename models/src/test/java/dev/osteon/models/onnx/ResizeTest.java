package dev.osteon.models.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.engine.tensor.Shape;
import dev.osteon.models.onnx.value.HostArray;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Where an output lies half-way between two inputs, or a size just under a whole number, the last digit decides. The
 * expected neighbours are onnxruntime 1.23.2's; {@code bench/resize} compares thousands of drawn cases with it.
 */
class ResizeTest {

    private static HostArray row(int size) {
        return OperationsTest.floats(Shape.of(1, 1, 1, size), IntStream.range(0, size).asDoubleStream().toArray());
    }

    private static String neighbours(HostArray y) {
        return String.join(" ", Arrays.stream(y.reals()).mapToObj(v -> String.valueOf((int) v)).toList());
    }

    private static OneNode nearest(String coordinates, String rounding) {
        return OneNode.of(19, "Resize").text("mode", "nearest").text("coordinate_transformation_mode", coordinates)
                .text("nearest_mode", rounding);
    }

    @ParameterizedTest
    @CsvSource({"asymmetric, floor, 21, 6, 0 3 6 10 13 17",
        "half_pixel, ceil, 10, 14, 0 1 2 2 3 4 5 5 6 7 7 8 9 9",
        "half_pixel_symmetric, floor, 22, 30, "
                + "0 0 1 2 2 3 4 5 5 6 7 7 8 9 10 10 11 12 13 13 14 15 16 16 17 18 18 19 20 21"})
    void toSizes(String coordinates, String rounding, int from, int to, String expected) {
        HostArray y = nearest(coordinates, rounding).run(row(from), OperationsTest.floats(), OperationsTest.floats(),
                HostArray.longs(1, 1, 1, to));
        assertThat(neighbours(y)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"asymmetric, floor, 10, 0.7, 0 1 2 4 5 7 8",
        "pytorch_half_pixel, round_prefer_floor, 15, 0.1, 0",
        "half_pixel, floor, 9, 0.5555556, 0 2 4 5 7",
        "half_pixel_symmetric, round_prefer_floor, 10, 3.8, "
                + "0 0 0 0 1 1 1 1 2 2 2 3 3 3 3 4 4 4 4 5 5 5 5 6 6 6 6 7 7 7 8 8 8 8 9 9 9 9",
        "asymmetric, ceil, 7, 3.6, 0 1 1 1 2 2 2 2 3 3 3 4 4 4 4 5 5 5 5 6 6 6 6 6 6"})
    void byScales(String coordinates, String rounding, int from, double scale, String expected) {
        HostArray y = nearest(coordinates, rounding).run(row(from), OperationsTest.floats(),
                OperationsTest.floats(1, 1, 1, scale));
        assertThat(neighbours(y)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"5, 0.6, 0 2 4", "3, 1.5, 0 0 1 2"})
    void beforeOpset11TheNearestIsTheNextOneInSmallerResults(int from, double scale, String expected) {
        HostArray y = OneNode.of(10, "Resize").text("mode", "nearest").run(row(from),
                OperationsTest.floats(1, 1, 1, scale));
        assertThat(neighbours(y)).isEqualTo(expected);
    }
}
