package dev.osteon.engine.backend.reference;

import java.util.Arrays;

/** A dense matrix in row-major order, for what is written as matrix products. */
record Matrix(int rows, int columns, double[] values) {

    static Matrix zeros(int rows, int columns) {
        return new Matrix(rows, columns, new double[Math.multiplyExact(rows, columns)]);
    }

    /** {@code count} rows from {@code first} on, copied. */
    Matrix rows(int first, int count) {
        return new Matrix(count, columns, Arrays.copyOfRange(values, first * columns, (first + count) * columns));
    }

    Matrix transposed() {
        Matrix result = zeros(columns, rows);
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                result.values[j * rows + i] = values[i * columns + j];
            }
        }
        return result;
    }

    /** this·right: the innermost loop goes along rows, as memory does. */
    Matrix times(Matrix right) {
        Matrix result = zeros(rows, right.columns);
        int n = right.columns;
        for (int i = 0; i < rows; i++) {
            for (int l = 0; l < columns; l++) {
                double factor = values[i * columns + l];
                for (int j = 0; j < n; j++) {
                    result.values[i * n + j] += factor * right.values[l * n + j];
                }
            }
        }
        return result;
    }

    /** Column j of the result is column {@code source[j]} of this, or zero where that is negative. */
    Matrix pick(int[] source) {
        Matrix result = zeros(rows, source.length);
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < source.length; j++) {
                if (source[j] >= 0) {
                    result.values[i * source.length + j] = values[i * columns + source[j]];
                }
            }
        }
        return result;
    }

    /** The transpose of {@link #pick}: adds column j of {@code part} to column {@code target[j]} of these rows. */
    void addColumns(int firstRow, int[] target, Matrix part) {
        for (int i = 0; i < part.rows; i++) {
            for (int j = 0; j < target.length; j++) {
                if (target[j] >= 0) {
                    values[(firstRow + i) * columns + target[j]] += part.values[i * target.length + j];
                }
            }
        }
    }

    /** Adds {@code part} to the rows from {@code firstRow} on. */
    void addRows(int firstRow, Matrix part) {
        for (int i = 0; i < part.values.length; i++) {
            values[firstRow * columns + i] += part.values[i];
        }
    }
}
