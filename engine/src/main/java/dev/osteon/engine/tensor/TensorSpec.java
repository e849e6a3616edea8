package dev.osteon.engine.tensor;

/** What a tensor is before it has memory: what {@code Op.infer} reasons about. */
public record TensorSpec(Shape shape, DType dtype, Layout layout) {

    public TensorSpec {
        if (layout == Layout.NHWC && shape.rank() != 4) {
            layout = Layout.ROW_MAJOR;
        }
    }

    public static TensorSpec of(Shape shape, DType dtype) {
        return new TensorSpec(shape, dtype, Layout.ROW_MAJOR);
    }

    public TensorSpec withShape(Shape newShape) {
        return new TensorSpec(newShape, dtype, layout);
    }

    public TensorSpec withDType(DType newType) {
        return new TensorSpec(shape, newType, layout);
    }

    public TensorSpec rowMajor() {
        return new TensorSpec(shape, dtype, Layout.ROW_MAJOR);
    }

    /** Whether the elements lie in memory as they would in another layout. */
    public boolean liesAs(Layout other) {
        return layout == other || rank() != 4 || dim(1) == 1 || (long) dim(2) * dim(3) == 1;
    }

    public int rank() {
        return shape.rank();
    }

    public int dim(int axis) {
        return shape.dim(axis);
    }

    public long bytes() {
        return shape.size() * dtype.bytes();
    }

    @Override
    public String toString() {
        return dtype + shape.toString();
    }
}
