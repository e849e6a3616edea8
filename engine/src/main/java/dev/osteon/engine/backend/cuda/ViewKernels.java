package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.op.DrawViews;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.views.RandomResizedCrop;
import dev.osteon.engine.views.Resolution;
import dev.osteon.engine.views.ViewSampling;
import java.util.List;

/** Views drawn at random: {@code cuda/views.cu}. */
record ViewKernels(CudaRuntime cuda) {

    private static final String FILE = "views";
    /** The kernel's launch bounds. */
    private static final int MAX_THREADS = 512;
    /** Pixels that each thread counts at once. */
    private static final int AT_ONCE = 4;

    void register(Registrar to) {
        to.put(DrawViews.class, Layouts.ROW_MAJOR, Registrar.F32, this::draw);
    }

    /** The operands: where they lie, and how many there are of what. */
    private record Batch(Tensor images, Tensor sides, Tensor samples, Tensor key) {

        static Batch of(List<Tensor> in) {
            return new Batch(in.get(0), in.get(1), in.get(2), in.get(3));
        }

        int size() {
            return samples.dim(0);
        }

        int side() {
            return images.dim(2);
        }

        /** Bytes of a summed-area table for each of its segments. */
        long tables() {
            return size() * (side() + 1L) * (side() + 1L) * Integer.BYTES;
        }
    }

    private void draw(DrawViews op, List<Tensor> in, List<Tensor> out) {
        Batch batch = Batch.of(in);
        try (Temporaries temporary = new Temporaries(cuda)) {
            long tables = temporary.bytes(batch.tables(), "summed-area tables of a batch's segments");
            long positions = temporary.bytes((long) batch.size() * Long.BYTES, "positions in random streams");
            long tallies = temporary.bytes(2L * batch.size() * Integer.BYTES, "tries and views with enough");
            count(batch, tables);
            for (int r = 0; r < op.sampling().resolutions().size(); r++) {
                Resolution resolution = op.sampling().resolutions().get(r);
                Launch launch = cuda.launch(FILE, "views_draw").address(tables).pointer(batch.samples)
                        .pointer(batch.sides).pointer(batch.key).address(positions).address(tallies)
                        .pointer(out.get(2 * r)).pointer(out.get(2 * r + 1)).integer(batch.size())
                        .integer(batch.images.dim(0)).integer(batch.side()).integer(r == 0 ? 1 : 0);
                policy(launch, op.sampling(), resolution)
                        .integer(Faults.kind(op.name())).address(cuda.faults().address());
                if (batch.size() > 0) {
                    launch.grid(launch.blocks(batch.size()), 1, threads(resolution), 1);
                }
            }
            cuda.launch(FILE, "views_statistics").address(tallies).integer(batch.size())
                    .integer(op.sampling().views()).pointer(out.getLast()).grid(1, 1, Launch.BLOCK, 1);
        }
    }

    /** As many as have something to count, in whole warps. */
    private static int threads(Resolution resolution) {
        long pixels = (long) resolution.size() * resolution.size();
        return Math.clamp(Launch.WARP * Math.ceilDiv(pixels, AT_ONCE * Launch.WARP), Launch.WARP, MAX_THREADS);
    }

    /** Builds the summed-area tables. */
    private void count(Batch batch, long tables) {
        long lines = (long) batch.size() * batch.side();
        cuda.launch(FILE, "views_rows_" + batch.images.dtype()).pointer(batch.images).pointer(batch.samples)
                .pointer(batch.sides).address(tables).integer(batch.size()).integer(batch.images.dim(0))
                .integer(batch.side()).warps(lines);
        cuda.launch(FILE, "views_columns").pointer(batch.samples).pointer(batch.sides).address(tables)
                .integer(batch.size()).integer(batch.images.dim(0)).integer(batch.side()).over(lines);
    }

    private static Launch policy(Launch launch, ViewSampling sampling, Resolution resolution) {
        return launch.integer(resolution.count()).integer(resolution.size()).integer(sampling.enough(resolution))
                .integer(sampling.maxTries()).exact(sampling.rotationDegrees()).exact(resolution.crop().minScale())
                .exact(resolution.crop().maxScale()).exact(RandomResizedCrop.MIN_LOG_RATIO)
                .exact(RandomResizedCrop.MAX_LOG_RATIO);
    }
}
